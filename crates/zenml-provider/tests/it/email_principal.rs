//! People as principals of roles, by email address.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::role::{self, RoleLevel, RoleQuery, ScopeQuery};
use zenml_api::{ProjectId, WorkspaceId};

use crate::world::{World, engine};

const NEW: &str = "new.person@example.com";
const O: &str = "zenml_organization_role_assignment.x";
const W: &str = "zenml_workspace_role_assignment.x";
const P: &str = "zenml_project_role_assignment.x";
const S: &str = "zenml_stack_role_assignment.x";

/// Returns who holds roles in a workspace or a project; invited people are in parentheses.
async fn holders(world: &World, workspace: WorkspaceId, project: Option<ProjectId>) -> Vec<String> {
    let level = if project.is_some() { RoleLevel::Project } else { RoleLevel::Workspace };
    let query = RoleQuery { level: Some(level), ..RoleQuery::default() };
    let roles = world.control().list_all(&role::LIST, world.organization(), query).await.unwrap();
    let mut holders = Vec::new();
    for role in roles {
        let scope = ScopeQuery { workspace_id: Some(workspace), project_id: project };
        for held in world.control().send(&role::ASSIGNMENTS, role.id, scope, ()).await.unwrap() {
            if held.project_id == project {
                let user = held.user.map(|user| user.username);
                let invited = held.invitation.map(|invitation| format!("({})", invitation.email));
                holders.push(format!("{} {}", user.or(invited).unwrap(), role.name.as_deref().unwrap()));
            }
        }
    }
    holders
}

fn id(harness: &Harness, address: &str) -> String {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
}

async fn replanned(world: &World, harness: &mut Harness, address: &str, config: &Json) -> Action {
    harness.restart(engine(), world.block()).await.unwrap();
    harness.plan(address, config.clone()).await.unwrap().action
}

#[tokio::test]
async fn a_role_of_an_invited_person_stays_through_the_acceptance() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let project = world.project(workspace, "vision").await;
    world.invite(NEW).await;
    let mut harness = world.harness().await;
    let in_workspace = |role: &str| json!({ "workspace_id": workspace.to_string(), "email": "New.Person@example.com", "role": role });
    let in_project = json!({ "workspace_id": workspace.to_string(), "project_id": project.to_string(), "email": NEW,
        "role": "viewer" });
    harness.apply(W, in_workspace("viewer")).await.unwrap();
    harness.apply(P, in_project.clone()).await.unwrap();
    assert!(id(&harness, W).contains(&format!("/email/{NEW}/")), "{}", id(&harness, W));
    assert_eq!(holders(&world, workspace, None).await, [format!("({NEW}) Workspace Viewer")]);
    // The role of an invitation changes in place.
    harness.apply(W, in_workspace("developer")).await.unwrap();
    assert_eq!(holders(&world, workspace, None).await, [format!("({NEW}) Workspace Developer")]);

    world.stranger(NEW).await;
    world.reply(NEW, true).await;
    assert_eq!(replanned(&world, &mut harness, W, &in_workspace("developer")).await, Action::NoOp);
    assert_eq!(replanned(&world, &mut harness, P, &in_project).await, Action::NoOp);
    assert_eq!(holders(&world, workspace, Some(project)).await, [format!("{NEW} Project Viewer")]);
    let imported = id(&harness, W);
    harness.import_equals_state(W, ImportBy::Id(imported), &["email", "role"]).await.unwrap();
    harness.apply(W, in_workspace("admin")).await.unwrap();
    assert_eq!(holders(&world, workspace, None).await, [format!("{NEW} Workspace Admin")]);
    harness.destroy(W).await.unwrap();
    harness.destroy(P).await.unwrap();
    assert!(holders(&world, workspace, None).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_role_in_the_organization_is_for_invited_people_and_for_accounts_outside_it() {
    let world = World::start().await;
    world.invite(NEW).await;
    let stranger = world.stranger("stranger@example.com").await;
    let mut harness = world.harness().await;
    let config = |email: &str| json!({ "email": email, "role": "viewer" });
    harness.apply(O, config(NEW)).await.unwrap();
    let person = world.stranger(NEW).await;
    world.reply(NEW, true).await;
    assert_eq!(replanned(&world, &mut harness, O, &config(NEW)).await, Action::NoOp);
    assert_eq!(world.roles_of(&person).await, ["Organization Viewer", "Organization Member"]);
    harness.destroy(O).await.unwrap();
    assert_eq!(world.roles_of(&person).await, ["Organization Member"]);
    // The role makes an account a member.
    harness.apply(O, config("stranger@example.com")).await.unwrap();
    assert_eq!(world.roles_of(&stranger).await, ["Organization Viewer"]);
    harness.destroy(O).await.unwrap();
    let failure = harness.apply(O, config("nobody@example.com")).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "email");
    world.stop().await;
}

#[tokio::test]
async fn a_role_is_revoked_wherever_the_person_holds_it() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    world.invite(NEW).await;
    let mut harness = world.harness().await;
    let config = json!({ "workspace_id": workspace.to_string(), "email": NEW, "role": "viewer" });
    harness.apply(W, config.clone()).await.unwrap();
    // The person accepts after the last refresh.
    world.stranger(NEW).await;
    world.reply(NEW, true).await;
    harness.destroy(W).await.unwrap();
    assert!(holders(&world, workspace, None).await.is_empty());

    let left = world.person("left@example.com").await;
    let config =
        json!({ "workspace_id": workspace.to_string(), "email": "left@example.com", "role": "viewer" });
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(W, config.clone()).await.unwrap();
    world.leave(&left).await;
    assert_eq!(replanned(&world, &mut harness, W, &config).await, Action::Create);
    let failure = harness.apply(W, config).await.unwrap_err();
    assert_eq!(
        failure.summaries(),
        ["\"left@example.com\" is neither a member of the organization nor invited"]
    );
    assert_eq!(failure.places()[0].to_string(), "email");
    let malformed = json!({ "workspace_id": workspace.to_string(), "email": "ann", "role": "viewer" });
    let failure = harness.plan(W, malformed).await.unwrap_err();
    assert_eq!(failure.summaries(), ["\"ann\" is not an email address"]);
    world.stop().await;
}

#[tokio::test]
async fn a_stack_role_is_for_members_and_says_what_to_do_for_an_invited_person() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    world.person("ann@example.com").await;
    world.invite(NEW).await;
    let mut harness = world.harness().await;
    let mut components = serde_json::Map::new();
    for kind in ["orchestrator", "artifact_store"] {
        let address = format!("zenml_stack_component.{kind}");
        let config = json!({ "workspace_id": workspace, "name": kind, "type": kind, "flavor": "local" });
        harness.apply(&address, config).await.unwrap();
        components.insert(kind.to_owned(), json!(id(&harness, &address)));
    }
    let stack = json!({ "workspace_id": workspace, "name": "dev", "components": components });
    harness.apply("zenml_stack.s", stack).await.unwrap();
    let stack = id(&harness, "zenml_stack.s");
    let config =
        |email: &str| json!({ "workspace_id": workspace, "stack_id": stack, "email": email, "role": "read" });
    let failure = harness.plan(S, config(NEW)).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("{NEW:?} has not accepted the invitation yet")]);
    assert!(failure.to_string().contains("Put the person into a team"), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "email");

    // Nobody can become a member in this apply whom nobody knows; an account outside the organization can.
    let failure = harness.plan(S, config("nobody@example.com")).await.unwrap_err();
    assert_eq!(failure.summaries(), ["\"nobody@example.com\" is not a member of the organization"]);
    assert!(failure.to_string().contains("Put the person into a team"), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "email");
    world.stranger("stranger@example.com").await;
    harness.plan(S, config("stranger@example.com")).await.unwrap();
    let failure = harness.apply(S, config("stranger@example.com")).await.unwrap_err();
    assert_eq!(failure.summaries(), ["\"stranger@example.com\" is not a member of the organization"]);

    harness.apply(S, config("Ann@example.com")).await.unwrap();
    let imported = id(&harness, S);
    assert!(imported.ends_with("/email/ann@example.com"), "{imported}");
    harness
        .import_equals_state(S, ImportBy::Id(imported), &["email", "component_ids", "grants"])
        .await
        .unwrap();
    harness.destroy(S).await.unwrap();
    world.stop().await;
}

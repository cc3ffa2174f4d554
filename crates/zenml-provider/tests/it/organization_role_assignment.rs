//! Roles in an organization. They follow the rules of roles in a workspace, and some of their own.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::role::{self as api, AssignmentQuery, RoleLevel, RoleQuery, ScopeQuery};
use zenml_api::control::team::{self, MemberQuery};
use zenml_api::{RoleId, TeamId, UserId};
use zenml_client::Optional as _;

use crate::world::{World, under_each_host};

const O: &str = "zenml_organization_role_assignment.a";

fn of_team(team: TeamId, role: &str) -> Json {
    json!({ "team_id": team.to_string(), "role": role })
}

async fn role(world: &World, name: &str) -> RoleId {
    let query = RoleQuery { level: Some(RoleLevel::Organization), ..RoleQuery::default() };
    let roles = world.control().list_all(&api::LIST, world.organization(), query).await.unwrap();
    roles.iter().find(|role| role.name.as_deref() == Some(name)).unwrap().id
}

/// Accounts and teams with a role.
async fn holders(world: &World, name: &str) -> Vec<String> {
    let role = role(world, name).await;
    let held = world.control().send(&api::ASSIGNMENTS, role, ScopeQuery::default(), ()).await.unwrap();
    let name = |assignment: api::Assignment| {
        let team = assignment.team.map(|team| team.name);
        team.or_else(|| assignment.user.map(|user| user.username)).unwrap()
    };
    held.into_iter().map(name).collect()
}

fn text(harness: &Harness, name: &str) -> String {
    harness.state(O).unwrap().attribute(name).as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_role_is_granted_changed_in_place_imported_and_revoked() {
    let world = World::start().await;
    let team = world.team("developers").await;
    let mut harness = world.harness().await;
    harness.apply(O, of_team(team, "viewer")).await.unwrap();
    assert_eq!(holders(&world, "Organization Viewer").await, ["developers"]);
    assert_eq!(harness.plan(O, of_team(team, "Organization Viewer")).await.unwrap().action, Action::NoOp);
    let changed = harness.apply(O, of_team(team, "manager")).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    assert!(holders(&world, "Organization Viewer").await.is_empty());
    let (organization, manager) = (world.organization(), role(&world, "Organization Manager").await);
    assert_eq!(text(&harness, "id"), format!("{organization}/team/{team}/{manager}"));
    for id in [
        format!("{organization}/team/{team}/{manager}"),
        format!("{organization}/team/{team}/manager"),
        format!("{organization}/team/{team}/Organization Manager"),
    ] {
        harness.import_equals_state(O, ImportBy::Id(id), &["role"]).await.unwrap();
    }
    let failure = harness.import("zenml_organization_role_assignment.b", ImportBy::Id("x".to_owned())).await;
    assert!(failure.unwrap_err().to_string().contains("ORGANIZATION_ID/team/TEAM_ID/ROLE"));
    harness.destroy(O).await.unwrap();
    assert!(holders(&world, "Organization Manager").await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn an_account_outside_the_organization_becomes_a_member_by_its_first_role() {
    let world = World::start().await;
    let stranger = world.stranger("new@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(O, json!({ "user_id": stranger.id.to_string(), "role": "member" })).await.unwrap();
    assert!(holders(&world, "Organization Member").await.contains(&"new@example.com".to_owned()));
    let failure = harness
        .plan(O, json!({ "user_id": stranger.id.to_string(), "role": "Workspace Admin" }))
        .await
        .unwrap_err();
    assert_eq!(failure.summaries(), ["There is no organization role \"Workspace Admin\""]);
    world.stop().await;
}

#[tokio::test]
async fn a_role_that_was_revoked_outside_is_granted_again_and_one_that_exists_is_taken_over_with_a_warning() {
    let world = World::start().await;
    let team = world.team("developers").await;
    let mut harness = world.harness().await;
    let viewer = role(&world, "Organization Viewer").await;
    let query = AssignmentQuery { team_id: Some(team), ..AssignmentQuery::default() };
    world.control().send(&api::ASSIGN, viewer, query, ()).await.unwrap();
    let applied = harness.apply(O, of_team(team, "viewer")).await.unwrap();
    assert_eq!(applied.told(), ["Organization Viewer was already granted and is now managed by Terraform"]);
    world.control().send(&api::REVOKE, viewer, query, ()).await.unwrap();
    assert_eq!(harness.apply(O, of_team(team, "viewer")).await.unwrap().action, Action::Create);
    // A team that is deleted takes its roles with it.
    world.control().call(&team::DELETE, team).await.optional().unwrap();
    assert_eq!(harness.plan(O, of_team(team, "viewer")).await.unwrap().action, Action::Create);
    world.stop().await;
}

/// Revokes the role of an admin outside of Terraform.
async fn resign(world: &World, account: UserId) {
    let admin = role(world, "Organization Admin").await;
    let query = AssignmentQuery { user_id: Some(account), ..AssignmentQuery::default() };
    world.control().send(&api::REVOKE, admin, query, ()).await.unwrap();
}

#[tokio::test]
async fn the_last_admin_is_never_removed_and_the_provider_warns_of_removing_itself() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let organization = world.organization();
    let (mut people, mut me) = (Vec::new(), None);
    let admin = role(&world, "Organization Admin").await;
    for held in world.control().send(&api::ASSIGNMENTS, admin, ScopeQuery::default(), ()).await.unwrap() {
        let user = held.user.unwrap();
        if user.is_service_account { me = Some(user.id) } else { people.push(user.id) }
    }
    let me = me.unwrap();
    for person in people {
        resign(&world, person).await;
    }
    // A team without members is no admin.
    let team = world.team("admins").await;
    let query = AssignmentQuery { team_id: Some(team), ..AssignmentQuery::default() };
    world.control().send(&api::ASSIGN, admin, query, ()).await.unwrap();
    harness.import(O, ImportBy::Id(format!("{organization}/service_account/{me}/admin"))).await.unwrap();
    let ours = |role: &str| json!({ "service_account_id": me.to_string(), "role": role });
    let planned = harness.plan(O, ours("viewer")).await.unwrap();
    assert_eq!(planned.told(), ["The plan revokes Organization Admin from the account that runs Terraform"]);
    for failure in [
        harness.apply(O, ours("viewer")).await.map(drop).unwrap_err(),
        harness.destroy(O).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(failure.summaries(), ["The last Organization Admin cannot be removed"]);
        assert!(failure.to_string().contains("terraform state rm ADDRESS"), "{failure}");
    }
    assert!(harness.state(O).is_some());
    // Somebody else is an admin, through the team.
    let ann = world.person("ann@example.com").await;
    world.control().send(&team::ADD_MEMBER, team, MemberQuery::user(ann.id), ()).await.unwrap();
    let told = harness.destroy(O).await.unwrap();
    assert!(told.iter().any(|diag| diag.to_string().contains("from the account that runs Terraform")));
    world.stop().await;
}

#[tokio::test]
async fn real_hosts_grant_and_revoke_a_custom_role_in_the_organization() {
    under_each_host(async |world, host| {
        let before = world.platform.census().await.unwrap();
        let main = r#"
resource "zenml_team" "auditors" {
  name = "auditors"
}

resource "zenml_role" "auditor" {
  name        = "Auditor"
  level       = "organization"
  permissions = { team = ["read"], workspace = ["read"], role_assignment = ["read"] }
}

resource "zenml_organization_role_assignment" "auditors" {
  team_id = zenml_team.auditors.id
  role    = zenml_role.auditor.name
}
"#;
        host.write("main.tf", main).unwrap();
        host.apply().await.unwrap();
        assert_eq!(holders(&world, "Auditor").await, ["auditors"]);
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

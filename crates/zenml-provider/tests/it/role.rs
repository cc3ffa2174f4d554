//! Custom roles, and assignments that refer to them.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::RoleId;
use zenml_api::control::invitation::{self, InvitationCreate};
use zenml_api::control::role::{
    self as api, AssignmentQuery, Permission, RoleCreate, RoleLevel, RoleQuery, RoleUpdate,
};
use zenml_api::rbac::Action as Allowed;

use crate::many::counted;
use crate::world::{World, under_each_host};

const R: &str = "zenml_role.r";

#[expect(clippy::needless_pass_by_value, reason = "tests write the values in place")]
fn config(permissions: Json) -> Json {
    json!({ "name": "Model Deployer", "level": "workspace", "permissions": permissions })
}

fn text(harness: &Harness, address: &str, name: &str) -> String {
    harness.state(address).unwrap().attribute(name).as_str().unwrap_or_default().to_owned()
}

fn id(harness: &Harness) -> RoleId {
    text(harness, R, "id").parse().unwrap()
}

fn permission(resource: &str, action: &str) -> Permission {
    Permission { resource: resource.to_owned(), action: Allowed::parse(action) }
}

/// The permissions on the control plane, in words.
async fn permissions(world: &World, id: RoleId) -> Vec<String> {
    let role = world.control().call(&api::GET, id).await.unwrap();
    let mut words: Vec<String> =
        role.permissions.unwrap().iter().map(|one| format!("{}:{}", one.resource, one.action)).collect();
    words.sort();
    words
}

async fn custom_roles(world: &World) -> usize {
    let query = RoleQuery { system_managed: Some(false), ..RoleQuery::default() };
    world.control().list_all(&api::LIST, world.organization(), query).await.unwrap().len()
}

#[tokio::test]
async fn a_role_is_created_changed_in_place_and_deleted() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness
        .apply(R, config(json!({ "stack": ["read"], "service_connector": ["read", "client"] })))
        .await
        .unwrap();
    let role = id(&harness);
    assert_eq!(
        permissions(&world, role).await,
        ["service_connector:client", "service_connector:read", "stack:read"]
    );
    let mut changed = config(json!({ "stack": ["read", "update"] }));
    changed["name"] = "Deployer".into();
    changed["description"] = "Deploys models.".into();
    let applied = harness.apply(R, changed.clone()).await.unwrap();
    assert_eq!((applied.action, id(&harness)), (Action::Update, role));
    assert_eq!(permissions(&world, role).await, ["stack:read", "stack:update"]);
    changed["level"] = "project".into();
    changed["permissions"] = json!({ "pipeline": ["read"] });
    assert_eq!(harness.plan(R, changed).await.unwrap().action, Action::Replace);
    harness.destroy(R).await.unwrap();
    assert_eq!(custom_roles(&world).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn what_changes_outside_of_terraform_is_shown_and_corrected() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let ours = config(json!({ "stack": ["read"] }));
    harness.apply(R, ours.clone()).await.unwrap();
    let change = RoleUpdate {
        permissions: Some(vec![permission("secret", "read_secret_value")]),
        ..RoleUpdate::default()
    };
    world.control().send(&api::UPDATE, id(&harness), (), change).await.unwrap();
    let planned = harness.plan(R, ours.clone()).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["permissions"]));
    harness.apply(R, ours.clone()).await.unwrap();
    assert_eq!(permissions(&world, id(&harness)).await, ["stack:read"]);
    world.control().call(&api::DELETE, id(&harness)).await.unwrap();
    assert_eq!(harness.plan(R, ours).await.unwrap().action, Action::Create);
    world.stop().await;
}

#[tokio::test]
async fn unknown_permissions_are_rejected_in_the_plan_with_the_nearest_known_one() {
    let world = World::start().await;
    let harness = world.harness().await;
    for (permissions, place, summary, help) in [
        (
            json!({ "stak": ["read"] }),
            "permissions[\"stak\"]",
            "There is no resource type \"stak\"",
            "Did you mean \"stack\"?",
        ),
        (
            json!({ "stack": ["reed"] }),
            "permissions[\"stack\"]",
            "There is no action \"reed\" on stack",
            "Did you mean \"read\"?",
        ),
        (
            json!({ "secret": ["client"] }),
            "permissions[\"secret\"]",
            "There is no action \"client\" on secret",
            "Actions on secret: backup_restore, create, delete, read, read_secret_value, share, update.",
        ),
        (
            json!({ "team": ["read"] }),
            "permissions[\"team\"]",
            "A workspace role cannot contain permissions on \"team\"",
            "Resource types of this level: artifact, ",
        ),
        (
            json!({ "stack": [] }),
            "permissions[\"stack\"]",
            "Attribute \"permissions[\\\"stack\\\"]\" has an invalid value",
            "must not be empty",
        ),
    ] {
        let failure = harness.plan(R, config(permissions.clone())).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary], "{permissions}");
        assert!(failure.places()[0].to_string().starts_with(place), "{failure}");
        assert!(failure.to_string().contains(help), "{failure}");
    }
    // Several at once, and one whose value is not known yet.
    let both = json!({ "stak": ["read"], "boat": ["sail"], "stack": [tfkit_test::unknown()] });
    assert_eq!(harness.plan(R, config(both)).await.unwrap_err().summaries().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_control_plane_that_does_not_list_permissions_checks_them_in_the_apply() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    for effect in [
        json!({ "status": 404, "body": { "detail": "Not Found" } }),
        json!({ "status": 200, "body": { "items": [{ "unlike": "ours" }] } }),
    ] {
        world.inject(json!({ "rules": [{ "method": "GET", "route": "/permissions", "effect": effect }] }));
        assert_eq!(
            harness.plan(R, config(json!({ "stak": ["read"] }))).await.unwrap().action,
            Action::Create
        );
        let failure = harness.apply(R, config(json!({ "stak": ["read"] }))).await.unwrap_err();
        assert_eq!(
            failure.summaries(),
            ["Cannot create role \"Model Deployer\": the control plane rejected the request"]
        );
        assert!(failure.to_string().contains("Did you mean 'stack'?"), "{failure}");
        harness.apply(R, config(json!({ "stack": ["read"] }))).await.unwrap();
        harness.destroy(R).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn names_of_predefined_roles_are_rejected_in_the_plan() {
    let world = World::start().await;
    let harness = world.harness().await;
    for (level, name) in [
        ("organization", "Organization Admin"),
        ("organization", "Billing Admin"),
        ("organization", "manager"),
        ("workspace", "Stack Admin"),
        ("workspace", "workspace viewer"),
        ("workspace", "member"),
        ("project", "Project Contributor"),
    ] {
        let failure =
            harness.plan(R, json!({ "name": name, "level": level, "permissions": {} })).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("{name:?} is the name of a predefined {level} role")]);
        assert_eq!(failure.places()[0].to_string(), "name");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_existing_role_is_never_taken_over() {
    let world = World::start().await;
    let create = RoleCreate {
        organization_id: world.organization(),
        name: "Model Deployer".to_owned(),
        description: None,
        level: RoleLevel::Workspace,
        permissions: vec![permission("tag", "read")],
    };
    let existing = world.control().send(&api::CREATE, (), (), create).await.unwrap();
    let mut harness = world.harness().await;
    let failure = harness.apply(R, config(json!({ "stack": ["read"] }))).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The workspace role \"Model Deployer\" already exists"]);
    let import = format!("terraform import zenml_role.NAME {}/{}", world.organization(), existing.id);
    assert!(failure.to_string().contains(&import), "{failure}");
    assert_eq!(permissions(&world, existing.id).await, ["tag:read"]);
    // The same name at another level is another role.
    let mut other = config(json!({ "pipeline": ["read"] }));
    other["level"] = "project".into();
    harness.apply(R, other).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_role_of_an_open_invitation_is_not_deleted() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let role = json!({ "name": "Auditor", "level": "organization", "permissions": { "team": ["read"] } });
    harness.apply(R, role).await.unwrap();
    let new = InvitationCreate { email: "new.person@example.com".to_owned(), role_id: id(&harness) };
    world.control().send(&invitation::CREATE, world.organization(), (), new).await.unwrap();
    let failure = harness.destroy(R).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Role \"Auditor\" is still assigned"]);
    assert!(failure.to_string().contains("the invitation of \"new.person@example.com\""), "{failure}");
    world.platform.expire_invitations().await.unwrap();
    harness.destroy(R).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_role_that_is_still_assigned_is_not_deleted_and_the_error_names_who_holds_it() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let project = world.project(workspace, "vision").await;
    let (team, ann) = (world.team("developers").await, world.person("ann@example.com").await);
    let mut harness = world.harness().await;
    for (level, place, who) in [
        ("organization", AssignmentQuery::default(), "in the organization"),
        (
            "workspace",
            AssignmentQuery { workspace_id: Some(workspace), ..AssignmentQuery::default() },
            "in workspace \"alpha\"",
        ),
        (
            "project",
            AssignmentQuery {
                workspace_id: Some(workspace),
                project_id: Some(project),
                ..AssignmentQuery::default()
            },
            "in project \"vision\" of workspace \"alpha\"",
        ),
    ] {
        let role = json!({ "name": "Deployer", "level": level, "permissions": { "pipeline": ["read"] } });
        harness.apply(R, role.clone()).await.unwrap();
        for holder in [
            AssignmentQuery { team_id: Some(team), ..place },
            AssignmentQuery { user_id: Some(ann.id), ..place },
        ] {
            world.control().send(&api::ASSIGN, id(&harness), holder, ()).await.unwrap();
        }
        let failure = harness.destroy(R).await.unwrap_err();
        assert_eq!(failure.summaries(), ["Role \"Deployer\" is still assigned"]);
        for words in [
            format!("team \"developers\" {who}"),
            format!("user \"ann@example.com\" {who}"),
            "Remove these".into(),
        ] {
            assert!(failure.to_string().contains(&words), "{words}: {failure}");
        }
        assert!(harness.state(R).is_some());
        for holder in [
            AssignmentQuery { team_id: Some(team), ..place },
            AssignmentQuery { user_id: Some(ann.id), ..place },
        ] {
            world.control().send(&api::REVOKE, id(&harness), holder, ()).await.unwrap();
        }
        harness.destroy(R).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_role_is_imported_by_id_or_by_level_and_name_and_a_predefined_one_is_not() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let ours = config(json!({ "stack": ["read", "update"] }));
    harness.apply(R, ours.clone()).await.unwrap();
    let (organization, role) = (world.organization(), id(&harness));
    let name = world.platform.organization_name().to_owned();
    for text in [
        role.to_string(),
        format!("{organization}/{role}"),
        format!("{name}/{role}"),
        "workspace/Model Deployer".to_owned(),
        format!("{organization}/workspace/Model Deployer"),
        format!("{name}/workspace/Model Deployer"),
    ] {
        harness.import_equals_state(R, ImportBy::Id(text), &[]).await.unwrap();
    }
    for (text, words) in [
        ("workspace/Stack Admin", "Role \"Stack Admin\" is predefined"),
        ("workspace/admin", "Role \"Workspace Admin\" is predefined"),
        ("workspace/Model Deployr", "Did you mean \"Model Deployer\"?"),
        ("Model Deployer", "Invalid import id \"Model Deployer\""),
        ("elsewhere/workspace/Model Deployer", "There is no organization \"elsewhere\""),
    ] {
        let failure = harness.import("zenml_role.other", ImportBy::Id(text.to_owned())).await.unwrap_err();
        assert!(failure.to_string().contains(words), "{text}: {failure}");
    }
    world.stop().await;
}

#[tokio::test]
async fn data_sources_return_roles_with_their_permissions_and_what_roles_can_contain() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(R, config(json!({ "stack": ["read"], "secret": ["read"] }))).await.unwrap();
    let read = async |name: &str, config: Json| harness.read_data_source(name, config).await.unwrap();
    let by_name = json!({ "name": "Model Deployer", "level": "workspace" });
    let role = read("zenml_role", by_name).await;
    let expected = harness.state(R).unwrap().attribute("permissions").clone();
    assert_eq!(role.attribute("permissions"), &expected);
    let names = |roles: &Dyn| roles.attribute("roles").as_map().unwrap().keys().cloned().collect::<Vec<_>>();
    let custom = read("zenml_roles", json!({ "level": "workspace", "system_managed": false })).await;
    assert_eq!(names(&custom), ["Model Deployer"]);
    assert_eq!(
        custom.attribute("roles").as_map().unwrap()["Model Deployer"].attribute("permissions"),
        &expected
    );
    let narrow = read("zenml_roles", json!({ "level": "workspace", "name_prefix": "Workspace V" })).await;
    assert_eq!(names(&narrow), ["Workspace Viewer"]);
    assert_eq!(names(&read("zenml_roles", json!({ "level": "project" })).await).len(), 4);
    let offered = read("zenml_permissions", json!({ "level": "project" })).await;
    let offered = offered.attribute("permissions").as_map().unwrap();
    assert!(offered.contains_key("pipeline") && !offered.contains_key("stack"), "{offered:?}");
    world.stop().await;
}

#[tokio::test]
async fn many_roles_are_read_with_one_list() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let of = |number: usize| json!({ "name": format!("r{number}"), "level": "workspace", "permissions": {} });
    for number in 0..20 {
        harness.apply(&format!("zenml_role.r{number}"), of(number)).await.unwrap();
    }
    let (engine, requests) = counted();
    harness.restart(engine, world.block()).await.unwrap();
    for number in 0..20 {
        let planned = harness.plan(&format!("zenml_role.r{number}"), of(number)).await.unwrap();
        assert_eq!(planned.action, Action::NoOp);
    }
    let reads = requests.seen().iter().filter(|request| request.url.contains("/roles")).count();
    assert!(reads <= 2, "{reads} requests");
    world.stop().await;
}

/// A role, and assignments that refer to it by its id and by its name before it exists.
const TOGETHER: &str = r#"
resource "zenml_workspace" "alpha" {
  name = "alpha"
}

resource "zenml_team" "developers" {
  name = "developers"
}

resource "zenml_team" "operations" {
  name = "operations"
}

resource "zenml_role" "deployer" {
  name        = "{name}"
  level       = "workspace"
  permissions = { stack = ["read"], service_connector = ["read", "client"] }
}

resource "zenml_workspace_role_assignment" "by_id" {
  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.developers.id
  role_id      = zenml_role.deployer.id
}

resource "zenml_workspace_role_assignment" "by_name" {
  workspace_id = zenml_workspace.alpha.id
  team_id      = zenml_team.operations.id
  role         = zenml_role.deployer.name
}

data "zenml_permissions" "workspace" {
  level = "workspace"
}

output "actions" {
  value = data.zenml_permissions.workspace.permissions["service_connector"]
}
"#;

#[tokio::test]
async fn a_role_and_its_assignments_are_created_renamed_and_deleted_in_one_apply_each() {
    under_each_host(async |world, host| {
        let before = world.platform.census().await.unwrap();
        for name in ["Model Deployer", "Deployer"] {
            host.write("main.tf", &TOGETHER.replace("{name}", name)).unwrap();
            host.apply().await.unwrap();
        }
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

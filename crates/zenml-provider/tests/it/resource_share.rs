//! Shares of single objects, alone and together with roles on stacks.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::rbac::{self, ResourceMember, ResourceQuery};
use zenml_api::rbac::{Action as Allowed, ResourceType};
use zenml_api::workspace::membership::{self, ShareQuery};
use zenml_api::{ObjectId, TeamId, WorkspaceId};

use crate::world::{World, under_each_host};

const S: &str = "zenml_resource_share.s";
const ROLE: &str = "zenml_stack_role_assignment.r";

struct Scene {
    world: World,
    workspace: WorkspaceId,
    team: TeamId,
    harness: Harness,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let workspace = world.workspace("alpha").await;
        let team = world.team("developers").await;
        let mut block = world.block();
        block["workspace_id"] = workspace.to_string().into();
        let harness = world.harness_with(block).await;
        Self { world, workspace, team, harness }
    }

    async fn make(&mut self, address: &str, config: Json) -> String {
        self.harness.apply(address, config).await.unwrap_or_else(|failure| panic!("{address}: {failure}"));
        self.id(address)
    }

    fn id(&self, address: &str) -> String {
        self.harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
    }

    async fn secret(&mut self) -> String {
        self.make("zenml_secret.s", json!({ "name": "login", "values": { "k": "v" } })).await
    }

    fn share(&self, kind: &str, id: &str, actions: &[&str]) -> Json {
        json!({
            "resource_type": kind, "resource_id": id, "team_id": self.team.to_string(), "actions": actions,
        })
    }

    /// What the team may do with an object by shares.
    async fn has(&self, resource: &str) -> Vec<String> {
        self.allows(resource, |member| member.team.as_ref().is_some_and(|team| team.id == self.team)).await
    }

    /// What some of the members of an object may do with it.
    async fn allows(&self, resource: &str, of: impl Fn(&ResourceMember) -> bool) -> Vec<String> {
        let resource = format!("{}@workspace:{resource}", self.workspace);
        let members = self
            .world
            .control()
            .send(&rbac::RESOURCE_MEMBERS, (), ResourceQuery { resource }, ())
            .await
            .unwrap();
        let own = members.iter().filter(|member| of(member));
        let actions: BTreeSet<_> =
            own.flat_map(|member| member.allowed_actions.iter().map(ToString::to_string)).collect();
        actions.into_iter().collect()
    }

    /// Replaces the share of the team outside of Terraform.
    async fn set(&self, kind: ResourceType, id: &str, actions: &[&str]) {
        let query = ShareQuery {
            resource_type: kind,
            resource_id: id.parse::<ObjectId>().unwrap(),
            team_id: Some(self.team),
            user_id: None,
        };
        let actions = actions.iter().map(|action| Allowed::parse(action)).collect();
        self.world.server(self.workspace).await.send(&membership::SHARE, (), query, actions).await.unwrap();
    }
}

#[tokio::test]
async fn a_share_adds_its_actions_and_takes_only_its_own_away() {
    let mut scene = Scene::new().await;
    let secret = scene.secret().await;
    let object = format!("secret/{secret}");
    scene.set(ResourceType::Secret, &secret, &["update"]).await;
    let config = scene.share("secret", &secret, &["read", "read_secret_value"]);
    let made = scene.harness.apply(S, config).await.unwrap();
    assert!(made.warnings.is_empty(), "{:?}", made.warnings);
    assert_eq!(scene.has(&object).await, ["read", "read_secret_value", "update"]);
    let id = format!("{}/secret/{secret}/team/{}", scene.workspace, scene.team);
    assert_eq!(scene.id(S), id);
    let changed = scene.harness.apply(S, scene.share("secret", &secret, &["read", "delete"])).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    assert_eq!(scene.has(&object).await, ["delete", "read", "update"]);
    scene.harness.destroy(S).await.unwrap();
    assert_eq!(scene.has(&object).await, ["update"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_lost_action_is_drift_and_one_that_others_added_is_not() {
    let mut scene = Scene::new().await;
    let secret = scene.secret().await;
    let object = format!("secret/{secret}");
    let config = scene.share("secret", &secret, &["read", "update"]);
    scene.harness.apply(S, config.clone()).await.unwrap();
    scene.set(ResourceType::Secret, &secret, &["read", "update", "delete"]).await;
    assert_eq!(scene.harness.plan(S, config.clone()).await.unwrap().action, Action::NoOp);
    scene.set(ResourceType::Secret, &secret, &["read", "delete"]).await;
    let planned = scene.harness.plan(S, config.clone()).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["grants"]));
    scene.harness.apply(S, config.clone()).await.unwrap();
    assert_eq!(scene.has(&object).await, ["delete", "read", "update"]);
    scene.set(ResourceType::Secret, &secret, &[]).await;
    assert_eq!(scene.harness.plan(S, config.clone()).await.unwrap().action, Action::Create);
    // What existed before is taken over with a warning.
    scene.set(ResourceType::Secret, &secret, &["read", "update"]).await;
    scene.harness.forget(S);
    let told = scene.harness.apply(S, config.clone()).await.unwrap();
    assert_eq!(told.told(), ["Terraform now manages permissions that were granted before"]);
    // A deleted object takes its shares with it.
    scene.harness.destroy("zenml_secret.s").await.unwrap();
    assert!(!scene.harness.refresh(S).await.unwrap());
    scene.world.stop().await;
}

#[tokio::test]
async fn objects_of_all_types_are_shared_and_imported() {
    let mut scene = Scene::new().await;
    let secret = scene.secret().await;
    let project = scene.make("zenml_project.p", json!({ "name": "vision" })).await;
    let repository = json!({ "project_id": project, "name": "code", "type": "github", "config": {} });
    let repository = scene.make("zenml_code_repository.c", repository).await;
    let tag = scene.make("zenml_tag.t", json!({ "name": "champion" })).await;
    let component = json!({ "name": "c", "type": "artifact_store", "flavor": "local" });
    let component = scene.make("zenml_stack_component.c", component).await;
    for (kind, id, project) in [
        ("secret", secret, None),
        ("tag", tag, None),
        ("stack_component", component, None),
        ("code_repository", repository, Some(project)),
    ] {
        let mut config = scene.share(kind, &id, &["read", "update"]);
        let mut import = format!("{}/{kind}/{id}/team/{}", scene.workspace, scene.team);
        let mut object = format!("{kind}/{id}");
        if let Some(project) = project {
            config["project_id"] = project.clone().into();
            import = format!("{}/{project}/{kind}/{id}/team/{}", scene.workspace, scene.team);
            object = format!("{project}:{object}");
        }
        scene.harness.apply(S, config.clone()).await.unwrap_or_else(|failure| panic!("{kind}: {failure}"));
        assert_eq!(scene.has(&object).await, ["read", "update"], "{kind}");
        assert_eq!(scene.id(S), import);
        scene.harness.import_equals_state(S, ImportBy::Id(import), &[]).await.unwrap();
        assert_eq!(scene.harness.plan(S, config).await.unwrap().action, Action::NoOp);
        scene.harness.destroy(S).await.unwrap();
        assert!(scene.has(&object).await.is_empty(), "{kind}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_share_is_for_members_by_address_and_says_what_to_do_for_an_invited_person() {
    let mut scene = Scene::new().await;
    let ann = scene.world.person("ann@example.com").await;
    scene.world.invite("new.person@example.com").await;
    let secret = scene.secret().await;
    let config = |email: &str| {
        json!({
            "resource_type": "secret", "resource_id": secret, "email": email, "actions": ["read"],
        })
    };
    let failure = scene.harness.plan(S, config("new.person@example.com")).await.unwrap_err();
    assert_eq!(failure.summaries(), ["\"new.person@example.com\" has not accepted the invitation yet"]);
    assert_eq!(failure.places()[0].to_string(), "email");
    scene.harness.apply(S, config("Ann@example.com")).await.unwrap();
    let is_ann = |member: &ResourceMember| member.user.as_ref().is_some_and(|user| user.id == ann.id);
    assert_eq!(scene.allows(&format!("secret/{secret}"), is_ann).await, ["read"]);
    let import = format!("{}/secret/{secret}/email/ann@example.com", scene.workspace);
    assert_eq!(scene.id(S), import);
    scene.harness.import_equals_state(S, ImportBy::Id(import), &["email"]).await.unwrap();
    scene.harness.destroy(S).await.unwrap();
    assert!(scene.allows(&format!("secret/{secret}"), is_ann).await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_share_that_cannot_work_is_rejected_in_the_plan_or_says_why() {
    let mut scene = Scene::new().await;
    let secret = scene.secret().await;
    let nothing = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let with = |mut config: Json, name: &str, value: Json| {
        config[name] = value;
        config
    };
    for (config, place, summary) in [
        (
            scene.share("code_repository", nothing, &["read"]),
            "project_id",
            "A share of a code_repository requires project_id",
        ),
        (
            with(scene.share("secret", &secret, &["read"]), "project_id", nothing.into()),
            "project_id",
            "A share of a secret has no project",
        ),
        (
            scene.share("secrets", &secret, &["read"]),
            "resource_type",
            "Attribute \"resource_type\" has an invalid value",
        ),
        (scene.share("secret", &secret, &["reed"]), "actions", "Attribute \"actions\" has an invalid value"),
        (scene.share("secret", &secret, &[]), "actions", "Attribute \"actions\" has an invalid value"),
        (
            scene.share("secret", "login", &["read"]),
            "resource_id",
            "Attribute \"resource_id\" has an invalid value",
        ),
    ] {
        let failure = scene.harness.plan(S, config).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
        assert!(failure.places()[0].to_string().starts_with(place), "{failure}");
    }
    let failure = scene.harness.apply(S, scene.share("secret", nothing, &["read"])).await.unwrap_err();
    assert!(failure.to_string().contains(nothing), "{failure}");
    let failure = scene.harness.import(S, ImportBy::Id("x/y".to_owned())).await.unwrap_err();
    assert!(failure.to_string().contains("WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/team/TEAM_ID"), "{failure}");
    scene.world.stop().await;
}

/// A stack with a connector, and the objects' ids: the stack, the component and the connector.
async fn stack(scene: &mut Scene) -> (String, String, String) {
    let connector = scene
        .make(
            "zenml_service_connector.c",
            json!({ "name": "registry", "type": "docker", "auth_method": "password", "verify": false,
                "configuration": { "registry": "r.example.com", "username": "u", "password": "p" } }),
        )
        .await;
    let registry = json!({ "name": "images", "type": "container_registry", "flavor": "default",
        "connector_id": connector, "configuration": { "uri": "r.example.com" } });
    let component = scene.make("zenml_stack_component.r", registry).await;
    let local = |kind: &str| json!({ "name": kind, "type": kind, "flavor": "local" });
    let orchestrator = scene.make("zenml_stack_component.o", local("orchestrator")).await;
    let store = scene.make("zenml_stack_component.a", local("artifact_store")).await;
    let components =
        json!({ "orchestrator": orchestrator, "artifact_store": store, "container_registry": component });
    let stack = scene.make("zenml_stack.s", json!({ "name": "dev", "components": components })).await;
    (stack, component, connector)
}

#[tokio::test]
async fn removing_a_share_leaves_what_a_stack_role_needs() {
    let mut scene = Scene::new().await;
    let (stack, _, connector) = stack(&mut scene).await;
    let object = format!("service_connector/{connector}");
    let role = json!({ "stack_id": stack, "team_id": scene.team.to_string(), "role": "write" });
    scene.harness.apply(ROLE, role.clone()).await.unwrap();
    assert_eq!(scene.has(&object).await, ["client", "read"]);
    let share = scene.share("service_connector", &connector, &["read", "client", "update"]);
    scene.harness.apply(S, share).await.unwrap();
    assert_eq!(scene.has(&object).await, ["client", "read", "update"]);
    // Another process destroys the share, and knows the role only from the server.
    let mut block = scene.world.block();
    block["workspace_id"] = scene.workspace.to_string().into();
    scene.harness.restart(crate::world::engine(), block).await.unwrap();
    scene.harness.destroy(S).await.unwrap();
    assert_eq!(scene.has(&object).await, ["client", "read"]);
    let mut block = scene.world.block();
    block["workspace_id"] = scene.workspace.to_string().into();
    scene.harness.restart(crate::world::engine(), block).await.unwrap();
    assert_eq!(scene.harness.plan(ROLE, role).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_share_warns_only_of_permissions_that_somebody_else_granted() {
    const WARNING: &str = "Terraform now manages permissions that were granted before";
    let mut scene = Scene::new().await;
    let (stack, _, connector) = stack(&mut scene).await;
    let share = |actions: &[&str]| scene.share("service_connector", &connector, actions);
    let (two, three) = (share(&["read", "client"]), share(&["read", "client", "update"]));
    scene.set(ResourceType::ServiceConnector, &connector, &["read", "share"]).await;
    let made = scene.harness.apply(S, three.clone()).await.unwrap();
    assert_eq!(made.told(), [WARNING]);
    let why = format!("already had these permissions on service_connector/{connector}: read. Destroying");
    assert!(made.warnings[0].detail().contains(&why), "{:?}", made.warnings);
    scene.harness.destroy(S).await.unwrap();
    // What a stack role needs was not granted by somebody else, and stays when the share is destroyed.
    let role = json!({ "stack_id": stack, "team_id": scene.team.to_string(), "role": "write" });
    scene.harness.apply(ROLE, role).await.unwrap();
    let made = scene.harness.apply(S, two).await.unwrap();
    assert!(made.warnings.is_empty(), "{:?}", made.told());
    scene.harness.destroy(S).await.unwrap();
    assert_eq!(scene.has(&format!("service_connector/{connector}")).await, ["client", "read", "share"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_share_that_was_written_before_a_failure_can_be_destroyed() {
    let mut scene = Scene::new().await;
    let secret = scene.secret().await;
    let object = format!("secret/{secret}");
    let (share, members) = ("/w/*/users/resource_membership", "/rbac/resource_members");
    let broken = json!({ "status": 500, "body": { "detail": ["RuntimeError", "out of order"] } });
    for (case, rule) in [
        ("a check after the write", json!({ "route": members, "nth": 2, "effect": broken })),
        (
            "a lost response",
            json!({ "method": "POST", "route": share, "phase": "after_commit", "effect": broken }),
        ),
    ] {
        scene.world.inject(json!({ "rules": [rule] }));
        // The object is complete or not: the state contains what may be granted.
        let _ = scene.harness.apply(S, scene.share("secret", &secret, &["read"])).await;
        assert!(scene.harness.state(S).is_some(), "{case}");
        assert_eq!(scene.has(&object).await, ["read"], "{case}");
        scene.world.inject(json!({ "rules": [] }));
        scene.harness.destroy(S).await.unwrap();
        assert!(scene.has(&object).await.is_empty(), "{case}");
    }
    scene.world.stop().await;
}

/// A share that is planned after the role grants again what the role gives up, in an apply in another process.
#[tokio::test]
async fn shrinking_a_stack_role_leaves_what_a_share_that_is_planned_later_wants() {
    let mut scene = Scene::new().await;
    let (stack, component, connector) = stack(&mut scene).await;
    let object = format!("service_connector/{connector}");
    let role = |role: &str| json!({ "stack_id": stack, "team_id": scene.team.to_string(), "role": role });
    let (write, read) = (role("write"), role("read"));
    let share = scene.share("service_connector", &connector, &["read", "client"]);
    let mut block = scene.world.block();
    block["workspace_id"] = scene.workspace.to_string().into();
    for share_first in [true, false] {
        scene.harness.apply(ROLE, write.clone()).await.unwrap();
        scene.harness.apply(S, share.clone()).await.unwrap();
        scene.harness.restart(crate::world::engine(), block.clone()).await.unwrap();
        let planned_role = scene.harness.plan(ROLE, read.clone()).await.unwrap();
        let planned_share = scene.harness.plan(S, share.clone()).await.unwrap();
        assert_eq!((planned_share.action, planned_role.action), (Action::Update, Action::Update));
        scene.harness.restart(crate::world::engine(), block.clone()).await.unwrap();
        if share_first {
            scene.harness.apply_planned(S, planned_share, share.clone(), &[]).await.unwrap();
            scene.harness.apply_planned(ROLE, planned_role, read.clone(), &[]).await.unwrap();
        } else {
            scene.harness.apply_planned(ROLE, planned_role, read.clone(), &[]).await.unwrap();
            scene.harness.apply_planned(S, planned_share, share.clone(), &[]).await.unwrap();
        }
        assert_eq!(scene.has(&object).await, ["client", "read"], "{share_first}");
        assert_eq!(scene.has(&format!("stack_component/{component}")).await, ["read"]);
        scene.harness.restart(crate::world::engine(), block.clone()).await.unwrap();
        for (address, config) in [(S, &share), (ROLE, &read)] {
            assert_eq!(scene.harness.plan(address, config.clone()).await.unwrap().action, Action::NoOp);
        }
        scene.harness.destroy(S).await.unwrap();
        assert_eq!(scene.has(&object).await, ["read"], "{share_first}");
        scene.harness.destroy(ROLE).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_person_is_one_holder_by_address_and_by_account() {
    let mut scene = Scene::new().await;
    let ann = scene.world.person("ann@example.com").await;
    let (stack, _, connector) = stack(&mut scene).await;
    let object = format!("service_connector/{connector}");
    let role = |role: &str| json!({ "stack_id": stack, "email": "Ann@example.com", "role": role });
    let share = json!({
        "resource_type": "service_connector", "resource_id": connector, "user_id": ann.id.to_string(),
        "actions": ["read", "client"],
    });
    scene.harness.apply(ROLE, role("write")).await.unwrap();
    scene.harness.apply(S, share.clone()).await.unwrap();
    let mut block = scene.world.block();
    block["workspace_id"] = scene.workspace.to_string().into();
    scene.harness.restart(crate::world::engine(), block.clone()).await.unwrap();
    let planned_role = scene.harness.plan(ROLE, role("read")).await.unwrap();
    let planned_share = scene.harness.plan(S, share.clone()).await.unwrap();
    assert_eq!((planned_share.action, planned_role.action), (Action::Update, Action::Update));
    scene.harness.restart(crate::world::engine(), block).await.unwrap();
    scene.harness.apply_planned(ROLE, planned_role, role("read"), &[]).await.unwrap();
    scene.harness.apply_planned(S, planned_share, share, &[]).await.unwrap();
    let is_ann = |member: &ResourceMember| member.user.as_ref().is_some_and(|user| user.id == ann.id);
    assert_eq!(scene.allows(&object, is_ann).await, ["client", "read"]);
    scene.harness.destroy(S).await.unwrap();
    assert_eq!(scene.allows(&object, is_ann).await, ["read"]);
    scene.harness.destroy(ROLE).await.unwrap();
    assert!(scene.allows(&object, is_ann).await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_real_host_removes_a_stack_role_beside_a_share_without_a_loss() {
    under_each_host(async |world, host| {
        let main = r#"
resource "zenml_workspace" "alpha" {
  name = "alpha"
}

resource "zenml_team" "developers" {
  name = "developers"
}

resource "zenml_service_connector" "registry" {
  workspace_id  = zenml_workspace.alpha.id
  name          = "registry"
  type          = "docker"
  auth_method   = "password"
  verify        = false
  configuration = { registry = "r.example.com", username = "u", password = "p" }
}

resource "zenml_stack_component" "all" {
  for_each     = { orchestrator = null, artifact_store = null, container_registry = zenml_service_connector.registry.id }
  workspace_id = zenml_workspace.alpha.id
  name         = each.key
  type         = each.key
  flavor       = each.key == "container_registry" ? "default" : "local"
  connector_id = each.value

  configuration = each.key == "container_registry" ? { uri = "r.example.com" } : {}
}

resource "zenml_stack" "dev" {
  workspace_id = zenml_workspace.alpha.id
  name         = "dev"
  components   = { for kind, component in zenml_stack_component.all : kind => component.id }
}

resource "zenml_resource_share" "registry" {
  workspace_id  = zenml_workspace.alpha.id
  resource_type = "service_connector"
  resource_id   = zenml_service_connector.registry.id
  team_id       = zenml_team.developers.id
  actions       = ["read", "client"]
}
"#;
        let role = r#"
resource "zenml_stack_role_assignment" "developers" {
  workspace_id = zenml_workspace.alpha.id
  stack_id     = zenml_stack.dev.id
  team_id      = zenml_team.developers.id
  role         = "write"
}
"#;
        let before = world.platform.census().await.unwrap();
        let first = |after: &str| format!("  depends_on = [{after}]\n}}\n");
        let role_first = (
            main.trim_end().trim_end_matches('}').to_owned() + &first("zenml_stack_role_assignment.developers"),
            role.to_owned(),
        );
        let share_first =
            (main.to_owned(), role.trim_end().trim_end_matches('}').to_owned() + &first("zenml_resource_share.registry"));
        // Each apply checks that the next plan is empty, so that nothing was lost.
        for (share, role, can_shrink) in [(share_first.0, share_first.1, false), (role_first.0, role_first.1, true)] {
            host.write("main.tf", &format!("{share}{role}")).unwrap();
            host.apply().await.unwrap();
            if can_shrink {
                let smaller = role.replace("\"write\"", "\"read\"");
                host.write("main.tf", &format!("{share}{smaller}")).unwrap();
                host.apply().await.unwrap();
                host.write("main.tf", &format!("{share}{role}")).unwrap();
                host.apply().await.unwrap();
            }
            host.write("main.tf", main).unwrap();
            host.apply().await.unwrap();
        }
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

//! Roles on stacks, tested by acting as an account with the role.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::rbac::{self, ResourceQuery};
use zenml_api::control::team::{self, MemberQuery};
use zenml_api::rbac::{Action as Right, ResourceRef, ResourceType};
use zenml_api::workspace::connector::{self, ClientQuery};
use zenml_api::workspace::membership::{self, ShareQuery};
use zenml_api::workspace::stack::{Slots, StackCreate, StackUpdate};
use zenml_api::workspace::{component, secret, stack};
use zenml_api::{
    ComponentId, ConnectorId, Identifier, ObjectId, Patch, SecretId, StackId, TeamId, WorkspaceId,
};
use zenml_client::Api;

use crate::world::{World, engine, under_each_host};

const EMAIL: &str = "ann@example.com";
const DEV: &str = "zenml_stack_role_assignment.dev";
const PROD: &str = "zenml_stack_role_assignment.prod";

/// Two stacks that share an artifact store with a connector; production also refers to a secret.
struct Scene {
    world: World,
    workspace: WorkspaceId,
    server: Api,
    team: TeamId,
    shared: ComponentId,
    connector: ConnectorId,
    secret: SecretId,
    dev: StackId,
    prod: StackId,
    prod_parts: StackCreate,
}

impl Scene {
    async fn new() -> Self {
        Self::of(World::start().await).await
    }

    async fn of(world: World) -> Self {
        let workspace = world.workspace("alpha").await;
        let team = world.team("developers").await;
        let ann = world.person(EMAIL).await;
        world.control().send(&team::ADD_MEMBER, team, MemberQuery::user(ann.id), ()).await.unwrap();
        let server = world.server(workspace).await;
        let secret = json!({ "name": "mlflow", "values": { "password": "hunter2" } });
        let secret =
            server.send(&secret::CREATE, (), (), serde_json::from_value(secret).unwrap()).await.unwrap().id;
        let connector = json!({
            "name": "aws", "connector_type": "aws", "auth_method": "iam-role", "resource_types": [],
            "configuration": { "aws_access_key_id": "AKIA", "aws_secret_access_key": "hidden", "region": "eu-west-1",
                "role_arn": "arn:aws:iam::000000000000:role/x" },
        });
        let connector = serde_json::from_value(connector).unwrap();
        let connector = server.send(&connector::CREATE, (), (), connector).await.unwrap().id;
        let shared = json!({ "name": "store", "type": "artifact_store", "flavor": "s3", "connector": connector,
            "configuration": { "path": "s3://bucket" } });
        let tracker = json!({ "name": "tracker", "type": "experiment_tracker", "flavor": "mlflow",
            "configuration": { "tracking_uri": "https://mlflow.example.com", "tracking_username": "ann",
                "tracking_password": "{{mlflow.password}}" } });
        let orchestrator =
            json!({ "name": "local", "type": "orchestrator", "flavor": "local", "configuration": {} });
        let shared = make(&server, shared).await;
        let tracker = make(&server, tracker).await;
        let orchestrator = make(&server, orchestrator).await;
        let parts = |name: &str, components: Json| StackCreate {
            name: name.to_owned(),
            components: serde_json::from_value(components).unwrap(),
            ..StackCreate::default()
        };
        let dev_parts = parts("dev", json!({ "orchestrator": [orchestrator], "artifact_store": [shared] }));
        let prod_parts = parts(
            "prod",
            json!({ "orchestrator": [orchestrator], "artifact_store": [shared], "experiment_tracker": [tracker] }),
        );
        let dev = server.send(&stack::CREATE, (), (), dev_parts).await.unwrap().id;
        let prod = server.send(&stack::CREATE, (), (), prod_parts.clone()).await.unwrap().id;
        Self { world, workspace, server, team, shared, connector, secret, dev, prod, prod_parts }
    }

    fn config(&self, stack: StackId, role: &str) -> Json {
        json!({ "workspace_id": self.workspace.to_string(), "stack_id": stack.to_string(),
            "team_id": self.team.to_string(), "role": role })
    }

    /// Returns the team's share of one object.
    async fn share(&self, kind: ResourceType, id: impl Identifier) -> BTreeSet<String> {
        let resource = ResourceRef::one(kind, id).in_workspace(self.workspace).to_string();
        let query = ResourceQuery { resource };
        let members = self.world.control().send(&rbac::RESOURCE_MEMBERS, (), query, ()).await.unwrap();
        let own =
            members.iter().filter(|member| member.team.as_ref().is_some_and(|team| team.id == self.team));
        own.flat_map(|member| &member.allowed_actions).map(ToString::to_string).collect()
    }

    /// Sets the team's share of one object outside of Terraform.
    async fn set_share(&self, resource_type: ResourceType, id: impl Identifier, actions: &[Right]) {
        let query = ShareQuery {
            resource_type,
            resource_id: ObjectId::from_uuid(id.uuid()),
            team_id: Some(self.team),
            user_id: None,
        };
        self.server.send(&membership::SHARE, (), query, actions.to_vec()).await.unwrap();
    }

    /// Returns the team's shares of all objects of both stacks.
    async fn all_shares(&self) -> Vec<BTreeSet<String>> {
        vec![
            self.share(ResourceType::Stack, self.dev).await,
            self.share(ResourceType::Stack, self.prod).await,
            self.share(ResourceType::StackComponent, self.shared).await,
            self.share(ResourceType::ServiceConnector, self.connector).await,
            self.share(ResourceType::Secret, self.secret).await,
        ]
    }

    /// Returns the API of the workspace, as a member of the team.
    async fn ann(&self) -> Api {
        self.world.acting_as(EMAIL).workspace(self.workspace).await.unwrap()
    }

    /// Returns the original components of the stack.
    fn prod_slots(&self) -> Slots {
        serde_json::from_value(serde_json::to_value(&self.prod_parts.components).unwrap()).unwrap()
    }

    async fn add_to_prod(&self, component: ComponentId) {
        let mut components = self.prod_slots();
        components.insert("container_registry".to_owned(), vec![component]);
        let change = StackUpdate { components: Some(components), ..StackUpdate::default() };
        self.server.send(&stack::UPDATE, self.prod, (), change).await.unwrap();
    }

    async fn registry(&self) -> ComponentId {
        make(
            &self.server,
            json!({ "name": "registry", "type": "container_registry", "flavor": "default",
            "configuration": { "uri": "registry.example.com" } }),
        )
        .await
    }
}

async fn make(server: &Api, create: Json) -> ComponentId {
    server.send(&component::CREATE, (), (), serde_json::from_value(create).unwrap()).await.unwrap().id
}

fn set(words: &str) -> BTreeSet<String> {
    words.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_role_permits_what_it_promises_and_nothing_more() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for (role, changes, uses) in [("read", false, false), ("write", true, true), ("admin", true, true)] {
        harness.apply(PROD, scene.config(scene.prod, role)).await.unwrap();
        let ann = scene.ann().await;
        let seen = ann.call(&stack::GET, scene.prod).await.unwrap();
        let components: Vec<_> = seen.metadata.unwrap().components.into_values().flatten().collect();
        assert_eq!(components.len(), 3, "{role}");
        assert!(components.iter().all(|component| !component.permission_denied), "{role}");
        let change = StackUpdate { name: Patch::Set("prod".to_owned()), ..StackUpdate::default() };
        assert_eq!(ann.send(&stack::UPDATE, scene.prod, (), change).await.is_ok(), changes, "{role}");
        let query = ClientQuery {
            resource_type: Some("s3-bucket".to_owned()),
            resource_id: Some("s3://bucket".to_owned()),
        };
        assert_eq!(ann.send(&connector::CLIENT, scene.connector, query, ()).await.is_ok(), uses, "{role}");
        let values = ann.call(&secret::GET, scene.secret).await;
        let reads =
            values.is_ok_and(|secret| secret.body.is_some_and(|body| !body.values.expose().is_empty()));
        assert_eq!(reads, uses, "{role}");
        assert!(ann.call(&stack::GET, scene.dev).await.is_err(), "{role}");
    }
    harness.destroy(PROD).await.unwrap();
    assert!(scene.all_shares().await.iter().all(BTreeSet::is_empty));
    scene.world.stop().await;
}

#[tokio::test]
async fn removing_one_of_two_roles_leaves_what_the_other_requires() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(DEV, scene.config(scene.dev, "write")).await.unwrap();
    harness.apply(PROD, scene.config(scene.prod, "read")).await.unwrap();
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read client"));
    harness.destroy(DEV).await.unwrap();
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read"));
    assert_eq!(scene.share(ResourceType::StackComponent, scene.shared).await, set("read"));
    assert_eq!(harness.plan(PROD, scene.config(scene.prod, "read")).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn concurrent_changes_of_roles_of_one_team_lose_nothing() {
    let scene = Scene::new().await;
    // Two objects of one provider process, which the host handles in parallel.
    let engine = engine();
    let mut dev = Harness::start(engine.clone(), scene.world.block()).await.unwrap();
    let mut prod = Harness::start(engine, scene.world.block()).await.unwrap();
    let (dev_config, prod_config) = (scene.config(scene.dev, "write"), scene.config(scene.prod, "admin"));
    for round in 0..8 {
        let (made, other) =
            tokio::join!(dev.apply(DEV, dev_config.clone()), prod.apply(PROD, prod_config.clone()));
        made.unwrap();
        other.unwrap();
        let expected = [
            set("read update"),
            set("read update delete share"),
            set("read update"),
            set("read update client"),
            set("read read_secret_value"),
        ];
        assert_eq!(scene.all_shares().await, expected, "round {round}");
        if round % 2 == 0 {
            let (gone, other) = tokio::join!(dev.destroy(DEV), prod.destroy(PROD));
            gone.unwrap();
            other.unwrap();
            assert!(scene.all_shares().await.iter().all(BTreeSet::is_empty), "round {round}");
        } else {
            // One is removed while the other one changes.
            let reads = scene.config(scene.prod, "read");
            let (gone, other) = tokio::join!(dev.destroy(DEV), prod.apply(PROD, reads.clone()));
            gone.unwrap();
            other.unwrap();
            let expected = [set(""), set("read"), set("read"), set("read"), set("")];
            assert_eq!(scene.all_shares().await, expected, "round {round}");
            prod.destroy(PROD).await.unwrap();
        }
        // One is added while the other one is removed, and both require the same on shared objects.
        dev.apply(DEV, dev_config.clone()).await.unwrap();
        let writes = scene.config(scene.prod, "write");
        let (gone, made) = tokio::join!(dev.destroy(DEV), prod.apply(PROD, writes));
        gone.unwrap();
        made.unwrap();
        let expected =
            [set(""), set("read update"), set("read"), set("read client"), set("read read_secret_value")];
        assert_eq!(scene.all_shares().await, expected, "round {round}");
        prod.destroy(PROD).await.unwrap();
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_lost_permission_is_repaired_and_permissions_from_elsewhere_stay() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(scene.dev, "write");
    harness.apply(DEV, config.clone()).await.unwrap();
    // A permission that is added outside is not a difference.
    scene.set_share(ResourceType::Stack, scene.dev, &[Right::Read, Right::Update, Right::Delete]).await;
    assert_eq!(harness.plan(DEV, config.clone()).await.unwrap().action, Action::NoOp);
    // If a permission is removed outside, the plan shows it and the apply repairs it.
    scene.set_share(ResourceType::ServiceConnector, scene.connector, &[Right::Read]).await;
    let planned = harness.plan(DEV, config.clone()).await.unwrap();
    assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["grants"]));
    harness.apply(DEV, config).await.unwrap();
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read client"));
    harness.destroy(DEV).await.unwrap();
    assert_eq!(
        scene.share(ResourceType::Stack, scene.dev).await,
        set("delete"),
        "a permission from elsewhere stays"
    );
    scene.world.stop().await;
}

#[tokio::test]
async fn a_component_that_joins_the_stack_is_granted_and_one_that_leaves_is_revoked() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let config = scene.config(scene.prod, "read");
    harness.apply(PROD, config.clone()).await.unwrap();
    let registry = scene.registry().await;
    scene.add_to_prod(registry).await;
    assert_eq!(harness.apply(PROD, config.clone()).await.unwrap().action, Action::Update);
    assert_eq!(scene.share(ResourceType::StackComponent, registry).await, set("read"));
    let change = StackUpdate { components: Some(scene.prod_slots()), ..StackUpdate::default() };
    scene.server.send(&stack::UPDATE, scene.prod, (), change).await.unwrap();
    assert_eq!(harness.apply(PROD, config).await.unwrap().action, Action::Update);
    assert!(scene.share(ResourceType::StackComponent, registry).await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn when_the_stack_is_deleted_outside_no_permission_is_left_on_its_components() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(PROD, scene.config(scene.prod, "write")).await.unwrap();
    scene.server.call(&stack::DELETE, scene.prod).await.unwrap();
    assert!(
        harness.refresh(PROD).await.unwrap(),
        "permissions on the components are left, so the state keeps them"
    );
    let replaced = harness.apply(PROD, scene.config(scene.dev, "read")).await.unwrap();
    assert_eq!(replaced.action, Action::Replace);
    assert!(scene.share(ResourceType::Secret, scene.secret).await.is_empty());
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read"));
    scene.world.stop().await;
}

#[tokio::test]
async fn only_the_stack_is_granted_without_components_or_with_actions_that_are_not_a_role() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let mut config = scene.config(scene.prod, "write");
    config["include_components"] = false.into();
    harness.apply(PROD, config).await.unwrap();
    assert_eq!(scene.share(ResourceType::Stack, scene.prod).await, set("read update"));
    assert!(scene.share(ResourceType::StackComponent, scene.shared).await.is_empty());
    let mut actions = scene.config(scene.prod, "write");
    actions["role"] = Json::Null;
    actions["actions"] = json!(["read", "delete"]);
    harness.apply(PROD, actions).await.unwrap();
    assert_eq!(scene.share(ResourceType::Stack, scene.prod).await, set("read delete"));
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read"));
    scene.world.stop().await;
}

#[tokio::test]
async fn if_shares_cannot_be_read_permissions_are_only_added_with_one_warning() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    scene.world.inject(json!({ "rules": [{ "method": "GET", "route": "/rbac/resource_members", "effect": {
        "status": 403, "body": { "detail": ["IllegalOperationError", "not for users"] } } }] }));
    let made = harness.apply(DEV, scene.config(scene.dev, "write")).await.unwrap();
    assert_eq!(made.told(), ["Cannot read the permissions on single objects"]);
    let other = harness.apply(PROD, scene.config(scene.prod, "read")).await.unwrap();
    assert!(other.told().is_empty());
    scene.world.inject(json!({}));
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read client"));
    scene.world.inject(json!({ "rules": [{ "method": "GET", "route": "/rbac/resource_members", "effect": {
        "status": 422, "body": { "detail": ["ValueError", "no such resource"] } } }] }));
    let mut harness = {
        harness.restart(engine(), scene.world.block()).await.unwrap();
        harness
    };
    let told = harness.destroy(DEV).await.unwrap();
    assert!(told.iter().any(|diag| diag.summary == "Permissions were not removed"));
    scene.world.inject(json!({}));
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read client"));
    scene.world.stop().await;
}

#[tokio::test]
async fn what_two_processes_remove_from_each_other_is_repaired_by_the_next_run_at_the_latest() {
    let scene = Scene::new().await;
    // Two provider processes share no lock, and the API has no conditional writes.
    let mut dev = scene.world.harness().await;
    let mut prod = scene.world.harness().await;
    let dev_config = scene.config(scene.dev, "write");
    let prod_config = scene.config(scene.prod, "admin");
    for round in 0..6 {
        let (made, other) = tokio::join!(
            dev.apply_unsettled(DEV, dev_config.clone(), dev_config.clone()),
            prod.apply_unsettled(PROD, prod_config.clone(), prod_config.clone()),
        );
        made.unwrap();
        other.unwrap();
        dev.apply(DEV, dev_config.clone()).await.unwrap();
        prod.apply(PROD, prod_config.clone()).await.unwrap();
        let granted = scene.share(ResourceType::ServiceConnector, scene.connector).await;
        assert_eq!(granted, set("read update client"), "round {round}");
        dev.destroy(DEV).await.unwrap();
        prod.destroy(PROD).await.unwrap();
        assert!(scene.all_shares().await.iter().all(BTreeSet::is_empty), "round {round}");
    }
    scene.world.stop().await;
}

/// The order of the requests is random here; `change_tests.rs` tries all orders.
#[tokio::test]
async fn two_concurrent_destroys_leave_no_permission_behind_while_share_requests_are_slow() {
    let scene = Scene::new().await;
    let mut dev = scene.world.harness().await;
    let mut prod = scene.world.harness().await;
    for round in 0..4 {
        dev.apply(DEV, scene.config(scene.dev, "write")).await.unwrap();
        prod.apply(PROD, scene.config(scene.prod, "admin")).await.unwrap();
        let slow = |nth: u64| {
            json!({ "method": "POST", "route": "/w/*/users/resource_membership", "nth": nth,
                "effect": { "latency_ms": 40 } })
        };
        let rules: Vec<Json> = (1..=6).filter(|nth| (nth + round) % 2 == 0).map(slow).collect();
        scene.world.inject(json!({ "rules": rules }));
        let (one, other) = tokio::join!(dev.destroy(DEV), prod.destroy(PROD));
        one.unwrap();
        other.unwrap();
        scene.world.inject(json!({}));
        let left = scene.all_shares().await;
        assert!(left.iter().all(BTreeSet::is_empty), "round {round}: {left:?}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_new_role_grants_nothing_for_another_one_without_components() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    let mut alone = scene.config(scene.dev, "write");
    alone["include_components"] = json!(false);
    harness.apply(DEV, alone).await.unwrap();
    harness.apply(PROD, scene.config(scene.prod, "read")).await.unwrap();
    assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read"));
    scene.world.stop().await;
}

#[tokio::test]
async fn contradictions_are_rejected_in_the_plan() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let mut both = scene.config(scene.dev, "read");
    both["actions"] = json!(["read"]);
    let mut no_principal = scene.config(scene.dev, "read");
    no_principal["team_id"] = Json::Null;
    let mut empty = scene.config(scene.dev, "read");
    empty["role"] = Json::Null;
    empty["actions"] = json!([]);
    for config in [both, no_principal, empty, scene.config(scene.dev, "owner")] {
        harness.plan(DEV, config.clone()).await.expect_err(&config.to_string());
    }
    let mut harness = harness;
    let failure = harness.apply(DEV, scene.config(StackId::random(), "read")).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "stack_id");
    scene.world.stop().await;
}

#[tokio::test]
async fn an_import_derives_the_role_from_the_share() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    for role in ["read", "write", "admin"] {
        let mut config = scene.config(scene.prod, role);
        let components: BTreeSet<String> =
            scene.prod_slots().values().flatten().map(ToString::to_string).collect();
        config["component_ids"] = json!(components);
        harness.apply(PROD, config.clone()).await.unwrap();
        let id = format!("{}/{}/team/{}", scene.workspace, scene.prod, scene.team);
        harness.import_equals_state(PROD, ImportBy::Id(id.clone()), &[]).await.unwrap();
        harness.forget(PROD);
        harness.import(PROD, ImportBy::Id(id)).await.unwrap();
        assert_eq!(harness.plan(PROD, config).await.unwrap().action, Action::NoOp, "{role}");
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_role_that_was_granted_before_is_managed_with_a_warning() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(DEV, scene.config(scene.dev, "read")).await.unwrap();
    harness.forget(DEV);
    let made = harness.apply(DEV, scene.config(scene.dev, "read")).await.unwrap();
    assert_eq!(made.told(), ["The stack role was already granted and is now managed by Terraform"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn overlapping_stack_roles_pass_their_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let before = scene.world.platform.census().await.unwrap();
        let main = |dev: &str, prod: &str| {
            let one = |name: &str, stack: StackId, role: &str| {
                let Scene { workspace, team, .. } = &scene;
                format!(
                    "resource \"zenml_stack_role_assignment\" \"{name}\" {{\n  workspace_id = \"{workspace}\"\n  stack_id \
                     = \"{stack}\"\n  team_id = \"{team}\"\n  role = \"{role}\"\n}}\n"
                )
            };
            one("dev", scene.dev, dev) + &one("prod", scene.prod, prod)
        };
        for _ in 0..3 {
            host.write("main.tf", &main("write", "read")).unwrap();
            host.apply().await.unwrap();
            assert_eq!(scene.share(ResourceType::ServiceConnector, scene.connector).await, set("read client"));
            let id = host.attributes(DEV).await.unwrap()["id"].as_str().unwrap().to_owned();
            host.import_equals_state(DEV, &id, &["component_ids"]).await.unwrap();
            host.write("main.tf", &main("read", "admin")).unwrap();
            assert_eq!(host.apply().await.unwrap().action(DEV), Some(Action::Update));
            scene.set_share(ResourceType::Stack, scene.dev, &[]).await;
            assert_eq!(host.apply().await.unwrap().action(DEV), Some(Action::Update));
            host.destroy().await.unwrap();
            assert_eq!(scene.world.platform.census().await.unwrap(), before);
        }
        scene.world.stop().await;
    })
    .await;
}

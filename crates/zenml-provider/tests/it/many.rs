//! Refreshes of many objects: few requests, and the same results as single reads.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tfkit::Engine;
use tfkit_test::harness::Planned;
use tfkit_test::{Action, Harness};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use zenml_api::control::role::{self, AssignmentQuery, RoleQuery};
use zenml_api::workspace::{component, connector, flavor, project, stack, tag};
use zenml_api::{Endpoint, WorkspaceId};
use zenml_client::transport::{Faulty, Network};
use zenml_client::{Api, HttpSettings};
use zenml_provider::{Environment, Zenml};

use crate::server::in_process_on_each_server;
use crate::world::World;

/// How many concurrent calls a host makes.
const PARALLEL: usize = 10;

/// A provider whose requests are counted.
pub(crate) struct Counted {
    harness: Arc<Harness>,
    requests: Arc<Faulty<Network>>,
}

impl Counted {
    /// A provider with objects in its state, each with its id and its configuration.
    async fn adopt(block: &Json, type_name: &str, objects: &[(String, Json)]) -> Self {
        let (engine, requests) = counted();
        let mut harness = Harness::start(engine, block.clone()).await.unwrap();
        for (index, (id, config)) in objects.iter().enumerate() {
            let mut state = config.clone();
            state["id"] = json!(id);
            harness.adopt(&address(type_name, index), 0, &state).await.unwrap();
        }
        Self { harness: Arc::new(harness), requests }
    }

    /// A provider that has created its objects itself, and so has their private state.
    pub(crate) async fn create(block: &Json, type_name: &str, configs: &[Json]) -> Self {
        let (engine, requests) = counted();
        let mut harness = Harness::start(engine, block.clone()).await.unwrap();
        for (index, config) in configs.iter().enumerate() {
            harness.apply(&address(type_name, index), config.clone()).await.unwrap();
        }
        Self { harness: Arc::new(harness), requests }
    }

    pub(crate) async fn destroy(self, type_name: &str, count: usize) {
        let mut harness = Arc::into_inner(self.harness).unwrap();
        for index in 0..count {
            harness.destroy(&address(type_name, index)).await.unwrap();
        }
    }

    /// Plans all objects as a host does, and returns the plans in the order of the objects.
    pub(crate) async fn plan(&self, type_name: &str, objects: &[(String, Json)]) -> Vec<Planned> {
        let configs = objects.iter().enumerate();
        let configs = configs.map(|(index, (_, config))| (address(type_name, index), config.clone()));
        plan_all(&self.harness, configs.collect()).await
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests
            .seen()
            .into_iter()
            .map(|request| format!("{} {}", request.method, request.url))
            .collect()
    }
}

/// Plans objects by address as a host does, and returns the plans in their order.
async fn plan_all(harness: &Arc<Harness>, configs: Vec<(String, Json)>) -> Vec<Planned> {
    let permits = Arc::new(Semaphore::new(PARALLEL));
    let mut plans = JoinSet::new();
    for (index, (address, config)) in configs.into_iter().enumerate() {
        let (harness, permits) = (Arc::clone(harness), Arc::clone(&permits));
        plans.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            (index, harness.plan(&address, config).await.unwrap())
        });
    }
    let mut plans = plans.join_all().await;
    plans.sort_by_key(|(index, _)| *index);
    plans.into_iter().map(|(_, plan)| plan).collect()
}

pub(crate) fn counted() -> (Engine, Arc<Faulty<Network>>) {
    let requests = Arc::new(Faulty::new(Network::new(&HttpSettings::default()).unwrap()));
    let provider = Zenml::new(Environment::default()).with_transport(requests.clone());
    (Engine::new(provider), requests)
}

fn address(type_name: &str, index: usize) -> String {
    format!("{type_name}.x{index}")
}

/// Creates objects, some at the same time.
async fn make<B, O>(
    server: &Api,
    create: &'static Endpoint<(), (), B, O>,
    bodies: Vec<Json>,
    id: fn(O) -> String,
) -> Vec<String>
where
    B: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    O: serde::de::DeserializeOwned + Send + 'static,
{
    let permits = Arc::new(Semaphore::new(PARALLEL));
    let mut made = JoinSet::new();
    for (index, body) in bodies.into_iter().enumerate() {
        let (server, permits) = (server.clone(), Arc::clone(&permits));
        made.spawn(async move {
            let _permit = permits.acquire().await.unwrap();
            let body = serde_json::from_value(body).unwrap();
            (index, id(server.send(create, (), (), body).await.unwrap()))
        });
    }
    let mut made = made.join_all().await;
    made.sort_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, id)| id).collect()
}

async fn components(server: &Api, count: usize) -> Vec<(String, Json)> {
    let body = |index| {
        json!({ "name": format!("store-{index}"), "type": "artifact_store", "flavor": "s3",
            "configuration": { "path": format!("s3://bucket/{index}") } })
    };
    let configs: Vec<Json> = (0..count).map(body).collect();
    let ids = make(server, &component::CREATE, configs.clone(), |made| made.id.to_string()).await;
    ids.into_iter().zip(configs).collect()
}

fn inside(workspace: WorkspaceId, objects: &[(String, Json)]) -> Vec<(String, Json)> {
    let mut objects = objects.to_vec();
    for (_, config) in &mut objects {
        config["workspace_id"] = json!(workspace.to_string());
    }
    objects
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_a_thousand_unchanged_components_sends_at_most_fifteen_requests() {
    const TYPE: &str = "zenml_stack_component";
    let world = World::start().await;
    let id = world.workspace("home").await;
    let url = world.look(id).await.and_then(|workspace| workspace.server_url().map(str::to_owned)).unwrap();
    let made = components(&world.server(id).await, 1000).await;
    let plain = json!({ "server_url": url, "api_key": world.key() });
    let mut default = world.block();
    default["workspace_id"] = json!("home");
    let cases = [
        ("control plane, workspace of the resource", world.block(), inside(id, &made)),
        ("control plane, workspace of the provider", default, made.clone()),
        ("server", plain, made),
    ];
    for (case, block, objects) in cases {
        let provider = Counted::adopt(&block, TYPE, &objects).await;
        let plans = provider.plan(TYPE, &objects).await;
        assert!(plans.iter().all(|plan| plan.action == Action::NoOp), "{case}");
        let requests = provider.requests();
        assert!(requests.len() <= 15, "{case}: {} requests: {requests:#?}", requests.len());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_list_returns_the_same_as_single_reads() {
    const COUNT: usize = 12;
    let world = World::start().await;
    let id = world.workspace("home").await;
    let server = world.server(id).await;
    let stores = components(&server, COUNT).await;
    let orchestrator =
        json!({ "name": "one", "type": "orchestrator", "flavor": "local", "configuration": {} });
    let orchestrator =
        make(&server, &component::CREATE, vec![orchestrator], |made| made.id.to_string()).await.remove(0);
    let numbered = |config: &dyn Fn(usize) -> Json| (0..COUNT).map(config).collect::<Vec<_>>();
    let stacks = numbered(&|index| {
        json!({ "name": format!("stack-{index}"), "description": "d", "labels": { "number": index.to_string() },
            "components": { "orchestrator": orchestrator, "artifact_store": stores[index].0 } })
    });
    let sent = stacks.iter().map(|stack| {
        let mut sent = stack.clone();
        for kind in ["orchestrator", "artifact_store"] {
            sent["components"][kind] = json!([stack["components"][kind]]);
        }
        sent
    });
    let stack_ids = make(&server, &stack::CREATE, sent.collect(), |made| made.id.to_string()).await;
    let connectors = numbered(&|index| {
        json!({ "name": format!("connector-{index}"), "type": "aws", "auth_method": "secret-key", "verify": true,
            "configuration": { "region": "eu-west-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": "hush" } })
    });
    let sent = connectors.iter().map(|connector| {
        let mut sent = connector.clone();
        sent["connector_type"] = json!("aws");
        sent
    });
    let connector_ids = make(&server, &connector::CREATE, sent.collect(), |made| made.id.to_string()).await;
    let projects = numbered(&|index| json!({ "name": format!("project-{index}"), "description": "d" }));
    let project_ids = make(&server, &project::CREATE, projects.clone(), |made| made.id.to_string()).await;
    let tags = numbered(&|index| json!({ "name": format!("tag-{index}"), "color": "red" }));
    let tag_ids = make(&server, &tag::CREATE, tags.clone(), |made| made.id.to_string()).await;
    let flavors = numbered(&|index| {
        json!({ "name": format!("flavor-{index}"), "type": "alerter", "source": "acme.Flavor",
            "integration": "custom" })
    });
    let sent = flavors.iter().map(|flavor| {
        let mut sent = flavor.clone();
        sent["config_schema"] = json!({});
        sent
    });
    let flavor_ids = make(&server, &flavor::CREATE, sent.collect(), |made| made.id.to_string()).await;
    let cases: [(&str, Vec<(String, Json)>); 6] = [
        ("zenml_stack_component", stores),
        ("zenml_stack", stack_ids.into_iter().zip(stacks).collect()),
        ("zenml_service_connector", connector_ids.into_iter().zip(connectors).collect()),
        ("zenml_project", project_ids.into_iter().zip(projects).collect()),
        ("zenml_tag", tag_ids.into_iter().zip(tags).collect()),
        ("zenml_flavor", flavor_ids.into_iter().zip(flavors).collect()),
    ];
    for (type_name, objects) in cases {
        let objects = inside(id, &objects);
        let provider = Counted::adopt(&world.block(), type_name, &objects).await;
        let together = provider.plan(type_name, &objects).await;
        let requests = provider.requests();
        assert!(requests.len() < COUNT, "{type_name}: {requests:#?}");
        for (index, object) in objects.iter().enumerate() {
            let objects = std::slice::from_ref(object);
            let provider = Counted::adopt(&world.block(), type_name, objects).await;
            let alone = provider.plan(type_name, objects).await.remove(0);
            assert_eq!(alone.planned, together[index].planned, "{type_name} {index}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn each_server_lists_what_it_returns_in_single_reads_and_secrets_only_without_values() {
    const COUNT: usize = 12;
    in_process_on_each_server(async |server, _| {
        let numbered = |more: Json| -> Vec<Json> {
            let config = |index: usize| {
                let mut config = more.clone();
                config["name"] = json!(server.name(&format!("x{index}")));
                config
            };
            (0..COUNT).map(config).collect()
        };
        let cases = [
            ("zenml_tag", json!({}), true),
            ("zenml_flavor", json!({ "type": "alerter", "source": "acme.Flavor", "docs_url": "d" }), true),
            ("zenml_project", json!({ "description": "d", "metadata": { "tier": "gold" } }), true),
            ("zenml_secret", json!({ "values_wo": { "a": "b" }, "values_wo_version": 1 }), true),
            ("zenml_secret", json!({ "values_wo": { "a": "b" }, "private": true }), true),
            ("zenml_secret", json!({ "values": { "a": "b" } }), false),
        ];
        for (type_name, more, is_listed) in cases {
            let case = format!("{type_name} {more}");
            let configs = numbered(more);
            let provider = Counted::create(&server.block(), type_name, &configs).await;
            let objects: Vec<_> = configs.into_iter().map(|config| (String::new(), config)).collect();
            let before = provider.requests().len();
            let together = provider.plan(type_name, &objects).await;
            let between = provider.requests().len();
            // A repeated read needs fresh data, so it is a single request.
            let alone = provider.plan(type_name, &objects).await;
            let after = provider.requests().len();
            assert_eq!(between - before < COUNT, is_listed, "{case}: {} requests", between - before);
            assert_eq!(after - between, COUNT, "{case}");
            for (together, alone) in together.iter().zip(&alone) {
                assert_eq!(together.action, Action::NoOp, "{case}: {:?}", together.changes());
                assert_eq!(together.planned, alone.planned, "{case}");
            }
            provider.destroy(type_name, COUNT).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_shows_changes_from_outside_and_a_forbidden_list_does_no_harm() {
    const TYPE: &str = "zenml_stack_component";
    let world = World::start().await;
    let id = world.workspace("home").await;
    let server = world.server(id).await;
    let objects = inside(id, &components(&server, 20).await);
    server.call(&component::DELETE, objects[7].0.parse().unwrap()).await.unwrap();
    let renamed = serde_json::from_value(json!({ "name": "renamed" })).unwrap();
    server.send(&component::UPDATE, objects[9].0.parse().unwrap(), (), renamed).await.unwrap();
    let mut expected = vec![Action::NoOp; 20];
    (expected[7], expected[9]) = (Action::Create, Action::Update);
    for (rules, fewest, most) in [
        (json!([]), 3, 12),
        (
            json!([{ "method": "GET", "route": "/w/*/components",
                "effect": { "status": 403, "body": { "detail": ["IllegalOperationError", "no"] } } }]),
            21,
            30,
        ),
    ] {
        world.inject(json!({ "rules": rules }));
        let provider = Counted::adopt(&world.block(), TYPE, &objects).await;
        let actions: Vec<_> = provider.plan(TYPE, &objects).await.iter().map(|plan| plan.action).collect();
        assert_eq!(actions, expected);
        let requests = provider.requests();
        assert!((fewest..=most).contains(&requests.len()), "{requests:#?}");
    }
    world.stop().await;
}

/// Workspaces with a role of a team in each, as one state of a platform team contains them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_fifty_unchanged_workspaces_and_twenty_teams_sends_at_most_150_requests() {
    let world = World::start().await;
    let organization = world.organization();
    let query = RoleQuery { name: Some("Workspace Contributor".to_owned()), ..RoleQuery::default() };
    let role = world.control().list_all(&role::LIST, organization, query).await.unwrap().remove(0);
    let (mut objects, mut teams) = (Vec::new(), Vec::new());
    for index in 0..20 {
        let name = format!("team-{index}");
        let id = world.team(&name).await;
        teams.push(id);
        objects.push(("zenml_team", id.to_string(), json!({ "name": name, "members": [] })));
    }
    for index in 0..50 {
        let (name, team) = (format!("workspace-{index}"), teams[index % teams.len()]);
        let id = world.workspace(&name).await;
        objects.push(("zenml_workspace", id.to_string(), json!({ "name": name })));
        let query =
            AssignmentQuery { workspace_id: Some(id), team_id: Some(team), ..AssignmentQuery::default() };
        world.control().send(&role::ASSIGN, role.id, query, ()).await.unwrap();
        let config = json!({ "workspace_id": id.to_string(), "team_id": team.to_string(), "role_id": role.id.to_string() });
        let id = format!("{id}/team/{team}/{}", role.id);
        objects.push(("zenml_workspace_role_assignment", id, config));
    }
    let (engine, requests) = counted();
    let mut harness = Harness::start(engine, world.block()).await.unwrap();
    let mut configs = Vec::new();
    for (index, (type_name, id, config)) in objects.into_iter().enumerate() {
        let mut state = config.clone();
        state["id"] = json!(id);
        harness.adopt(&address(type_name, index), 0, &state).await.unwrap();
        configs.push((address(type_name, index), config));
    }
    let before = requests.seen().len();
    let plans = plan_all(&Arc::new(harness), configs.clone()).await;
    for (plan, config) in plans.iter().zip(&configs) {
        assert_eq!(plan.action, Action::NoOp, "{config:?}");
    }
    let sent = requests.seen().len() - before;
    assert!(sent <= 150, "{sent} requests: {:#?}", requests.seen());
    world.stop().await;
}

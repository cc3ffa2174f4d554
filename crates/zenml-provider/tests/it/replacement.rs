//! Replaces objects in use: a host deletes the old object before it creates the new one, and changes its users last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Scenario};
use zenml_api::workspace::component::{self, ComponentCreate};
use zenml_api::workspace::stack::{self, Part, StackCreate, StackMetadata};
use zenml_api::{ComponentId, Sensitive, StackId};

use crate::relay::Relay;
use crate::server::{Server, on_each_server};

/// Everything that can be in use, and its users.
const EVERYTHING: &str = r#"
variable "orchestrator" { default = "local" }
variable "name"         { default = "o" }
variable "auth_method"  { default = "secret-key" }
variable "bucket"       { default = "s3://a" }
variable "cloud"        { default = "aws" }
variable "flavor"       { default = "acme" }

locals {
  settings = {
    aws = { region = "eu-west-1", aws_access_key_id = "a", aws_secret_access_key = "b" }
    docker = { registry = "registry.example.com", username = "u", password = "p" }
  }
}

resource "zenml_secret" "x" {
  name   = "${var.prefix}-x"
  values = { key = "value" }
}

resource "zenml_service_connector" "k" {
  name          = "${var.prefix}-k"
  type          = var.cloud
  auth_method   = var.auth_method
  resource_type = { aws = "s3-bucket", docker = "docker-registry" }[var.cloud]
  resource_id   = var.bucket
  configuration = merge(
    local.settings[var.cloud], var.auth_method == "sts-token" ? { aws_session_token = "c" } : {}
  )
  verify        = false
}

resource "zenml_flavor" "f" {
  name         = "${var.prefix}-${var.flavor}"
  type         = "alerter"
  source       = "acme.Alerter"
  display_name = "Acme"
}

resource "zenml_stack_component" "o" {
  name   = "${var.prefix}-${var.name}"
  type   = "orchestrator"
  flavor = var.orchestrator
}

resource "zenml_stack_component" "a" {
  name                  = "${var.prefix}-a"
  type                  = "artifact_store"
  flavor                = "local"
  connector_id          = zenml_service_connector.k.id
  connector_resource_id = "s3://a"
}

resource "zenml_stack_component" "r" {
  name          = "${var.prefix}-r"
  type          = "container_registry"
  flavor        = "default"
  configuration = { uri = "registry.example.com" }
  secrets       = [zenml_secret.x.id]
}

resource "zenml_stack_component" "n" {
  name   = "${var.prefix}-n"
  type   = "alerter"
  flavor = zenml_flavor.f.name
}

resource "zenml_stack" "s" {
  name       = "${var.prefix}-s"
  components = {
    orchestrator       = zenml_stack_component.o.id
    artifact_store     = zenml_stack_component.a.id
    container_registry = zenml_stack_component.r.id
    alerter            = zenml_stack_component.n.id
  }
  secrets = [zenml_secret.x.id]
}
"#;

const COMPONENTS: [(&str, &str); 4] =
    [("orchestrator", O), ("artifact_store", A), ("container_registry", R), ("alerter", N)];

/// A replacement of an object in use, and its plan.
struct Case {
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    options: &'static [&'static str],
    replaced: &'static [&'static str],
}

const fn case(
    what: &'static str,
    variables: &'static [(&'static str, &'static str)],
    options: &'static [&'static str],
    replaced: &'static [&'static str],
) -> Case {
    Case { what, variables, options, replaced }
}

const O: &str = "zenml_stack_component.o";
const A: &str = "zenml_stack_component.a";
const R: &str = "zenml_stack_component.r";
const N: &str = "zenml_stack_component.n";
const K: &str = "zenml_service_connector.k";
const F: &str = "zenml_flavor.f";
const X: &str = "zenml_secret.x";
const S: &str = "zenml_stack.s";

/// All types, with each kind of replacement.
const CASES: [Case; 14] = [
    case("another flavor of an orchestrator", &[("orchestrator", "local_docker")], &[], &[O]),
    case("an orchestrator with another name", &[("orchestrator", "local"), ("name", "p")], &[], &[O]),
    case("an artifact store", &[], &["-replace=zenml_stack_component.a"], &[A]),
    case("a component that stacks do not require", &[], &["-replace=zenml_stack_component.r"], &[R]),
    case("another way to authenticate", &[("auth_method", "sts-token")], &[], &[K]),
    case("another resource of a connector", &[("bucket", "s3://b")], &[], &[K]),
    case("a connector", &[], &["-replace=zenml_service_connector.k"], &[K]),
    case("a flavor", &[], &["-replace=zenml_flavor.f"], &[F]),
    case(
        "a flavor and its component",
        &[],
        &["-replace=zenml_flavor.f", "-replace=zenml_stack_component.n"],
        &[F, N],
    ),
    case("a secret", &[], &["-replace=zenml_secret.x"], &[X]),
    case("a stack", &[], &["-replace=zenml_stack.s"], &[S]),
    case(
        "a component and its connector",
        &[],
        &["-replace=zenml_stack_component.a", "-replace=zenml_service_connector.k"],
        &[A, K],
    ),
    case(
        "both components that stacks require",
        &[],
        &["-replace=zenml_stack_component.o", "-replace=zenml_stack_component.a"],
        &[O, A],
    ),
    case(
        "everything",
        &[],
        &[
            "-replace=zenml_stack_component.o",
            "-replace=zenml_stack_component.a",
            "-replace=zenml_stack_component.r",
            "-replace=zenml_stack_component.n",
            "-replace=zenml_service_connector.k",
            "-replace=zenml_flavor.f",
            "-replace=zenml_secret.x",
            "-replace=zenml_stack.s",
        ],
        &[O, A, R, N, K, F, X, S],
    ),
];

/// Users of the same objects outside of Terraform: a stack with all components, and a component with the connector,
/// the flavor and the secret.
struct Outside {
    stack: StackId,
    component: ComponentId,
}

impl Outside {
    async fn make(server: &Server, ids: &Ids) -> Self {
        let part = |(kind, address): &(&str, &str)| {
            ((*kind).to_owned(), vec![Part::There(ids[*address].parse().unwrap())])
        };
        let secrets = Some(vec![ids[X].clone()]);
        let name = server.name("outside");
        let stack = StackCreate {
            name: name.clone(),
            components: COMPONENTS.iter().map(part).collect(),
            secrets: secrets.clone(),
            ..StackCreate::default()
        };
        let stack = server.api.send(&stack::CREATE, (), (), stack).await.unwrap().id;
        let component = ComponentCreate {
            name,
            kind: "alerter".to_owned(),
            flavor: server.name("acme"),
            configuration: Sensitive::default(),
            connector: Some(ids[K].parse().unwrap()),
            connector_resource_id: Some("s3://a".to_owned()),
            secrets,
            ..ComponentCreate::default()
        };
        let component = server.api.send(&component::CREATE, (), (), component).await.unwrap().id;
        Self { stack, component }
    }

    /// Returns the ids of the objects that it uses: components by type, the connector and its resource, and the
    /// secrets of both.
    async fn holds(&self, server: &Server) -> Json {
        let stack = server.api.call(&stack::GET, self.stack).await.unwrap().metadata.unwrap();
        let component = server.api.call(&component::GET, self.component).await.unwrap();
        assert!(component.resources.unwrap().flavor.is_some(), "the component must have its flavor");
        let component = component.metadata.unwrap();
        json!({
            "components": held_by(&stack), "connector": component.connector.map(|connector| connector.id),
            "resource": component.connector_resource_id, "secrets": [stack.secrets, component.secrets],
        })
    }

    /// Returns the same from the state.
    fn expected(ids: &Ids) -> Json {
        let components: BTreeMap<_, _> =
            COMPONENTS.iter().map(|(kind, address)| (*kind, [&ids[*address]])).collect();
        json!({
            "components": components, "connector": ids[K], "resource": "s3://a", "secrets": [[&ids[X]], [&ids[X]]],
        })
    }

    async fn remove(self, server: &Server) {
        server.api.call(&stack::DELETE, self.stack).await.unwrap();
        server.api.call(&component::DELETE, self.component).await.unwrap();
    }
}

/// Returns the components of a stack by their types.
fn held_by(stack: &StackMetadata) -> Json {
    let ids = |components: &[component::Component]| {
        components.iter().map(|component| component.id.to_string()).collect::<Vec<_>>()
    };
    let components = stack.components.iter().map(|(kind, components)| (kind.clone(), ids(components)));
    json!(components.collect::<BTreeMap<_, _>>())
}

/// Ids by the addresses of the objects in the state.
type Ids = BTreeMap<String, String>;

async fn ids(host: &Scenario) -> Ids {
    let state = host.state().await.unwrap();
    let resources = state["values"]["root_module"]["resources"].as_array().cloned().unwrap_or_default();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    resources.iter().map(|one| (text(&one["address"]), text(&one["values"]["id"]))).collect()
}

/// Returns the retired objects.
async fn retired(server: &Server) -> Vec<String> {
    let mut there = server.inventory().await;
    there.retain(|name| name.contains("(replaced"));
    there
}

#[tokio::test]
async fn every_object_in_use_can_be_replaced_and_its_successor_is_used_everywhere() {
    on_each_server(async |server, host| {
        host.write("main.tf", EVERYTHING).unwrap();
        host.apply().await.unwrap();
        let mut before = ids(host).await;
        let outside = Outside::make(server, &before).await;
        let there = server.inventory().await.len();
        for Case { what, variables, options, replaced } in CASES {
            for (name, value) in variables {
                host.set_variable(name, &json!(value));
            }
            // A saved plan that is applied later.
            let plan = host.plan_with(options).await.unwrap();
            let planned = plan.changed().into_iter().filter(|(_, action)| *action == Action::Replace);
            let planned: BTreeSet<String> = planned.map(|(address, _)| address).collect();
            let wanted: BTreeSet<String> = replaced.iter().map(|address| (*address).to_owned()).collect();
            assert_eq!(planned, wanted, "{what}: {}", plan.summary());
            let applied = host.apply_saved(&plan).await.unwrap();
            for warning in ["is still in use", "was not deleted"] {
                assert!(!applied.says(warning), "{what}: {}", applied.words());
            }
            let now = ids(host).await;
            for (address, id) in &now {
                // A flavor and a linked secret become their own successors.
                let is_new = wanted.contains(address) && ![F, X].contains(&address.as_str());
                assert_eq!(before[address] != *id, is_new, "{what}: {address}");
            }
            assert_eq!(outside.holds(server).await, Outside::expected(&now), "{what}");
            assert_eq!((retired(server).await, server.inventory().await.len()), (vec![], there), "{what}");
            before = now;
        }
        host.must_be_settled().await.unwrap();
        outside.remove(server).await;
        host.destroy().await.unwrap();
    })
    .await;
}

/// An interrupted replacement: its change, and where it is interrupted.
struct Cut {
    variable: &'static str,
    /// Each is replaced by the other.
    values: [&'static str; 2],
    address: &'static str,
    /// The request whose response is held back: its meaning, its method, and a part of its path.
    steps: [(&'static str, &'static str, &'static str); 4],
}

const CUTS: [Cut; 2] = [
    Cut {
        variable: "orchestrator",
        values: ["local_docker", "local"],
        address: O,
        steps: [
            ("the old one is renamed", "PUT", "/components/"),
            ("the new one is about to be created", "GET", "/components?"),
            ("the new one is created", "POST", "/components"),
            ("the new one replaces it", "PUT", "/stacks/"),
        ],
    },
    Cut {
        variable: "auth_method",
        values: ["sts-token", "secret-key"],
        address: K,
        steps: [
            ("the old one is renamed", "PUT", "/service_connectors/"),
            ("the new one is about to be created", "GET", "/service_connectors?"),
            ("the new one is created", "POST", "/service_connectors"),
            ("the new one replaces it", "PUT", "/components/"),
        ],
    },
];

#[tokio::test]
async fn a_replacement_that_is_interrupted_anywhere_is_finished_by_the_next_apply() {
    on_each_server(async |server, host| {
        let relay = Relay::to(server.url()).await;
        host.set_env("TF_LOG_PROVIDER", "TRACE");
        host.set_env("TF_LOG_PATH", "provider.log");
        host.write("main.tf", EVERYTHING).unwrap();
        host.apply().await.unwrap();
        let outside = Outside::make(server, &ids(host).await).await;
        let there = server.inventory().await.len();
        for Cut { variable, values, address, steps } in CUTS {
            let cuts = steps.into_iter().flat_map(|step| [(step, true), (step, false)]);
            for (((when, method, path), kills), value) in cuts.zip(values.into_iter().cycle()) {
                let what = format!("{address}, {when}, killed: {kills}");
                host.set_variable(variable, &json!(value));
                host.set_env("ZENML_SERVER_URL", relay.url());
                let plan = host.plan().await.unwrap();
                relay.hold(method, path, 0);
                let file = plan.file().to_str().unwrap().to_owned();
                let mut running = host.start(&["apply", "-auto-approve", &file]).unwrap();
                running.until(async || relay.held() == 1).await.unwrap();
                if kills {
                    running.kill().unwrap();
                    relay.release();
                } else {
                    running.interrupt().unwrap();
                    let log = host.work().join("provider.log");
                    let answered = "Answered StopProvider";
                    running
                        .until(async || fs::read_to_string(&log).is_ok_and(|log| log.contains(answered)))
                        .await
                        .unwrap();
                    relay.release();
                }
                // If only cleanup was left, the interrupt came too late for a failure.
                let _ = running.wait().await;
                let _ = fs::remove_file(host.work().join("provider.log"));

                host.set_env("ZENML_SERVER_URL", server.url());
                if let Err(failed) = host.run(&["apply", "-auto-approve"]).await {
                    // The host did not learn of the last creation.
                    let words = failed.output().words();
                    let command = format!("terraform import {}.NAME ", address.split_once('.').unwrap().0);
                    let id = words.split(&command).nth(1);
                    let id =
                        id.and_then(|id| id.split(' ').next()).unwrap_or_else(|| panic!("{what}: {failed}"));
                    host.import(address, id).await.unwrap();
                    host.run(&["apply", "-auto-approve"]).await.unwrap();
                }
                let now = ids(host).await;
                assert_eq!(outside.holds(server).await, Outside::expected(&now), "{what}");
                assert_eq!(
                    (retired(server).await, server.inventory().await.len()),
                    (vec![], there),
                    "{what}"
                );
                host.must_be_settled().await.unwrap();
            }
        }
        outside.remove(server).await;
        host.destroy().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_replacement_is_destroyed_completely() {
    on_each_server(async |server, host| {
        let relay = Relay::to(server.url()).await;
        host.write("main.tf", EVERYTHING).unwrap();
        host.apply().await.unwrap();
        host.set_env("ZENML_SERVER_URL", relay.url());
        let plan = host
            .plan_with(&[
                "-replace=zenml_stack_component.a",
                "-replace=zenml_stack_component.r",
                "-replace=zenml_stack_component.n",
                "-replace=zenml_service_connector.k",
                "-replace=zenml_flavor.f",
                "-replace=zenml_secret.x",
            ])
            .await
            .unwrap();
        // The components are retired, and then everything that they use. Nothing new exists yet, because it would
        // require these.
        relay.hold("PUT", "/", 3);
        let file = plan.file().to_str().unwrap().to_owned();
        let mut running = host.start(&["apply", "-auto-approve", &file]).unwrap();
        running.until(async || relay.held() == 3).await.unwrap();
        running.kill().unwrap();
        relay.release();
        running.wait().await.unwrap_err();
        host.set_env("ZENML_SERVER_URL", server.url());
        assert_eq!(retired(server).await.len(), 5, "everything except the flavor, whose name stays");
        host.destroy().await.unwrap();
        // The scenario checks at its end that nothing is left.
    })
    .await;
}

/// Objects that are deleted in the same run: the host deletes them before it changes their users.
struct LetGo {
    what: &'static str,
    /// A part of the configuration, and its replacement.
    change: &'static [(&'static str, &'static str)],
    /// Whether the deletion warns that it is still in use.
    warns: bool,
}

const LET_GO: [LetGo; 5] = [
    LetGo {
        what: "another orchestrator in place of a removed one",
        change: &[
            (
                "\"zenml_stack_component\" \"o\" {\n  name   = \"${var.prefix}-${var.name}\"",
                "\"zenml_stack_component\" \"p\" {\n  name   = \"${var.prefix}-p\"",
            ),
            ("zenml_stack_component.o.id", "zenml_stack_component.p.id"),
        ],
        warns: true,
    },
    LetGo {
        what: "an orchestrator that is created before the old one is destroyed",
        change: &[(
            "  name   = \"${var.prefix}-p\"\n  type   = \"orchestrator\"\n  flavor = var.orchestrator\n",
            "  name   = \"${var.prefix}-q\"\n  type   = \"orchestrator\"\n  flavor = \"local_docker\"\n  lifecycle {\n    \
              create_before_destroy = true\n  }\n",
        )],
        warns: false,
    },
    LetGo {
        what: "a flavor with another name and its component",
        change: &[(
            "variable \"flavor\"       { default = \"acme\" }",
            "variable \"flavor\"       { default = \"emca\" }",
        )],
        warns: false,
    },
    LetGo {
        what: "a connector to another cloud",
        change: &[
            (
                "variable \"cloud\"        { default = \"aws\" }",
                "variable \"cloud\"        { default = \"docker\" }",
            ),
            ("default = \"secret-key\"", "default = \"password\""),
        ],
        warns: true,
    },
    LetGo {
        what: "a connector that is removed",
        change: &[
            (
                "resource \"zenml_service_connector\" \"k\" {\n",
                "resource \"zenml_service_connector\" \"l\" {\n",
            ),
            ("  name          = \"${var.prefix}-k\"", "  name          = \"${var.prefix}-l\""),
            (
                "  connector_id          = zenml_service_connector.k.id\n  connector_resource_id = \"s3://a\"\n",
                "",
            ),
        ],
        warns: true,
    },
];

#[tokio::test]
async fn an_object_that_a_run_removes_from_its_users_is_deleted_with_the_last_of_them() {
    on_each_server(async |server, host| {
        let mut main = EVERYTHING.to_owned();
        host.write("main.tf", &main).unwrap();
        host.apply().await.unwrap();
        let there = server.inventory().await.len();
        for LetGo { what, change, warns } in LET_GO {
            for (before, after) in change {
                assert!(main.contains(before), "{what}: {before}");
                main = main.replace(before, after);
            }
            host.write("main.tf", &main).unwrap();
            let plan = host.plan().await.unwrap();
            let applied = host.apply_saved(&plan).await.unwrap();
            assert_eq!(applied.says("is still in use"), warns, "{what}: {}", applied.words());
            assert_eq!((retired(server).await, server.inventory().await.len()), (vec![], there), "{what}");
        }
        host.must_be_settled().await.unwrap();
        host.destroy().await.unwrap();
    })
    .await;
}

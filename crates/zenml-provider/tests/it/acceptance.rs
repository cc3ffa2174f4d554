//! The life cycle of objects of every type, on both servers, under real hosts.
//!
//! Each type has one row in [`TYPES`].

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfkit_test::scenario::Plan;
use tfkit_test::{Action, Scenario};
use zenml_api::{Endpoint, IdOrName, SecretId};

use crate::server::{Server, in_process_on_each_server, on_each_server};

/// The id of an object of any type.
type AnyId = IdOrName<SecretId>;

/// The life cycle of one type. In all strings `{id}` is the id of the object and `{prefix}` the prefix of its name.
struct Life {
    /// Its address in the configuration.
    address: &'static str,
    /// Its configuration at creation.
    made: &'static str,
    /// Its configuration afterwards. The change happens in place.
    changed: &'static str,
    /// Its import ids.
    imports: &'static [&'static str],
    /// Attributes that an import cannot read; the next plan changes them.
    not_imported: &'static [&'static str],
    /// The request that changes the object outside of Terraform.
    update: Endpoint<AnyId, (), Json, Json>,
    /// The body of that change.
    outside: &'static str,
    /// The attributes that the next plan restores.
    drifted: &'static [&'static str],
    /// The request that deletes the object outside of Terraform.
    delete: Endpoint<AnyId, (), (), Json>,
}

/// Ordered so that each refers only to earlier ones.
const TYPES: [Life; 8] = [
    Life {
        address: "zenml_project.it",
        made: r#"
resource "zenml_project" "it" {
  name        = "${var.prefix}-vision"
  description = "d"
  metadata    = { tier = "gold" }
}
"#,
        changed: r#"
resource "zenml_project" "it" {
  name         = "${var.prefix}-renamed"
  display_name = "Vision"
  description  = ""
  metadata     = {}
}
"#,
        imports: &["{id}", "{prefix}-vision"],
        not_imported: &[],
        update: Endpoint::put("/projects/{id}"),
        outside: r#"{"description": "outside", "project_metadata": {"a": 1}}"#,
        drifted: &["description", "metadata"],
        delete: Endpoint::delete("/projects/{id}"),
    },
    Life {
        address: "zenml_tag.it",
        made: r#"
resource "zenml_tag" "it" {
  name  = "${var.prefix}-champion"
  color = "teal"
}
"#,
        changed: r#"
resource "zenml_tag" "it" {
  name      = "${var.prefix}-winner"
  color     = "lime"
  exclusive = true
}
"#,
        imports: &["{id}", "{prefix}-champion"],
        not_imported: &[],
        update: Endpoint::put("/tags/{id}"),
        outside: r#"{"color": "grey", "exclusive": false}"#,
        drifted: &["color", "exclusive"],
        delete: Endpoint::delete("/tags/{id}"),
    },
    Life {
        address: "zenml_flavor.it",
        made: r#"
resource "zenml_flavor" "it" {
  name           = "${var.prefix}-files"
  type           = "artifact_store"
  source         = "acme.FilesFlavor"
  display_name   = "Shared files"
  connector_type = "aws"
  docs_url       = "https://example.com/docs"

  config_schema = jsonencode({
    type       = "object"
    properties = { path = { type = "string" }, depth = { type = "integer", maximum = 1.5 } }
  })
}
"#,
        changed: r#"
resource "zenml_flavor" "it" {
  name         = "${var.prefix}-files"
  type         = "artifact_store"
  source       = "acme.OtherFlavor"
  display_name = "Files"
  integration  = "acme"
  logo_url     = "https://example.com/logo.png"
}
"#,
        imports: &["{id}", "artifact_store/{prefix}-files"],
        not_imported: &[],
        update: Endpoint::put("/flavors/{id}"),
        outside: r#"{"display_name": null, "logo_url": null, "config_schema": {"type": "object"}, "docs_url": "outside"}"#,
        drifted: &["display_name", "logo_url", "config_schema", "docs_url"],
        delete: Endpoint::delete("/flavors/{id}"),
    },
    Life {
        address: "zenml_code_repository.it",
        made: r#"
resource "zenml_code_repository" "it" {
  project_id  = zenml_project.it.id
  name        = "${var.prefix}-training"
  description = "d"
  type        = "github"
  config      = { owner = "acme", repository = "training", token = "{{github.token}}" }
}
"#,
        changed: r#"
resource "zenml_code_repository" "it" {
  project_id  = zenml_project.it.id
  name        = "${var.prefix}-serving"
  description = "e"
  logo_url    = "https://example.com/logo.png"
  type        = "github"
  config      = { owner = "acme", repository = "serving" }
}
"#,
        imports: &["{id}", "{prefix}-vision/{prefix}-training"],
        not_imported: &[],
        update: Endpoint::put("/code_repositories/{id}"),
        outside: r#"{"description": "outside", "config": {"owner": 5}}"#,
        drifted: &["description", "config"],
        delete: Endpoint::delete("/code_repositories/{id}"),
    },
    Life {
        address: "zenml_secret.it",
        made: r#"
resource "zenml_secret" "it" {
  name   = "${var.prefix}-login"
  values = { user = "u", password = "p" }
}
"#,
        changed: r#"
resource "zenml_secret" "it" {
  name   = "${var.prefix}-access"
  values = { password = "q" }
}
"#,
        imports: &["{id}", "{prefix}-login"],
        not_imported: &[],
        update: Endpoint::put("/secrets/{id}"),
        outside: r#"{"values": {"password": "outside"}}"#,
        drifted: &["values"],
        delete: Endpoint::delete("/secrets/{id}"),
    },
    Life {
        address: "zenml_service_connector.it",
        made: r#"
resource "zenml_service_connector" "it" {
  name          = "${var.prefix}-registry"
  description   = "d"
  type          = "docker"
  auth_method   = "password"
  resource_type = "docker-registry"
  resource_id   = "registry.example.com"
  verify        = false

  configuration = {
    registry = "registry.example.com"
    username = "u"
    password = "p"
  }

  labels = { tier = "gold" }
}
"#,
        changed: r#"
resource "zenml_service_connector" "it" {
  name          = "${var.prefix}-images"
  description   = "e"
  type          = "docker"
  auth_method   = "password"
  resource_type = "docker-registry"
  resource_id   = "registry.example.com"
  verify        = false

  configuration = {
    registry = "registry.example.com"
    username = "u"
    password = "q"
  }
}
"#,
        imports: &["{id}", "{prefix}-registry"],
        not_imported: &["configuration", "verify"],
        update: Endpoint::put("/service_connectors/{id}"),
        outside: r#"{
            "description": "outside", "labels": {"tier": "outside"},
            "resource_types": ["docker-registry"], "resource_id": "registry.example.com"
        }"#,
        drifted: &["description", "labels"],
        delete: Endpoint::delete("/service_connectors/{id}"),
    },
    Life {
        address: "zenml_stack_component.it",
        made: r#"
resource "zenml_stack_component" "it" {
  name                  = "${var.prefix}-images"
  type                  = "container_registry"
  flavor                = "default"
  connector_id          = zenml_service_connector.it.id
  connector_resource_id = "registry.example.com"
  configuration         = { uri = "registry.example.com" }
  labels                = { tier = "gold" }
}
"#,
        changed: r#"
resource "zenml_stack_component" "it" {
  name                  = "${var.prefix}-containers"
  type                  = "container_registry"
  flavor                = "default"
  connector_id          = zenml_service_connector.it.id
  connector_resource_id = "registry.example.com"
  configuration         = { uri = "registry.example.com", default_repository = "runs" }
}
"#,
        imports: &["{id}", "container_registry/{prefix}-images"],
        not_imported: &[],
        update: Endpoint::put("/components/{id}"),
        // Without the connector, which detaches it on the server.
        outside: r#"{"configuration": {"uri": "outside.example.com"}, "labels": {"tier": "outside"}}"#,
        drifted: &["configuration", "connector_id", "connector_resource_id", "labels"],
        delete: Endpoint::delete("/components/{id}"),
    },
    Life {
        address: "zenml_stack.it",
        made: r#"
resource "zenml_stack" "it" {
  name        = "${var.prefix}-dev"
  description = "d"
  labels      = { tier = "gold" }

  components = {
    orchestrator   = zenml_stack_component.orchestrator.id
    artifact_store = zenml_stack_component.artifacts.id
    container_registry = zenml_stack_component.it.id
  }
}
"#,
        changed: r#"
resource "zenml_stack" "it" {
  name        = "${var.prefix}-prod"
  description = ""

  components = {
    orchestrator   = zenml_stack_component.other.id
    artifact_store = zenml_stack_component.artifacts.id
    container_registry = zenml_stack_component.it.id
  }
}
"#,
        imports: &["{id}", "{prefix}-dev"],
        not_imported: &[],
        update: Endpoint::put("/stacks/{id}"),
        outside: r#"{"description": "outside", "labels": {"tier": 1}}"#,
        drifted: &["description", "labels"],
        delete: Endpoint::delete("/stacks/{id}"),
    },
];

/// A cloud connector, on servers that support clouds.
const CLOUD: [Life; 1] = [Life {
    address: "zenml_service_connector.it",
    made: r#"
resource "zenml_service_connector" "it" {
  name          = "${var.prefix}-aws"
  description   = "d"
  type          = "aws"
  auth_method   = "secret-key"
  resource_type = "s3-bucket"
  resource_id   = "s3://bucket"
  verify        = false

  configuration = {
    aws_access_key_id     = "an-access-key-id"
    aws_secret_access_key = "a-secret-access-key"
    region                = "eu-west-1"
  }
}
"#,
    changed: r#"
resource "zenml_service_connector" "it" {
  name          = "${var.prefix}-aws"
  description   = ""
  type          = "aws"
  auth_method   = "secret-key"
  resource_type = "s3-bucket"
  verify        = false

  configuration = {
    aws_access_key_id     = "an-access-key-id"
    aws_secret_access_key = "another-secret-access-key"
    region                = "eu-west-2"
    of_no_use             = "the server removes it"
  }
}
"#,
    imports: &["{id}", "{prefix}-aws"],
    not_imported: &["configuration", "verify"],
    update: Endpoint::put("/service_connectors/{id}"),
    outside: r#"{
        "description": "outside", "labels": {"tier": "outside"},
        "resource_types": ["s3-bucket"], "resource_id": "s3://outside"
    }"#,
    drifted: &["description", "labels", "resource_id"],
    delete: Endpoint::delete("/service_connectors/{id}"),
}];

/// The other components that a stack requires: name, type and flavor.
const PARTS: [(&str, &str, &str); 3] = [
    ("orchestrator", "orchestrator", "local"),
    ("other", "orchestrator", "local_docker"),
    ("artifacts", "artifact_store", "local"),
];

/// Objects of several types in one configuration, and the components that they require.
struct Lives<'a> {
    server: &'a Server,
    host: &'a Scenario,
    types: &'a [Life],
    parts: &'a [(&'a str, &'a str, &'a str)],
}

impl Lives<'_> {
    /// Runs the complete life cycle, from creation to deletion.
    async fn live(&self) {
        let Self { server, host, types, parts } = self;
        self.configure(|life| life.made);
        self.all_are(&host.apply().await.unwrap(), Action::Create);
        for spelling in 0..2 {
            self.imports_equal_state(spelling).await;
        }

        let ids = self.ids().await;
        self.configure(|life| life.changed);
        self.all_are(&host.apply().await.unwrap(), Action::Update);
        assert_eq!(self.ids().await, ids);

        let before = self.contents(&ids).await;
        for life in *types {
            let body = serde_json::from_str(life.outside).unwrap();
            server.api.send(&life.update, by_id(&ids[life.address]), (), body).await.unwrap();
        }
        let plan = host.apply().await.unwrap();
        self.all_are(&plan, Action::Update);
        for life in *types {
            let changed = plan.changed_attributes(life.address);
            for attribute in life.drifted {
                assert!(changed.contains(attribute), "{} {attribute}: {changed:?}", life.address);
            }
        }
        assert_eq!(self.contents(&ids).await, before);

        for life in types.iter().rev() {
            server.api.call(&life.delete, by_id(&ids[life.address])).await.unwrap();
        }
        self.all_are(&host.apply().await.unwrap(), Action::Create);
        assert_ne!(self.ids().await, ids);
        assert_eq!(server.inventory().await.len(), types.len() + parts.len());
        host.destroy().await.unwrap();
    }

    /// Writes one configuration of all types.
    fn configure(&self, of: impl Fn(&Life) -> &'static str) {
        let parts = self.parts.iter().map(|(name, kind, flavor)| {
            format!(
                "resource \"zenml_stack_component\" \"{name}\" {{\n  name = \"${{var.prefix}}-{name}\"\n  type = \
                 \"{kind}\"\n  flavor = \"{flavor}\"\n}}\n"
            )
        });
        let types = self.types.iter().map(|life| of(life).to_owned());
        self.host.write("main.tf", &parts.chain(types).collect::<String>()).unwrap();
    }

    fn all_are(&self, plan: &Plan, action: Action) {
        for life in self.types {
            assert_eq!(plan.action(life.address), Some(action), "{}: {}", life.address, plan.summary());
        }
    }

    /// Returns the ids of all objects in the state, by address.
    async fn ids(&self) -> BTreeMap<&'static str, String> {
        let mut ids = BTreeMap::new();
        for life in self.types {
            let id = self.host.attributes(life.address).await.unwrap()["id"].as_str().unwrap().to_owned();
            ids.insert(life.address, id);
        }
        ids
    }

    /// Imports all objects into an empty state by one of their names. The import matches the configuration. Restores
    /// the state afterwards.
    async fn imports_equal_state(&self, spelling: usize) {
        let Self { server, host, types, parts } = self;
        let ids = self.ids().await;
        let state = host.work().join("terraform.tfstate");
        let saved = std::fs::read(&state).unwrap();
        std::fs::remove_file(&state).unwrap();
        let import = |address: &str, id: &str| format!("import {{\n  to = {address}\n  id = {id:?}\n}}\n");
        let parts = parts.iter().map(|(name, kind, _)| {
            import(&format!("zenml_stack_component.{name}"), &format!("{kind}/{}", server.name(name)))
        });
        let types_of = types.iter().map(|life| {
            let id = life.imports[spelling].replace("{id}", &ids[life.address]);
            import(life.address, &id.replace("{prefix}", server.prefix()))
        });
        host.write("import.tf", &parts.chain(types_of).collect::<String>()).unwrap();
        let plan = host.plan().await.unwrap();
        for life in *types {
            let expected = if life.not_imported.is_empty() { Action::NoOp } else { Action::Update };
            assert_eq!(plan.action(life.address), Some(expected), "{}", plan.summary());
            let mut changed = plan.changed_attributes(life.address);
            changed.retain(|attribute| !FOLLOWING.contains(attribute));
            assert_eq!(changed, life.not_imported, "{}: {}", life.address, plan.summary());
        }
        host.apply_saved(&plan).await.unwrap();
        host.must_be_settled().await.unwrap();
        assert_eq!(ids, self.ids().await);
        host.remove("import.tf").unwrap();
        std::fs::write(&state, saved).unwrap();
    }

    /// Returns the objects on the server by address, without the time of the last update.
    async fn contents(&self, ids: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, Json> {
        let mut contents = BTreeMap::new();
        for life in self.types {
            let get: Endpoint<AnyId, (), (), Json> = Endpoint::get(life.update.route().template);
            let object = self.server.api.call(&get, by_id(&ids[life.address])).await.unwrap();
            contents.insert(life.address, without_updated(object));
        }
        contents
    }
}

/// Attributes that are unknown in a plan with any change.
const FOLLOWING: [&str; 3] = ["updated", "expires_at", "workspace_id"];

fn by_id(id: &str) -> AnyId {
    IdOrName::parse(id)
}

fn without_updated(json: Json) -> Json {
    match json {
        Json::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| name != "updated");
            kept.map(|(name, value)| (name, without_updated(value))).collect()
        }
        Json::Array(items) => items.into_iter().map(without_updated).collect(),
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_every_type_passes_its_life_cycle_on_each_server() {
    on_each_server(async |server, host| Lives { server, host, types: &TYPES, parts: &PARTS }.live().await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_connector_passes_its_life_cycle_on_each_server() {
    on_each_server(async |server, host| {
        Lives { server, host, types: &CLOUD, parts: &[] }.live().await;
    })
    .await;
}

/// An open-source server has no workspace. A workspace server has one even if the provider is configured with its
/// address.
#[tokio::test(flavor = "multi_thread")]
async fn objects_have_a_workspace_id_only_on_a_workspace_server() {
    in_process_on_each_server(async |server, harness| {
        let address = "zenml_project.it";
        harness.apply(address, json!({ "name": server.name("p") })).await.unwrap();
        let workspace = harness.state(address).unwrap().attribute("workspace_id").clone();
        assert_eq!(workspace.is_null(), server.is_real(), "{workspace:?}");
        harness.destroy(address).await.unwrap();
    })
    .await;
}

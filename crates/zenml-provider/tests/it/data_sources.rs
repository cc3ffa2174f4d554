//! Data sources of a workspace: one object by id or name, and maps of filtered objects.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfkit::value::Type;
use tfkit::{Dyn, Kind};
use tfkit_test::Harness;
use zenml_api::workspace::secret::{self, SecretCreate};
use zenml_api::workspace::stack::{self, StackUpdate};
use zenml_api::{Patch, Sensitive};
use zenml_client::Optional as _;

use crate::server::{Server, in_process_on_each_server};
use crate::world::{World, engine};

/// A value that only sensitive attributes may contain.
const CANARY: &str = "canary-of-the-registry";

/// Objects of all types that refer to each other, in the order of creation.
const ADDRESSES: [&str; 10] = [
    "zenml_secret.s",
    "zenml_service_connector.c",
    "zenml_stack_component.o",
    "zenml_stack_component.a",
    "zenml_stack_component.r",
    "zenml_stack.s",
    "zenml_project.p",
    "zenml_tag.t",
    "zenml_flavor.f",
    "zenml_code_repository.r",
];

async fn make(server: &Server, harness: &mut Harness) {
    let [secret, connector, orchestrator, artifacts, registry, stack, project, tag, flavor, repository] =
        ADDRESSES;
    let name = |what: &str| json!(server.name(what));
    let config = json!({ "name": name("secret"), "values": { "password": CANARY } });
    harness.apply(secret, config).await.unwrap();
    let config = json!({
        "name": name("connector"), "type": "docker", "auth_method": "password", "description": "For images.",
        "resource_type": "docker-registry", "resource_id": "registry.example.com", "verify": false,
        "configuration": { "registry": "registry.example.com", "username": "u", "password": CANARY },
        "labels": { "tier": "gold", "team": "a" },
    });
    harness.apply(connector, config).await.unwrap();
    // The same name for two types.
    let config = json!({ "name": name("shared"), "type": "orchestrator", "flavor": "kubernetes",
        "configuration": { "synchronous": "true", "timeout": "5" } });
    harness.apply(orchestrator, config).await.unwrap();
    let config = json!({ "name": name("shared"), "type": "artifact_store", "flavor": "local", "labels": { "tier": "gold" } });
    harness.apply(artifacts, config).await.unwrap();
    let config = json!({ "name": name("registry"), "type": "container_registry", "flavor": "default",
        "configuration": { "uri": "registry.example.com" }, "labels": { "tier": "gold" },
        "connector_id": id(harness, connector), "connector_resource_id": "registry.example.com" });
    harness.apply(registry, config).await.unwrap();
    let config = json!({ "name": name("stack"), "description": "For trying.", "labels": { "tier": "gold" },
        "components": { "orchestrator": id(harness, orchestrator), "artifact_store": id(harness, artifacts),
            "container_registry": id(harness, registry) } });
    harness.apply(stack, config).await.unwrap();
    let config = json!({ "name": name("project"), "description": "d", "metadata": { "tier": "gold" } });
    harness.apply(project, config).await.unwrap();
    harness.apply(tag, json!({ "name": name("tag"), "color": "red" })).await.unwrap();
    let config = json!({ "name": name("flavor"), "type": "alerter", "source": "acme.Flavor",
        "display_name": "Shown", "docs_url": "d" });
    harness.apply(flavor, config).await.unwrap();
    let config = json!({ "name": name("repository"), "project_id": id(harness, project), "type": "github",
        "config": { "owner": "acme", "token": CANARY } });
    harness.apply(repository, config).await.unwrap();
}

async fn remove(harness: &mut Harness) {
    for address in ADDRESSES.iter().rev() {
        harness.destroy(address).await.unwrap();
    }
}

fn id(harness: &Harness, address: &str) -> String {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
}

fn to_json(value: &Dyn) -> Json {
    match value {
        Dyn::Null => Json::Null,
        Dyn::Unknown => panic!("a data source has no unknown values"),
        Dyn::Bool(flag) => json!(flag),
        Dyn::Number(number) => json!(number.as_i64().unwrap()),
        Dyn::String(text) => json!(text),
        Dyn::List(items) => items.iter().map(to_json).collect(),
        Dyn::Map(items) => items.iter().map(|(key, item)| (key.clone(), to_json(item))).collect(),
        Dyn::Typed(typed) => to_json(&typed.1),
    }
}

async fn find(harness: &Harness, noun: &str, config: &Json) -> Json {
    let found = harness.read_data_source(&format!("zenml_{noun}"), config.clone()).await;
    to_json(&found.unwrap_or_else(|failure| panic!("{noun} {config}: {failure}")))
}

/// Removes the attributes that only the server knows from an object, and checks that they are set. `workspace_id` is
/// null only on an open-source server.
fn without_the_servers(server: &Server, mut found: Json) -> Json {
    let members = found.as_object_mut().unwrap();
    for name in ["created", "updated"] {
        assert!(members.remove(name).unwrap().as_str().is_some_and(|text| text.starts_with("20")), "{name}");
    }
    for name in ["user", "user_id"] {
        assert!(members.remove(name).is_none_or(|user| user.is_string()), "{name}");
    }
    assert_eq!(members.remove("workspace_id").unwrap().is_null(), server.is_real());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_found_by_id_and_by_name_with_all_its_attributes() {
    in_process_on_each_server(async |server, harness| {
        make(server, harness).await;
        let [secret, connector, orchestrator, artifacts, registry, stack, project, tag, flavor, repository] =
            ADDRESSES.map(|address| id(harness, address));
        let change = StackUpdate {
            environment: Patch::Set([("A".to_owned(), "B".to_owned())].into()),
            add_secrets: Some(vec![secret.clone()]),
            ..StackUpdate::default()
        };
        server.api.send(&stack::UPDATE, stack.parse().unwrap(), (), change).await.unwrap();
        let name = |what: &str| server.name(what);
        let part = |id: &str, name: String, kind: &str, flavor: &str| json!({ "id": id, "name": name, "type": kind, "flavor": flavor });
        let cases = [
            ("stack", json!({ "id": stack, "name": name("stack"), "description": "For trying.",
                "components": [
                    part(&artifacts, name("shared"), "artifact_store", "local"),
                    part(&registry, name("registry"), "container_registry", "default"),
                    part(&orchestrator, name("shared"), "orchestrator", "kubernetes"),
                ],
                "labels": { "tier": "gold" }, "environment": { "A": "B" }, "secrets": [secret] })),
            ("stack_component", json!({ "id": registry, "name": name("registry"), "type": "container_registry",
                "flavor": "default", "configuration": { "uri": "registry.example.com" },
                "settings": { "uri": "registry.example.com" }, "connector_id": connector,
                "connector_resource_id": "registry.example.com", "labels": { "tier": "gold" },
                "environment": {}, "secrets": [] })),
            ("service_connector", json!({ "id": connector, "name": name("connector"), "type": "docker",
                "auth_method": "password", "resource_type": "docker-registry", "resource_id": "registry.example.com",
                "configuration": { "registry": "registry.example.com", "username": "u", "password": CANARY },
                "description": "For images.", "labels": { "tier": "gold", "team": "a" }, "expires_at": null,
                "expires_skew_tolerance": null, "expiration_seconds": null })),
            ("secret", json!({ "id": secret, "name": name("secret"), "private": false })),
            ("project", json!({ "id": project, "name": name("project"), "display_name": name("project"),
                "description": "d", "metadata": { "tier": "gold" } })),
            ("tag", json!({ "id": tag, "name": name("tag"), "color": "red", "exclusive": false,
                "tagged_count": 0 })),
            ("flavor", json!({ "id": flavor, "name": name("flavor"), "type": "alerter", "source": "acme.Flavor",
                "config_schema": "{}", "display_name": "Shown", "integration": "custom", "is_custom": true,
                "connector_type": null, "connector_resource_type": null, "connector_resource_id_attr": null,
                "logo_url": null, "docs_url": "d", "sdk_docs_url": null })),
            ("code_repository", json!({ "id": repository, "project_id": project, "name": name("repository"),
                "type": "github", "config": { "owner": "acme", "token": CANARY }, "description": null,
                "logo_url": null, "source": { "type": "internal", "attribute": "GitHubCodeRepository",
                    "module": "zenml.integrations.github.code_repositories.github_code_repository" } })),
        ];
        for (noun, expected) in cases {
            for by in [vec!["id"], vec!["name"], vec!["id", "name"]] {
                let mut config: Json = by.iter().map(|by| ((*by).to_owned(), expected[by].clone())).collect();
                if noun == "code_repository" && by == ["name"] {
                    config["project_id"] = json!(project);
                }
                let found = find(harness, noun, &config).await;
                assert_eq!(without_the_servers(server, found), expected, "{noun} by {by:?}");
            }
        }
        // A component without settings, and one whose settings the server stores with other types.
        let typed = find(harness, "stack_component", &json!({ "id": orchestrator })).await;
        assert_eq!(typed["configuration"], json!({ "synchronous": "true", "timeout": "5" }));
        assert_eq!(typed["settings"], json!({ "synchronous": true, "timeout": 5 }));
        let bare = find(harness, "stack_component", &json!({ "id": artifacts })).await;
        assert_eq!([&bare["connector_id"], &bare["connector_resource_id"]], [&Json::Null, &Json::Null]);
        remove(harness).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_ambiguous_objects_are_errors() {
    in_process_on_each_server(async |server, harness| {
        make(server, harness).await;
        let [secret, _, _, _, registry, stack, project, tag, flavor, repository] =
            ADDRESSES.map(|address| id(harness, address));
        let (shared, nobody) = (server.name("shared"), server.name("nobody"));
        let private =
            SecretCreate { name: server.name("secret"), private: true, values: Sensitive::default() };
        let private = server.api.send(&secret::CREATE, (), (), private).await.unwrap().id;
        let none = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
        let cases = [
            (
                "stack_component",
                json!({ "name": shared }),
                format!("There is more than one stack component {shared:?}"),
                "name",
            ),
            (
                "stack_component",
                json!({ "name": shared, "type": "alerter" }),
                format!("There is no stack component {shared:?}"),
                "name",
            ),
            (
                "stack_component",
                json!({ "id": registry, "type": "orchestrator" }),
                format!("The stack component {registry} has another type"),
                "type",
            ),
            (
                "secret",
                json!({ "name": server.name("secret") }),
                format!("There is more than one secret {:?}", server.name("secret")),
                "name",
            ),
            (
                "secret",
                json!({ "id": secret, "private": true }),
                format!("The secret {:?} is not private", server.name("secret")),
                "private",
            ),
            (
                "stack",
                json!({ "id": stack, "name": nobody }),
                format!("The stack {stack} has another name"),
                "name",
            ),
            (
                "project",
                json!({ "id": project, "name": nobody }),
                format!("The project {project} has another name"),
                "name",
            ),
            ("tag", json!({ "id": tag, "name": nobody }), format!("The tag {tag} has another name"), "name"),
            (
                "flavor",
                json!({ "name": server.name("flavor"), "type": "orchestrator" }),
                format!("There is no flavor {:?}", server.name("flavor")),
                "name",
            ),
            (
                "flavor",
                json!({ "id": flavor, "type": "orchestrator" }),
                format!("The flavor {flavor} has another type"),
                "type",
            ),
            (
                "flavor",
                json!({ "name": "local" }),
                "There is more than one flavor \"local\"".to_owned(),
                "name",
            ),
            (
                "code_repository",
                json!({ "name": nobody, "project_id": project }),
                format!("There is no code repository {nobody:?}"),
                "name",
            ),
            (
                "code_repository",
                json!({ "name": nobody, "project_id": none }),
                format!("There is no project {none:?}"),
                "project_id",
            ),
            (
                "code_repository",
                json!({ "id": repository, "project_id": none }),
                format!("The code repository {repository} has another project"),
                "project_id",
            ),
        ];
        let nowhere = ["stack", "stack_component", "service_connector", "secret", "project", "tag", "flavor"]
            .into_iter()
            .flat_map(|noun| [("name", &*nobody), ("id", none)].map(|(by, wanted)| (noun, by, wanted)))
            .chain([("code_repository", "id", none)])
            .map(|(noun, by, wanted)| {
                let summary = format!("There is no {} {wanted:?}", noun.replace('_', " "));
                (noun, json!({ by: wanted }), summary, by)
            });
        for (noun, config, summary, place) in cases.into_iter().chain(nowhere) {
            let failure =
                harness.read_data_source(&format!("zenml_{noun}"), config.clone()).await.unwrap_err();
            assert_eq!(failure.summaries(), [summary], "{noun} {config}");
            assert_eq!(failure.places()[0].to_string(), place, "{noun} {config}");
            assert!(failure.errors()[0].fix.is_some(), "{noun} {config}");
        }
        server.api.call(&secret::DELETE, private).await.optional().unwrap();
        remove(harness).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_objects_are_listed_and_each_fix_works() {
    in_process_on_each_server(async |server, harness| {
        make(server, harness).await;
        let (secret, shared) = (id(harness, "zenml_secret.s"), server.name("shared"));
        let private =
            SecretCreate { name: server.name("secret"), private: true, values: Sensitive::default() };
        let private = server.api.send(&secret::CREATE, (), (), private).await.unwrap().id;
        let both =
            harness.read_data_source("zenml_stack_component", json!({ "name": shared })).await.unwrap_err();
        let text = both.to_string();
        for address in ["zenml_stack_component.o", "zenml_stack_component.a"] {
            assert!(text.contains(&id(harness, address)), "{text}");
        }
        assert!(text.contains("orchestrator (") && text.contains("artifact_store ("), "{text}");
        let narrowed = json!({ "name": shared, "type": "artifact_store" });
        assert_eq!(find(harness, "stack_component", &narrowed).await["flavor"], "local");
        for (is_private, expected) in [(true, private.to_string()), (false, secret)] {
            let narrowed = json!({ "name": server.name("secret"), "private": is_private });
            assert_eq!(find(harness, "secret", &narrowed).await["id"], expected);
        }
        server.api.call(&secret::DELETE, private).await.optional().unwrap();
        remove(harness).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_map_contains_what_its_filters_select() {
    in_process_on_each_server(async |server, harness| {
        make(server, harness).await;
        let [_, connector, orchestrator, ..] = ADDRESSES.map(|address| id(harness, address));
        // Other tests use the same server.
        let mine = |mut config: Json| {
            config["name_prefix"] = json!(server.prefix());
            config
        };
        let gold = json!({ "tier": "gold" });
        let cases = [
            ("stacks", json!({}), vec!["stack"]),
            ("stacks", json!({ "component_id": orchestrator }), vec!["stack"]),
            ("stacks", json!({ "labels": gold }), vec!["stack"]),
            ("stacks", json!({ "labels": { "tier": "iron" } }), vec![]),
            ("stacks", json!({ "component_id": "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11" }), vec![]),
            (
                "stack_components",
                json!({}),
                vec!["artifact_store/shared", "container_registry/registry", "orchestrator/shared"],
            ),
            ("stack_components", json!({ "type": "orchestrator" }), vec!["shared"]),
            ("stack_components", json!({ "flavor": "local" }), vec!["artifact_store/shared"]),
            ("stack_components", json!({ "connector_id": connector }), vec!["container_registry/registry"]),
            (
                "stack_components",
                json!({ "labels": gold }),
                vec!["artifact_store/shared", "container_registry/registry"],
            ),
            ("stack_components", json!({ "labels": gold, "flavor": "kubernetes" }), vec![]),
            ("service_connectors", json!({}), vec!["connector"]),
            ("service_connectors", json!({ "type": "docker", "auth_method": "password" }), vec!["connector"]),
            ("service_connectors", json!({ "type": "aws" }), vec![]),
            ("service_connectors", json!({ "resource_type": "docker-registry" }), vec!["connector"]),
            ("service_connectors", json!({ "resource_type": "s3-bucket" }), vec![]),
            ("service_connectors", json!({ "labels": { "tier": "gold", "team": "a" } }), vec!["connector"]),
            ("service_connectors", json!({ "labels": { "tier": "gold", "team": "b" } }), vec![]),
            ("projects", json!({}), vec!["project"]),
        ];
        for (noun, config, expected) in cases {
            let found = find(harness, noun, &mine(config.clone())).await;
            let member = noun.trim_start_matches("stack_").trim_start_matches("service_");
            let keys: Vec<&String> = found[member].as_object().unwrap().keys().collect();
            let expected: Vec<String> = expected.into_iter().map(|key| named(server, key)).collect();
            assert_eq!(keys, expected.iter().collect::<Vec<_>>(), "{noun} {config}");
            // Attributes that are not sensitive contain no secret.
            assert!(!found.to_string().contains(CANARY), "{noun} {config}");
        }
        // A map contains the same about an object as the data source of the object.
        for (plural, noun, key, name) in [
            ("stacks", "stack", "stack", "stack"),
            ("components", "stack_component", "container_registry/registry", "registry"),
            ("connectors", "service_connector", "connector", "connector"),
            ("projects", "project", "project", "project"),
        ] {
            let one = find(harness, noun, &json!({ "name": server.name(name) })).await;
            let all = find(harness, &format!("{noun}s"), &mine(json!({}))).await;
            let members = all[plural][named(server, key)].as_object().unwrap();
            for (member, value) in members
                .iter()
                .filter(|(member, _)| !["components", "resource_types"].contains(&member.as_str()))
            {
                assert_eq!(value, &one[member], "{noun} {member}");
            }
        }
        let stacks = find(harness, "stacks", &mine(json!({}))).await;
        let components = &stacks["stacks"][server.name("stack")]["components"];
        assert_eq!(components["orchestrator"], json!([orchestrator]));
        remove(harness).await;
    })
    .await;
}

/// Returns a map key, with the prefix of the scenario added to its name.
fn named(server: &Server, key: &str) -> String {
    match key.split_once('/') {
        Some((kind, name)) => format!("{kind}/{}", server.name(name)),
        None => server.name(key),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_read_with_all_its_attributes() {
    in_process_on_each_server(async |server, harness| {
        let found = find(harness, "server", &json!({})).await;
        assert_eq!(found["version"], "0.98.0");
        let texts = ["id", "name", "deployment_type", "auth_scheme", "server_url", "dashboard_url"];
        assert!(texts.iter().all(|name| found[name].is_string()), "{found}");
        assert!(found["metadata"].is_object(), "{found}");
        assert_eq!(found["workspace_id"], found["pro_workspace_id"]);
        for name in [
            "dashboard_url",
            "api_url",
            "organization_id",
            "organization_name",
            "workspace_id",
            "workspace_name",
        ] {
            assert_eq!(found[format!("pro_{name}")].is_null(), server.is_real(), "{name}: {found}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_outage_is_not_reported_as_a_missing_object() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let project = world.project(workspace, "vision").await.to_string();
    let mut block = world.block();
    block["http"] = json!({ "retries": 0 });
    let harness = world.harness_with(block).await;
    for (noun, route, doing) in [
        ("stack", "stacks", "look for the stack \"x\""),
        ("stack_component", "components", "look for the stack component \"x\""),
        ("service_connector", "service_connectors", "look for the service connector \"x\""),
        ("secret", "secrets", "look for the secret \"x\""),
        ("project", "projects", "look for the project \"x\""),
        ("tag", "tags", "look for the tag \"x\""),
        ("flavor", "flavors", "look for the flavor \"x\""),
        ("code_repository", "code_repositories", "look for the code repository \"x\""),
        ("stacks", "stacks", "list the stacks"),
        ("projects", "projects", "list the projects"),
    ] {
        world.inject(json!({ "rules": [{ "route": format!("/w/*/{route}"), "effect": { "status": 500 } }] }));
        let mut config = json!({ "workspace_id": workspace.to_string() });
        if !noun.ends_with('s') {
            config["name"] = json!("x");
        }
        if noun == "code_repository" {
            config["project_id"] = json!(project);
        }
        let failure = harness.read_data_source(&format!("zenml_{noun}"), config).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Cannot {doing}: the workspace failed")]);
    }
    world.stop().await;
}

#[test]
fn attributes_of_the_go_provider_keep_their_names_and_types() {
    let (text, texts) = (Type::String, Type::Map(Box::new(Type::String)));
    let part = ["id", "name", "type", "flavor"].map(|name| (name.to_owned(), Type::String));
    let parts = Type::List(Box::new(Type::Object(BTreeMap::from(part))));
    let strings = |names: &'static [&'static str]| names.iter().map(|name| (*name, text.clone()));
    let cases: [(&str, Vec<(&str, Type)>); 4] = [
        (
            "zenml_server",
            strings(&[
                "id",
                "name",
                "version",
                "deployment_type",
                "auth_scheme",
                "server_url",
                "dashboard_url",
                "pro_dashboard_url",
                "pro_api_url",
                "pro_organization_id",
                "pro_organization_name",
                "pro_workspace_id",
                "pro_workspace_name",
            ])
            .chain([("metadata", texts.clone())])
            .collect(),
        ),
        (
            "zenml_stack",
            strings(&["id", "name", "created", "updated"])
                .chain([("components", parts), ("labels", texts.clone())])
                .collect(),
        ),
        (
            "zenml_stack_component",
            strings(&[
                "id",
                "name",
                "type",
                "flavor",
                "connector_id",
                "connector_resource_id",
                "created",
                "updated",
            ])
            .chain([("configuration", texts.clone()), ("labels", texts.clone())])
            .collect(),
        ),
        (
            "zenml_service_connector",
            strings(&[
                "id",
                "name",
                "type",
                "auth_method",
                "resource_type",
                "resource_id",
                "expires_at",
                "created",
                "updated",
            ])
            .chain([("configuration", texts.clone()), ("labels", texts.clone())])
            .collect(),
        ),
    ];
    let engine = engine();
    for (name, attributes) in cases {
        let schema = engine.schema(Kind::DataSource, name).unwrap();
        for (attribute, ty) in attributes {
            let found = schema.attributes.iter().find(|found| found.name == attribute);
            let found = found.unwrap_or_else(|| panic!("{name} has no {attribute}"));
            assert_eq!(found.shape.ty(), ty, "{name}.{attribute}");
            assert_eq!(found.sensitive, attribute == "configuration", "{name}.{attribute}");
        }
    }
}

//! Functions: what they return, and the argument that is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::call_function;

use crate::examples::{AROUND, together};
use crate::world::{World, engine, lacks, under_each_host};

/// Ids of no object.
const A: &str = "11111111-1111-4111-8111-111111111111";
const B: &str = "22222222-2222-4222-8222-222222222222";

async fn call(name: &str, arguments: &[Json]) -> Result<Json, (Option<usize>, String)> {
    call_function(&engine(), name, arguments).await.map_err(|error| (error.argument, error.text))
}

/// Expects an error at an argument, with this text.
async fn refused(name: &str, arguments: &[Json], argument: usize, text: &str) {
    let (at, found) = call(name, arguments).await.unwrap_err();
    assert_eq!(at, Some(argument), "{name}{arguments:?}: {found}");
    assert!(found.contains(text), "{name}{arguments:?}: {found}");
}

#[tokio::test]
async fn an_import_id_is_built_from_attributes_and_parsed_into_the_same() {
    let cases = [
        ("zenml_stack", json!({ "id": A }), A.to_owned()),
        ("zenml_stack", json!({ "name": "default" }), "default".to_owned()),
        ("zenml_stack", json!({ "workspace_id": A, "id": B }), format!("{A}/{B}")),
        ("zenml_stack", json!({ "workspace": "alpha", "name": "gpu" }), "alpha/gpu".to_owned()),
        ("zenml_stack", json!({ "workspace": "alpha", "name": "a/b" }), "alpha/a/b".to_owned()),
        ("zenml_flavor", json!({ "type": "alerter", "name": "pager" }), "alerter/pager".to_owned()),
        ("zenml_flavor", json!({ "type": "alerter", "name": "a/b" }), "alerter/a/b".to_owned()),
        ("zenml_flavor", json!({ "workspace_id": A, "id": B }), format!("{A}/{B}")),
        (
            "zenml_stack_component",
            json!({ "workspace_id": A, "type": "artifact_store", "name": "s3" }),
            format!("{A}/artifact_store/s3"),
        ),
        ("zenml_code_repository", json!({ "project": "p", "name": "n" }), "p/n".to_owned()),
        (
            "zenml_code_repository",
            json!({ "workspace": "w", "project_id": A, "name": "n" }),
            format!("w/{A}/n"),
        ),
        ("zenml_team", json!({ "organization_id": A, "id": B }), format!("{A}/{B}")),
        ("zenml_api_key", json!({ "service_account": "bot", "name": "ci" }), "bot/ci".to_owned()),
        (
            "zenml_api_key",
            json!({ "organization_id": A, "service_account_id": B, "id": A }),
            format!("{A}/{B}/{A}"),
        ),
        ("zenml_role", json!({ "level": "workspace", "name": "Deployer" }), "workspace/Deployer".to_owned()),
        (
            "zenml_role",
            json!({ "organization_id": A, "level": "project", "name": "Deployer" }),
            format!("{A}/project/Deployer"),
        ),
        ("zenml_role", json!({ "id": B }), B.to_owned()),
        (
            "zenml_resource_share",
            json!({ "workspace_id": A, "resource_type": "secret", "resource_id": B, "team_id": A }),
            format!("{A}/secret/{B}/team/{A}"),
        ),
        (
            "zenml_organization_role_assignment",
            json!({ "organization_id": A, "team_id": B, "role": "admin" }),
            format!("{A}/team/{B}/admin"),
        ),
        ("zenml_organization_member", json!({ "email": "ann@example.com" }), "ann@example.com".to_owned()),
        ("zenml_organization_member", json!({ "organization_id": A, "id": B }), format!("{A}/{B}")),
        (
            "zenml_team_membership",
            json!({ "team_id": A, "email": "ann@example.com" }),
            format!("{A}/email/ann@example.com"),
        ),
        (
            "zenml_team_membership",
            json!({ "organization": "acme", "team_id": A, "user_id": B }),
            format!("acme/{A}/user/{B}"),
        ),
        ("zenml_service_account", json!({ "organization": "acme", "name": "bot" }), "acme/bot".to_owned()),
        ("zenml_workspace", json!({ "id": A }), A.to_owned()),
        (
            "zenml_workspace_role_assignment",
            json!({ "workspace_id": A, "user_id": B, "role": "developer" }),
            format!("{A}/user/{B}/developer"),
        ),
        (
            "zenml_project_role_assignment",
            json!({ "workspace_id": A, "project_id": B, "team_id": A, "role_id": B }),
            format!("{A}/{B}/team/{A}/{B}"),
        ),
        (
            "zenml_stack_role_assignment",
            json!({ "workspace_id": A, "stack_id": B, "service_account_id": A }),
            format!("{A}/{B}/service_account/{A}"),
        ),
        (
            "zenml_stack_role_assignment",
            json!({ "workspace_id": A, "stack_id": B, "email": "ann@example.com" }),
            format!("{A}/{B}/email/ann@example.com"),
        ),
    ];
    for (kind, attributes, id) in cases {
        let built = call("import_id", &[json!(kind), attributes.clone()]).await;
        assert_eq!(built, Ok(json!(id)), "{kind} {attributes}");
        let mut parsed = call("parse_import_id", &[json!(kind), json!(id)]).await.unwrap();
        parsed.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        assert_eq!(parsed, attributes, "{kind} {id}");
    }
    let with_null = json!({ "workspace_id": null, "name": "default" });
    assert_eq!(call("import_id", &[json!("zenml_stack"), with_null]).await, Ok(json!("default")));
    let all = call("parse_import_id", &[json!("zenml_tag"), json!("gold")]).await;
    assert_eq!(all, Ok(json!({ "workspace_id": null, "id": null, "name": "gold" })));
}

#[tokio::test]
async fn an_import_id_that_would_identify_something_else_is_an_error() {
    let stack = || json!("zenml_stack");
    refused("import_id", &[json!("zenml_stak"), json!({ "id": A })], 0, "Did you mean \"zenml_stack\"?")
        .await;
    refused("import_id", &[json!("stack"), json!({ "id": A })], 0, "must be one of").await;
    for (attributes, text) in [
        (json!({}), "Found: none."),
        (json!({ "workspace_id": A }), "[WORKSPACE_ID/]NAME"),
        (json!({ "id": A, "name": "a" }), "Found: id, name."),
        (json!({ "id": A, "color": "red" }), "Found: color, id."),
        (json!({ "id": "default" }), "would identify another object"),
        (json!({ "name": A }), "would identify another object"),
        (json!({ "name": "a/b" }), "would identify another object"),
        (json!({ "workspace_id": "alpha", "name": "a" }), "would identify another object"),
        (json!({ "workspace": "a/b", "name": "a" }), "would identify another object"),
        (json!({ "name": " " }), "name is empty"),
    ] {
        refused("import_id", &[stack(), attributes], 1, text).await;
    }
    for id in ["", "a/", "/a"] {
        refused("parse_import_id", &[stack(), json!(id)], 1, "[WORKSPACE_ID/]ID\n  [WORKSPACE_ID/]NAME")
            .await;
    }
    for (kind, id) in [
        ("zenml_flavor", "pager"),
        ("zenml_team", "developers"),
        ("zenml_code_repository", "a/b/c/d"),
        ("zenml_workspace_role_assignment", "a/group/b/c"),
    ] {
        refused("parse_import_id", &[json!(kind), json!(id)], 1, "is not an import ID").await;
    }
}

#[tokio::test]
async fn an_object_is_imported_by_its_built_id() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await.to_string();
    let mut harness = world.harness().await;
    let project = json!({ "workspace_id": workspace, "name": "churn" });
    harness.apply("zenml_project.it", project).await.unwrap();
    let component = json!({
        "workspace_id": workspace, "name": "files", "type": "artifact_store", "flavor": "local",
    });
    harness.apply("zenml_stack_component.it", component).await.unwrap();
    harness.apply("zenml_team.it", json!({ "name": "makers" })).await.unwrap();
    let id_of = |address: &str| harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned();
    let team = id_of("zenml_team.it");
    let assignment = json!({ "workspace_id": workspace, "team_id": team, "role": "developer" });
    let (project, component) = (id_of("zenml_project.it"), id_of("zenml_stack_component.it"));
    harness.apply("zenml_workspace_role_assignment.it", assignment.clone()).await.unwrap();
    for (kind, attributes) in [
        ("zenml_project", json!({ "workspace_id": workspace, "id": project })),
        ("zenml_project", json!({ "workspace": "alpha", "name": "churn" })),
        ("zenml_stack_component", json!({ "workspace_id": workspace, "id": component })),
        ("zenml_stack_component", json!({ "workspace": "alpha", "type": "artifact_store", "name": "files" })),
        ("zenml_team", json!({ "id": team })),
        ("zenml_workspace_role_assignment", assignment),
    ] {
        let id = call("import_id", &[json!(kind), attributes]).await.unwrap();
        let by = ImportBy::Id(id.as_str().unwrap().to_owned());
        // An import reads members that are not configured, and the full name of a role.
        harness.import_equals_state(&format!("{kind}.it"), by, &["members", "role"]).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_reference_to_a_secret_has_the_syntax_of_zenml() {
    let reference = call("secret_reference", &[json!("mlflow"), json!("pass.word")]).await;
    assert_eq!(reference, Ok(json!("{{mlflow.pass.word}}")));
    for (name, key, argument, text) in [
        ("", "k", 0, "must not be empty"),
        ("n", "", 1, "must not be empty"),
        ("a.b", "k", 0, "contains a period"),
        ("a b", "k", 0, "spaces or braces"),
        ("a}}", "k", 0, "spaces or braces"),
        ("n", "a\tb", 1, "spaces or braces"),
        ("n", "{{k", 1, "spaces or braces"),
    ] {
        refused("secret_reference", &[json!(name), json!(key)], argument, text).await;
    }
}

#[tokio::test]
async fn the_parts_of_a_key_do_not_contain_its_secret() {
    let key = |prefix: &str, json: &str| format!("{prefix}{}", STANDARD.encode(json));
    let body = format!(r#"{{"id":"{A}","key":"hush-hush"}}"#);
    for (prefix, kind) in [("ZENPROKEY_", "pro"), ("ZENKEY_", "server")] {
        let whole = key(prefix, &body);
        for text in [whole.clone(), format!(" {whole}\n"), whole.trim_end_matches('=').to_owned()] {
            let parts = call("key_parts", &[json!(text)]).await;
            assert_eq!(parts, Ok(json!({ "id": A, "kind": kind })), "{text}");
        }
    }
    let world = World::start().await;
    let parts = call("key_parts", &[json!(world.key())]).await.unwrap();
    assert_eq!(parts["kind"], "pro");
    world.stop().await;
    let without_id = key("ZENPROKEY_", r#"{"key":"hush-hush"}"#);
    for (text, problem) in [
        ("", "is not a ZenML API key"),
        ("hush-hush", "is not a ZenML API key"),
        ("zenprokey_hush-hush", "is not a ZenML API key"),
        ("ZENPROKEY_", "is damaged"),
        ("ZENKEY_hush-hush", "is damaged"),
        (&without_id, "is damaged"),
    ] {
        let (argument, error) = call("key_parts", &[json!(text)]).await.unwrap_err();
        assert_eq!(argument, Some(0), "{error}");
        assert!(error.contains(problem) && !error.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn the_examples_of_the_functions_apply_under_each_host() {
    under_each_host(async |world, mut host| {
        let is_tofu = host.host().product() == tfkit_test::scenario::Product::OpenTofu;
        if lacks(host.host(), host.host().is_at_least(1, if is_tofu { 7 } else { 8 }), "functions") {
            return world.stop().await;
        }
        for person in ["ann@example.com", "bob@example.com"] {
            world.person(person).await;
        }
        for name in ["mlflow_username", "mlflow_password", "github_token"] {
            host.set_variable(name, &json!(format!("value-of-{name}")));
        }
        host.set_variable("zenml_api_key", &json!(world.key()));
        // Only what the examples refer to.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/resources/");
        let example = |noun: &str| std::fs::read_to_string(format!("{folder}{noun}/resource.tf")).unwrap();
        let variables: Vec<&str> = AROUND.lines().filter(|line| line.starts_with("variable")).collect();
        let around =
            variables.join("\n") + "\nresource \"zenml_team\" \"operations\" {\n  name = \"ops\"\n}\n";
        host.write("around.tf", &around).unwrap();
        let open = "resource \"zenml_workspace\" \"alpha\" {\n  deletion_protection = false\n}\n";
        host.write("here_override.tf", open).unwrap();
        host.write("resources.tf", &(example("zenml_workspace") + &example("zenml_secret"))).unwrap();
        host.write("functions.tf", &together("functions", "function.tf")).unwrap();
        for name in ["aws_role_arn", "aws_access_key_id", "aws_secret_access_key"] {
            host.set_variable(name, &json!("unused"));
        }
        host.apply().await.unwrap();
        let workspace = host.attributes("zenml_workspace.alpha").await.unwrap()["id"].clone();
        let workspace = workspace.as_str().unwrap();
        assert_eq!(host.output("import_id_of_stack").await.unwrap(), format!("{workspace}/default"));
        assert_eq!(host.output("component_type").await.unwrap(), "artifact_store");
        assert_eq!(host.output("component_workspace").await.unwrap(), "alpha");
        let component = host.attributes("zenml_stack_component.tracking_with_reference").await.unwrap();
        let password = &component["configuration"]["tracking_password"];
        assert_eq!(password, "{{alpha-mlflow.password}}");
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

//! Error messages on the screen, and that nothing but existing objects is left behind.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Scenario};
use zenml_api::WorkspaceId;
use zenml_api::workspace::component::{self, ComponentQuery};

use crate::world::{World, under_each_host};

/// An identifier without an object.
const NOTHING: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";

/// A secret in a configuration.
const MARKED: &str = "a-marked-secret";

/// One mistake of a user, or one problem of the environment.
struct Case {
    main: String,
    /// The provider block; the environment sets the rest.
    block: String,
    faults: Json,
    /// Parts of the message: summary, reason, fix, and the line of the attribute.
    words: Vec<String>,
    /// The addresses in the state afterwards.
    left: &'static [&'static str],
}

/// A mistake in the configuration of one resource of a type.
fn resource(kind: &str, body: &str, words: &[&str]) -> Case {
    Case {
        main: format!("resource \"{kind}\" \"x\" {{\n{body}\n}}\n"),
        block: String::new(),
        faults: json!({}),
        words: words.iter().map(ToString::to_string).collect(),
        left: &[],
    }
}

/// A mistake in the provider block, reported for the first resource.
fn block(block: impl Into<String>, words: &[&str]) -> Case {
    let team = resource("zenml_team", "  name = \"alpha\"", words);
    Case { block: block.into(), ..team }
}

fn provider(block: &str) -> String {
    format!(
        "terraform {{\n  required_providers {{\n    zenml = {{ source = \"zenml-io/zenml\" }}\n  }}\n}}\n\n\
         provider \"zenml\" {{\n{block}\n}}\n"
    )
}

/// Runs each case on the same platform, and checks that it leaves nothing behind.
async fn each_fails(world: &World, host: &Scenario, cases: Vec<Case>) {
    let before = world.platform.census().await.unwrap();
    for case in cases {
        let about = format!("{}{}", case.block, case.main);
        host.write("provider.tf", &provider(&case.block)).unwrap();
        host.write("main.tf", &case.main).unwrap();
        world.inject(case.faults);
        let failed = host.apply_unsettled().await.expect_err(&about);
        for words in &case.words {
            assert!(failed.says(words), "missing: {words}\n{failed}\n{about}");
        }
        for secret in [world.key(), MARKED] {
            assert!(!failed.says(secret), "{failed}");
        }
        world.inject(json!({}));
        host.write("provider.tf", &provider("")).unwrap();
        assert_eq!(host.addresses().await.unwrap(), case.left, "{about}");
        if !case.left.is_empty() {
            host.destroy().await.unwrap();
        }
        assert_eq!(world.platform.census().await.unwrap(), before, "{about}");
    }
}

#[tokio::test]
async fn a_provider_block_that_does_not_work_reports_why_and_creates_nothing() {
    under_each_host(async |world, mut host| {
        let url = world.platform.url().to_owned();
        let html = json!({ "rules": [{ "effect": { "html": "<!doctype html><title>Log in</title>" } }] });
        let known_organization = format!("\"{}\"", world.platform.organization_name());
        let cases = vec![
            block(
                "  service_account_key = \"ZENPROKEY_wrong\"",
                &[
                    "Error: Cannot use the control plane: the control plane rejected the credential",
                    "Check service_account_key in the provider block: it must be the complete key of an \
                     active account",
                    "service_account_key = ",
                    "/auth/login",
                ],
            ),
            block(
                "  organization_id = \"elsewhere\"",
                &[
                    "Error: The key has no access to the organization \"elsewhere\"",
                    "the key belongs to another organization",
                    &known_organization,
                    "Correct organization_id in the provider block, or use a key that belongs to this organization.",
                    "organization_id = \"elsewhere\"",
                ],
            ),
            block(
                "  control_plane_url = \"http://127.0.0.1:1\"\n  http = { retries = 0 }",
                &[
                    "Error: Cannot use the control plane: cannot reach the control plane",
                    "No answer from http://127.0.0.1:1",
                    "Check control_plane_url in the provider block, the network, and the proxy",
                    "control_plane_url = \"http://127.0.0.1:1\"",
                ],
            ),
            Case {
                faults: html,
                ..block(
                    format!("  control_plane_url = \"{url}\""),
                    &[
                        "is not the address of a control plane",
                        "The response does not come from this API",
                        "not at the address of the dashboard",
                        &format!("control_plane_url = \"{url}\""),
                    ],
                )
            },
        ];
        each_fails(&world, &host, cases).await;
        for name in ["ZENML_CONTROL_PLANE_URL", "ZENML_SERVICE_ACCOUNT_KEY"] {
            host.set_env(name, "");
        }
        let failed = host.plan().await.unwrap_err();
        for words in [
            "Error: No credentials configured",
            "service_account_key",
            "ZENML_SERVICE_ACCOUNT_KEY",
            "provider \"zenml\"",
        ] {
            assert!(failed.says(words), "missing: {words}\n{failed}");
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn invalid_people_roles_and_workspaces_are_rejected_and_nothing_is_created() {
    under_each_host(async |world, host| {
        world.person("ann@example.com").await;
        let workspace = world.workspace("alpha").await;
        let team = world.team("developers").await;
        let role = |principal: &str, role: &str| {
            format!("  workspace_id = \"{workspace}\"\n{principal}  role = \"{role}\"")
        };
        let by_team = format!("  team_id = \"{team}\"\n");
        let by_both = format!("  team_id = \"{team}\"\n  user_id = \"{NOTHING}\"\n");
        let assignment = "zenml_workspace_role_assignment";
        let long = format!("  name = \"{}\"", "a".repeat(51));
        let cases = vec![
            resource(
                assignment,
                &role(&by_team, "owner"),
                &[
                    "Error: There is no workspace role \"owner\"",
                    "\"member\" (short for \"Workspace Contributor\")",
                    "\"Workspace Admin\"",
                    "role = \"owner\"",
                ],
            ),
            resource(
                assignment,
                &role("", "viewer"),
                &[
                    "Error: None of `email`, `team_id`, `user_id`, `service_account_id` is set",
                    "Exactly one of them is required.",
                    "Set one of them.",
                ],
            ),
            resource(
                assignment,
                &role(&by_both, "viewer"),
                &[
                    "Error: Attributes \"team_id\" and \"user_id\" cannot be set together",
                    "Keep one of them and remove the others.",
                    "user_id = ",
                ],
            ),
            resource(
                "zenml_team",
                "  name = \"alpha\"\n  invite_unknown = false\n  members = [\"ann@example.com\", \"nobody@example.com\"]",
                &[
                    "Error: Not members of the organization: \"nobody@example.com\"",
                    "Team members must be members of the organization, and invite_unknown is false.",
                    "Check the spelling.",
                    "members = [\"ann@example.com\", \"nobody@example.com\"]",
                ],
            ),
            resource(
                "zenml_team",
                "  name = \"alpha\"\n  members = [\"ann@example.com\", \"nobody@example\"]",
                &[
                    "Error: Not members of the organization: \"nobody@example\"",
                    "Only people with a complete email address can be invited.",
                    "Check the spelling.",
                    "members = [\"ann@example.com\", \"nobody@example\"]",
                ],
            ),
            resource(
                "zenml_workspace",
                "  name = \"alpha\"",
                &[
                    "Error: The workspace name \"alpha\" is taken",
                    &format!("terraform import zenml_workspace.NAME {workspace}"),
                    "choose another name",
                    "name = \"alpha\"",
                ],
            ),
            resource(
                "zenml_workspace",
                "  name = \"Alpha_1\"",
                &[
                    "Error: Attribute \"name\" has an invalid value",
                    "lowercase",
                    "Change the value.",
                    "name = \"Alpha_1\"",
                ],
            ),
            resource(
                "zenml_workspace",
                &long,
                &[
                    "Error: Attribute \"name\" has an invalid value",
                    "The value must have a length of 1 to 50",
                    "Change the value.",
                ],
            ),
            Case {
                faults: json!({ "deployments": { "broken": { "failed": "no capacity in eu-west-1" } } }),
                left: &["zenml_workspace.x"],
                ..resource(
                    "zenml_workspace",
                    "  name = \"broken\"",
                    &[
                        "Error: Workspace \"broken\" failed",
                        "no capacity in eu-west-1",
                        "with zenml_workspace.x",
                    ],
                )
            },
        ];
        each_fails(&world, &host, cases).await;
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn invalid_custom_roles_and_roles_of_strangers_are_rejected_and_nothing_is_created() {
    under_each_host(async |world, host| {
        let cases = vec![
            resource(
                "zenml_role",
                "  name = \"Deployer\"\n  level = \"workspace\"\n  permissions = {\n    stak = [\"read\"]\n  }",
                &[
                    "Error: There is no resource type \"stak\"",
                    "so no role can contain permissions on it",
                    "Did you mean \"stack\"?",
                    "stak = [\"read\"]",
                ],
            ),
            resource(
                "zenml_role",
                "  name = \"Stack Admin\"\n  level = \"workspace\"\n  permissions = {}",
                &[
                    "Error: \"Stack Admin\" is the name of a predefined workspace role",
                    "Choose another name.",
                    "name = \"Stack Admin\"",
                ],
            ),
            resource(
                "zenml_organization_role_assignment",
                &format!("  user_id = \"{NOTHING}\"\n  role = \"viewer\""),
                &[
                    &format!("Error: There is no user {NOTHING}"),
                    "The control plane does not find this account",
                    "Correct user_id",
                    &format!("user_id = \"{NOTHING}\""),
                ],
            ),
        ];
        each_fails(&world, &host, cases).await;
        world.stop().await;
    })
    .await;
}

/// The default component of a type.
async fn default_component(world: &World, workspace: WorkspaceId, kind: &str) -> String {
    let query = ComponentQuery { kind: vec![kind.to_owned()], ..ComponentQuery::default() };
    let components = world.server(workspace).await.list_all(&component::LIST, (), query).await.unwrap();
    components.iter().find(|component| component.name == "default").unwrap().id.to_string()
}

#[tokio::test]
async fn stacks_and_components_that_cannot_work_are_rejected_and_nothing_is_created() {
    under_each_host(async |world, host| {
        let workspace = world.workspace("alpha").await;
        let orchestrator = default_component(&world, workspace, "orchestrator").await;
        let store = default_component(&world, workspace, "artifact_store").await;
        let here = format!("  workspace_id = \"{workspace}\"\n  name = \"x\"\n");
        let component = |flavor: &str, path: &str| {
            format!(
                "{here}  type = \"artifact_store\"\n  flavor = \"{flavor}\"\n  configuration = {{\n    path = \"{path}\"\n  }}"
            )
        };
        let stack = |components: &str| format!("{here}  components = {{\n{components}\n  }}");
        let connector = format!(
            "{here}  type = \"aws\"\n  auth_method = \"secret-key\"\n  verify = false\n  configuration = {{\n    \
             region = \"eu-west-1\"\n    aws_secret_access_key = var.secret\n  }}"
        );
        let secret = format!("variable \"secret\" {{\n  sensitive = true\n  default = \"{MARKED}\"\n}}\n");
        host.write("variables.tf", &secret).unwrap();
        let cases = vec![
            resource(
                "zenml_stack_component",
                &component("s4", "s3://bucket"),
                &[
                    "Error: There is no flavor \"s4\" of the type \"artifact_store\"",
                    "neither built in nor custom",
                    "azure, b2, digitalocean, gcp, local, s3",
                    "zenml artifact-store flavor list",
                    "flavor = \"s4\"",
                ],
            ),
            resource(
                "zenml_stack_component",
                &component("s3", "gs://bucket"),
                &[
                    "Error: Cannot create stack component \"x\": the workspace failed",
                    "must start with one of s3://",
                    "If the message is about a setting, correct it.",
                    "configuration = {",
                    "POST /components, status 500, request id",
                ],
            ),
            resource("zenml_service_connector", &connector, &[
                "Error: The configuration lacks \"aws_access_key_id\"",
                "The authentication method \"secret-key\" requires it.",
                "Add it to the configuration.",
                "configuration = {",
            ]),
            resource(
                "zenml_stack",
                &stack(&format!("    artifact_store = \"{store}\"")),
                &[
                    "Error: The stack has no orchestrator",
                    "A stack must have an orchestrator and an artifact store.",
                    "orchestrator = zenml_stack_component.NAME.id",
                    "components = {",
                ],
            ),
            resource(
                "zenml_stack",
                &stack(&format!("    orchestrator = \"{store}\"\n    artifact_store = \"{NOTHING}\"")),
                &[
                    "Error: The component \"default\" is not of the type \"orchestrator\"",
                    "Its type is \"artifact_store\", and a component can be used only for its own type.",
                    "use a component of the type \"orchestrator\" here",
                    &format!("orchestrator = \"{store}\""),
                ],
            ),
            resource(
                "zenml_stack",
                &stack(&format!("    orchestrator = \"{orchestrator}\"\n    artifact_store = \"{NOTHING}\"")),
                &[
                    &format!("Error: There is no stack component {NOTHING}"),
                    "Correct the id. A stack and its components must be in the same workspace.",
                    &format!("artifact_store = \"{NOTHING}\""),
                ],
            ),
        ];
        each_fails(&world, &host, cases).await;
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_workspace_that_is_not_ready_in_time_is_a_warning_and_stays() {
    under_each_host(async |world, host| {
        const W: &str = "zenml_workspace.x";
        let before = world.platform.census().await.unwrap();
        world.inject(json!({ "deployments": { "slow": "pending_forever" } }));
        let main =
            "resource \"zenml_workspace\" \"x\" {\n  name = \"slow\"\n  timeouts = { create = \"1s\" }\n}\n";
        host.write("main.tf", main).unwrap();
        let plan = host.plan().await.unwrap();
        let applied = host.apply_saved(&plan).await.unwrap();
        for words in ["Warning: Workspace \"slow\" is pending, not yet available", "with zenml_workspace.x"] {
            assert!(applied.says(words), "missing: {words}\n{}", applied.words());
        }
        // Nothing would destroy it, not even the next apply.
        assert_eq!(host.plan().await.unwrap().action(W), Some(Action::NoOp));
        world.inject(json!({}));
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn provider_settings_from_another_resource_work_in_one_apply_and_are_named_where_they_cannot() {
    under_each_host(async |world, host| {
        let url =
            format!("resource \"terraform_data\" \"url\" {{\n  input = \"{}\"\n}}\n", world.platform.url());
        let team = "resource \"zenml_team\" \"x\" {\n  name = \"alpha\"\n  members = []\n}\n";
        host.write("provider.tf", &provider("  control_plane_url = terraform_data.url.output")).unwrap();
        // A data source is read during the plan, when the address is unknown.
        let data = "data \"zenml_organization\" \"x\" {}\n";
        host.write("main.tf", &format!("{url}{data}")).unwrap();
        let failed = host.apply_unsettled().await.unwrap_err();
        for words in ["control_plane_url", "-target", "with data.zenml_organization.x"] {
            assert!(failed.says(words), "missing: {words}\n{failed}");
        }
        assert!(host.addresses().await.unwrap().is_empty());
        host.write("main.tf", &format!("{url}{team}")).unwrap();
        host.apply().await.unwrap();
        assert_eq!(host.addresses().await.unwrap(), ["terraform_data.url", "zenml_team.x"]);
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

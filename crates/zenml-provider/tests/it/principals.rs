//! Principals of all types that grant something to somebody: a team, a user, a service account, an email address.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfkit::Kind;
use tfkit::engine::ImportBy;
use tfkit_test::Action;

use crate::world::{World, engine, stack};

const NEW: &str = "new.person@example.com";

/// A type with a principal.
struct Type {
    address: &'static str,
    /// Everything besides the principal.
    config: Json,
    /// The import id before and after the principal.
    import: (String, &'static str),
    /// Whether a team can be the principal, and somebody who has not accepted an invitation yet.
    takes_teams: bool,
    takes_invited: bool,
    /// Attributes that an import cannot reproduce.
    differs: &'static [&'static str],
}

/// The table. It contains each registered type with a principal.
async fn types(world: &World) -> Vec<Type> {
    let workspace = world.workspace("home").await;
    let project = world.project(workspace, "around").await.to_string();
    let (stack, components) = stack(&world.server(workspace).await).await;
    let (workspace, organization) = (workspace.to_string(), world.organization().to_string());
    let team = world.team("around").await.to_string();
    let component = components["artifact_store"].as_str().unwrap().to_owned();
    let role = |config: Json, role: &str| {
        let mut config = config;
        config["role"] = role.into();
        config
    };
    let home = || json!({ "workspace_id": workspace });
    let types = vec![
        Type {
            address: "zenml_organization_role_assignment.x",
            config: role(json!({}), "Organization Viewer"),
            import: (format!("{organization}/"), "/Organization Viewer"),
            takes_teams: true,
            takes_invited: true,
            differs: &[],
        },
        Type {
            address: "zenml_workspace_role_assignment.x",
            config: role(home(), "Workspace Viewer"),
            import: (format!("{workspace}/"), "/viewer"),
            takes_teams: true,
            takes_invited: true,
            differs: &[],
        },
        Type {
            address: "zenml_project_role_assignment.x",
            config: role(json!({ "workspace_id": workspace, "project_id": project }), "Project Viewer"),
            import: (format!("{workspace}/{project}/"), "/viewer"),
            takes_teams: true,
            takes_invited: true,
            differs: &[],
        },
        Type {
            address: "zenml_stack_role_assignment.x",
            config: role(json!({ "workspace_id": workspace, "stack_id": stack }), "read"),
            import: (format!("{workspace}/{stack}/"), ""),
            takes_teams: true,
            takes_invited: false,
            differs: &["component_ids", "grants"],
        },
        Type {
            address: "zenml_resource_share.x",
            config: json!({ "workspace_id": workspace, "resource_type": "stack_component",
                "resource_id": component, "actions": ["read", "update"] }),
            import: (format!("{workspace}/stack_component/{component}/"), ""),
            takes_teams: true,
            takes_invited: false,
            differs: &[],
        },
        Type {
            address: "zenml_team_membership.x",
            config: json!({ "team_id": team }),
            import: (format!("{team}/"), ""),
            takes_teams: false,
            takes_invited: true,
            differs: &[],
        },
    ];
    let engine = engine();
    let with_principal = |name: &&str| {
        let schema = engine.schema(Kind::Resource, name).unwrap();
        let has = |wanted: &str| schema.attributes.iter().any(|attribute| attribute.name == wanted);
        has("user_id") && has("service_account_id")
    };
    let registered: BTreeSet<&str> =
        engine.names(Kind::Resource).into_iter().filter(with_principal).collect();
    let there = types.iter().map(|one| one.address.split_once('.').unwrap().0).collect();
    assert_eq!(registered, there, "a type with a principal is missing");
    types
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_imported_by_each_form_of_its_principal() {
    let world = World::start().await;
    let team = world.team("holders").await.to_string();
    let user = world.person("bob@example.com").await.id.to_string();
    world.person("ann@example.com").await;
    let account = world.service_account("robot").await.to_string();
    world.invite(NEW).await;
    for Type { address, config, import: (start, end), takes_teams, takes_invited, differs } in
        types(&world).await
    {
        // The attribute, its value, and another spelling of it.
        let mut forms = vec![
            ("user_id", "user", user.as_str(), user.to_uppercase()),
            ("service_account_id", "service_account", &account, account.to_uppercase()),
            ("email", "email", "ann@example.com", "Ann@Example.com".to_owned()),
        ];
        if takes_teams {
            forms.push(("team_id", "team", &team, team.to_uppercase()));
        }
        if takes_invited {
            forms.push(("email", "email", NEW, "New.Person@example.com".to_owned()));
        }
        for (attribute, kind, value, spelled) in forms {
            let what = format!("{address} {attribute} {value}");
            let mut config = config.clone();
            config[attribute] = value.into();
            let mut harness = world.harness().await;
            harness
                .apply(address, config.clone())
                .await
                .unwrap_or_else(|failure| panic!("{what}: {failure}"));
            let state = harness.state(address).unwrap();
            let stored = state.attribute("id").as_str().unwrap().to_owned();
            assert!(stored.contains(&format!("/{kind}/{value}")), "{what}: {stored}");
            let identity = harness.identity(address).unwrap().clone();
            for by in [
                ImportBy::Id(stored),
                ImportBy::Id(format!("{start}{kind}/{value}{end}")),
                ImportBy::Identity(identity),
            ] {
                harness.import_equals_state(address, by, differs).await.unwrap();
            }
            harness.forget(address);
            harness.import(address, ImportBy::Id(format!("{start}{kind}/{spelled}{end}"))).await.unwrap();
            let planned = harness.plan(address, config.clone()).await.unwrap();
            assert_eq!(planned.action, Action::NoOp, "{what}: {:?}", planned.changes());
            harness.destroy(address).await.unwrap();
            assert!(harness.state(address).is_none(), "{what}");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_id_with_another_principal_is_rejected_with_every_form() {
    let world = World::start().await;
    let id = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    for Type { address, import: (start, end), takes_teams, .. } in types(&world).await {
        let mut harness = world.harness().await;
        let group = if takes_teams { format!("group/{id}") } else { format!("team/{id}") };
        for principal in [group.as_str(), "user/ann", "service_account/robot", "email/ann", "email/"] {
            let text = format!("{start}{principal}{end}");
            let failure = harness.import(address, ImportBy::Id(text.clone())).await.unwrap_err();
            assert_eq!(failure.summaries(), [format!("Invalid import id {text:?}")], "{address}");
            let shown = failure.to_string();
            for form in ["user", "service_account", "email"] {
                assert!(shown.contains(&format!("`{form}`")), "{address}: {form} is not in {shown}");
            }
        }
    }
    world.stop().await;
}

//! Principals of all types that grant something to somebody: a team, a user, a service account, an email address.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfkit::Kind;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, call_function};
use zenml_api::IdOrName;
use zenml_api::control::organization::{self, OrganizationCreate};
use zenml_api::control::role::{self, AssignmentQuery, RoleLevel, RoleQuery};
use zenml_api::control::service_account::{self, ApiKeyCreate};
use zenml_api::control::{team, user};

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
    let mut harness = world.harness().await;
    let repository = json!({ "workspace_id": workspace.to_string(), "project_id": project, "name": "code",
        "type": "github", "config": {} });
    harness.apply("zenml_code_repository.r", repository).await.unwrap();
    let repository =
        harness.state("zenml_code_repository.r").unwrap().attribute("id").as_str().unwrap().to_owned();
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
            address: "zenml_resource_share.p",
            config: json!({ "workspace_id": workspace, "project_id": project, "resource_type": "code_repository",
                "resource_id": repository, "actions": ["read"] }),
            import: (format!("{workspace}/{project}/code_repository/{repository}/"), ""),
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
            // The functions know each form, too.
            let type_name = json!(address.split_once('.').unwrap().0);
            let call = |name: &'static str, of: Json| {
                let arguments = [type_name.clone(), of];
                async move { call_function(&engine(), name, &arguments).await.unwrap() }
            };
            let mut parsed = call("parse_import_id", json!(stored)).await;
            assert_eq!(parsed[attribute], value, "{what}: {parsed}");
            parsed.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            assert_eq!(call("import_id", parsed).await, json!(stored), "{what}");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_address_is_rejected_in_the_plan_for_every_type() {
    let world = World::start().await;
    let before = world.platform.census().await.unwrap();
    for Type { address, mut config, .. } in types(&world).await {
        let harness = world.harness().await;
        for malformed in ["ann", "ann@", "@example.com", "a b@example.com", "ann@example", "a@b@c.com"] {
            config["email"] = malformed.into();
            let failure = harness.plan(address, config.clone()).await.expect_err(address);
            assert_eq!(failure.summaries(), [format!("{malformed:?} is not an email address")], "{address}");
            assert_eq!(failure.places()[0].to_string(), "email", "{address}");
            assert!(failure.to_string().contains("Correct the address."), "{address}: {failure}");
        }
    }
    assert_ne!(world.platform.census().await.unwrap(), before, "only the scene was created");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_principal_in_two_spellings_is_reported_in_the_plan_for_every_type() {
    let world = World::start().await;
    world.person("bob@example.com").await;
    let user = world.person("ann@example.com").await.id.to_string();
    let account = world.service_account("robot").await.to_string();
    let member = ("zenml_organization_member.x", json!({ "role": "viewer" }), false);
    let types = types(&world).await.into_iter().map(|one| (one.address, one.config, true));
    for (address, config, takes_accounts) in types.chain([member]) {
        let other = format!("{}.other", address.split_once('.').unwrap().0);
        // Ids have one spelling, and any other is rejected.
        for (attribute, value, spelled, summary) in [
            ("email", "ann@example.com", "Ann@Example.com".to_owned(), "Two resources create the "),
            ("user_id", user.as_str(), user.to_uppercase(), "Attribute \"user_id\" must be the id of a user"),
            (
                "service_account_id",
                account.as_str(),
                account.replace('-', ""),
                "Attribute \"service_account_id\" must be the id of a service account",
            ),
        ] {
            if attribute == "service_account_id" && !takes_accounts {
                continue;
            }
            let with = |value: &str| {
                let mut config = config.clone();
                config[attribute] = value.into();
                config
            };
            let harness = world.harness().await;
            let both = [(address, with(value)), (other.as_str(), with(&spelled))];
            let reported = harness.plan_together(&both).await.unwrap();
            assert_eq!(reported.len(), 1, "{address} {attribute}: {reported:?}");
            assert!(reported[0].summary.starts_with(summary), "{address}: {reported:?}");
            // Two principals are two objects.
            if attribute == "email" {
                let both = [(address, with(value)), (other.as_str(), with("bob@example.com"))];
                assert!(harness.plan_together(&both).await.unwrap().is_empty(), "{address}");
            }
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_principal_that_was_deleted_since_the_plan_is_named_and_nothing_is_granted_for_every_type() {
    let world = World::start().await;
    for Type { address, config, takes_teams, .. } in types(&world).await {
        for attribute in ["team_id", "user_id", "service_account_id", "email"] {
            if attribute == "team_id" && !takes_teams {
                continue;
            }
            let what = format!("{address} {attribute}");
            let person = world.person(&format!("p{}@example.com", uuid::Uuid::new_v4())).await;
            let (name, id) = (person.username.clone(), person.id.to_string());
            let value = match attribute {
                "team_id" => world.team("leaving").await.to_string(),
                "service_account_id" => world.service_account("leaving").await.to_string(),
                "email" => name,
                _ => id,
            };
            let mut config = config.clone();
            config[attribute] = value.clone().into();
            let mut harness = world.harness().await;
            let planned = harness.plan(address, config.clone()).await.unwrap();
            match attribute {
                "team_id" => world.control().call(&team::DELETE, value.parse().unwrap()).await.unwrap(),
                "service_account_id" => {
                    let path = (world.organization(), IdOrName::Id(value.parse().unwrap()));
                    world.control().call(&service_account::DELETE, path).await.unwrap();
                }
                _ => {}
            }
            world.superuser().call(&user::DELETE, person.id).await.unwrap();
            let before = world.platform.census().await.unwrap();
            let failure = harness.apply_planned(address, planned, config, &[]).await.expect_err(&what);
            let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
            assert_eq!(places, [attribute], "{what}: {failure}");
            assert!(failure.to_string().contains(&value), "{what}: {failure}");
            assert!(harness.state(address).is_none(), "{what}");
            assert_eq!(world.platform.census().await.unwrap(), before, "{what}");
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_another_organization_or_level_is_rejected_in_the_plan_for_every_type() {
    let world = World::start().await;
    let team = world.team("holders").await.to_string();
    let create = OrganizationCreate { name: "other".to_owned(), description: None, logo_url: None };
    let other = world.superuser().send(&organization::CREATE, (), (), create).await.unwrap().id;
    let roles = |organization, level: RoleLevel| {
        let query = RoleQuery { level: Some(level), ..RoleQuery::default() };
        world.superuser().list_all(&role::LIST, organization, query)
    };
    let levels = [RoleLevel::Organization, RoleLevel::Workspace, RoleLevel::Project];
    let mut count = 0;
    for Type { address, mut config, .. } in types(&world).await {
        let Some(level) = levels.iter().find(|level| address.contains(&format!("{level}_role_assignment")))
        else {
            continue;
        };
        count += 1;
        config["team_id"] = team.clone().into();
        let harness = world.harness().await;
        let mut named = config.clone();
        config["role"] = Json::Null;
        let foreign = roles(other, level.clone()).await.unwrap()[0].id;
        config["role_id"] = foreign.to_string().into();
        let failure = harness.plan(address, config.clone()).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("The organization has no role {foreign}")], "{address}");
        assert_eq!(failure.places()[0].to_string(), "role_id", "{address}");
        assert!(failure.to_string().contains("Choose a role by its name"), "{address}: {failure}");
        for wrong in levels.iter().filter(|wrong| *wrong != level) {
            let role = roles(world.organization(), wrong.clone()).await.unwrap().swap_remove(0);
            config["role_id"] = role.id.to_string().into();
            let failure = harness.plan(address, config.clone()).await.unwrap_err();
            let summary = format!("The role {} cannot be assigned in ", role.id);
            assert!(failure.summaries()[0].starts_with(&summary), "{address}: {failure}");
            assert_eq!(failure.places()[0].to_string(), "role_id", "{address}");
            let name = role.name.unwrap();
            assert!(failure.to_string().contains(&format!("It is the {wrong} role {name:?}.")), "{failure}");
            named["role"] = name.clone().into();
            let failure = harness.plan(address, named.clone()).await.unwrap_err();
            assert_eq!(failure.summaries(), [format!("There is no {level} role {name:?}")], "{address}");
            assert_eq!(failure.places()[0].to_string(), "role", "{address}");
        }
    }
    assert_eq!(count, 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_takes_something_from_the_own_account_warns_for_every_type() {
    let world = World::start().await;
    let me = world.person("me@example.com").await;
    let admin = world.role("Organization Admin").await;
    let query = AssignmentQuery { user_id: Some(me.id), ..AssignmentQuery::default() };
    world.control().send(&role::ASSIGN, admin, query, ()).await.unwrap();
    let own = world.acting_as("me@example.com");
    let new = ApiKeyCreate { name: "provider".to_owned(), ..ApiKeyCreate::default() };
    let token = own.control_plane().unwrap().send(&user::CREATE_MY_API_KEY, (), (), new).await.unwrap();
    let mut block = world.block();
    block["service_account_key"] = token.key.unwrap().expose().clone().into();
    let id = me.id.to_string();
    let types = types(&world).await.into_iter().map(|one| (one.address, one.config));
    let member = ("zenml_organization_member.x", json!({ "role": "viewer" }));
    for (address, config) in types.chain([member]) {
        for (attribute, value) in [("email", "me@example.com"), ("user_id", &id)] {
            let what = format!("{address} {attribute}");
            let mut config = config.clone();
            config[attribute] = value.into();
            // Nobody can share something with their own account.
            let mut others = world.harness().await;
            others.apply(address, config.clone()).await.unwrap_or_else(|failure| panic!("{what}: {failure}"));
            let mut harness = world.harness_with(block.clone()).await;
            let identity = others.identity(address).unwrap().clone();
            harness.import(address, ImportBy::Identity(identity)).await.unwrap();
            let told = harness.plan_together(&[(address, Json::Null)]).await.unwrap();
            let is_told = told.iter().any(|diag| diag.summary.contains("the account that runs Terraform"));
            assert!(is_told, "{what}: {told:?}");
            if !address.contains("_member.") {
                others.destroy(address).await.unwrap();
            }
        }
    }
    world.stop().await;
}

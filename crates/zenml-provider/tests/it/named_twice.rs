//! Collections in which one object can appear in two spellings, and members with other spellings or who have left.

use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

use tfkit::engine::ImportBy;
use tfkit::schema::Who;
use tfkit::{Kind, Path, Type};
use tfkit_test::Action;
use zenml_api::control::member::{self, MemberRemoval};
use zenml_api::control::team as api;
use zenml_api::control::user::User;
use zenml_api::workspace::{component, stack};
use zenml_api::{TeamId, UserId};
use zenml_client::Api;

use crate::world::{World, engine, types_without, under_each_host};

const T: &str = "zenml_team.t";

/// An identifier without an object.
const NOTHING: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";

fn team(members: &[&str]) -> Json {
    json!({ "name": "alpha", "members": members })
}

async fn leaves(world: &World, person: &User) {
    let removal = MemberRemoval { user_id: person.id };
    world.control().send(&member::REMOVE, world.organization(), removal, ()).await.unwrap();
}

async fn members(world: &World, team: &str) -> Vec<UserId> {
    let team: TeamId = team.parse().unwrap();
    let members = world.control().call(&api::MEMBERS, team).await.unwrap();
    let user = |member| match member {
        api::TeamMember::User(user) => Some(user.id),
        api::TeamMember::Invitation(_) => None,
    };
    members.into_iter().filter_map(user).collect()
}

/// A resource, the message, its attribute, and the spellings in it.
type Case<'a> = ((&'a str, Json), &'a str, &'a str, Vec<&'a str>);

/// Collections of plain names: two spellings are two names.
const OF_NAMES: [(&str, &str); 2] = [("zenml_project", "tags"), ("zenml_workspace", "tags")];

/// Returns whether a value contains a set or a list at any depth.
fn is_collection(ty: &Type) -> bool {
    match ty {
        Type::Set(_) | Type::List(_) => true,
        Type::Map(element) => is_collection(element),
        Type::Object(members) => members.values().any(is_collection),
        _ => false,
    }
}

/// Checks that a table contains each attribute with a collection that the user sets.
fn complete<'a>(table: impl Iterator<Item = (&'a str, &'a str)>) {
    let there: BTreeSet<(&str, &str)> = table
        .map(|(address, place)| (address.split_once('.').unwrap().0, place.split('[').next().unwrap()))
        .chain(OF_NAMES)
        .collect();
    let engine = engine();
    for name in engine.names(Kind::Resource) {
        for attribute in &engine.schema(Kind::Resource, name).unwrap().attributes {
            if attribute.who != Who::Computed && is_collection(&attribute.ty()) {
                assert!(there.contains(&(name, attribute.name)), "{name}.{} is missing", attribute.name);
            }
        }
    }
}

/// Each configuration contains one object twice, and is rejected in the plan with both spellings.
#[tokio::test]
async fn a_collection_with_the_same_object_twice_is_rejected_in_the_plan_for_every_attribute() {
    let world = World::start().await;
    let bob = world.person("bob@example.com").await;
    let bob_id = bob.id.to_string();
    let (upper, bare) = (bob_id.to_uppercase(), bob_id.replace('-', ""));
    let workspace = world.workspace("home").await.to_string();
    let other = NOTHING.replace('0', "1");
    let upper_nothing = NOTHING.to_uppercase();
    let stack = |attribute: &str, value: Json| {
        let mut config = json!({ "workspace_id": workspace, "name": "s",
            "components": { "orchestrator": NOTHING, "artifact_store": other } });
        if attribute == "component_lists" {
            config.as_object_mut().unwrap().remove("components");
        }
        config[attribute] = value;
        ("zenml_stack.x", config)
    };
    let component = |secrets: Json| {
        let config = json!({ "workspace_id": workspace, "name": "c", "type": "orchestrator", "flavor": "local",
            "secrets": secrets });
        ("zenml_stack_component.x", config)
    };
    let role = |attribute: &str, value: Json| {
        let mut config = json!({ "workspace_id": workspace, "stack_id": NOTHING, "team_id": NOTHING });
        config["role"] = if attribute == "actions" { Json::Null } else { json!("read") };
        config[attribute] = value;
        ("zenml_stack_role_assignment.x", config)
    };
    let share = |actions: Json| {
        let config = json!({ "workspace_id": workspace, "resource_type": "secret", "resource_id": NOTHING,
            "team_id": NOTHING, "actions": actions });
        ("zenml_resource_share.x", config)
    };
    let permissions = |permissions: Json| {
        ("zenml_role.x", json!({ "name": "r", "level": "workspace", "permissions": permissions }))
    };
    let twice = "Attribute \"members\" contains a duplicate";
    let one = "are the same person";
    let lists =
        |alerters: Json| json!({ "orchestrator": [NOTHING], "artifact_store": [other], "alerter": alerters });
    let cases: Vec<Case<'_>> = vec![
        ((T, team(&["bob@example.com", &bob_id])), one, "members", vec!["bob@example.com", &bob_id]),
        ((T, team(&["BOB@example.com", &upper])), one, "members", vec!["BOB@example.com", &upper]),
        ((T, team(&["bob@example.com", &bare])), one, "members", vec!["bob@example.com", &bare]),
        ((T, team(&["bob@example.com", "Bob@Example.com"])), twice, "members", vec!["Bob@Example.com"]),
        ((T, team(&[&bob_id, &upper])), twice, "members", vec![&bob_id, &upper]),
        ((T, team(&[&bob_id, &bare])), twice, "members", vec![&bob_id, &bare]),
        (
            stack("components", json!({ "orchestrator": NOTHING, "artifact_store": NOTHING })),
            "is in the stack twice",
            "components[\"orchestrator\"]",
            vec![NOTHING, "components[\"artifact_store\"]"],
        ),
        (
            stack("component_lists", lists(json!([bob_id, bob_id]))),
            "is in the stack twice",
            "component_lists[\"alerter\"][1]",
            vec![&bob_id],
        ),
        (
            stack("component_lists", lists(json!([NOTHING]))),
            "is in the stack twice",
            "component_lists[\"orchestrator\"][0]",
            vec![NOTHING],
        ),
        (
            stack("component_lists", lists(json!([bob_id, upper]))),
            "must be the id of a stack component",
            "component_lists[\"alerter\"][1]",
            vec![&bob_id],
        ),
        (
            stack("secrets", json!([NOTHING, upper_nothing])),
            "must be the id of a secret",
            "secrets",
            vec![NOTHING],
        ),
        (
            component(json!([NOTHING, NOTHING.replace('-', "")])),
            "must be the id of a secret",
            "secrets",
            vec![NOTHING],
        ),
        (
            role("component_ids", json!([NOTHING, upper_nothing])),
            "must be the id of a stack component",
            "component_ids",
            vec![NOTHING],
        ),
        (role("actions", json!(["read", "READ"])), "has an invalid value", "actions", vec!["READ"]),
        (share(json!(["read", "Read"])), "has an invalid value", "actions", vec!["Read"]),
        (
            permissions(json!({ "stack": ["read", "READ"] })),
            "There is no action \"READ\" on stack",
            "permissions",
            vec!["READ"],
        ),
    ];
    complete(cases.iter().map(|((address, _), _, place, _)| (*address, *place)));
    let harness = world.harness().await;
    for ((address, config), summary, place, words) in &cases {
        let failure = harness.plan(address, config.clone()).await.expect_err(&config.to_string());
        let found = failure.errors();
        assert_eq!(found.len(), 1, "{failure}");
        assert!(found[0].summary.contains(summary), "{summary}: {failure}");
        assert!(failure.places()[0].to_string().starts_with(place), "{place}: {failure}");
        for word in words {
            assert!(failure.to_string().contains(word), "{word}: {failure}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_member_who_turns_out_to_be_a_duplicate_is_rejected_before_anything_is_created() {
    let world = World::start().await;
    let bob = world.person("bob@example.com").await;
    let before = world.platform.census().await.unwrap();
    let mut harness = world.harness().await;
    let early = json!({ "name": "alpha", "members": ["bob@example.com", tfkit_test::unknown()] });
    let failure =
        harness.apply_unsettled(T, early, team(&["bob@example.com", &bob.id.to_string()])).await.unwrap_err();
    assert!(failure.to_string().contains("are the same person"), "{failure}");
    assert_eq!(world.platform.census().await.unwrap(), before);
    world.stop().await;
}

#[tokio::test]
async fn a_member_who_is_spelled_differently_neither_leaves_nor_joins() {
    let world = World::start().await;
    let bob = world.person("bob@example.com").await;
    world.person("ann@example.com").await;
    let id = bob.id.to_string();
    let spellings = ["bob@example.com", &id, "BOB@EXAMPLE.COM", &id.to_uppercase(), &id.replace('-', "")];
    let mut harness = world.harness().await;
    for before in spellings {
        harness.apply(T, team(&["ann@example.com", before])).await.unwrap();
        for after in spellings {
            let planned = harness.plan(T, team(&["ann@example.com", after])).await.unwrap();
            assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![]), "{before} to {after}");
        }
        // It is also not a change beside another change.
        let changed = harness.apply(T, team(&[&id])).await.unwrap();
        assert_eq!(changed.told(), ["1 member will leave the team \"alpha\""], "{before}");
        assert!(!format!("{:?}", changed.warnings).contains("bob"), "{before}");
        harness.destroy(T).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_member_who_left_the_organization_is_a_warning_until_the_apply_needs_them() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    world.person("eve@example.com").await;
    let bob = world.person("bob@example.com").await;
    let both = ["ann@example.com", "bob@example.com"];
    let mut harness = world.harness().await;
    harness.apply(T, team(&both)).await.unwrap();
    leaves(&world, &bob).await;
    let gone = "\"bob@example.com\" is no longer in the organization";
    // The next run is another process.
    harness.restart(engine(), world.block()).await.unwrap();

    let planned = harness.plan(T, team(&both)).await.unwrap();
    assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![gone]));
    // Another change of the team succeeds, and the warning stays.
    let described = json!({ "name": "alpha", "description": "now", "members": both });
    let applied = harness.apply(T, described).await.unwrap();
    assert_eq!((applied.action, applied.told()), (Action::Update, vec![gone]));
    // Only an apply that has to change the members requires the person.
    let more = team(&["ann@example.com", "bob@example.com", "eve@example.com"]);
    let failure = harness.plan(T, more).await.unwrap_err();
    assert_eq!(failure.summaries(), [gone]);
    let strict =
        |name: &str, members: &[&str]| json!({ "name": name, "members": members, "invite_unknown": false });
    let failure = harness.plan("zenml_team.new", strict("beta", &both)).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Not members of the organization: \"bob@example.com\""]);
    // A name that was never a member is a mistake, not a departed member.
    let failure =
        harness.plan(T, strict("alpha", &["ann@example.com", "bop@example.com"])).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Not members of the organization: \"bop@example.com\""]);

    let planned = harness.apply(T, team(&["ann@example.com"])).await.unwrap();
    assert!(planned.told().is_empty());
    harness.destroy(T).await.unwrap();
    world.stop().await;
}

/// An import, or an earlier version of the provider, has stored nothing in the private state.
#[tokio::test]
async fn a_member_who_left_is_a_warning_even_if_no_apply_is_remembered() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let bob = world.person("bob@example.com").await;
    let both = ["ann@example.com", "bob@example.com"];
    // With invitations, the plan says that he joins again.
    let team = |members: &[&str]| json!({ "name": "alpha", "members": members, "invite_unknown": false });
    let mut harness = world.harness().await;
    harness.apply(T, team(&both)).await.unwrap();
    leaves(&world, &bob).await;
    harness.restart(engine(), world.block()).await.unwrap();
    let key = ["organization_id", "id"]
        .map(|name| harness.state(T).unwrap().attribute(name).as_str().unwrap().to_owned());
    harness.forget(T);
    harness.import(T, ImportBy::Id(key.join("/"))).await.unwrap();
    let unknown = "Not members of the organization: \"bob@example.com\"";
    let planned = harness.plan(T, team(&both)).await.unwrap();
    // Only invite_unknown itself changes.
    assert_eq!((planned.changes(), planned.told()), (vec!["invite_unknown"], vec![unknown]));
    let described =
        json!({ "name": "alpha", "description": "now", "members": both, "invite_unknown": false });
    let applied = harness.apply(T, described).await.unwrap();
    assert_eq!((applied.action, applied.told()), (Action::Update, vec![unknown]));
    // If members change, the apply requires each of them.
    harness.forget(T);
    harness.import(T, ImportBy::Id(key.join("/"))).await.unwrap();
    let failure = harness.plan(T, team(&["bob@example.com"])).await.unwrap_err();
    assert_eq!(failure.summaries(), [unknown]);
    let planned = harness.plan(T, json!({ "name": "alpha", "members": ["bob@example.com"] })).await.unwrap();
    assert!(planned.told().contains(&"\"bob@example.com\" joins the organization"), "{:?}", planned.told());
    world.stop().await;
}

/// On a control plane that keeps departed members in a team, nothing changes until the configuration does.
#[tokio::test]
async fn a_member_who_is_only_in_the_team_stays_and_can_be_removed() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    world.person("eve@example.com").await;
    let bob = world.person("bob@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, team(&["ann@example.com", "bob@example.com"])).await.unwrap();
    let id = harness.state(T).unwrap().attribute("id").as_str().unwrap().to_owned();
    // The list of the organization's members no longer contains him.
    let everyone =
        world.control().send(&member::LIST, world.organization(), member::MemberQuery::default(), ());
    let others: Vec<Json> = serde_json::to_value(everyone.await.unwrap())
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .filter(|member| member["user"]["id"] != json!(bob.id.to_string()))
        .cloned()
        .collect();
    harness.restart(engine(), world.block()).await.unwrap();
    world.inject(json!({ "rules": [{ "method": "GET", "route": "/organizations/{organization_id}/members",
        "effect": { "status": 200, "body": others } }] }));
    let config = team(&["ann@example.com", "bob@example.com", "eve@example.com"]);
    harness.apply(T, config).await.unwrap();
    assert_eq!(members(&world, &id).await.len(), 3);
    let applied = harness.apply(T, team(&["ann@example.com"])).await.unwrap();
    assert_eq!(applied.told(), ["2 members will leave the team \"alpha\""]);
    assert_eq!(members(&world, &id).await.len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn a_duplicate_or_departed_member_is_reported_under_real_hosts() {
    under_each_host(async |world, host| {
        let bob = world.person("bob@example.com").await;
        world.person("ann@example.com").await;
        let main = |members: &str| {
            format!("resource \"zenml_team\" \"t\" {{\n  name    = \"alpha\"\n  members = [{members}]\n}}\n")
        };
        host.write("main.tf", &main(&format!("\"bob@example.com\", \"{}\"", bob.id))).unwrap();
        let failed = host.plan().await.unwrap_err();
        let both = format!("Error: \"bob@example.com\" and \"{}\" are the same person", bob.id);
        let turned = format!("Error: \"{}\" and \"bob@example.com\" are the same person", bob.id);
        assert!(failed.says(&both) || failed.says(&turned), "{failed}");
        host.write("main.tf", &main("\"ann@example.com\", \"bob@example.com\"")).unwrap();
        host.apply().await.unwrap();
        host.write("main.tf", &main(&format!("\"ann@example.com\", \"{}\"", bob.id))).unwrap();
        assert!(host.plan().await.unwrap().is_empty());
        leaves(&world, &bob).await;
        host.write("main.tf", &main("\"ann@example.com\", \"bob@example.com\"")).unwrap();
        let output = host.run(&["plan", "-no-color"]).await.unwrap();
        assert!(output.says("Warning: \"bob@example.com\" is no longer in the organization"), "{output:?}");
        host.write("main.tf", &main("\"ann@example.com\"")).unwrap();
        assert!(host.plan().await.unwrap().is_empty());
        host.destroy().await.unwrap();
        world.stop().await;
    })
    .await;
}

/// Roles of a departed account do not prevent a destroy, or a run without the account.
#[tokio::test]
async fn every_assignment_of_a_departed_principal_is_reported_at_its_attribute_and_can_be_removed() {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let project = world.project(workspace, "inside").await;
    let server = world.server(workspace).await;
    let stack = stack_of(&server).await;
    let bob = world.person("bob@example.com").await;
    let of = |more: Json| {
        let mut config = json!({ "workspace_id": workspace.to_string(), "user_id": bob.id.to_string() });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let team = world.team("readers").await.to_string();
    let rows = [
        ("zenml_workspace_role_assignment.x", of(json!({ "role": "viewer" }))),
        ("zenml_team_membership.x", json!({ "team_id": team, "user_id": bob.id.to_string() })),
        (
            "zenml_project_role_assignment.x",
            of(json!({ "role": "viewer", "project_id": project.to_string() })),
        ),
        ("zenml_stack_role_assignment.x", of(json!({ "role": "read", "stack_id": stack }))),
        (
            "zenml_resource_share.x",
            of(json!({ "resource_type": "stack", "resource_id": stack, "actions": ["read"] })),
        ),
    ];
    let with_principal = |name: &&str| {
        let engine = engine();
        let schema = engine.schema(Kind::Resource, name).unwrap();
        schema.attributes.iter().any(|attribute| attribute.name == "service_account_id")
    };
    let mut missing = types_without(rows.iter().map(|row| row.0));
    missing.retain(|name| with_principal(&name.as_str()));
    // A key belongs to its account, and a role in the organization makes an account a member of it again.
    assert_eq!(missing, ["zenml_api_key", "zenml_organization_role_assignment"]);
    for (address, config) in rows {
        let is_place = address == "zenml_team_membership.x";
        let mut harness = world.harness().await;
        harness.apply(address, config.clone()).await.unwrap();
        leaves(&world, &bob).await;
        harness.restart(engine(), world.block()).await.unwrap();
        // An assignment that is gone with its account cannot be re-created without it, and the plan reports that. A
        // place in a team is only checked in the apply, because another resource may add the account before.
        let planned = harness.plan(address, config.clone()).await;
        let failure = match planned {
            Ok(planned) if is_place => {
                assert_eq!(planned.action, Action::Create);
                harness.apply_planned(address, planned, config.clone(), &[]).await.unwrap_err()
            }
            planned => planned.unwrap_err(),
        };
        let gone = format!("The user {} is not in the organization", bob.id);
        assert!(is_place || failure.summaries() == [gone.as_str()], "{address}: {failure}");
        assert_eq!(failure.places(), [&Path::root().attr("user_id")], "{address}");
        // An account that leaves after the plan is reported at the same place, and so is a deleted team.
        let mut leaving = vec![("user_id", bob.id.to_string())];
        if !is_place {
            leaving.push(("team_id", world.team("going").await.to_string()));
        }
        for (name, id) in leaving {
            let mut config = config.clone();
            config["user_id"] = Json::Null;
            config[name] = id.clone().into();
            let is_team = name == "team_id";
            if !is_team {
                world.join(bob.id).await;
            }
            let planned = harness.plan(address, config.clone()).await.unwrap();
            if is_team {
                world.control().call(&api::DELETE, id.parse().unwrap()).await.unwrap();
            } else {
                leaves(&world, &bob).await;
            }
            let failure = harness.apply_planned(address, planned, config, &[]).await.unwrap_err();
            assert_eq!(failure.places(), [&Path::root().attr(name)], "{address}: {failure}");
        }
        world.join(bob.id).await;
        harness.apply(address, config).await.unwrap();
        leaves(&world, &bob).await;
        harness.restart(engine(), world.block()).await.unwrap();
        harness.destroy(address).await.unwrap();
        assert!(harness.state(address).is_none(), "{address}");
        world.join(bob.id).await;
    }
    world.stop().await;
}

/// The id of a stack with two components.
async fn stack_of(server: &Api) -> String {
    let mut components = serde_json::Map::new();
    for kind in ["orchestrator", "artifact_store"] {
        let create = json!({ "name": "one", "type": kind, "flavor": "local", "configuration": {} });
        let create = serde_json::from_value(create).unwrap();
        let made = server.send(&component::CREATE, (), (), create).await.unwrap();
        components.insert(kind.to_owned(), json!([made.id]));
    }
    let create = serde_json::from_value(json!({ "name": "both", "components": components })).unwrap();
    server.send(&stack::CREATE, (), (), create).await.unwrap().id.to_string()
}

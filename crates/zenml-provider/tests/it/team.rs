use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::TeamId;
use zenml_api::control::team::{self as api, MemberQuery, TeamCreate, TeamQuery};

use crate::world::{World, under_each_host};

const T: &str = "zenml_team.t";

fn text(state: &Dyn, name: &str) -> String {
    state.attribute(name).as_str().unwrap_or_default().to_owned()
}

fn id(harness: &Harness) -> TeamId {
    text(harness.state(T).unwrap(), "id").parse().unwrap()
}

fn config(members: &[&str]) -> Json {
    json!({ "name": "alpha", "members": members })
}

async fn teams(world: &World) -> usize {
    world.control().list_all(&api::LIST, world.organization(), TeamQuery::default()).await.unwrap().len()
}

#[tokio::test]
async fn a_team_has_exactly_the_members_of_the_configuration() {
    let world = World::start().await;
    for email in ["ann@example.com", "bob@example.com", "eve@example.com"] {
        world.person(email).await;
    }
    let mut harness = world.harness().await;
    harness.apply(T, config(&["ann@example.com", "bob@example.com"])).await.unwrap();
    assert_eq!(world.members_of(id(&harness)).await, ["ann@example.com", "bob@example.com"]);
    let changed = harness.apply(T, config(&["bob@example.com", "eve@example.com"])).await.unwrap();
    assert_eq!(
        (changed.action, changed.told()),
        (Action::Update, vec!["1 member will leave the team \"alpha\""])
    );
    assert_eq!(world.members_of(id(&harness)).await, ["bob@example.com", "eve@example.com"]);
    harness.apply(T, config(&[])).await.unwrap();
    assert!(world.members_of(id(&harness)).await.is_empty());
    harness.destroy(T).await.unwrap();
    assert_eq!(teams(&world).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn omitted_members_are_managed_elsewhere() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, json!({ "name": "alpha" })).await.unwrap();
    world.control().send(&api::ADD_MEMBER, id(&harness), MemberQuery::user(ann.id), ()).await.unwrap();
    let renamed = harness.apply(T, json!({ "name": "beta", "description": "now with one" })).await.unwrap();
    assert_eq!(renamed.action, Action::Update);
    assert_eq!(world.members_of(id(&harness)).await, ["ann@example.com"]);
    world.stop().await;
}

#[tokio::test]
async fn a_member_can_be_spelled_in_any_case_or_by_id() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let bob = world.person("bob@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, config(&["Ann@Example.com", &bob.id.to_string()])).await.unwrap();
    let again = harness.plan(T, config(&["ann@example.com", &bob.id.to_string()])).await.unwrap();
    assert_eq!(again.action, Action::NoOp);
    world.stop().await;
}

#[tokio::test]
async fn when_a_member_cannot_be_added_the_new_team_is_deleted_again() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    world.inject(json!({ "rules": [{ "method": "POST", "route": "/teams/{team_id}/members", "effect": {
        "status": 403, "body": { "detail": ["IllegalOperationError", "not today"] } } }] }));
    let failure = harness.apply(T, config(&["ann@example.com"])).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Cannot add a member to team \"alpha\": the control plane refused it"]);
    assert!(failure.to_string().contains("The new team was deleted again"), "{failure}");
    assert!(harness.state(T).is_none());
    assert_eq!(teams(&world).await, 0);
    world.stop().await;
}

#[tokio::test]
async fn an_incomplete_team_that_cannot_be_deleted_is_completed_by_the_next_apply() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    let refused = json!({ "status": 403, "body": { "detail": ["IllegalOperationError", "not today"] } });
    world.inject(json!({ "rules": [
        { "method": "POST", "route": "/teams/{team_id}/members", "effect": refused },
        { "method": "DELETE", "route": "/teams/{team_id}", "effect": refused },
    ] }));
    let wanted = config(&["ann@example.com"]);
    let made = harness.apply_unsettled(T, wanted.clone(), wanted.clone()).await.unwrap();
    assert_eq!(made.told(), ["Cannot add a member to team \"alpha\": the control plane refused it"]);
    assert!(!harness.is_tainted(T));
    assert_eq!(teams(&world).await, 1);
    world.inject(json!({}));
    let team = id(&harness);
    assert_eq!(harness.apply(T, wanted).await.unwrap().action, Action::Update);
    assert_eq!(world.members_of(team).await, ["ann@example.com"]);
    world.stop().await;
}

#[tokio::test]
async fn an_existing_team_is_not_adopted_but_can_be_imported() {
    let world = World::start().await;
    let create =
        TeamCreate { organization_id: world.organization(), name: "alpha".to_owned(), description: None };
    let existing = world.control().send(&api::CREATE, (), (), create).await.unwrap();
    let mut harness = world.harness().await;
    let failure = harness.apply(T, config(&[])).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Team \"alpha\" already exists"]);
    let import = format!("{}/{}", world.organization(), existing.id);
    assert!(failure.to_string().contains(&format!("terraform import zenml_team.NAME {import}")), "{failure}");
    for text in [import, existing.id.to_string()] {
        harness.import(T, ImportBy::Id(text)).await.unwrap();
        assert_eq!(harness.plan(T, config(&[])).await.unwrap().action, Action::NoOp);
        harness.forget(T);
    }
    world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_the_new_team_is_taken_over() {
    let world = World::start().await;
    world.inject(json!({ "rules": [
        { "method": "POST", "route": "/teams", "nth": 1, "phase": "after_commit", "effect": "drop" },
    ] }));
    let mut harness = world.harness().await;
    harness.apply(T, config(&[])).await.unwrap();
    assert_eq!(teams(&world).await, 1);
    world.stop().await;
}

#[tokio::test]
async fn a_data_source_finds_a_team_by_id_and_by_name() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, config(&["ann@example.com"])).await.unwrap();
    for config in [json!({ "id": id(&harness).to_string() }), json!({ "name": "alpha" })] {
        let found = harness.read_data_source("zenml_team", config).await.unwrap();
        assert_eq!(text(&found, "id"), id(&harness).to_string());
        assert_eq!(found.attribute("members"), &Dyn::set([Dyn::string("ann@example.com")]));
    }
    let failure = harness.read_data_source("zenml_team", json!({ "name": "beta" })).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no team \"beta\""]);
    world.stop().await;
}

#[tokio::test]
async fn a_plan_that_takes_the_own_account_out_of_a_team_warns() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let me = world.control().call(&zenml_api::control::user::ME, ()).await.unwrap().id.to_string();
    let mut harness = world.harness().await;
    harness.apply(T, config(&["ann@example.com", &me])).await.unwrap();
    let mine = "The plan removes the account that runs Terraform from team \"alpha\"";
    let planned = harness.plan(T, config(&["ann@example.com"])).await.unwrap();
    assert_eq!(planned.told(), ["1 member will leave the team \"alpha\"", mine]);
    assert_eq!(harness.plan(T, config(&[&me])).await.unwrap().told().len(), 1);
    let told = harness.destroy(T).await.unwrap();
    assert_eq!(told.iter().map(|diag| diag.summary.as_str()).collect::<Vec<_>>(), [mine]);

    let team = world.team("beta").await.to_string();
    let membership = json!({ "team_id": team, "service_account_id": me });
    harness.apply("zenml_team_membership.m", membership).await.unwrap();
    let told = harness.destroy("zenml_team_membership.m").await.unwrap();
    let mine = format!("The plan removes the account that runs Terraform from team {team}");
    assert_eq!(told.iter().map(|diag| diag.summary.as_str()).collect::<Vec<_>>(), [mine]);
    world.stop().await;
}

#[tokio::test]
async fn the_last_admin_stays_in_the_team_that_administers_the_organization() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    let bob = world.person("bob@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, config(&["ann@example.com"])).await.unwrap();
    let member = "zenml_organization_member.m";
    harness.apply(member, json!({ "email": "ann@example.com" })).await.unwrap();
    let membership = "zenml_team_membership.m";
    let place = json!({ "team_id": id(&harness).to_string(), "email": "ann@example.com" });
    harness.apply(membership, place).await.unwrap();
    // Only this team has the role; the control plane answers as one that would allow everything.
    let team = world.control().call(&api::GET, id(&harness)).await.unwrap();
    let admin = json!({ "id": ann.id, "level": "organization" });
    let held = json!({ "rules": [{ "method": "GET", "route": "/roles/{role_id}/assignments",
        "effect": { "status": 200, "body": [{ "team": team, "role": admin }] } }] });
    world.inject(held.clone());
    for failure in [
        harness.apply(T, config(&[])).await.map(drop).unwrap_err(),
        harness.destroy(T).await.map(drop).unwrap_err(),
        harness.destroy(membership).await.map(drop).unwrap_err(),
        harness.destroy(member).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(failure.summaries(), ["The last Organization Admin cannot be removed"]);
    }
    assert_eq!(world.members_of(id(&harness)).await, ["ann@example.com"]);
    // Another member replaces the last one.
    harness.apply(T, config(&["bob@example.com"])).await.unwrap();
    assert_eq!(world.members_of(id(&harness)).await, ["bob@example.com"]);
    // Who is not an admin can leave.
    harness.destroy(member).await.unwrap();
    world.inject(json!({}));
    assert!(world.roles_of(&ann).await.is_empty());
    assert!(!world.roles_of(&bob).await.is_empty());
    harness.destroy(T).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_team_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        for email in ["ann@example.com", "bob@example.com"] {
            world.person(email).await;
        }
        let before = world.platform.census().await.unwrap();
        let main = |members: &str| {
            format!("resource \"zenml_team\" \"t\" {{\n  name = \"alpha\"\n  members = [{members}]\n}}\n")
        };
        host.write("main.tf", &main("\"ann@example.com\"")).unwrap();
        host.apply().await.unwrap();
        let team = host.attributes(T).await.unwrap()["id"].as_str().unwrap().to_owned();
        host.import_equals_state(T, &team, &[]).await.unwrap();
        host.write("main.tf", &main("\"ann@example.com\", \"bob@example.com\"")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Update));
        let there: TeamId = team.parse().unwrap();
        let bob = world
            .control()
            .call(&zenml_api::control::user::GET, zenml_api::IdOrName::Name("bob@example.com".to_owned()));
        let bob = bob.await.unwrap();
        world.control().send(&api::REMOVE_MEMBER, there, MemberQuery::user(bob.id), ()).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Update));
        assert_eq!(world.members_of(there).await.len(), 2);
        world.control().call(&api::DELETE, there).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(T), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    })
    .await;
}

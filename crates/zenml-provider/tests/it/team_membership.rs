//! One member of a team, and what happens to the others.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::TeamId;
use zenml_api::control::team::{self as api, MemberQuery};

use crate::world::{World, engine};

const M: &str = "zenml_team_membership.m";
const NEW: &str = "new.person@example.com";

fn config(team: TeamId, more: &Json) -> Json {
    let mut config = more.clone();
    config["team_id"] = json!(team.to_string());
    config
}

fn id(harness: &Harness) -> String {
    harness.state(M).unwrap().attribute("id").as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_membership_adds_and_removes_one_member_and_is_imported() {
    let world = World::start().await;
    let (ann, bob) = (world.person("ann@example.com").await, world.person("bob@example.com").await);
    let team = world.team("alpha").await;
    world.control().send(&api::ADD_MEMBER, team, MemberQuery::user(bob.id), ()).await.unwrap();
    let mut harness = world.harness().await;
    for more in [json!({ "email": "Ann@example.com" }), json!({ "user_id": ann.id.to_string() })] {
        let config = config(team, &more);
        assert_eq!(harness.apply(M, config.clone()).await.unwrap().action, Action::Create);
        assert_eq!(world.members_of(team).await, ["ann@example.com", "bob@example.com"]);
        for text in [id(&harness), format!("{}/{}", world.organization(), id(&harness))] {
            harness.import_equals_state(M, ImportBy::Id(text), &["email"]).await.unwrap();
        }
        // Removed outside of Terraform.
        world.control().send(&api::REMOVE_MEMBER, team, MemberQuery::user(ann.id), ()).await.unwrap();
        assert_eq!(harness.apply(M, config.clone()).await.unwrap().action, Action::Create);
        harness.destroy(M).await.unwrap();
        assert_eq!(world.members_of(team).await, ["bob@example.com"]);
    }
    // A member who is there already is a warning.
    let applied = harness.apply(M, config(team, &json!({ "email": "bob@example.com" }))).await.unwrap();
    assert!(applied.told()[0].contains("is already in the team"), "{:?}", applied.told());
    world.stop().await;
}

#[tokio::test]
async fn a_place_stays_through_an_invitation_and_its_acceptance() {
    let world = World::start().await;
    world.invite(NEW).await;
    let team = world.team("alpha").await;
    let mut harness = world.harness().await;
    let wanted = config(team, &json!({ "email": NEW }));
    harness.apply(M, wanted.clone()).await.unwrap();
    assert_eq!(world.members_of(team).await, [format!("({NEW})")]);
    world.stranger(NEW).await;
    world.reply(NEW, true).await;
    harness.restart(engine(), world.block()).await.unwrap();
    assert_eq!(harness.plan(M, wanted.clone()).await.unwrap().action, Action::NoOp);
    harness.destroy(M).await.unwrap();
    assert!(world.members_of(team).await.is_empty());

    // A place whose invitation expired is gone until there is a new invitation.
    let late = config(team, &json!({ "email": "late@example.com" }));
    world.invite("late@example.com").await;
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(M, late.clone()).await.unwrap();
    world.platform.expire_invitations().await.unwrap();
    harness.restart(engine(), world.block()).await.unwrap();
    assert_eq!(harness.plan(M, late.clone()).await.unwrap().action, Action::Create);
    let failure = harness.apply(M, late).await.unwrap_err();
    assert_eq!(
        failure.summaries(),
        ["\"late@example.com\" is neither a member of the organization nor invited"]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_team_that_manages_all_members_shows_whom_it_removes() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    world.person("bob@example.com").await;
    let mut harness = world.harness().await;
    let all = json!({ "name": "alpha", "members": ["ann@example.com"] });
    harness.apply("zenml_team.t", all.clone()).await.unwrap();
    let team = harness.state("zenml_team.t").unwrap().attribute("id").as_str().unwrap().parse().unwrap();
    let one = config(team, &json!({ "email": "bob@example.com" }));
    harness.apply(M, one.clone()).await.unwrap();
    let planned = harness.plan("zenml_team.t", all).await.unwrap();
    assert_eq!(
        (planned.action, planned.told()),
        (Action::Update, vec!["1 member will leave the team \"alpha\""])
    );
    // A team without members leaves them to others.
    harness.apply("zenml_team.t", json!({ "name": "alpha" })).await.unwrap();
    assert_eq!(harness.plan(M, one).await.unwrap().action, Action::NoOp);
    world.stop().await;
}

/// Two configurations manage all members of one team.
#[tokio::test]
async fn of_two_configurations_with_all_members_the_last_apply_wins_and_each_plan_shows_what_it_changes() {
    const T: &str = "zenml_team.t";
    let world = World::start().await;
    world.person("ann@example.com").await;
    world.person("bob@example.com").await;
    let team = |member: &str| json!({ "name": "alpha", "members": [member] });
    let (mut one, mut other) = (world.harness().await, world.harness().await);
    one.apply(T, team("ann@example.com")).await.unwrap();
    other.import(T, ImportBy::Identity(one.identity(T).unwrap().clone())).await.unwrap();
    let id = one.state(T).unwrap().attribute("id").as_str().unwrap().parse().unwrap();
    for _ in 0..2 {
        for (harness, email) in [(&mut other, "bob@example.com"), (&mut one, "ann@example.com")] {
            harness.restart(engine(), world.block()).await.unwrap();
            let planned = harness.plan(T, team(email)).await.unwrap();
            assert_eq!((planned.action, planned.changes()), (Action::Update, vec!["members", "updated"]));
            assert_eq!(planned.told(), ["1 member will leave the team \"alpha\""]);
            harness.apply(T, team(email)).await.unwrap();
            assert_eq!(world.members_of(id).await, [email]);
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_invalid_membership_is_named_at_its_attribute() {
    let world = World::start().await;
    let stranger = world.stranger("stranger@example.com").await;
    let team = world.team("alpha").await;
    let nowhere: TeamId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    for (config, place) in [
        (config(team, &json!({ "email": "nobody@example.com" })), "email"),
        (config(team, &json!({ "user_id": stranger.id.to_string() })), "user_id"),
        (config(nowhere, &json!({ "email": "ann@example.com" })), "team_id"),
        (config(team, &json!({ "email": "ann" })), "email"),
    ] {
        let failure = harness.apply(M, config).await.unwrap_err();
        assert_eq!(failure.places()[0].to_string(), place, "{failure}");
    }
    let failure = harness.plan(M, config(team, &json!({}))).await.unwrap_err();
    assert!(failure.to_string().contains("service_account_id"), "{failure}");
    for id in ["", "x", &format!("{team}/team/{team}"), &format!("{team}/email/ann")] {
        let failure = harness.import(M, ImportBy::Id(id.to_owned())).await.unwrap_err();
        assert!(failure.summaries()[0].starts_with("Invalid import id"), "{failure}");
    }
    world.stop().await;
}

//! Invitations that several resources need: who deletes them, and who leaves them to others.

use serde_json::{Value as Json, json};
use tfkit_test::Harness;
use zenml_api::TeamId;
use zenml_api::control::team::{self as api, MemberQuery};

use crate::world::{World, engine};

const T: &str = "zenml_team.t";
const U: &str = "zenml_team.u";
const M: &str = "zenml_organization_member.m";
const NEW: &str = "new.person@example.com";

fn config(members: &[&str]) -> Json {
    json!({ "name": "alpha", "members": members })
}

fn beta(members: &[&str]) -> Json {
    json!({ "name": "beta", "members": members })
}

fn id(harness: &Harness, address: &str) -> TeamId {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_team_does_not_delete_the_invitation_of_a_member_resource() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    // In one run, as `members = [zenml_organization_member.m.email]`.
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    harness.apply(T, config(&[NEW])).await.unwrap();
    for restarted in [false, true] {
        if restarted {
            harness.restart(engine(), world.block()).await.unwrap();
        }
        harness.apply(T, config(&[])).await.unwrap();
        assert_eq!(world.statuses(NEW).await, ["pending"]);
        harness.apply(T, config(&[NEW])).await.unwrap();
    }
    harness.destroy(T).await.unwrap();
    assert_eq!(world.statuses(NEW).await, ["pending"]);
    harness.destroy(M).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn an_invited_person_moves_between_teams_with_the_invitation() {
    let world = World::start().await;
    for (joins_first_in_plan, joins_first_in_apply) in
        [(true, true), (true, false), (false, true), (false, false)]
    {
        let mut harness = world.harness().await;
        harness.apply(T, config(&[NEW])).await.unwrap();
        harness.apply(U, beta(&[])).await.unwrap();
        let invitation = world.invitations(NEW).await[0].id;
        harness.restart(engine(), world.block()).await.unwrap();
        let early =
            if joins_first_in_plan { Some(harness.plan(U, beta(&[NEW])).await.unwrap()) } else { None };
        let leaves = harness.plan(T, config(&[])).await.unwrap();
        let joins = match early {
            Some(early) => early,
            None => harness.plan(U, beta(&[NEW])).await.unwrap(),
        };
        if joins_first_in_apply {
            harness.apply_planned(U, joins, beta(&[NEW]), &[]).await.unwrap();
            harness.apply_planned(T, leaves, config(&[]), &[]).await.unwrap();
        } else {
            harness.apply_planned(T, leaves, config(&[]), &[]).await.unwrap();
            harness.apply_planned(U, joins, beta(&[NEW]), &[]).await.unwrap();
        }
        let there = world.invitations(NEW).await;
        assert_eq!(
            (there.len(), there[0].id),
            (1, invitation),
            "{joins_first_in_plan} {joins_first_in_apply}"
        );
        assert_eq!(world.members_of(id(&harness, U)).await, [format!("({NEW})")]);
        harness.destroy(T).await.unwrap();
        harness.destroy(U).await.unwrap();
        assert!(world.invitations(NEW).await.is_empty());
    }
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_stays_for_other_resources_of_the_plan() {
    let world = World::start().await;
    let other = world.team("other").await.to_string();
    let wanting = [
        ("zenml_team_membership.m", json!({ "team_id": other, "email": NEW })),
        (M, json!({ "email": NEW })),
    ];
    for (address, config_of_other) in wanting {
        let mut harness = world.harness().await;
        harness.apply(T, config(&[NEW])).await.unwrap();
        let planned = harness.plan(address, config_of_other.clone()).await.unwrap();
        harness.apply(T, config(&[])).await.unwrap();
        assert_eq!(world.statuses(NEW).await, ["pending"], "{address}");
        harness.apply_planned(address, planned, config_of_other, &[]).await.unwrap();
        harness.destroy(address).await.unwrap();
        harness.destroy(T).await.unwrap();
        assert!(world.invitations(NEW).await.is_empty(), "{address}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_team_that_is_destroyed_leaves_the_invitation_to_another_one_of_the_plan() {
    let world = World::start().await;
    let wanted = beta(&[NEW]);
    let mut harness = world.harness().await;
    harness.apply(T, config(&[NEW])).await.unwrap();
    let invitation = world.invitations(NEW).await[0].id;
    harness.restart(engine(), world.block()).await.unwrap();
    let joins = harness.plan(U, wanted.clone()).await.unwrap();
    harness.destroy(T).await.unwrap();
    harness.apply_planned(U, joins, wanted, &[]).await.unwrap();
    assert_eq!(world.invitations(NEW).await[0].id, invitation);
    harness.destroy(U).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_stays_ours_while_another_team_contains_it() {
    let world = World::start().await;
    for destroys in [true, false] {
        let mut harness = world.harness().await;
        harness.apply(T, config(&[NEW])).await.unwrap();
        harness.restart(engine(), world.block()).await.unwrap();
        harness.apply(U, beta(&[NEW])).await.unwrap();
        harness.restart(engine(), world.block()).await.unwrap();
        harness.apply(T, config(&[])).await.unwrap();
        assert_eq!(world.statuses(NEW).await, ["pending"]);
        harness.restart(engine(), world.block()).await.unwrap();
        if destroys {
            harness.destroy(T).await.unwrap();
            harness.destroy(U).await.unwrap();
        } else {
            harness.apply(U, beta(&[])).await.unwrap();
            // The team that has sent it deletes it.
            harness.restart(engine(), world.block()).await.unwrap();
            harness.destroy(T).await.unwrap();
            harness.destroy(U).await.unwrap();
        }
        assert!(world.invitations(NEW).await.is_empty(), "destroys: {destroys}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_update_that_fails_leaves_no_invitation_that_nobody_deletes() {
    let world = World::start().await;
    let failed = json!({ "status": 500, "body": { "detail": ["RuntimeError", "out of order"] } });
    let renamed = beta(&[NEW]);
    for (method, route) in [("PATCH", "/teams/{team_id}"), ("POST", "/teams/{team_id}/members")] {
        let mut harness = world.harness().await;
        harness.apply(T, config(&[])).await.unwrap();
        world.inject(json!({ "rules": [{ "method": method, "route": route, "effect": failed }] }));
        harness.apply(T, renamed.clone()).await.unwrap_err();
        world.inject(json!({}));
        assert!(world.invitations(NEW).await.is_empty(), "{route}");

        // If it cannot be deleted either, a later change does that.
        let delete = "/organizations/{organization_id}/invitations/{invitation_id}";
        world.inject(json!({ "rules": [
            { "method": method, "route": route, "effect": failed },
            { "method": "DELETE", "route": delete, "effect": failed },
        ] }));
        let failure = harness.apply(T, renamed.clone()).await.unwrap_err();
        assert!(failure.to_string().contains("Could not delete: invitation "), "{failure}");
        world.inject(json!({}));
        assert_eq!(world.statuses(NEW).await, ["pending"]);
        harness.restart(engine(), world.block()).await.unwrap();
        harness.apply(T, json!({ "name": "gamma", "members": [] })).await.unwrap();
        assert!(world.invitations(NEW).await.is_empty(), "{route}");
        harness.destroy(T).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_team_whose_name_is_taken_invites_nobody() {
    let world = World::start().await;
    world.team("alpha").await;
    let mut harness = world.harness().await;
    let failure = harness.apply(T, config(&[NEW])).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Team \"alpha\" already exists"]);
    assert!(world.invitations(NEW).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_failed_team_keeps_what_others_use_by_then() {
    let world = World::start().await;
    let stranger = world.stranger("stranger@example.com").await;
    let other = world.team("other").await;
    let mut harness = world.harness().await;
    let wanted = config(&["a@example.com", "b@example.com", "stranger@example.com"]);
    let refused =
        json!({ "status": 402, "body": { "detail": ["SubscriptionUpgradeRequiredError", "3 members"] } });
    let route = "/teams/{team_id}/members";
    world.inject(json!({ "rules": [
        { "method": "POST", "route": route, "nth": 1, "effect": { "latency_ms": 1500 } },
        { "method": "POST", "route": route, "nth": 4, "effect": refused },
    ] }));
    let (failed, ()) = tokio::join!(harness.apply(T, wanted), async {
        // Another process uses both while the team gets its first member.
        while world.find_team("alpha").await.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let invitation = world.invitations("a@example.com").await[0].id;
        for member in [MemberQuery::invitation(invitation), MemberQuery::user(stranger.id)] {
            world.control().send(&api::ADD_MEMBER, other, member, ()).await.unwrap();
        }
    });
    assert!(failed.is_err());
    assert!(world.find_team("alpha").await.is_none());
    assert_eq!(world.members_of(other).await, ["(a@example.com)", "stranger@example.com"]);
    assert_eq!(world.roles_of(&stranger).await, ["Organization Member"]);
    assert!(world.invitations("b@example.com").await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_team_takes_over_the_invitation_of_a_team_that_is_destroyed_in_an_earlier_run() {
    let world = World::start().await;
    let stays = format!("The invitation of {NEW:?} stays");
    for destroys in [true, false] {
        let mut harness = world.harness().await;
        harness.apply(T, config(&[NEW])).await.unwrap();
        harness.restart(engine(), world.block()).await.unwrap();
        harness.apply(U, beta(&[NEW])).await.unwrap();
        // A run that refreshes both.
        harness.restart(engine(), world.block()).await.unwrap();
        harness.refresh(T).await.unwrap();
        harness.refresh(U).await.unwrap();
        if destroys {
            // A team that knows it leaves the invitation to the other one without a message.
            harness.refresh(T).await.unwrap();
        }
        harness.restart(engine(), world.block()).await.unwrap();
        let told = harness.destroy(T).await.unwrap();
        assert_eq!(told.iter().any(|diag| diag.summary == stays), !destroys, "{told:?}");
        assert_eq!(world.statuses(NEW).await, ["pending"]);
        harness.restart(engine(), world.block()).await.unwrap();
        if destroys {
            harness.destroy(U).await.unwrap();
        } else {
            harness.apply(U, beta(&[])).await.unwrap();
        }
        assert!(world.invitations(NEW).await.is_empty(), "destroys: {destroys}");
        if !destroys {
            harness.destroy(U).await.unwrap();
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_member_resource_leaves_an_invitation_that_it_took_over_to_the_team_that_has_sent_it() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(T, config(&[NEW])).await.unwrap();
    let invitation = world.invitations(NEW).await[0].id;
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    harness.restart(engine(), world.block()).await.unwrap();
    harness.destroy(M).await.unwrap();
    assert_eq!(world.invitations(NEW).await[0].id, invitation);
    assert_eq!(harness.plan(T, config(&[NEW])).await.unwrap().action, tfkit_test::Action::NoOp);
    harness.destroy(T).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());

    // Without anybody who needs it, it is deleted, whoever has sent it.
    world.invite(NEW).await;
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    harness.destroy(M).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());

    // An invitation of its own is deleted in any case.
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    harness.apply(T, config(&[NEW])).await.unwrap();
    harness.destroy(M).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());
    world.stop().await;
}

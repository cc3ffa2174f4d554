//! The life of a person in a team: unknown, invited, accepted, member, left.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit_test::{Action, Harness};
use zenml_api::TeamId;
use zenml_api::control::member::{self, MemberQuery as MembersQuery};
use zenml_api::control::role::{self, AssignmentQuery, RoleQuery};
use zenml_api::control::team::{self as api, TeamQuery};

use crate::world::{World, engine, under_each_host};

const T: &str = "zenml_team.t";
const M: &str = "zenml_organization_member.m";
const NEW: &str = "new.person@example.com";

fn config(members: &[&str]) -> Json {
    json!({ "name": "alpha", "members": members })
}

fn id(harness: &Harness, address: &str) -> TeamId {
    harness.state(address).unwrap().attribute("id").as_str().unwrap().parse().unwrap()
}

fn names(state: &Dyn) -> Vec<String> {
    let names = state.attribute("members").as_list().unwrap();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_person_is_invited_accepts_leaves_and_is_not_invited_again() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let both = config(&["ann@example.com", NEW]);
    let mut harness = world.harness().await;
    // Unknown: the plan says whom the apply invites.
    let invited = format!("1 person will be invited to the organization: {NEW:?}");
    let planned = harness.plan(T, both.clone()).await.unwrap();
    assert_eq!(planned.told(), std::slice::from_ref(&invited));
    assert!(world.invitations(NEW).await.is_empty());
    harness.apply(T, both.clone()).await.unwrap();
    let team = id(&harness, T);
    assert_eq!(world.members_of(team).await, [format!("({NEW})"), "ann@example.com".to_owned()]);
    // Invited: nothing to do, in this run and in the next one.
    for _ in 0..2 {
        let planned = harness.plan(T, both.clone()).await.unwrap();
        assert_eq!((planned.action, planned.told().len()), (Action::NoOp, 0));
        harness.restart(engine(), world.block()).await.unwrap();
    }
    // Accepted: the place stays, without a change.
    let person = world.stranger("New.Person@example.com").await;
    world.reply("New.Person@example.com", true).await;
    let planned = harness.plan(T, both.clone()).await.unwrap();
    assert_eq!((planned.action, planned.told().len()), (Action::NoOp, 0));
    assert_eq!(names(harness.state(T).unwrap()), ["ann@example.com", NEW]);
    assert_eq!(world.members_of(team).await, ["New.Person@example.com", "ann@example.com"]);
    assert_eq!(world.roles_of(&person).await, ["Organization Member"]);
    // Left: who was a member is not invited again.
    world.leave(&person).await;
    let planned = harness.plan(T, both.clone()).await.unwrap();
    let gone = format!("{NEW:?} is no longer in the organization");
    assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![gone.as_str()]));
    assert_eq!(world.statuses(NEW).await, ["accepted"]);
    // Removed from the configuration, and added again, the person gets a place again.
    harness.apply(T, config(&["ann@example.com"])).await.unwrap();
    let renamed = json!({ "name": "beta", "members": ["ann@example.com"] });
    harness.apply(T, renamed).await.unwrap();
    let again = json!({ "name": "beta", "members": ["ann@example.com", NEW] });
    harness.apply(T, again).await.unwrap();
    harness.destroy(T).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_that_expired_or_was_deleted_is_renewed_and_a_declined_one_is_not() {
    let world = World::start().await;
    let both = config(&[NEW]);
    let mut harness = world.harness().await;
    harness.apply(T, both.clone()).await.unwrap();
    let team = id(&harness, T);
    let invited = format!("1 person will be invited to the organization: {NEW:?}");

    world.platform.expire_invitations().await.unwrap();
    harness.restart(engine(), world.block()).await.unwrap();
    let renewed = harness.apply(T, both.clone()).await.unwrap();
    assert_eq!((renewed.action, renewed.told()), (Action::Update, vec![invited.as_str()]));
    assert_eq!(world.statuses(NEW).await, ["expired", "pending"]);
    assert_eq!(world.members_of(team).await, [format!("({NEW})")]);

    world.uninvite(NEW).await;
    harness.restart(engine(), world.block()).await.unwrap();
    let renewed = harness.apply(T, both.clone()).await.unwrap();
    assert_eq!((renewed.action, renewed.told()), (Action::Update, vec![invited.as_str()]));
    assert_eq!(world.statuses(NEW).await, ["expired", "pending"]);

    world.stranger(NEW).await;
    world.reply(NEW, false).await;
    harness.restart(engine(), world.block()).await.unwrap();
    let planned = harness.plan(T, both).await.unwrap();
    let declined = format!("{NEW:?} has declined the invitation");
    assert_eq!((planned.action, planned.told()), (Action::NoOp, vec![declined.as_str()]));
    world.stop().await;
}

#[tokio::test]
async fn who_leaves_a_team_keeps_an_invitation_that_something_else_needs() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let alpha = config(&[NEW, "other@example.com"]);
    let beta = json!({ "name": "beta", "members": [NEW] });
    harness.apply(T, alpha).await.unwrap();
    harness.apply("zenml_team.u", beta).await.unwrap();
    let removed = harness.apply(T, config(&[])).await.unwrap();
    assert_eq!(removed.told(), ["2 members will leave the team \"alpha\""]);
    assert!(world.invitations("other@example.com").await.is_empty());
    assert_eq!(world.statuses(NEW).await, ["pending"]);
    // The last team that needs it takes it along.
    harness.destroy("zenml_team.u").await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());

    // An invitation of somebody else stays, and so does one with a role of its own.
    world.invite("foreign@example.com").await;
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(T, config(&["foreign@example.com", "worker@example.com"])).await.unwrap();
    let viewer = RoleQuery { name: Some("Workspace Viewer".to_owned()), ..RoleQuery::default() };
    let viewer = world.control().list_all(&role::LIST, world.organization(), viewer).await.unwrap()[0].id;
    let query = AssignmentQuery {
        invitation_id: Some(world.invitations("worker@example.com").await[0].id),
        workspace_id: Some(world.workspace("space").await),
        ..AssignmentQuery::default()
    };
    world.control().send(&role::ASSIGN, viewer, query, ()).await.unwrap();
    harness.destroy(T).await.unwrap();
    for kept in ["foreign@example.com", "worker@example.com"] {
        assert_eq!(world.statuses(kept).await, ["pending"], "{kept}");
    }
    world.stop().await;
}

#[tokio::test]
async fn an_account_outside_the_organization_joins_it_with_the_configured_role() {
    let world = World::start().await;
    let stranger = world.stranger("stranger@example.com").await;
    let mut harness = world.harness().await;
    let config = json!({ "name": "alpha", "members": ["Stranger@example.com"], "invite_role": "viewer" });
    let applied = harness.apply(T, config.clone()).await.unwrap();
    assert_eq!(applied.told(), ["\"Stranger@example.com\" joins the organization"]);
    assert_eq!(world.roles_of(&stranger).await, ["Organization Viewer"]);
    assert_eq!(world.members_of(id(&harness, T)).await, ["stranger@example.com"]);
    assert!(world.invitations("stranger@example.com").await.is_empty());
    assert_eq!(harness.plan(T, config).await.unwrap().action, Action::NoOp);
    // Another name of the same role is not a change.
    let same =
        json!({ "name": "alpha", "members": ["stranger@example.com"], "invite_role": "Organization Viewer" });
    assert_eq!(harness.plan(T, same).await.unwrap().action, Action::NoOp);
    world.stop().await;
}

#[tokio::test]
async fn a_failed_invitation_or_membership_leaves_nothing_behind() {
    let world = World::start().await;
    world.stranger("stranger@example.com").await;
    let before = world.platform.census().await.unwrap();
    let mut harness = world.harness().await;
    let wanted = config(&["a@example.com", "b@example.com", "stranger@example.com"]);
    let refused =
        json!({ "status": 402, "body": { "detail": ["SubscriptionUpgradeRequiredError", "3 members"] } });
    for (route, nth, summary) in [
        (
            "/organizations/{organization_id}/invitations",
            2,
            "Cannot invite \"b@example.com\" to the organization: a limit of the subscription is reached",
        ),
        (
            "/teams/{team_id}/members",
            3,
            "Cannot add a member to team \"alpha\": a limit of the subscription is reached",
        ),
        ("/teams", 1, "Cannot create team \"alpha\": a limit of the subscription is reached"),
    ] {
        world.inject(
            json!({ "rules": [{ "method": "POST", "route": route, "nth": nth, "effect": refused }] }),
        );
        let failure = harness.apply(T, wanted.clone()).await.unwrap_err();
        assert_eq!(failure.summaries(), [summary]);
        assert!(harness.state(T).is_none());
        assert_eq!(world.platform.census().await.unwrap(), before, "{route}");
    }
    world.inject(json!({}));
    harness.apply(T, wanted).await.unwrap();
    assert_eq!(world.members_of(id(&harness, T)).await.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn after_a_lost_response_nobody_is_invited_twice() {
    let world = World::start().await;
    world.inject(
        json!({ "rules": [{ "method": "POST", "route": "/organizations/{organization_id}/invitations",
        "nth": 1, "phase": "after_commit", "effect": "drop" }] }),
    );
    let mut harness = world.harness().await;
    harness.apply(T, config(&[NEW])).await.unwrap();
    assert_eq!(world.statuses(NEW).await, ["pending"]);
    assert_eq!(world.members_of(id(&harness, T)).await, [format!("({NEW})")]);
    // The invitation is ours.
    harness.destroy(T).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_person_who_joins_or_is_invited_between_plan_and_apply_is_used_as_found() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    for (team, other) in [("zenml_team.a", true), ("zenml_team.b", false)] {
        let email = format!("{}@example.com", team.replace('.', "-"));
        let config = json!({ "name": team, "members": [email] });
        let planned = harness.plan(team, config.clone()).await.unwrap();
        if other {
            world.invite(&email).await;
        } else {
            world.person(&email).await;
        }
        harness.apply_planned(team, planned, config, &[]).await.unwrap();
        assert_eq!(world.invitations(&email).await.len(), usize::from(other));
        assert_eq!(world.members_of(id(&harness, team)).await.len(), 1);
    }
    world.stop().await;
}

#[tokio::test]
async fn an_address_that_cannot_be_invited_is_an_error_at_plan() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    world.stranger("stranger@example.com").await;
    let harness = world.harness().await;
    for unknown in ["nobody@example.com", "stranger@example.com"] {
        let config =
            json!({ "name": "alpha", "members": ["ann@example.com", unknown], "invite_unknown": false });
        let failure = harness.plan(T, config).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Not members of the organization: {unknown:?}")]);
        assert_eq!(failure.places()[0].to_string(), "members");
        assert!(failure.to_string().contains("invite_unknown is false"), "{failure}");
    }
    for malformed in
        ["nobody", "nobody@", "@example.com", "nobody@example", "no body@example.com", "a@b@c.com"]
    {
        let failure = harness.plan(T, config(&[malformed])).await.unwrap_err();
        assert_eq!(failure.summaries(), [format!("Not members of the organization: {malformed:?}")]);
        assert!(failure.to_string().contains("complete email address"), "{failure}");
    }
    let failure = harness.plan(T, config(&[NEW, "New.Person@Example.com"])).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Attribute \"members\" contains a duplicate"]);
    let role = json!({ "name": "alpha", "members": [NEW], "invite_role": "Workspace Admin" });
    let failure = harness.plan(T, role).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no organization role \"Workspace Admin\""]);
    assert_eq!(failure.places()[0].to_string(), "invite_role");
    world.stop().await;
}

#[tokio::test]
async fn a_control_plane_without_the_status_of_an_invitation_is_understood() {
    let world = World::start().await;
    let invitation = world.invite(NEW).await;
    // The documented members of an invitation are its id and its address.
    let bare = json!([{ "id": invitation.id.to_string(), "email": NEW }]);
    world.inject(
        json!({ "rules": [{ "method": "GET", "route": "/organizations/{organization_id}/invitations",
        "effect": { "status": 200, "body": bare } }] }),
    );
    let mut harness = world.harness().await;
    harness.apply(T, config(&[NEW])).await.unwrap();
    world.inject(json!({}));
    assert_eq!(world.statuses(NEW).await, ["pending"]);
    assert_eq!(world.members_of(id(&harness, T)).await, [format!("({NEW})")]);
    world.stop().await;
}

#[tokio::test]
async fn a_team_data_source_separates_invited_people_from_members() {
    let world = World::start().await;
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    harness.apply(T, config(&["ann@example.com", NEW])).await.unwrap();
    let found = harness.read_data_source("zenml_team", json!({ "name": "alpha" })).await.unwrap();
    assert_eq!(found.attribute("members"), &Dyn::set([Dyn::string("ann@example.com")]));
    assert_eq!(found.attribute("invited"), &Dyn::set([Dyn::string(NEW)]));
    world.stop().await;
}

#[tokio::test]
async fn a_person_who_was_invited_before_is_asked_again_and_not_added() {
    let world = World::start().await;
    for (what, address, wants) in [
        ("declined", T, config(&[NEW])),
        ("expired", T, config(&[NEW])),
        ("declined", M, json!({ "email": NEW })),
    ] {
        let world = World::start().await;
        let person = world.stranger(NEW).await;
        world.invite(NEW).await;
        if what == "declined" {
            world.reply(NEW, false).await;
        } else {
            world.platform.expire_invitations().await.unwrap();
        }
        let mut harness = world.harness().await;
        let applied = harness.apply(address, wants).await.unwrap();
        if address == T {
            let invited = format!("1 person will be invited to the organization: {NEW:?}");
            assert_eq!(applied.told(), [invited], "{what}");
        }
        assert_eq!(world.statuses(NEW).await, [what, "pending"], "{address}");
        assert!(world.roles_of(&person).await.is_empty(), "{what}, {address}");
        harness.destroy(address).await.unwrap();
        world.stop().await;
    }
    // Who was a member joins again, and the plan says so.
    let person = world.stranger(NEW).await;
    world.invite(NEW).await;
    world.reply(NEW, true).await;
    world.leave(&person).await;
    let mut harness = world.harness().await;
    let applied = harness.apply(T, config(&[NEW])).await.unwrap();
    assert_eq!(applied.told(), [format!("{NEW:?} joins the organization")]);
    assert_eq!(world.roles_of(&person).await, ["Organization Member"]);
    world.stop().await;
}

#[tokio::test]
async fn a_person_is_invited_and_joins_under_real_hosts() {
    under_each_host(async |world, host| {
        let team = |name: &str| {
            format!(
                "resource \"zenml_team\" \"{name}\" {{\n  name    = \"{name}\"\n  members = [\"{NEW}\"]\n}}\n"
            )
        };
        // Both teams invite the same person at the same time.
        host.write("main.tf", &format!("{}{}", team("alpha"), team("beta"))).unwrap();
        let output = host.run(&["plan", "-no-color"]).await.unwrap();
        assert!(
            output.says(&format!("1 person will be invited to the organization: \"{NEW}\"")),
            "{output:?}"
        );
        host.apply().await.unwrap();
        assert_eq!(world.statuses(NEW).await, ["pending"]);
        assert!(host.plan().await.unwrap().is_empty());
        world.stranger(NEW).await;
        world.reply(NEW, true).await;
        assert!(host.plan().await.unwrap().is_empty());
        // It is no drift either.
        host.run(&["plan", "-refresh-only", "-detailed-exitcode"]).await.unwrap();
        let teams = world.control().list_all(&api::LIST, world.organization(), TeamQuery::default()).await;
        assert_eq!(teams.unwrap().len(), 2);
        host.destroy().await.unwrap();
        // A person who joined stays in the organization.
        let all = world.control().send(&member::LIST, world.organization(), MembersQuery::default(), ());
        let is_there = |member: &member::Member| {
            member.user.as_ref().is_some_and(|user| user.email.as_deref() == Some(NEW))
        };
        assert!(all.await.unwrap().iter().any(is_there));

        // An invited person moves to another team.
        let moved = |alpha: &str, beta: &str| {
            format!(
                "resource \"zenml_team\" \"alpha\" {{\n  name    = \"alpha\"\n  members = [{alpha}]\n}}\n\
                 resource \"zenml_team\" \"beta\" {{\n  name    = \"beta\"\n  members = [{beta}]\n}}\n"
            )
        };
        for (alpha, beta) in [("\"moved@example.com\"", ""), ("", "\"moved@example.com\"")] {
            host.write("main.tf", &moved(alpha, beta)).unwrap();
            host.apply().await.unwrap();
            assert_eq!(world.statuses("moved@example.com").await, ["pending"]);
            assert!(host.plan().await.unwrap().is_empty());
        }
        host.destroy().await.unwrap();
        assert!(world.invitations("moved@example.com").await.is_empty());

        // An invitation that nobody accepted leaves with the teams.
        host.write("main.tf", &format!("{}{}", team("alpha"), team("beta")).replace(NEW, "late@example.com"))
            .unwrap();
        host.apply().await.unwrap();
        host.destroy().await.unwrap();
        assert!(world.invitations("late@example.com").await.is_empty());
        world.stop().await;
    })
    .await;
}

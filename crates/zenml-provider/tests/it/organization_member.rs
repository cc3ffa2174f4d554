//! A person in an organization, from the invitation to the end of the membership.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::invitation::Invitation;
use zenml_api::control::role::{self, AssignmentQuery, ScopeQuery};

use crate::world::{World, engine, under_each_host};

const M: &str = "zenml_organization_member.m";
const NEW: &str = "new.person@example.com";

fn text(harness: &Harness, name: &str) -> String {
    harness.state(M).unwrap().attribute(name).as_str().unwrap_or_default().to_owned()
}

/// Plans in a new run, as another process.
async fn replanned(world: &World, harness: &mut Harness, config: &Json) -> (Action, Vec<String>) {
    harness.restart(engine(), world.block()).await.unwrap();
    harness.refresh(M).await.unwrap();
    let planned = harness.plan(M, config.clone()).await.unwrap();
    (planned.action, planned.told().into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_person_is_invited_becomes_active_and_leaves() {
    let world = World::start().await;
    let config = json!({ "email": "New.Person@example.com", "role": "viewer" });
    let mut harness = world.harness().await;
    harness.apply(M, config.clone()).await.unwrap();
    assert_eq!((text(&harness, "id"), text(&harness, "status")), (NEW.to_owned(), "invited".to_owned()));
    assert_eq!(harness.state(M).unwrap().attribute("user_id"), &Dyn::Null);
    assert_eq!(replanned(&world, &mut harness, &config).await, (Action::NoOp, Vec::new()));
    assert_eq!(world.statuses(NEW).await, ["pending"]);

    let person = world.stranger(NEW).await;
    world.reply(NEW, true).await;
    assert_eq!(replanned(&world, &mut harness, &config).await, (Action::NoOp, Vec::new()));
    assert_eq!(
        (text(&harness, "status"), text(&harness, "user_id")),
        ("active".to_owned(), person.id.to_string())
    );
    assert_eq!(text(&harness, "id"), NEW);
    assert_eq!(text(&harness, "email"), "New.Person@example.com");
    assert_eq!(world.roles_of(&person).await, ["Organization Viewer"]);

    // A changed role is in place.
    let changed = harness.apply(M, json!({ "email": NEW, "role": "manager" })).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    assert_eq!(world.roles_of(&person).await, ["Organization Manager"]);
    harness.destroy(M).await.unwrap();
    assert!(world.roles_of(&person).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn an_expired_invitation_is_shown_and_renewed_by_the_next_apply_only() {
    let world = World::start().await;
    let config = json!({ "email": NEW });
    let mut harness = world.harness().await;
    harness.apply(M, config.clone()).await.unwrap();
    world.platform.expire_invitations().await.unwrap();
    for _ in 0..2 {
        let (action, told) = replanned(&world, &mut harness, &config).await;
        assert_eq!((action, told), (Action::Update, vec![format!("The invitation of {NEW:?} has expired")]));
        assert_eq!(text(&harness, "status"), "expired");
        assert_eq!(world.statuses(NEW).await, ["expired"]);
    }
    harness.apply(M, config.clone()).await.unwrap();
    assert_eq!((text(&harness, "status"), world.statuses(NEW).await.len()), ("invited".to_owned(), 2));

    // A declined invitation is not repeated.
    world.stranger(NEW).await;
    world.reply(NEW, false).await;
    let declined = format!("{NEW:?} has declined the invitation");
    assert_eq!(replanned(&world, &mut harness, &config).await, (Action::NoOp, vec![declined]));
    // Another role sends another invitation. There is an account by now, which is only asked.
    let other = json!({ "email": NEW, "role": "viewer" });
    let applied = harness.apply(M, other).await.unwrap();
    assert_eq!(
        (applied.action, applied.told()),
        (Action::Update, vec![format!("{NEW:?} will be invited again").as_str()])
    );
    assert_eq!(text(&harness, "status"), "invited");
    harness.destroy(M).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn an_invitation_that_was_deleted_and_a_person_who_was_removed_are_created_again() {
    let world = World::start().await;
    let config = json!({ "email": NEW });
    let mut harness = world.harness().await;
    harness.apply(M, config.clone()).await.unwrap();
    world.uninvite(NEW).await;
    harness.restart(engine(), world.block()).await.unwrap();
    assert_eq!(harness.apply(M, config.clone()).await.unwrap().action, Action::Create);
    let person = world.stranger(NEW).await;
    world.reply(NEW, true).await;
    world.leave(&person).await;
    harness.restart(engine(), world.block()).await.unwrap();
    assert_eq!(harness.apply(M, config).await.unwrap().action, Action::Create);
    // The person has an account now, so no invitation is needed.
    assert_eq!(text(&harness, "status"), "active");
    harness.destroy(M).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_changed_role_of_an_invitation_sends_another_one_with_its_teams_and_roles() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    for has_account in [false, true] {
        let email = format!("{}-{NEW}", if has_account { "known" } else { "unknown" });
        if has_account {
            world.stranger(&email).await;
        }
        world.invite(&email).await;
        let mut harness = world.harness().await;
        harness.apply(M, json!({ "email": email })).await.unwrap();
        let (team, role) = ("zenml_team.t", "zenml_workspace_role_assignment.r");
        let members = json!({ "name": email, "members": [email] });
        let viewer = json!({ "workspace_id": workspace.to_string(), "email": email, "role": "viewer" });
        harness.apply(team, members.clone()).await.unwrap();
        harness.apply(role, viewer.clone()).await.unwrap();
        let first = world.invitations(&email).await[0].id;
        let changed = harness.apply(M, json!({ "email": email, "role": "viewer" })).await.unwrap();
        assert_eq!(changed.action, Action::Update);
        assert_eq!(
            changed.told(),
            [format!("The invitation of {email:?} is deleted, and a new one is sent")]
        );
        let invitations = world.invitations(&email).await;
        assert_eq!((invitations.len(), invitations[0].id == first), (1, false));
        assert_eq!(text(&harness, "status"), "invited");
        harness.restart(engine(), world.block()).await.unwrap();
        for (address, config) in [(team, members), (role, viewer)] {
            assert_eq!(harness.plan(address, config).await.unwrap().action, Action::NoOp, "{address}");
        }
        // Another name of the same role is not a change.
        let same = json!({ "email": email, "role": "Organization Viewer" });
        assert_eq!(harness.plan(M, same).await.unwrap().action, Action::NoOp);
        for address in [team, role, M] {
            harness.destroy(address).await.unwrap();
        }
        assert!(world.invitations(&email).await.is_empty());
    }
    world.stop().await;
}

#[tokio::test]
async fn a_person_who_joins_before_a_new_role_is_applied_stays_a_member() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    let viewer = json!({ "email": NEW, "role": "viewer" });
    let planned = harness.plan(M, viewer.clone()).await.unwrap();
    let person = world.stranger(NEW).await;
    world.reply(NEW, true).await;
    harness.apply_planned(M, planned, viewer, &[]).await.unwrap();
    assert_eq!(world.roles_of(&person).await, ["Organization Viewer"]);
    assert_eq!(text(&harness, "status"), "active");
    world.stop().await;
}

#[tokio::test]
async fn a_person_who_declined_is_asked_again_for_another_role_and_not_added() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    let person = world.stranger(NEW).await;
    let role = |name: &str| json!({ "email": NEW, "role": name });
    // The person declines after the plan, and again before the next one.
    let planned = harness.plan(M, role("viewer")).await.unwrap();
    world.reply(NEW, false).await;
    harness.apply_planned(M, planned, role("viewer"), &[]).await.unwrap();
    assert_eq!(world.statuses(NEW).await, ["declined", "pending"]);
    world.reply(NEW, false).await;
    harness.restart(engine(), world.block()).await.unwrap();
    let changed = harness.apply(M, role("manager")).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    assert_eq!(changed.told(), [format!("{NEW:?} will be invited again")]);
    assert_eq!(world.statuses(NEW).await, ["declined", "declined", "pending"]);
    // A new resource asks, too.
    world.reply(NEW, false).await;
    harness.restart(engine(), world.block()).await.unwrap();
    harness.destroy(M).await.unwrap();
    harness.apply(M, role("viewer")).await.unwrap();
    assert_eq!(text(&harness, "status"), "invited");
    assert!(world.roles_of(&person).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_service_account_is_not_a_person() {
    let world = World::start().await;
    let robot = world.service_account("robot").await.to_string();
    let harness = world.harness().await;
    let failure = harness.plan(M, json!({ "user_id": robot })).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("{robot} is a service account")]);
    assert_eq!(failure.places()[0].to_string(), "user_id");
    assert!(failure.to_string().contains("zenml_organization_role_assignment"), "{failure}");
    // The id may be unknown in the plan.
    let mut harness = world.harness().await;
    let (unknown, known) = (json!({ "user_id": tfkit_test::unknown() }), json!({ "user_id": robot }));
    let failure = harness.apply_late(M, unknown, known).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("{robot} is a service account")]);
    let assigned = ScopeQuery::default();
    let member = world.role("Organization Member").await;
    let held = world.control().send(&role::ASSIGNMENTS, member, assigned, ()).await.unwrap();
    let has_role = |one: &role::Assignment| one.user.as_ref().is_some_and(|user| user.username == "robot");
    assert!(!held.iter().any(has_role));
    world.stop().await;
}

#[tokio::test]
async fn a_custom_role_of_the_same_apply_is_for_members_and_invitations() {
    let world = World::start().await;
    let harness = world.harness().await;
    let rows = [
        (M, "role", json!({ "email": NEW, "role": "Auditor" })),
        ("zenml_team.t", "invite_role", json!({ "name": "t", "members": [NEW], "invite_role": "Auditor" })),
    ];
    for (address, attribute, config) in &rows {
        let failure = harness.plan(address, config.clone()).await.unwrap_err();
        assert_eq!(failure.summaries(), ["There is no organization role \"Auditor\""]);
        assert_eq!(failure.places()[0].to_string(), *attribute);
        let reference = format!("{attribute} = zenml_role.NAME.name");
        assert!(failure.to_string().contains(&reference), "{failure}");
    }
    let role = json!({ "name": "Auditor", "level": "organization", "permissions": { "team": ["read"] } });
    harness.plan("zenml_role.r", role).await.unwrap();
    for (address, _, config) in rows {
        harness.plan(address, config).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test]
async fn a_control_plane_without_the_status_of_an_invitation_shows_who_still_waits() {
    let world = World::start().await;
    let waiting = world.invite(NEW).await;
    let left = world.invite("left@example.com").await;
    let bare = |one: &Invitation| json!({ "id": one.id.to_string(), "email": one.email });
    let list = |nth: u64, all: Json| {
        json!({ "method": "GET", "route": "/organizations/{organization_id}/invitations", "nth": nth,
            "effect": { "status": 200, "body": all } })
    };
    let all = json!([bare(&waiting), bare(&left)]);
    world.inject(json!({ "rules": [list(1, all), list(2, json!([bare(&waiting)]))] }));
    let harness = world.harness().await;
    let found = harness.read_data_source("zenml_users", json!({ "status": "invited" })).await.unwrap();
    let Dyn::Map(users) = found.attribute("users") else { panic!("{found:?}") };
    assert_eq!(users.keys().collect::<Vec<_>>(), [NEW]);
    world.stop().await;
}

#[tokio::test]
async fn a_person_who_is_there_already_is_managed_from_now_on() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    world.invite(NEW).await;
    let mut harness = world.harness().await;
    for (config, what) in [
        (json!({ "email": "ann@example.com" }), "is already a member"),
        (json!({ "user_id": ann.id.to_string() }), "is already a member"),
        (json!({ "email": NEW }), "is already invited"),
    ] {
        let applied = harness.apply(M, config).await.unwrap();
        assert!(applied.told()[0].contains(what), "{:?}", applied.told());
        harness.forget(M);
    }
    let failure = harness.apply(M, json!({ "email": NEW, "role": "admin" })).await.unwrap_err();
    assert_eq!(
        failure.summaries(),
        [format!("{NEW:?} is already invited, with the role \"Organization Member\"")]
    );
    // An account outside the organization joins it.
    let stranger = world.stranger("stranger@example.com").await;
    harness.apply(M, json!({ "user_id": stranger.id.to_string(), "role": "viewer" })).await.unwrap();
    assert_eq!(text(&harness, "email"), "stranger@example.com");
    harness.destroy(M).await.unwrap();
    world.stop().await;
}

#[tokio::test]
async fn a_person_is_imported_by_address_and_by_account() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    world.invite(NEW).await;
    let mut harness = world.harness().await;
    let organization = world.organization();
    for id in [
        "ann@example.com".to_owned(),
        "ANN@example.com".to_owned(),
        ann.id.to_string(),
        format!("{organization}/{}", ann.id),
    ] {
        harness.import(M, ImportBy::Id(id)).await.unwrap();
        assert_eq!(text(&harness, "id"), "ann@example.com");
        assert_eq!(
            harness.plan(M, json!({ "email": "ann@example.com" })).await.unwrap().action,
            Action::NoOp
        );
        harness.forget(M);
    }
    harness.import(M, ImportBy::Id(NEW.to_owned())).await.unwrap();
    assert_eq!(text(&harness, "status"), "invited");
    harness.forget(M);
    harness.import(M, ImportBy::Id("nobody@example.com".to_owned())).await.unwrap_err();
    world.stop().await;
}

#[tokio::test]
async fn the_last_admin_stays_and_invalid_input_is_named() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    let admin = world.person("admin@example.com").await;
    let config = json!({ "email": "admin@example.com", "role": "admin" });
    harness.apply(M, config).await.unwrap();
    // All other admins leave; the control plane answers as one that would allow everything.
    let only = json!([{ "user": admin, "role": { "id": admin.id, "level": "organization" } }]);
    world.inject(json!({ "rules": [{ "method": "GET", "route": "/roles/{role_id}/assignments",
        "effect": { "status": 200, "body": only } }] }));
    let failure = harness.destroy(M).await.unwrap_err();
    assert_eq!(failure.summaries(), ["The last Organization Admin cannot be removed"]);
    world.inject(json!({}));
    harness.destroy(M).await.unwrap();

    for (config, summary, place) in [
        (json!({ "email": "ann" }), "\"ann\" is not an email address", "email"),
        (json!({ "email": "a b@example.com" }), "\"a b@example.com\" is not an email address", "email"),
        (
            json!({ "email": NEW, "role": "Workspace Admin" }),
            "There is no organization role \"Workspace Admin\"",
            "role",
        ),
    ] {
        let failure = harness.plan(M, config).await.unwrap_err();
        assert_eq!((failure.summaries()[0], failure.places()[0].to_string().as_str()), (summary, place));
    }
    let nobody = "00000000-0000-4000-8000-000000000001";
    let failure = harness.apply(M, json!({ "user_id": nobody })).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "user_id");
    let both = json!({ "email": NEW, "user_id": admin.id.to_string() });
    let failure = harness.apply(M, both).await.unwrap_err();
    assert_eq!(failure.summaries(), ["Attributes \"email\" and \"user_id\" cannot be set together"]);
    world.stop().await;
}

#[tokio::test]
async fn a_limit_of_the_subscription_is_named_and_a_lost_response_invites_once() {
    let world = World::start().await;
    let route = "/organizations/{organization_id}/invitations";
    let refused =
        json!({ "status": 402, "body": { "detail": ["SubscriptionUpgradeRequiredError", "3 members"] } });
    world.inject(json!({ "rules": [{ "method": "POST", "route": route, "effect": refused }] }));
    let mut harness = world.harness().await;
    let failure = harness.apply(M, json!({ "email": NEW })).await.unwrap_err();
    assert_eq!(
        failure.summaries(),
        [format!("Cannot invite {NEW:?} to the organization: a limit of the subscription is reached")]
    );
    assert_eq!(failure.places()[0].to_string(), "email");
    world.inject(json!({ "rules": [{ "method": "POST", "route": route, "nth": 1, "phase": "after_commit",
        "effect": "drop" }] }));
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    assert_eq!(world.statuses(NEW).await, ["pending"]);
    world.stop().await;
}

#[tokio::test]
async fn invited_people_get_teams_and_roles_in_the_same_apply_under_real_hosts() {
    under_each_host(async |world, host| {
        let workspace = world.workspace("alpha").await;
        let main = format!(
            r#"
resource "zenml_role" "auditor" {{
  name        = "Auditor"
  level       = "organization"
  permissions = {{ team = ["read"] }}
}}

resource "zenml_organization_member" "m" {{
  email = "{NEW}"
  role  = zenml_role.auditor.name
}}

resource "zenml_team" "t" {{
  name    = "alpha"
  members = [zenml_organization_member.m.email, "other@example.com"]

  invite_role = zenml_role.auditor.name
}}

resource "zenml_team" "open" {{
  name = "open"
}}

resource "zenml_team_membership" "m" {{
  team_id = zenml_team.open.id
  email   = zenml_organization_member.m.email
}}

resource "zenml_workspace_role_assignment" "m" {{
  workspace_id = "{workspace}"
  email        = zenml_organization_member.m.email
  role         = "viewer"
}}
"#
        );
        host.write("main.tf", &main).unwrap();
        host.apply().await.unwrap();
        assert!(host.plan().await.unwrap().is_empty());
        world.stranger(NEW).await;
        world.reply(NEW, true).await;
        assert!(host.plan().await.unwrap().is_empty());
        // The role and the places are the person's own now.
        let person = world.acting_as(NEW);
        person
            .workspace(workspace)
            .await
            .unwrap()
            .call(&zenml_api::workspace::current_user::GET, ())
            .await
            .unwrap();
        host.destroy().await.unwrap();
        assert_eq!(world.statuses(NEW).await, ["accepted"]);
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_role_that_the_person_lost_is_granted_again() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    let config = json!({ "email": "ann@example.com", "role": "viewer" });
    harness.apply(M, config.clone()).await.unwrap();
    let viewer = world.role("Organization Viewer").await;
    let of_ann = AssignmentQuery { user_id: Some(ann.id), ..AssignmentQuery::default() };
    world.control().send(&role::REVOKE, viewer, of_ann, ()).await.unwrap();
    harness.restart(engine(), world.block()).await.unwrap();
    let repaired = harness.apply(M, config).await.unwrap();
    assert_eq!(repaired.action, Action::Update);
    // The role that the resource did not grant stays, also if the configuration changes afterwards.
    assert_eq!(world.roles_of(&ann).await, ["Organization Viewer", "Organization Member"]);
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(M, json!({ "email": "ann@example.com", "role": "manager" })).await.unwrap();
    assert_eq!(world.roles_of(&ann).await, ["Organization Manager", "Organization Member"]);
    harness.forget(M);
    // An imported resource manages the role that the import shows.
    harness.import(M, ImportBy::Id("ann@example.com".to_owned())).await.unwrap();
    let imported = text(&harness, "role");
    harness.apply(M, json!({ "email": "ann@example.com", "role": "viewer" })).await.unwrap();
    let left = world.roles_of(&ann).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!left.contains(&imported) && left.contains(&"Organization Viewer".to_owned()), "{left:?}");
    world.stop().await;
}

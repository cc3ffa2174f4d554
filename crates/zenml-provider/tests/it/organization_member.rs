//! A person in an organization, from the invitation to the end of the membership.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness};
use zenml_api::control::role::{self, AssignmentQuery, RoleQuery};

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
async fn a_changed_role_of_an_invitation_replaces_it() {
    let world = World::start().await;
    let mut harness = world.harness().await;
    harness.apply(M, json!({ "email": NEW })).await.unwrap();
    let first = world.invitations(NEW).await[0].id;
    let changed = harness.apply(M, json!({ "email": NEW, "role": "viewer" })).await.unwrap();
    assert_eq!(changed.action, Action::Replace);
    let invitations = world.invitations(NEW).await;
    assert_eq!((invitations.len(), invitations[0].id == first), (1, false));
    // Another name of the same role is not a change.
    let same = json!({ "email": NEW, "role": "Organization Viewer" });
    assert_eq!(harness.plan(M, same).await.unwrap().action, Action::NoOp);
    harness.destroy(M).await.unwrap();
    assert!(world.invitations(NEW).await.is_empty());
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
resource "zenml_organization_member" "m" {{
  email = "{NEW}"
}}

resource "zenml_team" "t" {{
  name    = "alpha"
  members = [zenml_organization_member.m.email]
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
    let query = RoleQuery { name: Some("Organization Viewer".to_owned()), ..RoleQuery::default() };
    let viewer = world.control().list_all(&role::LIST, world.organization(), query).await.unwrap()[0].id;
    let of_ann = AssignmentQuery { user_id: Some(ann.id), ..AssignmentQuery::default() };
    world.control().send(&role::REVOKE, viewer, of_ann, ()).await.unwrap();
    harness.restart(engine(), world.block()).await.unwrap();
    let repaired = harness.apply(M, config).await.unwrap();
    assert_eq!(repaired.action, Action::Update);
    assert_eq!(world.roles_of(&ann).await, ["Organization Viewer"]);
    world.stop().await;
}

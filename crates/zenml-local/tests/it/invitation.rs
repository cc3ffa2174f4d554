//! Invitations, from the first one to the end of a membership.

use std::time::Duration;

use serde_json::{Value, json};
use zenml_local::{Limits, Options};

use crate::support::{Answer, World, text, texts};

const EMAIL: &str = "new.person@example.org";

impl World {
    async fn invite_as(&self, bearer: &str, email: &str, role: &str) -> Answer {
        let body = json!({ "email": email, "role_id": self.role("organization", role).await });
        let call = format!("POST /organizations/{}/invitations", self.organization());
        self.send(Some(bearer), &call, body).await
    }

    async fn invite(&self, email: &str) -> String {
        text(&self.invite_as(&self.key(), email, "Organization Member").await.ok()["id"])
    }

    async fn invitations(&self, query: &str) -> Value {
        let call = format!("GET /organizations/{}/invitations{query}", self.organization());
        self.admin(&call, Value::Null).await.ok()
    }

    async fn reply(&self, bearer: &str, invitation: &str, accept: bool) -> Answer {
        self.send(Some(bearer), &format!("POST /invitations/{invitation}?accept={accept}"), Value::Null).await
    }

    /// The e-mail addresses in a list of members.
    async fn member_emails(&self, path: &str) -> Vec<String> {
        let members = self.admin(&format!("GET {path}"), Value::Null).await.ok();
        let email = |member: &Value| {
            let email = member["user"]["email"].as_str().or_else(|| member["invitation"]["email"].as_str());
            email.map(str::to_owned)
        };
        members.as_array().unwrap().iter().filter_map(email).collect()
    }
}

#[tokio::test]
async fn an_invitation_is_created_listed_read_and_deleted() {
    let world = World::start().await;
    let role = world.role("organization", "Organization Member").await;
    let invitation = world.invite_as(&world.key(), EMAIL, "Organization Member").await.ok();
    let expected = (&json!(EMAIL), &json!("pending"), &json!(role), &json!(world.organization()));
    let found =
        (&invitation["email"], &invitation["status"], &invitation["role_id"], &invitation["organization_id"]);
    assert_eq!(found, expected);
    let id = text(&invitation["id"]);
    for query in ["", "?email=NEW.person@example.org&only_pending=True", "?only_pending=False"] {
        assert_eq!(world.invitations(query).await, json!([invitation]), "{query}");
    }
    assert_eq!(world.invitations("?email=other@example.org").await, json!([]));
    let get = format!("GET /invitations/{id}");
    assert_eq!(world.admin(&get, Value::Null).await.ok(), invitation);
    // The person cannot log in: there is no account yet.
    let refusal = world.login(&format!("username={EMAIL}&password=x")).await.refused(401);
    assert!(refusal.starts_with("CredentialsNotValid: "), "{refusal}");

    let delete = format!("DELETE /organizations/{}/invitations/{id}", world.organization());
    world.admin(&delete, Value::Null).await.ok();
    world.admin(&delete, Value::Null).await.refused(404);
    world.admin(&get, Value::Null).await.refused(404);
    let audit: Vec<_> = world.platform.audit().await.unwrap();
    let of_invitations: Vec<_> = audit
        .iter()
        .filter(|entry| entry.kind == "invitation")
        .map(|entry| (entry.action.as_str(), entry.object_name.as_deref().unwrap_or_default(), entry.status))
        .collect();
    assert_eq!(of_invitations, [("create", EMAIL, 200), ("delete", EMAIL, 200)]);
}

#[tokio::test]
async fn the_roles_and_teams_of_an_invitation_move_to_the_account_that_accepts_it() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let id = world.invite(EMAIL).await;
    let members = format!("/teams/{team}/members");
    let join = format!("POST {members}?invitation_id={id}");
    world.admin(&join, Value::Null).await.ok();
    world.admin(&join, Value::Null).await.refused(409);
    let role = world.role("workspace", "Workspace Viewer").await;
    let grant = format!("POST /roles/{role}/assignments?invitation_id={id}&workspace_id={workspace}");
    let granted = world.admin(&grant, Value::Null).await.ok();
    assert_eq!((&granted["invitation"]["email"], &granted["user"]), (&json!(EMAIL), &Value::Null));
    world.admin(&grant, Value::Null).await.refused(409);
    let pending = world.admin(&format!("GET {members}"), Value::Null).await.ok();
    assert_eq!((texts(&pending, "id"), &pending[0]["username"]), (vec![id.clone()], &Value::Null));

    // The account has the same address in another spelling.
    let person = world.outsider("New.Person@Example.org").await;
    let enter = format!("GET /users/authorize_server?server_id={workspace}");
    world.send(Some(&person.token), &enter, Value::Null).await.refused(404);
    let mine = world.send(Some(&person.token), "GET /invitations", Value::Null).await.ok();
    assert_eq!(texts(&mine, "id"), std::slice::from_ref(&id));
    world.send(Some(&person.token), &format!("GET /invitations/{id}"), Value::Null).await.ok();
    assert_eq!(world.reply(&person.token, &id, true).await.ok(), Value::Null);
    // Repeating a reply whose response was lost is harmless.
    world.reply(&person.token, &id, true).await.ok();
    world.reply(&person.token, &id, false).await.refused(403);

    world.send(Some(&person.token), &enter, Value::Null).await.ok();
    let joined = world.admin(&format!("GET {members}"), Value::Null).await.ok();
    assert_eq!(texts(&joined, "id"), std::slice::from_ref(&person.id));
    let list = format!("GET /roles/{role}/assignments?workspace_id={workspace}");
    let held = world.admin(&list, Value::Null).await.ok();
    assert_eq!((&held[0]["user"]["id"], held[1].is_null()), (&json!(person.id), true));
    assert_eq!(texts(&world.invitations("?only_pending=false").await, "status"), ["accepted"]);
    assert_eq!(world.invitations("").await, json!([]));
    assert_eq!(world.send(Some(&person.token), "GET /invitations", Value::Null).await.ok(), json!([]));

    // Who leaves can be invited again.
    let organization = world.organization();
    let leave = format!("DELETE /organizations/{organization}/members?user_id={}", person.id);
    world.admin(&leave, Value::Null).await.ok();
    world.send(Some(&person.token), &enter, Value::Null).await.refused(404);
    let again = world.invite(EMAIL).await;
    world.reply(&person.token, &again, true).await.ok();
    let statuses = texts(&world.invitations("?only_pending=false").await, "status");
    assert_eq!(statuses, ["accepted", "accepted"]);
}

#[tokio::test]
async fn only_the_invitee_can_reply_and_a_declined_place_is_free() {
    let world = World::start().await;
    let team = world.team("alpha").await;
    let id = world.invite(EMAIL).await;
    world.admin(&format!("POST /teams/{team}/members?invitation_id={id}"), Value::Null).await.ok();
    let stranger = world.outsider("out@example.org").await;
    world.reply(&stranger.token, &id, true).await.refused(404);
    let refusal = world.reply(&world.key(), &id, true).await.refused(403);
    assert!(refusal.contains("Only the invited person"), "{refusal}");

    let person = world.outsider(EMAIL).await;
    world.reply(&person.token, &id, false).await.ok();
    world.reply(&person.token, &id, true).await.refused(403);
    assert_eq!(world.admin(&format!("GET /teams/{team}/members"), Value::Null).await.ok(), json!([]));
    assert_eq!(texts(&world.invitations("?only_pending=false").await, "status"), ["declined"]);
    let add = format!("POST /teams/{team}/members?invitation_id={id}");
    world.admin(&add, Value::Null).await.refused(403);
    // The invitee cannot delete the record.
    let delete = format!("DELETE /organizations/{}/invitations/{id}", world.organization());
    world.send(Some(&person.token), &delete, Value::Null).await.refused(403);
    assert_ne!(world.invite(EMAIL).await, id);
}

#[tokio::test]
async fn an_expired_invitation_gives_nothing_until_a_new_one_takes_over_its_places() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let id = world.invite(EMAIL).await;
    let role = world.role("workspace", "Workspace Viewer").await;
    let add = |id: &str| format!("POST /teams/{team}/members?invitation_id={id}");
    let grant =
        |id: &str| format!("POST /roles/{role}/assignments?invitation_id={id}&workspace_id={workspace}");
    world.admin(&add(&id), Value::Null).await.ok();
    world.admin(&grant(&id), Value::Null).await.ok();
    let person = world.outsider(EMAIL).await;
    world.platform.expire_invitations().await.unwrap();

    let refusal = world.reply(&person.token, &id, true).await.refused(403);
    assert!(refusal.contains("expired"), "{refusal}");
    assert_eq!(world.send(Some(&person.token), "GET /invitations", Value::Null).await.ok(), json!([]));
    assert_eq!(world.invitations("").await, json!([]));
    let members = format!("/organizations/{}/members", world.organization());
    assert!(!world.member_emails(&members).await.contains(&EMAIL.to_owned()));
    let other = world.team("beta").await;
    let late = format!("POST /teams/{other}/members?invitation_id={id}");
    world.admin(&late, Value::Null).await.refused(403);
    // The places are still visible, with the reason why they give nothing.
    let waiting = world.admin(&format!("GET /teams/{team}/members"), Value::Null).await.ok();
    assert_eq!(texts(&waiting, "status"), ["expired"]);

    let again = world.invite(EMAIL).await;
    assert_eq!(texts(&world.invitations("?only_pending=false").await, "status"), ["expired", "pending"]);
    world.admin(&add(&again), Value::Null).await.refused(409);
    world.admin(&grant(&again), Value::Null).await.refused(409);
    world.reply(&person.token, &again, true).await.ok();
    world.send(Some(&person.token), &format!("GET /teams/{team}/members"), Value::Null).await.ok();
}

#[tokio::test]
async fn an_invitation_that_cannot_be_is_rejected_with_the_reason() {
    let world = World::start().await;
    world.member("ada@example.org", "Organization Member").await;
    let organization = world.organization();
    let call = format!("POST /organizations/{organization}/invitations");
    let role = world.role("organization", "Organization Member").await;
    for email in ["", "ann", "ann@example", "ann@@example.org", "a b@example.org"] {
        let answer = world.admin(&call, json!({ "email": email, "role_id": role })).await;
        assert_eq!(answer.status.as_u16(), 422, "{email}");
        assert_eq!(answer.body["detail"][0]["loc"], json!(["body", "email"]));
    }
    for email in ["ada@example.org", "ADA@example.org"] {
        let refusal = world.admin(&call, json!({ "email": email, "role_id": role })).await.refused(409);
        assert!(refusal.contains("already a member"), "{refusal}");
    }
    world.invite(EMAIL).await;
    let again = json!({ "email": EMAIL.to_uppercase(), "role_id": role });
    let refusal = world.admin(&call, again).await.refused(409);
    assert!(refusal.contains("pending"), "{refusal}");

    let superuser = world.superuser().await;
    let other = world.send(Some(&superuser), "POST /organizations", json!({ "name": "other" })).await.ok();
    let elsewhere = format!("/organizations/{}", text(&other["id"]));
    let foreign = world.send(Some(&superuser), &format!("GET {elsewhere}/roles"), Value::Null).await.ok();
    for wrong in [
        world.role("workspace", "Workspace Viewer").await,
        text(&foreign[0]["id"]),
        "00000000-0000-4000-8000-000000000001".to_owned(),
    ] {
        let answer = world.admin(&call, json!({ "email": "x@example.org", "role_id": wrong })).await;
        assert!(answer.refused(403).contains("organization-level role"));
    }
    // An invitation of one organization is unknown in another.
    let id = text(&world.invitations("").await[0]["id"]);
    let delete = format!("DELETE {elsewhere}/invitations/{id}");
    world.send(Some(&superuser), &delete, Value::Null).await.refused(404);
    let body = json!({ "name": "theirs", "organization_id": other["id"] });
    let team = text(&world.send(Some(&superuser), "POST /teams", body).await.ok()["id"]);
    let add = format!("POST /teams/{team}/members?invitation_id={id}");
    let refusal = world.send(Some(&superuser), &add, Value::Null).await.refused(403);
    assert!(refusal.contains("no pending invitation"), "{refusal}");
}

#[tokio::test]
async fn who_may_not_assign_roles_can_only_invite_plain_members() {
    let world = World::start().await;
    let manager = world.member("max@example.org", "Organization Manager").await;
    let refusal = world.invite_as(&manager.token, EMAIL, "Organization Admin").await.refused(403);
    assert!(refusal.contains("requires permission to assign it"), "{refusal}");
    world.invite_as(&manager.token, EMAIL, "Organization Member").await.ok();
}

#[tokio::test]
async fn a_person_of_a_trusted_domain_joins_at_the_next_login() {
    let world = World::start().await;
    let change = format!("PATCH /organizations/{}", world.organization());
    let trust = |domains: Value| json!({ "trusted_domains": domains });
    let refusal = world.admin(&change, trust(json!(["example.org"]))).await.refused(403);
    assert!(refusal.contains("platform administrators"), "{refusal}");
    let superuser = world.superuser().await;
    world.send(Some(&superuser), &change, trust(json!(["not a domain"]))).await.refused(400);
    let changed = world.send(Some(&superuser), &change, trust(json!(["Example.ORG", "b.co"]))).await.ok();
    assert_eq!(changed["trusted_domains"], json!(["b.co", "example.org"]));
    let changed = world.send(Some(&superuser), &change, json!({ "description": "x" })).await.ok();
    assert_eq!(changed["trusted_domains"], json!(["b.co", "example.org"]));

    let id = world.invite("Ada@Example.org").await;
    world.invite("bob@elsewhere.org").await;
    let (ada, bob) = (world.outsider("ada@example.org").await, world.outsider("bob@elsewhere.org").await);
    let get = format!("GET /organizations/{}", world.organization());
    world.send(Some(&ada.token), &get, Value::Null).await.ok();
    world.send(Some(&bob.token), &get, Value::Null).await.refused(404);
    let invitation = world.admin(&format!("GET /invitations/{id}"), Value::Null).await.ok();
    assert_eq!(invitation["status"], "accepted");
    let audit = world.platform.audit().await.unwrap();
    let joined = audit.iter().find(|entry| entry.kind == "invitation" && entry.action == "update").unwrap();
    assert!(joined.detail.as_deref().unwrap().contains("its domain is trusted"), "{joined}");
}

#[tokio::test]
async fn pending_invitations_are_members_unless_they_are_switched_off() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let id = world.invite(EMAIL).await;
    let members = format!("/organizations/{}/members", world.organization());
    let waits = async |path: String| world.member_emails(&path).await.contains(&EMAIL.to_owned());
    assert!(waits(members.clone()).await);
    assert!(waits(format!("{members}?include_users=False")).await);
    assert!(!waits(format!("{members}?include_invitations=False")).await);
    let list = world.admin(&format!("GET {members}"), Value::Null).await.ok();
    let waiting = list.as_array().unwrap().iter().find(|member| !member["invitation"].is_null()).unwrap();
    let role = world.role("organization", "Organization Member").await;
    let expected = json!([{ "role_id": role, "level": "organization", "via_team": false }]);
    assert_eq!(waiting["roles"], expected);

    let of_workspace = format!("/workspaces/{workspace}/members");
    assert!(!waits(of_workspace.clone()).await);
    world.admin(&format!("POST /teams/{team}/members?invitation_id={id}"), Value::Null).await.ok();
    let viewer = world.role("workspace", "Workspace Viewer").await;
    let grant = format!("POST /roles/{viewer}/assignments?team_id={team}&workspace_id={workspace}");
    world.admin(&grant, Value::Null).await.ok();
    assert!(waits(of_workspace).await);
}

#[tokio::test]
async fn deleting_a_pending_invitation_removes_its_places() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let id = world.invite(EMAIL).await;
    world.admin(&format!("POST /teams/{team}/members?invitation_id={id}"), Value::Null).await.ok();
    let role = world.role("workspace", "Workspace Viewer").await;
    let scope = format!("/roles/{role}/assignments?invitation_id={id}&workspace_id={workspace}");
    world.admin(&format!("POST {scope}"), Value::Null).await.ok();
    let before = world.platform.census().await.unwrap();
    let delete = format!("DELETE /organizations/{}/invitations/{id}", world.organization());
    world.admin(&delete, Value::Null).await.ok();
    let after = world.platform.census().await.unwrap();
    for table in ["invitation", "team_member", "assignment"] {
        assert_eq!(after[table], before[table] - 1, "{table}");
    }
    world.admin(&format!("DELETE {scope}"), Value::Null).await.refused(404);
}

#[tokio::test]
async fn a_subscription_limits_the_number_of_members() {
    // The first user, one member, and one invitation.
    let world = World::with(Options {
        limits: Limits { members: Some(3), ..Limits::default() },
        ..Options::default()
    })
    .await;
    let person = world.member("ada@example.org", "Organization Member").await;
    world.invite(EMAIL).await;
    let answer = world.invite_as(&world.key(), "more@example.org", "Organization Member").await;
    let refusal = answer.refused(402);
    assert!(refusal.starts_with("SubscriptionUpgradeRequiredError: "), "{refusal}");
    let outsider = world.outsider("out@example.org").await;
    let role = world.role("organization", "Organization Viewer").await;
    let grant = |id: &str| format!("POST /roles/{role}/assignments?user_id={id}");
    world.admin(&grant(&outsider.id), Value::Null).await.refused(402);
    // A member may get more roles, and an invitation that was counted may be accepted.
    world.admin(&grant(&person.id), Value::Null).await.ok();
    let invited = world.outsider(EMAIL).await;
    let id = text(&world.invitations("").await[0]["id"]);
    world.reply(&invited.token, &id, true).await.ok();
    let members = format!("/organizations/{}/members", world.organization());
    world.admin(&format!("DELETE {members}?user_id={}", person.id), Value::Null).await.ok();
    world.invite("more@example.org").await;
}

#[tokio::test]
async fn the_lifetime_of_an_invitation_is_an_option() {
    let options = Options { invitation_lifetime: Duration::ZERO, ..Options::default() };
    let world = World::with(options).await;
    world.invite(EMAIL).await;
    assert_eq!(texts(&world.invitations("?only_pending=false").await, "status"), ["expired"]);
}

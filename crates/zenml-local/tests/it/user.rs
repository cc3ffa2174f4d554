//! Users, and who can find whom.

use serde_json::{Value, json};

use crate::support::{PASSWORD, World, text, texts};

#[tokio::test]
async fn a_local_user_whose_username_is_an_email_address_is_found_by_it() {
    let world = World::start().await;
    let person = world.member("Ada@example.org", "Organization Member").await;
    let found = world.admin("GET /users?email=ada@example.org", Value::Null).await.ok();
    assert_eq!(
        (texts(&found, "id"), texts(&found, "email")),
        (vec![person.id.clone()], vec!["Ada@example.org".into()])
    );
    for which in ["ada@example.org", person.id.as_str()] {
        let user = world.admin(&format!("GET /users/{which}"), Value::Null).await.ok();
        assert_eq!((text(&user["id"]), &user["password"]), (person.id.clone(), &Value::Null));
    }
    let me = world.send(Some(&person.token), "GET /users/me", Value::Null).await.ok();
    assert_eq!((text(&me["id"]), &me["is_superuser"]), (person.id, &json!(false)));
}

#[tokio::test]
async fn users_see_their_organizations_and_those_who_add_members_find_anyone_by_email() {
    let world = World::start().await;
    let member = world.member("in@example.org", "Organization Member").await;
    let outsider = world.outsider("out@example.org").await;
    let find = |email: &str| format!("GET /users?email={email}");
    for (who, email, found) in [
        (&member.token, "in@example.org", true),
        (&member.token, "out@example.org", false),
        (&outsider.token, "in@example.org", false),
        (&outsider.token, "out@example.org", true),
        (&world.key(), "out@example.org", true),
    ] {
        let users = world.send(Some(who), &find(email), Value::Null).await.ok();
        assert_eq!(texts(&users, "email").contains(&email.to_owned()), found, "{email}");
    }
    // A list is not a search: even an organization admin sees only its members in it.
    let all = world.admin("GET /users", Value::Null).await.ok();
    assert!(!texts(&all, "username").contains(&"out@example.org".to_owned()));
    world.send(Some(&member.token), &format!("GET /users/{}", outsider.id), Value::Null).await.refused(404);
}

#[tokio::test]
async fn only_platform_administrators_create_update_and_delete_users() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Admin").await;
    let create = "POST /users?username=eve&password=x";
    world.admin(create, Value::Null).await.refused(403);
    world.send(Some(&person.token), create, Value::Null).await.refused(403);
    let me = format!("/users/{}", person.id);
    world
        .send(Some(&person.token), &format!("PATCH {me}"), json!({ "is_superuser": true }))
        .await
        .refused(403);
    world.send(Some(&person.token), "PATCH /users/me", json!({ "is_superuser": true })).await.refused(403);
    world.send(Some(&person.token), &format!("DELETE {me}"), Value::Null).await.refused(403);

    let superuser = world.superuser().await;
    let refusal =
        world.send(Some(&superuser), "POST /users?username=ada@example.org&password=x", Value::Null).await;
    assert!(refusal.refused(409).contains("username"));
    assert!(
        world
            .send(Some(&superuser), "POST /users?username=eve", Value::Null)
            .await
            .refused(400)
            .contains("password")
    );
    let wrong = world.send(Some(&superuser), "POST /users?username=e+ve&password=x", Value::Null).await;
    assert_eq!(wrong.status.as_u16(), 422);
    world.send(Some(&superuser), &format!("DELETE {me}"), Value::Null).await.ok();
    world.send(Some(&person.token), "GET /users/me", Value::Null).await.refused(401);
}

#[tokio::test]
async fn users_can_change_their_own_profile_and_password() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let change = json!({
        "name": "Ada", "company": "Analytical", "metadata": { "a": 1 }, "password": "new one",
        "old_password": PASSWORD,
    });
    let me = world.send(Some(&person.token), "PATCH /users/me", change).await.ok();
    assert_eq!(
        (&me["name"], &me["metadata"], &me["password_expired"]),
        (&json!("Ada"), &json!({ "a": 1 }), &json!(false))
    );
    let session = world.session("ada@example.org", "new one").await;
    let old = format!("username=ada@example.org&password={}", PASSWORD.replace(' ', "+"));
    world.login(&old).await.refused(401);
    let me = world.send(Some(&session), "PATCH /users/me", json!({ "name": null })).await.ok();
    assert_eq!((&me["name"], &me["company"]), (&Value::Null, &json!("Analytical")));
}

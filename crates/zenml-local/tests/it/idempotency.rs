//! Requests that are sent twice.

use serde_json::{Value, json};

use crate::support::{World, text, texts};

const KEY: &str = "00000000-0000-4000-8000-000000000001";

#[tokio::test]
async fn a_repeated_request_gets_the_same_response_and_runs_once() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let projects = format!("/w/{workspace}/api/v1/projects");
    let create = format!("POST {projects}");
    let post = async |who: &str, key: &str, name: &str| {
        world.send_once(Some(who), Some(key), &create, json!({ "name": name })).await
    };
    let admin = world.key();
    let first = post(&admin, KEY, "one").await.ok();
    let before = world.platform.audit().await.unwrap().len();
    assert_eq!(post(&admin, KEY, "one").await.ok(), first);
    assert_eq!(
        world.platform.audit().await.unwrap().len(),
        before,
        "nothing was changed, so nothing is recorded"
    );
    // A key belongs to one request; without a key, a request runs each time.
    assert!(post(&admin, KEY, "other").await.refused(422).contains("idempotency key"));
    let other = format!("{create}?x=1");
    world.send_once(Some(&admin), Some(KEY), &other, json!({ "name": "one" })).await.refused(422);
    world.admin(&create, json!({ "name": "one" })).await.refused(409);

    let listed = world.admin(&format!("GET {projects}"), Value::Null).await.ok();
    assert_eq!(texts(&listed["items"], "name"), ["one"]);

    // The same key of another account is a different key.
    let other = world.member("ada@example.org", "Organization Admin").await;
    let session =
        world.send(Some(&other.token), &format!("POST /w/{workspace}/api/v1/login"), Value::Null).await;
    let session = text(&session.ok()["access_token"]);
    assert_eq!(post(&session, KEY, "two").await.ok()["name"], "two");
}

#[tokio::test]
async fn a_rejection_is_not_stored_for_its_idempotency_key() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let create = format!("POST /w/{workspace}/api/v1/projects");
    let admin = world.key();
    let post =
        async |name: &str| world.send_once(Some(&admin), Some(KEY), &create, json!({ "name": name })).await;
    assert_eq!(post("Not A Name").await.status.as_u16(), 422);
    assert_eq!(post("name").await.ok()["name"], "name");
}

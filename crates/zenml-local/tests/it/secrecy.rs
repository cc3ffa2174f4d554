//! Secrets that must not be in the files of a platform.

use serde_json::json;
use zenml_local::{Database, Options};

use crate::support::{PASSWORD, World, text};

#[tokio::test]
async fn no_key_password_or_secret_is_in_the_database_files_in_plain_text() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::File(directory.path().join("platform.db"));
    let world = World::with(Options { database, ..Options::default() }).await;
    let admin = world.platform.admin().unwrap().clone();
    world.outsider("ada@example.org").await;
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    world.admin(&format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
    let key = world.admin(&format!("POST {accounts}/robot/api_keys"), json!({ "name": "ci" })).await.ok();
    let enrolled = world.admin("POST /workspaces?enroll=true", json!({ "name": "far" })).await.ok();
    let mut needles =
        vec![world.key(), text(&key["key"]), admin.password.into_exposed(), PASSWORD.to_owned()];
    needles.push(text(&enrolled["enrollment_key"]));
    // The secret in a key, which its base64 encoding hides from a search.
    for key in [world.key(), text(&key["key"])] {
        use base64::Engine as _;
        let json = base64::engine::general_purpose::STANDARD.decode(&key["ZENPROKEY_".len()..]).unwrap();
        let parts: serde_json::Value = serde_json::from_slice(&json).unwrap();
        needles.push(text(&parts["key"]));
    }
    let workspace = world.workspace("space").await;
    let api = format!("/w/{workspace}/api/v1");
    let secret = json!({ "name": "s", "values": { "password": "needle-in-a-secret" } });
    let once = Some("00000000-0000-4000-8000-000000000001");
    world.send_once(Some(&world.key()), once, &format!("POST {api}/secrets"), secret).await.ok();
    let connector = json!({
        "name": "c", "connector_type": "aws", "auth_method": "secret-key", "resource_types": ["s3-bucket"],
        "configuration": { "aws_access_key_id": "needle-in-an-id", "aws_secret_access_key": "needle-in-a-connector",
            "region": "eu-west-1" },
    });
    let once = Some("00000000-0000-4000-8000-000000000002");
    world
        .send_once(Some(&world.key()), once, &format!("POST {api}/service_connectors"), connector)
        .await
        .ok();
    needles.extend(["needle-in-a-secret", "needle-in-an-id", "needle-in-a-connector"].map(str::to_owned));
    let session = world.superuser().await;
    needles.push(session);
    world.platform.stop().await;

    let mut searched = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        searched += bytes.len();
        for needle in &needles {
            let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
            assert!(!found, "{} contains a credential in plain text", path.display());
        }
    }
    assert!(searched > 10_000, "the database is among the files");
}

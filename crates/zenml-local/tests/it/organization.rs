//! The last organization of a platform.

use serde_json::{Value, json};
use zenml_local::{Database, Options};

use crate::support::{World, text};

#[tokio::test]
async fn the_last_organization_cannot_be_deleted_and_the_database_still_starts() {
    let directory = tempfile::tempdir().unwrap();
    let options =
        || Options { database: Database::File(directory.path().join("platform.db")), ..Options::default() };
    let world = World::with(options()).await;
    let superuser = world.superuser().await;
    let first = world.organization();
    for identity in [&superuser, &world.key()] {
        let why = world
            .send(Some(identity), &format!("DELETE /organizations/{first}"), Value::Null)
            .await
            .refused(409);
        assert!(why.contains("This is the last organization"), "{why}");
    }
    let trail = world.platform.audit().await.unwrap();
    assert_eq!(trail.last().unwrap().status, 409, "the attempt is recorded");

    // With another one, the first can be deleted by its own service account, and the other is then the last one.
    let second = world.send(Some(&superuser), "POST /organizations", json!({ "name": "second" })).await.ok();
    let second = text(&second["id"]);
    let (one, other) = (format!("DELETE /organizations/{first}"), format!("DELETE /organizations/{second}"));
    let (one, other) = tokio::join!(
        world.send(Some(&superuser), &one, Value::Null),
        world.send(Some(&superuser), &other, Value::Null)
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "two concurrent deletions leave one");
    world.platform.stop().await;
    let world = World::with(options()).await;
    let left = world.send(Some(&superuser), "GET /organizations", Value::Null).await.ok();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["id"], world.organization());
    world.platform.stop().await;
}

#[tokio::test]
async fn a_database_without_an_organization_gets_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("platform.db");
    let options = || Options {
        database: Database::File(database.clone()),
        organization: "new".into(),
        ..Options::default()
    };
    let world = World::with(options()).await;
    let superuser = world.superuser().await;
    world.platform.stop().await;
    crate::process::sql(
        &database,
        "DELETE FROM assignment; DELETE FROM account WHERE organization_id IS NOT NULL; DELETE FROM organization",
    )
    .await;
    let world = World::with(options()).await;
    assert_eq!(world.platform.organization_name(), "new");
    assert!(world.platform.admin().is_none(), "the existing user administers it");
    world.admin("GET /users/me", Value::Null).await.ok();
    let organizations = world.send(Some(&superuser), "GET /organizations", Value::Null).await.ok();
    assert_eq!(organizations[0]["name"], "new");
    world.platform.stop().await;
}

//! The master key: without the right one, an existing database is not touched.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zenml_local::{Database, Options, Platform};

use crate::process::sql;
use crate::support::{World, text};

struct Filled {
    directory: tempfile::TempDir,
    key: String,
    secret: String,
}

impl Filled {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let world = World::with(options(directory.path())).await;
        let workspace = world.workspace("space").await;
        let body = json!({ "name": "s", "private": false, "values": { "a": "hunter2" } });
        let secret = world.admin(&format!("POST /w/{workspace}/api/v1/secrets"), body).await.ok();
        let secret = format!("GET /w/{workspace}/api/v1/secrets/{}", text(&secret["id"]));
        let key = world.key();
        world.platform.stop().await;
        Self { directory, key, secret }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("platform.db.key")
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("platform.db")
    }

    /// Starts, reads the secret, and stops.
    async fn works(&self) {
        let world = World::with(options(self.directory.path())).await;
        let secret = world.send(Some(&self.key), &self.secret, Value::Null).await.ok();
        assert_eq!(secret["body"]["values"]["a"], "hunter2", "{secret}");
        world.platform.stop().await;
    }

    /// Checks that the start fails with this message and writes neither the key nor the database.
    async fn refused(&self, words: &str) {
        let before = (std::fs::read(self.file()).ok(), std::fs::read(self.database()).unwrap());
        let error = Platform::start(options(self.directory.path())).await.unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("platform.db.key"), "{error}");
        let after = (std::fs::read(self.file()).ok(), std::fs::read(self.database()).unwrap());
        assert!(before == after, "nothing is written: {words}");
    }
}

fn options(directory: &Path) -> Options {
    Options { database: Database::File(directory.join("platform.db")), ..Options::default() }
}

#[tokio::test]
async fn an_existing_database_opens_only_with_its_own_key() {
    let filled = Filled::new().await;
    let right = std::fs::read(filled.file()).unwrap();
    // With the check value, and as written by an earlier version.
    for older in [false, true] {
        if older {
            sql(&filled.database(), "DELETE FROM setting WHERE name = 'master_key_check'").await;
        }
        std::fs::remove_file(filled.file()).unwrap();
        filled.refused("is missing").await;
        let put = |bytes: &[u8], mode| {
            std::fs::write(filled.file(), bytes).unwrap();
            std::fs::set_permissions(filled.file(), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        put(&[7; 32], 0o600);
        filled.refused("belongs to another database").await;
        put(&right[..20], 0o600);
        filled.refused("is damaged: it has 20 bytes").await;
        put(&[], 0o600);
        filled.refused("is damaged: it has 0 bytes").await;
        put(&right, 0o644);
        filled.refused("chmod 600").await;
        put(&right, 0o600);
        filled.works().await;
    }
    // The second start of the older database wrote the check value.
    std::fs::write(filled.file(), [7; 32]).unwrap();
    filled.refused("belongs to another database").await;
}

#[tokio::test]
async fn a_database_with_values_of_two_keys_works_with_the_key_that_opens_some() {
    let filled = Filled::new().await;
    sql(
        &filled.database(),
        "DELETE FROM setting WHERE name = 'master_key_check'; \
         UPDATE component SET sealed_configuration = x'00' WHERE type = 'deployer'",
    )
    .await;
    filled.works().await;
}

#[tokio::test]
async fn a_key_that_a_crash_left_next_to_an_empty_database_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("platform.db.key");
    std::fs::write(&key, [9; 32]).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    World::with(options(directory.path())).await.platform.stop().await;
    assert_eq!(std::fs::read(&key).unwrap(), [9; 32]);
}

#[tokio::test]
async fn two_concurrent_first_starts_create_one_key_and_one_platform() {
    let directory = tempfile::tempdir().unwrap();
    let starts = [0, 1].map(|_| Platform::start(options(directory.path())));
    let [one, two] = starts;
    let (one, two) = tokio::join!(one, two);
    let (platform, error) = match (one, two) {
        (Ok(platform), Err(error)) | (Err(error), Ok(platform)) => (platform, error),
        other => panic!("{other:?}"),
    };
    assert!(error.to_string().contains("is in use by"), "{error}");
    let world = World { platform };
    world.admin("GET /users/me", Value::Null).await.ok();
    world.platform.stop().await;
}

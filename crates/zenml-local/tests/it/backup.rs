//! Backup and restore, from the command line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::process::{Server, database, run, send, sql};
use crate::support::text;

/// A running server with a secret, and a place for backups.
struct World {
    source: tempfile::TempDir,
    place: tempfile::TempDir,
    server: Server,
    ready: Value,
    key: String,
    secret: String,
}

impl World {
    fn start() -> Self {
        let (source, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut server = Server::start(source.path(), &[]);
        let ready = server.ready();
        let key = text(&ready["service_account_key"]);
        let (_, workspace) = send(&ready, &key, "POST /workspaces", &json!({ "name": "space" }));
        let workspace = text(&workspace["id"]);
        // Waits with requests to the control plane: each rejected workspace request logs a line, and nothing reads
        // the log here.
        let get = format!("GET /workspaces/{workspace}");
        while send(&ready, &key, &get, &Value::Null).1["status"] == "pending" {}
        let body = json!({ "name": "s", "private": false, "values": { "a": "hunter2" } });
        let (status, secret) = send(&ready, &key, &format!("POST /w/{workspace}/api/v1/secrets"), &body);
        assert_eq!(status, 200, "{secret}");
        let secret = text(&secret["id"]);
        let secret = format!("GET /w/{workspace}/api/v1/secrets/{secret}");
        Self { source, place, server, ready, key, secret }
    }

    fn file(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    fn backup(&self, name: &str, more: &[&str]) -> String {
        let (file, source) = (self.file(name), database(self.source.path()));
        let arguments = [&["backup", &file, "--database", &source], more].concat();
        let (status, out, err) = run(&arguments);
        assert!(status.success(), "{out}{err}");
        format!("{out}{err}")
    }

    /// Restores into a new directory.
    fn restore(&self, name: &str, more: &[&str]) -> (tempfile::TempDir, Result<String, String>) {
        let target = tempfile::tempdir().unwrap();
        let answer = restore(&self.file(name), target.path(), more);
        (target, answer)
    }

    /// Checks that the restored platform accepts the old key, at the old address, and returns the secret.
    fn serves(&mut self, directory: &Path) {
        assert!(self.server.terminate().0.success());
        let mut server = Server::start(directory, &[]);
        let ready = server.ready();
        assert_eq!(ready["control_plane_url"], self.ready["control_plane_url"]);
        let (status, secret) = send(&ready, &self.key, &self.secret, &Value::Null);
        assert_eq!((status, &secret["body"]["values"]["a"]), (200, &json!("hunter2")), "{secret}");
        assert!(server.terminate().0.success());
    }
}

fn restore(file: &str, target: &Path, more: &[&str]) -> Result<String, String> {
    let (status, out, err) = run(&[&["restore", file, "--database", &database(target)], more].concat());
    if status.success() { Ok(out) } else { Err(err) }
}

fn listing(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "platform.db.lock")
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_with_its_key_restores_a_complete_platform() {
    let mut world = World::start();
    let told = world.backup("b", &["--with-key"]);
    assert!(told.contains("Warning: ") && told.contains("contains the master key"), "{told}");
    let mode = PathBuf::from(world.file("b")).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(listing(world.place.path()), ["b"], "no draft is left");
    // Changes after the backup are not in it.
    let body = json!({ "name": "later", "organization_id": world.ready["organization_id"] });
    assert_eq!(send(&world.ready, &world.key, "POST /teams", &body).0, 200);

    let (target, told) = world.restore("b", &[]);
    let told = told.unwrap();
    assert!(
        told.contains("Restored ") && told.contains("API keys revoked since then are valid again"),
        "{told}"
    );
    assert_eq!(listing(target.path()), ["platform.db", "platform.db.key"]);
    for file in ["platform.db", "platform.db.key"] {
        let mode = target.path().join(file).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
    let key = std::fs::read(target.path().join("platform.db.key")).unwrap();
    let restored = std::fs::read(target.path().join("platform.db")).unwrap();
    assert!(!restored.windows(key.len()).any(|part| part == key), "the key is not in the database");
    let (_, census, _) = run(&["census", "--json", "--database", &database(target.path())]);
    let census: Value = serde_json::from_str(&census).unwrap();
    assert_eq!((&census["team"], &census["secret"], census.get("backup")), (&json!(0), &json!(1), None));
    world.serves(target.path());
}

#[test]
fn a_backup_without_the_key_does_not_contain_it_and_requires_it_for_a_restore() {
    let mut world = World::start();
    let told = world.backup("b", &[]);
    let key = world.source.path().join("platform.db.key");
    assert!(
        told.contains("does not contain the master key") && told.contains(key.to_str().unwrap()),
        "{told}"
    );
    let (bytes, backup) = (std::fs::read(&key).unwrap(), std::fs::read(world.file("b")).unwrap());
    assert!(!backup.windows(bytes.len()).any(|part| part == bytes));

    let (target, refused) = world.restore("b", &[]);
    assert!(refused.unwrap_err().contains("--key FILE"));
    assert_eq!(listing(target.path()), Vec::<String>::new(), "nothing is left after a rejected restore");
    let wrong = world.file("wrong");
    std::fs::write(&wrong, [7; 32]).unwrap();
    std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (target, refused) = world.restore("b", &["--key", &wrong]);
    assert!(refused.unwrap_err().contains("does not belong to the backup"));
    assert_eq!(listing(target.path()), Vec::<String>::new());
    let missing = world.file("nowhere");
    assert!(
        world.restore("b", &["--key", &missing]).1.unwrap_err().contains("cannot use the master key file")
    );

    // The key is already next to the database.
    let beside = tempfile::tempdir().unwrap();
    std::fs::copy(&key, beside.path().join("platform.db.key")).unwrap();
    restore(&world.file("b"), beside.path(), &[]).unwrap();
    let (target, told) = world.restore("b", &["--key", key.to_str().unwrap()]);
    told.unwrap();
    world.serves(target.path());
}

#[test]
fn nothing_is_overwritten_and_nothing_damaged_is_restored() {
    let world = World::start();
    world.backup("b", &["--with-key"]);
    let whole = std::fs::read(world.file("b")).unwrap();
    let refuse = |arguments: &[&str], words: &str| {
        let (status, out, err) = run(arguments);
        assert!(
            !status.success() && err.starts_with("Error: ") && err.contains(words),
            "{arguments:?}: {out}{err}"
        );
    };
    let source = database(world.source.path());
    let file = world.file("b");
    refuse(&["backup", &file, "--database", &source], "already exists and is not overwritten");
    std::os::unix::fs::symlink("/nonexistent/x", world.file("link")).unwrap();
    refuse(&["backup", &world.file("link"), "--database", &source], "already exists");
    refuse(&["backup", world.place.path().to_str().unwrap(), "--database", &source], "already exists");
    refuse(&["backup", "/dev/null", "--database", &source], "already exists");
    refuse(&["backup", "/nonexistent/b", "--database", &source], "cannot use /nonexistent/b");
    refuse(&["backup", &world.file("c"), "--database", &world.file("no.db")], "does not exist");
    std::fs::write(world.file("empty.db"), "").unwrap();
    refuse(&["backup", &world.file("c"), "--database", &world.file("empty.db")], "is empty");
    refuse(
        &["backup", &world.file("c"), "--database", world.place.path().to_str().unwrap()],
        "not a regular file",
    );

    // A restore does not touch existing files, least of all a database in use.
    refuse(&["restore", &file, "--database", &source], "is in use by the zenml-local with process id");
    for name in ["platform.db", "platform.db-wal", "platform.db-journal", "platform.db.key"] {
        let target = tempfile::tempdir().unwrap();
        let there = target.path().join(name);
        std::fs::write(&there, [1; 32]).unwrap();
        std::fs::set_permissions(&there, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = restore(&file, target.path(), &[]).unwrap_err();
        assert!(error.contains("already exists") && error.contains(name), "{error}");
        assert_eq!(listing(target.path()), [name]);
        assert_eq!(std::fs::read(&there).unwrap(), [1; 32]);
    }
    let damaged = |name: &str, bytes: &[u8], words: &str| {
        std::fs::write(world.file(name), bytes).unwrap();
        let (target, error) = world.restore(name, &[]);
        let error = error.unwrap_err();
        assert!(error.contains(words), "{name}: {error}");
        assert_eq!(listing(target.path()), Vec::<String>::new());
    };
    for (number, at) in [0, 100, 5000, whole.len() / 2, whole.len() - 200].into_iter().enumerate() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        damaged(&format!("flipped{number}"), &bytes, "is damaged");
    }
    damaged("short", &whole[..whole.len() - 5000], "its end is missing");
    damaged("tail", &whole[..whole.len() - 1], "its end is missing");
    damaged("nothing", b"", "is not a backup");
    damaged("other", &[0; 10_000], "is not a backup");
    refuse(&["restore", "/dev/zero", "--database", &world.file("x.db")], "is not a backup");
    refuse(&["restore", "/nonexistent", "--database", &world.file("x.db")], "cannot use /nonexistent");
}

#[tokio::test]
async fn a_backup_of_a_newer_version_is_rejected() {
    let mut world = World::start();
    assert!(world.server.terminate().0.success());
    let newer = "INSERT INTO migration (version, applied) VALUES (1000, '')";
    sql(&world.source.path().join("platform.db"), newer).await;
    world.backup("b", &["--with-key"]);
    let (target, error) = world.restore("b", &[]);
    let error = error.unwrap_err();
    assert!(error.contains("schema version 1000") && error.contains("Use the newer zenml-local"), "{error}");
    assert_eq!(listing(target.path()), Vec::<String>::new());
}

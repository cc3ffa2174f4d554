//! Upgrades: they keep the data, and a version that does not come up gives way to the earlier one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::time::{Duration, Instant};
use zenml_test::{EARLIER, Search, VERSION};

use super::found;
use super::served::{Platform, address, processes, project, recorded, signal};
use super::stub::{self, Act, Stubbed};

pub(super) fn version(version: &str) -> Json {
    json!({ "zenml_service": { "configuration": { "version": version } } })
}

fn running(found: &Json) -> &str {
    found["zenml_service"]["status"]["version"].as_str().unwrap_or_default()
}

fn wanted(found: &Json) -> &str {
    found["zenml_service"]["configuration"]["version"].as_str().unwrap()
}

/// Waits until an upgrade has been tried, and returns the workspace.
async fn tried(platform: &Platform) -> Json {
    platform
        .until("alpha", |found| {
            found["status"] == "available" && found["state_reason"] != "" || found["status"] == "failed"
        })
        .await
}

/// The copy that an upgrade keeps until it has ended.
const COPY: &str = "zenml.before-upgrade.db";

/// The environments of a real upgrade, in a folder of caches.
pub(super) struct Real {
    pub(super) cache: TempDir,
    new: PathBuf,
}

impl Real {
    /// With the earlier version, and the later one in a state in which it migrates the database and then cannot log in at
    /// its control plane.
    pub(super) fn new() -> Option<Self> {
        let search = Search::from_environment();
        let (new, old) = (found(search.environment())?, found(search.earlier_environment())?);
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join("zenml-local")).unwrap();
        symlink(old.directory(), stub::place(cache.path(), EARLIER)).unwrap();
        let broken = stub::place(cache.path(), VERSION);
        stub::bare(&new.python(), &broken);
        let wrong = "import os; os.environ['ZENML_SERVER_PRO_OAUTH2_CLIENT_SECRET'] = 'wrong'";
        let path = format!("{}\n{wrong}\n", stub::packages(new.directory()).display());
        fs::write(stub::packages(&broken).join("base.pth"), path).unwrap();
        fs::write(broken.join("complete"), VERSION).unwrap();
        Some(Self { cache, new: new.directory().to_owned() })
    }

    /// The later version runs from now on.
    fn mend(&self) {
        let broken = stub::place(self.cache.path(), VERSION);
        fs::remove_dir_all(&broken).unwrap();
        symlink(&self.new, &broken).unwrap();
    }
}

/// Upgrades a real workspace: at first to a version that does not come up, and then with everything killed in the middle.
pub(super) async fn upgrade(platform: &mut Platform, real: &Real) {
    let found = platform.get("alpha").await;
    assert_eq!(running(&found), EARLIER);
    let (server, folder) = (address(&found), platform.workspace("alpha").await);
    platform.change("alpha", version(VERSION)).await;
    let found = tried(platform).await;
    assert_eq!((running(&found), wanted(&found)), (EARLIER, EARLIER), "{found}");
    let reason = found["state_reason"].as_str().unwrap();
    let expected =
        format!("Version {VERSION} does not run, so {EARLIER} still does. The server ended with exit code ");
    assert!(reason.starts_with(&expected) && reason.contains("401"), "{reason}");
    assert_eq!((address(&found), project(platform, &server, "GET").await), (server.clone(), 200));
    assert!(!folder.join(COPY).exists());

    // The cause is gone, and the upgrade is asked for again. The platform and the server are killed in the middle of it.
    real.mend();
    let before = platform.server("alpha").await;
    platform.change("alpha", version(VERSION)).await;
    while !folder.join(COPY).exists() || recorded(&folder).is_none_or(|process| process == before) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // In the middle of the imports or of the migration.
    tokio::time::sleep(Duration::from_secs(2)).await;
    platform.kill();
    signal(recorded(&folder).unwrap(), "-KILL");
    platform.start_again().await;
    let found = platform.becomes("alpha", "available").await;
    assert_eq!((running(&found), wanted(&found)), (VERSION, VERSION), "{found}");
    assert_eq!((address(&found), project(platform, &server, "GET").await), (server, 200));
    assert_eq!((folder.join(COPY).exists(), processes(&folder.to_string_lossy()).len()), (false, 1));

    let refused = platform.change("alpha", version(EARLIER)).await;
    let expected = format!("Workspace 'alpha' runs version {VERSION} and cannot be downgraded to {EARLIER}.");
    assert_eq!(refused["detail"][1], expected);
}

/// A platform with a workspace of an earlier version, and environments of both, with the stub.
async fn stubbed() -> Option<Stubbed> {
    let case = Stubbed::start(&[EARLIER, VERSION]).await?;
    let body = json!({ "name": "alpha", "zenml_service": { "configuration": { "version": EARLIER } } });
    case.platform.send("POST", "/workspaces", body).await;
    case.platform.becomes("alpha", "available").await;
    Some(case)
}

/// Begins an upgrade to a version that never listens, and waits until it has been started.
async fn hang(case: &Stubbed) -> PathBuf {
    let folder = case.folder().await;
    let before = recorded(&folder);
    case.act(VERSION, Act::Hang);
    case.platform.change("alpha", version(VERSION)).await;
    while !folder.join(COPY).exists() || recorded(&folder) == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    folder
}

#[tokio::test]
async fn an_upgrade_that_is_killed_with_its_platform_ends_with_one_server_after_the_next_start() {
    let Some(mut case) = stubbed().await else { return };
    let server = address(&case.platform.get("alpha").await);
    let folder = hang(&case).await;
    case.platform.kill();
    case.act(VERSION, Act::Serve);
    // The server that hangs is found, waited for, and replaced.
    case.platform.start_again().await;
    let found = case.platform.becomes("alpha", "available").await;
    assert_eq!((running(&found), address(&found)), (VERSION, server), "{found}");
    assert_eq!((folder.join(COPY).exists(), processes(&folder.to_string_lossy()).len()), (false, 1));
}

#[tokio::test]
async fn an_upgrade_can_be_stopped_and_its_workspace_deleted_at_once() {
    for by_deletion in [true, false] {
        let Some(case) = stubbed().await else { return };
        let folder = hang(&case).await;
        let begin = Instant::now();
        if by_deletion {
            case.platform.delete("alpha").await;
            assert!(!folder.exists());
        } else {
            let refused = case.platform.change("alpha", json!({ "desired_state": "deactivated" })).await;
            assert!(
                refused["detail"][1].as_str().unwrap().contains("another change is in progress"),
                "{refused}"
            );
            let id = case.platform.id("alpha").await;
            let path = format!("/workspaces/{id}?force=true");
            case.platform.send("PATCH", &path, json!({ "desired_state": "deactivated" })).await;
            case.platform.becomes("alpha", "deactivated").await;
        }
        assert!(begin.elapsed() < Duration::from_secs(5), "not as long as the server may take to start");
        assert_eq!(processes(&folder.to_string_lossy()), [0_u32; 0]);
        if !by_deletion {
            // The next activation goes on with it.
            case.act(VERSION, Act::Serve);
            case.platform.activate("alpha").await;
            assert_eq!(running(&case.platform.becomes("alpha", "available").await), VERSION);
            assert!(!folder.join(COPY).exists());
        }
    }
}

#[tokio::test]
async fn a_database_that_does_not_fit_twice_on_the_disk_is_not_upgraded_and_goes_on() {
    let Some(case) = stubbed().await else { return };
    let folder = case.folder().await;
    // Larger than what the platform writes otherwise. SQLite ignores what follows the pages of a database.
    fs::File::options().append(true).open(folder.join("zenml.db")).unwrap().set_len(16 << 20).unwrap();
    case.platform.limit_files(Some(8 << 20));
    case.platform.change("alpha", version(VERSION)).await;
    let found = tried(&case.platform).await;
    let reason = found["state_reason"].as_str().unwrap();
    let expected = "cannot be copied: File too large (os error 27). An upgrade needs as much free space as the database.";
    assert!(reason.contains(expected), "{reason}");
    assert_eq!((running(&found), wanted(&found)), (EARLIER, EARLIER));
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("copy")), "{left:?}");
    case.platform.limit_files(None);
    case.platform.change("alpha", version(VERSION)).await;
    case.platform.until("alpha", |found| running(found) == VERSION).await;
}

#[tokio::test]
async fn if_neither_version_comes_up_both_reasons_are_told_and_the_data_is_that_of_the_earlier_one() {
    let Some(case) = stubbed().await else { return };
    let folder = case.folder().await;
    case.act(VERSION, Act::End);
    case.act(EARLIER, Act::End);
    case.platform.change("alpha", version(VERSION)).await;
    let reason = case.platform.fails("alpha").await;
    let expected =
        format!("Version {VERSION} does not run, and neither does {EARLIER} again, on its own database.");
    assert!(reason.starts_with(&expected) && reason.matches("the server cannot be").count() == 2, "{reason}");
    assert_eq!(fs::read_to_string(folder.join("complete")).unwrap(), EARLIER);
    case.act(VERSION, Act::Serve);
    case.platform.activate("alpha").await;
    assert_eq!(running(&case.platform.becomes("alpha", "available").await), VERSION);
}

//! Servers and folders that are not as they should be: each is the reason of a failed workspace, which recovers when the
//! cause is gone and it is activated again.

use std::fs::{self, File};
use std::future::Future;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};

use serde_json::json;
use tokio::time::{Duration, Instant, sleep};
use zenml_test::VERSION;

use super::python;
use super::served::{PATIENCE, Platform, address, processes, recorded, runs, signal};
use super::stub::{self, Act, Stubbed};

/// A platform whose servers are those of a stub.
async fn stubbed() -> Option<Stubbed> {
    Stubbed::start(&[VERSION]).await
}

#[tokio::test]
async fn a_server_that_ends_or_hangs_is_the_reason_of_a_failed_workspace_until_it_runs() {
    let rows = [
        (
            Act::End,
            "The server ended with exit code 1. Its log, ",
            "says: RuntimeError: the server cannot be",
        ),
        (Act::ReportAndEnd, "The server ended with exit code 1.", "RuntimeError: the server cannot listen"),
        (Act::ServeAndEnd, "The server ended with exit code 1.", "RuntimeError: the server cannot go on"),
        (Act::Hang, "The server did not start within 5 seconds", "says: ---"),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for (act, begin, end) in rows {
        tasks.spawn(async move {
            let Some(case) = stubbed().await else { return };
            case.act(VERSION, act);
            case.platform.create("alpha").await;
            let reason = case.platform.fails("alpha").await;
            let is_told = reason.starts_with(begin) && (reason.contains(end) || act == Act::Hang);
            assert!(is_told, "{act:?}: {reason}");
            let folder = case.folder().await;
            let left = processes(&folder.to_string_lossy());
            assert!(left.is_empty(), "{act:?}: {left:?}");
            case.act(VERSION, Act::Serve);
            case.platform.activate("alpha").await;
            case.platform.becomes("alpha", "available").await;
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

type Step = for<'a> fn(&'a Path) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What is wrong with a folder: how it is made so, the reason, and how it is mended.
struct Wrong {
    make: Step,
    reason: &'static str,
    mend: Step,
}

/// A step that only changes files.
macro_rules! step {
    (|$folder:ident| $change:expr) => {
        |$folder| {
            Box::pin(async move {
                $change;
            })
        }
    };
}

fn beside(folder: &Path) -> PathBuf {
    folder.with_extension("away")
}

fn database(folder: &Path) -> PathBuf {
    folder.join("zenml.db")
}

fn put_away(path: &Path) {
    fs::rename(path, path.with_extension("away")).unwrap();
}

fn put_back(path: &Path) {
    fs::rename(path.with_extension("away"), path).unwrap();
}

const WRONG: &[Wrong] = &[
    Wrong {
        make: step!(|folder| put_away(folder)),
        reason: "zenml.db, is missing. Put it back, such as from a copy of the folder, and activate the workspace; or \
                 delete the workspace.",
        mend: step!(|folder| put_back(folder)),
    },
    Wrong {
        make: step!(|folder| {
            put_away(folder);
            symlink(beside(folder), folder).unwrap();
        }),
        reason: "is a symbolic link. Put the folder of the workspace itself there",
        mend: step!(|folder| {
            fs::remove_file(folder).unwrap();
            put_back(folder);
        }),
    },
    Wrong {
        make: step!(|folder| {
            put_away(folder);
            File::create(folder).unwrap();
        }),
        reason: "is not a folder, but the data of the workspace belongs there. Move it away.",
        mend: step!(|folder| {
            fs::remove_file(folder).unwrap();
            put_back(folder);
        }),
    },
    Wrong {
        make: step!(|folder| put_away(&database(folder))),
        reason: "zenml.db, is missing. Put it back",
        mend: step!(|folder| put_back(&database(folder))),
    },
    Wrong {
        make: step!(|folder| {
            put_away(&database(folder));
            File::create(database(folder)).unwrap();
        }),
        reason: "zenml.db, is empty. Put it back",
        mend: step!(|folder| put_back(&database(folder))),
    },
    Wrong {
        make: step!(|folder| {
            put_away(&database(folder));
            fs::write(database(folder), "banana".repeat(1000)).unwrap();
        }),
        reason: "zenml.db, is not an SQLite database. Put it back",
        mend: step!(|folder| put_back(&database(folder))),
    },
    Wrong {
        // Damaged behind its beginning.
        make: step!(|folder| {
            fs::copy(database(folder), database(folder).with_extension("away")).unwrap();
            let mut damaged = fs::read(database(folder)).unwrap();
            damaged[16..].fill(0x55);
            fs::write(database(folder), damaged).unwrap();
        }),
        reason: "sqlite3.DatabaseError",
        mend: step!(|folder| put_back(&database(folder))),
    },
    Wrong {
        // A folder that cannot be written, for everybody, even root: a folder where a file belongs.
        make: step!(|folder| {
            put_away(&folder.join("server.log"));
            fs::create_dir(folder.join("server.log")).unwrap();
        }),
        reason: "The server cannot be started in ",
        mend: step!(|folder| {
            fs::remove_dir(folder.join("server.log")).unwrap();
            put_back(&folder.join("server.log"));
        }),
    },
    Wrong {
        make: step!(|folder| fs::write(folder.join("complete"), "0.99.0").unwrap()),
        reason: "is that of ZenML 0.99.0, which 0.98.0 cannot use. Set the version of the workspace to 0.99.0",
        mend: step!(|folder| fs::write(folder.join("complete"), "0.98.0").unwrap()),
    },
];

#[tokio::test]
async fn a_folder_that_is_not_as_it_should_be_is_the_reason_of_a_failed_workspace_and_nothing_is_lost() {
    let Some(case) = stubbed().await else { return };
    let platform = &case.platform;
    platform.create("alpha").await;
    let server = address(&platform.becomes("alpha", "available").await);
    let folder = case.folder().await;
    for (times, wrong) in WRONG.iter().enumerate() {
        platform.change("alpha", json!({ "desired_state": "deactivated" })).await;
        platform.becomes("alpha", "deactivated").await;
        (wrong.make)(&folder).await;
        platform.activate("alpha").await;
        let reason = platform.fails("alpha").await;
        assert!(reason.contains(wrong.reason), "{reason}\n  instead of\n{}", wrong.reason);
        (wrong.mend)(&folder).await;
        platform.activate("alpha").await;
        let found = platform.becomes("alpha", "available").await;
        assert_eq!(address(&found), server, "{}", wrong.reason);
        // Each start of the stub adds a row, so nothing but these were lost.
        let query = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*) FROM started').fetchone()[0])";
        let rows =
            Command::new(python().unwrap()).args(["-c", query]).arg(database(&folder)).output().unwrap();
        let rows: usize = String::from_utf8(rows.stdout).unwrap().trim().parse().unwrap();
        assert!(rows > times, "{rows} {}", wrong.reason);
    }

    // Whatever is there, the workspace can be deleted, and only what belongs to it is removed.
    let elsewhere = case.cache.path().join("elsewhere");
    platform.change("alpha", json!({ "desired_state": "deactivated" })).await;
    platform.becomes("alpha", "deactivated").await;
    fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    platform.delete("alpha").await;
    assert!(fs::symlink_metadata(&folder).is_err() && elsewhere.join("zenml.db").exists());
}

#[tokio::test]
async fn a_server_whose_record_is_damaged_is_found_by_its_lock_and_an_unknown_one_is_the_reason() {
    let Some(mut case) = stubbed().await else { return };
    case.platform.create("alpha").await;
    let server = address(&case.platform.becomes("alpha", "available").await);
    let folder = case.folder().await;
    let process = recorded(&folder).unwrap();

    // The platform is killed, and the record of its server is damaged.
    case.platform.kill();
    let record = fs::read(folder.join("process.json")).unwrap();
    for damaged in [&b""[..], b"{\"pid\":1,\"started\":\"1\"}", b"[1"] {
        fs::write(folder.join("process.json"), damaged).unwrap();
        case.platform.start_again().await;
        assert_eq!(address(&case.platform.becomes("alpha", "available").await), server);
        assert_eq!(processes(&folder.to_string_lossy()), [process], "adopted");
        case.platform.kill();
    }

    // Nothing says any more which process it is.
    let lock = fs::read(folder.join("server.lock")).unwrap();
    fs::write(folder.join("server.lock"), "").unwrap();
    case.platform.start_again().await;
    let reason = case.platform.fails("alpha").await;
    assert!(reason.contains("Stop the process that has ") && reason.contains("server.lock open"), "{reason}");
    assert!(runs(process));
    let id = case.platform.id("alpha").await;
    case.platform.send("DELETE", &format!("/workspaces/{id}"), json!(null)).await;
    let refused = case.platform.until("alpha", |found| found["status"] == "failed").await;
    assert!(refused["state_reason"].as_str().unwrap().contains("Another server runs in"), "{refused}");
    assert!(runs(process) && folder.join("zenml.db").exists());

    // Its record is back: the next attempt ends it.
    fs::write(folder.join("server.lock"), lock).unwrap();
    fs::write(folder.join("process.json"), record).unwrap();
    case.platform.delete("alpha").await;
    assert!(!runs(process) && !folder.exists());
}

#[tokio::test]
async fn a_workspace_that_crashes_again_and_again_can_be_stopped_or_deleted_between_its_restarts() {
    for by_deletion in [false, true] {
        let Some(case) = stubbed().await else { return };
        case.platform.create("alpha").await;
        case.platform.becomes("alpha", "available").await;
        let folder = case.folder().await;
        case.act(VERSION, Act::End);
        signal(case.platform.server("alpha").await, "-KILL");
        let found = case.platform.becomes("alpha", "pending").await;
        assert!(found["state_reason"].as_str().unwrap().contains("signal 9"), "{found}");
        let begin = Instant::now();
        if by_deletion {
            case.platform.delete("alpha").await;
            assert!(!folder.exists());
        } else {
            let changed = case.platform.change("alpha", json!({ "desired_state": "deactivated" })).await;
            assert_eq!(changed["desired_state"], "deactivated", "{changed}");
            case.platform.becomes("alpha", "deactivated").await;
            // Longer than the first two pauses.
            sleep(Duration::from_secs(4)).await;
            assert_eq!(case.platform.get("alpha").await["status"], "deactivated");
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
        assert_eq!(processes(&folder.to_string_lossy()), [0_u32; 0]);
    }
}

#[tokio::test]
async fn both_engines_serve_one_database_whatever_the_option_says() {
    let Some(mut case) = stubbed().await else { return };
    case.platform.create("alpha").await;
    let server = address(&case.platform.becomes("alpha", "available").await);
    case.platform.stop();

    // Without the option, the workspace is still a server, and a new one is embedded.
    let settings = case.platform.settings.clone();
    case.platform.settings.arguments.clear();
    case.platform.start_again().await;
    assert_eq!(address(&case.platform.becomes("alpha", "available").await), server);
    case.platform.create("beta").await;
    let embedded = address(&case.platform.becomes("beta", "available").await);
    assert!(embedded.contains("/w/"), "{embedded}");
    case.platform.stop();

    case.platform.settings = settings;
    case.platform.start_again().await;
    assert_eq!(address(&case.platform.becomes("alpha", "available").await), server);
    assert_eq!(address(&case.platform.becomes("beta", "available").await), embedded);
    assert_eq!(case.platform.workspaces().len(), 1, "only servers have folders");
}

#[tokio::test]
async fn a_restored_database_beside_newer_folders_loses_and_mixes_nothing() {
    let Some(mut case) = stubbed().await else { return };
    let base = python().unwrap();
    case.platform.create("alpha").await;
    case.platform.create("gone").await;
    let server = address(&case.platform.becomes("alpha", "available").await);
    case.platform.becomes("gone", "available").await;
    let command = |arguments: &[&str], database: &Path| {
        let mut command = Command::new(super::built("zenml-local"));
        command.args(arguments).arg("--database").arg(format!("sqlite:{}", database.display()));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let database = case.platform.folder.path().join("platform.db");
    let backup = case.platform.folder.path().join("backup");
    let told = command(&["backup", "--with-key", backup.to_str().unwrap()], &database);
    assert!(told.contains("It does not contain the data of 2 ZenML servers."), "{told}");

    // After the backup: an upgrade, a deleted workspace and a new one.
    stub::environment(&base, &stub::place(case.cache.path(), "0.99.0"), "0.99.0");
    let version = json!({ "zenml_service": { "configuration": { "version": "0.99.0" } } });
    case.platform.change("alpha", version.clone()).await;
    case.platform.until("alpha", |found| found["zenml_service"]["status"]["version"] == "0.99.0").await;
    let alpha = case.folder().await;
    case.platform.delete("gone").await;
    case.platform.create("new").await;
    case.platform.becomes("new", "available").await;
    let new = case.platform.workspace("new").await;
    let process = recorded(&new).unwrap();
    case.platform.kill();

    // The backup takes the place of the database. The server of the new workspace goes on.
    signal(recorded(&alpha).unwrap(), "-KILL");
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", database.display()));
    }
    let told = command(&["restore", backup.to_str().unwrap()], &database);
    assert!(told.contains("The data of 2 ZenML servers is not part of a backup"), "{told}");
    case.platform.start_again().await;
    let reason = case.platform.fails("alpha").await;
    assert!(reason.contains("is that of ZenML 0.99.0, which 0.98.0 cannot use"), "{reason}");
    let reason = case.platform.fails("gone").await;
    assert!(reason.contains("zenml.db, is missing. Put it back"), "{reason}");
    let deadline = Instant::now() + PATIENCE;
    while runs(process) {
        assert!(Instant::now() < deadline, "a server that the database does not know is ended");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(new.join("zenml.db").exists(), "and its data is left alone");

    // As the reason says.
    case.platform.change("alpha", version).await;
    assert_eq!(address(&case.platform.becomes("alpha", "available").await), server);
    case.platform.delete("gone").await;

    // A second database with a copy of the folders does not touch the servers of the first one.
    let process = case.platform.server("alpha").await;
    let copy = Platform::start(case.platform.settings.clone()).await;
    let mut copy = copy;
    copy.stop();
    for name in ["platform.db", "platform.db.key"] {
        fs::copy(case.platform.folder.path().join(name), copy.folder.path().join(name)).unwrap();
    }
    for suffix in ["-wal", "-shm"] {
        let name = format!("platform.db{suffix}");
        let _ = fs::remove_file(copy.folder.path().join(&name));
        let _ = fs::copy(case.platform.folder.path().join(&name), copy.folder.path().join(&name));
    }
    let copied = Command::new("cp")
        .arg("-r")
        .arg(case.platform.folder.path().join("platform.db.workspaces"))
        .arg(copy.folder.path())
        .status()
        .unwrap();
    assert!(copied.success());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    copy.session = case.platform.session.clone();
    copy.start_again_at(&free.to_string()).await;
    let reason = copy.fails("alpha").await;
    assert!(reason.contains("Another program uses port "), "{reason}");
    assert!(runs(process));
}

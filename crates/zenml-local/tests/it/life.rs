//! A platform on disk: start, restart, lock, port, ready file, command line.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zenml_local::{Database, LockError, Options, Platform, StartError, StoreError};

use crate::process::{Server, database, run};
use crate::support::{World, text, texts};

fn options(directory: &Path) -> Options {
    Options { database: Database::File(directory.join("platform.db")), ..Options::default() }
}

#[tokio::test]
async fn a_restart_keeps_everything_and_never_shows_a_credential_again() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::with(options(directory.path())).await;
    let (key, url, organization) = (world.key(), world.platform.url().to_owned(), world.organization());
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let session = text(&world.login(&format!("password={key}")).await.ok()["access_token"]);
    world.platform.stop().await;

    let world = World::with(options(directory.path())).await;
    assert!(world.platform.service_account_key().is_none() && world.platform.admin().is_none());
    assert_eq!((world.platform.url(), world.organization()), (url.as_str(), organization));
    for credential in [&key, &session] {
        let team = world.send(Some(credential), &format!("GET /teams/{team}"), Value::Null).await.ok();
        assert_eq!(team["name"], "alpha");
        let workspace =
            world.send(Some(credential), &format!("GET /workspaces/{workspace}"), Value::Null).await.ok();
        assert_eq!(workspace["status"], "available");
    }
    let ready = serde_json::to_value(world.platform.ready()).unwrap();
    assert!(ready.get("service_account_key").is_none() && ready.get("admin").is_none(), "{ready}");
    world.platform.stop().await;
}

#[tokio::test]
async fn work_interrupted_by_a_crash_continues_after_the_restart() {
    let directory = tempfile::tempdir().unwrap();
    let faults = zenml_local::faults::Faults {
        deployments: [("space".to_owned(), zenml_local::faults::Deployment::PendingForever)].into(),
        ..zenml_local::faults::Faults::default()
    };
    let world = World::with(Options { faults, ..options(directory.path()) }).await;
    let key = world.key();
    let id = text(&world.admin("POST /workspaces", json!({ "name": "space" })).await.ok()["id"]);
    world.platform.stop().await;
    let world = World::with(options(directory.path())).await;
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let workspace = world.send(Some(&key), &format!("GET /workspaces/{id}"), Value::Null).await.ok();
        if workspace["status"] == "available" {
            break;
        }
        assert!(Instant::now() < deadline, "{workspace}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.platform.stop().await;
}

#[tokio::test]
async fn a_second_platform_on_the_same_database_gets_an_error_that_names_the_owner() {
    let directory = tempfile::tempdir().unwrap();
    let platform = Platform::start(options(directory.path())).await.unwrap();
    let error = Platform::start(options(directory.path())).await.unwrap_err();
    let StartError::Store(StoreError::Lock(LockError::Taken { owner: Some(owner), .. })) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(owner.pid, std::process::id());
    assert!(error.to_string().contains(&format!("process id {}", owner.pid)), "{error}");
    platform.stop().await;
    Platform::start(options(directory.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn the_database_of_a_killed_process_is_taken_over_with_every_acknowledged_change() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &[]);
    let ready = server.ready();
    let key = text(&ready["service_account_key"]);
    // The server is killed; its lock file remains.
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert!(directory.path().join("platform.db.lock").exists());
    let world = World::with(options(directory.path())).await;
    let me = world.send(Some(&key), "GET /users/me", Value::Null).await.ok();
    assert_eq!(me["is_service_account"], true);
    world.platform.stop().await;
}

#[tokio::test]
async fn the_port_is_kept_and_an_error_names_it_if_it_is_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let platform = Platform::start(options(directory.path())).await.unwrap();
    let address = platform.url().strip_prefix("http://").unwrap().to_owned();
    platform.stop().await;
    let thief = std::net::TcpListener::bind(&address).unwrap();
    let error = Platform::start(options(directory.path())).await.unwrap_err().to_string();
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
    drop(thief);
    let platform = Platform::start(options(directory.path())).await.unwrap();
    assert!(platform.url().ends_with(&address));
    platform.stop().await;
}

#[test]
fn the_ready_file_is_private_complete_and_contains_the_address() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &["--organization", "acme"]);
    let ready = server.ready();
    assert_eq!((&ready["organization_name"], &ready["pid"]), (&json!("acme"), &json!(server.child.id())));
    assert!(text(&ready["service_account_key"]).starts_with("ZENPROKEY_"));
    assert_eq!(ready["admin"]["username"], "admin");
    for file in ["ready.json", "platform.db", "platform.db.key", "platform.db.lock"] {
        let mode = directory.path().join(file).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
    let address = text(&ready["control_plane_url"]);
    std::net::TcpStream::connect(address.strip_prefix("http://").unwrap()).unwrap();
    let (status, log) = server.terminate();
    assert!(status.success(), "{log}");
    // Logs show the lifecycle of the server and no secrets.
    assert!(log.contains("ready") && !log.contains("ZENPROKEY_"), "{log}");

    let mut server = Server::start(directory.path(), &[]);
    let again = server.ready();
    assert!(again.get("service_account_key").is_none() && again.get("admin").is_none(), "{again}");
    assert_eq!(again["control_plane_url"], json!(address));
    assert!(server.terminate().0.success());

    let audit = run(&["audit", "--json", "--database", &database(directory.path())]);
    assert!(audit.0.success(), "{}", audit.2);
}

#[test]
fn the_most_verbose_log_contains_no_credential() {
    use std::io::Write as _;
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &["-vv"]);
    let ready = server.ready();
    let address = text(&ready["control_plane_url"]).strip_prefix("http://").unwrap().to_owned();
    let (key, password) = (text(&ready["service_account_key"]), text(&ready["admin"]["password"]));
    for (request, form) in [
        ("POST /auth/login", format!("password={key}")),
        ("POST /auth/login", format!("username=admin&password={password}")),
        ("GET /users/me", String::new()),
        ("POST /users?username=eve&password=needle", String::new()),
    ] {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let request = format!(
            "{request} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    }
    let (_, log) = server.terminate();
    assert!(log.contains("route=/auth/login") && log.contains("status=200"), "requests are logged: {log}");
    for needle in [&key, &password, "needle"] {
        assert!(!log.contains(needle), "{log}");
    }
}

#[test]
fn invalid_options_are_rejected_with_advice() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(directory.path());
    for (arguments, words) in [
        (vec!["serve", "--database", "postgres://localhost/x"], "--database sqlite:FILE"),
        (
            vec!["serve", "--database", &database, "--faults", "/nonexistent"],
            "cannot read the fault file /nonexistent",
        ),
        (vec!["serve", "--ephemeral", "--ready-file", "/nonexistent/ready"], "cannot write the ready file"),
        (vec!["audit", "--database", &database], "does not exist"),
    ] {
        let (status, out, err) = run(&arguments);
        assert!(
            !status.success() && err.starts_with("Error: ") && err.contains(words),
            "{arguments:?}: {out}{err}"
        );
    }
}

#[tokio::test]
async fn many_platforms_run_in_one_process_without_sharing_anything() {
    let (one, two) = (World::start().await, World::start().await);
    one.team("alpha").await;
    let list = |world: &World| format!("GET /organizations/{}/teams", world.organization());
    assert_eq!(texts(&two.admin(&list(&two), Value::Null).await.ok(), "name"), Vec::<String>::new());
    two.send(Some(&one.key()), "GET /users/me", Value::Null).await.refused(401);
}

//! A started server responds.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};
use zenml_test::{Environment, NoServer, Packages, RealServer, Search, StartError, VERSION};

/// Returns the environment to start servers from; `None`, with a message, if there is none.
#[expect(clippy::print_stdout, reason = "a skipped test must not be mistaken for a success")]
fn environment(packages: Packages) -> Option<Environment> {
    match Search::from_environment().environment_with(packages) {
        Ok(environment) => Some(environment),
        Err(NoServer::Skipped(why)) => {
            println!("SKIPPED: {why}");
            None
        }
        Err(NoServer::Failed(why)) => panic!("{why}"),
    }
}

/// One request, and the JSON that comes back.
fn get(server: &RealServer, path: &str, credential: &str) -> Json {
    let authority = server.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let head = format!("GET /api/v1{path} HTTP/1.0\r\nHost: {authority}\r\n");
    write!(stream, "{head}Authorization: Bearer {credential}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_server_accepts_its_credentials_and_others_run_next_to_it() {
    let Some(environment) = environment(Packages::Plain) else { return };
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| RealServer::start(&environment, Packages::Plain).unwrap());
        (RealServer::start(&environment, Packages::Plain).unwrap(), other.join().unwrap())
    });
    assert_ne!(one.url(), other.url());
    assert!(one.key().starts_with("ZENKEY_"));
    for server in [&one, &other] {
        assert_eq!(get(server, "/version", ""), json!(VERSION));
        assert_eq!(get(server, "/current-user", server.key())["name"], "terraform");
        assert_eq!(get(server, "/current-user", server.token())["name"], "default");
        assert_eq!(get(server, "/stacks", server.token())["total"], 1);
        assert_eq!(get(server, "/info", "")["analytics_enabled"], false);
    }
    let debug = format!("{one:?}");
    assert!(!debug.contains(one.key()) && !debug.contains(one.token()), "{debug}");
    let authority = one.url().strip_prefix("http://").unwrap().to_owned();
    drop(one);
    TcpStream::connect(authority).expect_err("it has ended");
    assert_eq!(get(&other, "/version", ""), json!(VERSION));
}

#[test]
fn all_tests_share_one_server() {
    if environment(Packages::Plain).is_none() {
        return;
    }
    let (one, other) = (RealServer::shared().unwrap(), RealServer::shared().unwrap());
    assert_eq!(one.url(), other.url());
    assert_eq!(get(one, "/version", ""), json!(VERSION));
}

#[test]
fn a_server_ends_with_the_process_that_started_it_however_that_ends() {
    if environment(Packages::Plain).is_none() {
        return;
    }
    let mut other = Command::new(env!("CARGO_BIN_EXE_zenml-test"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(other.stdout.take().unwrap()).lines().map(Result::unwrap);
    let authority =
        said.find_map(|line| line.split_once("http://").map(|(_, rest)| rest.to_owned())).unwrap();
    let mut connection = TcpStream::connect(&authority);
    other.kill().unwrap();
    other.wait().unwrap();
    // The system closes the connection when the server is gone, and accepts no further one at about the same time.
    while let Ok(mut open) = connection {
        open.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let closed = open.read(&mut [0]);
        assert!(!matches!(&closed, Err(error) if error.kind() == ErrorKind::WouldBlock), "it still serves");
        connection = TcpStream::connect(&authority);
    }
}

#[test]
fn the_error_of_a_failed_start_contains_the_end_of_the_log() {
    let cache = tempfile::tempdir().unwrap();
    let binaries = cache.path().join("broken/bin");
    std::fs::create_dir_all(&binaries).unwrap();
    let python = binaries.join("python");
    std::fs::write(&python, "#!/bin/sh\necho no module is named so >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    let named = Some(cache.path().join("broken"));
    let search = Search { named, cache: cache.path().join("cache"), required: false };
    let error = RealServer::start(&search.environment().unwrap(), Packages::Plain).unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error:?}");
    assert!(error.to_string().contains("no module is named so"), "{error}");
}

#[test]
fn a_server_supports_the_connectors_of_its_packages() {
    for (packages, types) in [
        (Packages::Plain, vec!["docker", "oauth2"]),
        (Packages::Clouds, vec!["aws", "docker", "kubernetes", "oauth2"]),
    ] {
        let Some(environment) = environment(packages) else { return };
        let server = RealServer::start(&environment, packages).unwrap();
        let known = get(&server, "/service_connector_types", server.key());
        let known = known.as_array().unwrap().iter().map(|known| known["connector_type"].as_str().unwrap());
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        assert_eq!(known, types);
    }
}

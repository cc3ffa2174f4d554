//! The same requests to a real ZenML server and to an embedded workspace.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use xtask::contract::{Plane, compare, folder, plain, play, read, record};
use xtask::demo::http::{Body, Session};
use zenml_api::workspace::{ALL, BASE};
use zenml_local::{Options, Platform};

use crate::engine::{built, python};
use crate::shown;

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_else(|| panic!("{answer} has no {member}"))
}

/// Creates a workspace on a new platform. Returns its API as an administrator.
async fn embedded(platform: &Platform) -> Plane {
    let key = platform.service_account_key().expect("a new platform has a key").expose();
    let control = Session::anonymous(platform.url());
    let login = shown(control.expect("POST", "/auth/login", Body::Form(&[("password", key)])).await);
    let control = control.with(text(&login, "access_token"));
    let new = Body::Json(json!({ "name": "contract", "organization_id": platform.organization_id() }));
    let made = shown(control.expect("POST", "/workspaces", new).await);
    let path = format!("/workspaces/{}", text(&made, "id"));
    let url = loop {
        let workspace = shown(control.expect("GET", &path, Body::Empty).await);
        match workspace.pointer("/zenml_service/status/server_url") {
            Some(Value::String(url)) => break url.clone(),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let base = format!("{url}{BASE}");
    let form = [("grant_type", "zenml-api-key"), ("password", key)];
    let session = shown(Session::anonymous(&base).expect("POST", "/login", Body::Form(&form)).await);
    Plane { base, token: text(&session, "access_token").to_owned() }
}

/// A real server, started by a command.
struct Server {
    command: Child,
    url: String,
    key: String,
}

impl Server {
    fn start() -> Self {
        let mut command =
            Command::new(built("zenml-test")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(command.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut values = said.map(|line| line.split_once('=').unwrap().1.to_owned());
        let (url, key) = (values.next().unwrap(), values.next().unwrap());
        Self { command, url, key }
    }

    /// Kills the command. The server ends too, however the command ends.
    fn is_killed(&mut self) {
        let authority = self.url.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(authority);
        self.command.kill().unwrap();
        self.command.wait().unwrap();
        // The system closes the connection when the server is gone, and accepts no further one at about the same time.
        while let Ok(mut open) = connection {
            open.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
            let closed = open.read(&mut [0]);
            assert!(
                !matches!(&closed, Err(error) if error.kind() == ErrorKind::WouldBlock),
                "it still serves"
            );
            connection = TcpStream::connect(authority);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.command.kill();
        let _ = self.command.wait();
    }
}

#[tokio::test]
async fn a_real_server_and_an_embedded_workspace_return_the_same_responses() {
    if python().is_none() {
        return;
    }
    let mut server = Server::start();
    let steps = shown(read());
    let platform = Platform::start(Options::default()).await.unwrap();
    let local = shown(play(&steps, &embedded(&platform).await).await);
    platform.stop().await;
    let real = shown(play(&steps, &shown(plain(&server.url).await)).await);
    let session = Session::anonymous(format!("{}{BASE}", server.url)).with(&server.key);
    assert_eq!(shown(session.expect("GET", "/current-user", Body::Empty).await)["name"], "terraform");
    server.is_killed();
    let expected = steps.iter().filter(|step| step.differs.is_some()).count();
    println!("{} requests, {expected} of them with responses that differ by design", steps.len());
    let differences = compare::differences(&real, &local);
    let report: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "{} differences:\n{}", report.len(), report.join("\n"));
    let stale = shown(record::stale(&folder(), &record::exchanges(&real)));
    assert!(stale.is_empty(), "out of date: {stale:?}; run `cargo xtask contract --record`");
}

#[test]
fn the_requests_cover_every_endpoint() {
    let steps = shown(read());
    let fits = |method: &str, template: &str, call: &str| {
        let (its_method, target) = call.split_once(' ').unwrap();
        let path = target.split('?').next().unwrap();
        let same = |(expected, found): (&str, &str)| expected.starts_with('{') || expected == found;
        its_method == method
            && path.split('/').count() == template.split('/').count()
            && template.split('/').zip(path.split('/')).all(same)
    };
    let missing: BTreeSet<&str> = ALL
        .iter()
        .filter(|entry| {
            let method = entry.route.method.as_str();
            !steps.iter().any(|step| fits(method, entry.route.template, &step.call))
        })
        .map(|entry| entry.name)
        .collect();
    assert!(missing.is_empty(), "no request calls {missing:?}");
}

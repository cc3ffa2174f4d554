//! A server that repeats what it received, under real hosts at their most verbose log level.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tfkit_test::Scenario;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::echo::{FORMS, canary, leaks};
use crate::server::on_each_server;

/// A proxy that answers each change with its request. Stops when it is dropped.
struct Repeater {
    url: String,
    shared: Arc<Mutex<Shared>>,
    _serving: JoinSet<()>,
}

#[derive(Clone, Default)]
struct Shared {
    /// Status and form of the responses.
    rule: Option<(u16, usize)>,
    /// Bearer tokens so far.
    credentials: BTreeSet<String>,
    /// How many requests the proxy answered itself.
    repeated: usize,
}

impl Repeater {
    async fn before(server: &str) -> Self {
        let rest = server.strip_prefix("http://").unwrap();
        let (host, path) =
            rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
        let upstream: SocketAddr = host.parse().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared::default()));
        let mut serving = JoinSet::new();
        let of_connections = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(serve(client, upstream, Arc::clone(&of_connections)));
            }
        });
        Self { url, shared, _serving: serving }
    }

    fn repeat(&self, rule: Option<(u16, usize)>) {
        self.shared.lock().unwrap().rule = rule;
    }
}

/// Serves one request on one connection.
async fn serve(mut client: TcpStream, upstream: SocketAddr, shared: Arc<Mutex<Shared>>) {
    let mut request = Vec::new();
    let (head, rest) = loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if request.len() >= head.len() + 4 + length {
                break (head.to_owned(), body.to_owned());
            }
        }
        match client.read_buf(&mut request).await {
            Ok(1..) => {}
            _ => return,
        }
    };
    let rule = {
        let mut shared = shared.lock().unwrap();
        if let Some(bearer) = header(&head, "authorization") {
            shared.credentials.insert(bearer.trim_start_matches("Bearer ").to_owned());
        }
        let is_change =
            !head.starts_with("GET ") && !head.lines().next().unwrap_or_default().contains("/login ");
        let rule = shared.rule.filter(|_| is_change);
        shared.repeated += usize::from(rule.is_some());
        rule
    };
    if let Some((status, form)) = rule {
        let body = FORMS[form].1(&format!("{head}\n\n{rest}"));
        let bearer = header(&head, "authorization").unwrap_or_default();
        let location = format!("https://elsewhere.example.com/{}", bearer.replace(' ', "%20"));
        let answer = format!(
            "HTTP/1.1 {status} Repeated\r\nx-request-id: {bearer}\r\nlocation: {location}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let _ = client.write_all(answer.as_bytes()).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let end = head.len();
    let sent = [&request[..end], b"\r\nconnection: close", &request[end..]].concat();
    if server.write_all(&sent).await.is_ok() {
        let _ = tokio::io::copy(&mut server, &mut client).await;
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

const MAIN: &str = r#"
variable "stored" { sensitive = true }
variable "written" { ephemeral = true }

resource "zenml_secret" "stored" {
  name   = "${var.prefix}-stored"
  values = { token = var.stored }
}

resource "zenml_secret" "written" {
  name              = "${var.prefix}-written"
  values_wo         = { token = var.written }
  values_wo_version = 1
}

resource "zenml_service_connector" "stored" {
  name          = "${var.prefix}-stored"
  type          = "docker"
  auth_method   = "password"
  configuration = { username = "ann", password = var.stored }
}

resource "zenml_service_connector" "written" {
  name                     = "${var.prefix}-written"
  type                     = "docker"
  auth_method              = "password"
  verify                   = false
  configuration_wo         = { username = "ann", password = var.written }
  configuration_wo_version = 1
}

resource "zenml_stack_component" "settings" {
  name          = "${var.prefix}-settings"
  type          = "artifact_store"
  flavor        = "s3"
  configuration = { path = "s3://bucket", secret = var.stored }
}

resource "zenml_tag" "plain" {
  name = "${var.prefix}-plain"
}
"#;

const LOG: &str = "trace.log";

#[tokio::test(flavor = "multi_thread")]
async fn no_real_host_prints_or_stores_what_a_server_repeats() {
    on_each_server(async |server, host| {
        if server.is_real() || !host.host().is_at_least(1, 11) {
            return;
        }
        let repeater = Repeater::before(server.url()).await;
        for (name, value) in [("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "TRACE"), ("TF_LOG_PATH", LOG)] {
            host.set_env(name, value);
        }
        host.set_env("ZENML_SERVER_URL", &repeater.url);
        for name in ["stored", "written"] {
            host.set_variable(name, &json!(canary(name)));
        }
        host.write("main.tf", MAIN).unwrap();
        for (number, status) in [400, 401, 403, 404, 409, 422, 500, 200, 307].into_iter().enumerate() {
            let form = (number * 5) % FORMS.len();
            repeater.repeat(Some((status, form)));
            let failed = host.run(&["apply", "-auto-approve"]).await;
            assert!(failed.is_err(), "{status}, {}", FORMS[form].0);
        }
        let seen = repeater.shared.lock().unwrap().clone();
        assert!(seen.repeated >= 9 * 6, "{} requests were repeated", seen.repeated);
        let mut credentials = seen.credentials;
        credentials.insert(server.key().to_owned());
        unseen(host, &credentials);
        repeater.repeat(None);
    })
    .await;
}

/// Looks for secrets in output for people and other programs.
fn unseen(host: &Scenario, credentials: &BTreeSet<String>) {
    let log = fs::read_to_string(host.work().join(LOG)).unwrap();
    assert!(log.contains("terraform-provider-zenml: POST /secrets answered"), "the provider did not log");
    for line in log.lines().chain(host.transcript().lines()) {
        let leak = leaks(line, credentials);
        assert!(leak.is_none(), "{leak:?} in {line}");
    }
    let state = fs::read_to_string(host.work().join("terraform.tfstate")).unwrap_or_default();
    assert!(leaks(&state, credentials).is_none(), "{state}");
}

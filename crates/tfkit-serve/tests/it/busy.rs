//! Authors who block their thread or wait forever, and hosts that do not wait for them.
//!
//! Tests and the provider meet at named pipes: opening one end waits until the other one is open.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::generated::health::HealthCheckRequest;
use crate::generated::health::health_client::HealthClient;
use crate::generated::plugin::Empty;
use crate::generated::plugin::grpc_controller_client::GrpcControllerClient;
use crate::generated::provider::diagnostic::Severity;
use crate::generated::provider::invoke_action::event::Type;
use crate::generated::provider::{
    Diagnostic, DynamicValue, apply_resource_change, call_function, get_metadata, import_resource_state,
    invoke_action, list_resource, open_ephemeral_resource, plan_resource_change, read_data_source,
    read_resource, stop_provider, validate_resource_config,
};
use crate::host::{COOKIE, Channel, Provider, VERSIONS, connect_to, example};
use crate::message::{configure, json, msgpack};

/// Far more than anything here takes, so that only a call that never ends fails a test.
const LONG: Duration = Duration::from_secs(20);

/// All calls in which an author's code runs.
const CALLS: [&str; 12] = [
    "validate",
    "plan",
    "create",
    "update",
    "delete",
    "read",
    "import",
    "data source",
    "list",
    "action",
    "ephemeral",
    "function",
];

/// A folder with notes and pipes.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Creates a named pipe.
    fn pipe(&self, name: &str) -> PathBuf {
        let pipe = self.path().join(name);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    }
}

/// The plan of a new note, whose `id` and `length` are unknown.
fn planned(name: &str, text: &str) -> DynamicValue {
    let string = |text: &str| [&[0xd9, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let unknown = vec![0xd4, 0, 0];
    let members = [
        ("colour", string("yellow")),
        ("id", unknown.clone()),
        ("length", unknown),
        ("name", string(name)),
        ("text", string(text)),
    ];
    let members = members.map(|(name, value)| [string(name), value].concat());
    msgpack(&[vec![0x85], members.concat()].concat())
}

/// Makes a call about a note with this text.
pub(crate) async fn call(
    channel: Channel,
    folder: PathBuf,
    rpc: &'static str,
    text: String,
) -> Vec<Diagnostic> {
    let mut calls = channel.provider();
    let name = rpc.replace(' ', "-");
    let (null, ty) = (Some(msgpack(b"\xc0")), "echo_note".to_owned());
    let note = |id: Option<&str>, text: &str| {
        let length = id.map(|_| text.len());
        Some(json(
            &serde_json::json!({ "id": id, "name": name, "text": text, "colour": "yellow", "length": length }),
        ))
    };
    let (config, stored) = (note(None, &text), note(Some(&name), &text));
    let file = |text: &str| {
        std::fs::write(folder.join(format!("{name}.note")), format!("yellow\n{text}")).unwrap();
    };
    match rpc {
        "validate" => {
            let request =
                validate_resource_config::Request { type_name: ty, config, client_capabilities: None };
            calls.validate_resource_config(request).await.unwrap().into_inner().diagnostics
        }
        "plan" => {
            let request = plan_resource_change::Request {
                type_name: ty,
                prior_state: null,
                proposed_new_state: config.clone(),
                config,
                ..plan_resource_change::Request::default()
            };
            calls.plan_resource_change(request).await.unwrap().into_inner().diagnostics
        }
        "create" | "update" | "delete" => {
            let (prior, planned, config) = match rpc {
                "create" => (null, Some(planned(&name, &text)), config),
                "update" => {
                    file("before");
                    (note(Some(&name), "before"), stored, config)
                }
                _ => (stored, null.clone(), null),
            };
            let request = apply_resource_change::Request {
                type_name: ty,
                prior_state: prior,
                planned_state: planned,
                config,
                ..apply_resource_change::Request::default()
            };
            calls.apply_resource_change(request).await.unwrap().into_inner().diagnostics
        }
        "read" => {
            file(&text);
            let request = read_resource::Request {
                type_name: ty,
                current_state: stored,
                ..read_resource::Request::default()
            };
            calls.read_resource(request).await.unwrap().into_inner().diagnostics
        }
        "import" => {
            file(&text);
            let request = import_resource_state::Request {
                type_name: ty,
                id: name.clone(),
                ..import_resource_state::Request::default()
            };
            calls.import_resource_state(request).await.unwrap().into_inner().diagnostics
        }
        "data source" => {
            file(&text);
            let request = read_data_source::Request {
                type_name: ty,
                config: Some(json(&serde_json::json!({ "name": name, "text": null }))),
                ..read_data_source::Request::default()
            };
            calls.read_data_source(request).await.unwrap().into_inner().diagnostics
        }
        newer => newer_call(channel, &folder, newer, text).await,
    }
}

/// Makes a call about something else than a resource or a data source.
async fn newer_call(channel: Channel, folder: &Path, rpc: &str, text: String) -> Vec<Diagnostic> {
    let mut calls = channel.provider();
    match rpc {
        "list" => {
            let config = Some(json(&serde_json::json!({ "text": text })));
            let request = list_resource::Request {
                type_name: "echo_note".to_owned(),
                config,
                limit: 10,
                ..list_resource::Request::default()
            };
            let mut events = calls.list_resource(request).await.unwrap().into_inner();
            let mut diagnostics = Vec::new();
            while let Some(event) = events.message().await.unwrap() {
                diagnostics.extend(event.diagnostic);
            }
            diagnostics
        }
        "action" => {
            std::fs::write(folder.join("action.note"), "yellow\nstamped").unwrap();
            let config =
                Some(json(&serde_json::json!({ "name": "action", "text": text, "signature": null })));
            let action_type = "echo_stamp".to_owned();
            let request = invoke_action::Request { action_type, config, ..invoke_action::Request::default() };
            let mut events = calls.invoke_action(request).await.unwrap().into_inner();
            while let Some(event) = events.message().await.unwrap() {
                if let Some(Type::Completed(end)) = event.r#type {
                    let is_error = |it: &Diagnostic| it.severity() == Severity::Error;
                    return end.diagnostics.into_iter().filter(is_error).collect();
                }
            }
            panic!("the action did not complete")
        }
        "ephemeral" => {
            let config = Some(json(&serde_json::json!({ "name": text, "password": null })));
            let request = open_ephemeral_resource::Request {
                type_name: "echo_visit".to_owned(),
                config,
                ..open_ephemeral_resource::Request::default()
            };
            // Most names are paths, of which nobody can make a file; and a process that ends may not answer.
            let _ = calls.open_ephemeral_resource(request).await;
            Vec::new()
        }
        "function" => {
            let arguments = [serde_json::json!(1), serde_json::json!(""), serde_json::json!(text)];
            let arguments = arguments.iter().map(json).collect();
            let request = call_function::Request { name: "repeat".to_owned(), arguments };
            let answer = calls.call_function(request).await.unwrap().into_inner();
            assert_eq!(answer.error, None);
            Vec::new()
        }
        other => panic!("unknown call {other}"),
    }
}

/// Opens a pipe for writing, as soon as an author blocks on it. Closing it releases the author.
async fn blocked(pipe: &Path) -> Sender {
    let opened = async {
        loop {
            // Fails until somebody reads from the pipe.
            if let Ok(held) = OpenOptions::new().open_sender(pipe) {
                return held;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(LONG, opened).await.expect("the author never gets there")
}

/// The end of a pipe whose other end an author holds.
struct Waiting(Receiver);

impl Waiting {
    fn on(pipe: &Path) -> Self {
        Self(OpenOptions::new().open_receiver(pipe).unwrap())
    }

    /// Waits until an author waits.
    async fn begun(&mut self) {
        let read = async {
            // Without a writer, the pipe looks like one that has ended.
            while self.0.read(&mut [0]).await.unwrap() == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(LONG, read).await.expect("the author never gets there");
    }

    /// Waits until the author has been dropped.
    async fn dropped(mut self) {
        let read = timeout(LONG, self.0.read(&mut [0])).await.expect("the author is never dropped");
        assert_eq!(read.unwrap(), 0);
    }
}

async fn start(folder: &Folder) -> (Provider, Channel) {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
    (provider, channel)
}

#[expect(clippy::disallowed_methods, reason = "the test waits for the task")]
fn spawn(
    channel: &Channel,
    folder: &Folder,
    rpc: &'static str,
    text: String,
) -> tokio::task::JoinHandle<Vec<Diagnostic>> {
    tokio::spawn(call(channel.clone(), folder.path().to_owned(), rpc, text))
}

/// Checks that the process answers.
async fn ping(channel: &Channel) {
    let mut health = HealthClient::new(channel.clone());
    let request = HealthCheckRequest { service: "plugin".into() };
    timeout(LONG, health.check(request)).await.expect("no health").unwrap();
    let metadata = channel.provider().get_metadata(get_metadata::Request {}).await;
    assert!(!metadata.unwrap().into_inner().resources.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_blocks_delays_no_other_call() {
    let folder = Folder::new();
    let (_provider, channel) = start(&folder).await;
    for rpc in CALLS {
        let pipe = folder.pipe(&format!("{rpc}.pipe"));
        let busy = spawn(&channel, &folder, rpc, format!("block {}", pipe.display()));
        let held = blocked(&pipe).await;
        ping(&channel).await;
        let other = spawn(&channel, &folder, rpc, "other".to_owned());
        assert_eq!(timeout(LONG, other).await.expect(rpc).unwrap(), [], "{rpc}");
        assert!(!busy.is_finished(), "{rpc} did not block");
        drop(held);
        assert_eq!(timeout(LONG, busy).await.expect(rpc).unwrap(), [], "{rpc}");
    }
}

/// Each call logs a few lines. The pipe of the log holds 64 KiB, and nobody reads it.
#[tokio::test]
async fn a_host_that_does_not_read_the_log_delays_no_call() {
    let folder = Folder::new();
    let provider = Provider::start(&[("TF_LOG", "TRACE")]);
    let channel = provider.connect().await;
    assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
    for _ in 0..300 {
        let answer = call(channel.clone(), folder.path().to_owned(), "plan", "text".repeat(50));
        assert_eq!(timeout(LONG, answer).await.expect("an unread log blocks the call"), []);
    }
    assert!(provider.shut_down(channel).await.status.success());
}

#[tokio::test]
async fn many_authors_may_block_at_the_same_time() {
    let folder = Folder::new();
    let (_provider, channel) = start(&folder).await;
    let pipes: Vec<PathBuf> = (0..100).map(|number| folder.pipe(&format!("{number}.pipe"))).collect();
    let text = |pipe: &PathBuf| format!("block {}", pipe.display());
    let calls: Vec<_> = pipes.iter().map(|pipe| spawn(&channel, &folder, "plan", text(pipe))).collect();
    let mut held = Vec::new();
    for pipe in &pipes {
        held.push(blocked(pipe).await);
    }
    ping(&channel).await;
    drop(held);
    for call in calls {
        assert_eq!(timeout(LONG, call).await.expect("a released author ends").unwrap(), []);
    }
}

#[tokio::test]
async fn the_host_and_signals_end_the_process_while_an_author_blocks() {
    let end = async |how: &str| {
        let folder = Folder::new();
        let (mut provider, channel) = start(&folder).await;
        let socket = provider.part(3).to_owned();
        let pipe = folder.pipe("pipe");
        let busy = spawn(&channel, &folder, "create", format!("block {}", pipe.display()));
        let _held = blocked(&pipe).await;
        if how == "shutdown" {
            GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await.unwrap();
        } else {
            provider.send(how);
        }
        assert!(provider.wait(LONG).await.success(), "{how}");
        assert!(!Path::new(&socket).exists(), "{how}: the socket file is left behind");
        busy.abort();
    };
    tokio::join!(end("-TERM"), end("-HUP"), end("-QUIT"), end("shutdown"));
}

/// A provider whose parent is the host, and both ends of its output.
struct Hosted {
    host: std::process::Child,
    stdout: BufReader<std::process::ChildStdout>,
    channel: Channel,
}

impl Hosted {
    async fn start(folder: &Folder) -> Self {
        let mut host = Command::new("sh");
        host.args(["-c", r#""$0" & wait"#]).arg(example());
        host.env_clear().envs([
            COOKIE,
            VERSIONS,
            ("PLUGIN_UNIX_SOCKET_DIR", folder.path().to_str().unwrap()),
        ]);
        host.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut host = host.spawn().unwrap();
        let mut stdout = BufReader::new(host.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let channel = connect_to(line.split('|').nth(3).unwrap()).await;
        assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
        Self { host, stdout, channel }
    }

    /// Kills the host during a call, and waits for the end of the provider.
    async fn dies(mut self, busy: tokio::task::JoinHandle<Vec<Diagnostic>>) {
        self.host.kill().unwrap();
        // The host's end of the connection closes with it.
        busy.abort();
        let _ = busy.await;
        self.ended().await;
    }

    /// Waits for the end of the provider.
    async fn ended(self) {
        let Self { mut host, mut stdout, channel } = self;
        drop(channel);
        // The provider holds the other end of the pipe until it ends.
        let rest = spawn_blocking(move || stdout.read_line(&mut String::new()).unwrap());
        assert_eq!(timeout(LONG, rest).await.expect("the provider goes on").unwrap(), 0);
        host.wait().unwrap();
    }
}

#[tokio::test]
async fn a_process_whose_host_died_ends_while_an_author_blocks() {
    let folder = Folder::new();
    let hosted = Hosted::start(&folder).await;
    let pipe = folder.pipe("pipe");
    let busy = spawn(&hosted.channel, &folder, "create", format!("block {}", pipe.display()));
    let _held = blocked(&pipe).await;
    hosted.dies(busy).await;
}

/// Opens an ephemeral resource that has created something and waits.
async fn opening(channel: &Channel, folder: &Folder) -> (tokio::task::JoinHandle<Vec<Diagnostic>>, Waiting) {
    let mut waiting = Waiting::on(&folder.pipe("guest.pipe"));
    let opening = spawn(channel, folder, "ephemeral", "guest".to_owned());
    waiting.begun().await;
    assert!(folder.path().join("visit-of-guest.note").exists());
    (opening, waiting)
}

fn is_closed(folder: &Folder) -> bool {
    folder.path().join("end-of-visit-of-guest.note").exists()
}

#[tokio::test]
async fn what_an_ephemeral_resource_created_is_closed_if_its_host_dies_or_cancels_while_it_opens() {
    let folder = Folder::new();
    let hosted = Hosted::start(&folder).await;
    let (busy, _waiting) = opening(&hosted.channel, &folder).await;
    hosted.dies(busy).await;
    assert!(is_closed(&folder), "the host died");

    let folder = Folder::new();
    let (mut provider, channel) = start(&folder).await;
    let (busy, waiting) = opening(&channel, &folder).await;
    busy.abort();
    waiting.dropped().await;
    provider.send("-TERM");
    assert!(provider.wait(LONG).await.success());
    assert!(is_closed(&folder), "the host cancelled");
}

#[tokio::test]
async fn what_an_ephemeral_resource_created_is_closed_even_if_two_signals_end_the_process() {
    let folder = Folder::new();
    let (mut provider, channel) = start(&folder).await;
    let (busy, _waiting) = opening(&channel, &folder).await;
    provider.send("-TERM");
    // Two signals of one kind at the same time are one.
    provider.send("-HUP");
    assert!(provider.wait(LONG).await.success());
    assert!(is_closed(&folder));
    busy.abort();
}

/// Hosts cancel a call by closing its stream.
#[tokio::test]
async fn a_call_that_the_host_cancels_is_dropped() {
    let folder = Folder::new();
    let (_provider, channel) = start(&folder).await;
    let mut all = Vec::new();
    // Validation and functions are not asynchronous.
    for rpc in CALLS.into_iter().filter(|rpc| !["validate", "function"].contains(rpc)) {
        let pipe = folder.pipe(&format!("{rpc}.pipe"));
        let mut waiting = Waiting::on(&pipe);
        let cancelled = spawn(&channel, &folder, rpc, format!("hold {}", pipe.display()));
        waiting.begun().await;
        cancelled.abort();
        all.push((rpc, waiting));
    }
    for (rpc, waiting) in all {
        waiting.dropped().await;
        let other = spawn(&channel, &folder, rpc, "other".to_owned());
        let answer = timeout(LONG, other).await.expect(rpc).unwrap();
        assert_eq!(answer, [], "{rpc}: other calls are not affected");
    }
}

#[tokio::test]
async fn a_stop_ends_what_changes_nothing_and_asks_what_changes_an_object() {
    for rpc in ["plan", "read", "import", "data source", "list", "create", "action"] {
        let folder = Folder::new();
        let (_provider, channel) = start(&folder).await;
        let pipe = folder.pipe("pipe");
        let mut waiting = Waiting::on(&pipe);
        let stopped = spawn(&channel, &folder, rpc, format!("hold {}", pipe.display()));
        waiting.begun().await;
        let answer = channel.provider().stop_provider(stop_provider::Request {}).await.unwrap();
        assert_eq!(answer.into_inner().error, "");
        waiting.dropped().await;
        let diagnostics = timeout(LONG, stopped).await.expect(rpc).unwrap();
        assert_eq!(diagnostics.len(), 1, "{rpc}");
        assert_eq!(diagnostics[0].summary, "The operation was interrupted", "{rpc}");
    }
}

//! Actions: their stream of events, and the real host that runs them.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::generated::provider::invoke_action::event::{Progress, Type};
use crate::generated::provider::{
    ClientCapabilities, Diagnostic, DynamicValue, configure_provider, get_metadata, get_provider_schema,
    invoke_action, plan_action, stop_provider, validate_action_config,
};
use crate::host::{Channel, Provider};
use crate::terraform::{Project, hosts, version};

#[expect(clippy::unnecessary_wraps, reason = "the field of a request is optional")]
fn stamp(name: &Value, text: &str) -> Option<DynamicValue> {
    let config = json!({ "name": name, "text": text, "signature": null });
    Some(DynamicValue { msgpack: Vec::new(), json: config.to_string().into_bytes() })
}

async fn configure(channel: &Channel, folder: &std::path::Path) {
    let config = json!({ "folder": folder, "token": "host-test-token" }).to_string().into_bytes();
    let request = configure_provider::Request {
        terraform_version: "1.14.0".into(),
        config: Some(DynamicValue { msgpack: Vec::new(), json: config }),
        client_capabilities: Some(ClientCapabilities::default()),
    };
    let answer = channel.provider().configure_provider(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
}

/// Runs an action. Returns its progress and the diagnostics of its end, which must be one event, the last.
async fn invoke(channel: &Channel, config: Option<DynamicValue>) -> (Vec<String>, Vec<Diagnostic>) {
    let request =
        invoke_action::Request { action_type: "echo_stamp".into(), config, client_capabilities: None };
    let mut events = channel.provider().invoke_action(request).await.unwrap().into_inner();
    let mut messages = Vec::new();
    while let Some(event) = events.message().await.unwrap() {
        match event.r#type.unwrap() {
            Type::Progress(Progress { message }) => messages.push(message),
            Type::Completed(completed) => {
                assert_eq!(events.message().await.unwrap(), None, "nothing follows the end");
                return (messages, completed.diagnostics);
            }
        }
    }
    panic!("the stream ended without its last event, after {messages:?}");
}

fn summaries(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|one| one.summary.as_str()).collect()
}

#[tokio::test]
async fn the_schema_of_an_action_has_no_computed_values() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let schema = calls.get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    let block = schema.action_schemas["echo_stamp"].schema.clone().unwrap().block.unwrap();
    assert_eq!(block.description, "Puts a stamp on a note.");
    let rows: Vec<_> = block
        .attributes
        .iter()
        .map(|it| (it.name.as_str(), it.required, it.optional, it.computed, it.write_only))
        .collect();
    assert_eq!(
        rows,
        [
            ("name", true, false, false, false),
            ("signature", false, true, false, true),
            ("text", false, true, false, false),
        ]
    );
    let metadata = calls.get_metadata(get_metadata::Request {}).await.unwrap().into_inner();
    let names: Vec<_> = metadata.actions.iter().map(|it| it.type_name.as_str()).collect();
    assert_eq!(names, ["echo_stamp"]);
}

#[tokio::test]
async fn an_action_sends_its_progress_and_then_exactly_one_end() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    configure(&channel, folder.path()).await;
    fs::write(folder.path().join("first.note"), "yellow\nhello").unwrap();
    let first = json!("first");
    let looking = "Looking for note \"first\"";

    let (progress, ended) = invoke(&channel, stamp(&first, "seen")).await;
    assert_eq!(progress, [looking, "Stamped"]);
    assert_eq!(summaries(&ended), ["The ink is wet"]);
    assert_eq!(fs::read_to_string(folder.path().join("first.stamp")).unwrap(), "seen  on 12 characters");

    let (progress, _) = invoke(&channel, stamp(&first, "host-test-token")).await;
    assert_eq!(progress[1], "Stamping (hidden)\\u{1b}[2J", "secrets and escape sequences reach no terminal");

    // `None` is a missing block of arguments.
    let garbage = Some(DynamicValue { msgpack: b"\xc1".to_vec(), json: Vec::new() });
    for (config, count, summary) in [
        (stamp(&json!("absent"), "seen"), 1, "No note \"absent\" found"),
        (stamp(&first, "panic"), 1, "The run of echo_stamp crashed"),
        (stamp(&Value::Null, "seen"), 0, "Attribute \"name\" is required"),
        (None, 0, "Attribute \"name\" is required"),
        (garbage, 0, "The host sent a configuration that does not match the schema"),
    ] {
        let (progress, ended) = invoke(&channel, config).await;
        assert_eq!((progress.len(), summaries(&ended)), (count, vec![summary]));
    }
}

#[tokio::test]
async fn plans_of_actions_are_never_deferred() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    configure(&channel, folder.path()).await;
    // A map with unknown values: {"name": unknown, "signature": null, "text": unknown}.
    let unknown = b"\x83\xa4name\xd4\x00\x00\xa9signature\xc0\xa4text\xd4\x00\x00".to_vec();
    let unknown = Some(DynamicValue { msgpack: unknown, json: Vec::new() });
    let first = json!("first");
    for deferral_allowed in [false, true] {
        for (config, expected) in [
            (unknown.clone(), vec![]),
            (stamp(&first, "seen"), vec![]),
            (stamp(&first, "forged"), vec!["The stamp is forged"]),
        ] {
            let capabilities = ClientCapabilities { deferral_allowed, ..ClientCapabilities::default() };
            let request = plan_action::Request {
                action_type: "echo_stamp".into(),
                config,
                client_capabilities: Some(capabilities),
            };
            let planned = channel.provider().plan_action(request).await.unwrap().into_inner();
            assert_eq!(summaries(&planned.diagnostics), expected);
            assert_eq!(planned.deferred, None);
        }
    }
}

#[tokio::test]
async fn unknown_action_types_are_diagnostics_in_each_call() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let name = "echo_shred".to_owned();
    let request = validate_action_config::Request { type_name: name.clone(), config: None };
    let validated = calls.validate_action_config(request).await.unwrap().into_inner().diagnostics;
    let request = plan_action::Request { action_type: name.clone(), config: None, client_capabilities: None };
    let planned = calls.plan_action(request).await.unwrap().into_inner().diagnostics;
    let request = invoke_action::Request { action_type: name, config: None, client_capabilities: None };
    let mut events = calls.invoke_action(request).await.unwrap().into_inner();
    let Some(Type::Completed(ended)) = events.message().await.unwrap().unwrap().r#type else {
        panic!("the first event must be the end");
    };
    for diagnostics in [validated, planned, ended.diagnostics] {
        assert_eq!(summaries(&diagnostics), ["This provider has no action \"echo_shred\""]);
    }
}

#[tokio::test]
async fn a_stop_ends_a_waiting_action_with_its_event() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    configure(&channel, folder.path()).await;
    fs::write(folder.path().join("first.note"), "yellow\nhello").unwrap();
    let request = invoke_action::Request {
        action_type: "echo_stamp".into(),
        config: stamp(&json!("first"), "wait"),
        client_capabilities: None,
    };
    let mut events = channel.provider().invoke_action(request).await.unwrap().into_inner();
    assert!(matches!(events.message().await.unwrap().unwrap().r#type, Some(Type::Progress(_))));
    channel.provider().stop_provider(stop_provider::Request {}).await.unwrap();
    let last = tokio::time::timeout(Duration::from_secs(5), events.message()).await.unwrap();
    let Some(Type::Completed(ended)) = last.unwrap().unwrap().r#type else {
        panic!("the event after the stop must be the end");
    };
    assert_eq!(summaries(&ended.diagnostics), ["The operation was interrupted"]);
}

const STAMPED: &str = r#"
variable "text" {
  default = "hello"
}

resource "echo_note" "it" {
  name = "first"
  text = var.text
  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.echo_stamp.it]
    }
  }
}

variable "signature" {
  ephemeral = true
  default   = "me"
}

action "echo_stamp" "it" {
  config {
    name      = echo_note.it.id
    signature = var.signature
  }
}

action "echo_stamp" "lost" {
  config {
    name = "absent"
  }
}

action "echo_stamp" "forged" {
  config {
    name = "first"
    text = "forged"
  }
}
"#;

#[test]
fn hosts_run_actions_after_a_change_and_on_request() {
    for host in hosts() {
        // OpenTofu has no actions.
        if version(&host).is_none_or(|version| version < (1, 14)) {
            println!("skipped: {} does not support actions", host.display());
            continue;
        }
        let project = Project::new(&host);
        project.configure(STAMPED);
        let stamp = project.note("first").with_extension("stamp");
        let text = project.apply();
        assert!(text.contains("Stamped"), "the progress is shown: {text}");
        assert!(text.contains("1 invoked"), "{text}");
        assert_eq!(fs::read_to_string(&stamp).unwrap(), "seen me on 12 characters");
        assert!(!project.plan_changes(), "an action leaves nothing to plan");

        fs::remove_file(&stamp).unwrap();
        let arguments = ["apply", "-no-color", "-input=false", "-auto-approve"];
        let invoked = |name: &str| {
            let option = format!("-invoke=action.echo_stamp.{name}");
            project.try_run(&[&arguments[..], &[option.as_str()]].concat())
        };
        assert!(invoked("it").status.success());
        assert_eq!(fs::read_to_string(&stamp).unwrap(), "seen me on 12 characters");
        for (name, told) in [("lost", "No note \"absent\" found"), ("forged", "The stamp is forged")] {
            let output = invoked(name);
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && errors.contains(told), "{name}: {errors}");
        }
    }
}

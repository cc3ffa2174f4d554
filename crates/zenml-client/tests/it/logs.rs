//! Logs of the client.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::{LazyLock, Mutex};
use std::thread::{self, ThreadId};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::subscriber::Subscriber;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use zenml_api::Sensitive;
use zenml_api::workspace::secret;
use zenml_client::Settings;
use zenml_client::transport::Fault;

use crate::script::{ID, Script, both, client};

/// Records all log events with their fields, by thread.
///
/// It is global for the process: with a subscriber for one thread only, events are lost if a test on another thread
/// reaches the same line first, because `tracing` caches that nobody is interested.
#[derive(Default)]
struct Log(Mutex<HashMap<ThreadId, String>>);

static LOG: LazyLock<&'static Log> = LazyLock::new(|| {
    let log: &'static Log = Box::leak(Box::default());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(log)).unwrap();
    log
});

impl Visit for &Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut lines = self.0.lock().unwrap();
        write!(lines.entry(thread::current().id()).or_default(), " {field}={value:?}").unwrap();
    }
}

impl<S: Subscriber> Layer<S> for &'static Log {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        attributes.record(&mut &**self);
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut &**self);
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut &**self);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_logged_with_route_status_attempt_and_duration_and_without_secrets() {
    let canaries =
        ["canary-value", "canary-answer", "canary-header", "ZENPROKEY_canary", "canary-session", ID];
    let script = Script::default()
        .on("POST /ws/api/v1/login", 200, &json!({"access_token": "canary-session", "token_type": "bearer"}))
        .on("POST /ws/api/v1/secrets", 200, &json!({"id": ID, "name": "canary-answer"}));
    let wire = script.wire().fail("POST http://plane.test/ws/api/v1/secrets", Fault::AnswerLost);
    let mut settings: Settings = both();
    settings.http.headers = vec![("x-extra".to_owned(), Sensitive::from("canary-header"))];
    let client = client(&settings, &wire);
    let values = [("password".to_owned(), Some("canary-value".to_owned()))].into();
    let new = secret::SecretCreate { name: "s".into(), values: Sensitive::new(values), ..Default::default() };

    let log = *LOG;
    client.server().unwrap().send(&secret::CREATE, (), (), new).await.unwrap();

    let sent = String::from_utf8(wire.seen()[1].body.to_vec()).unwrap();
    assert!(sent.contains("canary-value"), "the secret was sent: {sent}");
    let log = log.0.lock().unwrap().remove(&thread::current().id()).unwrap_or_default();
    for expected in ["route=\"/secrets\"", "method=\"POST\"", "attempt=2", "status=200", "duration_ms=10"] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    for canary in canaries {
        assert!(!log.contains(canary), "{canary} in {log}");
    }
}

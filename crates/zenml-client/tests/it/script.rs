//! A server with scripted responses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use zenml_client::transport::{Faulty, HttpRequest, InProcess};
use zenml_client::{Address, Client, Credential, Settings};

pub(crate) const KEY: &str = "ZENPROKEY_canary";
pub(crate) const ID: &str = "00000000-0000-4000-8000-000000000001";

/// Responses by `METHOD /path?query`, or without the query. Several responses for one line are used in turn, and the
/// last one is repeated.
#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<HashMap<String, Answers>>>,
}

type Answers = Vec<(u16, String)>;

pub(crate) type Wire = Faulty<InProcess<Router>>;

impl Script {
    /// Creates a server that accepts every login, to the control plane and to a workspace at `/ws`.
    pub(crate) fn new() -> Self {
        Self::default()
            .on("POST /auth/login", 200, &json!({"access_token": "session", "expires_in": 3600}))
            .on(
                "POST /ws/api/v1/login",
                200,
                &json!({"access_token": "ws", "token_type": "bearer", "expires_in": 3600}),
            )
    }

    pub(crate) fn on(self, line: &str, status: u16, answer: &Value) -> Self {
        self.text(line, status, &answer.to_string())
    }

    pub(crate) fn text(self, line: &str, status: u16, answer: &str) -> Self {
        self.answers.lock().unwrap().entry(line.to_owned()).or_default().push((status, answer.to_owned()));
        self
    }

    fn answer(&self, line: &str) -> Option<(u16, String)> {
        let mut answers = self.answers.lock().unwrap();
        let line = if answers.contains_key(line) { line } else { line.split('?').next()? };
        let queue = answers.get_mut(line)?;
        if queue.len() > 1 { Some(queue.remove(0)) } else { queue.first().cloned() }
    }

    pub(crate) fn wire(self) -> Wire {
        Faulty::new(InProcess::new(Router::new().fallback(serve).with_state(self)))
    }
}

async fn serve(State(script): State<Script>, method: Method, uri: Uri, _: HeaderMap, _: Bytes) -> Response {
    // Waits, so that concurrent calls overlap.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let line = format!("{method} {}", uri.path_and_query().unwrap());
    let (status, body) =
        script.answer(&line).unwrap_or_else(|| panic!("the test has no response for {line}"));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

pub(crate) fn settings() -> Settings {
    let credential = Credential::Key(KEY.into());
    Settings {
        control_plane: Some(Address { url: "http://plane.test/".to_owned(), credential }),
        ..Settings::default()
    }
}

/// Settings for a control plane and the server at `/ws`, with one key for both.
pub(crate) fn both() -> Settings {
    let credential = Credential::Key(KEY.into());
    Settings { server: Some(Address { url: "http://plane.test/ws".to_owned(), credential }), ..settings() }
}

pub(crate) fn client(settings: &Settings, wire: &Wire) -> Client {
    Client::with_transport(settings, Arc::new(wire.clone())).unwrap()
}

/// Returns `METHOD /path` of all requests so far.
pub(crate) fn lines(wire: &Wire) -> Vec<String> {
    wire.seen().iter().map(line).collect()
}

fn line(request: &HttpRequest) -> String {
    let uri: Uri = request.url.parse().unwrap();
    format!("{} {}", request.method, uri.path_and_query().unwrap())
}

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

pub(crate) fn team() -> Value {
    json!({"id": ID, "name": "alpha", "created": "2026-01-02T03:04:05", "updated": "2026-01-02T03:04:05"})
}

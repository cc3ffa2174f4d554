//! A server that repeats what it received: no secret may be shown or logged.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value as Json, json};
use tfkit::Engine;
use tfkit_test::Harness;
use zenml_api::Sensitive;
use zenml_api::workspace::secret::{self, SecretCreate};
use zenml_client::transport::{Exchange, HttpRequest, HttpResponse, Network, TransportErrorKind};
use zenml_client::transport::{Transport, TransportError};
use zenml_client::{Address, Client, Credential, HttpSettings, RetryPolicy, Settings};
use zenml_provider::{Environment, Zenml};

use crate::echo_types::rows;
use crate::world::{World, types_without};

/// The beginning and end of each marked secret. Between them are characters that each encoding escapes differently.
const HEAD: &str = "kAnArY-of";
const TAIL: &str = "tail9Canary";

pub(crate) fn canary(place: &str) -> String {
    format!("{HEAD}-{place}-\"q\"&<b>'\\/+% é\u{1f511}-{TAIL}")
}

/// Headers contain only visible ASCII.
const HEADER: &str = "kAnArY-of-header-/+%-tail9Canary";

/// A form in which a server repeats a string.
pub(crate) type Form = fn(&str) -> String;

pub(crate) const FORMS: [(&str, Form); 16] = [
    ("detail", |all| json!({ "detail": all }).to_string()),
    ("class and message", |all| json!({ "detail": ["ValueError", all] }).to_string()),
    ("bare list", |all| json!(["ValueError", all]).to_string()),
    ("OAuth error", |all| json!({ "error": all, "error_description": all }).to_string()),
    ("problems", |all| json!({ "detail": [{ "loc": ["body", all], "msg": all, "input": all }] }).to_string()),
    ("JSON in JSON", |all| {
        json!({ "detail": json!({ "input": json!(all).to_string() }).to_string() }).to_string()
    }),
    ("Python in JSON", |all| {
        let python = all.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
        json!({ "detail": ["IllegalOperationError", format!("{{'detail': ['X', '{python}']}}")] }).to_string()
    }),
    ("escaped JSON", |all| {
        let escaped = all.chars().fold(String::new(), |mut text, character| {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
            text
        });
        format!("{{\"detail\": \"{escaped}\"}}")
    }),
    ("other JSON", |all| json!({ "id": all, "name": all, "items": [all], "status": all }).to_string()),
    ("list of strings", |all| json!([{ "id": all, "name": all }, all]).to_string()),
    ("text", str::to_owned),
    ("page", |all| {
        let escaped =
            all.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        format!("<!doctype html><title>{}</title>{all}", escaped.replace('\'', "&#x27;"))
    }),
    ("Base64", |all| json!({ "detail": STANDARD.encode(all) }).to_string()),
    ("URL", |all| {
        let percent = all.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                text.push(char::from(byte));
            } else {
                write!(text, "%{byte:02X}").unwrap();
            }
            text
        });
        json!({ "detail": percent }).to_string()
    }),
    ("truncated by the provider", |all| {
        // In each of these, the shown message ends within another part of a secret.
        let fill = 2000 - all.find(HEAD).unwrap_or_default().min(1990) - 5;
        json!({ "detail": format!("{}{all}", "x".repeat(fill)) }).to_string()
    }),
    ("truncated by the server", |all| {
        let cut = all.find(TAIL).map_or(all.len() / 2, |tail| tail - 2);
        json!({ "detail": all[..all.floor_char_boundary(cut)] }).to_string()
    }),
];

const STATUSES: [u16; 16] = [400, 401, 402, 403, 404, 405, 409, 418, 422, 429, 500, 501, 502, 503, 200, 307];

/// Which requests are answered with their contents.
#[derive(Clone, Copy)]
struct Rule {
    status: u16,
    form: usize,
    which: fn(&HttpRequest) -> bool,
}

/// A transport to a real platform, with a server that repeats.
struct Echo {
    network: Network,
    rule: Mutex<Option<Rule>>,
    /// All bodies so far, in both directions. Some servers store them, and repeat them in any response.
    heard: Mutex<String>,
    /// Whether responses repeat all of these instead of their own request.
    repeats_all: AtomicBool,
    /// The credentials that were sent.
    credentials: Mutex<BTreeSet<String>>,
    /// How many requests were answered by the echo, and how many of these contained a marked secret.
    echoed: AtomicUsize,
    marked: AtomicUsize,
}

impl Echo {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            network: Network::new(&HttpSettings::default()).unwrap(),
            rule: Mutex::default(),
            heard: Mutex::default(),
            repeats_all: AtomicBool::new(false),
            credentials: Mutex::default(),
            echoed: AtomicUsize::new(0),
            marked: AtomicUsize::new(0),
        })
    }

    /// Stores the marked parts of a body.
    fn hear(&self, body: &[u8]) {
        let mut all = String::new();
        if let Ok(body) = serde_json::from_slice::<Json>(body) {
            texts(&body, &mut all);
        }
        let mut heard = self.heard.lock().unwrap();
        for line in all.lines().filter(|line| line.contains(HEAD)) {
            if !heard.contains(line) {
                // Messages are truncated, so the latest comes first.
                heard.insert_str(0, &format!("{line}\n"));
            }
        }
    }

    fn arm(&self, rule: Option<Rule>) {
        *self.rule.lock().unwrap() = rule;
    }
}

impl Transport for Echo {
    fn exchange(&self, request: HttpRequest) -> Exchange<'_> {
        if let Some(value) = request.headers.get("authorization") {
            let value = value.to_str().unwrap().trim_start_matches("Bearer ");
            self.credentials.lock().unwrap().insert(value.to_owned());
        }
        self.hear(&request.body);
        let rule = *self.rule.lock().unwrap();
        match rule.filter(|rule| (rule.which)(&request)) {
            None => Box::pin(async move {
                let answer = self.network.exchange(request).await?;
                self.hear(&answer.body);
                Ok(answer)
            }),
            Some(rule) if self.repeats_all.load(Ordering::Relaxed) => {
                self.echoed.fetch_add(1, Ordering::Relaxed);
                let body = FORMS[rule.form].1(&self.heard.lock().unwrap()).into_bytes().into();
                let status = StatusCode::from_u16(rule.status).unwrap();
                Box::pin(async move { Ok(HttpResponse { status, headers: HeaderMap::new(), body }) })
            }
            Some(rule) => {
                self.echoed.fetch_add(1, Ordering::Relaxed);
                if String::from_utf8_lossy(&request.body).contains(HEAD) {
                    self.marked.fetch_add(1, Ordering::Relaxed);
                }
                Box::pin(async move { answer(&request, rule).map_err(|()| broken()) })
            }
        }
    }
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Configuration)
}

fn answer(request: &HttpRequest, rule: Rule) -> Result<HttpResponse, ()> {
    let mut all = String::new();
    // The body as the server understands it, and as it came.
    if let Ok(body) = serde_json::from_slice::<Json>(&request.body) {
        texts(&body, &mut all);
    }
    for (name, value) in &request.headers {
        writeln!(all, "{name}: {}", String::from_utf8_lossy(value.as_bytes())).unwrap();
    }
    writeln!(all, "{} {}\n{}", request.method, request.url, String::from_utf8_lossy(&request.body)).unwrap();
    let mut headers = HeaderMap::new();
    for name in ["authorization", "x-proxy"] {
        if let Some(value) = request.headers.get(name) {
            headers.insert("x-request-id", value.clone());
            let to =
                format!("https://elsewhere.example.com/{}/x", value.to_str().unwrap().replace(' ', "%20"));
            headers.insert("location", HeaderValue::from_str(&to).map_err(|_| ())?);
        }
    }
    let body = FORMS[rule.form].1(&all).into_bytes().into();
    Ok(HttpResponse { status: StatusCode::from_u16(rule.status).unwrap(), headers, body })
}

fn texts(value: &Json, all: &mut String) {
    match value {
        Json::String(text) => writeln!(all, "{text}").unwrap(),
        Json::Array(items) => items.iter().for_each(|item| texts(item, all)),
        Json::Object(members) => members.values().for_each(|member| texts(member, all)),
        _ => {}
    }
}

/// Returns the parts of the secrets in a string.
pub(crate) fn leaks(text: &str, credentials: &BTreeSet<String>) -> Option<String> {
    let mut fragments = vec![HEAD.to_owned(), TAIL.to_owned()];
    for credential in credentials {
        // The header of a session is the same for all, and not secret.
        fragments.push(credential[credential.len() - 16..].to_owned());
        fragments.push(credential.clone());
    }
    let encoded = fragments.iter().flat_map(|fragment| {
        (0..3).map(move |before| {
            let shifted = [&[0; 3][..before], fragment.as_bytes()].concat();
            let encoded = STANDARD.encode(shifted);
            encoded[4..encoded.len() - 4].to_owned()
        })
    });
    let encoded: Vec<String> = encoded.collect();
    fragments.into_iter().chain(encoded).find(|fragment| text.contains(fragment.as_str()))
}

fn is_write(request: &HttpRequest) -> bool {
    request.method != zenml_api::Method::Get && !is_login(request)
}

fn is_read(request: &HttpRequest) -> bool {
    request.method == zenml_api::Method::Get
}

fn is_login(request: &HttpRequest) -> bool {
    request.url.ends_with("/login")
}

async fn harness(world: &World, echo: &Arc<Echo>) -> Harness {
    let mut block = world.block();
    block["http"] = json!({ "retries": 0, "headers": { "x-proxy": HEADER } });
    Harness::start(Engine::new(Zenml::new(Environment::default()).with_transport(echo.clone())), block)
        .await
        .unwrap()
}

#[tokio::test]
async fn no_message_shows_what_a_server_repeats_of_a_request_for_every_type_and_operation() {
    let world = World::start().await;
    let rows = rows(&world).await;
    assert_eq!(types_without(rows.iter().map(|row| row.address)), Vec::<String>::new());
    let echo = Echo::new();
    let mut harness = harness(&world, &echo).await;
    let (mut tried, mut failed) = (0_usize, 0_usize);
    for row in &rows {
        for operation in ["create", "read", "update", "delete"] {
            if operation == "read" {
                echo.arm(None);
                harness
                    .apply(row.address, row.made.clone())
                    .await
                    .unwrap_or_else(|error| panic!("{}: {error}", row.address));
            }
            let marked = echo.marked.load(Ordering::Relaxed);
            // If requests contain a secret each form is tried; otherwise only the credential can be repeated. All
            // forms with all statuses are tried below, in the code that all requests share.
            let carries = row.is_secret && matches!(operation, "create" | "update");
            for _ in 0..if carries { FORMS.len() } else { 4 } {
                let form = tried % FORMS.len();
                let status = STATUSES[(tried * 3 + tried / FORMS.len()) % STATUSES.len()];
                // This is the response of a server that has done it, or that has nothing, so the state follows
                // correctly.
                if matches!((operation, status), ("read" | "delete", 404) | ("delete", 200)) {
                    tried += 1;
                    continue;
                }
                let which = if operation == "read" { is_read } else { is_write };
                echo.arm(Some(Rule { status, form, which }));
                let output = match operation {
                    "create" => harness
                        .apply(row.address, row.made.clone())
                        .await
                        .map(|applied| applied.told().join("\n")),
                    "read" => harness.refresh(row.address).await.map(|_| String::new()),
                    "update" => harness
                        .apply(row.address, row.changed.clone())
                        .await
                        .map(|applied| applied.told().join("\n")),
                    _ => harness.destroy(row.address).await.map(|told| format!("{told:?}")),
                };
                failed += usize::from(output.is_err());
                let output = output.unwrap_or_else(|failure| format!("{failure}\n{:?}", failure.errors()));
                let what = format!("{} {operation}, {status}, {}", row.address, FORMS[form].0);
                let credentials = echo.credentials.lock().unwrap().clone();
                let leak = leaks(&output, &credentials);
                assert!(leak.is_none(), "{what}: {leak:?} is in the message: {output}");
                tried += 1;
                echo.arm(None);
                if operation == "create" {
                    harness.forget(row.address);
                }
            }
            let marked = echo.marked.load(Ordering::Relaxed) - marked;
            assert!(
                !carries || marked >= FORMS.len() - 2,
                "{} {operation} sent {marked} marked secrets",
                row.address
            );
        }
        echo.arm(None);
        if harness.state(row.address).is_some() {
            harness.destroy(row.address).await.unwrap();
        }
    }
    let carrying = rows.iter().filter(|row| row.is_secret).count();
    assert_eq!(tried, rows.len() * 4 * 4 + carrying * 2 * (FORMS.len() - 4));
    assert!(failed * 3 > tried * 2, "{failed} of {tried} failed");
    assert!(echo.echoed.load(Ordering::Relaxed) >= failed);
    world.stop().await;
}

/// Reads, changes and deletes every object, while each response is a failure that repeats everything so far: from
/// this process or, after a restart, from an earlier one, whose secrets are only in the states.
async fn with_a_server_that_remembers(is_restarted: bool) {
    let world = World::start().await;
    let mut rows = rows(&world).await;
    for (number, row) in rows.iter_mut().enumerate().filter(|(_, row)| !row.made["name"].is_null()) {
        (row.made["name"], row.changed["name"]) = (format!("n{number}").into(), format!("n{number}").into());
    }
    let echo = Echo::new();
    let mut harness = harness(&world, &echo).await;
    for row in &rows {
        harness
            .apply(row.address, row.made.clone())
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", row.address));
    }
    if is_restarted {
        let engine = Engine::new(Zenml::new(Environment::default()).with_transport(echo.clone()));
        let mut block = world.block();
        block["http"] = json!({ "retries": 0 });
        harness.restart(engine, block).await.unwrap();
        // A host reads all states before it changes anything. Write-only values are in none of them.
        let mut known = String::new();
        for row in &rows {
            harness.refresh(row.address).await.unwrap();
            let state = format!("{:?}", harness.state(row.address).unwrap());
            known.push_str(&state);
        }
        let mut heard = echo.heard.lock().unwrap();
        *heard = heard.lines().fold(String::new(), |all, line| {
            if known.contains(&format!("{line:?}")) { format!("{all}{line}\n") } else { all }
        });
    }
    assert!(echo.heard.lock().unwrap().lines().count() >= 1, "the server received nothing");
    echo.repeats_all.store(true, Ordering::Relaxed);
    let mut tried = 0;
    for row in &rows {
        for operation in ["read", "update", "delete"] {
            for (form, (name, _)) in FORMS.iter().enumerate() {
                let status = [400, 403, 500][form % 3];
                echo.arm(Some(Rule {
                    status,
                    form,
                    which: if operation == "read" { is_read } else { is_write },
                }));
                let failure = match operation {
                    "read" => harness.refresh(row.address).await.map(|_| ()),
                    "update" => harness.apply(row.address, row.changed.clone()).await.map(|_| ()),
                    _ => harness.destroy(row.address).await.map(|_| ()),
                };
                let Err(failure) = failure else {
                    // A control plane can refuse to say who has access to an object. Then nothing is removed.
                    let is_kept = row.address == "zenml_resource_share.x" && operation != "update";
                    assert!(is_kept && status != 500, "{} {operation} {status} succeeded", row.address);
                    tried += 1;
                    continue;
                };
                let output = format!("{failure}\n{:?}", failure.errors());
                let leak = leaks(&output, &BTreeSet::new());
                assert!(
                    leak.is_none(),
                    "{} {operation}, {status}, {name}: {leak:?} is in the message: {output}",
                    row.address
                );
                tried += 1;
            }
        }
    }
    assert_eq!(tried, rows.len() * 3 * FORMS.len());
    echo.arm(None);
    world.stop().await;
}

#[tokio::test]
async fn no_message_shows_what_a_server_received_earlier_in_a_run_for_every_type() {
    with_a_server_that_remembers(false).await;
}

#[tokio::test]
async fn no_message_shows_what_a_server_received_in_an_earlier_run_if_the_states_contain_it() {
    with_a_server_that_remembers(true).await;
}

#[tokio::test]
async fn no_message_shows_what_a_login_repeats_of_a_credential() {
    let world = World::start().await;
    let workspace = world.workspace("alpha").await;
    let server = world.look(workspace).await.unwrap().server_url().unwrap().to_owned();
    let key = format!("ZENPROKEY_{HEAD}/+%-{TAIL}");
    let http = json!({ "retries": 0, "headers": { "x-proxy": HEADER } });
    let blocks = [
        json!({ "control_plane_url": world.platform.url(), "service_account_key": key, "http": http }),
        json!({ "server_url": server, "api_key": key, "http": http }),
        json!({ "server_url": server, "api_token": key, "http": http }),
    ];
    for (number, block) in blocks.iter().enumerate() {
        for (form, (name, _)) in FORMS.iter().enumerate() {
            let status = STATUSES[(form * 3 + number) % (STATUSES.len() - 1)];
            let echo = Echo::new();
            echo.arm(Some(Rule { status, form, which: |_| true }));
            let provider = Zenml::new(Environment::default()).with_transport(echo.clone());
            let Err(failure) = Harness::start(Engine::new(provider), block.clone()).await else {
                panic!("{status}, {name}: the provider block was accepted");
            };
            let leak = leaks(&format!("{failure}\n{:?}", failure.errors()), &BTreeSet::new());
            assert!(leak.is_none(), "{status}, {name}: {leak:?} in {failure}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_a_server_repeats_is_masked_in_every_form_with_every_status() {
    let echo = Echo::new();
    let credential = Credential::Token(format!("{HEAD}-token-{TAIL}").into());
    let server = Some(Address { url: "http://nowhere.test".to_owned(), credential });
    let retry = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
    let headers = vec![("x-proxy".to_owned(), Sensitive::from(HEADER))];
    let http = HttpSettings { retry, headers, ..HttpSettings::default() };
    let settings = Settings { server, http, ..Settings::default() };
    let client = Client::with_transport(&settings, echo.clone()).unwrap();
    let mut shown = 0;
    for status in STATUSES {
        for (form, (name, _)) in FORMS.iter().enumerate() {
            echo.arm(Some(Rule { status, form, which: |_| true }));
            let values = [("token".to_owned(), Some(canary("value")))].into();
            let new = SecretCreate { name: "s".into(), values: Sensitive::new(values), ..Default::default() };
            let error = client.server().unwrap().send(&secret::CREATE, (), (), new).await.unwrap_err();
            let output = format!("{error}\n{error:?}");
            let leak = leaks(&output, &BTreeSet::new());
            assert!(leak.is_none(), "{status}, {name}: {leak:?} in {output}");
            shown += usize::from(output.contains("(hidden)"));
        }
    }
    let all = STATUSES.len() * FORMS.len();
    assert!(shown > all / 2, "only {shown} of {all} responses were repeated");
}

//! A request and its response in the real API, and the check that a constant matches them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zenml_api::{BodyKind, Endpoint, PathParams, Request, query};

/// An exchange from the real API, never generated from the constants.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// `team::CREATE`.
    pub(crate) endpoint: String,
    /// `documented`, `observed` or `recorded` (on a running server), `client` (implied by a published client) or `inferred`.
    pub(crate) source: Source,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    pub(crate) request: Asked,
    pub(crate) status: u16,
    pub(crate) answer: Value,
    /// Members of the response that the types do not contain.
    #[serde(default)]
    pub(crate) unknown: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Documented,
    Observed,
    Recorded,
    Client,
    Inferred,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    query: String,
    json: Option<Value>,
    #[serde(default)]
    form: String,
}

/// Returns all exchanges of a folder in `contract/`.
pub(crate) fn read(folder: &str) -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let exchanges = files.iter().flat_map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        let exchanges: Vec<Exchange> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        exchanges
    });
    exchanges.collect()
}

/// Checks that the constant serves and sends this request, and decodes and encodes this response.
pub(crate) fn check<P, Q, B, A>(endpoint: &Endpoint<P, Q, B, A>, exchange: &Exchange)
where
    P: PathParams,
    Q: Serialize + DeserializeOwned + 'static,
    B: Serialize + DeserializeOwned + 'static,
    A: Serialize + DeserializeOwned + 'static,
{
    let (route, asked) = (endpoint.route(), &exchange.request);
    assert_eq!(route.method.as_str(), asked.method);

    // As a server: one of the templates matches, and the types contain everything in the request.
    let (template, texts) = route
        .templates()
        .find_map(|template| Some((template, parameters(template, &asked.path)?)))
        .unwrap_or_else(|| panic!("no template of {route} fits {}", asked.path));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let path = P::from_texts(&texts).unwrap();
    let query = endpoint.decode_query(&asked.query).unwrap();
    let bytes = match (route.body, &asked.json) {
        (BodyKind::Json, None) => Vec::new(),
        (BodyKind::Json, Some(json)) => json.to_string().into_bytes(),
        (BodyKind::Form, _) => asked.form.clone().into_bytes(),
    };
    let body = endpoint.decode_body(&bytes).unwrap();

    // As a client: the same values produce the same request, with the newest path.
    let sent = endpoint.request(&path, &query, &body).unwrap();
    if template == route.template {
        assert_eq!(sent.path, asked.path);
    }
    assert_eq!(pairs(&sent.query), pairs(&asked.query), "query");
    compare_body(&sent, &bytes, asked);

    // The response decodes, and only the members that the fixture lists are lost.
    assert_eq!(exchange.status, 200, "errors are in errors.json");
    let answer = endpoint.decode_answer(exchange.answer.to_string().as_bytes()).unwrap();
    let again = serde_json::to_value(&answer).unwrap();
    if std::any::type_name::<A>() != "()" {
        compare(&exchange.answer, &again, "answer", &exchange.unknown);
    }
}

fn compare_body(sent: &Request, expected: &[u8], asked: &Asked) {
    match &sent.body {
        None => assert!(expected.is_empty(), "no body is sent"),
        Some((BodyKind::Json, bytes)) => {
            let sent: Value = serde_json::from_slice(bytes.expose()).unwrap();
            assert_eq!(Some(&sent), asked.json.as_ref(), "body");
        }
        Some((BodyKind::Form, bytes)) => {
            let sent = std::str::from_utf8(bytes.expose()).unwrap();
            assert_eq!(pairs(sent), pairs(&asked.form), "form");
        }
    }
}

/// Returns the decoded parameters of a path, if the template matches it.
fn parameters(template: &str, path: &str) -> Option<Vec<String>> {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut found = Vec::new();
    for (expected, segment) in template.iter().zip(path) {
        if expected.starts_with('{') {
            // Reuses the decoding of queries; in a path, a plus sign is literal.
            let text = format!("x={}", segment.replace('+', "%2B"));
            let decoded: BTreeMap<String, String> = query::from_str(&text).unwrap();
            found.push(decoded["x"].clone());
        } else if *expected != segment {
            return None;
        }
    }
    Some(found)
}

/// Returns the pairs of a query by key. Normalizes Python's booleans and old names.
fn pairs(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut pairs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap();
        let value = match value {
            "True" => "true",
            "False" => "false",
            other => other,
        };
        pairs.entry(key.replace("tenant_", "workspace_")).or_default().push(value.to_owned());
    }
    pairs
}

/// Checks that everything in the response is still present. Added members (null by default) are allowed.
fn compare(expected: &Value, found: &Value, place: &str, unknown: &[String]) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected.iter().filter(|(key, _)| !unknown.contains(key)) {
                let place = format!("{place}.{key}");
                compare(value, found.get(key).unwrap_or_else(|| panic!("{place} is lost")), &place, unknown);
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            assert_eq!(expected.len(), found.len(), "{place}");
            for (position, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(expected, found, &format!("{place}[{position}]"), unknown);
            }
        }
        _ => assert_eq!(expected, found, "{place}"),
    }
}

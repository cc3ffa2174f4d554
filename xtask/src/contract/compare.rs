//! Comparing the responses of two servers.
//!
//! Status, members and values must be equal, after removing what differs on each server (ids, times). For an error,
//! only what a client can rely on counts: its status, its shape, its class, the wrong places with their kinds, and
//! the few phrases that our client reads (`PHRASES`). The rest of the message does not count.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use zenml_api::error::ErrorBody;

use super::send::{Run, Sent};
use super::texts::texts;

/// Members whose values are not compared, with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("user", "the owner is the first user of a plain server, but a service account here"),
    ("access_token", "each server signs its own"),
    ("config_schema", "zenml-local stores what it validates, without descriptions; see its own tests"),
    ("logo_url", "addresses of pictures are not stored"),
    ("emoji", "emojis are not stored"),
    ("docs_url", "addresses of documentation are not stored"),
    ("sdk_docs_url", "addresses of documentation are not stored"),
];

/// Phrases of errors without another marker, which the provider or its client reads.
const PHRASES: &[&str] = &[
    "Insufficient permissions",
    "Not Found",
    "No flavor with name",
    "already actively used",
    "attribute tracking_username:",
    "cannot be deleted as it is part of",
    "cannot be deleted as it is used by",
    "cannot be deleted as it is still referenced by",
    "get secret with name or ID",
    "secret reference",
    "service connector",
];

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The request.
    pub call: String,
    /// The responses of the real server and of the local one.
    pub what: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n    {}", self.call, self.what)
    }
}

/// Returns all unexpected differences, and all expected ones that do not exist (any longer).
pub fn differences(real: &Run, local: &Run) -> Vec<Difference> {
    let mut all = Vec::new();
    for (of_real, of_local) in real.sent.iter().zip(&local.sent) {
        let step = &of_real.step;
        let call = format!("{}.json: {}", step.file, step.call);
        let found = between(&plain(of_real, &real.names), &plain(of_local, &local.names));
        if step.learn_id.is_some() && of_real.answer.status != 200 {
            let what =
                format!("the real server rejects a request that later ones need: {}", of_real.answer.body);
            all.push(Difference { call: call.clone(), what });
        }
        match &step.differs {
            None => all.extend(found.into_iter().map(|what| Difference { call: call.clone(), what })),
            Some(reason) if found.is_empty() => all.push(Difference {
                call,
                what: format!("both responses are equal, but are expected to differ: {reason}"),
            }),
            Some(_) => {}
        }
    }
    all
}

/// Returns a response without anything specific to a server.
#[derive(Clone, Debug)]
struct Plain {
    status: u16,
    body: Value,
}

fn plain(sent: &Sent, names: &BTreeMap<String, String>) -> Plain {
    Plain { status: sent.answer.status, body: neutral(&sent.answer.body, names) }
}

/// Replaces ids by their names, and times by a marker.
fn neutral(body: &Value, names: &BTreeMap<String, String>) -> Value {
    texts(body, &|member, text| match member {
        "created" | "updated" => "<moment>".to_owned(),
        _ => without_ids(text, &|id| {
            names.get(id).map_or_else(|| "<uuid>".to_owned(), |name| format!("<{name}>"))
        }),
    })
}

/// Replaces each UUID in a string.
pub(super) fn without_ids(text: &str, replace: &dyn Fn(&str) -> String) -> String {
    const LENGTH: usize = 36;
    let is_id = |part: &str| {
        part.char_indices().all(|(place, character)| match place {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(id) = rest.get(..LENGTH).filter(|part| is_id(part)) {
            result.push_str(&replace(id));
            rest = &rest[LENGTH..];
        } else {
            result.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    result
}

fn between(real: &Plain, local: &Plain) -> Vec<String> {
    if real.status != local.status {
        return vec![format!(
            "{} {} ≠ {} {}",
            real.status,
            short(&real.body),
            local.status,
            short(&local.body)
        )];
    }
    let mut found = Vec::new();
    if real.status < 400 {
        walk("", &real.body, &local.body, &mut found);
        return found;
    }
    walk("", &form(&real.body), &form(&local.body), &mut found);
    let told = |answer: &Plain| ErrorBody::decode(answer.body.to_string().as_bytes());
    let (of_real, of_local) = (told(real), told(local));
    let (places, ours) = (issues(&of_real, &real.body), issues(&of_local, &local.body));
    // The decoder of requests here stops at the first wrong place.
    let fewer = real.body.is_array() && !ours.is_empty() && ours.iter().all(|one| places.contains(one));
    if places != ours && !fewer {
        found.push(format!("{places:?} ≠ {ours:?}"));
    }
    let (text, ours) = (of_real.summary(), of_local.summary());
    for phrase in PHRASES.iter().filter(|phrase| text.contains(**phrase) && !ours.contains(**phrase)) {
        found.push(format!("{text:?} has {phrase:?}, and {ours:?} does not"));
    }
    found
}

fn walk(place: &str, real: &Value, local: &Value, found: &mut Vec<String>) {
    match (real, local) {
        (Value::Object(real), Value::Object(local)) => walk_members(place, real, local, found),
        (Value::Array(real), Value::Array(local)) if real.len() == local.len() => {
            for (position, (real, local)) in real.iter().zip(local).enumerate() {
                walk(&format!("{place}[{position}]"), real, local, found);
            }
        }
        _ if real == local => {}
        _ => found.push(format!("{place}: {} ≠ {}", short(real), short(local))),
    }
}

fn walk_members(place: &str, real: &Map<String, Value>, local: &Map<String, Value>, found: &mut Vec<String>) {
    for (name, value) in real {
        match local.get(name) {
            // The same as the header X-Request-ID.
            None if name == "request_id" => {}
            None => found.push(format!("{place}.{name} is missing; expected {}", short(value))),
            // Descriptions of types are documentation; those of objects are user data.
            Some(Value::String(text)) if name == "description" && text.is_empty() && is_of_type(real) => {}
            Some(_) if LEFT_OUT.iter().any(|(member, _)| member == name) => {}
            Some(other) => walk(&format!("{place}.{name}"), value, other, found),
        }
    }
    for (name, value) in local.iter().filter(|(name, _)| !real.contains_key(*name)) {
        found.push(format!("{place}.{name} is unexpected: {}", short(value)));
    }
}

/// Whether these are the members of a type.
fn is_of_type(members: &Map<String, Value>) -> bool {
    !members.contains_key("created")
        && (members.contains_key("emoji") || members.contains_key("config_schema"))
}

fn short(value: &Value) -> String {
    const MOST: usize = 400;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}…")
}

/// Returns the body of an error without its message: its shape and its class.
fn form(body: &Value) -> Value {
    match body {
        Value::String(_) => Value::String("(words)".to_owned()),
        Value::Array(items) => match items.as_slice() {
            [Value::String(class), rest @ ..] if !rest.is_empty() => {
                std::iter::once(Value::String(class.clone())).chain(rest.iter().map(form)).collect()
            }
            items => items.iter().map(form).collect(),
        },
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), form(value))).collect())
        }
        other => other.clone(),
    }
}

/// Returns place and kind of every problem of a validation error.
fn issues(error: &ErrorBody, body: &Value) -> Vec<String> {
    let list = body.get("detail").unwrap_or(body);
    let text = list.get(1).and_then(Value::as_str).unwrap_or_default();
    let kind = |line: &str| {
        let (_, rest) = line.split_once(" [type=").or_else(|| line.split_once("{'type': '"))?;
        rest.split([',', ']', '\'']).next().map(str::to_owned)
    };
    let kinds = text.lines().filter_map(kind);
    let mut issues: Vec<String> = error
        .problems
        .iter()
        .zip(kinds)
        .map(|(problem, kind)| format!("{}: {kind}", problem.location.join(".")))
        .collect();
    issues.sort();
    issues
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "0d9f8a51-9a53-4b6e-8d1c-5fd1f4a4a001";

    fn found(real: (u16, Value), local: (u16, Value)) -> Vec<String> {
        let names = BTreeMap::from([(ID.to_owned(), "stack".to_owned())]);
        let plain = |(status, body): (u16, Value)| Plain { status, body: neutral(&body, &names) };
        between(&plain(real), &plain(local))
    }

    #[test]
    fn server_specific_values_are_not_a_difference() {
        let other = "11111111-2222-4333-8444-000000000001";
        let body = |id: &str, moment: &str| json!({ "id": ID, "body": { "user_id": id, "created": moment }, "resources": { "user": id } });
        assert!(found((200, body(ID, "2026")), (200, body(ID, "2027"))).is_empty());
        assert_eq!(
            found((200, json!({ "a": ID })), (200, json!({ "a": other }))),
            [".a: \"<stack>\" ≠ \"<uuid>\""]
        );
    }

    #[test]
    fn each_kind_of_difference_is_found() {
        let python = |kind: &str| {
            json!([
                "ValueError",
                format!("1 validation error:\n  {{'type': '{kind}', 'loc': ('body', 'name'), 'msg': 'x'}}")
            ])
        };
        let listed = |place: &str, kind: &str| json!({ "detail": ["ValueError", format!("1 validation error\n{place}\n  Wrong [type={kind}]")] });
        for (real, local, what) in [
            ((200, json!(null)), (404, json!(null)), "200 null ≠ 404 null"),
            ((200, json!({ "a": 1 })), (200, json!({})), ".a is missing; expected 1"),
            ((200, json!({})), (200, json!({ "a": 1 })), ".a is unexpected: 1"),
            ((200, json!([1])), (200, json!([1, 2])), ": [1] ≠ [1,2]"),
            ((200, json!({ "a": [1] })), (200, json!({ "a": [null] })), ".a[0]: 1 ≠ null"),
            (
                (404, json!({ "detail": ["KeyError", "a"] })),
                (404, json!({ "detail": ["ValueError", "a"] })),
                ".detail[0]: \"KeyError\" ≠ \"ValueError\"",
            ),
            (
                (404, json!({ "detail": ["KeyError", "a"] })),
                (404, json!({ "detail": "a" })),
                ".detail: [\"KeyError\",\"(words)\"] ≠ \"(words)\"",
            ),
            (
                (404, json!({ "detail": ["KeyError", "No flavor with name 'a'"] })),
                (404, json!({ "detail": ["KeyError", "There is no flavor"] })),
                "\"No flavor with name 'a'\" has \"No flavor with name\", and \"There is no flavor\" does not",
            ),
            (
                (422, python("missing")),
                (422, python("string_type")),
                "[\"body.name: missing\"] ≠ [\"body.name: string_type\"]",
            ),
            ((422, listed("a", "x")), (422, listed("b", "x")), "[\"a: x\"] ≠ [\"b: x\"]"),
            ((422, listed("a", "x")), (422, listed("a", "y")), "[\"a: x\"] ≠ [\"a: y\"]"),
        ] {
            assert_eq!(found(real, local), [what]);
        }
    }

    #[test]
    fn the_message_of_an_error_is_not_a_difference() {
        let classed = |text: &str| (422, json!({ "detail": ["ValueError", text] }));
        let bare = |text: &str| (422, json!(["ValueError", text]));
        for (real, local) in [
            (classed("No."), classed("It cannot be.")),
            (
                classed(
                    "1 validation error for Filter\nsort_by\n  Wrong [type=a, input=1]\n    For further information visit x",
                ),
                classed("1 validation error\nsort_by\n  Must be right [type=a]"),
            ),
            (
                bare(
                    "1 validation error:\n  {'type': 'a', 'loc': ('body', \"it's\"), 'msg': \"It's\", 'input': 5}\n\n    PUT /x",
                ),
                bare("1 validation error:\n  {'type': 'a', 'loc': ('body', 'it\\'s'), 'msg': 'Wrong'}"),
            ),
        ] {
            assert_eq!(found(real, local), Vec::<String>::new());
        }
    }
}

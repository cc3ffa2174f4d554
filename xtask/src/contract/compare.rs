//! How the answers of two servers are compared.
//!
//! Status and members must be the same, and so must values, once what is different on each server (ids, moments) is
//! taken out. Of an error of validation its places and kinds count; Python's words for them do not. Of an error of
//! the database its first line counts, without the name of the database.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::send::{Run, Sent};

/// Members whose values are not compared, with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    ("user", "the owner is the first user of a plain server, and a service account here"),
    ("access_token", "each server signs its own"),
    ("config_schema", "zenml-local keeps what is checked, without texts for people; see its own tests"),
    ("logo_url", "addresses of pictures are not stored"),
    ("emoji", "signs for people are not stored"),
    ("docs_url", "addresses of documentation are not stored"),
    ("sdk_docs_url", "addresses of documentation are not stored"),
];

/// One thing that is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The request.
    pub call: String,
    /// What the real server answers, and the local one.
    pub what: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n    {}", self.call, self.what)
    }
}

/// All differences that are not expected, and the expected ones that are not there (any more).
pub fn differences(real: &Run, local: &Run) -> Vec<Difference> {
    let mut all = Vec::new();
    for (of_real, of_local) in real.sent.iter().zip(&local.sent) {
        let step = &of_real.step;
        let call = format!("{}.json: {}", step.file, step.call);
        let found = between(&plain(of_real, &real.names), &plain(of_local, &local.names));
        if step.learn_id.is_some() && of_real.answer.status != 200 {
            let what = format!("the real server refuses what others need: {}", of_real.answer.body);
            all.push(Difference { call: call.clone(), what });
        }
        match &step.differs {
            None => all.extend(found.into_iter().map(|what| Difference { call: call.clone(), what })),
            Some(reason) if found.is_empty() => all.push(Difference {
                call,
                what: format!("both answer the same, though it says that they differ: {reason}"),
            }),
            Some(_) => {}
        }
    }
    all
}

/// An answer in which nothing is left that is a server's own.
#[derive(Clone, Debug)]
struct Plain {
    status: u16,
    body: Value,
}

fn plain(sent: &Sent, names: &BTreeMap<String, String>) -> Plain {
    Plain { status: sent.answer.status, body: neutral(&sent.answer.body, names) }
}

/// Ids become their names, and moments a sign.
fn neutral(body: &Value, names: &BTreeMap<String, String>) -> Value {
    texts(body, &|member, text| match member {
        "created" | "updated" => "<moment>".to_owned(),
        _ => without_ids(of_any_database(text), &|id| {
            names.get(id).map_or_else(|| "<uuid>".to_owned(), |name| format!("<{name}>"))
        }),
    })
}

/// `(sqlite3.IntegrityError) NOT NULL constraint failed: project.name\n[SQL: …` without its ends.
fn of_any_database(text: &str) -> &str {
    text.strip_prefix("(sqlite3.IntegrityError) ")
        .and_then(|rest| rest.split_once("\n[SQL:"))
        .map_or(text, |(first, _)| first)
}

/// The value with each text converted; the function gets the member that holds it, too.
pub(super) fn texts(value: &Value, convert: &dyn Fn(&str, &str) -> String) -> Value {
    fn inner(member: &str, value: &Value, convert: &dyn Fn(&str, &str) -> String) -> Value {
        match value {
            Value::String(text) => Value::String(convert(member, text)),
            Value::Array(items) => items.iter().map(|item| inner(member, item, convert)).collect(),
            Value::Object(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone(), inner(name, value, convert))).collect(),
            ),
            other => other.clone(),
        }
    }
    inner("", value, convert)
}

/// The text with each UUID in it replaced.
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
    if real.status == 422 {
        let (real, local) = (Complaints::of(&real.body), Complaints::of(&local.body));
        // What decodes requests here stops at the first place that is wrong.
        let fewer =
            real.bare && !local.what.is_empty() && local.what.iter().all(|one| real.what.contains(one));
        if real.bare != local.bare || !(fewer || real.what == local.what) {
            found.push(format!("{real:?} ≠ {local:?}"));
        }
    } else {
        walk("", &real.body, &local.body, &mut found);
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
            None => found.push(format!("{place}.{name} is missing, it would be {}", short(value))),
            // Descriptions of types are texts for people; those of objects are the user's.
            Some(Value::String(text)) if name == "description" && text.is_empty() && is_of_type(real) => {}
            Some(_) if LEFT_OUT.iter().any(|(member, _)| member == name) => {}
            Some(other) => walk(&format!("{place}.{name}"), value, other, found),
        }
    }
    for (name, value) in local.iter().filter(|(name, _)| !real.contains_key(*name)) {
        found.push(format!("{place}.{name} is too much: {}", short(value)));
    }
}

/// Whether these are members of a type's description.
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

/// What an error of validation complains about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Complaints {
    /// Whether the body is a bare list, or has its list in `detail`.
    bare: bool,
    /// Kind and place of each complaint, or the lines that name place and reason.
    what: Vec<String>,
}

impl Complaints {
    fn of(body: &Value) -> Self {
        let (bare, list) = match body.get("detail") {
            Some(detail) => (false, detail),
            None => (true, body),
        };
        let text = list.get(1).or(list.get(0)).or(Some(list)).and_then(Value::as_str).unwrap_or_default();
        let what = if bare { kinds_and_places(text) } else { lines(text) };
        Self { bare, what }
    }
}

/// `{'type': 'missing', 'loc': ('body', 'name'), ...` for each complaint, as far as the place.
fn kinds_and_places(text: &str) -> Vec<String> {
    let mut what: Vec<String> = text
        .match_indices("{'type': '")
        .filter_map(|(start, _)| text[start + 1..].split_once(", 'msg'").map(|(this, _)| this.to_owned()))
        .collect();
    what.sort();
    what
}

/// The lines of a complaint without what Python adds: the input, and where to read more.
fn lines(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("For further information"))
        .map(|line| line.split(" [type=").next().unwrap_or(line).trim().to_owned())
        .collect()
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
    fn what_is_a_servers_own_is_no_difference() {
        let other = "11111111-2222-4333-8444-000000000001";
        let body = |id: &str, moment: &str| json!({ "id": ID, "body": { "user_id": id, "created": moment }, "resources": { "user": id } });
        assert!(found((200, body(ID, "2026")), (200, body(ID, "2027"))).is_empty());
        assert_eq!(
            found((200, json!({ "a": ID })), (200, json!({ "a": other }))),
            [".a: \"<stack>\" ≠ \"<uuid>\""]
        );
    }

    #[test]
    fn each_kind_of_difference_is_seen() {
        let python = |kind: &str| {
            json!([
                "ValueError",
                format!("1 validation error:\n  {{'type': '{kind}', 'loc': ('body', 'name'), 'msg': 'x'}}")
            ])
        };
        for (real, local, what) in [
            ((200, json!(null)), (404, json!(null)), "200 null ≠ 404 null"),
            ((200, json!({ "a": 1 })), (200, json!({})), ".a is missing, it would be 1"),
            ((200, json!({})), (200, json!({ "a": 1 })), ".a is too much: 1"),
            ((200, json!([1])), (200, json!([1, 2])), ": [1] ≠ [1,2]"),
            ((200, json!({ "a": [1] })), (200, json!({ "a": [null] })), ".a[0]: 1 ≠ null"),
            (
                (404, json!({ "detail": ["KeyError", "a"] })),
                (404, json!({ "detail": ["KeyError", "b"] })),
                ".detail[1]: \"a\" ≠ \"b\"",
            ),
            (
                (422, python("missing")),
                (422, python("string_type")),
                "Complaints { bare: true, what: [\"'type': 'missing', 'loc': ('body', 'name')\"] } ≠ \
                 Complaints { bare: true, what: [\"'type': 'string_type', 'loc': ('body', 'name')\"] }",
            ),
        ] {
            assert_eq!(found(real, local), [what]);
        }
        let form =
            json!({ "detail": ["ValueError", "1 validation error for Filter\nsort_by\n  Wrong [type=a]"] });
        let other = json!({ "detail": ["ValueError", "1 validation error for Filter\nsort_by\n  Wrong [type=b, input=1]\n    For further information visit x"] });
        assert!(found((422, form), (422, other)).is_empty());
    }
}

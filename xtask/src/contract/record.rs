//! Exchanges for `contract/`, created from responses of the real server.
//!
//! They are the same in each run: ids are numbered in order of appearance, times and credentials are fixed, and
//! descriptions are omitted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::compare::without_ids;
use super::send::{Run, Sent};
use super::texts::texts;
use crate::Failure;

/// Marks the exchanges that this module writes; others in the same files are kept.
const SOURCE: &str = "recorded";

/// The exchanges of each file.
pub type Recorded = BTreeMap<String, Vec<Value>>;

/// Returns the marked requests of a run as exchanges.
pub fn exchanges(run: &Run) -> Recorded {
    let numbers = RefCell::new(BTreeMap::<String, usize>::new());
    let neutral = |value: &Value| {
        without_texts(&texts(value, &|member, text| match member {
            "created" | "updated" | "last_user_activity" => "2026-01-01T00:00:00.000000".to_owned(),
            "access_token" => "TOKEN".to_owned(),
            "server_url" | "dashboard_url" if !text.is_empty() => "http://127.0.0.1:8080".to_owned(),
            _ => without_ids(text, &|id| {
                let mut numbers = numbers.borrow_mut();
                let next = numbers.len() + 1;
                let number = numbers.entry(id.to_owned()).or_insert(next);
                format!("00000000-0000-4000-8000-{number:012}")
            }),
        }))
    };
    let mut recorded = Recorded::new();
    for sent in &run.sent {
        let Some(endpoint) = &sent.step.record else { continue };
        let file = endpoint.split("::").next().unwrap_or_default();
        recorded.entry(file.to_owned()).or_default().push(exchange(endpoint, sent, &neutral));
    }
    recorded
}

fn exchange(endpoint: &str, sent: &Sent, neutral: &dyn Fn(&Value) -> Value) -> Value {
    let (method, target) = sent.call.split_once(' ').unwrap_or_default();
    let target = neutral(&json!(target));
    let (path, query) = target
        .as_str()
        .and_then(|it| it.split_once('?'))
        .unwrap_or_else(|| (target.as_str().unwrap_or_default(), ""));
    let mut request = json!({ "method": method, "path": path });
    if !query.is_empty() {
        request["query"] = json!(query);
    }
    if let Some(json) = &sent.json {
        request["json"] = neutral(json);
    }
    if let Some(form) = &sent.step.form {
        request["form"] = json!(form);
    }
    let mut exchange = json!({ "endpoint": endpoint, "source": SOURCE });
    if let Some(why) = &sent.step.why {
        exchange["note"] = json!(why);
    }
    exchange["request"] = request;
    exchange["status"] = json!(sent.answer.status);
    exchange["answer"] = neutral(&sent.answer.body);
    if !sent.step.unknown.is_empty() {
        exchange["unknown"] = json!(sent.step.unknown);
    }
    exchange
}

/// Removes descriptions of types and members, which are long and not ours.
fn without_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_texts).collect(),
        Value::Object(members) => {
            let of_type = members.contains_key("emoji") || members.contains_key("config_schema");
            let of_schema = members.contains_key("type") || members.contains_key("anyOf");
            let kept =
                members.iter().filter(|(name, value)| !(of_schema && *name == "title" && value.is_string()));
            let kept = kept.map(|(name, value)| {
                let text = value.is_string() && name == "description" && (of_type || of_schema);
                (name.clone(), if text { json!("") } else { without_texts(value) })
            });
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// Replaces earlier recordings by these exchanges.
///
/// # Errors
/// A file cannot be read or written.
pub fn write(folder: &Path, recorded: &Recorded) -> Result<(), Failure> {
    for (file, exchanges) in recorded {
        let path = folder.join(format!("{file}.json"));
        let text = merged(&path, exchanges)?;
        std::fs::write(&path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    }
    Ok(())
}

/// Returns the files that a recording would change.
///
/// # Errors
/// A file cannot be read.
pub fn stale(folder: &Path, recorded: &Recorded) -> Result<Vec<String>, Failure> {
    let mut stale = Vec::new();
    for (file, exchanges) in recorded {
        let path = folder.join(format!("{file}.json"));
        if merged(&path, exchanges)? != std::fs::read_to_string(&path).unwrap_or_default() {
            stale.push(format!("{file}.json"));
        }
    }
    Ok(stale)
}

/// Returns the content of a file with these exchanges first, followed by its exchanges from other sources.
fn merged(path: &Path, exchanges: &[Value]) -> Result<String, Failure> {
    let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
    let there: Vec<Value> = match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| failure(&error))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failure(&error)),
    };
    let others = there.iter().filter(|exchange| exchange["source"] != SOURCE);
    let all: Vec<&Value> = exchanges.iter().chain(others).collect();
    let text = serde_json::to_string_pretty(&all).map_err(|error| failure(&error))?;
    Ok(text + "\n")
}

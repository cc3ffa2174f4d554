//! Sending the requests to one server.

use std::collections::BTreeMap;

use serde_json::Value;

use super::step::Step;
use crate::Failure;
pub use crate::demo::http::Answer;
use crate::demo::http::exchange;

/// An id that does not exist.
const NOTHING: &str = "ffffffff-ffff-4fff-8fff-ffffffffffff";

/// The API of a workspace, and a session with full access.
#[derive(Clone)]
pub struct Plane {
    /// Address of the API: `http://127.0.0.1:1234/api/v1`.
    pub base: String,
    /// Token of the session.
    pub token: String,
}

/// The responses of a server to all requests.
#[derive(Clone, Debug)]
pub struct Run {
    /// Sent requests with their responses.
    pub sent: Vec<Sent>,
    /// Learned names, by their value on this server.
    pub names: BTreeMap<String, String>,
}

/// A sent request with its response.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The request.
    pub step: Step,
    /// Its method and path, with all placeholders replaced.
    pub call: String,
    /// Its body, with all placeholders replaced.
    pub json: Option<Value>,
    /// Its response.
    pub answer: Answer,
}

/// Sends all requests in their order.
///
/// # Errors
/// The server cannot be reached.
pub async fn play(steps: &[Step], plane: &Plane) -> Result<Run, Failure> {
    let mut learned = BTreeMap::from([("token".to_owned(), plane.token.clone())]);
    let mut run = Run { sent: Vec::new(), names: BTreeMap::new() };
    for step in steps {
        let failure = |why: &str| Failure::new(format!("{}.json: {}: {why}", step.file, step.call));
        let fill = |text: &str| fill(text, &learned);
        let call = fill(&step.call);
        let json = step.json.as_ref().map(|json| fill_all(json, &learned));
        let (method, path) = call.split_once(' ').ok_or_else(|| failure("is not METHOD PATH"))?;
        let mut headers = BTreeMap::from([("Authorization", format!("Bearer {}", plane.token))]);
        headers.extend(step.headers.iter().map(|(name, value)| (name.as_str(), fill(value))));
        headers.retain(|_, value| !value.is_empty());
        let body = match (&step.form, &json) {
            (Some(form), _) => Some(("application/x-www-form-urlencoded", fill(form))),
            (None, Some(json)) => Some(("application/json", json.to_string())),
            (None, None) => None,
        };
        let answer = exchange(method, &format!("{}{path}", plane.base), &headers, body).await?;
        let id = step.learn_id.iter().map(|name| (name, "/id"));
        let pointers = step.learn.iter().map(|(name, pointer)| (name, pointer.as_str()));
        for (name, pointer) in id.chain(pointers).collect::<Vec<_>>() {
            // Nothing can be learned from an error. Requests that depend on it then use a missing object.
            let value = answer.body.pointer(pointer).and_then(Value::as_str).unwrap_or(NOTHING);
            learned.insert(name.clone(), value.to_owned());
            run.names.insert(value.to_owned(), name.clone());
        }
        run.sent.push(Sent { step: step.clone(), call, json, answer });
    }
    Ok(run)
}

fn fill(text: &str, learned: &BTreeMap<String, String>) -> String {
    learned
        .iter()
        .filter(|_| text.contains('<'))
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
}

fn fill_all(json: &Value, learned: &BTreeMap<String, String>) -> Value {
    super::texts::texts(json, &|_, text| fill(text, learned))
}

//! The requests in the files of `xtask/contract/`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;

/// One request. It can refer to values learned by earlier ones as `<name>` in any string.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The name of its file, without the extension.
    #[serde(skip)]
    pub file: String,
    /// Method, path below the API, and query: `GET /stacks?size=1`.
    pub call: String,
    /// Values for `{}` in the call, for a request of each of several kinds.
    pub over: Vec<String>,
    /// Body in JSON. A member that is null is sent as null.
    pub json: Option<Value>,
    /// Body as a form.
    pub form: Option<String>,
    /// Additional headers. `Authorization` replaces the default one; an empty value removes it.
    pub headers: BTreeMap<String, String>,
    /// Name for the `id` of the response.
    #[serde(rename = "as")]
    pub learn_id: Option<String>,
    /// Names for other parts of the response, by JSON pointer.
    pub learn: BTreeMap<String, String>,
    /// Its purpose.
    pub why: Option<String>,
    /// Why the responses differ by design. They must differ, then.
    pub differs: Option<String>,
    /// Endpoint under which the exchange is written to `contract/`.
    pub record: Option<String>,
    /// Members of the response that our types do not read, for the recorded exchange.
    pub unknown: Vec<String>,
}

/// Returns all requests, in order.
pub fn read() -> Result<Vec<Step>, Failure> {
    const FILES: [&str; 15] = [
        "server",
        "project",
        "secret",
        "connector",
        "component",
        "stack",
        "flavor",
        "tag",
        "code_repository",
        "service_account",
        "execution",
        "list",
        "query",
        "idempotency",
        // Last, because it damages a real server.
        "damage",
    ];
    let folder = crate::root().join("xtask/contract");
    let mut steps = Vec::new();
    for file in FILES {
        let path = folder.join(format!("{file}.json"));
        let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&error))?;
        let read: Vec<Step> = serde_json::from_str(&text).map_err(|error| failure(&error))?;
        steps.extend(read.into_iter().map(|step| Step { file: file.to_owned(), ..step }).flat_map(each));
    }
    Ok(steps)
}

/// One request for each value, or the request itself.
fn each(step: Step) -> Vec<Step> {
    if step.over.is_empty() {
        return vec![step];
    }
    step.over
        .iter()
        .map(|value| Step { call: step.call.replace("{}", value), over: Vec::new(), ..step.clone() })
        .collect()
}

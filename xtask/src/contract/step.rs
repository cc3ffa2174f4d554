//! The requests, as the files of `xtask/contract/` have them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::Failure;

/// One request. Later ones use what earlier ones learned, as `<name>` in any text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The file that it comes from, without its ending.
    #[serde(skip)]
    pub file: String,
    /// Method, and path below the API with its query: `GET /stacks?size=1`.
    pub call: String,
    /// Body in JSON. A member that is null is sent as null.
    pub json: Option<Value>,
    /// Body as a form.
    pub form: Option<String>,
    /// Headers beside those that every request has. An `Authorization` replaces the usual one; empty means none.
    pub headers: BTreeMap<String, String>,
    /// What the `id` of the answer is called from now on.
    #[serde(rename = "as")]
    pub learn_id: Option<String>,
    /// What other parts of the answer are called from now on, by JSON pointer.
    pub learn: BTreeMap<String, String>,
    /// What is special about it.
    pub why: Option<String>,
    /// Why the two servers answer differently by design. They must, then.
    pub differs: Option<String>,
    /// The exchange is written to `contract/` as this endpoint.
    pub record: Option<String>,
    /// Members of the answer that our types do not read, for the recorded exchange.
    pub unknown: Vec<String>,
}

/// All requests, in their order.
pub fn read() -> Result<Vec<Step>, Failure> {
    const FILES: [&str; 12] = [
        "server",
        "project",
        "secret",
        "connector",
        "component",
        "stack",
        "flavor",
        "tag",
        "code_repository",
        "list",
        "idempotency",
        // Last, because a real server cannot be used as before afterwards.
        "damage",
    ];
    let folder = crate::root().join("xtask/contract");
    let mut steps = Vec::new();
    for file in FILES {
        let path = folder.join(format!("{file}.json"));
        let failure = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&error))?;
        let read: Vec<Step> = serde_json::from_str(&text).map_err(|error| failure(&error))?;
        steps.extend(read.into_iter().map(|step| Step { file: file.to_owned(), ..step }));
    }
    Ok(steps)
}

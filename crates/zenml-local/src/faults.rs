//! Fault injection, to test clients: a slow response, a wrong status, a dropped connection, a failed deployment. Only
//! an explicit option enables it.
//!
//! The file is JSON:
//!
//! ```json
//! {
//!   "rules": [
//!     { "method": "POST", "route": "/teams", "nth": 2, "phase": "after_commit", "effect": "drop" },
//!     { "route": "/w/*/stacks/{stack_id}", "phase": "before", "effect": { "status": 503, "retry_after": 1 } },
//!     { "method": "GET", "effect": { "latency_ms": 200 } }
//!   ],
//!   "deployments": {
//!     "broken": { "failed": "no capacity in eu-west-1" },
//!     "slow": { "pending_seconds": 3 },
//!     "stuck": "pending_forever"
//!   }
//! }
//! ```
//!
//! A rule without `method`, `route` or `nth` applies to all methods, all routes, every request. `route` is the
//! template of a route as the API documents it; routes of workspaces begin with `/w/*`. The first rule that matches
//! applies.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;

/// All faults of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Faults of requests.
    pub rules: Vec<Rule>,
    /// Outcomes of deployments, by workspace name.
    pub deployments: BTreeMap<String, Deployment>,
}

/// One fault and its conditions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// HTTP method in upper case; `None` for all.
    #[serde(default)]
    pub method: Option<String>,
    /// Route template, such as `/teams/{team_id}` or `/w/*/stacks`; `None` for all.
    #[serde(default)]
    pub route: Option<String>,
    /// Only the request with this number, counted from 1 among the requests that match the rest of the rule.
    #[serde(default)]
    pub nth: Option<u64>,
    /// When it happens.
    #[serde(default)]
    pub phase: Phase,
    /// What happens.
    pub effect: Effect,
}

/// When a fault happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before the request is handled: nothing is changed.
    #[default]
    Before,
    /// After the change is committed: the caller gets no response.
    AfterCommit,
    /// In the middle of the response body, after the change is committed.
    MidBody,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Effect {
    /// `"drop"`: the connection is closed without a response.
    Named(Named),
    /// The response is delayed, but unchanged.
    Latency {
        /// Milliseconds.
        latency_ms: u64,
    },
    /// Another response.
    Answer {
        /// HTTP status.
        status: u16,
        /// Body; sent as JSON.
        #[serde(default)]
        body: serde_json::Value,
        /// `Retry-After` header, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// An HTML page, as from a proxy in between, with status 200 by default.
    Html {
        /// The page.
        html: String,
        /// HTTP status.
        #[serde(default = "ok")]
        html_status: u16,
    },
}

const fn ok() -> u16 {
    200
}

/// Effects without parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// The connection is closed.
    Drop,
}

/// The outcome of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deployment {
    /// It fails for this reason.
    Failed(String),
    /// It takes this long.
    PendingSeconds(u64),
    /// It never ends.
    PendingForever,
}

/// Why a fault file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The file cannot be read.
    #[error("cannot read the fault file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file does not have the documented format.
    #[error("the fault file {} does not have the documented format", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
}

impl Faults {
    /// Reads a fault file.
    pub fn read(path: &Path) -> Result<Self, FaultsError> {
        /// Maximum number of bytes to read, in case the path is an endless device.
        const LONGEST: u64 = 1 << 20;
        let failed = |source| FaultsError::Read { path: path.to_owned(), source };
        let mut text = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        if file.take(LONGEST).read_to_end(&mut text).map_err(failed)? as u64 == LONGEST {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        serde_json::from_slice(&text).map_err(|source| FaultsError::Form { path: path.to_owned(), source })
    }
}

/// Active faults, with the requests counted so far.
#[derive(Debug, Default)]
pub(crate) struct Injector(Mutex<Active>);

#[derive(Debug, Default)]
struct Active {
    faults: Faults,
    seen: Vec<AtomicU64>,
}

impl Injector {
    pub(crate) fn new(faults: Faults) -> Self {
        let injector = Self::default();
        injector.replace(faults);
        injector
    }

    /// Replaces the faults; counting starts over.
    pub(crate) fn replace(&self, faults: Faults) {
        let seen = faults.rules.iter().map(|_| AtomicU64::new(0)).collect();
        *self.lock() = Active { faults, seen };
    }

    /// Returns the fault for this request, and its phase.
    pub(crate) fn next(&self, method: &str, route: &str) -> Option<(Phase, Effect)> {
        let active = self.lock();
        let mut found = None;
        for (rule, seen) in active.faults.rules.iter().zip(&active.seen) {
            let fits = rule.method.as_deref().is_none_or(|wanted| wanted == method)
                && rule.route.as_deref().is_none_or(|wanted| wanted == route);
            if fits {
                let call = seen.fetch_add(1, Ordering::Relaxed) + 1;
                if found.is_none() && rule.nth.is_none_or(|nth| nth == call) {
                    found = Some((rule.phase, rule.effect.clone()));
                }
            }
        }
        found
    }

    /// Returns the outcome of the deployment of a workspace.
    pub(crate) fn deployment(&self, workspace: &str) -> Option<Deployment> {
        self.lock().faults.deployments.get(workspace).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Active> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_is_valid_and_requests_are_counted_per_rule() {
        let faults: Faults = serde_json::from_str(
            r#"{"rules":[
                {"method":"POST","route":"/teams","nth":2,"phase":"after_commit","effect":"drop"},
                {"route":"/w/*/stacks/{stack_id}","effect":{"status":503,"retry_after":1}},
                {"method":"GET","effect":{"latency_ms":200}},
                {"method":"PUT","phase":"mid_body","effect":{"html":"<p>"}}],
              "deployments":{"a":{"failed":"no"},"b":{"pending_seconds":3},"c":"pending_forever"}}"#,
        )
        .unwrap();
        let injector = Injector::new(faults);
        assert_eq!(injector.next("POST", "/teams"), None);
        assert_eq!(injector.next("POST", "/teams"), Some((Phase::AfterCommit, Effect::Named(Named::Drop))));
        assert_eq!(injector.next("POST", "/teams"), None);
        let answer = Effect::Answer { status: 503, body: serde_json::Value::Null, retry_after: Some(1) };
        assert_eq!(injector.next("GET", "/w/*/stacks/{stack_id}"), Some((Phase::Before, answer)));
        assert_eq!(injector.next("GET", "/x"), Some((Phase::Before, Effect::Latency { latency_ms: 200 })));
        assert!(matches!(injector.next("PUT", "/x"), Some((Phase::MidBody, Effect::Html { .. }))));
        assert_eq!(injector.deployment("c"), Some(Deployment::PendingForever));
        assert_eq!(injector.deployment("d"), None);
    }

    #[test]
    fn a_misspelled_rule_is_rejected() {
        for wrong in
            [r#"{"rules":[{"effect":"explode"}]}"#, r#"{"rule":[]}"#, r#"{"rules":[{"verb":"GET"}]}"#]
        {
            assert!(serde_json::from_str::<Faults>(wrong).is_err(), "{wrong}");
        }
    }
}

//! What a user is told.

use crate::value::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

/// A message to the user: what, why and what to do, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// How bad it is.
    pub severity: Severity,
    /// The thing and the state of affairs, in one line without a full stop.
    pub summary: String,
    /// Why it is so.
    pub why: Option<String>,
    /// What to do; a command stands on a line of its own, indented by two.
    pub fix: Option<String>,
    /// What to attach to a report: operation, status, request id.
    pub trace: Option<String>,
    /// Which attribute it is about; none for the whole block.
    pub path: Option<Path>,
}

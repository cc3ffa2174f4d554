//! What a user is told.
//!
//! A diagnostic says what is the case, why, what to do, and where. Four kinds of errors are told apart by their
//! words: what the user can fix, a missing permission, the environment, and [our own bugs](Diag::bug).

use std::fmt;

use crate::value::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on.
    Warning,
}

const OUR_BUG: &str = "This is a bug in the provider, not in the configuration.";

/// A message to the user: what, why and what to do, and where.
#[must_use = "a diagnostic that nobody returns is never shown"]
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
    /// What to attach to a report: operation, status, request id. Boxed, so that a `Result` with a diagnostic
    /// stays below the size at which passing it around costs.
    pub trace: Option<Box<str>>,
    /// Which attribute it is about; none for the whole block.
    pub path: Option<Path>,
    /// The object that is in the way. The engine says what to do about it, because it knows what else the run does.
    pub existing: Option<Box<Existing>>,
}

/// An object that exists already, and is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// What it is, such as `team`.
    pub words: &'static str,
    /// Its type, such as `shop_team`.
    pub resource: &'static str,
    /// Its `id` attribute.
    pub id: String,
    /// The id with which it can be imported.
    pub import: String,
}

impl Diag {
    /// An error: the operation failed.
    pub fn error(summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            why: None,
            fix: None,
            trace: None,
            path: None,
            existing: None,
        }
    }

    /// A warning: the operation goes on.
    pub fn warning(summary: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary) }
    }

    /// An error that is not the user's: a rule that the provider or the framework must keep was broken.
    pub fn bug(summary: impl Into<String>) -> Self {
        Self::error(summary)
            .why(OUR_BUG)
            .fix("Please report it. Include this message and the log of a run with TF_LOG=DEBUG.")
    }

    /// Says why it is so. Repeated calls add paragraphs.
    pub fn why(mut self, text: impl AsRef<str>) -> Self {
        add(&mut self.why, text.as_ref());
        self
    }

    /// Says what to do. Repeated calls add paragraphs.
    pub fn fix(mut self, text: impl AsRef<str>) -> Self {
        add(&mut self.fix, text.as_ref());
        self
    }

    /// Says what to attach to a report. Repeated calls add paragraphs.
    pub fn trace(mut self, text: impl AsRef<str>) -> Self {
        let mut trace = self.trace.take().map(String::from);
        add(&mut trace, text.as_ref());
        self.trace = trace.map(String::into_boxed_str);
        self
    }

    /// Points at an attribute: a token such as `Team::NAME`, or a [`Path`].
    pub fn at(mut self, place: impl Into<Path>) -> Self {
        self.path = Some(place.into());
        self
    }

    /// Says which object is in the way of one that was to be made or renamed. What to do about it is added by the engine:
    /// to import the object, or what is right where this run manages it already.
    pub fn in_the_way(mut self, existing: Existing) -> Self {
        self.existing = Some(Box::new(existing));
        self
    }

    /// Makes it a warning, for what must not make the host destroy something valuable.
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether it tells of a [bug](Self::bug), be it an error or a warning.
    pub fn is_bug(&self) -> bool {
        self.why.as_ref().is_some_and(|why| why.starts_with(OUR_BUG))
    }

    /// Whether the operation failed.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Everything below the summary, as one text with a blank line between its parts.
    pub fn detail(&self) -> String {
        let parts = [self.why.as_deref(), self.fix.as_deref(), self.trace.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        parts.join("\n\n")
    }
}

/// The summary and the detail, as a log line or a test shows them.
impl fmt::Display for Diag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail();
        formatter.write_str(&self.summary)?;
        if detail.is_empty() { Ok(()) } else { write!(formatter, "\n\n{detail}") }
    }
}

fn add(part: &mut Option<String>, text: &str) {
    match part {
        Some(earlier) => {
            earlier.push_str("\n\n");
            earlier.push_str(text);
        }
        None => *part = Some(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detail_joins_the_parts_in_a_fixed_order() {
        let diag = Diag::error("Team \"a\" already exists")
            .trace("GET /teams, 409")
            .fix("Import it:\n  terraform")
            .why("So.");
        assert_eq!(diag.detail(), "So.\n\nImport it:\n  terraform\n\nGET /teams, 409");
        assert_eq!(Diag::warning("Odd").to_string(), "Odd");
    }
}

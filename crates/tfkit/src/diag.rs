//! Messages to the user.
//!
//! A diagnostic states what happened, why, what to do, and where. Its wording distinguishes four kinds of errors:
//! those that the user can fix, missing permissions, problems of the environment, and [bugs of the
//! provider](Diag::bug).

use std::fmt;

use crate::value::Path;

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation continued.
    Warning,
}

/// Maximum length of a summary, in characters: one line with names in it.
const LONGEST_SUMMARY: usize = 1000;

/// Maximum length of another part, in characters.
const LONGEST_PART: usize = 8000;

const OUR_BUG: &str = "This is a bug in the provider, not in the configuration.";

/// A message to the user: what happened, why, what to do, and where.
#[must_use = "a diagnostic that nobody returns is never shown"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// The severity of a diagnostic.
    pub severity: Severity,
    /// What happened, in one line without a full stop.
    pub summary: String,
    /// The reason.
    pub why: Option<String>,
    /// What to do. Commands are on their own line, indented by two spaces.
    pub fix: Option<String>,
    /// Details for a bug report: operation, status, request id. Boxed to keep a `Result` with a diagnostic small.
    pub trace: Option<Box<str>>,
    /// The attribute; `None` for the whole block.
    pub path: Option<Path>,
    /// The existing object that causes a conflict. The engine adds what to do, because it knows what else the run
    /// does.
    pub existing: Option<Box<Existing>>,
}

/// An existing object that causes a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// What it is, such as `team`.
    pub words: &'static str,
    /// Its type, such as `shop_team`.
    pub resource: &'static str,
    /// Its `id` attribute.
    pub id: String,
    /// Its import id.
    pub import: String,
}

impl Diag {
    /// Creates an error: the operation failed.
    pub fn error(summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: shortened(summary.into(), LONGEST_SUMMARY),
            why: None,
            fix: None,
            trace: None,
            path: None,
            existing: None,
        }
    }

    /// Creates a warning: the operation continues.
    pub fn warning(summary: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary) }
    }

    /// Creates an error for a bug: the provider or the framework broke one of its own rules.
    pub fn bug(summary: impl Into<String>) -> Self {
        Self::error(summary)
            .why(OUR_BUG)
            .fix("Please report it. Include this message and the log of a run with TF_LOG=DEBUG.")
    }

    /// Adds the reason. Repeated calls add paragraphs.
    pub fn why(mut self, text: impl AsRef<str>) -> Self {
        add(&mut self.why, text.as_ref());
        self
    }

    /// Adds what to do. Repeated calls add paragraphs.
    pub fn fix(mut self, text: impl AsRef<str>) -> Self {
        add(&mut self.fix, text.as_ref());
        self
    }

    /// Adds details for a bug report. Repeated calls add paragraphs.
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

    /// Names the existing object that prevents a creation or a renaming. The engine adds what to do: to import it, or
    /// something else if this run already manages it.
    pub fn in_the_way(mut self, existing: Existing) -> Self {
        self.existing = Some(Box::new(existing));
        self
    }

    /// Turns it into a warning, where an error would make the host destroy something valuable.
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Returns whether it reports a [bug](Self::bug), as an error or as a warning.
    pub fn is_bug(&self) -> bool {
        self.why.as_ref().is_some_and(|why| why.starts_with(OUR_BUG))
    }

    /// Returns whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns everything below the summary as one string, with a blank line between its parts.
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

/// Returns a text without its middle if it is too long. A message may repeat a name or a response of any length.
fn shortened(text: String, longest: usize) -> String {
    // The end of a message says what is wrong with the value in its middle.
    let end = longest / 4;
    if text.len() <= longest || text.chars().nth(longest).is_none() {
        return text;
    }
    let head = text.char_indices().nth(longest - end).map_or(text.len(), |(place, _)| place);
    let tail = text.char_indices().rev().nth(end - 1).map_or(0, |(place, _)| place);
    format!("{} […] {}", &text[..head], &text[tail..])
}

fn add(part: &mut Option<String>, text: &str) {
    let text = &*shortened(text.to_owned(), LONGEST_PART);
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

    #[test]
    fn a_value_of_any_length_leaves_a_message_that_can_be_read() {
        let name = "ä".repeat(1 << 16);
        let diag = Diag::error(format!("Team {name:?} already exists"))
            .why(format!("It said {name}, twice."))
            .fix(format!("terraform import {name}"))
            .trace(&name);
        assert!(diag.summary.starts_with("Team \"ää") && diag.summary.ends_with("ää\" already exists"));
        let lengths = [&diag.summary, &diag.detail()].map(|text| text.chars().count());
        assert_eq!(lengths[0], LONGEST_SUMMARY + " […] ".chars().count());
        assert!(lengths[1] < 3 * LONGEST_PART + 100, "{lengths:?}");
        let short = "x".repeat(LONGEST_SUMMARY);
        assert_eq!(Diag::error(short.clone()).summary, short);
    }
}

//! Validation that types cannot express, with the errors of the real API's models.

use std::ops::RangeInclusive;

use zenml_api::Patch;
use zenml_api::paging::MAX_LIMIT;

use crate::error::{Error, Issue, Result};

/// Rejects a string that is too short or too long; lengths are in characters.
pub(crate) fn length(member: &str, text: &str, range: RangeInclusive<usize>) -> Result<()> {
    let characters = text.chars().count();
    let place = ["body", member];
    let issue = if characters < *range.start() {
        Issue::new(&place, "string_too_short", format!("Must have at least {} characters", range.start()))
    } else if characters > *range.end() {
        Issue::too_long(&place, *range.end())
    } else {
        return Ok(());
    };
    Err(Error::validation(vec![issue]))
}

/// The same for an optional string.
pub(crate) fn optional_length(member: &str, text: Option<&str>, range: RangeInclusive<usize>) -> Result<()> {
    text.map_or(Ok(()), |text| length(member, text, range))
}

/// The same for a string of an update.
pub(crate) fn patched_length(member: &str, text: &Patch<String>, range: RangeInclusive<usize>) -> Result<()> {
    match text {
        Patch::Set(text) => length(member, text, range),
        Patch::Keep | Patch::Clear => Ok(()),
    }
}

/// Rejects a string with invalid characters; `pattern` describes the valid ones.
pub(crate) fn characters(member: &str, text: &str, pattern: &str, fits: impl Fn(char) -> bool) -> Result<()> {
    if text.chars().all(fits) {
        return Ok(());
    }
    let message = format!("Must match {pattern}");
    Err(Error::validation(vec![Issue::new(&["body", member], "string_pattern_mismatch", message)]))
}

/// Rejects a string that is not an e-mail address. Only addresses of ASCII characters are accepted.
pub(crate) fn email(member: &str, text: &str) -> Result<()> {
    let (local, domain) = text.rsplit_once('@').unwrap_or_default();
    let valid_local = (1..=64).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty())
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    if valid_local && text.len() <= 254 && domain.contains('.') && is_domain(domain) {
        return Ok(());
    }
    let message = "Must be an e-mail address, such as ann@example.com";
    Err(Error::validation(vec![Issue::new(&["body", member], "value_error", message)]))
}

/// Whether a string is the name of a domain.
pub(crate) fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    text.split('.').all(label)
}

/// Rejects a number that is too small or too large.
pub(crate) fn number(member: &str, number: i64, range: RangeInclusive<i64>) -> Result<()> {
    let issue = if number < *range.start() {
        Issue::too_small(&["body", member], range.start())
    } else if number > *range.end() {
        Issue::too_large(&["body", member], range.end())
    } else {
        return Ok(());
    };
    Err(Error::validation(vec![issue]))
}

/// Rejects a free-form document that is too large; `limit` is in bytes.
pub(crate) fn document(member: &str, document: &serde_json::Value, limit: usize) -> Result<()> {
    if document.to_string().len() <= limit {
        return Ok(());
    }
    let message = format!("Must have at most {limit} bytes");
    Err(Error::validation(vec![Issue::new(&["body", member], "too_long", message)]))
}

/// The requested part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Number of items to skip.
    pub(crate) offset: i64,
    /// Maximum number of items.
    pub(crate) limit: i64,
}

/// Returns the requested part of a list; 100 items by default, and at most.
pub(crate) fn slice(offset: Option<u64>, limit: Option<u64>) -> Result<Slice> {
    let limit = limit.unwrap_or(MAX_LIMIT);
    if limit > MAX_LIMIT {
        return Err(Error::validation(vec![Issue::too_large(&["query", "limit"], MAX_LIMIT)]));
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Slice { offset: number(offset.unwrap_or(0)), limit: number(limit) })
}

#[cfg(test)]
mod tests {
    use super::email;

    #[test]
    fn an_email_address_has_a_name_and_a_domain() {
        for valid in ["ann@example.com", "Ann.B+test@sub.example.co", "o'neil@a-b.org"] {
            assert!(email("email", valid).is_ok(), "{valid}");
        }
        for invalid in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@example",
            "a@b@example.com",
            "ann @example.com",
            ".a@example.com",
            "a..b@example.com",
            "ann@-a.com",
            "ann@a..com",
            "änn@example.com",
            "ann@example.com ",
            "ann@exämple.com",
        ] {
            assert!(email("email", invalid).is_err(), "{invalid}");
        }
    }
}

//! Checks of values that the types cannot express, with the answers of the real API's models.

use std::ops::RangeInclusive;

use zenml_api::paging::MAX_LIMIT;

use crate::error::{Error, Issue, Result};

/// Refuses a text that is too short or too long; lengths are in characters.
pub(crate) fn length(member: &str, text: &str, range: RangeInclusive<usize>) -> Result<()> {
    let characters = text.chars().count();
    let (message, kind) = if characters < *range.start() {
        (format!("String should have at least {} character", range.start()), "string_too_short")
    } else if characters > *range.end() {
        (format!("String should have at most {} characters", range.end()), "string_too_long")
    } else {
        return Ok(());
    };
    Err(Error::validation(vec![in_body(member, message, kind)]))
}

/// The same for a text that may be absent.
pub(crate) fn optional_length(member: &str, text: Option<&str>, range: RangeInclusive<usize>) -> Result<()> {
    text.map_or(Ok(()), |text| length(member, text, range))
}

/// Refuses a text with characters that do not fit; `pattern` tells the caller what does.
pub(crate) fn characters(member: &str, text: &str, pattern: &str, fits: impl Fn(char) -> bool) -> Result<()> {
    if text.chars().all(fits) {
        return Ok(());
    }
    let message = format!("String should match pattern '{pattern}'");
    Err(Error::validation(vec![in_body(member, message, "string_pattern_mismatch")]))
}

/// Refuses a number that is too small or too large.
pub(crate) fn number(member: &str, number: i64, range: RangeInclusive<i64>) -> Result<()> {
    let (message, kind) = if number < *range.start() {
        (format!("Input should be greater than or equal to {}", range.start()), "greater_than_equal")
    } else if number > *range.end() {
        (format!("Input should be less than or equal to {}", range.end()), "less_than_equal")
    } else {
        return Ok(());
    };
    Err(Error::validation(vec![in_body(member, message, kind)]))
}

/// Refuses a free document that is too large for its place; `limit` is in bytes.
pub(crate) fn document(member: &str, document: &serde_json::Value, limit: usize) -> Result<()> {
    if document.to_string().len() <= limit {
        return Ok(());
    }
    let message = format!("Value should have at most {limit} bytes");
    Err(Error::validation(vec![in_body(member, message, "too_long")]))
}

fn in_body(member: &str, message: String, kind: &'static str) -> Issue {
    Issue { place: vec!["body".to_owned(), member.to_owned()], message, kind }
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Items to leave out.
    pub(crate) offset: i64,
    /// Most items to give.
    pub(crate) limit: i64,
}

/// The part of a list that a query asks for; 100 items without a wish, and never more.
pub(crate) fn slice(offset: Option<u64>, limit: Option<u64>) -> Result<Slice> {
    let limit = limit.unwrap_or(MAX_LIMIT);
    if limit > MAX_LIMIT {
        return Err(Error::validation(vec![Issue {
            place: vec!["query".to_owned(), "limit".to_owned()],
            message: format!("Input should be less than or equal to {MAX_LIMIT}"),
            kind: "less_than_equal",
        }]));
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Slice { offset: number(offset.unwrap_or(0)), limit: number(limit) })
}

//! Members that a server reads more leniently than it writes them.
//!
//! The real servers use Python and convert values: an integer from a string, a timestamp from a number. Clients do
//! not need that, but a compatible server must accept it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::Timestamp;

/// Reads an integer, which may be null, and may be a string, a number without a fraction, or a boolean.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Integer)
}

/// Converts a JSON value to an integer; `None` for null.
///
/// # Errors
/// The expected value: [`FRACTION`], [`TOO_LARGE`] or another text.
pub fn whole(value: &serde_json::Value) -> Result<Option<i64>, &'static str> {
    integer(value).map_err(|error| {
        let text = error.to_string();
        [FRACTION, TOO_LARGE]
            .into_iter()
            .find(|expected| text.ends_with(expected))
            .unwrap_or("a whole number")
    })
}

struct Integer;

impl<'de> Visitor<'de> for Integer {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("i64")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<i64>, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Option<i64>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<i64>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<i64>, E> {
        Ok(Some(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<i64>, E> {
        Ok(Some(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<i64>, E> {
        i64::try_from(value).map(Some).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &TOO_LARGE))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<i64>, E> {
        if value.fract() != 0.0 {
            return Err(E::invalid_value(Unexpected::Float(value), &FRACTION));
        }
        // The string of an integer has no decimal point, and is parsed without loss.
        let whole = value.to_string().parse();
        whole.map(Some).map_err(|_| E::invalid_value(Unexpected::Float(value), &TOO_LARGE))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<i64>, E> {
        from_text(text).map(Some).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// The expectation for a number with a fraction.
pub const FRACTION: &str = "a number without a fraction";

/// The expectation for a number that is too large to store.
pub const TOO_LARGE: &str = "a smaller number";

/// Parses an integer, such as `7`, ` +7 `, `7.0` or `1_000`.
fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    let (digits, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let apart = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let grouped = apart.split('_').all(|group| !group.is_empty());
    let nothing = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
    if grouped && nothing { digits.replace('_', "").parse().ok() } else { None }
}

/// Reads a timestamp, which may be null, and may be a number of seconds (or milliseconds) since 1970. It is kept as a
/// string.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    deserializer.deserialize_any(Moment)
}

struct Moment;

impl Visitor<'_> for Moment {
    type Value = Option<Timestamp>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a moment")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Timestamp>, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<Timestamp>, E> {
        Ok(Some(Timestamp::new(value.to_string())))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<Timestamp>, E> {
        Ok(Some(Timestamp::new(value.to_string())))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<Timestamp>, E> {
        Ok(Some(Timestamp::new(value.to_string())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Timestamp>, E> {
        Ok(Some(Timestamp::new(text)))
    }
}

/// Reads a string. Null is the same as empty.
pub(crate) fn empty_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads an optional string. Null becomes one that matches nothing.
pub(crate) fn nothing_for_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    empty_for_null(deserializer).map(Some)
}

/// Reads a member that may be omitted but not null.
pub(crate) fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn integers_are_read_in_every_spelling() {
        for (given, read) in [
            (json!(null), Ok(None)),
            (json!(5), Ok(Some(5))),
            (json!(5.0), Ok(Some(5))),
            (json!(true), Ok(Some(1))),
            (json!("7"), Ok(Some(7))),
            (json!(" +7 "), Ok(Some(7))),
            (json!("-7.0"), Ok(Some(-7))),
            (json!("1_000"), Ok(Some(1000))),
            (json!(5.5), Err(FRACTION)),
            (json!(1e30), Err(TOO_LARGE)),
            (json!(u64::MAX), Err(TOO_LARGE)),
            (json!("7.5"), Err("i64")),
            (json!("7."), Err("i64")),
            (json!("_7"), Err("i64")),
            (json!("seven"), Err("i64")),
            (json!([]), Err("i64")),
        ] {
            match (integer(given.clone()), read) {
                (Ok(found), Ok(read)) => assert_eq!(found, read, "{given}"),
                (Err(error), Err(expected)) => {
                    assert!(error.to_string().ends_with(&format!("expected {expected}")), "{given}: {error}");
                }
                (found, read) => panic!("{given}: {found:?}, not {read:?}"),
            }
        }
    }

    #[test]
    fn timestamps_are_read_as_strings_and_as_numbers() {
        for (given, read) in [
            (json!(null), None),
            (json!("2030-01-01"), Some("2030-01-01")),
            (json!(1_893_456_000), Some("1893456000")),
            (json!(-1.5), Some("-1.5")),
        ] {
            let found = moment(given.clone()).unwrap();
            assert_eq!(found.as_ref().map(Timestamp::as_str), read, "{given}");
        }
        assert!(moment(json!(true)).unwrap_err().to_string().ends_with("expected a moment"));
    }
}

//! Times in requests.

use crate::error::{Error, Issue, Result};
use jiff::civil::DateTime;
use zenml_api::Timestamp;

/// Formats the time as a server stores it: without its offset, which is not converted, and with microseconds only if
/// they are not zero.
pub(super) fn naive(given: Option<&Timestamp>) -> Result<Option<String>> {
    let Some(given) = given else { return Ok(None) };
    let text = given.as_str();
    if let Some(moment) = since_1970(text) {
        return Ok(Some(shown(moment)));
    }
    // An offset must be valid, but is then dropped.
    let valid = text.parse::<jiff::Timestamp>().is_ok() || text.parse::<DateTime>().is_ok();
    let civil = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let moment = valid.then(|| civil.parse::<DateTime>().ok()).flatten();
    let Some(moment) = moment else {
        let issue = Issue::of_kind(&["body", "expires_at"], "datetime_from_date_parsing");
        return Err(Error::validation(vec![issue]));
    };
    Ok(Some(shown(moment)))
}

fn shown(moment: DateTime) -> String {
    let format = if moment.subsec_nanosecond() == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S.%6f" };
    moment.strftime(format).to_string()
}

/// Converts a number to a time: seconds since 1970, or milliseconds if it is too large for seconds.
fn since_1970(text: &str) -> Option<DateTime> {
    /// Beyond this, a number counts milliseconds.
    const MOST_SECONDS: f64 = 2e10;
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let seconds = if number.abs() > MOST_SECONDS { number / 1000.0 } else { number };
    let since = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
    let moment = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    moment.round(jiff::Unit::Microsecond).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stored_without_their_offset() {
        for (given, stored) in [
            ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
            ("2031-01-01T02:00:00+02:00", "2031-01-01T02:00:00"),
            ("2030-01-01T00:00:00", "2030-01-01T00:00:00"),
            ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.500000"),
            ("1893456000", "2030-01-01T00:00:00"),
            ("1893456000.25", "2030-01-01T00:00:00.250000"),
            ("-1", "1969-12-31T23:59:59"),
            ("20000000000", "2603-10-11T11:33:20"),
            ("20000000001", "1970-08-20T11:33:20.001000"),
            ("1.2345678901234", "1970-01-01T00:00:01.234568"),
        ] {
            assert_eq!(naive(Some(&Timestamp::new(given))).unwrap().as_deref(), Some(stored), "{given}");
        }
        assert_eq!(naive(None).unwrap(), None);
        for wrong in ["soon", "1e9", " 5 ", "1893456000000000000"] {
            assert_eq!(naive(Some(&Timestamp::new(wrong))).unwrap_err().status(), 422, "{wrong}");
        }
    }
}

//! Timestamps in configurations.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tfkit::Dyn;

/// Returns a time as servers store it: in UTC, without an offset, with microseconds only if there are any. Servers
/// drop offsets without converting the time. A time without an offset is UTC. Returns `None` if the string is not a
/// time.
pub(super) fn naive(text: &str) -> Option<String> {
    let moment = match text.parse::<Timestamp>() {
        Ok(moment) => TimeZone::UTC.to_datetime(moment),
        // The parser would accept a date without a time.
        Err(_) if text.len() > "2030-01-31".len() => text.parse::<DateTime>().ok()?,
        Err(_) => return None,
    };
    let microseconds = moment.subsec_nanosecond() / 1000;
    let format = if microseconds == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S.%6f" };
    Some(moment.strftime(format).to_string())
}

/// Compares times as moments, in any offset.
pub(super) fn same_moment(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str().and_then(naive) {
        Some(moment) => Cow::Owned(Dyn::string(moment)),
        None => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_sent_in_utc_and_compared_as_a_moment() {
        let cases = [
            ("2030-01-31T12:00:00Z", Some("2030-01-31T12:00:00")),
            ("2030-01-31T12:00:00+02:00", Some("2030-01-31T10:00:00")),
            ("2030-01-31T23:30:00-01:00", Some("2030-02-01T00:30:00")),
            ("2030-01-31T12:00:00", Some("2030-01-31T12:00:00")),
            ("2030-01-31 12:00:00", Some("2030-01-31T12:00:00")),
            ("2030-01-31T12:00:00.5Z", Some("2030-01-31T12:00:00.500000")),
            ("2030-01-31T12:00:00.123456789", Some("2030-01-31T12:00:00.123456")),
            ("2030-01-31", None),
            ("1893456000", None),
            ("soon", None),
            ("2030-02-31T12:00:00Z", None),
        ];
        for (text, sent) in cases {
            assert_eq!(naive(text).as_deref(), sent, "{text}");
        }
        let same = |one: &str, other: &str| same_moment(&one.into()) == same_moment(&other.into());
        assert!(same("2030-01-31T12:00:00+02:00", "2030-01-31T10:00:00"));
        assert!(!same("2030-01-31T12:00:00+02:00", "2030-01-31T12:00:00"));
        assert!(!same("soon", "later"), "a string that is not a time equals only itself");
        assert_ne!(same_moment(&"2030-01-31T12:00:00Z".into()), same_moment(&Dyn::Null));
    }
}

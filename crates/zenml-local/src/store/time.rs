//! Timestamps as in the APIs: naive UTC with microseconds, which also sort as strings.

use jiff::{SignedDuration, Timestamp, tz::Offset};

/// Returns the current time, such as `2026-11-24T00:02:30.699227`.
pub(crate) fn now() -> String {
    format(Timestamp::now())
}

/// Returns the time `seconds` from now; negative values are in the past.
pub(crate) fn seconds_from_now(seconds: i64) -> String {
    let now = Timestamp::now();
    format(now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now))
}

/// Returns the seconds from one stored time to another; `None` if one is not a time.
pub(crate) fn seconds_between(early: &str, late: &str) -> Option<i64> {
    let read = |text: &str| text.parse::<jiff::civil::DateTime>().ok();
    Some(read(early)?.duration_until(read(late)?).as_secs())
}

fn format(moment: Timestamp) -> String {
    Offset::UTC.to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn timestamps_have_microseconds_and_sort_as_strings() {
        let (early, late) = (super::seconds_from_now(-1), super::now());
        assert_eq!(late.len(), "2026-11-24T00:02:30.699227".len());
        assert!(!late.ends_with('Z') && early < late, "{early} {late}");
    }

    #[test]
    fn seconds_between_two_times_are_counted() {
        let between = super::seconds_between;
        assert_eq!(between("2026-12-31T23:59:30.5", "2027-01-01T00:00:30.5"), Some(60));
        assert_eq!(between("2027-01-01T00:00:30.5", "2026-12-31T23:59:30.5"), Some(-60));
        assert_eq!(between("", "2027-01-01T00:00:30.5"), None);
    }
}

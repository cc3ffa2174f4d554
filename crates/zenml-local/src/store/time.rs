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
}

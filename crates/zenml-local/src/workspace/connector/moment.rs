//! Points in time that clients give.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use zenml_api::Timestamp;

use crate::workspace::refusal::{Complaint, Refusal};

/// The time as a server stores it: naive UTC, with microseconds only if there are some.
pub(super) fn naive(operation: &str, given: Option<&Timestamp>) -> Result<Option<String>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let text = given.as_str();
    let moment: Option<DateTime> = text
        .parse::<jiff::Timestamp>()
        .map(|moment| Offset::UTC.to_datetime(moment))
        .or_else(|_| text.parse::<DateTime>())
        .ok();
    let Some(moment) = moment else {
        let complaint = Complaint::new(
            &["body", "expires_at"],
            "datetime_from_date_parsing",
            "Input should be a valid datetime",
        );
        return Err(Refusal::request(operation, &[complaint]));
    };
    let format = if moment.subsec_nanosecond() == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S.%6f" };
    Ok(Some(moment.strftime(format).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stored_as_naive_utc() {
        for (given, stored) in [
            ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
            ("2031-01-01T02:00:00+02:00", "2031-01-01T00:00:00"),
            ("2030-01-01T00:00:00", "2030-01-01T00:00:00"),
            ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.500000"),
        ] {
            assert_eq!(naive("PUT /x", Some(&Timestamp::new(given))), Ok(Some(stored.to_owned())), "{given}");
        }
        assert_eq!(naive("PUT /x", None), Ok(None));
        assert_eq!(naive("PUT /x", Some(&Timestamp::new("soon"))).unwrap_err().status, 422);
    }
}

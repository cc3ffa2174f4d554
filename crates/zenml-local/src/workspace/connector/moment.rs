//! Points in time that clients give.

use jiff::civil::DateTime;
use zenml_api::Timestamp;

use crate::workspace::refusal::{Complaint, Refusal};

/// The time as a server stores it: without its offset, which is not converted, and with microseconds only if there
/// are some.
pub(super) fn naive(operation: &str, given: Option<&Timestamp>) -> Result<Option<String>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let text = given.as_str();
    // An offset has to be right, but then it is dropped.
    let valid = text.parse::<jiff::Timestamp>().is_ok() || text.parse::<DateTime>().is_ok();
    let civil = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let moment = valid.then(|| civil.parse::<DateTime>().ok()).flatten();
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
    fn times_are_stored_without_their_offset() {
        for (given, stored) in [
            ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
            ("2031-01-01T02:00:00+02:00", "2031-01-01T02:00:00"),
            ("2030-01-01T00:00:00", "2030-01-01T00:00:00"),
            ("2030-01-01T00:00:00.5Z", "2030-01-01T00:00:00.500000"),
        ] {
            assert_eq!(naive("PUT /x", Some(&Timestamp::new(given))), Ok(Some(stored.to_owned())), "{given}");
        }
        assert_eq!(naive("PUT /x", None), Ok(None));
        assert_eq!(naive("PUT /x", Some(&Timestamp::new("soon"))).unwrap_err().status, 422);
    }
}

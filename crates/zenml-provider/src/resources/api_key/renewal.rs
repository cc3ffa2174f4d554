//! When a plan renews a key, and what the times of a key mean.
//!
//! A plan decides without the clock: a host plans a change again before it applies it, and must come to the same
//! result. Only a refresh compares the expiry with the clock, and stores the result in `ready_for_renewal`.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Why a plan renews a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its `keepers` have changed.
    Keepers,
    /// It was deactivated outside of Terraform.
    Deactivated,
    /// It was rotated outside of Terraform, or the response to a rotation was lost.
    Rotated,
    /// It expires soon, or has expired.
    Expires,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// After the last apply that decided about it; `None` if no apply and no import has recorded it.
    pub(super) left: Option<bool>,
    /// Now, according to the control plane.
    pub(super) now: bool,
    /// After the apply, according to the plan; `None` while it is unknown.
    pub(super) planned: Option<bool>,
}

/// What a plan knows about a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Whether it works.
    pub(super) active: Activity,
    /// Whether the state has lost the key: this provider has created or rotated it, but the state does not contain it.
    pub(super) is_lost: bool,
    /// Whether the plan changes its `keepers`.
    pub(super) keepers_change: bool,
    /// Whether the last refresh found that it is to be renewed because of its expiry.
    pub(super) is_ready: bool,
}

impl Facts {
    /// Returns why a plan renews the key; `None` if it does not.
    pub(super) fn cause(self) -> Option<Cause> {
        let Activity { left, now, planned } = self.active;
        // An unknown value may turn out to be true, and a plan can be less than it announced, but not more.
        if left == Some(true) && !now && planned != Some(false) {
            Some(Cause::Deactivated)
        } else if self.is_lost {
            Some(Cause::Rotated)
        } else if self.keepers_change {
            Some(Cause::Keepers)
        } else {
            self.is_ready.then_some(Cause::Expires)
        }
    }
}

/// Returns whether a time of the server is at most some minutes from now. A time that cannot be read is not.
pub(super) fn expires_within(expires_at: &str, minutes: i64, now: Timestamp) -> bool {
    let Some(expires_at) = read(expires_at) else { return false };
    let ahead = SignedDuration::from_mins(minutes);
    now.checked_add(ahead).is_ok_and(|limit| expires_at <= limit)
}

/// Returns whether a key was rotated between two responses, by the times of its last rotation; `None` if the control
/// plane does not report them.
pub(super) fn was_rotated(before: Option<&str>, now: Option<&str>) -> Option<bool> {
    match (before, now) {
        (None, None) => None,
        (Some(before), Some(now)) => Some(match (read(before), read(now)) {
            (Some(before), Some(now)) => before != now,
            _ => before != now,
        }),
        _ => Some(true),
    }
}

/// Returns a time of the server in RFC 3339 and UTC, as the functions of HCL read it. A time that cannot be read stays
/// as it is.
pub(super) fn in_utc(text: &str) -> String {
    read(text).map_or_else(|| text.to_owned(), |time| time.to_string())
}

/// Reads a time with an offset or, as servers write it, without one in UTC.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let naive = || Offset::UTC.to_timestamp(text.parse().ok()?).ok();
    text.parse().ok().or_else(naive)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_key_is_renewed_only_for_a_reason() {
        let active = Activity { left: Some(true), now: true, planned: Some(true) };
        let off = Activity { now: false, ..active };
        let calm = Facts { active, is_lost: false, keepers_change: false, is_ready: false };
        let cases = [
            (calm, None),
            (Facts { keepers_change: true, ..calm }, Some(Cause::Keepers)),
            (Facts { is_lost: true, ..calm }, Some(Cause::Rotated)),
            (Facts { is_lost: true, keepers_change: true, is_ready: true, ..calm }, Some(Cause::Rotated)),
            (Facts { is_ready: true, ..calm }, Some(Cause::Expires)),
            (Facts { active: Activity { planned: None, ..active }, ..calm }, None),
            (Facts { active: off, ..calm }, Some(Cause::Deactivated)),
            (Facts { active: off, is_lost: true, ..calm }, Some(Cause::Deactivated)),
            (Facts { active: Activity { planned: None, ..off }, ..calm }, Some(Cause::Deactivated)),
            (Facts { active: Activity { planned: Some(false), ..off }, ..calm }, None),
            (Facts { active: Activity { left: Some(false), ..off }, ..calm }, None),
            (Facts { active: Activity { left: None, ..off }, ..calm }, None),
        ];
        for (facts, expected) in cases {
            assert_eq!(facts.cause(), expected, "{facts:?}");
        }
    }

    #[test]
    fn times_with_and_without_an_offset_are_in_utc() {
        for text in ["2026-12-01T12:30:00", "2026-12-01T12:30:00Z", "2026-12-01T13:30:00+01:00"] {
            assert!(expires_within(text, 30, now()) && !expires_within(text, 29, now()), "{text}");
            assert_eq!(in_utc(text), "2026-12-01T12:30:00Z");
        }
        assert_eq!(in_utc("2026-12-01T12:30:00.250000"), "2026-12-01T12:30:00.25Z");
        assert_eq!(in_utc("soon"), "soon");
        assert!(!expires_within("soon", 30, now()));
    }

    #[test]
    fn a_rotation_shows_in_its_time_in_any_spelling() {
        let time = Some("2026-12-01T12:30:00.25");
        for (before, now, expected) in [
            (time, time, Some(false)),
            (time, Some("2026-12-01T12:30:00.250000Z"), Some(false)),
            (time, Some("2026-12-01T12:30:00.26"), Some(true)),
            (None, time, Some(true)),
            (time, None, Some(true)),
            (None, None, None),
            (Some("a"), Some("a"), Some(false)),
            (Some("a"), Some("b"), Some(true)),
        ] {
            assert_eq!(was_rotated(before, now), expected, "{before:?} {now:?}");
        }
    }
}

//! When a plan renews a key, and how.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::minutes::Minutes;

/// Why a plan renews a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Its `keepers` have changed.
    Keepers,
    /// It was deactivated outside of Terraform.
    Deactivated,
    /// It was rotated outside of Terraform.
    Rotated,
    /// It expires soon, or has expired.
    Expires,
}

/// A key that this provider has created or rotated, as the last apply left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ours {
    /// Whether it worked.
    pub(super) active: bool,
}

/// Whether a key works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// Now, according to the control plane.
    pub(super) now: bool,
    /// After the apply, according to the plan.
    pub(super) planned: bool,
}

/// What a plan knows about a key.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    /// What the last apply left; `None` if this provider has neither created nor rotated the key, so that the state
    /// cannot contain it.
    pub(super) left: Option<Ours>,
    /// Whether it works.
    pub(super) active: Activity,
    /// Whether the state contains the key itself.
    pub(super) is_known: bool,
    /// Whether the plan changes its `keepers`.
    pub(super) keepers_change: bool,
    /// Whether the plan changes anything else.
    pub(super) others_change: bool,
    /// When it expires, as the server writes it.
    pub(super) expires_at: Option<&'a str>,
    /// How long before its expiry it is renewed.
    pub(super) renew_before: Option<&'a Minutes>,
}

impl Facts<'_> {
    /// Returns why a plan renews the key; `None` if it does not.
    pub(super) fn cause(&self, now: Timestamp) -> Option<Cause> {
        if let Some(left) = self.left {
            if left.active && !self.active.now && self.active.planned {
                return Some(Cause::Deactivated);
            }
            if !self.is_known {
                return Some(Cause::Rotated);
            }
        }
        if self.keepers_change {
            return Some(Cause::Keepers);
        }
        // A host plans a change again before it applies it, and must come to the same result. Time passes in between, so
        // a plan with another change does not renew.
        (self.is_due(now) && !self.others_change).then_some(Cause::Expires)
    }

    /// Returns whether the key is to be renewed because of its expiry.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.renew_before.is_some_and(|before| {
            self.expires_at.is_some_and(|expires_at| expires_within(expires_at, before.count(), now))
        })
    }
}

/// Returns whether a time of the server is at most some minutes from now. A time that cannot be read is not.
pub(super) fn expires_within(expires_at: &str, minutes: i64, now: Timestamp) -> bool {
    let Some(expires_at) = read(expires_at) else { return false };
    let ahead = SignedDuration::from_mins(minutes);
    now.checked_add(ahead).is_ok_and(|limit| expires_at <= limit)
}

/// Reads a time with an offset or, as servers write it, without one in UTC.
fn read(text: &str) -> Option<Timestamp> {
    let naive = || Offset::UTC.to_timestamp(text.parse().ok()?).ok();
    text.parse().ok().or_else(naive)
}

#[cfg(test)]
mod tests {
    use tfkit::Dyn;
    use tfkit::field::Value as _;

    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_key_is_renewed_only_for_a_reason() {
        let hour = Minutes::from_known(&Dyn::string("1h")).unwrap();
        let calm = Facts {
            left: Some(Ours { active: true }),
            active: Activity { now: true, planned: true },
            is_known: true,
            keepers_change: false,
            others_change: false,
            expires_at: Some("2026-12-01T12:30:00"),
            renew_before: None,
        };
        let due = Facts { renew_before: Some(&hour), ..calm.clone() };
        let off = Activity { now: false, planned: true };
        let cases = [
            (calm.clone(), None),
            (Facts { keepers_change: true, ..calm.clone() }, Some(Cause::Keepers)),
            (Facts { is_known: false, ..calm.clone() }, Some(Cause::Rotated)),
            (Facts { is_known: false, left: None, ..calm.clone() }, None),
            (Facts { active: off, ..calm.clone() }, Some(Cause::Deactivated)),
            (Facts { active: off, left: Some(Ours { active: false }), ..calm.clone() }, None),
            (Facts { active: Activity { now: false, planned: false }, ..calm.clone() }, None),
            (Facts { active: off, left: None, ..calm }, None),
            (due.clone(), Some(Cause::Expires)),
            (Facts { others_change: true, ..due.clone() }, None),
            (Facts { expires_at: Some("2026-12-01T13:00:01"), ..due.clone() }, None),
            (Facts { expires_at: Some("2020-01-01T00:00:00"), ..due.clone() }, Some(Cause::Expires)),
            (Facts { expires_at: None, ..due.clone() }, None),
            (Facts { expires_at: Some("soon"), ..due }, None),
        ];
        for (facts, expected) in cases {
            assert_eq!(facts.cause(now()), expected, "{facts:?}");
        }
    }

    #[test]
    fn times_with_and_without_an_offset_are_in_utc() {
        for text in ["2026-12-01T12:30:00", "2026-12-01T12:30:00.000001Z", "2026-12-01T13:30:00+01:00"] {
            assert!(expires_within(text, 31, now()) && !expires_within(text, 29, now()), "{text}");
        }
    }
}

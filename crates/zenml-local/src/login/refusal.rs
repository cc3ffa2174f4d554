//! Rejected logins in the audit trail: the first of each kind at once, the rest as a count.
//!
//! Anyone who can reach the platform can cause rejections, so their rows are limited: [`ROWS`] rows at once and as
//! many sums in each [`WINDOW`], about a megabyte per day of a continuous attack.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::throttle::Address;

/// Rejections within this time are summed up.
pub(super) const WINDOW: Duration = Duration::from_mins(5);
/// Maximum number of kinds of rejections in a window that have their own rows.
const ROWS: usize = 10;

/// Whose login was rejected, as far as known. A name is looked up before it is written: it could be a password that
/// was typed in the wrong field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// The name of a local user.
    Name(String),
    /// An API key.
    Key(Uuid),
    /// The server of a workspace.
    Server(Uuid),
    /// Unknown.
    Nobody,
}

/// A rejected login. Identical ones are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Refused {
    pub(super) subject: Subject,
    pub(super) address: Address,
    /// The workspace of the login.
    pub(super) workspace: Option<Uuid>,
    pub(super) status: u16,
}

/// What to do with a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recording {
    /// Write a row.
    Now,
    /// Count it; if `first` in its window, the caller has to write the sum later.
    Later { first: bool },
}

/// Rejections that were counted in the current window.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    since: Option<Instant>,
    counts: HashMap<Refused, u64>,
    others: u64,
    summing: bool,
}

impl Refusals {
    /// Counts a rejection. The caller writes the sum of an ended window first ([`Refusals::take`]).
    pub(super) fn note(&mut self, now: Instant, refused: &Refused) -> Recording {
        if self.is_over(now) && !self.summing {
            self.counts.clear();
            self.since = None;
        }
        self.since.get_or_insert(now);
        if let Some(count) = self.counts.get_mut(refused) {
            *count += 1;
        } else if self.counts.len() < ROWS {
            self.counts.insert(refused.clone(), 0);
            return Recording::Now;
        } else {
            self.others += 1;
        }
        Recording::Later { first: !std::mem::replace(&mut self.summing, true) }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.saturating_duration_since(since) >= WINDOW)
    }

    /// Ends the window. Returns the counts, and how many rejections did not fit into the table.
    pub(super) fn take(&mut self) -> (Vec<(Refused, u64)>, u64) {
        let Self { counts, others, .. } = std::mem::take(self);
        (counts.into_iter().filter(|(_, count)| *count > 0).collect(), others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> Refused {
        Refused {
            subject: Subject::Name(name.to_owned()),
            address: Address::of(None),
            workspace: None,
            status: 401,
        }
    }

    #[test]
    fn a_thousand_rejections_are_a_handful_of_rows() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        let recording: Vec<_> =
            (0..1000).map(|n| refusals.note(now, &refused(&format!("user{}", n % 50)))).collect();
        assert_eq!(recording.iter().filter(|recording| **recording == Recording::Now).count(), ROWS);
        assert_eq!(
            recording.iter().filter(|recording| **recording == Recording::Later { first: true }).count(),
            1
        );
        let (counts, others) = refusals.take();
        assert_eq!(counts.len(), ROWS);
        assert!(counts.iter().all(|(_, count)| *count == 19), "{counts:?}");
        assert_eq!(others, 40 * 20);
        assert_eq!(refusals.note(now, &refused("user1")), Recording::Now, "the next window begins");
    }

    #[test]
    fn a_window_without_repetitions_ends_by_itself() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.note(now, &refused("ada")), Recording::Now);
        assert_eq!(refusals.note(now + WINDOW, &refused("ada")), Recording::Now);
        assert_eq!(refusals.note(now + WINDOW, &refused("ada")), Recording::Later { first: true });
    }
}

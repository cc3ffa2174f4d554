//! Errors for callers when the database cannot be read or written.

use http::StatusCode;

use super::constraint::conflict;
use crate::error::Error;

/// Why the database failed, as far as the caller can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The disk is full.
    Full,
    /// The database is in use, or it was interrupted; the same request may succeed later.
    Busy,
    /// The file cannot be read or written.
    Disk,
    /// The file is damaged.
    Damaged,
}

impl Failure {
    /// Returns the message for the caller.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Full => {
                "The disk with the platform's database is full. Nothing was changed. Free some space and try again."
            }
            Self::Busy => "The platform's database is busy. Nothing was changed. Try again.",
            Self::Disk => {
                "The platform cannot read or write its database. Its log shows the reason. Fix it and try again."
            }
            Self::Damaged => {
                "The platform's database is damaged. Stop the platform and restore a backup: zenml-local restore FILE."
            }
        }
    }
}

/// Returns the kind of failure, or `None` if the statement caused it, not the database.
pub(crate) fn failure(error: &sqlx::Error) -> Option<Failure> {
    match error {
        sqlx::Error::PoolTimedOut => Some(Failure::Busy),
        sqlx::Error::Io(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed => Some(Failure::Disk),
        sqlx::Error::Database(error) => of_code(error.code()?.parse().ok()?),
        _ => None,
    }
}

/// By result code (<https://www.sqlite.org/rescode.html>); the lowest byte is the primary one.
const fn of_code(code: u32) -> Option<Failure> {
    /// A commit outside [`Transaction::commit`](super::transaction::Transaction::commit): an earlier failure ended the transaction.
    const COMMIT_HOOK: u32 = 531;
    match (code, code & 0xff) {
        (_, 13) => Some(Failure::Full),
        (_, 5 | 6 | 7 | 9) => Some(Failure::Busy),
        (COMMIT_HOOK, _) | (_, 3 | 8 | 10 | 14 | 15) => Some(Failure::Disk),
        (_, 11 | 26) => Some(Failure::Damaged),
        _ => None,
    }
}

/// A violated unique constraint is a conflict with a known message, and a failed read or write has its own messages;
/// all other database errors are faults of the platform.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(sentence) = conflict(&error) {
            return Self::conflict(sentence).because(error);
        }
        match failure(&error) {
            Some(Failure::Full) => {
                let sentence = Failure::Full.sentence();
                Self::with_status(StatusCode::INSUFFICIENT_STORAGE, "RuntimeError", sentence).because(error)
            }
            Some(failure) => Self::unavailable(failure.sentence()).because(error),
            None => Self::internal("the database rejected a statement", error),
        }
    }
}

impl Error {
    /// Whether the database itself could not be read or written.
    pub(crate) fn is_of_storage(&self) -> bool {
        let cause = self.context().and_then(|context| context.downcast_ref::<sqlx::Error>());
        cause.is_some_and(|cause| failure(cause).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, of_code};

    #[test]
    fn database_failures_are_distinguished_from_statement_errors() {
        for (code, expected) in [
            (13, Some(Failure::Full)),
            (5, Some(Failure::Busy)),
            (261, Some(Failure::Busy)),
            (6, Some(Failure::Busy)),
            (7, Some(Failure::Busy)),
            (9, Some(Failure::Busy)),
            (3, Some(Failure::Disk)),
            (8, Some(Failure::Disk)),
            (10, Some(Failure::Disk)),
            (778, Some(Failure::Disk)),
            (14, Some(Failure::Disk)),
            (531, Some(Failure::Disk)),
            (11, Some(Failure::Damaged)),
            (267, Some(Failure::Damaged)),
            (26, Some(Failure::Damaged)),
            (1, None),
            (19, None),
            (2067, None),
        ] {
            assert_eq!(of_code(code), expected, "{code}");
        }
    }
}

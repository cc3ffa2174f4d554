//! Why a command failed.

/// The error of a command; the entry point prints it.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

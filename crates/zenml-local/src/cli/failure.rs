//! Why a command failed.

/// A command failed; the edge prints it.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

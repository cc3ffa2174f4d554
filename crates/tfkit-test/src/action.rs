//! What a plan does to an object.

use std::fmt;

/// What a plan does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is created.
    Create,
    /// It is updated in place.
    Update,
    /// It is deleted and re-created, in either order.
    Replace,
    /// It is deleted.
    Delete,
    /// A data source is read during the apply.
    Read,
    /// It is removed from the state but not deleted.
    Forget,
    /// An action that this crate does not know.
    Other,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOp => "no change",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Forget => "forget",
            Self::Other => "other",
        })
    }
}

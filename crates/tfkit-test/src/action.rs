//! What a plan does to an object.

use std::fmt;

/// What a plan does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is removed and made again, in whichever order.
    Replace,
    /// It is removed.
    Delete,
    /// A data source is read during the apply.
    Read,
    /// It is taken out of the state and stays as it is.
    Forget,
    /// Something that this crate has no name for.
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

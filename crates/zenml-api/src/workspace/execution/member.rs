//! What the body of a creation must contain.

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A string with at most 255 characters.
    Name,
    /// A UUID.
    Id,
    /// A date and time.
    Moment,
    /// A boolean.
    Flag,
    /// An array.
    List,
    /// An object with any members.
    Map,
    /// An object with certain members.
    Object,
    /// Anything.
    Any,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// One of these strings, on which the other members depend.
    Tag(&'static [&'static str]),
}

/// A required member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub shape: Shape,
}

/// A body with these required members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// The required members.
    pub members: &'static [Member],
    /// At least one of these is also required, if there are any.
    pub either: &'static [&'static str],
}

/// Status of a run or a step.
pub const STATUSES: &[&str] = &[
    "initializing",
    "provisioning",
    "queued",
    "running",
    "failed",
    "completed",
    "cached",
    "skipped",
    "retrying",
    "retried",
    "cancelling",
    "cancelled",
    "paused",
    "resuming",
    "stopped",
    "stopping",
];

/// Declares a body: `form!({ "name": Name, "project": Id } either "a" "b")`.
macro_rules! form {
    ({ $($name:literal: $shape:ident $(($($known:tt)*))?),* $(,)? } $(either $($either:literal)+)?) => {
        $crate::workspace::execution::member::Form {
            members: &[$($crate::workspace::execution::member::Member {
                name: $name,
                shape: $crate::workspace::execution::member::Shape::$shape$(($($known)*))?,
            }),*],
            either: &[$($($either),+)?],
        }
    };
}
pub(super) use form;

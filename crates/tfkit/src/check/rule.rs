//! What several attributes together must keep to.

/// A rule over attributes of one block, by name. An unknown value may turn out to be null, so that a rule only
/// speaks when it holds for every outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// One of these must be set, and no more than one.
    ExactlyOneOf(&'static [&'static str]),
    /// No more than one of these may be set.
    AtMostOneOf(&'static [&'static str]),
    /// One of these must be set, or more.
    AtLeastOneOf(&'static [&'static str]),
    /// Where the first is set, the others must be, too.
    Requires(&'static str, &'static [&'static str]),
}

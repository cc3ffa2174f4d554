//! What a type of values declares about its attributes.

use crate::check::{Check, Rule, each};
use crate::plan::Same;

/// What a type of values declares about every attribute that has it. The attribute adds its own checks, and its own
/// rule for values with the same meaning takes precedence.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Checks of a value.
    pub checks: Vec<Check>,
    /// Rule for different values with the same meaning.
    pub same: Option<Same>,
    /// Rules over the attributes of a nested object.
    pub rules: Vec<Rule>,
    /// Why the type is deprecated, and what to use instead.
    pub deprecated: Option<&'static str>,
    /// Whether the value means something to the provider only, never to a server, as timeouts do.
    pub local: bool,
}

impl Facts {
    /// Returns the facts of a collection whose elements have these.
    #[must_use]
    pub fn of_each(mut self) -> Self {
        self.checks = self.checks.into_iter().map(each).collect();
        self
    }
}

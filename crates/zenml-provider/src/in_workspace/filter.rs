//! Filters of list resources.

use tfkit::check::Check;
use tfkit::{Attribute, Shape, Type, Who};

/// A filter of a list: an optional string. `Q` is the query of the list, `W` a listed object.
pub struct Filter<Q, W> {
    /// The name of the argument.
    pub name: &'static str,
    /// What it selects, in Markdown.
    pub description: &'static str,
    /// The check of the argument.
    pub check: Option<fn() -> Check>,
    /// Narrows the query.
    pub narrow: fn(Q, &str) -> Q,
    /// Returns whether an object matches: servers ignore unknown filters. An object that is not known completely
    /// matches.
    pub keeps: fn(&W, &str) -> bool,
}

impl<Q, W> std::fmt::Debug for Filter<Q, W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Filter").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<Q, W> Filter<Q, W> {
    /// Returns the argument.
    pub(super) fn attribute(&self) -> Attribute {
        let attribute = argument(self.name, self.description);
        match self.check {
            Some(check) => attribute.check(check()),
            None => attribute,
        }
    }
}

/// Returns an optional argument that is a string.
pub(super) fn argument(name: &'static str, description: impl Into<String>) -> Attribute {
    Attribute::new(name, description, Shape::Plain(Type::String), Who::Optional)
}

/// Returns whether a value matches a filter. An unknown value matches.
pub(crate) fn is(value: Option<&str>, wanted: &str) -> bool {
    value.is_none_or(|value| value == wanted)
}

//! What a row can be filtered and sorted by.

use std::borrow::Cow;

/// What can be filtered and sorted.
pub(crate) trait Fields {
    /// Fields that lists can be sorted by.
    const SORTABLE: &'static [&'static str];

    /// Whether the server puts a list in the order that is asked for. Of some it only checks the field.
    const SORTED: bool = true;
}

/// A row that can be filtered and sorted.
pub(crate) trait Listed: Fields {
    /// The values of a field; several where one of them is enough for a match (the components of a stack).
    /// Null values are left out.
    fn field(&self, name: &str) -> Vec<Cow<'_, str>>;
}

/// Filters by the name that they have on the wire.
pub(crate) type Filters<'a> = [(&'static str, &'a [String])];

//! Fields for filtering and sorting.

use std::borrow::Cow;

/// A list that can be filtered and sorted.
pub(crate) trait Fields {
    /// Fields for sorting.
    const SORTABLE: &'static [&'static str];

    /// Whether the server sorts a list as requested. For some lists, it only validates the field.
    const SORTED: bool = true;
}

/// A row that can be filtered and sorted.
pub(crate) trait Listed: Fields {
    /// Returns the values of a field; several if any of them is enough for a match (the components of a stack). Null
    /// values are omitted.
    fn field(&self, name: &str) -> Vec<Cow<'_, str>>;
}

/// Filters by their name in the API.
pub(crate) type Filters<'a> = [(&'static str, &'a [String])];

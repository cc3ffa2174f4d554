//! Lists: pages and their queries.

use serde::{Deserialize, Serialize};

/// One page of a list.
///
/// A page beyond the last one is an error of the server, so read on until `index == total_pages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page<T> {
    /// Number of this page, from 1.
    pub index: u64,
    /// Requested page size.
    pub max_size: u64,
    /// Number of pages; 1 for an empty list.
    pub total_pages: u64,
    /// Number of items on all pages.
    pub total: u64,
    /// The items of this page.
    pub items: Vec<T>,
}

/// How several filters combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogicalOperator {
    /// All must match.
    #[default]
    And,
    /// One must match.
    Or,
}

/// The part of a list query that selects rows of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging<'a> {
    /// Page, from 1; the server's default is 1.
    pub page: Option<i64>,
    /// Items per page, 1 to 10000; the server's default is 20.
    pub size: Option<i64>,
    /// `field`, `asc:field` or `desc:field`; the server's default is `created`.
    pub sort_by: Option<&'a str>,
    /// Whether to include `metadata`; lists omit it by default.
    pub hydrate: bool,
    /// How the filters combine.
    pub operator: LogicalOperator,
}

/// The query of a list, as a server reads it.
pub trait ListQuery {
    /// Returns the selected rows of the result.
    #[must_use]
    fn paging(&self) -> Paging<'_>;

    /// Returns the filters by their name on the wire, including those without a value.
    #[must_use]
    fn filters(&self) -> Vec<(&'static str, &[String])>;
}

/// Declares the query of one list.
///
/// A server ignores unknown filters and returns everything, so each list has a type with its actual filters. A filter
/// contains values such as `x`, `contains:x` or `oneof:["x","y"]`; several values must all match. Options about the
/// content of each item come after `options`. The name of a filter on the wire is that of its member, unless it is
/// specified.
macro_rules! list_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$filter_doc:meta])* $filter:ident $(= $wire:literal)?,)* }
        $(options { $($(#[$option_doc:meta])* $option:ident: $type:ty,)* })?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(default)]
        pub struct $name {
            /// Page, from 1.
            #[serde(deserialize_with = "crate::lax::integer")]
            pub page: Option<i64>,
            /// Items per page, 1 to 10000.
            #[serde(deserialize_with = "crate::lax::integer")]
            pub size: Option<i64>,
            /// `field`, `asc:field` or `desc:field`.
            pub sort_by: Option<String>,
            /// How the filters combine.
            pub logical_operator: Option<$crate::workspace::LogicalOperator>,
            /// Whether to include `metadata`.
            pub hydrate: Option<bool>,
            $($(#[$filter_doc])* $(#[serde(rename = $wire)])? pub $filter: Vec<String>,)*
            $($($(#[$option_doc])* pub $option: Option<$type>,)*)?
        }

        impl $crate::paging::PageQuery for $name {
            fn at(mut self, page: i64, size: i64) -> Self {
                (self.page, self.size) = (Some(page), Some(size));
                self
            }

            fn with_metadata(mut self) -> Self {
                self.hydrate = Some(true);
                self
            }
        }

        impl $crate::workspace::ListQuery for $name {
            fn paging(&self) -> $crate::workspace::Paging<'_> {
                $crate::workspace::Paging {
                    page: self.page,
                    size: self.size,
                    sort_by: self.sort_by.as_deref(),
                    hydrate: self.hydrate.unwrap_or_default(),
                    operator: self.logical_operator.unwrap_or_default(),
                }
            }

            fn filters(&self) -> Vec<(&'static str, &[String])> {
                vec![$(($crate::workspace::page::wire!($filter $($wire)?), self.$filter.as_slice()),)*]
            }
        }
    };
}
pub(crate) use list_query;

/// The name of a filter on the wire.
macro_rules! wire {
    ($filter:ident) => {
        stringify!($filter)
    };
    ($filter:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire;

#[cfg(test)]
mod tests {
    use crate::query;
    use crate::workspace::ListQuery as _;
    use crate::workspace::connector::ConnectorQuery;

    #[test]
    fn a_list_query_sends_what_is_set_and_reads_it_back() {
        let text = "page=2&size=100&sort_by=desc%3Aname&hydrate=true&name=x&name=contains%3Ay&connector_type=aws\
                    &expand_secrets=false";
        let asked: ConnectorQuery = query::from_str(text).unwrap();
        assert_eq!(query::to_string(&asked).unwrap(), text);
        assert_eq!(asked.paging().page, Some(2));
        let set: Vec<_> = asked.filters().into_iter().filter(|(_, values)| !values.is_empty()).collect();
        assert_eq!(
            set,
            [
                ("name", ["x".to_owned(), "contains:y".to_owned()].as_slice()),
                ("connector_type", ["aws".to_owned()].as_slice()),
            ]
        );
        assert_eq!(query::to_string(&ConnectorQuery::default()).unwrap(), "");
    }
}

//! Lists: the control plane counts items, a workspace counts pages.

use serde::{Deserialize, Serialize};

/// Most items that one list call of the control plane returns.
pub const MAX_LIMIT: u64 = 100;

/// A query of a control-plane list, which answers a bare array.
pub trait OffsetQuery: Clone {
    /// The same query for the items from `offset` on, at most `limit` of them.
    #[must_use]
    fn at(self, offset: u64, limit: u64) -> Self;
}

/// A query of a workspace list, which answers a [`Page`].
pub trait PageQuery: Clone {
    /// The same query for one page, counted from 1, of at most `size` items.
    #[must_use]
    fn at(self, page: u64, size: u64) -> Self;
}

/// Implements a paging trait for queries that have the members it sets.
#[macro_export]
macro_rules! paged_query {
    (offset: $($query:ty),+ $(,)?) => {$(
        impl $crate::paging::OffsetQuery for $query {
            fn at(mut self, offset: u64, limit: u64) -> Self {
                (self.offset, self.limit) = (Some(offset), Some(limit));
                self
            }
        }
    )+};
    (page: $($query:ty),+ $(,)?) => {$(
        impl $crate::paging::PageQuery for $query {
            fn at(mut self, page: u64, size: u64) -> Self {
                (self.page, self.size) = (Some(page), Some(size));
                self
            }
        }
    )+};
}

/// One page of a workspace list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// Number of this page, from 1.
    pub index: u64,
    /// Most items that a page of this list holds.
    pub max_size: u64,
    /// Number of pages; 1 for an empty list.
    pub total_pages: u64,
    /// Number of items on all pages.
    pub total: u64,
    /// The items of this page.
    pub items: Vec<T>,
}

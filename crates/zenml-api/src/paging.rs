//! Lists: the control plane counts items, a workspace counts pages.

/// Most items that one list call of the control plane returns.
pub const MAX_LIMIT: u64 = 100;

/// A query of a control-plane list, which answers a bare array.
pub trait OffsetQuery: Clone {
    /// The same query for the items from `offset` on, at most `limit` of them.
    #[must_use]
    fn at(self, offset: u64, limit: u64) -> Self;
}

/// A query of a workspace list, which answers a [`Page`](crate::workspace::Page).
pub trait PageQuery: Clone {
    /// The same query for one page, counted from 1, of at most `size` items.
    #[must_use]
    fn at(self, page: i64, size: i64) -> Self;

    /// The same query for objects with their metadata.
    #[must_use]
    fn with_metadata(self) -> Self;
}

/// Implements [`OffsetQuery`] for queries that have its members.
macro_rules! offset_query {
    ($($query:ty),+ $(,)?) => {$(
        impl $crate::paging::OffsetQuery for $query {
            fn at(mut self, offset: u64, limit: u64) -> Self {
                (self.offset, self.limit) = (Some(offset), Some(limit));
                self
            }
        }
    )+};
}
pub(crate) use offset_query;

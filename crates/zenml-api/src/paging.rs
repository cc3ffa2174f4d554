//! Lists: the control plane counts items, a workspace counts pages.

/// Maximum number of items in one list response of the control plane.
pub const MAX_LIMIT: u64 = 100;

/// A query of a control-plane list, which returns a plain array.
pub trait OffsetQuery: Clone {
    /// Returns the same query for at most `limit` items from `offset` on.
    #[must_use]
    fn at(self, offset: u64, limit: u64) -> Self;
}

/// A query of a workspace list, which returns a [`Page`](crate::workspace::Page).
pub trait PageQuery: Clone {
    /// Returns the same query for one page, counted from 1, of at most `size` items.
    #[must_use]
    fn at(self, page: i64, size: i64) -> Self;

    /// Returns the same query for objects with their metadata.
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

//! Where a value stands inside an object.

/// A path from the root of a resource, data source or provider block to one value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

/// One step of a [`Path`]. Elements of sets cannot be addressed: a path ends at the set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(String),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list or tuple, counted from zero.
    Index(u64),
}

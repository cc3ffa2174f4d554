//! Exact numbers.

/// A decimal number of any size and precision, in canonical text; never passed through a float.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(String);

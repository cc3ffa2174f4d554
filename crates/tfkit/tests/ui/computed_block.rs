//! The user writes blocks; the server cannot add any.

use tfkit::{Computed, Object};

/// A part.
#[derive(Clone, Debug, Object)]
pub struct Part {
    /// Its screws.
    #[attr(block)]
    pub screws: Computed<Vec<Screw>>,
}

/// A screw.
#[derive(Clone, Debug, Object)]
pub struct Screw {
    /// Its length.
    pub length: f64,
}

fn main() {}

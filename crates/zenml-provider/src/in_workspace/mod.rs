//! What all objects of a workspace share: one [behaviour](object) for their resources, and one for their data sources.

pub mod change;
pub mod data;
pub mod import;
pub mod left_out;
mod list;
pub mod lookup;
pub mod names;
pub mod noun;
pub mod object;
pub mod place;
mod plan;
pub mod read;
pub mod scope;
pub mod text;
pub mod write;

pub use self::data::{Listing, Lookup, Many, One};
pub use self::noun::Noun;
pub use self::object::{Found, InWorkspace, Objects};
pub use self::place::Place;

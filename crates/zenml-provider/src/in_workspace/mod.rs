//! The shared behavior of all objects of a workspace: [one](object) for resources, and [one](data) for data sources.

pub mod change;
pub mod data;
pub mod filter;
pub mod import;
pub mod left_out;
pub(crate) mod list;
mod list_resource;
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
pub use self::filter::Filter;
pub use self::noun::Noun;
pub use self::object::{Found, InWorkspace, Objects};
pub use self::place::Place;

//! What all objects of a workspace share.

pub(crate) mod batch;
pub(crate) mod creation;
pub(crate) mod lookup;
pub mod object;
pub mod scope;

//! Backing up a database, and restoring it.

mod restore;
mod write;

pub(crate) use restore::restore;
pub(crate) use write::write;

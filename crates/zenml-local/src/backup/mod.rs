//! Backups of a database, and databases out of backups.

mod restore;
mod write;

pub(crate) use restore::restore;
pub(crate) use write::write;

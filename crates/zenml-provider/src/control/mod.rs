//! What a run has read from the control plane: organizations, workspaces, and the account of its key. Everything is
//! read once in a run.

pub mod account;
pub mod check;
pub mod organization;
pub(crate) mod service_account;
pub mod workspace;

//! What a run knows of the control plane: its organizations and workspaces, whose key it uses, and whether the
//! credentials work. Everything is read once in a run.

pub mod account;
pub mod check;
pub mod organization;
pub mod workspace;

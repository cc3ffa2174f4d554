//! A self-contained ZenML Pro on one machine: control plane and workspaces.
//!
//! The library starts platforms inside a process, for tests and demos; `zenml-local serve` does the same as a
//! command.

mod assumption;
pub mod audit;
mod authn;
mod backup;
mod bootstrap;
mod census;
pub mod cli;
mod control;
mod crypto;
mod engine;
mod error;
pub mod faults;
mod file;
mod http;
mod login;
mod master;
mod pages;
mod platform;
mod rbac;
mod servers;
mod start;
mod state;
mod store;
mod task;
mod token;
mod unit_of_work;
mod workspace;

pub use assumption::Assumption;
pub use authn::Access;
pub use bootstrap::Admin;
pub use control::limit::Limits;
pub use crypto::VaultError;
pub use engine::EngineKind;
pub use error::{Error, Plane};
pub use http::{Refused, ServedRoute, Why};
pub use platform::{Options, Platform, Ready};
pub use servers::Pythons;
pub use start::StartError;
pub use store::{Database, LockError, Owner, StoreError};
pub use workspace::REFUSED;

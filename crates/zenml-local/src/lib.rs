//! A self-contained ZenML Pro on one machine: control plane and workspaces.
//!
//! The library starts platforms inside a process, for tests and demos; `zenml-local serve` is the same for people.

pub mod audit;
mod authn;
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
mod platform;
mod rbac;
mod store;
mod task;
mod token;
mod workspace;

pub use crypto::VaultError;
pub use error::{Chain, Error, Plane};
pub use http::{Access, ServedRoute};
pub use platform::{Admin, Options, Platform, Ready, StartError};
pub use store::{Database, LockError, Owner, StoreError};

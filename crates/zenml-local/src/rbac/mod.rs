//! Who may do what.
//!
//! Handlers declare what they do, with [`Tx::allow`](crate::rbac::Tx::allow) and an [`Object`]; [`policy`] defines
//! who may do it.

mod action;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod golden;
mod holdings;
mod identity;
#[cfg(test)]
mod oracle;
pub(crate) mod permission;
pub(crate) mod policy;
#[cfg(test)]
pub(crate) mod probe;
mod proof;
mod resource;
mod rights;
pub(crate) mod role;
mod share;
mod tx;
mod visible;

pub(crate) use action::{
    Act, Action, Actions, BackupRestore, Client, Create, Delete, Enter, Prune, Read, ReadSecretValue, Share,
    UnknownAction, Update,
};
pub(crate) use holdings::Holdings;
pub(crate) use identity::{Actor, Credential, Identity};
pub(crate) use proof::{Allowed, Listed, Open, not_found};
pub(crate) use resource::{
    InvalidResource, Kind, Level, Object, Owner, Resource, Target, UnknownKind, WorkspacePlace,
};
pub(crate) use share::{Principal, SharedObject, allowed_ids, check, describe, forget, members, share};
pub(crate) use tx::{Named, Recorded, Tx};
pub(crate) use visible::Caller;

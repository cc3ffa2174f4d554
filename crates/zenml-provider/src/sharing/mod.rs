//! Shares: what principals may do with single objects, beyond their roles.
//!
//! A share in the API is the complete set of a principal's actions on an object. Several resources can add to it: a role
//! on each stack that contains the object, and a share of the object itself. The union of all holds, and removing one
//! leaves what the others need ([`need`]). Roles on other stacks are read from the server; what other resources of the
//! same run want is remembered ([`wishes`]).

pub(crate) mod change;
pub(crate) mod contents;
pub(crate) mod ledger;
pub(crate) mod need;
pub(crate) mod shares;
pub(crate) mod wishes;

//! Who may do what: people, roles, principals, and what all role assignments share.

pub mod assignment;
pub mod people;
pub mod principal;
pub mod role;

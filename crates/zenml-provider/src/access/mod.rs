//! Who may do what: people, roles, principals, and [one behaviour](assignment) for all assignments of roles.

pub mod assignment;
pub mod belonging;
pub mod caller;
pub mod choice;
pub mod holding;
pub mod home;
pub mod import;
pub mod people;
pub mod principal;
pub mod role;

pub use self::assignment::{Assignments, RoleAssignment};

//! Access control: people, roles, principals, and the [shared behavior](assignment) of all role assignments.

pub mod assignment;
pub mod belonging;
pub mod caller;
pub mod choice;
pub mod holding;
pub mod home;
pub mod import;
pub mod invitation;
pub mod last_admin;
pub mod list;
pub mod membership;
pub mod people;
pub mod principal;
pub mod role;
pub mod team;

pub use self::assignment::{Assignments, RoleAssignment};
pub use self::list::ListedAssignment;

//! Invitations: how people whom an organization does not know get a place in it.

mod admission;
mod known;
mod place;
mod wanted;
mod withdrawal;

pub use self::admission::{Admitted, Exclusive, admit, exclusive, invite};
pub use self::known::{
    Known, Standing, Status, account, forget, is_open, known, open, pending_by_id, standing,
};
pub use self::place::{Place, place_of, roles_of, teams_of};
pub use self::wanted::{left_to_others, want, wants_of_others};
pub use self::withdrawal::{delete, undo, withdraw};

/// The role of invited people by default.
pub const DEFAULT_ROLE: &str = "Organization Member";

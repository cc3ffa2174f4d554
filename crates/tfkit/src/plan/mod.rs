//! The rules of planning, as pure functions over values and schemas, in the order in which the engine uses them.
//!
//! 1. [`prepare`] makes a plan from the state and the configuration: it pairs elements, fills in defaults, leaves out
//!    write-only values, keeps the earlier spelling and marks as unknown what follows from a change.
//! 2. The author's hook changes the plan.
//! 3. [`settle`] marks again where the hook turned a no-op into an update; then the hook sees the plan once more.
//! 4. [`replaced`] tells which changes replace the object, and [`check_plan`] applies the host's own rules, so that a
//!    mistake is named here and not by a message of the host that blames the provider.
//! 5. For the apply, [`rebase`] moves an update from the state to the object as it is now, and [`show_write_only`] adds
//!    the values that only the configuration has.
//! 6. After the apply and after a read, [`keep_spelling`] and [`hide_write_only`] tidy what the author returned;
//!    [`as_planned`] repeats the plan where an update was to leave things alone, and [`check_result`] compares the result
//!    with the plan.

mod conformity;
mod pair;
mod prepare;
mod propose;
mod rebase;
mod replace;
pub mod same;
mod spelling;
mod tidy;
mod write_only;

pub use conformity::{Violation, check_compatible, check_plan, check_result};
pub use prepare::{prepare, settle};
pub use propose::proposed_new;
pub use rebase::{Asked, Rebased, as_planned, rebase};
pub use replace::replaced;
pub use same::Same;
pub use spelling::keep_spelling;
pub(crate) use tidy::tidy;
pub use write_only::{hide_write_only, show_write_only};

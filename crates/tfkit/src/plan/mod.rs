//! The rules of planning, as pure functions over values and schemas, in the order in which the engine applies them.
//!
//! 1. [`prepare`] creates a plan from the state and the configuration: it pairs elements, fills in defaults, omits
//!    write-only values, keeps the earlier spelling, and marks as unknown what [depends](crate::Depends) on a change.
//! 2. The author's hook changes the plan.
//! 3. If the hook has changed anything, [`settle`] marks again, because a hook makes changes and undoes some. If more
//!    values have become unknown, the hook runs once more, to decide those that it knows.
//! 4. [`for_host`] keeps elements of sets apart that have become equal. [`replaced`] returns the changes that replace
//!    the object, and [`check_plan`] applies the host's own rules, so that an error is reported here and not by a
//!    message of the host that blames the provider.
//! 5. For the apply, [`merge`] unites such elements again, [`rebase`] moves an update from the state to the current
//!    object, and [`show_write_only`] adds the values that only the configuration has.
//! 6. After an apply or a read, [`keep_spelling`] and [`hide_write_only`] tidy what the author returned;
//!    [`as_planned`] repeats the plan for values that an update did not manage, and [`check_result`] compares the
//!    result with the plan.

mod assignment;
mod block;
mod candidates;
mod canonical;
mod conformity;
mod decided;
mod generate;
mod mark;
mod pair;
mod prepare;
mod propose;
mod rebase;
mod replace;
pub mod same;
mod separate;
mod spelling;
mod tidy;
mod write_only;

pub use block::complete_blocks;
pub(crate) use block::{is_absent, without_absent};
pub use conformity::{Violation, check_compatible, check_plan, check_result};
pub use generate::generate;
pub use prepare::{for_host, prepare, settle};
pub use propose::proposed_new;
pub use rebase::{Asked, Rebased, as_planned, rebase};
pub use replace::replaced;
pub use same::Same;
pub use separate::merge;
pub use spelling::keep_spelling;
pub(crate) use tidy::tidy;
pub use write_only::{hide_write_only, show_write_only};

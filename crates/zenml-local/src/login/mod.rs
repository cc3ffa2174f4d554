//! The work of logging in that all ways share: passwords and keys are tried here and nowhere else, so that none of them
//! can be tried without a bound, and each login leaves a row in the audit trail.

mod attempt;
mod refusal;
mod throttle;

pub(crate) use attempt::{Door, LONGEST, Logins};
pub(crate) use refusal::Subject;
pub(crate) use throttle::Address;

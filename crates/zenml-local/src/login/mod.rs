//! The part of logging in that all methods share: passwords and keys are checked here and nowhere else, so that all
//! attempts are limited and each login has a row in the audit trail.

mod attempt;
mod browser;
mod refusal;
mod throttle;

pub(crate) use attempt::{Door, LONGEST, Logins};
pub(crate) use browser::{Browsers, Cookie, Outcome};
pub(crate) use refusal::Subject;
pub(crate) use throttle::Address;

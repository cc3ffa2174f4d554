//! Flavors.

pub(crate) mod catalog;
pub(crate) mod check;
#[cfg(test)]
mod check_tests;
mod convert;

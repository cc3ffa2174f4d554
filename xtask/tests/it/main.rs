//! Tests of what the development commands work on.

mod protocol;

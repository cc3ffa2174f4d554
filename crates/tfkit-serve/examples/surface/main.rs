//! A provider with every kind of field, nested attribute and block. The tests of this crate run it under real hosts.

mod garden;

use std::process::ExitCode;

fn main() -> ExitCode {
    tfkit_serve::serve("example.com/tests/surface", garden::Surface)
}

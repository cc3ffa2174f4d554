//! Behavior of ZenML Pro that no public source describes. The platform does one thing by default, and each assumption
//! selects the other, so that clients can be tested with both.

use clap::ValueEnum;

/// What the platform assumes instead of its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Assumption {
    /// The rotation of a key keeps its expiry. By default, its lifetime starts again.
    RotationKeepsExpiry,
}

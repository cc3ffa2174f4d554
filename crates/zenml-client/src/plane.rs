//! Kinds of APIs.

use std::fmt;

/// Kinds of APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plane {
    /// The management API of ZenML Pro.
    ControlPlane,
    /// A workspace of ZenML Pro.
    Workspace,
    /// A server that is configured by its address.
    Server,
}

impl fmt::Display for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlPlane => "control plane",
            Self::Workspace => "workspace",
            Self::Server => "server",
        })
    }
}

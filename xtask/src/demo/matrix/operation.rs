//! The fixed list of operations that each subject tries: the rows of the access matrix.

use std::fmt;

/// A stack of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stack {
    Development,
    Production,
}

impl Stack {
    /// Name of the stack in the workspace.
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "alpha-dev-stack",
            Self::Production => "alpha-prod-stack",
        }
    }
}

/// A service connector of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// Used by components of both stacks.
    Shared,
    /// Used only by production components.
    Production,
}

impl Connector {
    /// Name of the connector in the workspace.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shared => "aws-alpha-connector",
            Self::Production => "aws-alpha-prod-connector",
        }
    }
}

/// An operation in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    LogIn,
    ListStack(Stack),
    ReadStack(Stack),
    SeeComponents(Stack),
    ChangeStack(Stack),
    UseConnector(Connector),
    ReadSecret,
    ChangeProject,
}

impl Operation {
    /// All operations, in the order in which they are tried and shown.
    pub const ALL: [Self; 13] = [
        Self::LogIn,
        Self::ListStack(Stack::Development),
        Self::ReadStack(Stack::Development),
        Self::SeeComponents(Stack::Development),
        Self::ChangeStack(Stack::Development),
        Self::ListStack(Stack::Production),
        Self::ReadStack(Stack::Production),
        Self::SeeComponents(Stack::Production),
        Self::ChangeStack(Stack::Production),
        Self::UseConnector(Connector::Shared),
        Self::UseConnector(Connector::Production),
        Self::ReadSecret,
        Self::ChangeProject,
    ];
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogIn => f.write_str("log in to the workspace"),
            Self::ListStack(stack) => write!(f, "list {}", stack.name()),
            Self::ReadStack(stack) => write!(f, "read {}", stack.name()),
            Self::SeeComponents(stack) => write!(f, "see the components of {}", stack.name()),
            Self::ChangeStack(stack) => write!(f, "change {}", stack.name()),
            Self::UseConnector(connector) => write!(f, "get credentials from {}", connector.name()),
            Self::ReadSecret => f.write_str("read the values of alpha-mlflow"),
            Self::ChangeProject => f.write_str("change the project"),
        }
    }
}

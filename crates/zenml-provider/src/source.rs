//! The origins of provider settings, so that error messages name the right place.

use std::fmt;

use tfkit::{Diag, Path};

/// Where a setting comes from. Its `Display` completes "Check …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An argument of the provider block.
    Argument(Path),
    /// An environment variable.
    Variable(&'static str),
    /// Neither: the default of this argument.
    Default(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(path) => write!(f, "{path} in the provider block"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Default(argument) => write!(f, "the default of {argument}, which is not set"),
        }
    }
}

impl Source {
    /// Points a diagnostic at the argument. A variable has no place in the configuration.
    pub fn mark(&self, diag: Diag) -> Diag {
        match self {
            Self::Argument(path) => diag.at(path.clone()),
            Self::Variable(_) | Self::Default(_) => diag,
        }
    }

    /// Returns the origin for the beginning of a sentence.
    pub fn capitalized(&self) -> String {
        match self {
            Self::Argument(path) => format!("{path} in the provider block"),
            Self::Variable(name) => format!("The environment variable {name}"),
            Self::Default(argument) => format!("The default of {argument}"),
        }
    }
}

/// Points a diagnostic at the argument that a setting comes from, if there is one.
pub(crate) fn mark(source: Option<&Source>, diag: Diag) -> Diag {
    match source {
        Some(source) => source.mark(diag),
        None => diag,
    }
}

/// A setting with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    /// The setting.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Given<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        Given { value: change(self.value), source: self.source }
    }
}

/// Removes what an editor or `file()` leaves around a string: white space, line ends, a byte-order mark.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}')
}

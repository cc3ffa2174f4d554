//! Errors of encoded values. No message contains a value, which may be a secret.

use super::{NumberError, Path, Step, TypeError};

/// Maximum nesting of values. Schemas stay far below it; hostile bytes do not.
pub(crate) const MAX_DEPTH: usize = 128;

/// Bytes that are not a value of the expected type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Where in the value; a path ends at a set.
    pub path: Path,
    /// The problem there.
    pub problem: DecodeProblem,
}

/// A problem with encoded bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeProblem {
    /// The bytes end inside a value.
    #[error("the data ends too early")]
    Truncated,
    /// Bytes follow the value.
    #[error("{0} more bytes follow the value")]
    Trailing(usize),
    /// The value has another type.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// The expected one.
        expected: String,
        /// The one found.
        found: &'static str,
    },
    /// An object has an attribute that its type lacks.
    #[error("unknown attribute {0:?}")]
    UnknownAttribute(String),
    /// An object lacks an attribute of its type.
    #[error("attribute {0:?} is missing")]
    MissingAttribute(String),
    /// A tuple, or the pair of a dynamic value, has another length.
    #[error("expected {expected} elements, found {found}")]
    Length {
        /// The expected number.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// A string is not UTF-8.
    #[error("a string is not UTF-8")]
    NotUtf8,
    /// A number cannot be read.
    #[error("expected a number, found {0}")]
    Number(#[from] NumberError),
    /// The type of a dynamic value cannot be read.
    #[error("cannot read a value of dynamic type: {0}")]
    Type(#[from] TypeError),
    /// Values nest too deeply.
    #[error("values nest more than {MAX_DEPTH} deep")]
    Depth,
    /// The text is not JSON.
    #[error("invalid JSON at byte {0}")]
    Json(usize),
}

/// A value that does not have the type for its encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// Where in the value; a path ends at a set.
    pub path: Path,
    /// The problem there.
    pub problem: EncodeProblem,
}

/// A problem with a value to encode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeProblem {
    /// The value has another type.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// The expected one.
        expected: String,
        /// The one found.
        found: &'static str,
    },
    /// An object has an attribute that its type lacks.
    #[error("unknown attribute {0:?}")]
    UnknownAttribute(String),
    /// An object lacks an attribute of its type.
    #[error("attribute {0:?} is missing")]
    MissingAttribute(String),
    /// A tuple has another length.
    #[error("expected {expected} elements, found {found}")]
    Length {
        /// The expected number.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// JSON cannot express unknown values.
    #[error("the value is unknown, which JSON cannot express")]
    Unknown,
    /// JSON cannot express infinity.
    #[error("the number is infinite, which JSON cannot express")]
    Infinite,
    /// Values nest too deeply.
    #[error("values nest more than {MAX_DEPTH} deep")]
    Depth,
}

macro_rules! located {
    ($error:ident, $problem:ident) => {
        impl $error {
            pub(crate) fn within(mut self, step: Step) -> Self {
                self.path.0.insert(0, step);
                self
            }

            /// Returns the error at the enclosing set, whose elements have no address.
            pub(crate) fn within_set(self) -> Self {
                Self { path: Path::root(), ..self }
            }
        }

        impl<P: Into<$problem>> From<P> for $error {
            fn from(problem: P) -> Self {
                Self { path: Path::root(), problem: problem.into() }
            }
        }

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                if self.path.is_root() {
                    write!(f, "{}", self.problem)
                } else {
                    write!(f, "{}: {}", self.path, self.problem)
                }
            }
        }

        impl std::error::Error for $error {}
    };
}

located!(DecodeError, DecodeProblem);
located!(EncodeError, EncodeProblem);

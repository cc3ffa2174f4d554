//! A value that does not fit the type it is read as.

use crate::diag::Diag;
use crate::value::{Path, Step};

/// A value that does not fit its type, and what would.
///
/// The host checks the types of the schema. Misfits are the remaining errors: a number out of range, a string that a
/// newtype rejects, or a state that lacks a value. The message must not contain the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The path from the value that was read to the one that does not fit.
    pub path: Path,
    /// The rest of a sentence that starts with the attribute's name: `must be …`.
    pub what: String,
    /// What to do, with an example where it helps.
    pub fix: Option<String>,
    /// Whether it is reported in the plan instead of the validation, as by [`in_plan`](crate::check::in_plan).
    pub waits: bool,
}

impl Misfit {
    /// Creates a misfit of the current value. `what` continues a sentence that starts with its name.
    pub fn new(what: impl Into<String>) -> Self {
        Self { path: Path(Vec::new()), what: what.into(), fix: None, waits: false }
    }

    /// Adds what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Reports it in the plan instead of the validation: for the format of values that come from other objects, which
    /// mocks do not know.
    #[must_use]
    pub fn in_plan(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Adds a step in front of the path: the value is part of another one.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }

    /// Clears the path: the value is an element of a set, which has no address.
    #[must_use]
    pub fn inside_set(mut self) -> Self {
        self.path.0.clear();
        self
    }

    /// Converts it to an error at the attribute, for a value in the configuration.
    pub fn into_diag(self) -> Diag {
        let name = last_name(&self.path);
        let diag = Diag::error(format!("{name} {}", self.what));
        let diag = match self.fix {
            Some(fix) => diag.fix(fix),
            None => diag,
        };
        if self.path.0.is_empty() { diag } else { diag.at(self.path) }
    }
}

/// A misfit in the result of an operation, such as an invalid import id.
impl From<Misfit> for Diag {
    fn from(misfit: Misfit) -> Self {
        misfit.into_diag()
    }
}

/// Returns the words for the attribute in a sentence.
fn last_name(path: &Path) -> String {
    let name = path.0.iter().rev().find_map(|step| match step {
        Step::Attribute(name) => Some(name),
        Step::Key(_) | Step::Index(_) => None,
    });
    name.map_or_else(|| "The value".to_owned(), |name| format!("Attribute {name:?}"))
}

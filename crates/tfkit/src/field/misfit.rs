//! A value that does not fit the type it is read as.

use crate::diag::Diag;
use crate::value::{Path, Step};

/// Says where a value does not fit and what would.
///
/// The host checks the types of the schema. A misfit is what is left: a number out of range, a text that a newtype
/// refuses, or a state that lacks a value. Its text must not repeat the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// From the value that was read to the one that does not fit.
    pub path: Path,
    /// The rest of a sentence that begins with the attribute's name: `must be …`.
    pub what: String,
    /// What to do, with an example where it helps.
    pub fix: Option<String>,
    /// It is told in the plan and not in the validation, as by [`in_plan`](crate::check::in_plan).
    pub waits: bool,
}

impl Misfit {
    /// A misfit of the value at hand; `what` continues a sentence that begins with its name.
    pub fn new(what: impl Into<String>) -> Self {
        Self { path: Path(Vec::new()), what: what.into(), fix: None, waits: false }
    }

    /// Adds what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Leaves it to the plan: the form of a value that another object gives, which a mock does not know.
    #[must_use]
    pub fn in_plan(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Says that the value stands behind a step of the value around it.
    #[must_use]
    pub fn inside(mut self, step: Step) -> Self {
        self.path.0.insert(0, step);
        self
    }

    /// Says that the value is an element of a set, which no path can address.
    #[must_use]
    pub fn inside_set(mut self) -> Self {
        self.path.0.clear();
        self
    }

    /// As an error that points at the attribute, for a value that the user wrote.
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

/// A misfit that reaches an operation's result, such as a refused import id.
impl From<Misfit> for Diag {
    fn from(misfit: Misfit) -> Self {
        misfit.into_diag()
    }
}

/// The words that name the place in a sentence.
fn last_name(path: &Path) -> String {
    let name = path.0.iter().rev().find_map(|step| match step {
        Step::Attribute(name) => Some(name),
        Step::Key(_) | Step::Index(_) => None,
    });
    name.map_or_else(|| "The value".to_owned(), |name| format!("Attribute {name:?}"))
}

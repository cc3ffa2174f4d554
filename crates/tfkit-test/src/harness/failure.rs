//! Failures of the harness.

use tfkit::plan::Violation;
use tfkit::{Diag, Path};

/// Why a call of the harness failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider reported errors, or a bug.
    #[error("{during} failed:\n{}", texts(diags))]
    Refused {
        /// The failed step.
        during: &'static str,
        /// All messages, errors and warnings.
        diags: Vec<Diag>,
    },
    /// The host would report a bug of the provider.
    #[error("{title}: {what}")]
    Host {
        /// Title of the host's error.
        title: &'static str,
        /// The problem.
        what: String,
    },
    /// The same configuration plans a change right after it was applied.
    #[error("the plan {when} is not empty: it would {action} because of {}", attributes.join(", "))]
    NotSettled {
        /// With or without a refresh.
        when: &'static str,
        /// The planned action.
        action: crate::Action,
        /// The attributes that would change.
        attributes: Vec<String>,
    },
    /// An import differs from the state.
    #[error("the imported object differs from the state in {}", attributes.join(", "))]
    ImportDiffers {
        /// The attributes that differ.
        attributes: Vec<String>,
    },
    /// The test itself is wrong.
    #[error("error in the test: {0}")]
    Mistake(String),
}

impl Failure {
    /// Returns the warnings, or a failure if they contain an error or a bug.
    pub(super) fn of(during: &'static str, diags: Vec<Diag>) -> Result<Vec<Diag>, Self> {
        if diags.iter().any(fails) { Err(Self::Refused { during, diags }) } else { Ok(diags) }
    }

    pub(super) fn host(title: &'static str, what: impl Into<String>) -> Self {
        Self::Host { title, what: what.into() }
    }

    pub(super) fn violation(title: &'static str) -> impl Fn(Violation) -> Self {
        move |violation| Self::host(title, violation.to_string())
    }

    /// Returns the reported errors, and bugs that are only warnings.
    pub fn errors(&self) -> Vec<&Diag> {
        match self {
            Self::Refused { diags, .. } => diags.iter().filter(|diag| fails(diag)).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the summaries of the reported errors.
    pub fn summaries(&self) -> Vec<&str> {
        self.errors().into_iter().map(|diag| diag.summary.as_str()).collect()
    }

    /// Returns the attributes of the errors.
    pub fn places(&self) -> Vec<&Path> {
        self.errors().into_iter().filter_map(|diag| diag.path.as_ref()).collect()
    }
}

/// Returns whether a message fails a test. A bug can be a warning, because an error would do more harm.
fn fails(diag: &Diag) -> bool {
    diag.is_error() || diag.is_bug()
}

fn texts(diags: &[Diag]) -> String {
    let text = |diag: &Diag| {
        let place = diag.path.as_ref().map(|path| format!(" ({path})")).unwrap_or_default();
        format!("{}{place}\n{}", diag.summary, diag.detail())
    };
    diags.iter().map(text).collect::<Vec<_>>().join("\n\n")
}

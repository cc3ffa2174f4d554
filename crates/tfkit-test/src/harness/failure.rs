//! Why a run of the harness ends.

use tfkit::plan::Violation;
use tfkit::{Diag, Path};

/// Why a call of the harness failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider reported errors, or a bug of its own.
    #[error("{during} failed:\n{}", texts(diags))]
    Refused {
        /// What was being done.
        during: &'static str,
        /// All messages, errors and warnings.
        diags: Vec<Diag>,
    },
    /// The host would blame the provider.
    #[error("{title}: {what}")]
    Host {
        /// The host's own title of it.
        title: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The same configuration plans a change right after it was applied.
    #[error("the plan {when} is not empty: it would {action} because of {}", attributes.join(", "))]
    NotSettled {
        /// With or without a refresh.
        when: &'static str,
        /// What it would do.
        action: crate::Action,
        /// The attributes that would change.
        attributes: Vec<String>,
    },
    /// An import does not find what the state holds.
    #[error("the imported object differs from the state in {}", attributes.join(", "))]
    ImportDiffers {
        /// The attributes that differ.
        attributes: Vec<String>,
    },
    /// The test is wrong.
    #[error("mistake in the test: {0}")]
    Mistake(String),
}

impl Failure {
    /// The warnings, or a failure where there is an error or a bug among them.
    pub(super) fn of(during: &'static str, diags: Vec<Diag>) -> Result<Vec<Diag>, Self> {
        if diags.iter().any(fails) { Err(Self::Refused { during, diags }) } else { Ok(diags) }
    }

    pub(super) fn host(title: &'static str, what: impl Into<String>) -> Self {
        Self::Host { title, what: what.into() }
    }

    pub(super) fn violation(title: &'static str) -> impl Fn(Violation) -> Self {
        move |violation| Self::host(title, violation.to_string())
    }

    /// The errors that the provider reported, and bugs that it only warns of.
    pub fn errors(&self) -> Vec<&Diag> {
        match self {
            Self::Refused { diags, .. } => diags.iter().filter(|diag| fails(diag)).collect(),
            _ => Vec::new(),
        }
    }

    /// The summaries of the errors that the provider reported.
    pub fn summaries(&self) -> Vec<&str> {
        self.errors().into_iter().map(|diag| diag.summary.as_str()).collect()
    }

    /// The attributes that the errors point at.
    pub fn places(&self) -> Vec<&Path> {
        self.errors().into_iter().filter_map(|diag| diag.path.as_ref()).collect()
    }
}

/// Whether a test must not go on after a message. A bug can be a warning, because an error would do more harm.
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

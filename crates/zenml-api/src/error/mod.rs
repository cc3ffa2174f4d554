//! Error responses of both APIs, in all formats.

mod decode;
mod python;

use serde::Serialize;

/// The content of an error response in any format. It contains nothing that the request submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// Form of the answer.
    pub form: ErrorForm,
    /// Name of the server's exception (`KeyError`), or the OAuth error code (`authorization_pending`).
    pub class: Option<String>,
    /// The message for people; empty if there is none.
    pub message: String,
    /// The rejected parts of the request, if the server returned them.
    pub problems: Vec<Problem>,
}

/// Forms of an error answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorForm {
    /// JSON: `detail` as a string, a list or a list of problems, a plain list, or an OAuth error.
    Json,
    /// A web page: the response is not from the API.
    Html,
    /// Plain text, or JSON of unknown format.
    Text,
    /// No body at all.
    #[default]
    Empty,
}

/// A rejected part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `body`, `name`.
    pub location: Vec<String>,
    /// What is wrong there.
    pub message: String,
}

impl ErrorBody {
    /// Returns the whole message in one line, with the rejected parts. A server may repeat names from other people,
    /// which must not forge a line of output.
    #[must_use]
    pub fn summary(&self) -> String {
        one_line(&self.in_full())
    }

    fn in_full(&self) -> String {
        if self.problems.is_empty() {
            return self.message.clone();
        }
        let problem = |problem: &Problem| match problem.location.as_slice() {
            [] => problem.message.clone(),
            location => format!("{}: {}", location.join("."), problem.message),
        };
        self.problems.iter().map(problem).collect::<Vec<_>>().join("; ")
    }

    /// Returns the reason of a 403. Only its text shows it, and only this function reads the text.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        const IN_USE: [&str; 4] =
            ["cannot be deleted as it is", "already actively used", "still referenced by", "used by "];
        if self.message.contains("Insufficient permissions") {
            Refusal::Permission
        } else if IN_USE.iter().any(|words| self.message.contains(words)) {
            Refusal::InUse
        } else {
            Refusal::Other
        }
    }
}

/// Returns a text of a server without line breaks.
#[must_use]
pub fn one_line(text: &str) -> String {
    let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.split(breaks).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Why a server answered 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller does not have permission.
    Permission,
    /// Something else uses the object: this is not a matter of permissions.
    InUse,
    /// A protected object, a wrong kind of caller, or an unknown text.
    Other,
}

/// An error response as a server writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ErrorAnswer {
    /// `{"detail": …}`, the format of nearly all errors.
    Detail {
        /// The error.
        detail: Detail,
    },
    /// A plain list: the 422 of a workspace.
    Bare([String; 2]),
    /// An OAuth error, as for a login with a device code.
    OAuth {
        /// Code: `authorization_pending`.
        error: String,
        /// Message for people.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_description: Option<String>,
    },
}

/// The `detail` of an error response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Detail {
    /// A message.
    Text(String),
    /// Class of the exception and message.
    Class([String; 2]),
    /// The rejected parts of a request.
    Validation(Vec<ValidationProblem>),
}

/// A rejected part, as a control plane writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValidationProblem {
    /// Where.
    pub loc: Vec<String>,
    /// What is wrong there.
    pub msg: String,
    /// Kind of the problem: `missing`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl ErrorAnswer {
    /// The usual format: class of the exception and message.
    pub fn class(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Detail { detail: Detail::Class([class.into(), message.into()]) }
    }

    /// The format of the web framework itself.
    pub fn text(message: impl Into<String>) -> Self {
        Self::Detail { detail: Detail::Text(message.into()) }
    }
}

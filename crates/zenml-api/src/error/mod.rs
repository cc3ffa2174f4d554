//! Error answers of both planes, in all their forms.

mod decode;
mod python;

use serde::Serialize;

/// What an error answer says, whatever its form was. It holds nothing that the request submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// Form of the answer.
    pub form: ErrorForm,
    /// Name of the server's exception (`KeyError`), or the OAuth error code (`authorization_pending`).
    pub class: Option<String>,
    /// The message for people; empty if there is none.
    pub message: String,
    /// The single places of the request that were refused, if the server named them.
    pub problems: Vec<Problem>,
}

/// Forms of an error answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorForm {
    /// JSON: `detail` as a text, a list or a list of problems, a bare list, or an OAuth error.
    Json,
    /// A page for people: something other than the API answered.
    Html,
    /// Plain text, or JSON of an unknown form.
    Text,
    /// No body at all.
    #[default]
    Empty,
}

/// One place of a request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `body`, `name`.
    pub location: Vec<String>,
    /// What is wrong there.
    pub message: String,
}

impl ErrorBody {
    /// Reads an error answer. It never fails: what has no known form is kept as text, shortened.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        Self::decode_without(bytes, &str::to_owned)
    }

    /// The same, with each text of the answer changed by `hide` before anything of it is taken, shortened or cut.
    #[must_use]
    pub fn decode_without(bytes: &[u8], hide: &dyn Fn(&str) -> String) -> Self {
        decode::error_body(bytes, hide)
    }

    /// The whole message in one line, with the refused places: a server repeats names of others, and a line of theirs
    /// must not pass for a line of ours.
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

    /// Why a 403 was given. Only the text tells, so this is the one place that reads it.
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

/// A text of a server without its line breaks.
#[must_use]
pub fn one_line(text: &str) -> String {
    let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.split(breaks).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Why a server answered 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller may not do this.
    Permission,
    /// Something else uses the object; no permission would help.
    InUse,
    /// A protected object, a wrong kind of caller, or a text that is not known.
    Other,
}

/// An error answer as a server writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ErrorAnswer {
    /// `{"detail": …}`, the form of nearly all errors.
    Detail {
        /// The error.
        detail: Detail,
    },
    /// A bare list: how a workspace answers 422.
    Bare([String; 2]),
    /// An OAuth error, as a login with a device code gets it.
    OAuth {
        /// Code: `authorization_pending`.
        error: String,
        /// Message for people.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_description: Option<String>,
    },
}

/// The `detail` of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Detail {
    /// A message.
    Text(String),
    /// Class of the exception and message.
    Class([String; 2]),
    /// The refused places of a request.
    Validation(Vec<ValidationProblem>),
}

/// One refused place, as a control plane writes it.
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
    /// The usual form: class of the exception and message.
    pub fn class(class: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Detail { detail: Detail::Class([class.into(), message.into()]) }
    }

    /// The form of the web framework itself.
    pub fn text(message: impl Into<String>) -> Self {
        Self::Detail { detail: Detail::Text(message.into()) }
    }
}

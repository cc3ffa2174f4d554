//! How a ZenML server says no.
//!
//! The bodies have three forms: `{"detail": [class, text]}`, `{"detail": text}` and, where a request does not
//! have the right shape, a bare list. Texts here never repeat what the caller sent where it may be secret.

use std::fmt::Write as _;

use http::StatusCode;
#[cfg(test)]
use zenml_api::error::Detail;
use zenml_api::error::ErrorAnswer;

use super::python;
use crate::error::Error;

/// An error answer of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// Body, in one of the three forms.
    pub(crate) answer: ErrorAnswer,
}

/// One thing that is wrong with a request or a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// Where, outermost first: `body`, `name`.
    pub(crate) place: Vec<String>,
    /// Short name of the kind of error, like `missing`.
    pub(crate) kind: &'static str,
    /// What is wrong.
    pub(crate) message: String,
}

impl Complaint {
    pub(crate) fn new(place: &[&str], kind: &'static str, message: impl Into<String>) -> Self {
        Self { place: place.iter().map(ToString::to_string).collect(), kind, message: message.into() }
    }
}

impl Refusal {
    fn classed(status: u16, class: &str, text: &str) -> Self {
        Self { status, answer: ErrorAnswer::class(class, text) }
    }

    /// A plain text, as the web framework itself answers.
    pub(crate) fn plain(status: u16, text: &str) -> Self {
        Self { status, answer: ErrorAnswer::text(text) }
    }

    /// 400: a value that makes no sense.
    pub(crate) fn value(text: &str) -> Self {
        Self::classed(400, "ValueError", text)
    }

    /// 403: not allowed, or not while it is in use or protected.
    pub(crate) fn illegal(text: &str) -> Self {
        Self::classed(403, "IllegalOperationError", text)
    }

    /// The message, without the class.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        match &self.answer {
            ErrorAnswer::Detail { detail: Detail::Class([_, text]) | Detail::Text(text) }
            | ErrorAnswer::Bare([_, text]) => text,
            _ => "",
        }
    }

    /// 404: a Python `KeyError`, whose text is the message in quotes.
    pub(crate) fn key(message: &str) -> Self {
        Self::classed(404, "KeyError", &python::text(message))
    }

    /// 404: no object with this id.
    pub(crate) fn unknown_id(noun: &str, id: &dyn std::fmt::Display) -> Self {
        Self::key(&format!("Unable to get {noun} with ID '{id}': No {noun} with this ID found"))
    }

    /// 404: no object with this id, or name, for nouns that are found by both.
    pub(crate) fn unknown_id_or_name(noun: &str, given: &str) -> Self {
        Self::key(&if uuid::Uuid::try_parse(given).is_ok() {
            format!("Unable to get {noun} with name or ID '{given}': No {noun} with this ID found.")
        } else {
            format!(
                "Unable to get {noun} with name or ID '{given}': '{given}' is not a valid  UUID and no {noun} with \
                 this name exists."
            )
        })
    }

    /// 409: the name is taken.
    pub(crate) fn exists(text: &str) -> Self {
        Self::classed(409, "EntityExistsError", text)
    }

    /// 500: what the server did not expect.
    pub(crate) fn runtime(text: &str) -> Self {
        Self::classed(500, "RuntimeError", text)
    }

    /// 422 in its first form: the request does not have the right shape.
    pub(crate) fn request(operation: &str, complaints: &[Complaint]) -> Self {
        let mut text = heading(complaints.len(), "");
        for Complaint { place, kind, message } in complaints {
            let place: Vec<String> = place
                .iter()
                .map(|part| if part.parse::<u64>().is_ok() { part.clone() } else { python::text(part) })
                .collect();
            let trailing = if place.len() == 1 { "," } else { "" };
            let _ = write!(
                text,
                "\n  {{'type': '{kind}', 'loc': ({}{trailing}), 'msg': {}}}",
                place.join(", "),
                python::text(message)
            );
        }
        text.push_str("\n\n    ");
        text.push_str(operation);
        Self { status: 422, answer: ErrorAnswer::Bare(["ValueError".to_owned(), text]) }
    }

    /// 422 in its second form: a filter or a configuration has wrong values.
    pub(crate) fn model(class: &str, complaints: &[Complaint]) -> Self {
        let mut text = heading(complaints.len(), &format!(" for {class}"));
        for Complaint { place, kind, message } in complaints {
            if !place.is_empty() {
                text.push('\n');
                text.push_str(&place.join("."));
            }
            let _ = write!(text, "\n  {message} [type={kind}]");
        }
        Self::classed(422, "ValueError", &text)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::exact(status, refusal.answer)
    }
}

fn heading(count: usize, what: &str) -> String {
    let colon = if what.is_empty() { ":" } else { "" };
    format!("{count} validation error{}{what}{colon}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_error_is_the_servers() {
        let long = Complaint::new(&["body", "name"], "string_too_long", "at most 50 characters");
        let missing = Complaint::new(&["body"], "missing", "Field required");
        for (refusal, status, body) in [
            (Refusal::value("bad"), 400, r#"{"detail":["ValueError","bad"]}"#),
            (Refusal::plain(401, "Not authenticated"), 401, r#"{"detail":"Not authenticated"}"#),
            (
                Refusal::unknown_id("stack", &"1"),
                404,
                r#"{"detail":["KeyError","\"Unable to get stack with ID '1': No stack with this ID found\""]}"#,
            ),
            (
                Refusal::request("POST /api/v1/projects", &[long.clone(), missing]),
                422,
                r#"["ValueError","2 validation errors:\n  {'type': 'string_too_long', 'loc': ('body', 'name'), 'msg': 'at most 50 characters'}\n  {'type': 'missing', 'loc': ('body',), 'msg': 'Field required'}\n\n    POST /api/v1/projects"]"#,
            ),
            (
                Refusal::model(
                    "S3ArtifactStoreConfig",
                    &[Complaint::new(&["path"], "missing", "Field required")],
                ),
                422,
                r#"{"detail":["ValueError","1 validation error for S3ArtifactStoreConfig\npath\n  Field required [type=missing]"]}"#,
            ),
        ] {
            assert_eq!(refusal.status, status);
            assert_eq!(serde_json::to_string(&refusal.answer).unwrap(), body);
        }
    }
}

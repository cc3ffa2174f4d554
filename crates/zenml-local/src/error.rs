//! Errors of handlers: the message for the caller, and the context for the log.

use std::fmt;

use http::StatusCode;
use printable::Chain;
use serde_json::{Value, json};
use zenml_api::error::{Detail, ErrorAnswer};

/// Why a request failed. The message goes to the caller; the context stays in the log.
#[derive(Debug)]
pub struct Error {
    answer: Answer,
    context: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug)]
enum Answer {
    /// `{"detail": ["Class", "message"]}`.
    Detail { status: StatusCode, class: &'static str, message: String },
    /// A malformed request, with the places that are wrong.
    Validation(Vec<Issue>),
    /// An invalid filter, configuration or object, with the places that are wrong.
    Invalid(Vec<Issue>),
    /// A body in its own format.
    Exact { status: StatusCode, answer: ErrorAnswer },
    /// Temporarily unavailable: the caller may try again after this many seconds.
    Later { status: StatusCode, message: String, seconds: u64 },
    /// Not an error: the stored response of an identical earlier request.
    Replay(Vec<u8>),
}

/// One problem in a request or a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// `body`, `query` or `path` for a request, then the path of members.
    pub(crate) place: Vec<String>,
    /// The problem, without the value.
    pub(crate) message: String,
    /// The type of the problem as real servers name it, such as `value_error`.
    pub(crate) kind: &'static str,
}

impl Issue {
    pub(crate) fn new<P: AsRef<str>>(place: &[P], kind: &'static str, message: impl Into<String>) -> Self {
        let place = place.iter().map(|part| part.as_ref().to_owned()).collect();
        Self { place, message: message.into(), kind }
    }

    /// Creates an issue with the default message of its kind.
    pub(crate) fn of_kind<P: AsRef<str>>(place: &[P], kind: &'static str) -> Self {
        let message = match kind {
            "missing" => "This field is required",
            "string_type" => "Must be a string",
            "bool_type" | "bool_parsing" => "Must be a boolean",
            "int_type" | "int_parsing" | "int_from_float" => "Must be a whole number",
            "int_parsing_size" => "Must be a smaller number",
            "float_type" | "float_parsing" => "Must be a number",
            "list_type" => "Must be a list",
            "dict_type" | "model_attributes_type" => "Must be an object",
            "uuid_type" | "uuid_parsing" => "Must be a UUID",
            "datetime_type" | "datetime_from_date_parsing" => "Must be a date and time",
            "json_invalid" => "Must be JSON",
            "none_required" => "Must be null",
            _ => "Invalid value",
        };
        Self::new(place, kind, message)
    }

    /// Formats an issue of a configuration or a filter: its place, if any, and one line for the problem.
    fn listed(&self) -> String {
        let Self { place, message, kind } = self;
        let place = if place.is_empty() { String::new() } else { format!("\n{}", place.join(".")) };
        format!("{place}\n  {message} [type={kind}]")
    }

    /// A string with too many characters.
    pub(crate) fn too_long<P: AsRef<str>>(place: &[P], most: usize) -> Self {
        Self::new(place, "string_too_long", format!("Must have at most {most} characters"))
    }

    /// A number below a minimum.
    pub(crate) fn too_small<P: AsRef<str>>(place: &[P], least: impl fmt::Display) -> Self {
        Self::new(place, "greater_than_equal", format!("Must be at least {least}"))
    }

    /// A number above a maximum.
    pub(crate) fn too_large<P: AsRef<str>>(place: &[P], most: impl fmt::Display) -> Self {
        Self::new(place, "less_than_equal", format!("Must be at most {most}"))
    }

    /// A value that is not one of the known ones.
    pub(crate) fn not_one_of<P: AsRef<str>>(place: &[P], known: &[&str]) -> Self {
        Self::new(place, "enum", format!("Must be one of {}", known.join(", ")))
    }
}

/// Result of a handler.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn detail(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self { answer: Answer::Detail { status, class, message: message.into() }, context: None }
    }

    /// 400 `ValueError`: the request is well-formed but invalid.
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::BAD_REQUEST, "ValueError", message)
    }

    /// 401 `CredentialsNotValid`: a credential is unknown, expired or wrong.
    pub(crate) fn credentials(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "CredentialsNotValid", message)
    }

    /// 401 `AuthorizationException`: the credential is valid, but not for this endpoint.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "AuthorizationException", message)
    }

    /// 403 `IllegalOperationError`: not permitted, or not possible for this object.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::FORBIDDEN, "IllegalOperationError", message)
    }

    /// 404 `KeyError`: the object does not exist, or the caller has no access to it.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::NOT_FOUND, "KeyError", message)
    }

    /// 404 for an object that was looked up by its id or its name.
    pub(crate) fn no_object(noun: &str, given: impl fmt::Display) -> Self {
        Self::not_found(format!("Cannot get {noun} with name or ID '{given}': it does not exist."))
    }

    /// 409 `EntityExistsError`: the object already exists.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::CONFLICT, "EntityExistsError", message)
    }

    /// 409 for an object whose name is taken by another one of its kind.
    pub(crate) fn name_taken(noun: impl fmt::Display, name: &str) -> Self {
        Self::conflict(format!("A {noun} with the name '{name}' already exists."))
    }

    /// 422 with the malformed places.
    pub(crate) fn validation(issues: Vec<Issue>) -> Self {
        Self { answer: Answer::Validation(issues), context: None }
    }

    /// 422 for well-formed but invalid content.
    pub(crate) fn invalid(issues: Vec<Issue>) -> Self {
        Self { answer: Answer::Invalid(issues), context: None }
    }

    /// 500 where a real server also fails.
    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError", message)
    }

    /// A plain message, as the web framework of real servers returns it.
    pub(crate) fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self::exact(status, ErrorAnswer::text(message))
    }

    /// Any status with exactly this body.
    pub(crate) fn exact(status: StatusCode, answer: ErrorAnswer) -> Self {
        Self { answer: Answer::Exact { status, answer }, context: None }
    }

    /// Whether this is a plain message, without a class.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(&self.answer, Answer::Exact { answer: ErrorAnswer::Detail { detail: Detail::Text(_) }, .. })
    }

    /// Any status and class.
    pub(crate) fn with_status(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self::detail(status, class, message)
    }

    /// 501 `NotImplementedError`: not possible here.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::NOT_IMPLEMENTED, "NotImplementedError", message)
    }

    /// 503: the object exists but is currently unavailable.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::SERVICE_UNAVAILABLE, "RuntimeError", message)
    }

    /// 503 with `Retry-After`: the platform is overloaded.
    pub(crate) fn busy(message: &str, seconds: u64) -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, message, seconds)
    }

    /// 429 with `Retry-After`: this caller has tried too often.
    pub(crate) fn too_many(message: &str, seconds: u64) -> Self {
        Self::later(StatusCode::TOO_MANY_REQUESTS, message, seconds)
    }

    fn later(status: StatusCode, message: &str, seconds: u64) -> Self {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let message = format!("{message} Try again in {seconds} {unit}.");
        Self { answer: Answer::Later { status, message, seconds }, context: None }
    }

    /// Seconds after which the caller may try again, if waiting helps.
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        match self.answer {
            Answer::Later { seconds, .. } => Some(seconds),
            _ => None,
        }
    }

    /// 500: a fault of the platform. The caller learns only that the request failed; `what` and `cause` go to the
    /// log.
    pub(crate) fn internal(what: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::detail(StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError", "An unexpected error occurred.")
            .because(format!("{what}: {}", Chain(&*cause.into())))
    }

    /// Adds context for the log.
    #[must_use]
    pub(crate) fn because(mut self, context: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The stored response of an identical earlier request.
    pub(crate) fn replay(answer: Vec<u8>) -> Self {
        Self { answer: Answer::Replay(answer), context: None }
    }

    /// Returns the stored response, if this is one.
    pub(crate) fn into_replay(self) -> Result<Vec<u8>> {
        match self.answer {
            Answer::Replay(answer) => Ok(answer),
            answer => Err(Self { answer, context: self.context }),
        }
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        match &self.answer {
            Answer::Detail { status, .. } | Answer::Exact { status, .. } | Answer::Later { status, .. } => {
                *status
            }
            Answer::Validation(_) | Answer::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Answer::Replay(_) => StatusCode::OK,
        }
    }

    /// Returns the body of the response, in the format of the control plane or of a workspace.
    pub(crate) fn body(&self, plane: Plane) -> Value {
        match &self.answer {
            Answer::Detail { class, message, .. } => json!({ "detail": [class, message] }),
            Answer::Later { message, .. } => json!({ "detail": ["RuntimeError", message] }),
            Answer::Exact { answer, .. } => json!(answer),
            Answer::Replay(_) => Value::Null,
            Answer::Validation(issues) if plane == Plane::Control => json!({
                "detail": issues
                    .iter()
                    .map(|issue| json!({ "loc": issue.place, "msg": issue.message, "type": issue.kind }))
                    .collect::<Vec<_>>(),
            }),
            Answer::Validation(issues) => {
                let lines = issues.iter().map(|Issue { place, message, kind }| {
                    format!("\n  {{'type': '{kind}', 'loc': {}, 'msg': {}}}", tuple(place), quoted(message))
                });
                json!(["ValueError", headed(":", issues, lines)])
            }
            Answer::Invalid(issues) => {
                let lines = issues.iter().map(Issue::listed);
                json!({ "detail": ["ValueError", headed("", issues, lines)] })
            }
        }
    }

    /// Returns the context for the log.
    pub(crate) fn context(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.context.as_deref()
    }
}

/// Formats issues as a workspace does: a line with their number, then each of them.
fn headed(end: &str, issues: &[Issue], lines: impl Iterator<Item = String>) -> String {
    let plural = if issues.len() == 1 { "" } else { "s" };
    format!("{} validation error{plural}{end}{}", issues.len(), lines.collect::<String>())
}

/// Formats a place as a Python tuple: positions are numbers, and a tuple of one has a comma.
fn tuple(place: &[String]) -> String {
    let shown = |part: &String| if part.parse::<u64>().is_ok() { part.clone() } else { quoted(part) };
    let parts: Vec<String> = place.iter().map(shown).collect();
    format!("({}{})", parts.join(", "), if parts.len() == 1 { "," } else { "" })
}

/// Formats a string as a Python literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

/// One of the two APIs; their 422 bodies differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// The control plane.
    Control,
    /// A workspace.
    Workspace,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Answer::Detail { message, .. } | Answer::Later { message, .. } => f.write_str(message),
            Answer::Validation(issues) | Answer::Invalid(issues) => {
                let texts = issues.iter().map(|Issue { place, message, .. }| match place.as_slice() {
                    [] => message.clone(),
                    place => format!("{}: {message}", place.join(".")),
                });
                f.write_str(&texts.collect::<Vec<_>>().join("; "))
            }
            Answer::Exact { answer, .. } => f.write_str(message(answer)),
            Answer::Replay(_) => f.write_str("replayed response"),
        }
    }
}

fn message(answer: &ErrorAnswer) -> &str {
    match answer {
        ErrorAnswer::Detail { detail: Detail::Class([_, text]) | Detail::Text(text) }
        | ErrorAnswer::Bare([_, text])
        | ErrorAnswer::OAuth { error: text, .. } => text,
        ErrorAnswer::Detail { detail: Detail::Validation(_) } => "the request is malformed",
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.context.as_deref().map(|context| context as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plane_formats_issues_in_its_own_way() {
        let long = || Issue::too_long(&["body", "it's"], 50);
        let missing = || Issue::of_kind(&["body"], "missing");
        let nested = || Issue::new(&["body", "0", "a"], "value_error", "No.");
        for (error, plane, body) in [
            (
                Error::validation(vec![long()]),
                Plane::Control,
                json!({ "detail": [
                    { "loc": ["body", "it's"], "msg": "Must have at most 50 characters", "type": "string_too_long" },
                ] }),
            ),
            (
                Error::validation(vec![long(), missing()]),
                Plane::Workspace,
                json!([
                    "ValueError",
                    "2 validation errors:\n  {'type': 'string_too_long', 'loc': ('body', 'it\\'s'), 'msg': 'Must \
                     have at most 50 characters'}\n  {'type': 'missing', 'loc': ('body',), 'msg': 'This field is \
                     required'}"
                ]),
            ),
            (
                Error::validation(vec![nested()]),
                Plane::Workspace,
                json!([
                    "ValueError",
                    "1 validation error:\n  {'type': 'value_error', 'loc': ('body', 0, 'a'), 'msg': 'No.'}"
                ]),
            ),
            (
                Error::invalid(vec![
                    Issue::of_kind(&["tags", "a"], "missing"),
                    Issue::new::<&str>(&[], "value_error", "No."),
                ]),
                Plane::Workspace,
                json!({ "detail": [
                    "ValueError",
                    "2 validation errors\ntags.a\n  This field is required [type=missing]\n  No. [type=value_error]",
                ] }),
            ),
        ] {
            assert_eq!(error.status(), 422);
            assert_eq!(error.body(plane), body);
        }
    }
}

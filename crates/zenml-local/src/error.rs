//! Errors of handlers: what the caller may read, and what only the log may.

use std::fmt::{self, Write as _};

use http::StatusCode;
use serde_json::{Value, json};
use zenml_api::error::{Detail, ErrorAnswer};

use crate::store::{self, Failure};

/// Why a request was not done. The message goes to the caller; the context stays in the log.
#[derive(Debug)]
pub struct Error {
    answer: Answer,
    context: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Debug)]
enum Answer {
    /// `{"detail": ["Class", "message"]}`.
    Detail { status: StatusCode, class: &'static str, message: String },
    /// A request that does not have the right form, with the places that are wrong.
    Validation(Vec<Issue>),
    /// A body in a form of its own.
    Exact { status: StatusCode, answer: ErrorAnswer },
    /// Not now: the caller may come back after so many seconds.
    Later { status: StatusCode, message: String, seconds: u64 },
    /// Not an error: the same request was answered before, and this is what it was answered.
    Replay(Vec<u8>),
}

/// One place of a request that has the wrong form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// `body`, `query` or `path`, then the members that lead to the place.
    pub(crate) place: Vec<String>,
    /// What is wrong, without the value.
    pub(crate) message: String,
    /// The kind of mistake, such as `value_error`.
    pub(crate) kind: &'static str,
}

/// Result of a handler.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn detail(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self { answer: Answer::Detail { status, class, message: message.into() }, context: None }
    }

    /// 400 `ValueError`: the request has the right form and makes no sense.
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::BAD_REQUEST, "ValueError", message)
    }

    /// 401 `CredentialsNotValid`: a credential is unknown, expired or wrong.
    pub(crate) fn credentials(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "CredentialsNotValid", message)
    }

    /// 401 `AuthorizationException`: the credential is good, but not here.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "AuthorizationException", message)
    }

    /// 403 `IllegalOperationError`: not permitted, or not possible for this object.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::FORBIDDEN, "IllegalOperationError", message)
    }

    /// 404 `KeyError`: no such object, or none that the caller may know of.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::NOT_FOUND, "KeyError", message)
    }

    /// 409 `EntityExistsError`: the object is there already.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::CONFLICT, "EntityExistsError", message)
    }

    /// 422 with the places that have the wrong form.
    pub(crate) fn validation(issues: Vec<Issue>) -> Self {
        Self { answer: Answer::Validation(issues), context: None }
    }

    /// Any status with exactly this body.
    pub(crate) fn exact(status: StatusCode, answer: ErrorAnswer) -> Self {
        Self { answer: Answer::Exact { status, answer }, context: None }
    }

    /// Any status with a class of one's own.
    pub(crate) fn with_status(status: StatusCode, class: &'static str, message: impl Into<String>) -> Self {
        Self::detail(status, class, message)
    }

    /// 503: the object exists and cannot serve now.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::SERVICE_UNAVAILABLE, "RuntimeError", message)
    }

    /// 503 with `Retry-After`: there is too much to do right now.
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

    /// 500: our fault. The caller learns only that it failed; `what` and `cause` go to the log.
    pub(crate) fn internal(what: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::detail(StatusCode::INTERNAL_SERVER_ERROR, "RuntimeError", "An unexpected error occurred.")
            .because(format!("{what}: {}", Chain(&*cause.into())))
    }

    /// Adds what only the log may know.
    #[must_use]
    pub(crate) fn because(mut self, context: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// The stored answer of an earlier, equal request.
    pub(crate) fn replay(answer: Vec<u8>) -> Self {
        Self { answer: Answer::Replay(answer), context: None }
    }

    /// The stored answer, if that is what this is.
    pub(crate) fn into_replay(self) -> Result<Vec<u8>> {
        match self.answer {
            Answer::Replay(answer) => Ok(answer),
            answer => Err(Self { answer, context: self.context }),
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match &self.answer {
            Answer::Detail { status, .. } | Answer::Exact { status, .. } | Answer::Later { status, .. } => {
                *status
            }
            Answer::Validation(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Answer::Replay(_) => StatusCode::OK,
        }
    }

    /// The body of the answer, as the control plane or a workspace gives it.
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
                let mut text =
                    format!("{} validation error{}:", issues.len(), if issues.len() == 1 { "" } else { "s" });
                for issue in issues {
                    let location = issue.place.iter().map(|part| place(part)).collect::<Vec<_>>();
                    // A tuple of one has a comma.
                    let location =
                        if location.len() == 1 { format!("{},", location[0]) } else { location.join(", ") };
                    let Issue { kind, message, .. } = issue;
                    let _ = write!(text, "\n  {{'type': '{kind}', 'loc': ({location}), 'msg': '{message}'}}");
                }
                json!(["ValueError", text])
            }
        }
    }

    /// Whether the database could not be read or written, whatever was asked of it.
    pub(crate) fn is_of_storage(&self) -> bool {
        let cause = self.context.as_ref().and_then(|context| context.downcast_ref::<sqlx::Error>());
        cause.is_some_and(|cause| store::failure(cause).is_some())
    }

    /// What the log may know beyond the answer.
    pub(crate) fn context(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.context.as_deref()
    }
}

/// A part of a place as Python shows it: positions are numbers.
fn place(part: &str) -> String {
    if part.parse::<u64>().is_ok() { part.to_owned() } else { format!("'{part}'") }
}

/// Which of the two APIs answers; their 422 bodies differ.
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
            Answer::Validation(issues) => {
                let texts =
                    issues.iter().map(|issue| format!("{}: {}", issue.place.join("."), issue.message));
                f.write_str(&texts.collect::<Vec<_>>().join("; "))
            }
            Answer::Exact { answer, .. } => f.write_str(message(answer)),
            Answer::Replay(_) => f.write_str("answered before"),
        }
    }
}

fn message(answer: &ErrorAnswer) -> &str {
    match answer {
        ErrorAnswer::Detail { detail: Detail::Class([_, text]) | Detail::Text(text) }
        | ErrorAnswer::Bare([_, text])
        | ErrorAnswer::OAuth { error: text, .. } => text,
        ErrorAnswer::Detail { detail: Detail::Validation(_) } => "the request does not have the right form",
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.context.as_deref().map(|context| context as _)
    }
}

/// A violated unique constraint is a conflict with a known sentence, and a database that cannot be written says so; all
/// else in the database is our fault.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let Some(sentence) = store::conflict(&error) {
            return Self::conflict(sentence).because(error);
        }
        match store::failure(&error) {
            Some(Failure::Full) => {
                Self::detail(StatusCode::INSUFFICIENT_STORAGE, "RuntimeError", Failure::Full.sentence())
                    .because(error)
            }
            Some(failure) => Self::unavailable(failure.sentence()).because(error),
            None => Self::internal("the database refused", error),
        }
    }
}

impl From<crate::crypto::VaultError> for Error {
    fn from(error: crate::crypto::VaultError) -> Self {
        Self::internal("the vault refused", error)
    }
}

/// An error with all its causes, for the one place that prints it.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

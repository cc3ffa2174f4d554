//! Errors of API calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use printable::A;
use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::error::{ErrorBody, Refusal};
use zenml_api::{CodecError, Method, Route, WorkspaceId};

use crate::origin::Origin;
use crate::plane::Plane;
use crate::transport::TransportError;

/// A failed call. Match on the variant; the text is for people and contains no secrets.
///
/// `Display` states what happened and ends with operation, status and request id. The error of the layer below is the
/// `source`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// There was no response.
    #[error("cannot reach the {} at {}: {cause} ({call})", call.plane, call.base)]
    Unreachable {
        /// The call.
        call: Box<Call>,
        /// The reason.
        #[source]
        cause: TransportError,
    },
    /// The response is not from the API: it is a web page, or a redirect to one.
    #[error("{} is not the address of {} API: {what} ({call})", call.base, A(&call.plane))]
    NotTheApi {
        /// The call.
        call: Box<Call>,
        /// What the response is instead.
        what: String,
    },
    /// 401: the credential is wrong, expired or of the wrong kind.
    #[error("the {} rejected the credential{}", .0.call.plane, .0)]
    Unauthorized(Box<Refused>),
    /// 401 of a service connector: its own credential is not valid, or does not give access to the resource. The
    /// caller's credential was accepted.
    #[error("the service connector does not give access{}", .0)]
    ConnectorRefused(Box<Refused>),
    /// 402: the subscription does not allow it.
    #[error("the subscription does not include this{}", .0)]
    PaymentRequired(Box<Refused>),
    /// 403: not permitted, or the object is protected or in use; see [`ApiError::refusal`].
    #[error("the {} refused the request{}", .0.call.plane, .0)]
    Forbidden(Box<Refused>),
    /// 404: the object does not exist, or this credential has no access to it.
    #[error("not found{}", .0)]
    NotFound(Box<Refused>),
    /// 404 or 405 for the endpoint instead of an object: the address is wrong, or the server is of another version or
    /// kind.
    #[error("the {} at {} does not have this endpoint ({})", .0.call.plane, .0.call.base, .0.call)]
    UnknownRoute(Box<Refused>),
    /// 409: the object already exists.
    #[error("conflict with an existing object{}", .0)]
    Conflict(Box<Refused>),
    /// 400 or 422: the request is not valid.
    #[error("the {} rejected the request as invalid{}", .0.call.plane, .0)]
    Invalid(Box<Refused>),
    /// 429: too many requests.
    #[error("the {} received too many requests{}", .0.call.plane, .0)]
    RateLimited(Box<Refused>),
    /// Any other error status.
    #[error("the {} failed{}", .0.call.plane, .0)]
    Server(Box<Refused>),
    /// A successful response whose body does not match the API.
    #[error("cannot read the response of the {}: {cause} ({call})", call.plane)]
    Decode {
        /// The call.
        call: Box<Call>,
        /// Where and why.
        cause: CodecError,
    },
    /// A successful login that returned no token.
    #[error("the login returned no token: the {} received no credential ({call})", call.plane)]
    NoToken {
        /// The call.
        call: Box<Call>,
    },
    /// The client was stopped before a call that changes something, or while it waited for a retry.
    #[error("the call was cancelled ({call})")]
    Cancelled {
        /// The call.
        call: Box<Call>,
        /// The previous error, if the call was being retried.
        #[source]
        after: Option<Box<ApiError>>,
    },
    /// The request cannot be encoded: a name is not allowed in a path.
    #[error("the request cannot be sent: {cause} ({route})")]
    Unsendable {
        /// The call.
        route: Route,
        /// The reason.
        cause: CodecError,
    },
    /// The address of this API is not configured.
    #[error("no {0} is configured")]
    NotConfigured(Plane),
    /// The workspace currently has no server.
    #[error("{0}")]
    NotReady(Box<NotReady>),
    /// The control plane reports an address for the workspace to which no credential may be sent.
    #[error("{0}")]
    Misplaced(Box<Misplaced>),
}

/// A call and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Kind of the API.
    pub plane: Plane,
    /// Its address.
    pub base: String,
    /// Where the address and the credential were set.
    pub origin: Arc<Origin>,
    /// Method and path template.
    pub route: Route,
    /// Status of the last response, if there was one.
    pub status: Option<u16>,
    /// Id of the call in the server's logs.
    pub request_id: String,
    /// Number of attempts.
    pub attempts: u32,
    /// Whether an earlier attempt may have succeeded, so that the last response may be a result of it, such as a
    /// conflict with the object that it created.
    pub uncertain: bool,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.route)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        write!(f, ", request id {}", self.request_id)?;
        match self.attempts {
            0 | 1 => Ok(()),
            attempts => write!(f, ", {attempts} attempts"),
        }
    }
}

/// An error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The call.
    pub call: Call,
    /// The body of the response.
    pub body: ErrorBody,
    /// The wait that the server requests.
    pub retry_after: Option<Duration>,
}

impl Refused {
    /// Returns whether a service connector refused the call, and not the server the caller. A server reports a wrong
    /// credential of the caller with another exception, `CredentialsNotValid` (ZenML 0.98.0).
    fn is_of_connector(&self) -> bool {
        let uses_connector = ["/client", "/verify"].iter().any(|end| self.call.route.template.ends_with(end));
        uses_connector && self.body.class.as_deref() == Some("AuthorizationException")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.body.summary() {
            message if message.is_empty() => write!(f, " ({})", self.call),
            message => write!(f, ": {message} ({})", self.call),
        }
    }
}

/// A workspace without a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReady {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its handle.
    pub name: String,
    /// Its status.
    pub status: WorkspaceStatus,
    /// The reason in the control plane's words; may be empty.
    pub reason: String,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the workspace {:?} ({}) has no server: it is {}", self.name, self.workspace, self.status)?;
        match self.reason.as_str() {
            "" => Ok(()),
            reason => write!(f, ", because {reason}"),
        }
    }
}

/// A workspace at an address to which no credential may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its handle.
    pub name: String,
    /// The problem with the address.
    pub why: &'static str,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workspace, name, why } = self;
        write!(f, "the address of the workspace {name:?} ({workspace}) is not trusted: {why}")
    }
}

impl ApiError {
    /// Classifies an error response.
    pub(crate) fn refused(refused: Refused) -> Self {
        let status = refused.call.status.unwrap_or_default();
        let refused = Box::new(refused);
        match status {
            404 if refused.body.class.is_none() && refused.body.message == "Not Found" => {
                Self::UnknownRoute(refused)
            }
            405 => Self::UnknownRoute(refused),
            400 | 422 => Self::Invalid(refused),
            401 if refused.is_of_connector() => Self::ConnectorRefused(refused),
            401 => Self::Unauthorized(refused),
            402 => Self::PaymentRequired(refused),
            403 => Self::Forbidden(refused),
            404 => Self::NotFound(refused),
            409 => Self::Conflict(refused),
            429 => Self::RateLimited(refused),
            _ => Self::Server(refused),
        }
    }

    /// Returns the call, if there was one.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match self {
            Self::Unreachable { call, .. }
            | Self::NotTheApi { call, .. }
            | Self::Decode { call, .. }
            | Self::NoToken { call }
            | Self::Cancelled { call, .. } => Some(call),
            Self::Unsendable { .. } | Self::NotConfigured(_) | Self::NotReady(_) | Self::Misplaced(_) => None,
            _ => self.answer().map(|refused| &refused.call),
        }
    }

    /// Returns the error response, if there was one.
    #[must_use]
    pub fn answer(&self) -> Option<&Refused> {
        match self {
            Self::Unauthorized(refused)
            | Self::ConnectorRefused(refused)
            | Self::PaymentRequired(refused)
            | Self::Forbidden(refused)
            | Self::NotFound(refused)
            | Self::UnknownRoute(refused)
            | Self::Conflict(refused)
            | Self::Invalid(refused)
            | Self::RateLimited(refused)
            | Self::Server(refused) => Some(refused),
            _ => None,
        }
    }

    /// Status of the last response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.call()?.status
    }

    /// Returns the reason of a 403; `None` for other errors.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Forbidden(refused) => Some(refused.body.refusal()),
            _ => None,
        }
    }

    /// Returns whether the object is protected because something else uses it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.refusal() == Some(Refusal::InUse)
    }

    /// Returns whether a failed call may nevertheless have changed something. Check before you retry.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        let Some(call) = self.call().filter(|call| call.route.method != Method::Get) else { return false };
        if call.uncertain {
            return true;
        }
        match self {
            Self::Unreachable { cause, .. } => cause.kind.may_have_arrived(),
            // Decoding errors mean success with an unknown result. Any other error of a server or a proxy may come
            // after the change: a proxy returns a 503, or a page, if it loses the response.
            Self::Decode { .. } | Self::Server(_) | Self::NotTheApi { .. } => true,
            Self::Cancelled { after, .. } => after.as_ref().is_some_and(|after| after.outcome_unknown()),
            _ => false,
        }
    }
}

impl ApiError {
    /// Returns what the user can check or do, regardless of the operation. `None` if only the caller knows.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { cause, .. } => cause.kind.hint(),
            Self::NotTheApi { .. } => {
                "Use the address of the API, not of the dashboard. The API of a self-hosted control plane is under \
                 /api/v1."
            }
            Self::UnknownRoute(_) => {
                "Check the address: the API of a self-hosted control plane is under /api/v1. If the address is \
                 right, this version or kind of server does not support the operation."
            }
            Self::Unauthorized(_) | Self::NoToken { .. } => {
                "Check that the key is complete, active and not expired, and that it belongs to this address."
            }
            Self::PaymentRequired(_) => {
                "Delete what you no longer need, or upgrade the subscription of the organization."
            }
            Self::RateLimited(_) => "Try again later, or run fewer operations at once.",
            Self::Server(_) => {
                "Try again later. If it still fails, search the server's log for the request id."
            }
            Self::Decode { .. } => {
                "The server may be newer than this version. If it is not, this is a bug: report it with this message."
            }
            Self::NotReady(_) => "Wait until the workspace is available, or activate it.",
            _ => return None,
        })
    }
}

/// Converts "not found" to `None`.
pub trait Optional<T> {
    /// Returns `None` for a 404 of an object. All other errors are kept, including [`ApiError::UnknownRoute`].
    fn optional(self) -> Result<Option<T>, ApiError>;
}

impl<T> Optional<T> for Result<T, ApiError> {
    fn optional(self) -> Result<Option<T>, ApiError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(ApiError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

//! What can go wrong with a call.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zenml_api::control::workspace::WorkspaceStatus;
use zenml_api::error::{ErrorBody, Refusal};
use zenml_api::{CodecError, Method, Route, WorkspaceId};

use crate::origin::Origin;
use crate::plane::Plane;
use crate::transport::TransportError;

/// A call that failed. Match on the variant; the text is for people and holds no secret.
///
/// `Display` says what happened and ends with operation, status and request id; what the layer below said is
/// the `source`.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// There was no answer.
    #[error("the {} could not be reached at {}: {cause} ({call})", call.plane, call.base)]
    Unreachable {
        /// The call.
        call: Box<Call>,
        /// Why.
        #[source]
        cause: TransportError,
    },
    /// Something answered, but not the API: a page for people, or a redirect to one.
    #[error("{} is not the address of a {} API: {what} ({call})", call.base, call.plane)]
    NotTheApi {
        /// The call.
        call: Box<Call>,
        /// What answered instead.
        what: String,
    },
    /// 401: the credential is wrong, expired or of the wrong kind.
    #[error("the {} did not accept the credential{}", .0.call.plane, .0)]
    Unauthorized(Box<Refused>),
    /// 402: the subscription does not allow it.
    #[error("the subscription does not allow this{}", .0)]
    PaymentRequired(Box<Refused>),
    /// 403: not permitted, or the object is protected or in use; see [`ApiError::refusal`].
    #[error("the {} refused this{}", .0.call.plane, .0)]
    Forbidden(Box<Refused>),
    /// 404: the object does not exist, or this credential cannot see it.
    #[error("nothing was found{}", .0)]
    NotFound(Box<Refused>),
    /// 404 or 405 about the route and not about an object: the address is wrong, or the server is of another
    /// version or kind.
    #[error("the {} at {} does not have this route ({})", .0.call.plane, .0.call.base, .0.call)]
    UnknownRoute(Box<Refused>),
    /// 409: it exists already.
    #[error("there is a conflict with what exists{}", .0)]
    Conflict(Box<Refused>),
    /// 400 or 422: the request is not valid.
    #[error("the {} did not accept the request{}", .0.call.plane, .0)]
    Invalid(Box<Refused>),
    /// 429: too many calls.
    #[error("the {} asks for fewer calls{}", .0.call.plane, .0)]
    RateLimited(Box<Refused>),
    /// Any other status that is no success.
    #[error("the {} failed{}", .0.call.plane, .0)]
    Server(Box<Refused>),
    /// A success whose body is not what the API documents.
    #[error("the answer of the {} cannot be read: {cause} ({call})", call.plane)]
    Decode {
        /// The call.
        call: Box<Call>,
        /// Where and why.
        cause: CodecError,
    },
    /// A login that succeeded without giving a token.
    #[error("the login gave no token: the {} saw no credential ({call})", call.plane)]
    NoToken {
        /// The call.
        call: Box<Call>,
    },
    /// The client was stopped before a call that changes something, or while it waited to repeat a call.
    #[error("the call was cancelled ({call})")]
    Cancelled {
        /// The call.
        call: Box<Call>,
        /// What went wrong before, if the call was being repeated.
        #[source]
        after: Option<Box<ApiError>>,
    },
    /// The request cannot be written: a name cannot stand in a path.
    #[error("the request cannot be sent: {cause} ({route})")]
    Unsendable {
        /// The call.
        route: Route,
        /// Why.
        cause: CodecError,
    },
    /// The client was not told where this API is.
    #[error("no {0} is configured")]
    NotConfigured(Plane),
    /// The workspace has no server at the moment.
    #[error("{0}")]
    NotReady(Box<NotReady>),
    /// The control plane reports an address for the workspace to which no credential may go.
    #[error("{0}")]
    Misplaced(Box<Misplaced>),
}

/// Which call, and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which API.
    pub plane: Plane,
    /// Its address.
    pub base: String,
    /// Where the address and the credential were set.
    pub origin: Arc<Origin>,
    /// Method and path template.
    pub route: Route,
    /// Status of the last answer, if there was one.
    pub status: Option<u16>,
    /// With this the call can be found in the server's logs.
    pub request_id: String,
    /// Number of attempts that were made.
    pub attempts: u32,
    /// An earlier attempt may have been carried out, so that the last answer may be about its outcome: a conflict with
    /// what it has made itself.
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

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The call.
    pub call: Call,
    /// What the server said.
    pub body: ErrorBody,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
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
    /// What it is doing.
    pub status: WorkspaceStatus,
    /// Why, in the control plane's words; may be empty.
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

/// A workspace at an address to which no credential may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its handle.
    pub name: String,
    /// What is wrong with the address.
    pub why: &'static str,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workspace, name, why } = self;
        write!(f, "the address of the workspace {name:?} ({workspace}) cannot be used: {why}")
    }
}

impl ApiError {
    /// Sorts an answer that is no success.
    pub(crate) fn refused(refused: Refused) -> Self {
        let status = refused.call.status.unwrap_or_default();
        let refused = Box::new(refused);
        match status {
            404 if refused.body.class.is_none() && refused.body.message == "Not Found" => {
                Self::UnknownRoute(refused)
            }
            405 => Self::UnknownRoute(refused),
            400 | 422 => Self::Invalid(refused),
            401 => Self::Unauthorized(refused),
            402 => Self::PaymentRequired(refused),
            403 => Self::Forbidden(refused),
            404 => Self::NotFound(refused),
            409 => Self::Conflict(refused),
            429 => Self::RateLimited(refused),
            _ => Self::Server(refused),
        }
    }

    /// The call, where there was one.
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

    /// The answer, if the server gave one that is no success.
    #[must_use]
    pub fn answer(&self) -> Option<&Refused> {
        match self {
            Self::Unauthorized(refused)
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

    /// Status of the last answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.call()?.status
    }

    /// Why a 403 was given; `None` for everything else.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Forbidden(refused) => Some(refused.body.refusal()),
            _ => None,
        }
    }

    /// Whether the object is protected because something else uses it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.refusal() == Some(Refusal::InUse)
    }

    /// Whether a call that changes something may have changed it although it failed. Look before trying again.
    #[must_use]
    pub fn outcome_unknown(&self) -> bool {
        let Some(call) = self.call().filter(|call| call.route.method != Method::Get) else { return false };
        if call.uncertain {
            return true;
        }
        match self {
            Self::Unreachable { cause, .. } => cause.kind.may_have_arrived(),
            // The one succeeded, and only what came of it is unknown. Whatever a server or something before it says of a
            // failure, it may come after the change: a proxy gives a 503, or a page, for an answer that it lost.
            Self::Decode { .. } | Self::Server(_) | Self::NotTheApi { .. } => true,
            Self::Cancelled { after, .. } => after.as_ref().is_some_and(|after| after.outcome_unknown()),
            _ => false,
        }
    }
}

impl ApiError {
    /// What a person can check or do, where that does not depend on what was to be done. `None` where only the
    /// caller knows.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { cause, .. } => cause.kind.hint(),
            Self::NotTheApi { .. } => {
                "Give the address of the API and not of the dashboard. A self-hosted control plane has its API below \
                 /api/v1."
            }
            Self::UnknownRoute(_) => {
                "Check the address: a self-hosted control plane has its API below /api/v1. If it is right, the server \
                 is of a version or kind that cannot do this."
            }
            Self::Unauthorized(_) | Self::NoToken { .. } => {
                "Check that the key is complete, active and not expired, and that it belongs to this address."
            }
            Self::PaymentRequired(_) => {
                "Remove what is not needed, or change the subscription of the organization."
            }
            Self::RateLimited(_) => "Try again later, or run fewer operations at once.",
            Self::Server(_) => "Try again later. If it stays, look into the server's log for the request id.",
            Self::Decode { .. } => {
                "The server may be newer than this version. If it is not, this is a bug: report it with this message."
            }
            Self::NotReady(_) => "Wait until the workspace is available, or activate it.",
            _ => return None,
        })
    }
}

/// Turns "not found" into `None`.
pub trait Optional<T> {
    /// `None` for a 404 about an object; every other error stays one, [`ApiError::UnknownRoute`] included.
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

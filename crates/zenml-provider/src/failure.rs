//! What a user is told when a call of an API failed.
//!
//! Four kinds are told apart: what the user can fix, a missing permission, the environment, and a bug. All of them
//! end with operation, status and request id.

use std::error::Error;
use std::fmt;

use tfkit::Diag;
use zenml_api::error::Refusal;
use zenml_client::transport::TransportError;
use zenml_client::{ApiError, Call, Plane, Refused};

/// Who may do what is being done, for the message of a refusal and for the pages.
#[derive(Clone, Copy, Debug)]
pub struct Needs(&'static str);

impl Needs {
    /// Changes of an organization, its teams, workspaces and role assignments.
    pub const ORGANIZATION_ADMIN: Self =
        Self("the role Organization Admin, or a custom role of the organization with the same rights");
    /// Reading an organization.
    pub const ORGANIZATION_VIEWER: Self = Self("a role in the organization, such as Organization Viewer");
    /// Changes inside a workspace.
    pub const WORKSPACE_ADMIN: Self =
        Self("the role Workspace Admin or Workspace Developer in the workspace, or Organization Admin");
    /// Reading inside a workspace.
    pub const WORKSPACE_VIEWER: Self = Self("a role in the workspace, such as Workspace Viewer");
    /// Granting rights on single objects of a workspace.
    pub const SHARE: Self =
        Self("the right to share the object, and each right that is granted: Workspace Admin has both");

    /// What is needed, to follow "has" or "Requires".
    pub const fn text(self) -> &'static str {
        self.0
    }
}

/// The diagnostic of a call that failed. `doing` completes "Cannot …", such as `create team "alpha"`.
pub fn cannot(doing: impl fmt::Display, needs: Needs, error: &ApiError) -> Diag {
    let diag = match error {
        ApiError::Unreachable { call, cause } => unreachable(&doing, call, cause),
        ApiError::NotTheApi { call, what } => not_the_api(&doing, call, what),
        ApiError::Unauthorized(refused) => unauthorized(&doing, refused),
        ApiError::PaymentRequired(refused) => Diag::error(format!("Cannot {doing}: the subscription has no room"))
            .why(said(refused, "The plan of the organization does not include it, or its limit is reached."))
            .fix("Remove what is not needed, or ask for a larger plan of ZenML Pro."),
        ApiError::Forbidden(refused) => forbidden(&doing, needs, refused),
        ApiError::UnknownRoute(refused) => {
            Diag::error(format!("Cannot {doing}: the server does not know the route"))
                .why(format!(
                    "{} answered that there is no such route. Its path may be wrong, or the server is too old.",
                    refused.call.base
                ))
                .fix(format!("Check {}, and the version of the server.", refused.call.origin.address))
        }
        ApiError::NotFound(refused) => Diag::error(format!("Cannot {doing}: nothing was found"))
            .why(said(refused, "The object does not exist."))
            .why("What this credential may not see looks the same as what does not exist.")
            .fix(format!("Check the ids in the configuration, and that the credential has {}.", needs.0)),
        ApiError::Conflict(refused) => Diag::error(format!("Cannot {doing}: it is in conflict with what exists"))
            .why(said(refused, "An object of this name exists already."))
            .fix("Choose another name, or import the existing object with terraform import."),
        ApiError::Invalid(refused) => Diag::error(format!("Cannot {doing}: the {} did not accept it", plane(&refused.call)))
            .why(said(refused, "The server did not say what it does not accept."))
            .fix("Correct the value that the message names."),
        ApiError::RateLimited(refused) => Diag::error(format!("Cannot {doing}: too many calls"))
            .why(said(refused, "The server asks for fewer calls, and waiting did not help."))
            .fix("Run the command again later, or with less parallelism:\n  terraform apply -parallelism=2"),
        ApiError::Server(refused) => Diag::error(format!("Cannot {doing}: the {} failed", plane(&refused.call)))
            .why(said(refused, "The server did not say why."))
            .fix("Run the command again; if it fails again, ask who runs the server, with the request id below."),
        ApiError::Decode { call, cause } => {
            Diag::error(format!("Cannot {doing}: the answer of the {} cannot be read", plane(call)))
                .why(cause.to_string())
                .why("The server is newer or older than this provider knows, or this is a bug in the provider.")
                .fix("Update the provider. If that does not help, report it with this message.")
        }
        ApiError::NoToken { call } => Diag::error(format!("Cannot {doing}: the login gave no token"))
            .why(format!("{} answered a login without a token.", call.base))
            .fix(format!("Check {}: it must be an API key or a personal access token.", call.origin.credential)),
        ApiError::Cancelled { .. } => Diag::error(format!("Cannot {doing}: the run was interrupted"))
            .why(if error.outcome_unknown() {
                "It was sent, and no answer came before the interrupt: it may have been done or not."
            } else {
                "What exists already is in the state."
            })
            .fix("Run the same command again to finish it."),
        ApiError::Unsendable { cause, .. } => {
            Diag::error(format!("Cannot {doing}: the request cannot be written")).why(cause.to_string())
        }
        ApiError::NotConfigured(plane) => not_configured(&doing, *plane),
        ApiError::NotReady(state) => Diag::error(format!("Cannot {doing}: workspace {:?} is {}", state.name, state.status))
            .why(match state.reason.as_str() {
                "" => "A workspace answers only while it is available.".to_owned(),
                reason => format!("The control plane says: {}", zenml_api::error::one_line(reason)),
            })
            .fix("Wait until it is available, or wake it up, and run the command again."),
        ApiError::Misplaced(place) => Diag::error(format!("Cannot {doing}: the address of workspace {:?} is not safe", place.name))
            .why(format!(
                "The control plane reports an address for it that the server itself chose, and {}. No credential was sent \
                 there.",
                place.why
            ))
            .fix(
                "Ask who runs the workspace to give its server an address that begins with https:// \
                 (ZENML_SERVER_SERVER_URL in the environment of the server). To use it as it is, name it yourself, with \
                 server_url and api_key in the provider block.",
            ),
    };
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

fn unreachable(doing: &impl fmt::Display, call: &Call, cause: &TransportError) -> Diag {
    Diag::error(format!("Cannot {doing}: the {} cannot be reached", plane(call)))
        .why(format!("No answer came from {}: {}.", call.base, chain(cause)))
        .fix(format!(
            "Check {}, the network, and the proxy and certificate settings. If the server was only restarting, run the \
             command again.",
            call.origin.address
        ))
}

fn not_the_api(doing: &impl fmt::Display, call: &Call, what: &str) -> Diag {
    let hint = match call.plane {
        Plane::ControlPlane => {
            "The API of ZenML Pro is at https://cloudapi.zenml.io, not at the address of the dashboard; a self-hosted \
             one is at https://HOST/api/v1."
        }
        Plane::Workspace | Plane::Server => {
            "The address of a server is the one that `zenml login` takes, without /api/v1; a dashboard has another one."
        }
    };
    Diag::error(format!("Cannot {doing}: {} is not the address of a {}", call.base, plane(call)))
        .why(format!("Something else answered: {what}."))
        .fix(format!("Correct {}. {hint}", call.origin.address))
}

fn unauthorized(doing: &impl fmt::Display, refused: &Refused) -> Diag {
    Diag::error(format!("Cannot {doing}: the {} did not accept the credential", plane(&refused.call)))
        .why(said(refused, "The credential is wrong, has expired or was revoked."))
        .fix(format!(
            "Check {}: the whole key, of an account that is active, for the {} at {}.",
            refused.call.origin.credential,
            plane(&refused.call),
            refused.call.base
        ))
}

fn forbidden(doing: &impl fmt::Display, needs: Needs, refused: &Refused) -> Diag {
    match refused.body.refusal() {
        Refusal::InUse => Diag::error(format!("Cannot {doing}: it is in use"))
            .why(said(refused, "Something else still uses the object."))
            .fix("Remove the use first, and run the command again. No role would change this."),
        Refusal::Permission => Diag::error(format!("Cannot {doing}: not allowed"))
            .why(said(refused, "The credential has no right to do this."))
            .fix(format!("Use a credential that has {}.", needs.0)),
        Refusal::Other => Diag::error(format!("Cannot {doing}: the {} refused it", plane(&refused.call)))
            .why(said(refused, "The server did not say why."))
            .fix(format!("If it is a right that is missing: use a credential that has {}.", needs.0)),
    }
}

fn not_configured(doing: &impl fmt::Display, plane: Plane) -> Diag {
    match plane {
        Plane::ControlPlane => Diag::error(format!("Cannot {doing}: the provider has no control plane"))
            .why("This needs the management API of ZenML Pro, and the provider only knows a server.")
            .fix(
                "Add the key of a service account to the provider block, or set ZENML_SERVICE_ACCOUNT_KEY:\n  \
                 service_account_key = var.zenml_service_account_key",
            ),
        Plane::Workspace | Plane::Server => Diag::error(format!("Cannot {doing}: it is not said in which workspace"))
            .why("The resource has no workspace_id, and the provider block has neither workspace_id nor server_url.")
            .fix(
                "Say where it lives:\n  workspace_id = zenml_workspace.NAME.id\n\nor give the provider block a default \
                 workspace_id, or a server_url.",
            ),
    }
}

/// What the server said, else what the status alone means.
fn said(refused: &Refused, otherwise: &str) -> String {
    match refused.body.summary() {
        message if message.is_empty() => otherwise.to_owned(),
        message => format!("The {} says: {message}", plane(&refused.call)),
    }
}

fn plane(call: &Call) -> Plane {
    call.plane
}

/// An error and what is behind it, as one sentence.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

//! Diagnostics for failed API requests.
//!
//! There are four kinds: mistakes that the user can fix, missing permissions, problems of the environment, and bugs.
//! Each diagnostic ends with the operation, the status and the request id.

use std::fmt;

use printable::A;
use printable::Chain;
use tfkit::Diag;
use tfkit::check::nearest;
use zenml_api::error::Refusal;
use zenml_client::transport::TransportError;
use zenml_client::{ApiError, Call, Plane, Refused};

/// The role that an operation requires, for error messages and for the documentation.
#[derive(Clone, Copy, Debug)]
pub struct Needs(&'static str);

impl Needs {
    /// Changes of an organization, its teams, workspaces and role assignments.
    pub const ORGANIZATION_ADMIN: Self =
        Self("the role Organization Admin, or a custom organization role with the same permissions");
    /// Reading an organization.
    pub const ORGANIZATION_VIEWER: Self = Self("a role in the organization, such as Organization Viewer");
    /// Changes inside a workspace.
    pub const WORKSPACE_ADMIN: Self =
        Self("the role Workspace Admin or Workspace Developer in the workspace, or Organization Admin");
    /// Reading inside a workspace.
    pub const WORKSPACE_VIEWER: Self = Self("a role in the workspace, such as Workspace Viewer");
    /// Reading the values of secrets.
    pub const SECRET_VALUES: Self =
        Self("permission to read secret values, such as the role Workspace Admin, or Organization Admin");
    /// Getting credentials of a service connector.
    pub const CONNECTOR_CLIENT: Self =
        Self("permission to use the service connector, such as the role Workspace Admin or Stack Admin");
    /// Granting permissions on single objects of a workspace.
    pub const SHARE: Self = Self(
        "permission to share the object, and every permission that is granted; Workspace Admin has both",
    );

    /// Returns the requirement in words. It follows "has" or "Requires".
    pub const fn text(self) -> &'static str {
        self.0
    }
}

/// Returns the diagnostic of a failed request. `doing` completes "Cannot …", for example `create team "alpha"`.
pub fn cannot(doing: impl fmt::Display, needs: Needs, error: &ApiError) -> Diag {
    let diag = match error {
        ApiError::Unreachable { call, cause } => unreachable(&doing, call, cause),
        ApiError::NotTheApi { call, what } => not_the_api(&doing, call, what),
        ApiError::Unauthorized(refused) => unauthorized(&doing, refused),
        ApiError::ConnectorRefused(refused) => {
            Diag::error(format!("Cannot {doing}: the service connector does not give access"))
                .why(reason(refused, "The server did not say why."))
                .fix(
                    "Check the resource that you request, the resource_id of the connector, and whether its \
                     credentials are still valid.",
                )
        }
        ApiError::PaymentRequired(refused) => Diag::error(format!(
            "Cannot {doing}: a limit of the \
         subscription is reached"
        ))
        .why(reason(
            refused,
            "The organization's plan does not include this feature, or its limit is reached.",
        ))
        .fix("Delete what you no longer need, or upgrade your ZenML Pro plan."),
        ApiError::Forbidden(refused) => forbidden(&doing, needs, refused),
        ApiError::UnknownRoute(refused) => {
            Diag::error(format!("Cannot {doing}: the server does not have this endpoint"))
                .why(format!(
                    "{} answered that the endpoint does not exist. The path of the address may be wrong, or \
                     the server may be too old.",
                    refused.call.base
                ))
                .fix(format!("Check {}, and the version of the server.", refused.call.origin.address))
        }
        ApiError::NotFound(refused) => Diag::error(format!("Cannot {doing}: not found"))
            .why(reason(refused, "The object does not exist."))
            .why("An object that this credential has no access to looks the same as one that does not exist.")
            .fix(format!("Check the ids in the configuration, and that the credential has {}.", needs.0)),
        ApiError::Conflict(refused) => {
            Diag::error(format!("Cannot {doing}: it conflicts with an existing object"))
                .why(reason(refused, "An object with this name already exists."))
                .fix("Choose another name, or import the existing object with terraform import.")
        }
        ApiError::Invalid(refused) => {
            Diag::error(format!("Cannot {doing}: the {} rejected the request", plane(&refused.call)))
                .why(reason(refused, "The server did not say why."))
                .fix("Correct the value that the message names.")
        }
        ApiError::RateLimited(refused) => Diag::error(format!("Cannot {doing}: too many requests"))
            .why(reason(refused, "The server limits how many requests it takes, and waiting did not help."))
            .fix("Run the command again later, or with lower parallelism:\n  terraform apply -parallelism=2"),
        ApiError::Server(refused) => {
            Diag::error(format!("Cannot {doing}: the {} failed", plane(&refused.call)))
                .why(reason(refused, "The server did not say why."))
                .fix(
                    "Run the command again. If it still fails, contact the operator of the server with the \
             request id below.",
                )
        }
        ApiError::Decode { call, cause } => Diag::error(format!(
            "Cannot {doing}: the response of the {} cannot be read",
            plane(call)
        ))
        .why(cause.to_string())
        .why("The server is newer or older than this provider supports, or this is a bug in the provider.")
        .fix("Update the provider. If that does not help, report it with this message."),
        ApiError::NoToken { call } => Diag::error(format!("Cannot {doing}: the login returned no token"))
            .why(format!("{} answered a login without a token.", call.base))
            .fix(format!(
                "Check {}: it must be an API key or a personal access token.",
                call.origin.credential
            )),
        ApiError::Cancelled { .. } => Diag::error(format!("Cannot {doing}: the run was interrupted"))
            .why(if error.outcome_unknown() {
                "The request was sent, but no answer arrived before the interrupt: it may or may not have \
                 taken effect."
            } else {
                "Everything that was created is in the state."
            })
            .fix("Run the same command again to finish."),
        ApiError::Unsendable { cause, .. } => {
            Diag::error(format!("Cannot {doing}: the request cannot be encoded")).why(cause.to_string())
        }
        ApiError::NotConfigured(plane) => not_configured(&doing, *plane),
        ApiError::NotReady(state) => {
            Diag::error(format!("Cannot {doing}: workspace {:?} is {}", state.name, state.status))
                .why(match state.reason.as_str() {
                    "" => "Only an available workspace answers.".to_owned(),
                    reason => format!("The control plane says: {}", zenml_api::error::one_line(reason)),
                })
                .fix("Wait until it is available, or activate it, and run the command again.")
        }
        ApiError::Misplaced(place) => Diag::error(format!(
            "Cannot {doing}: the address of workspace {:?} is \
         not trusted",
            place.name
        ))
        .why(format!(
            "The workspace's server reported this address itself, and {}. No credential was sent to it.",
            place.why
        ))
        .fix(
            "Ask the operator of the workspace to give its server an address that begins with https:// \
                 (ZENML_SERVER_SERVER_URL in the environment of the server). To use it as it is, set \
                 server_url and api_key in the provider block.",
        ),
    };
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

fn unreachable(doing: &impl fmt::Display, call: &Call, cause: &TransportError) -> Diag {
    Diag::error(format!("Cannot {doing}: cannot reach the {}", plane(call)))
        .why(format!("No answer from {}: {}.", call.base, Chain(cause)))
        .fix(format!(
            "Check {}, the network, and the proxy and certificate settings. If the server was restarting, run \
             the command again.",
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
    Diag::error(format!("Cannot {doing}: {} is not the address of {}", call.base, A(plane(call))))
        .why(format!("The response does not come from this API: {what}."))
        .fix(format!("Correct {}. {hint}", call.origin.address))
}

fn unauthorized(doing: &impl fmt::Display, refused: &Refused) -> Diag {
    Diag::error(format!("Cannot {doing}: the {} rejected the credential", plane(&refused.call)))
        .why(reason(refused, "The credential is wrong or expired, or it was revoked."))
        .fix(format!(
            "Check {}: it must be the complete key of an active account, for the {} at {}.",
            refused.call.origin.credential,
            plane(&refused.call),
            refused.call.base
        ))
}

fn forbidden(doing: &impl fmt::Display, needs: Needs, refused: &Refused) -> Diag {
    match refused.body.refusal() {
        Refusal::InUse => Diag::error(format!("Cannot {doing}: it is in use"))
            .why(reason(refused, "Something else still uses the object."))
            .fix("Remove it from its users first, then run the command again. This is not a matter of permissions."),
        Refusal::Permission => Diag::error(format!("Cannot {doing}: not allowed"))
            .why(reason(refused, "The credential does not have permission."))
            .fix(format!("Use a credential that has {}.", needs.0)),
        Refusal::Other => Diag::error(format!("Cannot {doing}: the {} refused it", plane(&refused.call)))
            .why(reason(refused, "The server did not say why."))
            .fix(format!("If permissions are missing, use a credential that has {}.", needs.0)),
    }
}

fn not_configured(doing: &impl fmt::Display, plane: Plane) -> Diag {
    match plane {
        Plane::ControlPlane => Diag::error(format!("Cannot {doing}: no control plane configured"))
            .why("This needs the management API of ZenML Pro, but the provider is configured for a server only.")
            .fix(
                "Add the key of a service account to the provider block, or set ZENML_SERVICE_ACCOUNT_KEY:\n  \
                 service_account_key = var.zenml_service_account_key",
            ),
        Plane::Workspace | Plane::Server => Diag::error(format!("Cannot {doing}: no workspace selected"))
            .why("The argument workspace_id is not set, and the provider block sets neither workspace_id nor \
             server_url.")
            .fix(
                "Set workspace_id to the ID of a workspace, for example:\n  workspace_id = \
                 zenml_workspace.NAME.id\n\nor set workspace_id or server_url in the provider block.",
            ),
    }
}

/// Returns the server's own reason, otherwise the meaning of the status.
fn reason(refused: &Refused, otherwise: &str) -> String {
    match refused.body.summary() {
        message if message.is_empty() => otherwise.to_owned(),
        message => format!("The {} says: {message}", plane(&refused.call)),
    }
}

fn plane(call: &Call) -> Plane {
    call.plane
}

/// Returns a question that names the known word most similar to the one in the configuration, followed by a space;
/// empty if none is similar.
pub(crate) fn meant(written: &str, known: &[&str]) -> String {
    nearest(written, known).map(|word| format!("Did you mean {word:?}? ")).unwrap_or_default()
}

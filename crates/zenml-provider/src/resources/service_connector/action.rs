//! The action `zenml_verify_service_connector`.

use std::time::Duration;

use tfkit::timeouts::{Invoke, Timeouts};
use tfkit::{Action, Cx, Diag, Model};
use zenml_api::workspace::connector::{self as api, Connector, SecretsQuery};
use zenml_api::{ConnectorId, WorkspaceId};
use zenml_client::{Optional as _, Secrets};

use super::ServiceConnector;
use super::verify::{Case, Subject, verify};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{lookup, read, scope};

/// Verifies that the server can use the stored credentials of a service connector.
///
/// The server logs in with the credentials, and checks that they give access to the resource. The action fails with the
/// message of the server if they do not. It repeats the verification for a while if the failure may be temporary. It
/// changes nothing.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "verify_service_connector", kind = action, since = "3.1.0")]
#[model(needs = Needs::WORKSPACE_ADMIN.text())]
#[model(rule = tfkit::check::Rule::Requires("resource_id", &["resource_type"]))]
pub struct VerifyServiceConnector {
    /// ID of the workspace that contains the connector. Default: the provider's workspace.
    pub workspace_id: Option<Id<WorkspaceId>>,
    /// ID of the connector.
    pub connector_id: Id<ConnectorId>,
    /// Type of the resources to verify, such as `s3-bucket`. Default: all types of the connector.
    #[attr(check = non_empty())]
    pub resource_type: Option<String>,
    /// The resource to verify, such as `s3://models`. Default: the resource of the connector, or all resources of the
    /// type.
    #[attr(check = non_empty())]
    pub resource_id: Option<String>,
    /// Time limits.
    pub timeouts: Option<Timeouts<(Invoke,)>>,
}

impl Action for VerifyServiceConnector {
    type Model = Self;
    type Client = Client;

    async fn invoke(cx: &Cx<Client>, config: Self) -> Result<(), Diag> {
        let server = scope::open(cx, config.workspace_id.map(|id| id.0)).await?;
        let id = config.connector_id.0;
        // With its secrets, so that no message of the server can show them.
        let query = SecretsQuery { expand_secrets: Some(true), ..SecretsQuery::default() };
        let found = server.api.send(&api::GET, id, query, ()).await.optional();
        let found = found.map_err(|error| read::unreadable::<ServiceConnector>(id, &error))?;
        let connector = found.ok_or_else(|| absent(id))?;
        let body = super::body(&connector)?;
        let resource_type = config.resource_type.as_deref();
        if let Some(wanted) =
            resource_type.filter(|wanted| body.resource_types.iter().all(|one| one != wanted))
        {
            return Err(other_type(&connector.name, wanted, &body.resource_types));
        }
        let case = Case {
            name: &connector.name,
            connector_type: body.connector_type.name(),
            auth_method: &body.auth_method,
            resource_type,
            resource_id: config.resource_id.as_deref(),
            secrets: secrets(&connector),
            origin: None,
        };
        cx.progress(format_args!("Verifying service connector {:?}", connector.name));
        verify(cx, &server.api, &Subject::Stored(id), &case).await?;
        let reached = match (resource_type, &config.resource_id) {
            (Some(kind), Some(id)) => format!("{kind} {id:?}"),
            (Some(kind), None) => kind.to_owned(),
            (None, _) => body.resource_types.join(", "),
        };
        cx.progress(format_args!("Service connector {:?} works for {reached}", connector.name));
        Ok(())
    }

    fn timeout() -> Duration {
        Duration::from_mins(5)
    }
}

/// Returns the values that no message may contain; see [`ServiceConnector::secrets`].
fn secrets(connector: &Connector) -> Secrets {
    let configuration = connector.metadata.as_ref().map(|metadata| &metadata.configuration);
    let settings = lookup::texts(configuration.map(zenml_api::Sensitive::expose));
    Secrets::of(settings.values().map(String::as_str))
}

fn absent(id: ConnectorId) -> Diag {
    Diag::error(format!("There is no service connector {id}"))
        .why("It does not exist in the workspace, or the credential has no access to it.")
        .fix("Correct connector_id or workspace_id, or use a credential with access to the connector.")
        .at(VerifyServiceConnector::CONNECTOR_ID)
}

fn other_type(name: &str, wanted: &str, types: &[String]) -> Diag {
    Diag::error(format!("Service connector {name:?} does not give access to {wanted:?}"))
        .why(format!("Its resource types are: {}.", types.join(", ")))
        .fix("Set resource_type to one of them, or omit it to verify all.")
        .at(VerifyServiceConnector::RESOURCE_TYPE)
}

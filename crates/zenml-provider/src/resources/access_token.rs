//! `zenml_access_token`: a short-lived access token.

use std::time::{Duration, SystemTime};

use tfkit::{
    Computed, Diag, EphemeralResource, Model, Opened, Opening, OrDefault, OrServer, Partial, Secret,
};
use zenml_api::control::user;
use zenml_api::{Sensitive, ServiceAccountId, UserId, WorkspaceId};
use zenml_client::{Api, SettingsError};

use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope;
use crate::source::trimmed;

const CONTROL_PLANE: &str = "control_plane";
const WORKSPACE: &str = "workspace";

/// A short-lived access token, for another provider or program. Use it as a bearer token. It belongs to the account that
/// the provider uses, or to that of `service_account_key`.
///
/// Each plan and each apply logs in again, so a token never reaches a plan or a state. The login changes neither the
/// provider's key nor its other tokens. A token cannot be renewed: a run that takes longer than its lifetime, usually
/// an hour, has to be split.
///
/// If the provider is configured with an access token instead of a key or a password, the result for that API is the
/// same token, and its lifetime is not known.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "access_token", kind = ephemeral_resource)]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct AccessToken {
    /// API that accepts the token: `workspace` for the server of a workspace or a plain server, `control_plane` for the
    /// management API of ZenML Pro.
    #[attr(default = "workspace", check = one_of(&[CONTROL_PLANE, WORKSPACE]))]
    pub plane: OrDefault<String>,
    /// ID of the workspace. Default: the provider's workspace, or the server at `server_url`. Null for the control plane
    /// and on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// API key to exchange for the token, such as the `key` of a `zenml_api_key`. Default: the provider's key. Requires ZenML
    /// Pro. The `key` of an imported `zenml_api_key` is null: set `service_account_id` too, so that the result is never the
    /// provider's own token by mistake.
    pub service_account_key: Option<Secret<String>>,
    /// ID of the service account that the token must belong to, whichever key is exchanged. Default: any account. Requires
    /// ZenML Pro.
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Address of the API.
    pub url: Computed<String>,
    /// The token.
    pub token: Computed<Secret<String>>,
    /// When the token expires, in UTC, for example `2030-01-31T12:00:00Z`. Null if the server does not say.
    pub expires_at: Computed<Option<String>>,
}

impl EphemeralResource for AccessToken {
    type Model = Self;
    type Client = Client;
    type Lease = ();

    async fn open(cx: &Opening<Client, ()>, config: Self) -> Result<Opened<Self>, Diag> {
        let other = match &config.service_account_key {
            Some(key) => Some(with_key(cx.client().await?, key)?),
            None => None,
        };
        if let Some(Id(account)) = config.service_account_id {
            require_account(cx.client().await?, other.as_ref(), account).await?;
        }
        let (api, workspace_id) = if *config.plane == CONTROL_PLANE {
            let api = match &other {
                Some(other) => control_plane_of(other)?,
                None => cx.client().await?.control_plane()?.clone(),
            };
            (api, None)
        } else {
            let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
            let api = match &other {
                Some(other) => workspace_of(other, server.workspace_id).await?,
                None => server.api,
            };
            (api, server.workspace_id)
        };
        let asked = SystemTime::now();
        let issued = api.access_token().await;
        let issued = issued.map_err(|error| {
            let diag = cannot("get an access token", Needs::WORKSPACE_VIEWER, &error);
            if other.is_some() { diag.at(Self::SERVICE_ACCOUNT_KEY) } else { diag }
        })?;
        let model = Self {
            workspace_id: OrServer::from_option(workspace_id.map(Id)),
            url: Computed::known(api.base().to_owned()),
            token: Computed::known(Secret::new(issued.token.into_exposed())),
            expires_at: Computed::known(issued.expires_in.and_then(|seconds| after(asked, seconds))),
            ..config
        };
        Ok(model.into())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let is_for_control_plane =
            config.get(Self::PLANE).known().is_some_and(|plane| plane == CONTROL_PLANE);
        if is_for_control_plane && config.get(Self::WORKSPACE_ID).known().is_some() {
            return vec![
                Diag::error("A token of the control plane does not belong to a workspace")
                    .why("workspace_id is set, and plane is \"control_plane\".")
                    .fix("Remove one of them.")
                    .at(Self::WORKSPACE_ID),
            ];
        }
        Vec::new()
    }
}

/// Returns a client with another key.
fn with_key(client: &Client, key: &Secret<String>) -> Result<zenml_client::Client, Diag> {
    let key = trimmed(key.expose());
    let other = client.api().with_key(&Sensitive::from(key), AccessToken::SERVICE_ACCOUNT_KEY.name());
    other.map_err(|error| match error {
        SettingsError::NoControlPlane => no_control_plane(),
        _ => Diag::error("service_account_key is not an API key")
            .why("An API key is a single line of printable ASCII characters.")
            .fix("Use the key of a service account, such as zenml_api_key.NAME.key.")
            .at(AccessToken::SERVICE_ACCOUNT_KEY),
    })
}

fn control_plane_of(other: &zenml_client::Client) -> Result<Api, Diag> {
    other.control_plane().cloned().map_err(|_| no_control_plane())
}

/// Makes sure that the token will belong to an account.
async fn require_account(
    client: &Client,
    other: Option<&zenml_client::Client>,
    wanted: ServiceAccountId,
) -> Result<(), Diag> {
    let (id, name) = if let Some(other) = other {
        let me = control_plane_of(other)?.call(&user::ME, ()).await.map_err(|error| {
            cannot("read the account of this key", Needs::ORGANIZATION_VIEWER, &error)
                .at(AccessToken::SERVICE_ACCOUNT_KEY)
        })?;
        (me.id, me.username)
    } else {
        let me = control::account::me(client).await?;
        (me.id, me.username.clone())
    };
    if id == UserId::from(wanted) {
        return Ok(());
    }
    let diag = Diag::error(format!("The token would not belong to the service account {wanted}"));
    let diag = match other {
        Some(_) => diag
            .why(format!("service_account_key is a key of the account {name:?}, {id}."))
            .fix("Use a key of that service account, or correct service_account_id."),
        None => diag
            .why(format!("service_account_key is null, and the provider itself logs in as {name:?}, {id}."))
            .fix(
                "Set service_account_key. The key of an imported zenml_api_key is null until a change of its `keepers` \
                 replaces or rotates it.",
            ),
    };
    Err(diag.at(AccessToken::SERVICE_ACCOUNT_ID))
}

/// Returns a workspace as the account of another key sees it.
async fn workspace_of(other: &zenml_client::Client, id: Option<WorkspaceId>) -> Result<Api, Diag> {
    let id = id.ok_or_else(no_control_plane)?;
    other.workspace(id).await.map_err(|error| {
        cannot(format_args!("use workspace {id} with this key"), Needs::WORKSPACE_VIEWER, &error)
            .at(AccessToken::SERVICE_ACCOUNT_KEY)
    })
}

fn no_control_plane() -> Diag {
    Diag::error("An API key can only be exchanged by ZenML Pro")
        .why("service_account_key is set, but the provider is configured for a server without a control plane.")
        .fix("Remove service_account_key, or configure the provider for ZenML Pro.")
        .at(AccessToken::SERVICE_ACCOUNT_KEY)
}

/// Returns a time in UTC with whole seconds; `None` if it is out of range.
fn after(start: SystemTime, seconds: i64) -> Option<String> {
    let end = start.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))?;
    let end = jiff::Timestamp::try_from(end).ok()?;
    Some(jiff::Timestamp::from_second(end.as_second()).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_in_utc_and_whole_seconds() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_900_000_000_900);
        assert_eq!(after(start, 3600).as_deref(), Some("2030-03-17T18:46:40Z"));
        assert_eq!(after(start, -1), None);
        assert_eq!(after(start, i64::MAX), None);
    }
}

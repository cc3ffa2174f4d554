//! The data source `zenml_secret`.

use tfkit::{Computed, Diag, Model, OrServer, Partial};
use zenml_api::workspace::secret::{Secret as ApiSecret, SecretQuery};
use zenml_api::{SecretId, UserId, WorkspaceId};

use super::Secret;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{Found, Lookup, read};

/// Looks up an existing secret by ID or name. It does not read the values, so they do not get into the state.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "secret", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::WORKSPACE_VIEWER.text())]
pub struct SecretData {
    /// ID of the workspace that contains the secret. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the secret. If `name` is also set, both must identify the same secret.
    pub id: OrServer<Id<SecretId>>,
    /// Name of the secret.
    pub name: OrServer<String>,
    /// Whether only its owner can see the secret. Set it if a private and a public secret share the name.
    pub private: OrServer<bool>,
    /// ID of the user in the workspace who owns the secret. Null if the server owns it.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the secret was created.
    pub created: Computed<String>,
    /// When the secret was last updated.
    pub updated: Computed<String>,
}

impl Lookup for SecretData {
    type Of = Secret;
    const NARROWED_BY: &'static str = "private or by its id";

    fn observe(found: &Found<'_, Secret>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            private: OrServer::known(body.private),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    /// Reads from a list, because lists omit the values.
    async fn by_id(server: &Server, id: SecretId) -> Result<Option<ApiSecret>, Diag> {
        let query = SecretQuery { id: vec![id.to_string()], ..SecretQuery::default() };
        let listed = read::all::<Secret>(&server.api, query).await;
        let listed = listed.map_err(|error| read::unreadable::<Secret>(id, &error))?;
        Ok(listed.into_iter().find(|secret| secret.id == id))
    }

    fn fits(config: &Partial<Self>, secret: &ApiSecret) -> Result<(), Diag> {
        fits_privacy(config.get(Self::PRIVATE).known(), secret)
    }

    fn describe(secret: &ApiSecret) -> String {
        described(secret)
    }
}

/// Checks that a secret is private or public, as the configuration requires.
pub(super) fn fits_privacy(wanted: Option<bool>, secret: &ApiSecret) -> Result<(), Diag> {
    if wanted.is_none() || is_private(secret) == wanted {
        return Ok(());
    }
    let visibility = if wanted == Some(true) { "private" } else { "public" };
    Err(Diag::error(format!("The secret {:?} is not {visibility}", secret.name))
        .why("The configuration selects it by id, but private does not match.")
        .fix("Correct private, or remove it.")
        .at(SecretData::PRIVATE))
}

/// Describes a secret so that it differs from the other one with its name.
pub(super) fn described(secret: &ApiSecret) -> String {
    let word = if is_private(secret) == Some(true) { "a private one" } else { "a public one" };
    word.to_owned()
}

fn is_private(secret: &ApiSecret) -> Option<bool> {
    secret.body.as_ref().map(|body| body.private)
}

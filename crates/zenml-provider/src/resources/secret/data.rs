//! The data source `zenml_secret`.

use tfkit::{Computed, Diag, Model, OrServer, Partial};
use zenml_api::workspace::secret::{Secret as ApiSecret, SecretQuery};
use zenml_api::{SecretId, UserId, WorkspaceId};

use super::Secret;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{Found, Lookup, read};

/// An existing secret, by id or by name, without its values: they do not get into the state this way.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "secret", kind = data_source, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
pub struct SecretData {
    /// Workspace that the secret is in. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the secret. It decides where the name is given too.
    pub id: OrServer<Id<SecretId>>,
    /// Name of the secret.
    pub name: OrServer<String>,
    /// Whether only its owner can see the secret. A private secret may have the name of a public one: say which one is
    /// meant.
    pub private: OrServer<bool>,
    /// Owner of the secret, as the workspace knows the account. Null when it belongs to the server.
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the secret was made.
    pub created: Computed<String>,
    /// When the secret was last changed.
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

    /// Lists tell all of a secret but its values, which nobody needs to send for this.
    async fn by_id(server: &Server, id: SecretId) -> Result<Option<ApiSecret>, Diag> {
        let query = SecretQuery { id: vec![id.to_string()], ..SecretQuery::default() };
        let listed = read::all::<Secret>(&server.api, query).await;
        let listed = listed.map_err(|error| read::unreadable::<Secret>(id, &error))?;
        Ok(listed.into_iter().find(|secret| secret.id == id))
    }

    fn fits(config: &Partial<Self>, secret: &ApiSecret) -> Result<(), Diag> {
        let wanted = config.get(Self::PRIVATE).known();
        if wanted.is_none() || is_private(secret) == wanted {
            return Ok(());
        }
        let visibility = if wanted == Some(true) { "private" } else { "public" };
        Err(Diag::error(format!("The secret {:?} is not {visibility}", secret.name))
            .why("The configuration gives its id, and says otherwise whether only its owner sees it.")
            .fix("Correct private, or leave it out.")
            .at(Self::PRIVATE))
    }

    fn told(secret: &ApiSecret) -> String {
        let word = if is_private(secret) == Some(true) { "a private one" } else { "a public one" };
        word.to_owned()
    }
}

fn is_private(secret: &ApiSecret) -> Option<bool> {
    secret.body.as_ref().map(|body| body.private)
}

//! The data source `zenml_secret`.

use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::workspace::secret::{self as api, Secret as ApiSecret, SecretQuery};
use zenml_api::{SecretId, UserId, WorkspaceId};

use super::NOUN;
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::lookup::{self, Wanted};
use crate::in_workspace::scope;
use crate::in_workspace::text;

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

impl DataSource for SecretData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let wanted = Wanted::of(NOUN, config.id.as_ref().map(|id| id.0), config.name.as_ref())?;
        let server = scope::open(cx, config.workspace_id.as_ref().map(|id| id.0)).await?;
        let private = config.private.as_ref().copied();
        let is_private = |secret: &ApiSecret| secret.body.as_ref().map(|body| body.private);
        let fits = |secret: &ApiSecret| private.is_none() || is_private(secret) == private;
        // Lists tell all of a secret but its values, which nobody needs to send for this.
        let list = async |query| server.api.list_all(&api::LIST, (), query).await;
        let secret = match wanted {
            Wanted::Id(id, name) => {
                let query = SecretQuery { id: vec![id.to_string()], ..SecretQuery::default() };
                let read = async { Ok(list(query).await?.into_iter().find(|secret| secret.id == id)) };
                lookup::by_id(NOUN, &server, id, name, read).await?
            }
            Wanted::Name(name) => {
                let query = SecretQuery { name: text::exactly(name), ..SecretQuery::default() };
                let read = async { Ok(list(query).await?.into_iter().filter(fits).collect()) };
                let told = |secret: &ApiSecret| {
                    let word =
                        if is_private(secret) == Some(true) { "a private one" } else { "a public one" };
                    word.to_owned()
                };
                let narrow = "Say which one is meant by private or by its id.";
                lookup::by_name(NOUN, &server, name, read, told, narrow).await?
            }
        };
        if !fits(&secret) {
            let visibility = if private == Some(true) { "private" } else { "public" };
            return Err(Diag::error(format!("The secret {:?} is not {visibility}", secret.name))
                .why("The configuration gives its id, and says otherwise whether only its owner sees it.")
                .fix("Correct private, or leave it out.")
                .at(Self::PRIVATE));
        }
        let body = secret.body.ok_or_else(|| NOUN.unreadable(&secret.name))?;
        Ok(Self {
            workspace_id: OrServer::from_option(server.workspace_id.map(Id)),
            id: OrServer::known(Id(secret.id)),
            name: OrServer::known(secret.name),
            private: OrServer::known(body.private),
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }
}

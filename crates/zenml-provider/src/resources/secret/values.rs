//! The ephemeral resource `zenml_secret_values`.

use std::collections::BTreeMap;

use tfkit::model::Object as _;
use tfkit::{Computed, Diag, EphemeralResource, Model, Opened, Opening, OrServer, Partial};
use zenml_api::workspace::secret::Secret as ApiSecret;
use zenml_api::{SecretId, WorkspaceId};

use super::data::{described, fits_privacy};
use super::{HeldBack, Secret};
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::{Found, InWorkspace as _, Lookup, data, read};

/// The values of an existing secret, by ID or name, for another provider or a write-only attribute. They never reach a
/// plan or a state.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "secret_values", kind = ephemeral_resource, rule = tfkit::check::Rule::AtLeastOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::SECRET_VALUES.text())]
pub struct SecretValues {
    /// ID of the workspace that contains the secret. Default: the provider's workspace. Null on an open-source server.
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the secret. If `name` is also set, both must identify the same secret.
    pub id: OrServer<Id<SecretId>>,
    /// Name of the secret. To refer to a secret that the same run creates, use `id`.
    pub name: OrServer<String>,
    /// Whether only its owner can see the secret. Set it if a private and a public secret share the name.
    pub private: OrServer<bool>,
    /// The values by key.
    pub values: Computed<tfkit::Secret<BTreeMap<String, String>>>,
}

impl Lookup for SecretValues {
    type Of = Secret;
    const NARROWED_BY: &'static str = "private or by its id";

    fn observe(found: &Found<'_, Secret>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let values = body.values.expose().iter();
        let values = values.filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: OrServer::known(Id(found.object.id)),
            name: OrServer::known(found.name()),
            private: OrServer::known(body.private),
            values: Computed::known(tfkit::Secret::new(values)),
        })
    }

    fn fits(config: &Partial<Self>, secret: &ApiSecret) -> Result<(), Diag> {
        fits_privacy(config.get(Self::PRIVATE).known(), secret)
    }

    fn describe(secret: &ApiSecret) -> String {
        described(secret)
    }
}

impl EphemeralResource for SecretValues {
    type Model = Self;
    type Client = Client;
    type Lease = ();

    async fn open(cx: &Opening<Client, ()>, config: Self) -> Result<Opened<Self>, Diag> {
        let config = Partial::new(config.to_object());
        let (server, mut secret) = data::selected_early::<Self>(cx, &config).await?;
        if config.get(Self::ID).known().is_none() {
            // Lists omit the values.
            let found = read::look::<Secret>(&server.api, secret.id).await?;
            secret = found
                .ok_or_else(|| Secret::NOUN.missing(&secret.name, server.workspace_id).at(Self::NAME))?;
        }
        let values = secret.body.as_ref().map(|body| body.values.expose());
        // A workspace withholds values by sending none. An open-source server always sends them.
        let is_withheld = values.is_none_or(|values| {
            values.values().any(Option::is_none) || values.is_empty() && server.workspace_id.is_some()
        });
        if is_withheld {
            return Err(Diag::error(format!("The values of secret {:?} cannot be read", secret.name))
                .why(
                    "The server returned the secret without values: the credential cannot read them, or the \
                     secret is empty.",
                )
                .fix(format!("Check that the credential has {}.", Needs::SECRET_VALUES.text())));
        }
        let found = Found { workspace: server.workspace_id, object: &secret, beside: &HeldBack::default() };
        let model = Self::observe(&found)?;
        Ok(model.into())
    }
}

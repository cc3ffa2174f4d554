//! `zenml_secret`: keys and values that components, connectors and pipelines refer to.

mod data;
mod held;
mod values;

use std::collections::BTreeMap;

use tfkit::{Computed, Cx, Diag, Maybe, Model, OrDefault, OrServer, Partial, Plan, Since, Twin};
use zenml_api::workspace::current_user;
use zenml_api::workspace::secret::{self as api, SecretCreate, SecretUpdate, UpdateQuery, Values};
use zenml_api::{Patch, SecretId, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

pub use self::data::SecretData;
pub(crate) use self::held::HeldSecrets;
pub use self::values::SecretValues;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope::{self, Server};
use crate::in_workspace::{Found, InWorkspace, Noun, Place, change, read, write};
use crate::succession::{self, note_successor, retire, retired, with_retired};
use crate::warning::warn_once;

/// Key in the private state for the owner of a private secret. Nobody else has access to it, so to any other account
/// it looks deleted.
const OWNER: &str = "owner";

/// Key in the private state that marks a secret without values, which looks the same as values without read
/// permission.
const EMPTY: &str = "empty";

/// Key in the private state that marks write-only values. It does not matter whether these can be read.
const WRITTEN: &str = "written";

/// A secret of a workspace: keys and values that other objects refer to, for example with `{{NAME.KEY}}` in the
/// configuration of a stack component.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "secret", key = Place<SecretId>)]
#[model(since = "3.0.6", needs = Needs::WORKSPACE_ADMIN.text())]
#[model(import = "NAME")]
pub struct Secret {
    /// ID of the workspace that contains the secret. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the secret.
    #[attr(key, stable)]
    pub id: Computed<Id<SecretId>>,
    /// Name of the secret, unique among the public secrets of the workspace, or among the private secrets of its owner.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Whether only the owner of the secret, the account that created it, can see it.
    #[attr(default = false)]
    pub private: OrDefault<bool>,
    /// Keys and values, as the complete map: keys that are not in it are removed from the secret. The Terraform state
    /// stores them in plain text; use `values_wo` to keep them out of it.
    #[attr(twin = required)]
    pub values: Twin<tfkit::Secret<BTreeMap<String, String>>>,
    /// ID of the user in the workspace who owns the secret. Null if the server owns it.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the secret was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the secret was last updated.
    pub updated: Computed<String>,
}

/// No values.
const NONE: tfkit::Secret<BTreeMap<String, String>> = tfkit::Secret::new(BTreeMap::new());

/// Whether missing values were withheld, rather than absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeldBack(bool);

impl InWorkspace for Secret {
    type Wire = api::Secret;
    type Beside = HeldBack;
    const NOUN: Noun = Noun { words: "secret", resource: "zenml_secret" };
    /// Lists omit the values.
    const LISTED_WHOLE: bool = false;

    fn wanted(&self) -> Result<SecretCreate, Diag> {
        let values = self.values.value().map(request_values).unwrap_or_default();
        Ok(SecretCreate { name: self.name.clone(), private: *self.private, values })
    }

    /// Sends the complete values, which replace all existing ones.
    fn change(prior: &Self, plan: &Self) -> Result<Option<SecretUpdate>, Diag> {
        Ok(change::any(SecretUpdate {
            name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
            private: Patch::between(Some(&*prior.private), Some(*plan.private)),
            values: plan.values.changed(&prior.values).map(request_values),
        }))
    }

    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let body = found.body(&found.object.body)?;
        let values = match since {
            // The server has what was just written, whether it can be read or not.
            Since::Answer(plan) => plan.values.clone(),
            Since::State(state) if found.beside.0 => {
                state.values.refreshed(|known| overlaid(known, body.values.expose()))
            }
            Since::State(state) => state.values.refreshed(|_| overlaid(&NONE, body.values.expose())),
            Since::Import(_) => overlaid(&NONE, body.values.expose()).into(),
        };
        Ok(Self {
            workspace_id: found.workspace_id(),
            id: found.id(),
            name: found.name(),
            private: OrDefault(body.private),
            values,
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    /// Lists omit the values, so only a secret with write-only values can be read from one.
    fn is_listed(cx: &Cx<Client>) -> bool {
        cx.private(WRITTEN).is_some()
    }

    async fn beside(cx: &Cx<Client>, server: &Server, secret: &api::Secret) -> Result<HeldBack, Diag> {
        let body = secret.body.as_ref().ok_or_else(|| Self::NOUN.unreadable(&secret.name))?;
        remember_owner(cx, body)?;
        let values = body.values.expose();
        // Only ZenML Pro withholds values, by sending none. An open-source server always sends them.
        let none_sent = values.is_empty() && server.workspace_id.is_some();
        let is_empty = cx.private(EMPTY).is_some_and(|empty| empty == true);
        let held_back = values.values().any(Option::is_none) || none_sent && !is_empty;
        if !values.is_empty() {
            cx.remove_private(EMPTY);
        }
        let matters = held_back && cx.private(WRITTEN).is_none();
        if matters {
            warn_once(cx, "values held back", || values_held_back(&secret.name));
        }
        Ok(HeldBack(held_back))
    }

    fn beside_listed(cx: &Cx<Client>, secret: &api::Secret) -> Result<HeldBack, Diag> {
        if let Some(body) = &secret.body {
            remember_owner(cx, body)?;
        }
        Ok(HeldBack(true))
    }

    async fn not_found(cx: &Cx<Client>, server: &Server, id: SecretId) -> Result<(), Diag> {
        let owner = cx.private(OWNER);
        let owner = owner.as_ref().and_then(|owner| owner.as_str()).and_then(|owner| owner.parse().ok());
        not_hidden(&server.api, &format!("secret {id}"), owner).await
    }

    fn conflicts_with(&self, other: &api::Secret) -> bool {
        other.body.as_ref().is_some_and(|body| body.private == *self.private)
    }

    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        vec![values.get(Self::PRIVATE).map(|private| private.to_string())]
    }

    async fn settled(
        cx: &Cx<Client>,
        server: &Server,
        secret: api::Secret,
        plan: &Self,
    ) -> Result<Self, Diag> {
        settled(cx, server, &secret, plan)
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, write::home_of(&plan)).await?;
        succession::forget_successor(cx);
        let found = read::all::<Self>(&server.api, plan.namesakes(with_retired(&plan.name))).await;
        let found = found.map_err(|error| plan.unlisted(&error))?;
        let is_taken = |secret: &&api::Secret| secret.name == plan.name && plan.conflicts_with(secret);
        if let Some(existing) = found.iter().find(is_taken) {
            return Err(plan.exists(&server, Some(existing)));
        }
        let secret = match found.iter().find(|secret| secret.name == retired(&plan.name)) {
            Some(predecessor) => revive(&server, predecessor, &plan).await?,
            None => write::create_on(&server, &plan).await?,
        };
        write::save_created(cx, &plan, secret.id)?;
        settled(cx, &server, &secret, &plan)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let home = write::home_of(&prior);
        let Some(server) = scope::open_to_delete(cx, home).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        let refused = |error: ApiError| prior.failed("delete", &error);
        let successor = succession::successor(cx, None, home);
        if successor.is_some() && held::is_linked(&server, id).await.map_err(refused)? {
            return retire::<HeldSecrets>(cx, &server, id, &prior.name, successor.as_deref())
                .await
                .map_err(refused);
        }
        if server.api.call(&api::DELETE, id).await.optional().map_err(refused)?.is_some() {
            return Ok(());
        }
        let owner = prior.user_id.as_ref().copied().flatten().filter(|_| *prior.private);
        not_hidden(&server.api, &format!("secret {:?}", prior.name), owner.map(|owner| owner.0)).await
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        note_successor(cx, plan, Self::NAME, None, Self::WORKSPACE_ID)
    }
}

/// Turns the retired secret into the new one, so that its links stay.
async fn revive(server: &Server, predecessor: &api::Secret, plan: &Secret) -> Result<api::Secret, Diag> {
    let private = predecessor.body.as_ref().map(|body| body.private);
    let change = SecretUpdate {
        name: Patch::Set(plan.name.clone()),
        private: Patch::between(private.as_ref(), Some(*plan.private)),
        values: Some(plan.values.value().map(request_values).unwrap_or_default()),
    };
    let changed = server.api.send(&api::UPDATE, predecessor.id, UpdateQuery::default(), change).await;
    changed.map_err(|error| plan.failed("create", &error))
}

fn request_values(values: &tfkit::Secret<BTreeMap<String, String>>) -> Sensitive<Values> {
    let values = values.expose().iter();
    Sensitive::new(values.map(|(key, value)| (key.clone(), Some(value.clone()))).collect())
}

/// Returns the model after a change, and updates the private state.
fn settled(cx: &Cx<Client>, server: &Server, secret: &api::Secret, plan: &Secret) -> Result<Secret, Diag> {
    let model = read::observed(server, secret, plan)?;
    cx.save(&model);
    if let Some(body) = &secret.body {
        remember_owner(cx, body)?;
    }
    // Only if it is set: a read removes the mark, and a refresh without changes must not change the private state.
    let stored = plan.values.value().filter(|_| !plan.values.is_written());
    mark(cx, EMPTY, stored.is_some_and(|values| values.expose().is_empty()))?;
    mark(cx, WRITTEN, plan.values.is_written())?;
    Ok(model)
}

fn mark(cx: &Cx<Client>, name: &str, holds: bool) -> Result<(), Diag> {
    if holds {
        return cx.set_private(name, true.into());
    }
    cx.remove_private(name);
    Ok(())
}

fn remember_owner(cx: &Cx<Client>, body: &api::SecretBody) -> Result<(), Diag> {
    if let Some(owner) = body.user_id.filter(|_| body.private) {
        return cx.set_private(OWNER, owner.to_string().into());
    }
    cx.remove_private(OWNER);
    Ok(())
}

/// Returns the readable values, merged over the known ones.
fn overlaid(
    known: &tfkit::Secret<BTreeMap<String, String>>,
    read: &Values,
) -> tfkit::Secret<BTreeMap<String, String>> {
    if read.is_empty() {
        return known.clone();
    }
    let value = |(key, value): (&String, &Option<String>)| {
        let value = value.as_ref().or_else(|| known.expose().get(key));
        value.map(|value| (key.clone(), value.clone()))
    };
    tfkit::Secret::new(read.iter().filter_map(value).collect())
}

/// Makes sure that a secret that was not found is deleted and not hidden: only its owner has access to a private
/// secret.
async fn not_hidden(api: &Api, what: &str, owner: Option<UserId>) -> Result<(), Diag> {
    let Some(owner) = owner else { return Ok(()) };
    let me = api.call(&current_user::GET, ()).await;
    let me = me.map_err(|error| cannot("read the account of the key", Needs::WORKSPACE_VIEWER, &error))?;
    if me.id == owner {
        return Ok(());
    }
    Err(Diag::error(format!("Cannot tell whether the {what} still exists"))
        .why(format!(
            "It is private: only its owner, the account {owner}, can see it. The provider uses the account {}.",
            me.id
        ))
        .fix(
            "Use a credential of the owner. If the secret was deleted, remove it from the state:\n  terraform \
             state rm ADDRESS",
        ))
}

fn values_held_back(name: &str) -> Diag {
    Diag::warning(format!("The values of secret {name:?} cannot be read"))
        .why(
            "The server returned none. Either the credential has no permission to read secret values, or \
             somebody emptied the secret. The state keeps the values it has, and changes made outside of \
             Terraform are not detected. Other secrets of this run may be affected as well.",
        )
        .fix(
            "Use a credential with permission to read secret values. To write the values again, change them \
         and apply.",
        )
        .at(Secret::VALUES)
}

//! `zenml_secret`: keys and values that components, connectors and pipelines refer to.

mod data;
mod held;

use std::collections::BTreeMap;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, ImportId, Imported, Maybe, Model, OrDefault, OrServer, Page, Partial,
    Plan, Resource, Since, Twin,
};
use zenml_api::workspace::current_user;
use zenml_api::workspace::secret::{
    self as api, SecretCreate, SecretQuery, SecretUpdate, UpdateQuery, Values,
};
use zenml_api::{IdOrName, Patch, SecretId, Sensitive, UserId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

pub use self::data::SecretData;
pub(crate) use self::held::HeldSecrets;
use crate::client::Client;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::batch;
use crate::in_workspace::import;
use crate::in_workspace::noun::Noun;
use crate::in_workspace::scope::{self, Seen, Server};
use crate::in_workspace::text;
use crate::succession::{self, Fate, foresee, retire, retired, with_retired};

const NOUN: Noun = Noun { words: "secret", resource: "zenml_secret" };

/// Name beside the state under which the owner of a private secret is remembered: nobody else sees it, so that for
/// anybody else it looks as if it were gone.
const OWNER: &str = "owner";

/// Name beside the state under which it is remembered that a secret has no values, which looks the same as values
/// that may not be read.
const EMPTY: &str = "empty";

/// Name beside the state under which it is remembered that the values are not in the state, so that it makes no
/// difference whether they may be read.
const WRITTEN: &str = "written";

/// Keys and values that others refer to, such as `{{name.key}}` in the configuration of a stack component. `values` are
/// in the Terraform state in clear: keep the state in a safe place, or use `values_wo`.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "secret")]
pub struct Secret {
    /// Workspace that the secret is in. Default: the provider's workspace. Null on an open-source server.
    #[attr(key = optional, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// Identifier of the secret.
    #[attr(key, stable)]
    pub id: Computed<Id<SecretId>>,
    /// Name of the secret, unique among the public secrets of a workspace, or among the private ones of its owner.
    #[attr(check = length(1..=255))]
    pub name: String,
    /// Whether only its owner, the account that made it, can see the secret. Default: `false`.
    #[attr(default = false)]
    pub private: OrDefault<bool>,
    /// Keys and their values, all of them: what is not here is removed from the secret. Either `values` or `values_wo`
    /// must be set.
    #[attr(twin = required)]
    pub values: Twin<tfkit::Secret<BTreeMap<String, String>>>,
    /// Owner of the secret, as the workspace knows the account. Null when it belongs to the server.
    #[attr(stable)]
    pub user_id: Computed<Option<Id<UserId>>>,
    /// When the secret was made.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the secret was last changed.
    pub updated: Computed<String>,
}

/// Secrets on one page of a list: less than 1 KiB each.
const LONGEST_PAGE: u64 = 400;

/// No values.
const NONE: tfkit::Secret<BTreeMap<String, String>> = tfkit::Secret::new(BTreeMap::new());

/// A secret as its server tells it.
#[derive(Clone, Debug)]
pub struct Remote {
    secret: api::Secret,
    /// Whether values that are not there were held back, and are not absent.
    held_back: bool,
}

impl Resource for Secret {
    type Model = Self;
    type Client = Client;
    type Remote = Seen<Remote>;

    async fn fetch(cx: &Cx<Client>, key: &SecretKey) -> Result<Option<Seen<Remote>>, Diag> {
        scope::read(cx, key.workspace_id, async |server| {
            let id = key.id.0;
            let Some(secret) = look(&server.api, id).await? else {
                let owner = cx.private(OWNER);
                let owner =
                    owner.as_ref().and_then(|owner| owner.as_str()).and_then(|owner| owner.parse().ok());
                not_hidden(&server.api, &format!("secret {id}"), owner).await?;
                return Ok(None);
            };
            let body = secret.body.as_ref().ok_or_else(|| NOUN.unreadable(&secret.name))?;
            remember_owner(cx, body)?;
            let values = body.values.expose();
            // Only ZenML Pro keeps values back, and it does so by sending none; a server of its own tells the truth.
            let none_sent = values.is_empty() && server.workspace_id.is_some();
            let is_empty = cx.private(EMPTY).is_some_and(|empty| empty == true);
            let held_back = values.values().any(Option::is_none) || none_sent && !is_empty;
            if !values.is_empty() {
                cx.remove_private(EMPTY);
            }
            let matters = held_back && cx.private(WRITTEN).is_none();
            if matters && cx.client().await?.is_news("values held back") {
                cx.warn(values_held_back(&secret.name));
            }
            Ok(Some(Remote { secret, held_back }))
        })
        .await
    }

    /// Lists do not tell values: only a secret whose values are not in the state can be read by one.
    fn scope(cx: &Cx<Client>, key: &SecretKey) -> Option<String> {
        cx.private(WRITTEN).map(|_| batch::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<SecretKey, Seen<Remote>>, Diag> {
        let query = SecretQuery { hydrate: Some(true), ..SecretQuery::default() };
        batch::page(cx, scope, from, LONGEST_PAGE, (&api::LIST, query), |workspace_id, secret| {
            (SecretKey { workspace_id, id: Id(secret.id) }, Remote { secret, held_back: true })
        })
        .await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<Remote>) -> Result<Seen<Remote>, Diag> {
        if let Seen::Found(_, Remote { secret: api::Secret { body: Some(body), .. }, .. }) = &item {
            remember_owner(cx, body)?;
        }
        scope::complete(cx, item).await
    }

    fn observe(remote: &Seen<Remote>, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((workspace, Remote { secret, held_back })) = remote.found() else {
            return scope::unseen(&since);
        };
        let body = secret.body.as_ref().ok_or_else(|| NOUN.unreadable(&secret.name))?;
        let values = match since {
            // What was just written is what is there, whether the writer may read it or not.
            Since::Answer(plan) => plan.values.clone(),
            Since::State(state) if *held_back => {
                state.values.refreshed(|known| overlaid(known, body.values.expose()))
            }
            Since::State(state) => state.values.refreshed(|_| overlaid(&NONE, body.values.expose())),
            Since::Import(_) => overlaid(&NONE, body.values.expose()).into(),
        };
        Ok(Self {
            workspace_id: OrServer::from_option(workspace.map(Id)),
            id: Computed::known(Id(secret.id)),
            name: secret.name.clone(),
            private: OrDefault(body.private),
            values,
            user_id: Computed::known(body.user_id.map(Id)),
            created: Computed::known(body.created.to_string()),
            updated: Computed::known(body.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let server = scope::open(cx, plan.home()).await?;
        succession::settle(cx);
        let secret = make(&server, &plan).await?;
        cx.save(&Self { id: Computed::known(Id(secret.id)), ..plan.clone() });
        settled(cx, &server, &secret, &plan)
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let id = prior.id.get()?.0;
        succession::settle(cx);
        let change = change(&prior, &plan);
        let moves_in = prior.home().is_none() && plan.home().is_some();
        if change == SecretUpdate::default() && !moves_in {
            return Ok(Self {
                workspace_id: plan.workspace_id.or_prior(prior.workspace_id),
                user_id: plan.user_id.or_prior(prior.user_id),
                updated: plan.updated.or_prior(prior.updated),
                ..plan
            });
        }
        let server = scope::open(cx, plan.home().or(prior.home())).await?;
        let changed = if change == SecretUpdate::default() {
            look(&server.api, id).await?
        } else {
            match server.api.send(&api::UPDATE, id, UpdateQuery::default(), change).await {
                Err(ApiError::Conflict(_)) => {
                    let other = with_name(&server.api, &plan.name, *plan.private).await?;
                    let other = other.map(|other| other.id);
                    return Err(NOUN.exists(&plan.name, server.workspace_id, other, Self::NAME));
                }
                outcome => outcome.optional().map_err(|error| failed("change", &plan.name, &error))?,
            }
        };
        let changed =
            changed.ok_or_else(|| NOUN.lost(&plan.name, prior.home(), plan.home(), Self::WORKSPACE_ID))?;
        settled(cx, &server, &changed, &plan)
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let Some(server) = scope::open_to_delete(cx, prior.home()).await? else { return Ok(()) };
        let id = prior.id.get()?.0;
        let refused = |error: ApiError| failed("delete", &prior.name, &error);
        let fate = succession::fate(cx, None, prior.home());
        if matches!(fate, Fate::Replaced(_)) && held::is_linked(&server, id).await.map_err(refused)? {
            return retire::<HeldSecrets>(cx, &server, id, &prior.name, &fate).await.map_err(refused);
        }
        let gone = server.api.call(&api::DELETE, id).await.optional();
        if gone.map_err(|error| failed("delete", &prior.name, &error))?.is_some() {
            return Ok(());
        }
        let owner = prior.user_id.as_ref().copied().flatten().filter(|_| *prior.private);
        not_hidden(&server.api, &format!("secret {:?}", prior.name), owner.map(|owner| owner.0)).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let private = values.get(Self::PRIVATE).known()?;
        let more = [Maybe::Known(private.to_string())];
        NOUN.claim(values.get(Self::WORKSPACE_ID), values.get(Self::NAME), &more)
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        scope::plan_home(cx, plan, Self::WORKSPACE_ID).await?;
        foresee(cx, plan, Self::NAME, None, Self::WORKSPACE_ID)?;
        let sends = plan.changes(Self::NAME)
            || plan.changes(Self::PRIVATE)
            || plan.changes(Self::VALUES)
            || plan.changes(Self::VALUES_WO_VERSION)
            || plan.changes(Self::WORKSPACE_ID);
        if !sends {
            plan.keep(Self::UPDATED);
        }
        // The owner is who made it, or nobody.
        if plan.prior().is_some_and(|prior| prior.user_id.as_ref().is_some()) {
            plan.keep(Self::USER_ID);
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, SecretKey>) -> Result<Imported<Self>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let named = import::named(cx.client().await?, text).await?;
        let id = match named.object {
            IdOrName::Id(id) => id,
            IdOrName::Name(name) => {
                let server = scope::open(cx, named.workspace).await?;
                only_one(&server, &name).await?
            }
        };
        Ok(Imported::Key(SecretKey { workspace_id: named.workspace.map(Id), id: Id(id) }))
    }
}

impl Secret {
    /// The workspace that the secret says it is in.
    fn home(&self) -> Option<WorkspaceId> {
        self.workspace_id.as_ref().map(|id| id.0)
    }
}

/// Creates the secret. After a lost answer it is taken over only because it was not there before.
async fn make(server: &Server, plan: &Secret) -> Result<api::Secret, Diag> {
    let exists = |existing: Option<&api::Secret>| {
        NOUN.exists(&plan.name, server.workspace_id, existing.map(|existing| existing.id), Secret::NAME)
    };
    let look = || with_name(&server.api, &plan.name, *plan.private);
    let values = plan.values.value().map(request_values).unwrap_or_default();
    let found = all_with_name(&server.api, &plan.name, with_retired(&plan.name)).await?;
    if let Some(existing) = found.iter().find(|secret| secret.name == plan.name && is(secret, *plan.private))
    {
        return Err(exists(Some(existing)));
    }
    if let Some(predecessor) = found.iter().find(|secret| secret.name == retired(&plan.name)) {
        return revive(server, predecessor, plan, values).await;
    }
    let request = SecretCreate { name: plan.name.clone(), private: *plan.private, values };
    let answer = server.api.send(&api::CREATE, (), (), request).await;
    creation::outcome(answer, look(), exists, |error| failed("create", &plan.name, error)).await
}

/// Makes the new secret of the old one, which stacks or components link: their links stay.
async fn revive(
    server: &Server,
    predecessor: &api::Secret,
    plan: &Secret,
    values: Sensitive<Values>,
) -> Result<api::Secret, Diag> {
    let private = predecessor.body.as_ref().map(|body| body.private);
    let change = SecretUpdate {
        name: Patch::Set(plan.name.clone()),
        private: Patch::between(private.as_ref(), Some(*plan.private)),
        values: Some(values),
    };
    let changed = server.api.send(&api::UPDATE, predecessor.id, UpdateQuery::default(), change).await;
    changed.map_err(|error| failed("create", &plan.name, &error))
}

/// What an update sends. Values go as a whole: those that are sent replace all that are there.
fn change(prior: &Secret, plan: &Secret) -> SecretUpdate {
    SecretUpdate {
        name: Patch::between(Some(&prior.name), Some(plan.name.clone())),
        private: Patch::between(Some(&*prior.private), Some(*plan.private)),
        values: plan.values.changed(&prior.values).map(request_values),
    }
}

fn request_values(values: &tfkit::Secret<BTreeMap<String, String>>) -> Sensitive<Values> {
    let values = values.expose().iter();
    Sensitive::new(values.map(|(key, value)| (key.clone(), Some(value.clone()))).collect())
}

/// What came of a change, with what is remembered of it beside the state.
fn settled(cx: &Cx<Client>, server: &Server, secret: &api::Secret, plan: &Secret) -> Result<Secret, Diag> {
    let remote = Remote { secret: secret.clone(), held_back: false };
    let model = Secret::observe(&Seen::on(server, remote), Since::Answer(plan))?;
    cx.save(&model);
    if let Some(body) = &secret.body {
        remember_owner(cx, body)?;
    }
    // Only when it is so: a read takes the mark away, and a refresh that changes nothing must leave nothing changed.
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

/// Values as far as they can be read, over those that were known before.
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

async fn look(api: &Api, id: SecretId) -> Result<Option<api::Secret>, Diag> {
    let found = api.call(&api::GET, id).await.optional();
    found.map_err(|error| cannot(format_args!("read secret {id}"), Needs::WORKSPACE_VIEWER, &error))
}

/// All secrets that the caller sees and a filter of names lets through.
async fn all_with_name(api: &Api, name: &str, filter: Vec<String>) -> Result<Vec<api::Secret>, Diag> {
    let query = SecretQuery { name: filter, ..SecretQuery::default() };
    let secrets = api.list_all(&api::LIST, (), query).await;
    secrets.map_err(|error| cannot(format_args!("look for secret {name:?}"), Needs::WORKSPACE_VIEWER, &error))
}

fn is(secret: &api::Secret, private: bool) -> bool {
    secret.body.as_ref().is_some_and(|body| body.private == private)
}

/// The secret with which another one of this name and visibility would be in conflict.
async fn with_name(api: &Api, name: &str, private: bool) -> Result<Option<api::Secret>, Diag> {
    let secrets = all_with_name(api, name, text::exactly(name)).await?;
    Ok(secrets.into_iter().find(|secret| secret.name == name && is(secret, private)))
}

/// The only secret of a name.
async fn only_one(server: &Server, name: &str) -> Result<SecretId, Diag> {
    // A public one, a private one of the caller's own, or both.
    let mut secrets = all_with_name(&server.api, name, text::exactly(name)).await?;
    secrets.retain(|secret| secret.name == name);
    match secrets.as_slice() {
        [only] => Ok(only.id),
        [] => Err(Diag::error(format!("There is no secret {name:?}"))
            .why("The server does not have it, or it is a private secret of somebody else.")
            .fix("Correct the name, or say in which workspace the secret is: WORKSPACE/NAME.")),
        several => {
            let ids: Vec<String> = several.iter().map(|secret| secret.id.to_string()).collect();
            Err(Diag::error(format!("There is more than one secret {name:?}"))
                .why("A private secret may have the name of a public one.")
                .fix(format!("Import by id. The ids are:\n  {}", ids.join("\n  "))))
        }
    }
}

/// Makes sure that a secret that was not found is gone, and not only hidden: nobody but its owner sees a private one.
async fn not_hidden(api: &Api, what: &str, owner: Option<UserId>) -> Result<(), Diag> {
    let Some(owner) = owner else { return Ok(()) };
    let me = api.call(&current_user::GET, ()).await;
    let me = me.map_err(|error| cannot("read the account of the key", Needs::WORKSPACE_VIEWER, &error))?;
    if me.id == owner {
        return Ok(());
    }
    Err(Diag::error(format!("It cannot be told whether the {what} still exists"))
        .why(format!(
            "It is private, which hides it from everybody but its owner, the account {owner}. The provider uses the \
             account {}, and does not find it.",
            me.id
        ))
        .fix(
            "Use a credential of the owner. If the secret is gone, remove it from the state:\n  terraform state rm \
             ADDRESS",
        ))
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} secret {name:?}"), Needs::WORKSPACE_ADMIN, error)
}

fn values_held_back(name: &str) -> Diag {
    Diag::warning(format!("The values of secret {name:?} cannot be read"))
        .why(
            "The server sent none. The credential may not read values, or somebody has emptied the secret; both look \
             the same. The values in the state stay, and a change outside is not noticed. The same may hold for other \
             secrets of this run.",
        )
        .fix("Use a credential with the right to read secret values, or apply again with changed values to write them.")
        .at(Secret::VALUES)
}

//! `zenml_api_key`: an API key of a service account.

mod action;
mod calls;
mod list;
mod minutes;
mod model;
mod names;
mod own;
mod planning;
mod record;
mod renewal;
mod waiting;

use jiff::Timestamp;
use tfkit::{
    Claim, Current, Cx, Diag, Generated, ImportId, Imported, Page, Partial, Path, Plan, Resource, Since,
};
use zenml_api::control::service_account::{ApiKey as Wire, ApiKeyCreate, ApiKeyUpdate};
use zenml_api::{ApiKeyId, IdOrName, Patch};
use zenml_client::ApiError;

pub use self::action::RotateApiKey;
use self::calls::{Account, exists};
pub use self::list::ApiKeyFilters;
pub use self::minutes::Minutes;
pub use self::model::{ApiKey, ApiKeyKey, Remote};
use self::own::End;
use crate::client::Client;
use crate::control;
use crate::id::Id;

impl Resource for ApiKey {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &ApiKeyKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let account = account_of(client, key).await?;
        let found = account.look(client, key.id.0).await?;
        match &found {
            Some(found) => {
                waiting::refreshed(cx, account, found).await?;
                record::remember_first_activity(cx, found.active)?;
            }
            None => account.has_lost(client, key.id.0).await?,
        }
        Ok(found.map(|key| account.remote(key)))
    }

    fn scope(_: &Cx<Client>, key: &ApiKeyKey) -> Option<String> {
        let Id(organization) = key.organization_id?;
        Some(format!("{organization}/{}", key.service_account_id))
    }

    async fn page(cx: &Cx<Client>, scope: &str, from: Option<u64>) -> Result<Page<ApiKeyKey, Remote>, Diag> {
        let parts = scope.split_once('/').and_then(|(organization, id)| {
            Some(Account { organization: organization.parse().ok()?, id: id.parse().ok()? })
        });
        let account = parts.ok_or_else(|| Diag::bug("A scope is not a service account"))?;
        let (keys, next) = account.page(cx.client().await?, from.unwrap_or(0)).await?;
        let items = keys.into_iter().map(|key| (account.identity(key.id), account.remote(key))).collect();
        Ok(Page { items, next })
    }

    async fn complete(cx: &Cx<Client>, item: Remote) -> Result<Remote, Diag> {
        let account = Account { organization: item.organization, id: item.account };
        waiting::refreshed(cx, account, &item.key).await?;
        record::remember_first_activity(cx, item.key.active)?;
        Ok(item)
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(Self::seen(remote, &since))
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let account = Account { organization, id: plan.service_account_id.0 };
        let key = create_new(cx, client, account, &plan).await?;
        let mut remote = account.remote(key);
        cx.save(&Self::seen(&remote, &Since::Answer(&plan)));
        record::take_note(cx);
        record::remember_key(cx)?;
        record::remember_activity(cx, *plan.active)?;
        if remote.key.active != *plan.active {
            let change = ApiKeyUpdate { active: Some(*plan.active), ..ApiKeyUpdate::default() };
            let secret = remote.key.key.take();
            remote.key = changed(client, account, &remote.key, change).await?;
            remote.key.key = secret;
        }
        Ok(Self::seen(&remote, &Since::Answer(&plan)))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, mut plan: Self) -> Result<Self, Diag> {
        let mut remote =
            current.remote.ok_or_else(|| Diag::bug("An API key is updated without being read"))?;
        let client = cx.client().await?;
        let account = Account { organization: remote.organization, id: remote.account };
        let before = &current.model;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut change = ApiKeyUpdate {
            name: (plan.name != remote.key.name).then(|| plan.name.clone()),
            description: Patch::between(text(&before.description).as_ref(), text(&plan.description)),
            active: (*plan.active != remote.key.active).then_some(*plan.active),
        };
        let is_decided = record::take_note(cx);
        match change.active {
            Some(false) => own::refuse(client, remote.key.id, &plan.name, End::Deactivated)?,
            Some(true) if !is_decided => cx.warn(activated_again(&plan.name)),
            _ => {}
        }
        let is_rotation = plan.key.is_unknown() && !current.is_repeated;
        if current.is_repeated {
            // The first attempt has rotated the key. Another rotation would end the one that is retained.
            plan.key = before.key.clone();
        }
        let is_lost = record::is_ours(cx) && !before.has_key();
        if is_rotation {
            own::refuse_another_rotation(client, before, is_lost)?;
        }
        if change.name.is_some() && !waiting::is_free(cx, client, account, &remote.key, &plan.name).await? {
            change.name = None;
        }
        if change != ApiKeyUpdate::default() {
            remote.key = changed(client, account, &remote.key, change).await?;
            let so_far = if is_rotation { before_rotation(&plan, before) } else { plan.clone() };
            cx.save(&Self::seen(&remote, &Since::Answer(&so_far)));
        }
        if is_decided {
            record::remember_activity(cx, *plan.active)?;
        }
        if is_rotation {
            // Of a key that the state has lost, somebody else may have the secret, or nobody: it is not retained.
            let retain = plan.retain.as_ref().filter(|_| !is_lost);
            remote.key = rotated(client, account, &remote.key, &plan.name, retain).await?;
            record::remember_key(cx)?;
            cx.save(&Self::seen(&remote, &Since::Answer(&plan)));
            remote = account.remote(account.read_again(client, remote.key).await);
            note_unchanged_expiry(cx, before, &plan, &remote)?;
        }
        Ok(Self::seen(&remote, &Since::Answer(&plan)))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let id = prior.id.get()?.0;
        own::refuse(client, id, &prior.name, End::Deleted)?;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        let account = Account { organization, id: prior.service_account_id.0 };
        let deleted = account.delete(client, id, &prior.name).await?;
        waiting::end(cx, client, account, id, &deleted);
        Ok(())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        planning::validate(config)
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let account = values.get(Self::SERVICE_ACCOUNT_ID).known()?;
        let name = values.get(Self::NAME).known()?;
        Some(Claim::new(format!("API key {name:?}"), &[&account.to_string(), &name]))
    }

    fn references() -> Vec<Path> {
        vec![Self::SERVICE_ACCOUNT_ID.path()]
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        planning::plan(cx, plan).await
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, ApiKeyKey>) -> Result<Imported<Self>, Diag> {
        let client = cx.client().await?;
        let (account, key) = match id {
            ImportId::Key(key) => (account_of(client, &key).await?, key.id.0),
            ImportId::Text(text) => named(client, text).await?,
        };
        Ok(Imported::Key(account.identity(key)))
    }
}

impl Account {
    fn remote(self, key: Wire) -> Remote {
        Remote { organization: self.organization, account: self.id, key, read_at: Timestamp::now() }
    }

    fn identity(self, key: ApiKeyId) -> ApiKeyKey {
        ApiKeyKey {
            organization_id: Some(Id(self.organization)),
            service_account_id: Id(self.id),
            id: Id(key),
        }
    }
}

async fn account_of(client: &Client, key: &ApiKeyKey) -> Result<Account, Diag> {
    let organization = control::organization::of_key(client, key.organization_id).await?;
    Ok(Account { organization, id: key.service_account_id.0 })
}

/// Returns the key of an import id of the form `[ORGANIZATION/]SERVICE_ACCOUNT/KEY`, where each part is an id or a
/// name.
async fn named(client: &Client, text: &str) -> Result<(Account, ApiKeyId), Diag> {
    let parts: Vec<&str> = text.split('/').collect();
    let (organization, account, wanted) = match parts[..] {
        [account, key] => (None, account, key),
        [organization, account, key] => (Some(organization), account, key),
        _ => (None, "", ""),
    };
    if [Some(account), Some(wanted), organization].into_iter().flatten().any(|part| part.trim().is_empty()) {
        return Err(Diag::error(format!("Invalid import id {text:?}"))
            .why("Import ids of this type have the format SERVICE_ACCOUNT/KEY or ORGANIZATION/SERVICE_ACCOUNT/KEY.")
            .fix("Each part can be an id or a name. A name that contains a slash must be replaced by its id."));
    }
    let (organization, id) = control::service_account::written(client, organization, account).await?;
    let account = Account { organization, id };
    let key = match IdOrName::<ApiKeyId>::parse(wanted) {
        IdOrName::Id(key) => key,
        IdOrName::Name(name) => {
            let keys = account.keys(client).await?;
            let found = keys.iter().find(|key| key.name == name).map(|key| key.id);
            found.ok_or_else(|| {
                Diag::error(format!("There is no API key {name:?}"))
                    .why(format!("The service account {id} does not have it."))
                    .fix("Correct the name, or use the id of the key.")
            })?
        }
    };
    Ok((account, key))
}

/// Creates the key. The response contains the key itself: if it is lost, the new key is found by its name, and gets
/// another secret, which nobody has seen.
async fn create_new(cx: &Cx<Client>, client: &Client, account: Account, plan: &ApiKey) -> Result<Wire, Diag> {
    let before = account.keys(client).await?;
    let free = names::free(&plan.name, &before);
    let request = ApiKeyCreate {
        name: free.name.clone(),
        description: plan.description.clone().filter(|text| !text.is_empty()),
        expires_in_minutes: plan.expires_in.as_ref().map(Minutes::count),
    };
    let key = match account.create(client, request).await {
        Ok(key) if key.key.is_some() => key,
        Ok(key) => {
            cx.save_broken(&ApiKey::seen(&account.remote(key), &Since::Answer(plan)));
            return Err(calls::no_secret(&plan.name));
        }
        Err(error) if error.outcome_unknown() => {
            let after = match account.keys(client).await {
                Ok(after) => after,
                Err(diag) => return Err(crate::creation::may_exist(diag, &error)),
            };
            let is_new = |key: &&Wire| key.name == free.name && before.iter().all(|old| old.id != key.id);
            let Some(lost) = after.into_iter().find(|key| is_new(&key)) else {
                return Err(not_created(account, &plan.name, &error));
            };
            cx.save_broken(&ApiKey::seen(&account.remote(lost.clone()), &Since::Answer(plan)));
            let replaced = account.replace_lost(client, lost.id).await;
            let replaced = replaced.map_err(|error| calls::lost(&plan.name, &error))?;
            if replaced.key.is_none() {
                return Err(calls::no_secret(&plan.name));
            }
            replaced
        }
        Err(error) => return Err(not_created(account, &plan.name, &error)),
    };
    if let Some(holder) = free.holder {
        waiting::begin(cx, client, account, &key, &plan.name, holder)?;
    }
    Ok(key)
}

fn not_created(account: Account, name: &str, error: &ApiError) -> Diag {
    match error {
        ApiError::Conflict(refused) => exists(account, name, None).trace(refused.call.to_string()),
        error => calls::failed("create", name, error),
    }
}

async fn changed(client: &Client, account: Account, key: &Wire, change: ApiKeyUpdate) -> Result<Wire, Diag> {
    let wanted = change.name.clone();
    let changed = match account.update(client, key.id, change).await {
        Err(ApiError::Conflict(refused)) if wanted.is_some() => {
            let name = wanted.unwrap_or_default();
            let keys = account.keys(client).await?;
            let holder = keys.iter().find(|other| other.name == name);
            return Err(exists(account, &name, holder).trace(refused.call.to_string()));
        }
        other => other.map_err(|error| calls::failed("change", &key.name, &error))?,
    };
    changed.ok_or_else(|| {
        Diag::error(format!("API key {:?} disappeared", key.name))
            .why("The control plane no longer finds it. Somebody may have deleted it.")
            .fix("Run the command again to re-create it.")
    })
}

/// Rotates a key in place, and retains the current one for some time. If the response is lost, the key in the state
/// stays valid for that time, and the error says so: a second rotation would end it.
async fn rotated(
    client: &Client,
    account: Account,
    key: &Wire,
    name: &str,
    retain: Option<&Minutes>,
) -> Result<Wire, Diag> {
    match account.rotate(client, key.id, retain.map_or(0, Minutes::count)).await {
        Ok(rotated) if rotated.key.is_some() => Ok(rotated),
        Ok(_) => Err(calls::no_secret(name)),
        Err(error) if error.outcome_unknown() => {
            let time = |key: &Wire| key.last_rotated.as_ref().map(ToString::to_string);
            let is_rotated = match account.look(client, key.id).await {
                Ok(Some(now)) => renewal::was_rotated(time(key).as_deref(), time(&now).as_deref()),
                _ => None,
            };
            match is_rotated {
                Some(false) => Err(calls::failed("rotate", name, &error)),
                Some(true) | None => Err(calls::rotation_lost(name, retain, &error)),
            }
        }
        Err(error) => Err(calls::failed("rotate", name, &error)),
    }
}

/// Returns a plan as far as it is done before a rotation: if the rotation fails, the next plan rotates again.
fn before_rotation(plan: &ApiKey, before: &ApiKey) -> ApiKey {
    ApiKey {
        key: before.key.clone(),
        keepers: before.keepers.clone(),
        ready_for_renewal: before.ready_for_renewal.clone(),
        ..plan.clone()
    }
}

fn activated_again(name: &str) -> Diag {
    Diag::warning(format!("The API key {name:?} was deactivated, and this run activates it again"))
        .why("Somebody deactivated the key after the plan was created, and `active` is set in the configuration.")
        .fix("If the key was deactivated because it leaked, change `keepers` to replace it.")
        .at(ApiKey::ACTIVE)
}

/// Warns if a rotation because of the expiry did not change it, and notes that another one would be in vain.
fn note_unchanged_expiry(cx: &Cx<Client>, before: &ApiKey, plan: &ApiKey, now: &Remote) -> Result<(), Diag> {
    let now = ApiKey::seen(now, &Since::Answer(plan));
    if *now.ready_for_renewal.as_ref().unwrap_or(&false) && now.expires_at == before.expires_at {
        let expires_at = now.expires_at.into_option().flatten().unwrap_or_default();
        record::remember_kept_expiry(cx, &expires_at)?;
        cx.warn(
            Diag::warning(format!("The rotation did not extend the lifetime of API key {:?}", plan.name))
                .why(format!(
                    "It still expires at {expires_at}: this control plane keeps the expiry of a key."
                ))
                .fix("Remove `retain`, so that the key is replaced instead.")
                .at(ApiKey::RETAIN),
        );
    }
    Ok(())
}

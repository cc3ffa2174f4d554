//! Keys that wait for their name: see [`names`](super::names).
//!
//! Hosts do not tell the apply which object a new one replaces. So a new key whose name is taken always gets a temporary
//! name, and nothing is lost. What is known about the holder of the name decides what the user reads:
//!
//! - A plan has refreshed the objects of the state before it plans their replacements. A holder that it has not
//!   refreshed is not in the state, and the plan warns.
//! - If this run has deleted a key of the account without a successor, which is probably the replaced one, or if the
//!   holder is newer than the run, the creation warns.
//! - If a deletion gives its name to no new key, while a new key of the same run waits for a holder that still exists, the
//!   deletion warns.
//! - Otherwise the key is expected to get its name in the same run. If it does not, the next plan shows the temporary
//!   name, and its apply fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tfkit::model::Operation;
use tfkit::{Cx, Diag, Plan};
use zenml_api::control::service_account::ApiKey as Wire;
use zenml_api::{ApiKeyId, ServiceAccountId};

use super::calls::{Account, Deleted, exists};
use super::record::{self, Wait};
use super::{ApiKey, Id, names, renewal};
use crate::client::Client;
use crate::control;

/// How often a refresh looks whether the holder of a name was refreshed too.
const LOOKS: u32 = 20;

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What a run knows about names of keys.
#[derive(Debug, Default)]
struct Known {
    /// Keys that were refreshed, and so are in the state.
    refreshed: BTreeSet<ApiKeyId>,
    /// Accounts of deleted keys that have no successor yet.
    deleted: BTreeSet<ServiceAccountId>,
    /// New keys that wait for a name.
    waiting: BTreeMap<ApiKeyId, Waiting>,
}

/// A new key that waits for its name.
#[derive(Clone, Debug)]
struct Waiting {
    account: ServiceAccountId,
    name: String,
    holder: ApiKeyId,
}

#[derive(Debug)]
struct Names {
    /// When the run began to plan a key, or to apply it.
    began: Timestamp,
    known: Mutex<Known>,
}

impl Default for Names {
    fn default() -> Self {
        Self { began: Timestamp::now(), known: Mutex::default() }
    }
}

impl Names {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records that a key is in the state. For a key with a temporary name, it finds out whether the holder of its name is in
/// the state too: a run that was interrupted before it deleted the replaced key leaves both. The host refreshes both at the
/// same time.
pub(super) async fn refreshed(cx: &Cx<Client>, account: Account, key: &Wire) -> Result<(), Diag> {
    let client = cx.client().await?;
    let memory = client.memory::<Names>();
    if cx.operation() != Operation::Read {
        return Ok(());
    }
    memory.known().refreshed.insert(key.id);
    let Some(Wait { holder, .. }) = record::wait(cx) else { return Ok(()) };
    if names::awaited(&key.name, holder, "").is_none() {
        record::forget_wait(cx);
        return Ok(());
    }
    if !account.keys(client).await?.iter().any(|other| other.id == holder) {
        return Ok(());
    }
    let mut looks = LOOKS;
    while !memory.known().refreshed.contains(&holder) && looks > 0 {
        looks -= 1;
        cx.sleep(PAUSE).await?;
    }
    let in_state = Some(memory.known().refreshed.contains(&holder));
    record::remember_wait(cx, Wait { holder, in_state })
}

/// Warns in a plan about a name that belongs to a key outside of the state.
pub(super) async fn plan(cx: &Cx<Client>, plan: &mut Plan<ApiKey>) {
    let Some(client) = cx.client_if_known() else { return };
    let memory = client.memory::<Names>();
    // The process that applies has refreshed nothing, and cannot tell a replaced key from others.
    if !cx.has_refreshed() || !(plan.is_create() || plan.is_update() && plan.changes(ApiKey::NAME)) {
        return;
    }
    let account = plan.get(ApiKey::SERVICE_ACCOUNT_ID).known();
    let (Some(Id(id)), Some(name)) = (account, plan.get(ApiKey::NAME).known()) else { return };
    let organization = plan.get(ApiKey::ORGANIZATION_ID).known();
    // The apply reports what cannot be read.
    let Ok(organization) = control::organization::of_key(client, organization).await else { return };
    let account = Account { organization, id };
    let Ok(keys) = account.keys(client).await else { return };
    let own = plan.prior().and_then(|prior| prior.id.as_ref().copied());
    let holder = keys.iter().find(|key| key.name == name && Some(key.id) != own.map(|id| id.0));
    let Some(holder) = holder.filter(|holder| !memory.known().refreshed.contains(&holder.id)) else { return };
    plan.warn(
        taken(account, Diag::warning(format!("The name {name:?} belongs to another API key")), holder)
            .why(format!(
                "{} As long as that key has it, a new key gets a temporary name, such as {:?}, and an existing one \
                 cannot be renamed.",
                described(holder),
                names::waiting(&name, holder.id)
            ))
            .at(ApiKey::NAME),
    );
}

/// Records that a new key has a temporary name. Warns if its name belongs to a key that this run probably does not replace.
pub(super) fn begin(
    cx: &Cx<Client>,
    client: &Client,
    account: Account,
    key: &Wire,
    name: &str,
    holder: &Wire,
) -> Result<(), Diag> {
    record::remember_wait(cx, Wait { holder: holder.id, in_state: None })?;
    let memory = client.memory::<Names>();
    let is_newer = || {
        let created = holder.created.as_ref().and_then(|created| renewal::read(created.as_str()));
        created.is_some_and(|created| created >= memory.began)
    };
    if memory.known().deleted.contains(&account.id) || is_newer() {
        cx.warn(temporary(account, name, &key.name, holder));
    } else {
        let waiting = Waiting { account: account.id, name: name.to_owned(), holder: holder.id };
        memory.known().waiting.insert(key.id, waiting);
    }
    Ok(())
}

/// Records the deletion of a key. If no new key got its name, it warns about new keys of this run that wait for another
/// holder.
pub(super) fn end(
    cx: &Cx<Client>,
    client: &Client,
    account: Account,
    id: ApiKeyId,
    Deleted { others, successor }: &Deleted,
) {
    let memory = client.memory::<Names>();
    let mut known = memory.known();
    known.waiting.retain(|key, waiting| Some(*key) != *successor && waiting.holder != id);
    if successor.is_some() {
        return;
    }
    known.deleted.insert(account.id);
    let by_id = |id: ApiKeyId| others.iter().find(|key| key.id == id);
    known.waiting.retain(|key, waiting| {
        let (Some(key), Some(holder)) = (by_id(*key), by_id(waiting.holder)) else { return true };
        if waiting.account != account.id || holder.name != waiting.name {
            return true;
        }
        cx.warn(temporary(account, &waiting.name, &key.name, holder));
        false
    });
}

/// Returns whether an update can give a key its name now. A holder that is in the state too is deleted later in the same
/// run, and its deletion gives the key its name. If the name belongs to any other key, the update fails.
pub(super) async fn is_free(
    cx: &Cx<Client>,
    client: &Client,
    account: Account,
    key: &Wire,
    name: &str,
) -> Result<bool, Diag> {
    let keys = account.keys(client).await?;
    let wait = record::wait(cx);
    let Some(holder) = keys.iter().find(|other| other.name == *name && other.id != key.id) else {
        record::forget_wait(cx);
        return Ok(true);
    };
    match wait.filter(|wait| wait.holder == holder.id) {
        Some(Wait { in_state: Some(true), .. }) => Ok(false),
        // Without a refresh, nothing is known about the holder.
        Some(Wait { in_state: None, .. }) => {
            record::remember_wait(cx, Wait { holder: holder.id, in_state: Some(false) })?;
            cx.warn(temporary(account, name, &key.name, holder));
            Ok(false)
        }
        Some(Wait { in_state: Some(false), .. }) | None => Err(exists(account, name, Some(holder))),
    }
}

fn described(holder: &Wire) -> String {
    let created =
        holder.created.as_ref().map(|created| format!(", created at {created},")).unwrap_or_default();
    format!("The key {}{created} has this name, and names must be unique.", holder.id)
}

fn temporary(account: Account, name: &str, now: &str, holder: &Wire) -> Diag {
    taken(account, Diag::warning(format!("The new API key is named {now:?}")), holder)
        .why(format!("{} This run has not deleted it so far. The new key works.", described(holder)))
        .fix(format!(
            "Otherwise, the next apply tries to name the key {name:?}, and fails while the name is taken."
        ))
        .at(ApiKey::NAME)
}

fn taken(account: Account, diag: Diag, holder: &Wire) -> Diag {
    diag.fix("If this run deletes or renames that key, there is nothing to do.").fix(format!(
        "If not, choose another name, or delete the other key. To manage that key instead of the new one, import it:\n  \
         terraform import zenml_api_key.NAME {}",
        account.import_id(holder.id)
    ))
}

//! Requests about API keys.

use std::time::Duration;

use tfkit::{Diag, Existing};
use zenml_api::control::service_account::ApiKeyUpdate;
use zenml_api::control::service_account::{self as api, ApiKey, ApiKeyCreate, ApiKeyQuery, ApiKeyRotate};
use zenml_api::{ApiKeyId, IdOrName, OrganizationId, ServiceAccountId};
use zenml_client::{ApiError, Optional as _, Pages};

use super::minutes::Minutes;
use super::names;
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};

/// How often a rotation is tried whose response is lost.
const ATTEMPTS: usize = 3;

/// A service account, as the path of requests contains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) organization: OrganizationId,
    pub(super) id: ServiceAccountId,
}

/// What a deletion has found.
#[derive(Debug)]
pub(super) struct Deleted {
    /// The other keys of the account; none if they could not be read.
    pub(super) others: Vec<ApiKey>,
    /// The key that got the name.
    pub(super) successor: Option<ApiKeyId>,
}

impl Account {
    fn path(self) -> (OrganizationId, IdOrName<ServiceAccountId>) {
        (self.organization, IdOrName::Id(self.id))
    }

    fn key(self, key: ApiKeyId) -> (OrganizationId, IdOrName<ServiceAccountId>, ApiKeyId) {
        (self.organization, IdOrName::Id(self.id), key)
    }

    /// Returns a key; `None` if the account does not have it.
    pub(super) async fn look(self, client: &Client, key: ApiKeyId) -> Result<Option<ApiKey>, Diag> {
        let found = client.control_plane()?.call(&api::API_KEY, self.key(key)).await.optional();
        found.map_err(|error| failed("read", &key.to_string(), &error))
    }

    /// Makes sure that a key that was not found is deleted and not hidden: the same credential must have access to its
    /// account, or at least to the organization whose account was deleted.
    pub(super) async fn has_lost(self, client: &Client, key: ApiKeyId) -> Result<(), Diag> {
        if control::service_account::find(client, self.organization, IdOrName::Id(self.id)).await?.is_some() {
            return Ok(());
        }
        let what = format!("the API key {key}");
        control::service_account::gone_from(client, self.organization, &what).await
    }

    /// Returns all keys of the account.
    pub(super) async fn keys(self, client: &Client) -> Result<Vec<ApiKey>, Diag> {
        let query = ApiKeyQuery::default();
        let keys = client.control_plane()?.list_all(&api::API_KEYS, self.path(), query).await;
        keys.map_err(|error| match error {
            ApiError::NotFound(_) => no_account(self.organization, self.id),
            error => unlisted(&error),
        })
    }

    /// Returns a page of the keys, and the start of the next one.
    pub(super) async fn page(self, client: &Client, from: u64) -> Result<(Vec<ApiKey>, Option<u64>), Diag> {
        let query = ApiKeyQuery::default();
        let mut keys = Pages::new(client.control_plane()?, &api::API_KEYS, self.path(), query).from(from);
        let page = keys.next().await.map_err(|error| unlisted(&error))?;
        Ok((page.unwrap_or_default(), keys.position()))
    }

    pub(super) async fn create(self, client: &Client, new: ApiKeyCreate) -> Result<ApiKey, ApiError> {
        client.api().control_plane()?.send(&api::CREATE_API_KEY, self.path(), (), new).await
    }

    pub(super) async fn update(
        self,
        client: &Client,
        key: ApiKeyId,
        change: ApiKeyUpdate,
    ) -> Result<Option<ApiKey>, ApiError> {
        client.api().control_plane()?.send(&api::UPDATE_API_KEY, self.key(key), (), change).await.optional()
    }

    /// Gives a key a new secret. The old one stays valid for some minutes.
    pub(super) async fn rotate(
        self,
        client: &Client,
        key: ApiKeyId,
        minutes: i64,
    ) -> Result<ApiKey, ApiError> {
        let how = ApiKeyRotate { retain_period_minutes: minutes };
        client.api().control_plane()?.send(&api::ROTATE_API_KEY, self.key(key), (), how).await
    }

    /// Gives a key that nobody uses yet a new secret, because its response was lost.
    pub(super) async fn replace_lost(self, client: &Client, key: ApiKeyId) -> Result<ApiKey, ApiError> {
        let mut answer = self.rotate(client, key, 0).await;
        for _ in 1..ATTEMPTS {
            match &answer {
                // A run that was interrupted sends nothing more.
                Err(error) if error.outcome_unknown() && !matches!(error, ApiError::Cancelled { .. }) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    answer = self.rotate(client, key, 0).await;
                }
                _ => break,
            }
        }
        answer
    }

    /// Returns a rotated key as a read returns it, so that the next read shows no difference. If the read fails, the
    /// response to the rotation has to do.
    pub(super) async fn read_again(self, client: &Client, rotated: ApiKey) -> ApiKey {
        match self.look(client, rotated.id).await {
            Ok(Some(now)) => ApiKey { key: rotated.key, ..now },
            _ => rotated,
        }
    }

    /// Deletes a key. A key that waits for its name gets it.
    pub(super) async fn delete(self, client: &Client, key: ApiKeyId, name: &str) -> Result<Deleted, Diag> {
        let gone = client.control_plane()?.call(&api::DELETE_API_KEY, self.key(key)).await.optional();
        if gone.map_err(|error| failed("delete", name, &error))?.is_none() {
            self.has_lost(client, key).await?;
        }
        let others = self.keys(client).await.unwrap_or_default();
        let successor =
            others.iter().find_map(|other| Some((other.id, names::awaited(&other.name, key, name)?)));
        let Some((successor, name)) = successor else { return Ok(Deleted { others, successor: None }) };
        let change = ApiKeyUpdate { name: Some(name), ..ApiKeyUpdate::default() };
        // If this fails, the next plan shows the temporary name, and its apply corrects it.
        let _ = self.update(client, successor, change).await;
        Ok(Deleted { others, successor: Some(successor) })
    }

    /// Returns the import id of a key.
    pub(super) fn import_id(self, key: ApiKeyId) -> String {
        format!("{}/{}/{key}", self.organization, self.id)
    }
}

/// Returns the error for a name that another key has.
pub(super) fn exists(account: Account, name: &str, existing: Option<&ApiKey>) -> Diag {
    let diag = Diag::error(format!("API key {name:?} already exists")).why(format!(
        "The service account {} has a key with this name, and names must be unique.",
        account.id
    ));
    let diag = match existing {
        Some(existing) => diag.in_the_way(Existing {
            words: "API key",
            resource: "zenml_api_key",
            id: existing.id.to_string(),
            import: account.import_id(existing.id),
        }),
        None => diag,
    };
    diag.fix("To create another one, choose another name.").at(super::ApiKey::NAME)
}

/// Returns the diagnostic for an account that a key refers to, but that was not found.
pub(super) fn no_account(organization: OrganizationId, id: ServiceAccountId) -> Diag {
    control::service_account::missing(organization, &id.to_string()).at(super::ApiKey::SERVICE_ACCOUNT_ID)
}

pub(super) fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} API key {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

pub(super) fn unlisted(error: &ApiError) -> Diag {
    cannot("list the API keys", Needs::ORGANIZATION_ADMIN, error)
}

/// Returns the error for a response that lacks the key.
pub(super) fn no_secret(name: &str) -> Diag {
    Diag::error(format!("The response for API key {name:?} does not contain the key"))
        .why("The control plane returns the key itself only once, and it did not.")
        .fix("Run the command again to replace the key. If that does not help, report this as a bug in the provider.")
}

/// Returns the error for a new key whose secret is lost.
pub(super) fn lost(name: &str, error: &ApiError) -> Diag {
    failed("create", name, error)
        .why("The key was created, but the response with the key itself was lost. It is in the state, and tainted.")
        .fix("Run the command again to replace it.")
}

/// Returns the error for a rotation whose response is lost. `retain` is how long the key in the state stays valid;
/// `None` if the state does not contain it.
pub(super) fn rotation_lost(name: &str, retain: Option<&Minutes>, error: &ApiError) -> Diag {
    let diag = failed("rotate", name, error);
    let lost = "The key may have been rotated, but the response with the new one was lost.";
    match retain {
        Some(retain) => diag.why(format!("{lost} The key in the state stays valid for {retain}.")).fix(
            "Run the command again within this time: it rotates the key once more, which ends the old one.",
        ),
        None => diag.why(lost).fix("Run the command again: it rotates the key once more."),
    }
}

//! A service account with a key, and a provider.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit_test::Harness;
use tfkit_test::harness::{Applied, Planned};
use zenml_api::control::service_account::{self as api, ApiKeyQuery, ApiKeyRotate, ApiKeyUpdate};
use zenml_api::control::user;
use zenml_api::{ApiKeyId, IdOrName, OrganizationId, Sensitive, ServiceAccountId};
use zenml_client::{Address, Api, ApiError, Client, Credential, Settings};
use zenml_local::Options;

use crate::world::World;

pub(super) const K: &str = "zenml_api_key.k";

/// The route of a key.
pub(super) const KEY: &str =
    "/organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}";

/// A service account, and a provider.
pub(super) struct Place {
    pub(super) world: World,
    pub(super) account: ServiceAccountId,
    pub(super) harness: Harness,
}

impl Place {
    pub(super) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        let world = World::with(options).await;
        let account = world.service_account("robot").await;
        let harness = world.harness().await;
        Self { world, account, harness }
    }

    pub(super) fn config(&self, more: &Json) -> Json {
        let mut config = json!({ "service_account_id": self.account.to_string(), "name": "ci" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    }

    pub(super) async fn apply(&mut self, more: &Json) -> Applied {
        let config = self.config(more);
        self.harness.apply(K, config).await.unwrap()
    }

    pub(super) async fn plan(&self, more: &Json) -> Planned {
        self.harness.plan(K, self.config(more)).await.unwrap()
    }

    pub(super) fn state(&self) -> &Dyn {
        self.harness.state(K).unwrap()
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.state().attribute(name).as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn id(&self) -> ApiKeyId {
        self.text("id").parse().unwrap()
    }

    pub(super) fn key(&self) -> String {
        let key = self.text("key");
        assert!(key.starts_with("ZENPROKEY_"), "the state contains the key");
        key
    }

    pub(super) async fn works(&self, key: &str) -> bool {
        works(self.world.platform.url(), key).await
    }

    pub(super) fn path(&self) -> (OrganizationId, IdOrName<ServiceAccountId>) {
        (self.world.organization(), IdOrName::Id(self.account))
    }

    pub(super) fn key_path(&self) -> (OrganizationId, IdOrName<ServiceAccountId>, ApiKeyId) {
        (self.world.organization(), IdOrName::Id(self.account), self.id())
    }

    pub(super) fn control(&self) -> &Api {
        self.world.control()
    }

    /// The names of all keys of the account.
    pub(super) async fn names(&self) -> Vec<String> {
        let keys =
            self.control().list_all(&api::API_KEYS, self.path(), ApiKeyQuery::default()).await.unwrap();
        keys.into_iter().map(|key| key.name).collect()
    }

    /// Rotates the key outside of Terraform, and returns the new one.
    pub(super) async fn rotate_outside(&self, minutes: i64) -> String {
        let how = ApiKeyRotate { retain_period_minutes: minutes };
        let rotated = self.control().send(&api::ROTATE_API_KEY, self.key_path(), (), how).await.unwrap();
        rotated.key.unwrap().expose().clone()
    }

    /// Deactivates the key outside of Terraform.
    pub(super) async fn deactivate(&self) {
        let change = ApiKeyUpdate { active: Some(false), ..ApiKeyUpdate::default() };
        self.control().send(&api::UPDATE_API_KEY, self.key_path(), (), change).await.unwrap();
    }

    /// Lets the control plane report another expiry of the key.
    pub(super) async fn expires(&self, at: &str) {
        let key = self.control().call(&api::API_KEY, self.key_path()).await.unwrap();
        let mut body = serde_json::to_value(key).unwrap();
        body["expires_at"] = json!(at);
        let rule = json!({ "method": "GET", "route": KEY, "effect": { "status": 200, "body": body } });
        self.world.inject(json!({ "rules": [rule] }));
    }
}

/// Whether a client can log in with a key.
pub(super) async fn works(url: &str, key: &str) -> bool {
    match with_key(url, key).control_plane().unwrap().call(&user::ME, ()).await {
        Ok(me) => {
            assert!(me.is_service_account);
            true
        }
        Err(ApiError::Unauthorized(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

/// Returns the APIs with a key.
pub(super) fn with_key(url: &str, key: &str) -> Client {
    let credential = Credential::Key(Sensitive::from(key));
    let control_plane = Some(Address { url: url.to_owned(), credential });
    Client::new(&Settings { control_plane, ..Settings::default() }).unwrap()
}

/// A time from now, as the control plane writes it.
pub(super) fn from_now(minutes: i64) -> String {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    time.to_string().trim_end_matches('Z').to_owned()
}

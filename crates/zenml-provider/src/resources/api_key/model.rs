//! The model of an API key, and its conversion from the control plane's responses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tfkit::{Computed, Model, OrDefault, OrServer, Secret, Since};
use zenml_api::control::service_account::ApiKey as Wire;
use zenml_api::{ApiKeyId, OrganizationId, ServiceAccountId};

use super::minutes::Minutes;
use super::renewal;
use crate::failure::Needs;
use crate::id::Id;

/// An API key of a service account (`zenml_service_account`). A client logs in with it, to the control plane and to all
/// workspaces that the account has access to.
///
/// The key is in the Terraform state, as a sensitive value: protect the state like the key itself.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "api_key", import = "SERVICE_ACCOUNT/NAME")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ApiKey {
    /// ID of the organization that the account belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the service account.
    #[attr(key, replace)]
    pub service_account_id: Id<ServiceAccountId>,
    /// ID of the key. It is not secret, and it is a part of the key.
    #[attr(key, stable)]
    pub id: Computed<Id<ApiKeyId>>,
    /// Name of the key, unique among the keys of the account.
    #[attr(check = length(1..=50))]
    pub name: String,
    /// Description of the key.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// Whether the key works.
    #[attr(default = true)]
    pub active: OrDefault<bool>,
    /// How long the key is valid after its creation or rotation, such as `720h`. Default: it does not expire. A change
    /// replaces the key.
    #[attr(local)]
    pub expires_in: Option<Minutes>,
    /// Any values, such as the month. If they change, the key is replaced, or rotated in place if `retain` is set.
    #[attr(local, same = empty_is_null)]
    pub keepers: Option<BTreeMap<String, String>>,
    /// How long the old key stays valid after a rotation, such as `24h`. If set, the key is rotated in place instead of
    /// being replaced: it keeps its `id`, and its lifetime starts again.
    #[attr(local)]
    pub retain: Option<Minutes>,
    /// How long before its expiry the key is renewed, such as `168h`. Must be shorter than `expires_in`. Default: an
    /// expiring key is not renewed.
    #[attr(local)]
    pub renew_before: Option<Minutes>,
    /// The key. Null after an import, and after somebody else has rotated the key.
    #[attr(stable)]
    pub key: Computed<Option<Secret<String>>>,
    /// Whether the last refresh found the key within `renew_before` of its expiry. The plan then renews it.
    #[attr(stable)]
    pub ready_for_renewal: Computed<bool>,
    /// When the key expires, in UTC, for example `2030-01-31T12:00:00Z`. Null if it does not expire.
    #[attr(stable)]
    pub expires_at: Computed<Option<String>>,
    /// When the key was last rotated, in UTC. Null if it never was.
    #[attr(stable)]
    pub last_rotated: Computed<Option<String>>,
    /// When the key was created.
    #[attr(stable)]
    pub created: Computed<Option<String>>,
}

/// A key on the control plane, with its account.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(super) organization: OrganizationId,
    pub(super) account: ServiceAccountId,
    pub(super) key: Wire,
    /// When the response arrived.
    pub(super) read_at: Timestamp,
}

impl ApiKey {
    /// Converts a key of the control plane into a model.
    pub(super) fn seen(remote: &Remote, since: &Since<'_, Self>) -> Self {
        let known = since.model();
        let wire = &remote.key;
        let last_rotated = wire.last_rotated.as_ref().map(|time| renewal::in_utc(time.as_str()));
        let expires_at = wire.expires_at.as_ref().map(|time| renewal::in_utc(time.as_str()));
        let received = wire.key.as_ref().map(|key| Secret::new(key.expose().clone()));
        let kept = known.and_then(|known| known.key.clone().into_option().flatten());
        let (name, key) = match since {
            // A new key may have to wait for its name.
            Since::Answer(plan) => (plan.name.clone(), received.or(kept)),
            // A rotation by somebody else ends the key in the state.
            Since::State(state) => {
                let before = state.last_rotated.as_ref().and_then(Option::as_deref);
                let is_rotated = renewal::was_rotated(before, last_rotated.as_deref()) == Some(true);
                (wire.name.clone(), kept.filter(|_| !is_rotated))
            }
            Since::Import(_) => (wire.name.clone(), None),
        };
        let planned = match since {
            Since::Answer(plan) => plan.ready_for_renewal.as_ref().copied(),
            Since::State(_) | Since::Import(_) => None,
        };
        let window = known.and_then(|known| known.renew_before.as_ref());
        let is_due = window.zip(expires_at.as_deref()).is_some_and(|(window, expires_at)| {
            renewal::expires_within(expires_at, window.count(), remote.read_at)
        });
        Self {
            organization_id: OrServer::known(Id(remote.organization)),
            service_account_id: Id(remote.account),
            id: Computed::known(Id(wire.id)),
            name,
            description: wire.description.clone(),
            active: OrDefault(wire.active),
            expires_in: known.and_then(|known| known.expires_in.clone()),
            keepers: known.and_then(|known| known.keepers.clone()),
            retain: known.and_then(|known| known.retain.clone()),
            renew_before: known.and_then(|known| known.renew_before.clone()),
            key: Computed::known(key),
            ready_for_renewal: Computed::known(planned.unwrap_or(is_due)),
            expires_at: Computed::known(expires_at),
            last_rotated: Computed::known(last_rotated),
            created: Computed::known(wire.created.as_ref().map(ToString::to_string)),
        }
    }

    /// Returns whether it contains the key itself.
    pub(super) fn has_key(&self) -> bool {
        self.key.as_ref().is_some_and(Option::is_some)
    }
}

//! The action `zenml_rotate_api_key`.

use tfkit::{Action, Cx, Diag, Model};
use zenml_api::{ApiKeyId, OrganizationId, ServiceAccountId};

use super::calls::{Account, failed};
use super::minutes::Minutes;
use super::own::{self, End};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;

/// Rotates an API key, so that the current one ends at once or after some time, for example because it was leaked.
///
/// An action has no result, so nobody gets the new key. If a `zenml_api_key` manages the key, its next plan reports that
/// it was rotated, and the apply replaces it, or rotates it once more if `retain` is set. To renew a key regularly, change
/// its `keepers` instead.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "rotate_api_key", kind = action, since = "3.1.0", category = "ZenML Pro")]
#[model(needs = Needs::ORGANIZATION_ADMIN.text())]
pub struct RotateApiKey {
    /// ID of the organization that the account belongs to. Default: the provider's organization.
    pub organization_id: Option<Id<OrganizationId>>,
    /// ID of the service account.
    pub service_account_id: Id<ServiceAccountId>,
    /// ID of the key.
    pub api_key_id: Id<ApiKeyId>,
    /// How long the current key stays valid, such as `24h`. Default: it ends at once.
    pub retain: Option<Minutes>,
}

impl Action for RotateApiKey {
    type Model = Self;
    type Client = Client;

    async fn invoke(cx: &Cx<Client>, config: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, config.organization_id).await?;
        let account = Account { organization, id: config.service_account_id.0 };
        let id = config.api_key_id.0;
        let key = account.look(client, id).await?.ok_or_else(|| absent(account, id))?;
        own::refuse(client, id, &key.name, End::RotatedByAction)?;
        let name = &key.name;
        cx.progress(format_args!("Rotating API key {name:?}"));
        let minutes = config.retain.as_ref().map_or(0, Minutes::count);
        let rotated = account.rotate(client, id, minutes).await;
        rotated.map_err(|error| {
            let diag = failed("rotate", name, &error);
            if error.outcome_unknown() {
                diag.why("The response was lost: the key may or may not have been rotated.")
            } else {
                diag
            }
        })?;
        cx.progress(match &config.retain {
            Some(retain) => format!("API key {name:?} is rotated, the old key stays valid for {retain}"),
            None => format!("API key {name:?} is rotated, the old key has ended"),
        });
        Ok(())
    }
}

fn absent(account: Account, id: ApiKeyId) -> Diag {
    Diag::error(format!("There is no API key {id}"))
        .why(format!("The service account {} does not have it, or the key has no access to it.", account.id))
        .fix("Correct service_account_id and api_key_id, or set organization_id.")
        .at(RotateApiKey::API_KEY_ID)
}

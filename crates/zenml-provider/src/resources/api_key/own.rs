//! The key that the provider itself logs in with.

use tfkit::Diag;
use zenml_api::ApiKeyId;

use super::{ApiKey, Id};
use crate::client::Client;

/// What ends a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is deleted.
    Deleted,
    /// It is deactivated.
    Deactivated,
    /// Another key replaces it.
    Replaced,
    /// Another key replaces it, because `retain` is not set.
    ReplacedWithoutRetain,
    /// An action rotates it.
    RotatedByAction,
}

impl End {
    fn verb(self) -> &'static str {
        match self {
            Self::Deleted => "delete",
            Self::Deactivated => "deactivate",
            Self::Replaced | Self::ReplacedWithoutRetain => "replace",
            Self::RotatedByAction => "rotate",
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::Deleted | Self::Deactivated | Self::Replaced => {
                "Configure the provider with another key first."
            }
            Self::ReplacedWithoutRetain => {
                "Configure the provider with another key first. To renew the key in place, set `retain`: the old key then \
                 stays valid for that time. Configure the provider with the new key before it ends."
            }
            Self::RotatedByAction => {
                "An action does not return the new key. Manage the key with zenml_api_key and `retain`."
            }
        }
    }
}

/// Rejects what would end the key that the provider itself uses: every later request of the run would fail.
pub(super) fn refuse(client: &Client, id: ApiKeyId, name: &str, end: End) -> Result<(), Diag> {
    if client.own_key() != Some(id) {
        return Ok(());
    }
    Err(Diag::error(format!("Cannot {} API key {name:?}: the provider itself uses it", end.verb()))
        .why("Without this key, the provider could not finish the run.")
        .fix(end.fix()))
}

/// Rejects a rotation that would end the secret that the provider itself uses, because the key was rotated before. Only
/// the last secret is retained.
pub(super) fn refuse_another_rotation(client: &Client, key: &ApiKey, is_lost: bool) -> Result<(), Diag> {
    if client.own_key() != key.id.as_ref().map(|Id(id)| *id) {
        return Ok(());
    }
    let secret = key.key.as_ref().and_then(Option::as_ref);
    let is_used = secret.is_none_or(|secret| client.uses_key(secret.expose()));
    if is_used && !is_lost {
        return Ok(());
    }
    Err(Diag::error(format!("Cannot rotate API key {:?} again: the provider still uses the old key", key.name))
        .why(
            "The key was rotated since the provider was configured, and only the last key is retained. Another rotation \
             would end the one that the provider uses.",
        )
        .fix("Configure the provider with the new key first.")
        .at(ApiKey::KEY))
}

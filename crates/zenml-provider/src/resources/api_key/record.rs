//! What the private state of a key records.

use serde_json::json;
use tfkit::{Cx, Diag};
use zenml_api::ApiKeyId;

use crate::client::Client;

/// Set if this provider has created or rotated the key, so that the state contains it.
const OURS: &str = "ours";

/// Whether the key worked after the last apply that decided about it, or when it was first seen.
const ACTIVE: &str = "active";

/// Set by a plan that changes whether the key works.
const DECIDES: &str = "decides_active";

/// Set while the key has a temporary name.
const WAITS: &str = "waits";

/// The expiry that a rotation did not change.
const KEPT_EXPIRY: &str = "kept_expiry";

/// Records that the state contains the key.
pub(super) fn remember_key(cx: &Cx<Client>) -> Result<(), Diag> {
    cx.set_private(OURS, true.into())
}

/// Returns whether this provider has created or rotated the key.
pub(super) fn is_ours(cx: &Cx<Client>) -> bool {
    cx.private(OURS).is_some()
}

/// Records whether an apply has left the key active.
pub(super) fn remember_activity(cx: &Cx<Client>, active: bool) -> Result<(), Diag> {
    cx.set_private(ACTIVE, active.into())
}

/// Records whether the key works, if nothing is known about it, as after an import.
pub(super) fn remember_first_activity(cx: &Cx<Client>, active: bool) -> Result<(), Diag> {
    if activity(cx).is_some() { Ok(()) } else { remember_activity(cx, active) }
}

/// Returns whether the last apply that decided about it has left the key active; `None` if that is not known.
pub(super) fn activity(cx: &Cx<Client>) -> Option<bool> {
    cx.private(ACTIVE)?.as_bool()
}

/// Notes for the apply whether the plan changes whether the key works. An update gets values that somebody else has
/// changed since, so it cannot see this itself.
pub(super) fn note_activity(cx: &Cx<Client>, is_changed: bool) -> Result<(), Diag> {
    if is_changed {
        return cx.set_private(DECIDES, true.into());
    }
    cx.remove_private(DECIDES);
    Ok(())
}

/// Returns whether the plan changes whether the key works, and removes the note.
pub(super) fn take_note(cx: &Cx<Client>) -> bool {
    let is_changed = cx.private(DECIDES).is_some();
    cx.remove_private(DECIDES);
    is_changed
}

/// A key with a temporary name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The key that has the wanted name.
    pub(super) holder: ApiKeyId,
    /// Whether that key is in the state too; `None` before the first refresh.
    pub(super) in_state: Option<bool>,
}

/// Records that a key has a temporary name.
pub(super) fn remember_wait(cx: &Cx<Client>, wait: Wait) -> Result<(), Diag> {
    cx.set_private(WAITS, json!([wait.holder, wait.in_state]))
}

/// Returns what a key with a temporary name waits for.
pub(super) fn wait(cx: &Cx<Client>) -> Option<Wait> {
    let stored = cx.private(WAITS)?;
    Some(Wait { holder: stored.get(0)?.as_str()?.parse().ok()?, in_state: stored.get(1)?.as_bool() })
}

/// Forgets the temporary name of a key.
pub(super) fn forget_wait(cx: &Cx<Client>) {
    cx.remove_private(WAITS);
}

/// Records that a rotation because of the expiry did not change it.
pub(super) fn remember_kept_expiry(cx: &Cx<Client>, expires_at: &str) -> Result<(), Diag> {
    cx.set_private(KEPT_EXPIRY, expires_at.into())
}

/// Returns whether a rotation has left the key with this expiry, so that another one would be in vain.
pub(super) fn is_kept_expiry(cx: &Cx<Client>, expires_at: &str) -> bool {
    cx.private(KEPT_EXPIRY).is_some_and(|kept| kept.as_str() == Some(expires_at))
}

//! What a plan decides about a key, and what it tells.

use jiff::Timestamp;
use tfkit::{Cx, Diag, Partial, Plan};
use zenml_api::ApiKeyId;
use zenml_api::control::service_account::ApiKey as Wire;
use zenml_client::ApiError;

use super::calls;
use super::minutes::Minutes;
use super::renewal::{self, Activity, Cause, Facts, Ours};
use super::{ApiKey, Id};
use crate::client::Client;
use crate::control;

/// Key in the private state for [`Ours`].
const OURS: &str = "ours";

/// Remembers that the state contains the key.
pub(super) fn remember(cx: &Cx<Client>, active: bool) -> Result<(), Diag> {
    cx.set_private(OURS, serde_json::to_value(Ours { active }).unwrap_or_default())
}

/// Returns what the last apply left; `None` if this provider has neither created nor rotated the key.
fn left(cx: &Cx<Client>) -> Option<Ours> {
    serde_json::from_value(cx.private(OURS)?).ok()
}

/// Returns whether this provider has created or rotated the key.
pub(super) fn is_ours(cx: &Cx<Client>) -> bool {
    left(cx).is_some()
}

/// Checks that a new key is not due for renewal at once.
pub(super) fn validate(config: &Partial<ApiKey>) -> Vec<Diag> {
    let (life, before) = (config.get(ApiKey::EXPIRES_IN), config.get(ApiKey::RENEW_BEFORE));
    let Some(before) = before.known() else { return Vec::new() };
    match life.known() {
        Some(life) if before.count() >= life.count() => vec![
            Diag::error("The key would be renewed at every plan")
                .why(format!("renew_before is {before}, but a new key lives only {life}."))
                .fix("Set renew_before to less than expires_in.")
                .at(ApiKey::RENEW_BEFORE),
        ],
        _ => Vec::new(),
    }
}

pub(super) async fn plan(cx: &Cx<Client>, plan: &mut Plan<ApiKey>) -> Result<(), Diag> {
    if plan.is_create()
        && plan.config().get(ApiKey::ORGANIZATION_ID).is_null()
        && let Some(client) = cx.client_if_known()
        && let Ok(organization) = control::organization::default(client).await
    {
        plan.set(ApiKey::ORGANIZATION_ID, &Id(organization.id));
    }
    let Some(prior) = plan.prior().cloned() else { return Ok(()) };
    let mut ends = plan.is_delete().then_some("delete");
    if plan.is_update() {
        ends = renew(cx, plan, &prior);
        let deactivates = plan.changes(ApiKey::ACTIVE) && plan.get(ApiKey::ACTIVE).known() == Some(false);
        ends = ends.or(deactivates.then_some("deactivate"));
    }
    if let (Some(verb), Some(client), Some(Id(id))) = (ends, cx.client_if_known(), prior.id.as_ref())
        && let Err(refused) = refuse_own(client, *id, &prior.name, verb)
    {
        plan.error(refused);
    }
    Ok(())
}

/// Plans a replacement or a rotation if there is a reason. Returns the verb for what ends the key, if anything does.
fn renew(cx: &Cx<Client>, plan: &mut Plan<ApiKey>, prior: &ApiKey) -> Option<&'static str> {
    let left = left(cx);
    let is_ours = left.is_some();
    let moves = plan.changes(ApiKey::SERVICE_ACCOUNT_ID) || plan.changes(ApiKey::ORGANIZATION_ID);
    if plan.changes(ApiKey::EXPIRES_IN) && (is_ours || prior.expires_in.is_some()) {
        plan.requires_replace(ApiKey::EXPIRES_IN);
        return Some("replace");
    }
    if moves {
        return Some("replace");
    }
    let before = plan.get(ApiKey::RENEW_BEFORE).known();
    let facts = Facts {
        left,
        active: Activity { now: *prior.active, planned: plan.get(ApiKey::ACTIVE).known() == Some(true) },
        is_known: prior.key.as_ref().is_some_and(Option::is_some),
        keepers_change: plan.changes(ApiKey::KEEPERS) && (is_ours || prior.keepers.is_some()),
        others_change: changes_anything_else(plan),
        expires_at: prior.expires_at.as_ref().and_then(Option::as_deref),
        renew_before: before.as_ref(),
    };
    let now = Timestamp::now();
    let Some(cause) = facts.cause(now) else {
        warn_of_expiry(plan, prior, &facts, now);
        return None;
    };
    let why = because(&cause, prior, before.as_ref());
    let retains = !plan.get(ApiKey::RETAIN).is_null() && cause != Cause::Deactivated;
    if retains {
        plan.unknown(ApiKey::KEY);
        plan.unknown(ApiKey::LAST_ROTATED);
        plan.unknown(ApiKey::EXPIRES_AT);
        if let Some(why) = why {
            let name = &prior.name;
            plan.warn(
                Diag::warning(format!("The API key {name:?} will be rotated")).why(why).at(ApiKey::KEY),
            );
        }
        return None;
    }
    match (cause, why) {
        (Cause::Rotated, Some(why)) => {
            plan.unknown(ApiKey::LAST_ROTATED);
            plan.replace_because(ApiKey::LAST_ROTATED, why);
        }
        (Cause::Expires, Some(why)) => {
            plan.unknown(ApiKey::EXPIRES_AT);
            plan.replace_because(ApiKey::EXPIRES_AT, why);
        }
        (Cause::Deactivated, Some(why)) => plan.replace_because(ApiKey::ACTIVE, why),
        _ => plan.requires_replace(ApiKey::KEEPERS),
    }
    Some("replace")
}

fn changes_anything_else(plan: &Plan<ApiKey>) -> bool {
    plan.changes(ApiKey::NAME)
        || plan.changes(ApiKey::DESCRIPTION)
        || plan.changes(ApiKey::ACTIVE)
        || plan.changes(ApiKey::EXPIRES_IN)
        || plan.changes(ApiKey::KEEPERS)
        || plan.changes(ApiKey::RETAIN)
        || plan.changes(ApiKey::RENEW_BEFORE)
}

/// Returns the reason for a renewal that the configuration does not show.
fn because(cause: &Cause, prior: &ApiKey, before: Option<&Minutes>) -> Option<String> {
    let at = |time: Option<&Option<String>>| time.cloned().flatten().unwrap_or_default();
    Some(match cause {
        Cause::Keepers => return None,
        Cause::Deactivated => "The key was deactivated outside of Terraform.".to_owned(),
        Cause::Rotated => format!(
            "The key was rotated outside of Terraform at {}, and nobody can read the new one. The one in the state has \
             ended, or ends soon.",
            at(prior.last_rotated.as_ref())
        ),
        Cause::Expires => {
            let before = before.map(ToString::to_string).unwrap_or_default();
            format!("The key expires at {}, and renew_before is {before}.", at(prior.expires_at.as_ref()))
        }
    })
}

/// Warns about a key that has expired, or that the next plan will renew.
fn warn_of_expiry(plan: &mut Plan<ApiKey>, prior: &ApiKey, facts: &Facts<'_>, now: Timestamp) {
    let Some(expires_at) = facts.expires_at else { return };
    let name = &prior.name;
    if facts.is_due(now) {
        plan.warn(
            Diag::warning(format!("The API key {name:?} expires soon"))
                .why(format!("It expires at {expires_at}. This plan changes the key without renewing it."))
                .fix("Apply this plan. The next one renews the key.")
                .at(ApiKey::EXPIRES_AT),
        );
    } else if renewal::expires_within(expires_at, 0, now) {
        plan.warn(
            Diag::warning(format!("The API key {name:?} has expired"))
                .why(format!("It expired at {expires_at}, and nobody can log in with it."))
                .fix("To renew keys before they expire, set renew_before. To replace this one, change keepers.")
                .at(ApiKey::EXPIRES_AT),
        );
    }
}

/// Rejects what would end the key that the provider itself uses: every later request of the run would fail.
pub(super) fn refuse_own(client: &Client, id: ApiKeyId, name: &str, verb: &str) -> Result<(), Diag> {
    if client.own_key() != Some(id) {
        return Ok(());
    }
    Err(Diag::error(format!("Cannot {verb} API key {name:?}: the provider itself uses it"))
        .why("Without this key, the provider could not finish the run.")
        .fix(
            "Configure the provider with another key first. To renew the key in place, set `retain`: the old one then \
             stays valid until you have configured the new one.",
        ))
}

/// Warns if a rotation because of the expiry did not change it: each plan would rotate the key again.
pub(super) fn warn_of_unchanged_expiry(cx: &Cx<Client>, before: &ApiKey, plan: &ApiKey, now: &Wire) {
    let (Some(window), Some(expires_at)) = (&plan.renew_before, &now.expires_at) else { return };
    let is_unchanged = before.expires_at.as_ref().and_then(Option::as_deref) == Some(expires_at.as_str());
    if is_unchanged && renewal::expires_within(expires_at.as_str(), window.count(), Timestamp::now()) {
        cx.warn(
            Diag::warning(format!("The rotation did not extend the lifetime of API key {:?}", plan.name))
                .why(format!(
                    "It still expires at {expires_at}: this control plane keeps the expiry of a key."
                ))
                .fix("Remove `retain`, so that the key is replaced instead.")
                .at(ApiKey::RETAIN),
        );
    }
}

/// Returns the error for a response that lacks the key.
pub(super) fn no_secret(name: &str) -> Diag {
    Diag::error(format!("The response for API key {name:?} does not contain the key"))
        .why("The control plane returns the key itself only once, and it did not.")
        .fix("Run the command again to replace the key. If that does not help, report this as a bug in the provider.")
}

/// Returns the error for a new key whose secret is lost.
pub(super) fn lost(name: &str, error: &ApiError) -> Diag {
    calls::failed("create", name, error)
        .why("The key was created, but the response with the key itself was lost. It is in the state, and tainted.")
        .fix("Run the command again to replace it.")
}

/// Returns the error for a rotation whose response is lost.
pub(super) fn rotation_lost(name: &str, retain: Option<&Minutes>, error: &ApiError) -> Diag {
    let retain = retain.map(ToString::to_string).unwrap_or_default();
    calls::failed("rotate", name, error)
        .why(format!(
            "The key may have been rotated, but the response with the new one was lost. The key in the state stays \
             valid for {retain}."
        ))
        .fix("Run the command again within this time: it rotates the key once more, which ends the old one.")
}

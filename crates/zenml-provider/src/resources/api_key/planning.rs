//! What a plan decides about a key, and what it tells.

use jiff::Timestamp;
use tfkit::{Cx, Diag, Partial, Plan};

use super::minutes::Minutes;
use super::own::{self, End};
use super::renewal::{self, Activity, Cause, Facts};
use super::{ApiKey, Id, record, waiting};
use crate::client::Client;
use crate::control;

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
    if plan.is_create() {
        plan.set(ApiKey::READY_FOR_RENEWAL, &false);
        warn_of_idle_renewal(plan);
    }
    control::organization::plan_default(cx, plan, ApiKey::ORGANIZATION_ID).await;
    waiting::plan(cx, plan).await;
    let Some(prior) = plan.prior().cloned() else { return Ok(()) };
    let mut ends = plan.is_delete().then_some(End::Deleted);
    if plan.is_update() {
        record::note_activity(cx, plan.changes(ApiKey::ACTIVE))?;
        ends = renew(cx, plan, &prior);
        let deactivates = plan.changes(ApiKey::ACTIVE) && plan.get(ApiKey::ACTIVE).known() == Some(false);
        ends = ends.or(deactivates.then_some(End::Deactivated));
    }
    if let (Some(end), Some(client), Some(Id(id))) = (ends, cx.client_if_known(), prior.id.as_ref())
        && let Err(refused) = own::refuse(client, *id, &prior.name, end)
    {
        plan.error(refused);
    }
    Ok(())
}

/// Plans a replacement or a rotation if there is a reason. Returns what ends the key, if anything does.
fn renew(cx: &Cx<Client>, plan: &mut Plan<ApiKey>, prior: &ApiKey) -> Option<End> {
    let is_ours = record::is_ours(cx);
    let moves = plan.changes(ApiKey::SERVICE_ACCOUNT_ID) || plan.changes(ApiKey::ORGANIZATION_ID);
    if plan.changes(ApiKey::EXPIRES_IN) && (is_ours || prior.expires_in.is_some()) {
        plan.requires_replace(ApiKey::EXPIRES_IN);
        return Some(End::Replaced);
    }
    if moves {
        return Some(End::Replaced);
    }
    let before = plan.get(ApiKey::RENEW_BEFORE);
    let was_ready = prior.ready_for_renewal.as_ref() == Some(&true);
    // Without a known time, the key may have to be replaced.
    let retains = plan.get(ApiKey::RETAIN).known().is_some();
    let is_in_vain = was_ready && retains && is_in_vain(cx, prior);
    let facts = Facts {
        active: Activity {
            left: record::activity(cx),
            now: *prior.active,
            planned: plan.get(ApiKey::ACTIVE).known(),
        },
        is_lost: is_ours && !prior.has_key(),
        keepers_change: keepers_change(plan, prior) && (is_ours || prior.keepers.is_some()),
        is_ready: was_ready && !before.is_null() && !is_in_vain,
    };
    let Some(cause) = facts.cause() else {
        if is_in_vain && !before.is_null() {
            warn_of_rotations_in_vain(plan, prior, before.known().as_ref());
            return None;
        }
        if was_ready {
            plan.set(ApiKey::READY_FOR_RENEWAL, &false);
        }
        warn_of_expiry(plan, prior);
        if plan.changes(ApiKey::RENEW_BEFORE) {
            warn_of_idle_renewal(plan);
        }
        return None;
    };
    let why = because(cause, prior, before.known().as_ref());
    if retains && cause != Cause::Deactivated {
        rotate(cx, plan, prior, facts, why);
        return None;
    }
    match (cause, why) {
        (Cause::Rotated, Some(why)) => {
            plan.unknown(ApiKey::LAST_ROTATED);
            plan.replace_because(ApiKey::LAST_ROTATED, why);
        }
        (Cause::Expires, Some(why)) => {
            plan.unknown(ApiKey::READY_FOR_RENEWAL);
            plan.replace_because(ApiKey::READY_FOR_RENEWAL, why);
        }
        (Cause::Deactivated, Some(why)) => plan.replace_because(ApiKey::ACTIVE, why),
        _ => plan.requires_replace(ApiKey::KEEPERS),
    }
    Some(if retains { End::Replaced } else { End::ReplacedWithoutRetain })
}

/// Returns whether the plan changes the `keepers`, or may change them. None are the same as empty ones.
fn keepers_change(plan: &Plan<ApiKey>, prior: &ApiKey) -> bool {
    let keepers = plan.get(ApiKey::KEEPERS);
    keepers.is_unknown() || keepers.known().unwrap_or_default() != prior.keepers.clone().unwrap_or_default()
}

/// Plans a rotation in place.
fn rotate(cx: &Cx<Client>, plan: &mut Plan<ApiKey>, prior: &ApiKey, facts: Facts, why: Option<String>) {
    plan.unknown(ApiKey::KEY);
    plan.unknown(ApiKey::LAST_ROTATED);
    plan.unknown(ApiKey::EXPIRES_AT);
    plan.unknown(ApiKey::READY_FOR_RENEWAL);
    let name = &prior.name;
    if let Some(why) = why {
        plan.warn(Diag::warning(format!("The API key {name:?} will be rotated")).why(why).at(ApiKey::KEY));
    }
    if let Some(client) = cx.client_if_known()
        && let Err(refused) = own::refuse_another_rotation(client, prior, facts.is_lost)
    {
        plan.error(refused);
    }
}

/// Returns the reason for a renewal that the configuration does not show.
fn because(cause: Cause, prior: &ApiKey, before: Option<&Minutes>) -> Option<String> {
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
            let before = before.map_or_else(|| "not known yet".to_owned(), ToString::to_string);
            format!("The key expires at {}, and renew_before is {before}.", at(prior.expires_at.as_ref()))
        }
    })
}

/// Warns about a key that has expired and is not renewed.
fn warn_of_expiry(plan: &mut Plan<ApiKey>, prior: &ApiKey) {
    let Some(expires_at) = prior.expires_at.as_ref().and_then(Option::as_deref) else { return };
    let name = &prior.name;
    if renewal::expires_within(expires_at, 0, Timestamp::now()) {
        plan.warn(
            Diag::warning(format!("The API key {name:?} has expired"))
                .why(format!("It expired at {expires_at}, and nobody can log in with it."))
                .fix("To renew keys before they expire, set renew_before. To replace this one, change keepers.")
                .at(ApiKey::EXPIRES_AT),
        );
    }
}

/// Returns whether the last rotation of a key left its expiry as it is. Another one would only end the retained key.
fn is_in_vain(cx: &Cx<Client>, prior: &ApiKey) -> bool {
    let expires_at = prior.expires_at.as_ref().and_then(Option::as_deref);
    expires_at.is_some_and(|expires_at| record::is_kept_expiry(cx, expires_at))
}

/// Warns about a key that is due for a renewal that a rotation cannot bring.
fn warn_of_rotations_in_vain(plan: &mut Plan<ApiKey>, prior: &ApiKey, before: Option<&Minutes>) {
    let name = &prior.name;
    let why = because(Cause::Expires, prior, before).unwrap_or_default();
    plan.warn(
        Diag::warning(format!("The API key {name:?} is due for renewal, but is not rotated again"))
            .why(why)
            .why("The last rotation did not change the expiry: this control plane keeps the expiry of a key.")
            .fix("Remove `retain`, so that the key is replaced instead.")
            .at(ApiKey::RETAIN),
    );
}

/// Warns about a time for renewal if the key does not expire.
fn warn_of_idle_renewal(plan: &mut Plan<ApiKey>) {
    let expires = plan.prior().is_some_and(|prior| prior.expires_at.as_ref().is_some_and(Option::is_some));
    if plan.get(ApiKey::RENEW_BEFORE).known().is_some() && plan.get(ApiKey::EXPIRES_IN).is_null() && !expires
    {
        plan.warn(
            Diag::warning("renew_before has no effect")
                .why("The key does not expire, because expires_in is not set.")
                .fix("Set expires_in, or remove renew_before.")
                .at(ApiKey::RENEW_BEFORE),
        );
    }
}

//! The plan of all objects of a workspace.

use tfkit::model::Token;
use tfkit::{Computed, Cx, Diag, Plan};

use super::object::{IdOf, InWorkspace};
use super::scope;
use super::write::moves_in;
use crate::client::Client;
use crate::succession::unfinished;

pub(crate) async fn plan<T: InWorkspace>(cx: &Cx<Client>, plan: &mut Plan<T>) -> Result<(), Diag> {
    scope::plan_home(cx, plan, T::WORKSPACE_ID).await?;
    T::plan(cx, plan).await?;
    if plan.is_update() {
        keep_last_update(cx, plan)?;
    }
    Ok(())
}

/// Keeps the time of the last update, unless there is something to send.
fn keep_last_update<T: InWorkspace>(cx: &Cx<Client>, plan: &mut Plan<T>) -> Result<(), Diag> {
    let updated: Token<T, Computed<String>> = Token::new("updated");
    if !plan.planned().object().as_map().is_some_and(|all| all.contains_key(updated.name())) {
        return Ok(());
    }
    if unfinished::<IdOf<T>>(cx).is_some() {
        // The apply finishes a replacement, which a server may count as an update.
        plan.unknown(updated);
    } else if let (Some(prior), Some(wanted)) = (plan.prior(), plan.wanted())
        && !moves_in(prior, &wanted)
        && T::change(prior, &wanted)?.is_none()
    {
        plan.keep(updated);
    }
    Ok(())
}

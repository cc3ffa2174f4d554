//! Creates, changes and deletes workspaces, which the control plane does in the background.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tfkit::model::Operation;
use tfkit::{Cx, Diag, Existing, OrServer, Since};
use zenml_api::control::workspace::{
    self as api, CreateQuery, ServiceConfiguration, UpdateQuery, WorkspaceCreate, WorkspaceStatus,
    WorkspaceUpdate, ZenmlServiceRequest,
};
use zenml_api::{IdOrName, OrganizationId, Patch, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use super::model::{Workspace, configured_version, is_same_version, running_version};
use super::refused;
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::wait;

/// Reads the current workspace. A deleted workspace that is still listed counts as not found.
pub(super) async fn look(
    client: &Client,
    which: IdOrName<WorkspaceId>,
) -> Result<Option<api::Workspace>, Diag> {
    let name = which.to_string();
    let found = client.control_plane()?.call(&api::GET, which).await.optional();
    let found = found.map_err(|error| failed("read", &name, &error))?;
    Ok(found.filter(|found| found.status != WorkspaceStatus::Deleted))
}

/// Creates the workspace. An existing one with the same name is never taken over, except after a lost response, if it
/// did not exist before.
pub(super) async fn create(
    client: &Client,
    organization: OrganizationId,
    plan: &Workspace,
) -> Result<api::Workspace, Diag> {
    let by_name = || IdOrName::Name(plan.name.clone());
    if let Some(existing) = look(client, by_name()).await? {
        return Err(name_is_taken(&plan.name, organization, Some(&existing)));
    }
    let query = CreateQuery { enroll: (!*plan.is_managed).then_some(true), ..CreateQuery::default() };
    let new = request(organization, plan);
    let sent = refused::of_create(&new);
    let answer = client.control_plane()?.send(&api::CREATE, (), query, Some(new)).await;
    let exists = |existing: Option<&api::Workspace>| name_is_taken(&plan.name, organization, existing);
    creation::outcome(answer, look(client, by_name()), exists, |error| {
        refused::point(failed("create", &plan.name, error), &sent, error)
    })
    .await
}

fn request(organization: OrganizationId, plan: &Workspace) -> WorkspaceCreate {
    WorkspaceCreate {
        name: plan.name.clone(),
        display_name: plan.display_name.as_ref().cloned(),
        description: plan.description.clone().filter(|text| !text.is_empty()),
        logo_url: plan.logo_url.clone().filter(|text| !text.is_empty()),
        organization_id: Some(organization),
        is_managed: Some(*plan.is_managed),
        zenml_service: plan.version.as_ref().map(|version| version_request(version)),
        tags: plan.tags.as_ref().map(|tags| tags.iter().cloned().collect()),
        metadata: plan.metadata.clone(),
        ..WorkspaceCreate::default()
    }
}

fn version_request(version: &str) -> ZenmlServiceRequest {
    let configuration =
        ServiceConfiguration { version: Some(version.to_owned()), ..ServiceConfiguration::default() };
    ZenmlServiceRequest { configuration }
}

/// Returns the update from the state to the plan.
pub(super) fn change(prior: &Workspace, plan: &Workspace) -> WorkspaceUpdate {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let tags =
        |workspace: &Workspace| workspace.tags.as_ref().map(|tags| tags.iter().cloned().collect::<Vec<_>>());
    let new =
        |planned: Option<&String>, prior: Option<&String>| planned.filter(|_| planned != prior).cloned();
    WorkspaceUpdate {
        display_name: new(plan.display_name.as_ref(), prior.display_name.as_ref()),
        description: Patch::between(text(&prior.description).as_ref(), text(&plan.description)),
        logo_url: Patch::between(text(&prior.logo_url).as_ref(), text(&plan.logo_url)),
        desired_state: new(plan.desired_state.as_ref(), prior.desired_state.as_ref())
            .map(|state| WorkspaceStatus::parse(&state)),
        zenml_service: new(plan.version.as_ref(), prior.version.as_ref())
            .map(|version| version_request(&version)),
        tags: Patch::between(tags(prior).as_ref(), tags(plan)),
        metadata: Patch::between(prior.metadata.as_ref(), plan.metadata.clone()),
        ..WorkspaceUpdate::default()
    }
}

/// Sends an update.
pub(super) async fn patch(
    client: &Client,
    id: WorkspaceId,
    name: &str,
    change: WorkspaceUpdate,
) -> Result<api::Workspace, Diag> {
    let sent = refused::of_update(&change);
    let changed = client.control_plane()?.send(&api::UPDATE, id, UpdateQuery::default(), change).await;
    changed.map_err(|error| refused::point(failed("change", name, &error), &sent, &error))
}

/// How many times in a row a workspace must not be found before it counts as gone, over several seconds: all parts of
/// a control plane may take a moment to know a new workspace.
const MISSES: u32 = 8;

/// Waits until a workspace, last read as `seen`, is in a state. A failure of the workspace is an error. If the wait
/// ends while the control plane is still working on it, that is a warning: an error would taint a new workspace, and
/// the next apply would destroy it.
pub(super) async fn settled(
    cx: &Cx<Client>,
    plan: &Workspace,
    seen: api::Workspace,
    wanted: &WorkspaceStatus,
) -> Result<Workspace, Diag> {
    let client = cx.client().await?;
    let id = seen.id;
    let last = Mutex::new(seen);
    let misses = AtomicU32::new(0);
    let (last, misses) = (&last, &misses);
    let outcome = wait::until(cx, || async move {
        let Some(found) = look(client, id.into()).await? else {
            let in_a_row = misses.fetch_add(1, Ordering::Relaxed) + 1;
            return Ok((in_a_row >= MISSES).then_some(Outcome::Vanished));
        };
        misses.store(0, Ordering::Relaxed);
        cx.progress(format_args!("workspace {} is {}", plan.name, found.status));
        let is_over = found.status == WorkspaceStatus::Failed || is_settled(&found, wanted);
        *last.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(is_over.then_some(Outcome::Over))
    });
    let ended = match outcome.await {
        Ok(Some(Outcome::Vanished)) => return Err(vanished(&plan.name)),
        Ok(Some(Outcome::Over)) => None,
        Ok(None) => Some("the timeout expired".to_owned()),
        Err(_) if cx.stopped() => Some("the run was interrupted".to_owned()),
        Err(diag) => Some(format!("its status could not be read ({})", diag.summary)),
    };
    control::workspace::forget(client, id);
    let found = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(ended) = ended {
        cx.warn(still_working(&plan.name, &found, wanted, &ended));
    }
    let model = Workspace::seen(&found, &Since::Answer(plan));
    if found.status == WorkspaceStatus::Failed {
        // A new workspace that never ran is empty.
        if cx.operation() == Operation::Create && *wanted == WorkspaceStatus::Available {
            cx.save_broken(&model);
        } else {
            cx.save(&model);
        }
        return Err(broken(&plan.name, &found.state_reason));
    }
    let running = running_version(&found);
    if let (Some(running), Some(asked)) = (&running, model.version.as_ref())
        && found.status == WorkspaceStatus::Available
        && !is_same_version(running, asked)
    {
        let summary = format!("Workspace {:?} runs version {running} instead of {asked}", plan.name);
        if let Some(kept) = configured_version(&found).filter(|kept| !is_same_version(kept, asked)) {
            // The next plan shows the change again.
            cx.save(&Workspace { version: OrServer::known(kept), ..model });
            return Err(went_back(summary, &found.state_reason));
        }
        cx.warn(runs_another(summary, &found.state_reason));
    }
    Ok(model)
}

fn went_back(summary: String, reason: &str) -> Diag {
    Diag::error(summary)
        .why("The control plane tried the version, and went back.")
        .why(because(reason))
        .fix("Nothing is lost. Fix the cause and apply again, or set version to the one that runs.")
        .at(Workspace::VERSION)
}

fn runs_another(summary: String, reason: &str) -> Diag {
    let diag = Diag::warning(summary).why(
        "The control plane accepted the version but reports another one. The upgrade may still be in progress, or the \
         version may not exist.",
    );
    let diag = if reason.is_empty() { diag } else { diag.why(because(reason)) };
    diag.fix("Check running_version later, or set version to one that the control plane offers.")
        .at(Workspace::VERSION)
}

/// Waits until a workspace can be changed. A control plane rejects a change while another one is in progress.
pub(super) async fn idle(cx: &Cx<Client>, id: WorkspaceId, name: &str) -> Result<(), Diag> {
    let client = cx.client().await?;
    let told = AtomicBool::new(false);
    let told = &told;
    wait::until(cx, || async move {
        let found = look(client, id.into()).await?;
        if !told.swap(true, Ordering::Relaxed) {
            cx.progress(format_args!("Workspace {name:?} waits for a change that is in progress"));
        }
        Ok(found.is_none_or(|found| found.status != WorkspaceStatus::Pending).then_some(()))
    })
    .await
    .map(|_| ())
}

/// How a wait ended before the timeout.
enum Outcome {
    /// The workspace is in a final state.
    Over,
    /// The workspace no longer exists.
    Vanished,
}

/// Returns whether the workspace is in a final state. A running workspace must also have an address.
pub(super) fn is_settled(found: &api::Workspace, wanted: &WorkspaceStatus) -> bool {
    found.status == *wanted && (*wanted != WorkspaceStatus::Available || found.server_url().is_some())
}

/// Deletes the workspace and waits until it is gone.
pub(super) async fn remove(
    cx: &Cx<Client>,
    organization: OrganizationId,
    id: WorkspaceId,
    name: &str,
) -> Result<(), Diag> {
    let client = cx.client().await?;
    let accepted = client.control_plane()?.call(&api::DELETE, id).await.optional();
    let accepted = accepted.map_err(|error| failed("delete", name, &error))?;
    control::workspace::forget(client, id);
    if accepted.is_none() {
        return control::organization::gone_from(client, organization, &format!("the workspace {name:?}"))
            .await;
    }
    let absent = wait::until(cx, || async move {
        match look(client, id.into()).await? {
            // A completely deleted workspace can remain listed as one that was never deployed.
            None => Ok(Some(Ok(()))),
            Some(found) if found.status == WorkspaceStatus::NotInitialized => Ok(Some(Ok(()))),
            Some(found) if found.status == WorkspaceStatus::Failed => Ok(Some(Err(found.state_reason))),
            Some(_) => Ok(None),
        }
    });
    match absent.await? {
        Some(Ok(())) => Ok(()),
        Some(Err(reason)) => Err(Diag::error(format!("Workspace {name:?} could not be deleted"))
            .why(because(&reason))
            .fix("Run the command again. If it still fails, contact the operator of the control plane.")),
        None => Err(Diag::error(format!("Workspace {name:?} is still being deleted"))
            .why("The control plane accepted the deletion, but it takes longer than the timeout.")
            .fix("Run the command again later, or set a longer `timeouts.delete`.")
            .at(Workspace::TIMEOUTS)),
    }
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} workspace {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

fn name_is_taken(name: &str, organization: OrganizationId, existing: Option<&api::Workspace>) -> Diag {
    let diag = Diag::error(format!("The workspace name {name:?} is taken")).at(Workspace::NAME);
    let unique = "Workspace names must be unique across all ZenML Pro organizations";
    match existing {
        Some(existing) if existing.organization.id == organization => diag
            .why(format!("{unique}, and this organization already has a workspace with this name."))
            .in_the_way(Existing {
                words: "workspace",
                resource: "zenml_workspace",
                id: existing.id.to_string(),
                import: existing.id.to_string(),
            })
            .fix("To create another one, choose another name."),
        Some(existing) => diag
            .why(format!(
                "{unique}, and the organization {:?} ({}) has a workspace with this name. The configuration \
                 creates the new one in {organization}.",
                existing.organization.name, existing.organization.id
            ))
            .fix("Choose another name, for example one that begins with the name of the organization."),
        None => diag
            .why(format!("{unique}, and a workspace that this key has no access to has this name."))
            .fix("Choose another name, for example one that begins with the name of the organization."),
    }
}

fn vanished(name: &str) -> Diag {
    Diag::error(format!("Workspace {name:?} disappeared"))
        .why("The control plane no longer finds it. Somebody may have deleted it.")
        .fix("Run the command again to re-create it.")
}

fn broken(name: &str, reason: &str) -> Diag {
    Diag::error(format!("Workspace {name:?} failed"))
        .why(because(reason))
        .fix(
            "The workspace is in the state. Fix the cause and apply again. A workspace that never became \
             available is then replaced.",
        )
        .at(Workspace::NAME)
}

fn still_working(name: &str, found: &api::Workspace, wanted: &WorkspaceStatus, ended: &str) -> Diag {
    let reason = if found.state_reason.is_empty() { "" } else { ": " };
    Diag::warning(format!("Workspace {name:?} is {}, not yet {wanted}", found.status))
        .why(format!("The control plane is still working on it, but {ended}{reason}{}.", found.state_reason))
        .fix("Nothing is lost: apply again to continue. To wait longer, set `timeouts.create`.")
        .at(Workspace::TIMEOUTS)
}

pub(super) fn because(reason: &str) -> String {
    match reason {
        "" => "The control plane did not say why.".to_owned(),
        reason => format!("The control plane says: {reason}"),
    }
}

//! The actions `zenml_activate_workspace` and `zenml_deactivate_workspace`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tfkit::timeouts::{Invoke, Timeouts};
use tfkit::{Action, Cx, Diag, Model};
use zenml_api::WorkspaceId;
use zenml_api::control::workspace::{self as api, WorkspaceStatus, WorkspaceUpdate};

use super::TIMEOUT;
use super::deploy::{self, because, is_settled};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::wait;

/// Deactivates a workspace, and waits until its server has stopped.
///
/// A deactivated workspace keeps everything in it, and can be activated again. If a resource `zenml_workspace` sets
/// `desired_state` to `available`, the next apply activates it.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "deactivate_workspace", kind = action, since = "3.1.0", category = "ZenML Pro")]
#[model(needs = Needs::ORGANIZATION_ADMIN.text())]
pub struct DeactivateWorkspace {
    /// ID of the workspace.
    pub workspace_id: Id<WorkspaceId>,
    /// Time limits.
    pub timeouts: Option<Timeouts<(Invoke,)>>,
}

/// Activates a deactivated workspace, and waits until its server is available.
///
/// If a resource `zenml_workspace` sets `desired_state` to `deactivated`, the next apply deactivates it.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "activate_workspace", kind = action, since = "3.1.0", category = "ZenML Pro")]
#[model(needs = Needs::ORGANIZATION_ADMIN.text())]
pub struct ActivateWorkspace {
    /// ID of the workspace.
    pub workspace_id: Id<WorkspaceId>,
    /// Time limits.
    pub timeouts: Option<Timeouts<(Invoke,)>>,
}

impl Action for DeactivateWorkspace {
    type Model = Self;
    type Client = Client;

    async fn invoke(cx: &Cx<Client>, config: Self) -> Result<(), Diag> {
        switch(cx, config.workspace_id.0, Switch::Off).await
    }

    fn timeout() -> Duration {
        TIMEOUT
    }
}

impl Action for ActivateWorkspace {
    type Model = Self;
    type Client = Client;

    async fn invoke(cx: &Cx<Client>, config: Self) -> Result<(), Diag> {
        switch(cx, config.workspace_id.0, Switch::On).await
    }

    fn timeout() -> Duration {
        TIMEOUT
    }
}

/// A change of the state of a workspace.
#[derive(Clone, Copy)]
enum Switch {
    On,
    Off,
}

impl Switch {
    const fn status(self) -> WorkspaceStatus {
        match self {
            Self::On => WorkspaceStatus::Available,
            Self::Off => WorkspaceStatus::Deactivated,
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::On => "activate",
            Self::Off => "deactivate",
        }
    }
}

async fn switch(cx: &Cx<Client>, id: WorkspaceId, switch: Switch) -> Result<(), Diag> {
    let client = cx.client().await?;
    let wanted = switch.status();
    let before = deploy::look(client, id.into()).await?.ok_or_else(|| absent(id))?;
    let name = before.name.clone();
    if !before.is_managed {
        return Err(self_run(&name, switch));
    }
    if is_settled(&before, &wanted) && before.desired_state == wanted {
        cx.warn(
            Diag::warning(format!("Workspace {name:?} is already {wanted}"))
                .why("The action changed nothing."),
        );
        return Ok(());
    }
    if before.status == WorkspaceStatus::Pending {
        deploy::idle(cx, id, &name).await?;
    }
    let change = WorkspaceUpdate { desired_state: Some(wanted.clone()), ..WorkspaceUpdate::default() };
    let changed = deploy::patch(client, id, &name, change).await;
    control::workspace::forget(client, id);
    cx.progress(format_args!("Workspace {name:?} is {}", changed?.status));
    let last = Mutex::new(WorkspaceStatus::Pending);
    let (shown, name_of, wanted_status) = (&last, &name, &wanted);
    let ended = wait::until(cx, || async move {
        let found = deploy::look(client, id.into()).await?.ok_or_else(|| absent(id))?;
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != found.status {
            cx.progress(format_args!("Workspace {name_of:?} is {}", found.status));
            shown.clone_from(&found.status);
        }
        let is_over = found.status == WorkspaceStatus::Failed || is_settled(&found, wanted_status);
        Ok(is_over.then_some(found))
    });
    let ended = ended.await;
    control::workspace::forget(client, id);
    match ended? {
        Some(found) if found.status == WorkspaceStatus::Failed => Err(failed(&found, switch)),
        Some(_) => Ok(()),
        None => {
            let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
            Err(Diag::error(format!("Workspace {name:?} is {last}, not yet {wanted}"))
                .why("The control plane accepted the change, but it takes longer than the timeout.")
                .fix("Nothing is lost: the control plane goes on. To wait longer, set `timeouts.invoke`."))
        }
    }
}

fn absent(id: WorkspaceId) -> Diag {
    Diag::error(format!("There is no workspace {id}"))
        .why("It does not exist, or the key has no access to it.")
        .fix("Correct workspace_id, or use a key with access to the workspace.")
        .at(DeactivateWorkspace::WORKSPACE_ID)
}

fn self_run(name: &str, switch: Switch) -> Diag {
    let verb = switch.verb();
    Diag::error(format!("Cannot {verb} workspace {name:?}: ZenML Pro does not operate it"))
        .why("Its server was enrolled and runs elsewhere, where the control plane cannot start or stop it.")
        .fix("Start or stop the server where it runs.")
        .at(DeactivateWorkspace::WORKSPACE_ID)
}

fn failed(found: &api::Workspace, switch: Switch) -> Diag {
    Diag::error(format!("Cannot {} workspace {:?}: the change failed", switch.verb(), found.name))
        .why(because(&found.state_reason))
        .fix("Run the command again. If it still fails, contact the operator of the control plane.")
}

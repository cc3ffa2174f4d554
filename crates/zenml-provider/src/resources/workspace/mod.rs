//! `zenml_workspace`: a ZenML server in an organization.

mod action;
mod data;
mod deploy;
mod list;
mod model;
mod plural;
mod refused;

use std::time::Duration;

use tfkit::model::Operation;
use tfkit::{Claim, Current, Cx, Diag, Generated, Page, Partial, Plan, Resource, Since};
use zenml_api::control::workspace::{self as api, WorkspaceStatus, WorkspaceUpdate};

pub use self::action::{ActivateWorkspace, DeactivateWorkspace};
pub use self::data::WorkspaceData;
pub use self::list::WorkspaceFilters;
pub use self::model::{Workspace, WorkspaceKey};
pub use self::plural::WorkspacesData;
use crate::client::Client;
use crate::control;
use crate::control::workspace::Workspaces;
use crate::id::Id;
use crate::warning::warn_once;

/// Default timeout for creating, updating and deleting a workspace.
const TIMEOUT: Duration = Duration::from_mins(20);

impl Resource for Workspace {
    type Model = Self;
    type Client = Client;
    type Remote = api::Workspace;

    async fn fetch(cx: &Cx<Client>, key: &WorkspaceKey) -> Result<Option<api::Workspace>, Diag> {
        let client = cx.client().await?;
        let found = deploy::look(client, key.id.0.into()).await?;
        if found.is_none() {
            let organization = control::organization::of_key(client, key.organization_id).await?;
            control::organization::gone_from(client, organization, &format!("workspace {}", key.id)).await?;
        }
        Ok(found)
    }

    fn scope(_: &Cx<Client>, key: &WorkspaceKey) -> Option<String> {
        Some(key.organization_id.map(|id| id.to_string()).unwrap_or_default())
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<WorkspaceKey, api::Workspace>, Diag> {
        let client = cx.client().await?;
        let organization_id = scope.parse().ok().map(Id);
        let organization = control::organization::of_key(client, organization_id).await?;
        let mut workspaces = Workspaces::of(client, organization)?.from(from.unwrap_or(0));
        let page = workspaces.next().await?.unwrap_or_default();
        let item =
            |workspace: api::Workspace| (WorkspaceKey { organization_id, id: Id(workspace.id) }, workspace);
        Ok(Page { items: page.into_iter().map(item).collect(), next: workspaces.position() })
    }

    fn observe(remote: &api::Workspace, since: Since<'_, Self>) -> Result<Self, Diag> {
        Ok(Self::seen(remote, &since))
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let created = deploy::create(client, organization, &plan).await?;
        control::workspace::forget(client, created.id);
        let model = Self::seen(&created, &Since::Answer(&plan));
        cx.save(&model);
        if !created.is_managed {
            // Its server is started elsewhere, at any time.
            return Ok(model);
        }
        let id = created.id;
        let model = deploy::settled(cx, &plan, created, &WorkspaceStatus::Available).await?;
        if plan.wanted_state() == WorkspaceStatus::Available || model.state() != WorkspaceStatus::Available {
            return Ok(model);
        }
        cx.save(&model);
        let asleep = WorkspaceUpdate {
            desired_state: Some(WorkspaceStatus::Deactivated),
            ..WorkspaceUpdate::default()
        };
        let changed = deploy::patch(client, id, &plan.name, asleep).await?;
        deploy::settled(cx, &plan, changed, &WorkspaceStatus::Deactivated).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let client = cx.client().await?;
        let id = prior.id.get()?.0;
        let mut change = deploy::change(&prior, &plan);
        if is_tried_again(&prior) {
            change.desired_state = Some(plan.wanted_state());
        }
        if change == WorkspaceUpdate::default() {
            // Only attributes that the control plane does not have changed: there is nothing to send.
            return Ok(Self {
                display_name: plan.display_name.or_prior(prior.display_name),
                version: plan.version.or_prior(prior.version),
                desired_state: plan.desired_state.or_prior(prior.desired_state),
                url: plan.url.or_prior(prior.url),
                server_url: plan.server_url.or_prior(prior.server_url),
                running_version: plan.running_version.or_prior(prior.running_version),
                status: plan.status.or_prior(prior.status),
                enrollment_key: plan.enrollment_key.or_prior(prior.enrollment_key),
                updated: plan.updated.or_prior(prior.updated),
                ..plan
            });
        }
        if prior.state() == WorkspaceStatus::Pending && *prior.is_managed {
            deploy::idle(cx, id, &prior.name).await?;
        }
        let waits = change.desired_state.is_some() || change.zenml_service.is_some();
        let changed = deploy::patch(client, id, &plan.name, change).await?;
        control::workspace::forget(client, id);
        let model = Self::seen(&changed, &Since::Answer(&plan));
        cx.save(&model);
        if waits && *plan.is_managed {
            deploy::settled(cx, &plan, changed, &plan.wanted_state()).await
        } else {
            Ok(model)
        }
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        if prior.deletion_protection == Some(true) {
            return Err(protected(&prior.name));
        }
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        deploy::remove(cx, organization, prior.id.get()?.0, &prior.name).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let name = values.get(Self::NAME).known()?;
        Some(Claim::new(format!("workspace {name:?}"), &[&name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let replaced =
            plan.changes(Self::NAME) || plan.changes(Self::ORGANIZATION_ID) || plan.changes(Self::IS_MANAGED);
        if let Some(prior) = plan.prior()
            && prior.deletion_protection == Some(true)
            && (plan.is_delete() || replaced)
        {
            let refused = protected(&prior.name);
            plan.error(refused);
        }
        if plan.is_delete() {
            return Ok(());
        }
        if !replaced && plan.prior().is_some_and(is_tried_again) {
            plan.unknown(Self::STATUS);
            plan.unknown(Self::SERVER_URL);
            plan.unknown(Self::RUNNING_VERSION);
        }
        warn_of_what_is_not_stored(cx, plan);
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    fn timeout(_: Operation) -> Duration {
        TIMEOUT
    }
}

/// Whether the next apply starts a workspace again, or stops it: the control plane failed to, and the cause may be gone.
fn is_tried_again(prior: &Workspace) -> bool {
    *prior.is_managed && prior.state() == WorkspaceStatus::Failed
}

fn protected(name: &str) -> Diag {
    Diag::error(format!("Workspace {name:?} is protected from deletion"))
        .why("Deleting a workspace deletes everything in it, and deletion_protection is true in the state.")
        .fix("To delete the workspace, first apply:\n  deletion_protection = false")
        .at(Workspace::DELETION_PROTECTION)
}

/// Warns once that ZenML does not store tags and metadata.
fn warn_of_what_is_not_stored(cx: &Cx<Client>, plan: &mut Plan<Workspace>) {
    let writes = |given: bool, changes: bool| given && (plan.is_create() || changes);
    let tags = writes(!plan.config().get(Workspace::TAGS).is_null(), plan.changes(Workspace::TAGS));
    let metadata =
        writes(!plan.config().get(Workspace::METADATA).is_null(), plan.changes(Workspace::METADATA));
    let (what, place) = match (tags, metadata) {
        (false, false) => return,
        (true, false) => ("Tags", Workspace::TAGS.path()),
        (false, true) => ("Metadata", Workspace::METADATA.path()),
        (true, true) => ("Tags and metadata", Workspace::TAGS.path()),
    };
    warn_once(cx, "workspace tags", || {
        Diag::warning(format!("{what} of workspaces are stored only in the Terraform state"))
            .why("The provider sends them, but the control plane does not store them yet.")
            .at(place)
    });
}

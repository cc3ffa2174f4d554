//! `zenml_workspace`: a ZenML server of its own inside an organization.

mod data;
mod deploy;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tfkit::model::Operation;
use tfkit::timeouts::{Create, Delete, Timeouts, Update};
use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, Model, OrDefault, OrServer, Partial, Plan, Resource, Secret,
    Since,
};
use zenml_api::control::workspace::{self as api, WorkspaceStatus, WorkspaceUpdate};
use zenml_api::{OrganizationId, WorkspaceId};

use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::warning::warn_once;

pub use data::WorkspaceData;

/// How long a workspace may take to be deployed, changed or removed when the configuration does not say.
const TIMEOUT: Duration = Duration::from_mins(20);

/// A workspace of ZenML Pro: a ZenML server that belongs to an organization.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "workspace")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct Workspace {
    /// ID of the organization that the workspace belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the workspace.
    #[attr(key, stable)]
    pub id: Computed<Id<WorkspaceId>>,
    /// Name of the workspace, unique across all organizations of ZenML Pro. You can change the `display_name` in place,
    /// but not the name.
    #[attr(replace, check = length(1..=50), check = pattern(NAME_RULE, is_name))]
    pub name: String,
    /// Display name. Default: `name`.
    #[attr(check = length(1..=50))]
    pub display_name: OrServer<String>,
    /// Description of the workspace.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// URL of the logo.
    #[attr(same = empty_is_null)]
    pub logo_url: Option<String>,
    /// Whether ZenML Pro operates the workspace. With `false`, you operate the server yourself and enroll it with
    /// `enrollment_key`; the provider does not wait for it.
    #[attr(replace, default = true)]
    pub is_managed: OrDefault<bool>,
    /// ZenML version that the workspace should run, such as `0.98.0`. Default: the newest version at creation; later
    /// upgrades outside of Terraform are left alone. `running_version` is the version that actually runs.
    #[attr(same = same_version, check = non_empty())]
    pub version: OrServer<String>,
    /// State that the workspace should be in. A workspace that is `deactivated` keeps its data.
    #[attr(check = in_plan(one_of(&["available", "deactivated"])))]
    pub desired_state: OrServer<String>,
    /// Whether the provider refuses to delete the workspace. Deleting a workspace deletes everything in it. Default:
    /// `false`. The value in the state decides: set it to `false` in one apply, and delete the workspace in the next.
    pub deletion_protection: Option<bool>,
    /// Tags of the workspace. ZenML does not store workspace tags yet: they exist only in the Terraform state.
    pub tags: Option<BTreeSet<String>>,
    /// Metadata of the workspace. ZenML does not store workspace metadata yet: it exists only in the Terraform state.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Time limits for creating, updating and deleting the workspace.
    pub timeouts: Option<Timeouts<(Create, Update, Delete)>>,
    /// URL of the workspace, the same as `server_url`. Null while the workspace does not run.
    pub url: Computed<Option<String>>,
    /// URL of the workspace's server, as `zenml login` and the server's API take it. Null while the workspace does not
    /// run.
    pub server_url: Computed<Option<String>>,
    /// ZenML version that the workspace runs. It differs from `version` during an upgrade, or if the control plane runs
    /// another version than requested. Null while the workspace does not run.
    pub running_version: Computed<Option<String>>,
    /// Status of the workspace: `pending`, `available`, `deactivated` or `failed`.
    pub status: Computed<String>,
    /// Key that enrolls the server of a workspace that you operate yourself. Available only if Terraform created the
    /// workspace.
    #[attr(stable)]
    pub enrollment_key: Computed<Option<Secret<String>>>,
    /// When the workspace was created.
    #[attr(stable)]
    pub created: Computed<Option<String>>,
    /// When the workspace was last updated.
    pub updated: Computed<Option<String>>,
}

const NAME_RULE: &str =
    "consist of lower-case letters, digits and hyphens, and begin and end with a letter or digit";

fn is_name(name: &str) -> bool {
    let fits =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    name.is_empty() || (name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-'))
}

impl Resource for Workspace {
    type Model = Self;
    type Client = Client;
    type Remote = api::Workspace;

    async fn fetch(cx: &Cx<Client>, key: &WorkspaceKey) -> Result<Option<api::Workspace>, Diag> {
        let client = cx.client().await?;
        let found = deploy::look(client, key.id.0.into()).await?;
        if found.is_none() {
            let organization = match key.organization_id {
                Some(Id(organization)) => organization,
                None => control::organization::default(client).await?.id,
            };
            control::organization::gone_from(client, organization, &format!("workspace {}", key.id)).await?;
        }
        Ok(found)
    }

    fn observe(remote: &api::Workspace, since: Since<'_, Self>) -> Result<Self, Diag> {
        let known = since.model();
        let server_url = remote.server_url().map(str::to_owned);
        let enrollment_key = match &remote.enrollment_key {
            Some(key) => Some(Secret::new(key.expose().clone())),
            None => known.and_then(|known| known.enrollment_key.clone().into_option().flatten()),
        };
        Ok(Self {
            organization_id: OrServer::known(Id(remote.organization.id)),
            id: Computed::known(Id(remote.id)),
            name: remote.name.clone(),
            display_name: OrServer::known(remote.display_name.clone().unwrap_or_else(|| remote.name.clone())),
            description: remote.description.clone(),
            logo_url: remote.logo_url.clone(),
            is_managed: OrDefault(remote.is_managed),
            version: OrServer::from_option(wanted_version(remote, &since)),
            desired_state: match &since {
                // A control plane takes it over in its own time, which is seen by the next read.
                Since::Answer(Self { desired_state, .. }) if desired_state.as_ref().is_some() => {
                    desired_state.clone()
                }
                _ => OrServer::known(remote.desired_state.as_str().to_owned()),
            },
            deletion_protection: known.and_then(|known| known.deletion_protection),
            tags: match &remote.tags {
                Some(tags) => Some(tags.iter().cloned().collect()),
                None => known.and_then(|known| known.tags.clone()),
            },
            metadata: match &remote.metadata {
                Some(metadata) => Some(metadata.clone()),
                None => known.and_then(|known| known.metadata.clone()),
            },
            timeouts: known.and_then(|known| known.timeouts.clone()),
            url: Computed::known(server_url.clone()),
            server_url: Computed::known(server_url),
            running_version: Computed::known(running_version(remote)),
            status: Computed::known(remote.status.as_str().to_owned()),
            enrollment_key: Computed::known(enrollment_key),
            created: Computed::known(remote.created.as_ref().map(ToString::to_string)),
            updated: Computed::known(remote.updated.as_ref().map(ToString::to_string)),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let made = deploy::make(client, organization, &plan).await?;
        control::workspace::forget(client, made.id);
        let model = Self::observe(&made, Since::Answer(&plan))?;
        cx.save(&model);
        if !made.is_managed {
            // Somebody else starts its server, at any time.
            return Ok(model);
        }
        let id = made.id;
        let model = deploy::settled(cx, &plan, made, &WorkspaceStatus::Available).await?;
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
        let change = deploy::change(&prior, &plan);
        if change == WorkspaceUpdate::default() {
            // Only what the control plane does not know has changed: there is nothing to send.
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
        let model = Self::observe(&changed, Since::Answer(&plan))?;
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
        deploy::remove(cx, prior.id.get()?.0, &prior.name).await
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
        // What only the user sets stays when another attribute changes.
        for token in [Self::DISPLAY_NAME, Self::DESIRED_STATE, Self::VERSION] {
            if plan.config().get(token).is_null() {
                plan.keep(token);
            }
        }
        // It comes with the creation or never.
        plan.keep(Self::ENROLLMENT_KEY);
        let sends = plan.changes(Self::DISPLAY_NAME)
            || plan.changes(Self::DESCRIPTION)
            || plan.changes(Self::LOGO_URL)
            || plan.changes(Self::DESIRED_STATE)
            || plan.changes(Self::TAGS)
            || plan.changes(Self::METADATA)
            || plan.changes(Self::VERSION);
        if !sends && !replaced {
            // A time-out or the protection changes nothing on the server.
            plan.keep(Self::URL);
            plan.keep(Self::SERVER_URL);
            plan.keep(Self::RUNNING_VERSION);
            plan.keep(Self::STATUS);
            plan.keep(Self::UPDATED);
        }
        warn_of_what_is_not_stored(cx, plan);
        Ok(())
    }

    fn timeout(_: Operation) -> Duration {
        TIMEOUT
    }
}

impl Workspace {
    /// What the workspace shall be doing; running, unless the user says otherwise.
    fn wanted_state(&self) -> WorkspaceStatus {
        self.desired_state.as_ref().map_or(WorkspaceStatus::Available, |state| WorkspaceStatus::parse(state))
    }

    /// What the workspace is doing.
    fn state(&self) -> WorkspaceStatus {
        self.status.as_ref().map_or(WorkspaceStatus::Pending, |state| WorkspaceStatus::parse(state))
    }
}

/// The version that runs.
fn running_version(workspace: &api::Workspace) -> Option<String> {
    workspace.zenml_service.as_ref()?.status.as_ref()?.version.clone()
}

/// The version that the control plane was asked for, where it tells.
fn configured_version(workspace: &api::Workspace) -> Option<String> {
    workspace.zenml_service.as_ref()?.configuration.as_ref()?.version.clone()
}

/// The version that shall run: what was just asked for; else what the control plane was asked for, or the state says. What
/// runs says nothing about that, but where nobody has asked for anything.
fn wanted_version(workspace: &api::Workspace, since: &Since<'_, Workspace>) -> Option<String> {
    let known = || since.model().and_then(|known| known.version.as_ref().cloned());
    let asked = match since {
        Since::Answer(_) => known().or_else(|| configured_version(workspace)),
        Since::State(_) | Since::Import(_) => configured_version(workspace).or_else(known),
    };
    asked.or_else(|| running_version(workspace))
}

/// Spellings of one version: `0.98` and `v0.98.0` are the same.
fn same_version(one: &Dyn, other: &Dyn) -> bool {
    let (Some(one), Some(other)) = (one.as_str(), other.as_str()) else { return one == other };
    is_same_version(one, other)
}

fn is_same_version(one: &str, other: &str) -> bool {
    fn short(mut version: &str) -> &str {
        version = version.strip_prefix('v').unwrap_or(version);
        while let Some(shorter) = version.strip_suffix(".0") {
            version = shorter;
        }
        version
    }
    short(one) == short(other)
}

fn protected(name: &str) -> Diag {
    Diag::error(format!("Workspace {name:?} is protected from deletion"))
        .why("Deleting a workspace deletes everything in it, and deletion_protection is true in the state.")
        .fix("To delete the workspace, first apply:\n  deletion_protection = false")
        .at(Workspace::DELETION_PROTECTION)
}

/// Tags and metadata would be easily taken for something that ZenML knows, so the plan that writes them says so, once.
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

//! The model of a workspace, and its conversion from the control plane's responses.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tfkit::timeouts::{Create, Delete, Timeouts, Update};
use tfkit::{Computed, Dyn, Model, OrDefault, OrServer, Secret, Since};
use zenml_api::control::workspace::{self as api, WorkspaceStatus};
use zenml_api::{OrganizationId, WorkspaceId};

use crate::failure::Needs;
use crate::id::Id;

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
    #[attr(stable, check = length(1..=50))]
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
    #[attr(stable, same = same_version, check = non_empty(), check = in_plan(pattern(VERSION_RULE, is_version)))]
    pub version: OrServer<String>,
    /// State that the workspace should be in. A workspace that is `deactivated` keeps its data.
    #[attr(stable, check = in_plan(one_of(&["available", "deactivated"])))]
    pub desired_state: OrServer<String>,
    /// Whether the provider refuses to delete the workspace. Deleting a workspace deletes everything in it. Default:
    /// `false`. The value in the state decides: set it to `false` in one apply, and delete the workspace in the next.
    #[attr(local)]
    pub deletion_protection: Option<bool>,
    /// Tags of the workspace. ZenML does not store workspace tags yet: they exist only in the Terraform state.
    pub tags: Option<BTreeSet<String>>,
    /// Metadata of the workspace. ZenML does not store workspace metadata yet: it exists only in the Terraform state.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Time limits for creating, updating and deleting the workspace.
    pub timeouts: Option<Timeouts<(Create, Update, Delete)>>,
    /// URL of the workspace, the same as `server_url`. Null while the workspace does not run.
    #[attr(depends = [SERVER_URL])]
    pub url: Computed<Option<String>>,
    /// URL of the workspace's server, as `zenml login` and the server's API take it. Null while the workspace does not
    /// run.
    #[attr(depends = [DESIRED_STATE])]
    pub server_url: Computed<Option<String>>,
    /// ZenML version that the workspace runs. It differs from `version` during an upgrade, or if the control plane runs
    /// another version than requested. Null while the workspace does not run.
    #[attr(depends = [VERSION, DESIRED_STATE])]
    pub running_version: Computed<Option<String>>,
    /// Status of the workspace: `pending`, `available`, `deactivated` or `failed`. If it is `failed`, the next apply tries
    /// again.
    #[attr(depends = [VERSION, DESIRED_STATE])]
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
    "consist of lowercase letters, digits and hyphens, and begin and end with a letter or digit";

fn is_name(name: &str) -> bool {
    let fits =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    name.is_empty() || (name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-'))
}

const VERSION_RULE: &str = "be a version, such as 0.98.0 or 0.98.0rc1";

/// Returns whether a text has the form of a version. What follows the numbers is left to the control plane.
fn is_version(version: &str) -> bool {
    let numbers = version.strip_prefix('v').unwrap_or(version);
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
    let rest = numbers.trim_start_matches(|c: char| c.is_ascii_digit());
    version.is_empty()
        || (begins(numbers) && rest.strip_prefix('.').is_some_and(begins) && numbers.chars().all(fits))
}

impl Workspace {
    /// Converts a workspace of the control plane into a model.
    pub(super) fn seen(remote: &api::Workspace, since: &Since<'_, Self>) -> Self {
        let known = since.model();
        let server_url = remote.server_url().map(str::to_owned);
        let enrollment_key = match &remote.enrollment_key {
            Some(key) => Some(Secret::new(key.expose().clone())),
            None => known.and_then(|known| known.enrollment_key.clone().into_option().flatten()),
        };
        Self {
            organization_id: OrServer::known(Id(remote.organization.id)),
            id: Computed::known(Id(remote.id)),
            name: remote.name.clone(),
            display_name: OrServer::known(remote.display_name.clone().unwrap_or_else(|| remote.name.clone())),
            description: remote.description.clone(),
            logo_url: remote.logo_url.clone(),
            is_managed: OrDefault(remote.is_managed),
            version: OrServer::from_option(wanted_version(remote, since)),
            desired_state: match since {
                // The control plane applies it later; the next read shows it.
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
        }
    }

    /// Returns the desired state: running, unless the user sets another one.
    pub(super) fn wanted_state(&self) -> WorkspaceStatus {
        self.desired_state.as_ref().map_or(WorkspaceStatus::Available, |state| WorkspaceStatus::parse(state))
    }

    /// Returns the current state of the workspace.
    pub(super) fn state(&self) -> WorkspaceStatus {
        self.status.as_ref().map_or(WorkspaceStatus::Pending, |state| WorkspaceStatus::parse(state))
    }
}

/// Returns the running version.
pub(super) fn running_version(workspace: &api::Workspace) -> Option<String> {
    workspace.zenml_service.as_ref()?.status.as_ref()?.version.clone()
}

/// Returns the requested version, if the control plane reports it.
pub(super) fn configured_version(workspace: &api::Workspace) -> Option<String> {
    workspace.zenml_service.as_ref()?.configuration.as_ref()?.version.clone()
}

/// Returns the desired version: the one just requested, otherwise the one that the control plane or the state has.
/// The running version counts only if no version was ever requested.
fn wanted_version(workspace: &api::Workspace, since: &Since<'_, Workspace>) -> Option<String> {
    let known = || since.model().and_then(|known| known.version.as_ref().cloned());
    let asked = match since {
        Since::Answer(_) => known().or_else(|| configured_version(workspace)),
        Since::State(_) | Since::Import(_) => configured_version(workspace).or_else(known),
    };
    asked.or_else(|| running_version(workspace))
}

/// Compares versions: `0.98` and `v0.98.0` are the same.
fn same_version(value: &Dyn) -> Cow<'_, Dyn> {
    match value.as_str() {
        Some(version) => Cow::Owned(Dyn::string(short(version))),
        None => Cow::Borrowed(value),
    }
}

/// Returns whether two strings are the same version.
pub(super) fn is_same_version(one: &str, other: &str) -> bool {
    short(one) == short(other)
}

/// Returns a version without what does not matter.
fn short(version: &str) -> &str {
    let mut version = version.strip_prefix('v').unwrap_or(version);
    while let Some(shorter) = version.strip_suffix(".0") {
        version = shorter;
    }
    version
}

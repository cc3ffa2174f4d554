//! The model of a share.

use std::collections::BTreeSet;

use tfkit::{Computed, Diag, Model, OrServer};
use zenml_api::rbac::Action;
use zenml_api::{ProjectId, ServiceAccountId, TeamId, UserId, WorkspaceId};

use super::place::Place;
use crate::access::people::same_name;
use crate::access::principal::Principal;
use crate::failure::Needs;
use crate::id::Id;
use crate::sharing::need::{Actions, Kind, Object, TYPES};

/// Lets a team, a user or a service account do something with a single object of a workspace, such as a secret or a service
/// connector, beyond their roles.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "resource_share")]
#[model(rule = Rule::ExactlyOneOf(&["email", "team_id", "user_id", "service_account_id"]))]
#[model(since = "3.1.0", needs = Needs::SHARE.text(), category = "ZenML Pro")]
#[model(import = "WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/team/TEAM_ID")]
#[model(import = "WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/user/USER_ID")]
#[model(import = "WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/service_account/SERVICE_ACCOUNT_ID")]
#[model(import = "WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/email/EMAIL")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/RESOURCE_TYPE/RESOURCE_ID/team/TEAM_ID")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/RESOURCE_TYPE/RESOURCE_ID/user/USER_ID")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/RESOURCE_TYPE/RESOURCE_ID/service_account/SERVICE_ACCOUNT_ID")]
#[model(import = "WORKSPACE_ID/PROJECT_ID/RESOURCE_TYPE/RESOURCE_ID/email/EMAIL")]
pub struct ResourceShare {
    /// ID of the share: `WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/team/TEAM_ID`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// ID of the workspace that contains the object. Default: the provider's workspace.
    #[attr(key, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the project that contains the object. Required for objects of a project, such as code repositories and
    /// pipelines.
    #[attr(key = optional, replace)]
    pub project_id: Option<Id<ProjectId>>,
    /// Type of the object, such as `secret`, `service_connector` or `code_repository`.
    #[attr(key, replace, check = in_plan(one_of(TYPES)))]
    pub resource_type: String,
    /// ID of the object.
    #[attr(key, replace, check = uuid())]
    pub resource_id: String,
    /// Email address of the member of the organization who receives the permissions. Somebody who is only invited cannot
    /// have permissions on single objects: put the person into a team, and share the object with the team.
    #[attr(key = optional, replace, same = same_name, check = non_empty())]
    pub email: Option<String>,
    /// ID of the team that receives the permissions. All members of the team have them.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the permissions.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the permissions.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Actions to allow: `read`, `update`, `delete` and `share`; also `read_secret_value` for secrets and service
    /// connectors, `client` for service connectors, and `promote` for models.
    #[attr(check = non_empty(), check = each(one_of(ACTIONS)))]
    pub actions: BTreeSet<String>,
    /// Actions of this share that the server reports.
    pub grants: Computed<BTreeSet<String>>,
}

const ACTIONS: &[&str] = &["read", "update", "delete", "share", "read_secret_value", "client", "promote"];

/// A share that a read has found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) share: Actions,
}

/// Returns the object with a type and an id in a workspace.
pub(super) fn object(
    project: Option<ProjectId>,
    resource_type: &str,
    resource_id: &str,
) -> Result<Object, Diag> {
    let parsed = Kind::named(resource_type).zip(uuid::Uuid::try_parse(resource_id).ok());
    let (kind, id) = parsed.ok_or_else(|| {
        Diag::bug(format!("The object {resource_type}/{resource_id} was not refused in the plan"))
    })?;
    Ok(Object { kind, project, id })
}

impl ResourceShare {
    pub(super) fn place(&self, workspace: WorkspaceId) -> Result<Place, Diag> {
        let principal =
            Principal::of(self.team_id, self.user_id, self.service_account_id, self.email.clone())?;
        let object = object(self.project_id.map(|id| id.0), &self.resource_type, &self.resource_id)?;
        Ok(Place { workspace, object, principal })
    }

    pub(super) fn wanted(&self) -> Actions {
        self.actions.iter().map(|action| Action::parse(action)).collect()
    }

    /// Returns the granted actions in the state.
    pub(super) fn granted(&self) -> Actions {
        self.grants.as_ref().into_iter().flatten().map(|action| Action::parse(action)).collect()
    }

    /// Returns the share with what the server has of it.
    pub(super) fn seen(&self, found: &Found) -> Self {
        let mut own = self.wanted();
        own.extend(self.granted());
        let own = own.into_iter().filter(|action| found.share.contains(action)).collect();
        self.granting(&found.place, &own)
    }

    /// Returns the share with these actions.
    pub(super) fn granting(&self, place: &Place, actions: &Actions) -> Self {
        Self {
            id: Computed::known(place.id()),
            workspace_id: OrServer::known(Id(place.workspace)),
            grants: Computed::known(names(actions)),
            ..self.clone()
        }
    }

    /// Returns the share for an import: everything that the principal has on the object by shares.
    pub(super) fn imported(found: &Found) -> Self {
        let Place { workspace, object, ref principal } = found.place;
        Self {
            id: Computed::known(found.place.id()),
            workspace_id: OrServer::known(Id(workspace)),
            project_id: object.project.map(Id),
            resource_type: object.kind.name().to_owned(),
            resource_id: object.id.to_string(),
            email: principal.email().map(str::to_owned),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            actions: names(&found.share),
            grants: Computed::known(names(&found.share)),
        }
    }
}

fn names(actions: &Actions) -> BTreeSet<String> {
    actions.iter().map(|action| action.as_str().to_owned()).collect()
}

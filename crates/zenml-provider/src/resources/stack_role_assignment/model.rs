//! The model of a role on a stack, and its permissions.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Diag, IfSet, Model, OrDefault, OrServer};
use zenml_api::rbac::Action;
use zenml_api::{ComponentId, ServiceAccountId, StackId, TeamId, UserId, WorkspaceId};

use super::place::Place;
use crate::access::people::same_name;
use crate::access::principal::Principal;
use crate::failure::Needs;
use crate::id::Id;
use crate::sharing::need::{self, Contents, Grants, Object, StackRole, Wish, in_both, read_texts, texts};

/// Grants a role on a stack to a team, a user or a service account. The role extends to what the stack needs: its
/// components, their service connectors, and the secrets that they refer to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["email", "team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::ExactlyOneOf(&["role", "actions"]))]
#[model(since = "3.1.0", needs = Needs::SHARE.text(), category = "ZenML Pro")]
#[model(import = "WORKSPACE_ID/STACK_ID/team/TEAM_ID")]
#[model(import = "WORKSPACE_ID/STACK_ID/user/USER_ID")]
#[model(import = "WORKSPACE_ID/STACK_ID/service_account/SERVICE_ACCOUNT_ID")]
#[model(import = "WORKSPACE_ID/STACK_ID/email/EMAIL")]
pub struct StackRoleAssignment {
    /// ID of the assignment: `WORKSPACE_ID/STACK_ID/team/TEAM_ID`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// ID of the workspace that contains the stack. Default: the provider's workspace.
    #[attr(key, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the stack on which the role applies.
    #[attr(key, replace)]
    pub stack_id: Id<StackId>,
    /// Email address of the member of the organization who receives the role. Somebody who is only invited cannot have
    /// permissions on single objects: put the person into a team, and grant the role to the team.
    #[attr(key = optional, replace, same = same_name, check = non_empty())]
    pub email: Option<String>,
    /// ID of the team that receives the role. All members of the team have it.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Role to grant: `read` (see the stack, but not use it), `write` (use and change it) or `admin` (also delete and
    /// share it).
    #[attr(check = one_of(&["read", "write", "admin"]))]
    pub role: Option<String>,
    /// Actions to grant on the stack, instead of a role. On the objects that the stack needs, they grant what the
    /// highest role does whose actions they include.
    #[attr(check = non_empty(), check = each(one_of(&["read", "update", "delete", "share"])))]
    pub actions: Option<BTreeSet<String>>,
    /// Whether the role extends to the components, connectors and secrets of the stack. With `false`, the principal
    /// sees a stack that it cannot use.
    #[attr(default = true)]
    pub include_components: OrDefault<bool>,
    /// IDs of the stack's components: `values(zenml_stack.NAME.components)`. This argument only adds dependencies: a
    /// component that is added to the stack becomes part of the same apply. Without it, the next plan shows and repairs
    /// the difference.
    pub component_ids: IfSet<BTreeSet<Option<Id<ComponentId>>>>,
    /// Actions that the role grants and the server reports, for each object, such as `stack/ID` or
    /// `service_connector/ID`.
    pub grants: Computed<BTreeMap<String, BTreeSet<String>>>,
}

/// An assignment that a read has found in an available workspace.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    /// `None` if the stack is deleted and permissions on its components are left.
    pub(super) contents: Option<Contents>,
    pub(super) shares: Grants,
}

impl StackRoleAssignment {
    pub(super) fn place(&self, workspace: WorkspaceId) -> Result<Place, Diag> {
        let principal =
            Principal::of(self.team_id, self.user_id, self.service_account_id, self.email.clone())?;
        Ok(Place { workspace, stack: self.stack_id.0, principal })
    }

    pub(super) fn wish(&self) -> Result<Wish, Diag> {
        let actions = match (&self.role, &self.actions) {
            (Some(role), _) => StackRole::parse(role)
                .map(|role| role.row(need::Kind::Stack))
                .ok_or_else(|| Diag::bug(format!("The stack role {role:?} was not refused at validation")))?,
            (None, Some(actions)) => actions.iter().map(|action| Action::parse(action)).collect(),
            (None, None) => return Err(Diag::bug("A stack role assignment has neither a role nor actions")),
        };
        Ok(Wish { actions, include_components: *self.include_components })
    }

    /// Returns the granted permissions in the state.
    pub(super) fn granted(&self) -> Grants {
        self.grants.as_ref().map(read_texts).unwrap_or_default()
    }

    /// Returns the assignment with the existing permissions: those of the role, and earlier ones on objects that are
    /// no longer part of the stack, which have to be revoked.
    pub(super) fn seen(&self, found: &Found) -> Self {
        let mut wanted = self.granted();
        if let (Ok(wish), Some(contents)) = (self.wish(), &found.contents) {
            for (object, actions) in wish.grants(contents) {
                wanted.entry(object).or_default().extend(actions);
            }
        }
        self.granting(&found.place, &in_both(&wanted, &found.shares))
    }

    /// Returns the assignment with these permissions.
    pub(super) fn granting(&self, place: &Place, grants: &Grants) -> Self {
        Self {
            id: Computed::known(place.id()),
            workspace_id: OrServer::known(Id(place.workspace)),
            grants: Computed::known(texts(grants)),
            ..self.clone()
        }
    }

    /// Returns the assignment for an import: with the role that the share of the stack corresponds to.
    pub(super) fn imported(found: &Found) -> Self {
        let Place { workspace, stack, ref principal } = found.place;
        let share = found.shares.get(&Object::stack(stack)).cloned().unwrap_or_default();
        let role = StackRole::exactly(&share);
        let contents = found.contents.iter();
        let components: BTreeSet<_> = contents.flat_map(|contents| &contents.components).copied().collect();
        let reached = found
            .shares
            .iter()
            .any(|(object, actions)| *object != Object::stack(stack) && !actions.is_empty());
        let model = Self {
            id: Computed::unknown(),
            workspace_id: OrServer::known(Id(workspace)),
            stack_id: Id(stack),
            email: principal.email().map(str::to_owned),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            role: role.map(|role| role.name().to_owned()),
            actions: match role {
                Some(_) => None,
                None => Some(share.iter().map(|action| action.as_str().to_owned()).collect()),
            },
            include_components: OrDefault(reached || components.is_empty()),
            component_ids: IfSet(Some(components.into_iter().map(|id| Some(Id(id))).collect())),
            grants: Computed::unknown(),
        };
        model.seen(found)
    }
}

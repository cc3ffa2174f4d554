//! The grants of an account, and the decision based on them. Pure: [`Holdings`](super::holdings::Holdings) reads as
//! much as a decision depends on.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::action::{Action, Actions};
use super::policy::{ORGANIZATION_MEMBER, WORKSPACE_ADMIN};
use super::resource::{Kind, Level, Owner, Resource, Target, WorkspacePlace};
use super::role::Role;

/// A role with its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The role.
    pub(crate) role: Role,
    /// The organization.
    pub(crate) organization: Uuid,
    /// The workspace, for roles of a workspace or a project.
    pub(crate) workspace: Option<Uuid>,
    /// The project, for roles of a project.
    pub(crate) project: Option<Uuid>,
}

/// A share of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    /// The workspace of the object.
    pub(crate) place: WorkspacePlace,
    /// The object.
    pub(crate) resource: Resource,
    /// The granted actions.
    pub(crate) actions: Actions,
}

/// Everything that decides what one account may do: its own grants, and those of its teams. More grants never allow
/// less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The account.
    pub(crate) account: Uuid,
    /// Whether the account administers the platform: all organizations, but not the content of workspaces.
    pub(crate) superuser: bool,
    /// For service accounts: the organization that it belongs to.
    pub(crate) home: Option<Uuid>,
    /// Roles.
    pub(crate) held: Vec<Held>,
    /// Shares.
    pub(crate) shares: Vec<Shared>,
    /// Workspaces that the account created.
    pub(crate) owned: Vec<WorkspacePlace>,
    /// Teams that it belongs to, with their organizations.
    pub(crate) teams: Vec<(Uuid, Uuid)>,
}

impl Rights {
    /// Whether the rights allow `action` on `target`.
    pub(crate) fn allow(&self, action: Action, target: &Target) -> bool {
        self.owns(action, target)
            || (self.superuser && target.kind.level() == Level::Organization && action != Action::Enter)
            || self.is_about_self(action, target)
            || self.by_role(action, target)
            || self.by_share(action, target)
    }

    /// Organizations that the account belongs to.
    pub(crate) fn organizations(&self) -> impl Iterator<Item = Uuid> {
        let held = self.held.iter().filter(|held| held.workspace.is_none()).map(|held| held.organization);
        held.chain(self.home).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether the account belongs to an organization. Roles and shares count only while it does.
    pub(crate) fn belongs_to(&self, organization: Uuid) -> bool {
        self.organizations().any(|own| own == organization)
    }

    /// Returns the workspaces in which the account has any grant.
    pub(super) fn places(&self) -> impl Iterator<Item = WorkspacePlace> {
        let by_role = self.held().filter_map(|held| {
            held.workspace.map(|workspace| WorkspacePlace { organization: held.organization, workspace })
        });
        let by_share = self.shares.iter().map(|share| share.place);
        by_role.chain(by_share).filter(|place| self.belongs_to(place.organization))
    }

    /// Returns the effective roles: assigned and implicit ones.
    pub(super) fn held(&self) -> impl Iterator<Item = Held> {
        let home = self.home.map(|organization| Held {
            role: ORGANIZATION_MEMBER.into(),
            organization,
            workspace: None,
            project: None,
        });
        let owned = self.owned.iter().map(|place| Held {
            role: WORKSPACE_ADMIN.into(),
            organization: place.organization,
            workspace: Some(place.workspace),
            project: None,
        });
        let given = self.held.iter().cloned();
        given.chain(home).chain(owned).filter(|held| self.belongs_to(held.organization))
    }

    /// The owner of an object may do everything with it.
    fn owns(&self, action: Action, target: &Target) -> bool {
        // An invitation belongs to its organization; its invitee can only see it and reply to it.
        let on_object = action != Action::Create && target.id.is_some() && target.kind != Kind::Invitation;
        on_object
            && match target.owner {
                Owner::Nobody => false,
                Owner::Everyone => true,
                Owner::Account(owner) => {
                    owner == self.account
                        && (target.kind.level() != Level::Organization
                            || self.belongs_to(target.organization))
                }
            }
    }

    /// Everyone may see their own account and teams, change their own profile, and reply to their own invitations.
    fn is_about_self(&self, action: Action, target: &Target) -> bool {
        match target.kind {
            Kind::Profile => target.id == Some(self.account),
            Kind::Account => target.id == Some(self.account) && action == Action::Read,
            Kind::Invitation => {
                target.owner == Owner::Account(self.account)
                    && matches!(action, Action::Read | Action::Update)
            }
            Kind::Team => {
                action == Action::Read
                    && self
                        .teams
                        .iter()
                        .any(|(id, place)| target.id == Some(*id) && target.organization == *place)
            }
            _ => false,
        }
    }

    fn by_role(&self, action: Action, target: &Target) -> bool {
        self.held().any(|held| covers(&held, target) && held.role.actions_on(target.kind).contains(action))
    }

    fn by_share(&self, action: Action, target: &Target) -> bool {
        if target.kind == Kind::Workspace {
            // One shared object gives access to the workspace, without a membership.
            return matches!(action, Action::Read | Action::Enter)
                && self.places().any(|place| Some(place.workspace) == target.workspace);
        }
        let resource = target.resource();
        resource.id.is_some()
            && self.belongs_to(target.organization)
            && self.shares.iter().any(|share| {
                Some(share.place.workspace) == target.workspace
                    && share.resource == resource
                    && share.actions.contains(action)
            })
    }
}

/// Whether a role applies to a target. A role applies to its scope and everything below. Above its scope, it applies
/// only to what its holder must see: the workspace itself, and the roles and teams that can be granted.
fn covers(held: &Held, target: &Target) -> bool {
    let in_workspace = held.workspace.is_none() || held.workspace == target.workspace;
    held.organization == target.organization
        && match target.kind {
            Kind::Role | Kind::Team => true,
            Kind::Workspace => in_workspace,
            _ => in_workspace && (held.project.is_none() || held.project == target.project),
        }
}

//! Scopes of assignments, and which assignments the caller may see.

use zenml_api::{Identifier, OrganizationId, ProjectId, WorkspaceId};

use crate::error::Result;
use crate::rbac::{Action, Caller, Kind, Object, Target, Tx};
use crate::store::Query;

/// The assignments of one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssignmentsIn {
    pub(crate) organization: OrganizationId,
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) project: Option<ProjectId>,
}

impl Object for AssignmentsIn {
    fn target(&self) -> Target {
        Target {
            workspace: self.workspace.map(Identifier::uuid),
            project: self.project.map(Identifier::uuid),
            ..Target::in_organization(self.organization.uuid(), Kind::Assignment, None)
        }
    }
}

/// Which assignments of an organization the caller may see. This depends on the scope of each one.
#[derive(Debug)]
pub(super) enum SeenIn {
    /// All of them.
    All,
    /// Those that [`Caller::push_assignment`] selects.
    Some(Caller),
    /// None.
    Nothing,
}

impl SeenIn {
    /// Determines this for the caller.
    pub(super) async fn open(tx: &mut Tx, organization: OrganizationId) -> Result<Self> {
        let everywhere = AssignmentsIn { organization, workspace: None, project: None };
        if tx.permits(Action::Read, &everywhere.target()).await? {
            return Ok(Self::All);
        }
        Ok(tx.caller().await?.map_or(Self::Nothing, Self::Some))
    }

    /// Adds ` AND …`: the caller may see the assignment `s` or, with `or_holds`, has it.
    pub(super) fn restrict(&self, query: &mut Query, or_holds: bool) {
        match self {
            Self::All => {}
            Self::Some(caller) => {
                query.push(" AND ");
                if or_holds {
                    caller.push_assignment(query);
                } else {
                    caller.push_assignment_of_others(query);
                }
            }
            Self::Nothing => {
                query.push(" AND 1 = 0");
            }
        }
    }
}

//! Identifies the principal and the stack of an assignment.

use tfkit::Claim;
use zenml_api::{StackId, WorkspaceId};

use crate::access::principal::Principal;
use crate::sharing::shares::lock_name;
use crate::sharing::wishes::Owner;

/// Identifies an assignment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) stack: StackId,
    pub(super) principal: Principal,
}

impl Place {
    /// Returns the `id` attribute, which is also an import id.
    pub(super) fn id(self) -> String {
        format!("{}/{}/{}", self.workspace, self.stack, self.principal)
    }

    /// Returns the claim, which only one resource can hold.
    pub(super) fn claim(self) -> Claim {
        let Self { workspace, stack, principal } = self;
        let words = format!("stack role of {principal} on stack {stack}");
        Claim::new(words, &[&workspace.to_string(), &stack.to_string(), &principal.key()])
    }

    /// Returns the name of the lock for the permissions of the principal.
    pub(super) fn lock(self) -> String {
        lock_name(self.workspace, self.principal)
    }

    /// Returns the assignment among all resources that grant something to its principal.
    pub(super) fn owner(self, id: &str) -> Owner<'_> {
        let Self { workspace, principal, .. } = self;
        Owner { workspace, principal, type_name: "stack_role_assignment", id }
    }
}

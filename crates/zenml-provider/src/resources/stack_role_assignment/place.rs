//! Identifies the principal and the stack of an assignment.

use tfkit::Claim;
use zenml_api::{StackId, WorkspaceId};

use crate::access::principal::Principal;
use crate::sharing::holder::Holder;
use crate::sharing::shares::lock_name;
use crate::sharing::wishes::Owner;

/// Identifies an assignment.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) stack: StackId,
    pub(super) principal: Principal,
}

impl Place {
    /// Returns the `id` attribute, which is also an import id.
    pub(super) fn id(&self) -> String {
        format!("{}/{}/{}", self.workspace, self.stack, self.principal)
    }

    /// Returns the claim, which only one resource can hold.
    pub(super) fn claim(&self) -> Claim {
        let Self { workspace, stack, principal } = self;
        let words = format!("stack role of {principal} on stack {stack}");
        Claim::new(words, &[&workspace.to_string(), &stack.to_string(), &principal.key()])
    }

    /// Returns the name of the lock for the permissions of the holder.
    pub(super) fn lock(&self, holder: Holder) -> String {
        lock_name(self.workspace, holder)
    }

    /// Returns the assignment among all resources that grant something to its holder.
    pub(super) fn owner<'a>(&self, holder: Holder, id: &'a str) -> Owner<'a> {
        Owner { workspace: self.workspace, holder, type_name: "stack_role_assignment", id }
    }
}

//! Identifies the principal and the stack of an assignment.

use tfkit::Claim;
use zenml_api::{StackId, WorkspaceId};

use crate::access::principal::Principal;

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

    /// Returns the name of the lock for the permissions of a principal in a workspace. They change one after the
    /// other, because roles on several stacks overlap on the objects that the stacks share.
    pub(super) fn lock(self) -> String {
        format!("grants of {} in {}", self.principal, self.workspace)
    }
}

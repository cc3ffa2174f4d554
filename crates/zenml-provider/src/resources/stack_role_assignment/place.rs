//! Who has a role on which stack.

use tfkit::Claim;
use zenml_api::{StackId, WorkspaceId};

use crate::access::principal::Principal;

/// Which assignment it is.
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

    /// What only one resource can manage, in words and as a key.
    pub(super) fn claim(self) -> Claim {
        let Self { workspace, stack, principal } = self;
        let words = format!("stack role of {principal} on stack {stack}");
        Claim::new(words, &[&workspace.to_string(), &stack.to_string(), &principal.key()])
    }

    /// All grants of a principal in a workspace change one after the other: its roles on several stacks meet on what the
    /// stacks share.
    pub(super) fn lock(self) -> String {
        format!("grants of {} in {}", self.principal, self.workspace)
    }
}

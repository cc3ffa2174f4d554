//! Identifies the principal and the object of a share.

use tfkit::Claim;
use zenml_api::WorkspaceId;

use crate::access::principal::Principal;
use crate::sharing::holder::Holder;
use crate::sharing::need::Object;
use crate::sharing::shares::lock_name;
use crate::sharing::wishes::Owner;

/// Identifies a share.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    pub(super) object: Object,
    pub(super) principal: Principal,
}

impl Place {
    /// Returns the `id` attribute, which is also an import id.
    pub(super) fn id(&self) -> String {
        let Self { workspace, object: Object { kind, project, id }, principal } = self;
        match project {
            Some(project) => format!("{workspace}/{project}/{}/{id}/{principal}", kind.name()),
            None => format!("{workspace}/{}/{id}/{principal}", kind.name()),
        }
    }

    /// Returns the claim, which only one resource can hold.
    pub(super) fn claim(&self) -> Claim {
        let Self { workspace, object, principal } = self;
        let words = format!("share of {object} with {principal}");
        Claim::new(words, &[&workspace.to_string(), &object.to_string(), &principal.key()])
    }

    /// Returns the name of the lock for the permissions of the holder.
    pub(super) fn lock(&self, holder: Holder) -> String {
        lock_name(self.workspace, holder)
    }

    /// Returns the share among all resources that grant something to its holder.
    pub(super) fn owner<'a>(&self, holder: Holder, id: &'a str) -> Owner<'a> {
        Owner { workspace: self.workspace, holder, type_name: "resource_share", id }
    }
}

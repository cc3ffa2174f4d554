//! The shares of one principal in a workspace, on the server.

use tfkit::Diag;
use zenml_api::StackId;

use super::change::{Ledger, Reading, WriteFailure};
use super::contents;
use super::need::{Actions, Contents, Object};
use super::shares::Shares;

/// The shares of a principal in a workspace.
pub(crate) struct OfPrincipal<'a> {
    pub(crate) shares: Shares<'a>,
    /// The stack whose role is changed, if one is.
    pub(crate) stack: Option<StackId>,
}

impl Ledger for OfPrincipal<'_> {
    async fn read(&self, object: Object, exists: bool) -> Result<Reading, Diag> {
        self.shares.read(object, exists).await
    }

    async fn write(&self, object: Object, actions: &Actions) -> Result<(), WriteFailure> {
        self.shares.write(object, actions).await
    }

    async fn add(&self, object: Object, actions: &Actions) -> Result<(), WriteFailure> {
        self.shares.add(object, actions).await
    }

    async fn other_stacks(&self) -> Result<Vec<Contents>, Diag> {
        contents::of_other_stacks(&self.shares.server.api, self.stack).await
    }
}

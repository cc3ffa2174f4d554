//! The shares of one principal in a workspace, on the server.

use tfkit::Diag;
use zenml_api::{StackId, WorkspaceId};

use super::change::{Ledger, Reading, WriteFailure};
use super::contents;
use super::need::{Actions, Contents, Object};
use super::shares::Shares;
use crate::access::principal::Principal;
use crate::client::Client;
use crate::in_workspace::scope::Server;

/// The shares of a principal in a workspace.
pub(crate) struct OfPrincipal<'a> {
    shares: Shares<'a>,
    server: &'a Server,
    /// The stack whose role is changed, if one is.
    stack: Option<StackId>,
}

impl<'a> OfPrincipal<'a> {
    pub(crate) fn new(
        client: &'a Client,
        server: &'a Server,
        (workspace, principal): (WorkspaceId, Principal),
        stack: Option<StackId>,
    ) -> Self {
        Self { shares: Shares { client, server: &server.api, workspace, principal }, server, stack }
    }
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
        contents::of_other_stacks(&self.server.api, self.stack).await
    }
}

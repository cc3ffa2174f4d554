//! Closing an ephemeral resource.

use super::core::{Core, Diags, Engine};
use super::outcome::take;
use super::task;
use crate::cx::{Notes, lock};
use crate::diag::Diag;
use crate::model::Operation;
use crate::value::Dyn;

/// A request to close an ephemeral resource.
#[derive(Clone, Debug)]
pub struct CloseRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The private bytes of an earlier response.
    pub private: Vec<u8>,
}

impl Engine {
    /// Closes an ephemeral resource, also after the user asked to stop. What was never opened needs no closing.
    pub async fn close_ephemeral_resource(&self, request: CloseRequest) -> Diags {
        self.0.closed(&request.type_name, &request.private).await
    }
}

impl Core {
    pub(super) async fn closed(&self, type_name: &str, private: &[u8]) -> Diags {
        let notes = Notes::after(private);
        let closed = async {
            let resource = self.ephemeral_resource(type_name)?;
            if private.is_empty() {
                return Ok(());
            }
            if lock(&notes).private.lease().is_none() {
                return Err(foreign(type_name));
            }
            let call = self.call(Operation::Close, &Dyn::Null, resource.timeout(), &notes);
            task::operate(Operation::Close.name(), type_name, resource.close(call)).await
        };
        let closed = closed.await;
        let mut diags = take(&notes).diags;
        diags.extend(closed.err());
        diags
    }
}

/// Returns the error of private bytes without a lease.
pub(super) fn foreign(type_name: &str) -> Diag {
    Diag::error(format!("The host sent private data for {type_name} that this provider did not write"))
        .why("They contain nothing that identifies what was opened, so it cannot be closed or renewed.")
        .fix("If it is a credential, revoke it.")
}

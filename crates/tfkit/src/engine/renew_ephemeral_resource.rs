//! Renewing an ephemeral resource.

use std::time::SystemTime;

use super::close_ephemeral_resource::foreign;
use super::core::{Core, Diags, Engine};
use super::outcome::take;
use crate::cx::{Notes, SharedNotes, lock};
use crate::diag::Diag;
use crate::erased::RenewAt;
use crate::model::Operation;
use crate::value::Dyn;

/// A request to renew an ephemeral resource.
#[derive(Clone, Debug)]
pub struct RenewRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The private bytes of the last response.
    pub private: Vec<u8>,
}

/// A renewed ephemeral resource.
#[derive(Clone, Debug)]
pub struct RenewResponse {
    /// When it must be renewed again; `None` for never.
    pub renew_at: Option<SystemTime>,
    /// What the next renewal and closing need.
    pub private: Vec<u8>,
    /// Messages to the user.
    pub diags: Diags,
}

impl Engine {
    /// Renews an ephemeral resource. A failure keeps the private bytes: OpenTofu closes with those of the last
    /// response, even if it contains an error.
    pub async fn renew_ephemeral_resource(&self, request: RenewRequest) -> RenewResponse {
        let RenewRequest { type_name, private } = request;
        let notes = Notes::after(&private);
        let renewed = self.0.renewed(&type_name, &notes).await;
        let Notes { mut diags, private: kept, .. } = take(&notes);
        match renewed {
            Ok(renew_at) => RenewResponse { renew_at, private: kept.to_bytes(), diags },
            Err(diag) => {
                diags.push(diag);
                RenewResponse { renew_at: None, private, diags }
            }
        }
    }
}

impl Core {
    async fn renewed(&self, type_name: &str, notes: &SharedNotes) -> Result<RenewAt, Diag> {
        let resource = self.ephemeral_resource(type_name)?;
        if lock(notes).private.lease().is_none() {
            return Err(foreign(type_name));
        }
        let call = self.call(Operation::Renew, &Dyn::Null, resource.timeout(), notes);
        let work = resource.renew(call);
        self.run_ephemeral(&*resource, Operation::Renew, type_name, work).await
    }
}

//! Upgrading a stored identity to the current identity schema.

use super::core::{Diags, Engine};
use crate::diag::Diag;
use crate::schema::IdentitySchema;
use crate::value::{Dyn, Objects, json};

/// An identity as the host stored it.
#[derive(Clone, Debug)]
pub struct UpgradeIdentityRequest {
    /// Full type name.
    pub type_name: String,
    /// Version of the identity schema that wrote it.
    pub version: i64,
    /// The stored attributes as JSON.
    pub json: Vec<u8>,
}

impl Engine {
    /// Upgrades a stored identity to the current identity schema. Returns null and an error on failure.
    ///
    /// There is only one version of identity schemas so far, so a stored identity differs at most by added or removed
    /// attributes. A newer version was written by a newer provider.
    pub fn upgrade_identity(&self, request: &UpgradeIdentityRequest) -> (Dyn, Diags) {
        let current = self.identity_schema(&request.type_name).unwrap_or_default();
        upgrade(request, &current)
            .map_or_else(|diag| (Dyn::Null, vec![diag]), |identity| (identity, Vec::new()))
    }
}

fn upgrade(request: &UpgradeIdentityRequest, current: &IdentitySchema) -> Result<Dyn, Diag> {
    let UpgradeIdentityRequest { type_name, version, json } = request;
    let known = current.version;
    if *version > known {
        return Err(Diag::error(format!("The stored identity of type {type_name} was written by a newer version of the provider"))
            .why(format!(
                "Its identity version is {version}, but this version of the provider supports identity versions up \
                 to {known}."
            ))
            .fix("Use the newer version of the provider:\n  terraform init -upgrade"));
    }
    json::decode(json, &current.ty(), Objects::Lenient).map_err(|error| {
        Diag::bug(format!("The stored identity of type {type_name} cannot be read")).why(error.to_string())
    })
}

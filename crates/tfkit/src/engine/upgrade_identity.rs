//! Upgrading a stored identity to the current identity schema.

use std::sync::Arc;

use super::core::{Diags, Engine};
use super::task;
use super::upgrade::{climb, object};
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::schema::IdentitySchema;
use crate::value::{Dyn, json};

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
    /// An identity of the same version is read as it is: parts that no longer exist are ignored, missing ones are null
    /// until the next refresh. Older identities first go through the author's upgrade steps, one version at a time.
    pub async fn upgrade_identity(&self, request: UpgradeIdentityRequest) -> (Dyn, Diags) {
        let what = format!("upgrade of the identity of {}", request.type_name);
        let upgraded = match self.0.resource(&request.type_name) {
            Ok(resource) => {
                let work = Box::pin(async move { upgrade(&resource, &request) });
                task::run(&what, work).await.flatten()
            }
            Err(diag) => Err(diag),
        };
        upgraded.map_or_else(|diag| (Dyn::Null, vec![diag]), |identity| (identity, Vec::new()))
    }
}

fn upgrade(resource: &Arc<dyn AnyResource>, request: &UpgradeIdentityRequest) -> Result<Dyn, Diag> {
    let UpgradeIdentityRequest { type_name, version, json } = request;
    let (known, attributes) = (resource.identity_version(), resource.identity());
    if *version > known {
        return Err(Diag::error(format!("The identity of a {type_name} was written by a newer version of the provider"))
            .why(format!(
                "Its identity version is {version}, but this version of the provider supports identity versions up \
                 to {known}."
            ))
            .fix("Use the newer version of the provider:\n  terraform init -upgrade"));
    }
    let unreadable = |problem: String| {
        Diag::error(format!("The stored identity of a {type_name} cannot be read"))
            .why("It does not have the format that this version of the provider expects.")
            .fix(format!(
                "Use the version that wrote it, or remove the object from the state and import it again:\n  terraform \
                 state rm {type_name}.NAME\n  terraform import {type_name}.NAME ID"
            ))
            .trace(format!("identity version {version}: {problem}"))
    };
    let missing = |missing: i64| {
        Diag::error(format!("The identity of a {type_name} is too old for this version of the provider"))
            .why(format!(
                "Its identity version is {version}. This version of the provider requires identity version {known} \
                 and cannot upgrade from identity version {missing}."
            ))
            .fix("Apply once with an earlier version of the provider, or import the object again.")
    };
    let stored = json::parse(json).map_err(|error| unreadable(error.to_string()))?;
    let upgraded = climb(resource.identity_upgrades(), *version..known, stored, missing)?;
    let ty = IdentitySchema { version: known, attributes }.ty();
    object(upgraded, &ty).map_err(|error| unreadable(error.to_string()))
}

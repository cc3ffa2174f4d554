//! Upgrading stored state to the current schema.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::core::{Diags, Engine};
use super::task;
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::plan::{complete_blocks, hide_write_only};
use crate::resource::Upgrade;
use crate::value::{DecodeError, DecodeProblem, Dyn, Objects, Type, conform, json};

/// State as the host stored it.
#[derive(Clone, Debug)]
pub struct UpgradeRequest {
    /// Full type name.
    pub type_name: String,
    /// Version of the schema that wrote it.
    pub version: i64,
    /// The stored attributes as JSON.
    pub json: Vec<u8>,
}

impl Engine {
    /// Upgrades stored state to the current schema. Returns null and an error on failure.
    ///
    /// State of the same version is read as it is: attributes that no longer exist are ignored, missing ones are
    /// null, and the author may complete them. Older state first goes through the author's upgrade steps, one version
    /// at a time.
    pub async fn upgrade(&self, request: UpgradeRequest) -> (Dyn, Diags) {
        let what = format!("upgrade of the state of {}", request.type_name);
        let upgraded = match self.0.resource(&request.type_name) {
            Ok(resource) => {
                let work = Box::pin(async move { upgrade(&resource, &request) });
                task::run(&what, work).await.flatten()
            }
            Err(diag) => Err(diag),
        };
        upgraded.map_or_else(|diag| (Dyn::Null, vec![diag]), |state| (state, Vec::new()))
    }
}

fn upgrade(resource: &Arc<dyn AnyResource>, request: &UpgradeRequest) -> Result<Dyn, Diag> {
    let schema = resource.schema();
    let unreadable = |error: DecodeError| {
        Diag::error(format!("The state of {} cannot be read", request.type_name))
            .why("It does not have the format that this version of the provider expects.")
            .fix("Use the version that wrote it, or remove the object from the state and import it again.")
            .trace(format!("schema version {}: {error}", request.version))
            .at(error.path)
    };
    if request.version > schema.version {
        return Err(newer(request, schema.version));
    }
    let stored = json::parse(&request.json).map_err(unreadable)?;
    let versions = request.version..schema.version;
    let mut state =
        climb(resource.upgrades(), versions, stored, |version| no_step(request, schema.version, version))?;
    let lacks = |stored: &BTreeMap<_, _>| schema.attributes.iter().any(|one| !stored.contains_key(one.name));
    let is_incomplete = state.as_map().is_some_and(lacks);
    state = object(state, &schema.ty()).map_err(unreadable)?;
    complete_blocks(&schema.attributes, &mut state);
    if is_incomplete {
        state = resource.inherit(state);
        complete_blocks(&schema.attributes, &mut state);
    }
    hide_write_only(&schema.attributes, &mut state);
    Ok(state)
}

/// Reads upgraded attributes as an object of a type. A host stores objects only, so null is a damaged state.
pub(super) fn object(upgraded: Dyn, ty: &Type) -> Result<Dyn, DecodeError> {
    match conform(upgraded, ty, Objects::Lenient)? {
        Dyn::Null => Err(DecodeProblem::Kind { expected: ty.to_string(), found: "null" }.into()),
        object => Ok(object),
    }
}

/// Runs an author's upgrade steps, one version at a time. `missing` returns the error of a version without a step.
pub(super) fn climb(
    steps: &[Upgrade],
    versions: Range<i64>,
    mut stored: Dyn,
    missing: impl FnOnce(i64) -> Diag,
) -> Result<Dyn, Diag> {
    for version in versions {
        let Some(step) = steps.iter().find(|step| step.from == version) else { return Err(missing(version)) };
        stored = (step.run)(stored)?;
    }
    Ok(stored)
}

fn newer(request: &UpgradeRequest, current: i64) -> Diag {
    Diag::error(format!("The state of {} was written by a newer version of the provider", request.type_name))
        .why(format!(
            "Its schema version is {}, but this version of the provider supports schema versions up to {current}.",
            request.version
        ))
        .fix("Use the newer version of the provider.")
}

fn no_step(request: &UpgradeRequest, current: i64, version: i64) -> Diag {
    Diag::error(format!("The state of {} is too old for this version of the provider", request.type_name))
        .why(format!(
            "Its schema version is {}. This version of the provider requires schema version {current} and cannot \
             upgrade from schema version {version}.",
            request.version
        ))
        .fix("Apply once with an earlier version of the provider, or import the object again.")
}

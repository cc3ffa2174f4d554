//! Checking configurations. Pure and offline; values may be unknown.

use std::collections::HashSet;
use std::sync::Arc;

use super::core::{Diags, Engine};
use super::task;
use crate::check::{self, Stage};
use crate::diag::Diag;
use crate::erased::Work;
use crate::field::Misfit;
use crate::schema::{Kind, Schema};
use crate::value::{Dyn, Path};

/// A request to check a configuration.
#[derive(Clone, Debug)]
pub struct ValidateRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration; values may be unknown.
    pub config: Dyn,
    /// Whether the host supports write-only attributes.
    pub write_only_allowed: bool,
}

impl Engine {
    /// Checks the provider block.
    pub async fn validate_provider(&self, config: Dyn) -> Diags {
        let provider = Arc::clone(&self.0.provider);
        let diags = basics(provider.schema(), &config, provider.misfits(&config), true, Stage::Plan);
        authors(diags, "validation of the provider block", Box::pin(async move { provider.validate(config) }))
            .await
    }

    /// Checks the configuration of a type of this kind.
    pub async fn validate(&self, kind: Kind, request: ValidateRequest) -> Diags {
        let ValidateRequest { type_name, config, write_only_allowed } = request;
        let one = match self.0.any(kind, &type_name) {
            Ok(one) => one,
            Err(diag) => return vec![diag],
        };
        let misfits = one.misfits(&config);
        let diags = basics(one.schema(), &config, misfits, write_only_allowed, Stage::Validation);
        let what = format!("validation of {type_name}");
        authors(diags, &what, Box::pin(async move { one.validate(config) })).await
    }
}

/// Returns the errors of a configuration that was validated while some values were unknown or came from a mock. A
/// deletion has no configuration and no errors.
pub(super) fn late_errors(schema: &Schema, config: &Dyn, misfits: Vec<Misfit>) -> Diags {
    if config.is_null() {
        return Vec::new();
    }
    let mut diags = basics(schema, config, misfits, true, Stage::Plan);
    diags.retain(Diag::is_error);
    diags
}

/// Returns the errors that the schema and the field types find.
fn basics(
    schema: &Schema,
    config: &Dyn,
    misfits: Vec<Misfit>,
    write_only_allowed: bool,
    stage: Stage,
) -> Diags {
    let mut diags = check::validate(schema, config, write_only_allowed, stage);
    let errors = diags.iter().filter(|diag| diag.is_error());
    let mut places: HashSet<Option<Path>> = errors.map(|diag| diag.path.clone()).collect();
    let due = misfits.into_iter().filter(|misfit| stage == Stage::Plan || !misfit.waits);
    // One message per path: the one of the schema is more specific.
    diags.extend(due.map(Misfit::into_diag).filter(|misfit| places.insert(misfit.path.clone())));
    diags
}

/// Adds the author's own validation, which runs only after the other checks.
async fn authors(mut diags: Diags, what: &str, validate: Work<Diags>) -> Diags {
    if !diags.iter().any(Diag::is_error) {
        match task::run(what, validate).await {
            Ok(more) => diags.extend(more),
            Err(crash) => diags.push(crash),
        }
    }
    diags
}

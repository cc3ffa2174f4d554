//! Applying, with the checks that the host makes.

use tfkit::engine::{ApplyRequest, Stored};
use tfkit::plan::{check_compatible, check_result};
use tfkit::{Diag, Dyn, Schema};

use super::plan::{Planned, counting};
use super::state::{Harness, Object, schema_of};
use super::{Failure, wire};
use crate::Action;

/// Titles of the host's errors about invalid results.
const INCONSISTENT_PLAN: &str = "Provider produced inconsistent final plan";
const INCONSISTENT_RESULT: &str = "Provider produced inconsistent result after apply";
const INVALID_RESULT: &str = "Provider returned invalid result object after apply";

/// The result of an apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its action on the object.
    pub action: Action,
    /// Warnings of the plan and of the apply.
    pub warnings: Vec<Diag>,
}

impl Applied {
    /// Returns the summaries of the warnings.
    pub fn told(&self) -> Vec<&str> {
        self.warnings.iter().map(|diag| diag.summary.as_str()).collect()
    }
}

impl Harness {
    /// Applies a plan with the final configuration: plans again, compares, applies, compares. If changes are ignored,
    /// the host plans with a modified configuration.
    pub(super) async fn carry_out(
        &mut self,
        address: &str,
        planned: Planned,
        planning: Dyn,
        config: Dyn,
    ) -> Result<Applied, Failure> {
        let (type_name, _) = self.type_of(address)?;
        let type_name = type_name.to_owned();
        let Planned { action, planned: promised, mut warnings, prior, private, identity, .. } = planned;
        if !config.wholly_known() {
            return Err(Failure::Mistake("a configuration must be known when it is applied".to_owned()));
        }
        let prior = match (action, prior) {
            (Action::NoOp, Some(object)) => {
                self.objects.insert(address.to_owned(), object);
                return Ok(Applied { action, warnings });
            }
            (Action::Replace, Some(object)) => {
                // A host does not plan the deletion of a replaced object: it passes on the private values from the
                // plan of the new object.
                let (private, identity) = (private.clone(), object.identity.clone());
                warnings.extend(self.delete(address, object, private, identity).await?);
                None
            }
            (_, prior) => prior,
        };
        let before = prior.as_ref().map_or(Dyn::Null, |object| object.state.clone());
        let engine = self.engine.clone();
        let schema = schema_of(&engine, &type_name)?;
        let config = wire::cross(&config, schema)?;
        let planning = wire::cross(&planning, schema)?;
        // The host plans and applies in different processes.
        self.engine.begin_run();
        let last = self.ask(&type_name, &before, &planning, private, identity).await?;
        check_compatible(&schema.attributes, &promised, &last.planned)
            .map_err(Failure::violation(INCONSISTENT_PLAN))?;
        if action == Action::Update && !counting(&before, &last)?.is_empty() {
            return Err(Failure::host(INCONSISTENT_PLAN, "the update became a replacement"));
        }
        if prior.is_some() && last.planned == before {
            // An update may become a no-op when the last values are known.
            let object = prior.into_iter().map(|object| (address.to_owned(), object));
            self.objects.extend(object);
            return Ok(Applied { action: Action::NoOp, warnings });
        }
        let request = ApplyRequest {
            type_name: type_name.clone(),
            prior: before,
            planned: wire::cross(&last.planned, schema)?,
            config,
            private: last.private,
            identity: last.identity,
        };
        let stored = self.engine.apply(request).await;
        let has_identity = self.engine.identity_schema(&type_name).is_some();
        let failed = stored.failed();
        let is_creation = prior.is_none();
        let judged = judge(&stored, &last.planned, schema, has_identity);
        let Stored { state, private, identity, diags } = stored;
        // The result is stored even with errors, and an incompletely created object is tainted.
        if !state.is_null() && state.wholly_known() {
            let tainted = is_creation && (failed || judged.is_err());
            let object = Object { type_name, state, private, identity, tainted };
            self.objects.insert(address.to_owned(), object);
        }
        warnings.extend(Failure::of("apply", diags)?);
        judged?;
        Ok(Applied { action, warnings })
    }

    /// Plans and applies a deletion.
    pub(super) async fn remove(&mut self, address: &str, object: Object) -> Result<Vec<Diag>, Failure> {
        let Object { type_name, state, private, identity, .. } = object.clone();
        let planned = self.ask(&type_name, &state, &Dyn::Null, private, identity).await?;
        let mut warnings = planned.diags;
        warnings.extend(self.delete(address, object, planned.private, planned.identity).await?);
        Ok(warnings)
    }

    async fn delete(
        &mut self,
        address: &str,
        object: Object,
        private: Vec<u8>,
        identity: Dyn,
    ) -> Result<Vec<Diag>, Failure> {
        let Object { type_name, state, .. } = object.clone();
        let (planned, config) = (Dyn::Null, Dyn::Null);
        let request = ApplyRequest { type_name, prior: state, planned, config, private, identity };
        let stored = self.engine.apply(request).await;
        if stored.state.is_null() {
            self.objects.remove(address);
        } else {
            let (state, private, identity) = (stored.state.clone(), stored.private, stored.identity);
            self.objects.insert(address.to_owned(), Object { state, private, identity, ..object });
        }
        let warnings = Failure::of("delete", stored.diags)?;
        if stored.state.is_null() {
            Ok(warnings)
        } else {
            Err(Failure::host(INVALID_RESULT, "a deleted object still exists although there was no error"))
        }
    }
}

fn judge(stored: &Stored, planned: &Dyn, schema: &Schema, has_identity: bool) -> Result<(), Failure> {
    if stored.state.is_null() {
        return Err(Failure::host(INVALID_RESULT, "the object is null although there was no error"));
    }
    wire::check_state(&stored.state, schema, INVALID_RESULT)?;
    if has_identity && stored.identity.is_null() {
        return Err(Failure::host(INVALID_RESULT, "the identity is missing"));
    }
    check_result(&schema.attributes, planned, &stored.state).map_err(Failure::violation(INCONSISTENT_RESULT))
}

//! Planning an action: checking whether it can run.

use std::sync::Arc;

use super::core::{Core, Diags, Engine};
use super::outcome::take;
use super::task;
use super::validate::late_errors;
use crate::cx::Notes;
use crate::erased::AnyAction;
use crate::model::Operation;
use crate::plan::complete_blocks;
use crate::schema::Schema;
use crate::value::Dyn;

/// A request to plan or to run an action.
#[derive(Clone, Debug)]
pub struct ActionRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration; null if there is none. Values may be unknown in a plan.
    pub config: Dyn,
}

impl Engine {
    /// Checks whether an action can run, as far as its configuration is known. It is never deferred.
    pub async fn plan_action(&self, request: ActionRequest) -> Diags {
        let ActionRequest { type_name, config } = request;
        let core = &*self.0;
        let (action, config) = match core.action_with(&type_name, config) {
            Ok(found) => found,
            Err(diags) => return diags,
        };
        let notes = Notes::after(&[]);
        let call = core.call(Operation::Invoke, &config, action.timeout(), &notes);
        let work = action.plan(call, config);
        let planned = task::run_until_stopped(&format!("plan of {type_name}"), &core.shared, work).await;
        let left = take(&notes);
        let mut diags = left.diags;
        match planned {
            // An action that needs the client while it is not available cannot decide anything yet.
            Ok(result) => diags.extend(result.err().filter(|_| !left.missed_client)),
            Err(diag) => diags.push(diag),
        }
        diags
    }
}

impl Core {
    /// Returns an action and its configuration as an object, or the errors of the configuration.
    pub(super) fn action_with(
        &self,
        type_name: &str,
        config: Dyn,
    ) -> Result<(Arc<dyn AnyAction>, Dyn), Diags> {
        let action = self.action(type_name).map_err(|diag| vec![diag])?;
        let schema = action.schema();
        let config = present(schema, config);
        let errors = late_errors(schema, &config, action.misfits(&config));
        if !errors.is_empty() {
            return Err(errors);
        }
        self.conceal(schema, &[&config]);
        Ok((action, config))
    }
}

/// Returns a configuration as an object: a host sends null for an action without a block of arguments.
fn present(schema: &Schema, config: Dyn) -> Dyn {
    if !config.is_null() {
        return config;
    }
    let mut empty = Dyn::map(schema.attributes.iter().map(|attribute| (attribute.name, Dyn::Null)));
    complete_blocks(&schema.attributes, &mut empty);
    empty
}

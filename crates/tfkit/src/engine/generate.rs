//! Generating a configuration from a state.

use super::core::{Diags, Engine};
use super::outcome::take;
use super::task;
use crate::cx::Notes;
use crate::model::Operation;
use crate::value::Dyn;

/// A request to generate a configuration from a state.
#[derive(Clone, Debug)]
pub struct GenerateRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The state, usually of an imported object.
    pub state: Dyn,
}

impl Engine {
    /// Returns the configuration of an object whose plan is empty. Returns null and an error on failure.
    pub async fn generate(&self, request: GenerateRequest) -> (Dyn, Diags) {
        let GenerateRequest { type_name, state } = request;
        let resource = match self.0.resource(&type_name) {
            Ok(resource) => resource,
            Err(diag) => return (Dyn::Null, vec![diag]),
        };
        // A host that lists an object without its attributes has nothing to generate from.
        if state.is_null() {
            return (Dyn::Null, Vec::new());
        }
        self.0.conceal(resource.schema(), &[&state]);
        let notes = Notes::after(&[]);
        let timeout = resource.timeout(Operation::Read);
        let call = self.0.call(Operation::Read, &Dyn::Null, timeout, &notes);
        let work = resource.generate(call, state);
        let what = format!("generation of a configuration of {type_name}");
        let generated = task::run_until_stopped(&what, &self.0.shared, work).await.flatten();
        let mut diags = take(&notes).diags;
        let config = generated.unwrap_or_else(|diag| {
            diags.push(diag);
            Dyn::Null
        });
        (config, diags)
    }
}

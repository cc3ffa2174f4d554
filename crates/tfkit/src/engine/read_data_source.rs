//! Reading a data source.

use super::core::{Core, Diags, Engine};
use super::outcome::{take, unresolved};
use super::task;
use super::validate::late_errors;
use crate::cx::{Notes, SharedNotes, lock, unknown_provider};
use crate::diag::Diag;
use crate::model::Operation;
use crate::plan::{prepare, tidy};
use crate::value::Dyn;

/// A request to read a data source.
#[derive(Clone, Debug)]
pub struct DataSourceRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration, completely known.
    pub config: Dyn,
}

impl Engine {
    /// Reads a data source. Returns null and an error on failure.
    pub async fn read_data_source(&self, request: DataSourceRequest) -> (Dyn, Diags) {
        let notes = Notes::after(&[]);
        let read = self.0.looked_up(request, &notes).await;
        let mut diags = take(&notes).diags;
        let state = read.unwrap_or_else(|diag| {
            diags.push(diag);
            Dyn::Null
        });
        (state, diags)
    }
}

impl Core {
    async fn looked_up(&self, request: DataSourceRequest, notes: &SharedNotes) -> Result<Dyn, Diag> {
        let DataSourceRequest { type_name, config } = request;
        let source = self.data_source(&type_name)?;
        if let Some(paths) = self.provider.waits_for() {
            return Err(unknown_provider(&paths));
        }
        let schema = source.schema();
        let errors = late_errors(schema, &config, source.misfits(&config));
        if !errors.is_empty() {
            lock(notes).diags.extend(errors);
            return Ok(Dyn::Null);
        }
        // Defaults are filled in, and computed values are unknown, as in the plan of a creation.
        let config = prepare(&schema.attributes, &Dyn::Null, &config);
        self.conceal(schema, &[&config]);
        let call = self.call(Operation::Read, &config, source.timeout(), notes);
        let work = source.read(call, config.clone());
        let state = task::run_until_stopped(&format!("read of data source {type_name}"), &self.shared, work)
            .await
            .flatten()?;
        let state = tidy(schema, &config, state)?;
        unresolved(&schema.attributes, &state).map_or(Ok(state), Err)
    }
}

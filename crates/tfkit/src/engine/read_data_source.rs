//! Reading a data source.

use super::core::{Core, SharedNotes, notes};
use super::outcome::{take, tidy, unresolved};
use super::validate::late_errors;
use super::{DataSourceRequest, Diags, task, unknown_provider};
use crate::cx::{Access, lock};
use crate::diag::Diag;
use crate::model::Operation;
use crate::plan::prepare;
use crate::provider::Provider;
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    pub(super) async fn read_data_source(&self, request: DataSourceRequest) -> (Dyn, Diags) {
        let notes = notes(&[]);
        let read = self.looked_up(request, &notes).await;
        let mut diags = take(&notes).diags;
        let state = read.unwrap_or_else(|diag| {
            diags.push(diag);
            Dyn::Null
        });
        (state, diags)
    }

    async fn looked_up(&self, request: DataSourceRequest, notes: &SharedNotes) -> Result<Dyn, Diag> {
        let DataSourceRequest { type_name, config } = request;
        let source = self.data_source(&type_name)?;
        if let Access::Unknown(paths) = self.access() {
            return Err(unknown_provider(&paths));
        }
        let schema = source.schema();
        let errors = late_errors(schema, &config, source.misfits(&config));
        if !errors.is_empty() {
            lock(notes).diags.extend(errors);
            return Ok(Dyn::Null);
        }
        // Defaults are filled in, and what the provider has to find is unknown, as in the plan of a creation.
        let config = prepare(&schema.attributes, &Dyn::Null, &config);
        self.conceal(schema, &[&config]);
        let cx = self.cx(Operation::Read, &config, source.timeout(), notes);
        let work = source.read(cx, config.clone());
        let state = task::run_until_stopped(&format!("read of data source {type_name}"), &self.shared, work)
            .await
            .flatten()?;
        let state = tidy(schema, &config, state)?;
        unresolved(&schema.attributes, &state).map_or(Ok(state), Err)
    }
}

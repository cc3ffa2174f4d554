//! Preparing a listed object for an export.

use super::core::{Diags, Engine};
use super::generate::GenerateRequest;
use super::list::ListEvent;
use super::outcome::take;
use super::task;
use crate::cx::Notes;
use crate::diag::Diag;
use crate::model::Operation;
use crate::value::Dyn;

/// An object to export.
#[derive(Clone, Debug)]
pub struct Item {
    /// Full name of its type.
    pub type_name: String,
    /// Its name for people, which becomes its label.
    pub name: String,
    /// Its identity.
    pub identity: Dyn,
    /// Its state.
    pub state: Dyn,
    /// Its generated configuration.
    pub config: Dyn,
    /// The sensitive attributes that contain no secret.
    pub disclosed: Vec<&'static str>,
}

impl Engine {
    /// Returns the configuration of an object as an item of an [export](crate::export).
    ///
    /// # Errors
    ///
    /// If the configuration cannot be generated.
    pub async fn export(&self, type_name: &str, listed: ListEvent) -> Result<(Item, Diags), Diag> {
        let ListEvent { identity, display_name: name, object: state, .. } = listed;
        let request = GenerateRequest { type_name: type_name.to_owned(), state: state.clone() };
        let (config, mut diags) = self.generate(request).await;
        if let Some(error) = diags.iter().position(Diag::is_error) {
            return Err(diags.swap_remove(error));
        }
        let resource = self.0.resource(type_name)?;
        let notes = Notes::after(&[]);
        let call = self.0.call(Operation::Read, &Dyn::Null, resource.timeout(Operation::Read), &notes);
        let work = resource.disclosed(call, config.clone());
        let what = format!("export of {type_name}");
        let disclosed = task::run_until_stopped(&what, &self.0.shared, work).await.flatten()?;
        diags.extend(take(&notes).diags);
        Ok((Item { type_name: type_name.to_owned(), name, identity, state, config, disclosed }, diags))
    }
}

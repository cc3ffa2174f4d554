//! Importing an object.

use super::core::{Core, Engine};
use super::outcome::{Stored, identity, take, unresolved};
use super::task;
use crate::cx::{Notes, SharedNotes, unknown_provider};
use crate::diag::Diag;
use crate::erased::ImportBy;
use crate::model::Operation;
use crate::plan::tidy;
use crate::value::{Dyn, Shown};

/// A request to import an object.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Full type name.
    pub type_name: String,
    /// What the user specified.
    pub by: ImportBy,
}

impl Engine {
    /// Imports an object. The state is null on failure. The result is complete: the read that follows adds nothing.
    pub async fn import(&self, request: ImportRequest) -> Stored {
        let ImportRequest { type_name, by } = request;
        let notes = Notes::after(&[]);
        let imported = self.0.imported(&type_name, by, &notes).await;
        let mut left = take(&notes);
        left.private.set_imported();
        let mut stored = Stored::unchanged(Dyn::Null, left.private.to_bytes(), Dyn::Null, left.diags);
        match imported {
            Ok((state, identity)) => (stored.state, stored.identity) = (state, identity),
            Err(diag) => stored.diags.push(diag),
        }
        stored
    }
}

impl Core {
    async fn imported(&self, type_name: &str, by: ImportBy, notes: &SharedNotes) -> Result<(Dyn, Dyn), Diag> {
        let resource = self.resource(type_name)?;
        if let Some(paths) = self.provider.waits_for() {
            return Err(unknown_provider(&paths));
        }
        let named = match &by {
            ImportBy::Id(id) => format!("id {}", Shown(&Dyn::string(id.as_str()))),
            ImportBy::Identity(identity) => format!("identity {}", Shown(&without_nulls(identity))),
        };
        let given = match &by {
            ImportBy::Identity(identity) => identity.clone(),
            ImportBy::Id(_) => Dyn::Null,
        };
        let call = self.call(Operation::Read, &Dyn::Null, resource.timeout(Operation::Read), notes);
        let work = resource.import(call, by);
        let found =
            task::run_until_stopped(&format!("import of {type_name}"), &self.shared, work).await.flatten();
        // Hosts do not show which import block an error is about. Errors about an ID contain it.
        let found = found.map_err(|diag| match &given {
            Dyn::Null => diag,
            _ => diag.why(format!("This is about the import of {type_name} with {named}.")),
        })?;
        let state = found.ok_or_else(|| {
            Diag::error(format!("No {type_name} found with {named}"))
                .why("The object does not exist, or the provider's credentials have no access to it.")
                .fix("Check the id and the provider configuration.")
        })?;
        let schema = resource.schema();
        let state = tidy(schema, &Dyn::Null, state)?;
        unresolved(&schema.attributes, &state).map_or(Ok(()), Err)?;
        let identity = identity(resource.as_ref(), &state, &given)?;
        Ok((state, identity))
    }
}

/// Returns the parts of an identity that are set.
fn without_nulls(identity: &Dyn) -> Dyn {
    match identity.untyped() {
        Dyn::Map(parts) => {
            let set = parts.iter().filter(|(_, part)| **part != Dyn::Null);
            Dyn::Map(set.map(|(name, part)| (name.clone(), part.clone())).collect())
        }
        other => other.clone(),
    }
}

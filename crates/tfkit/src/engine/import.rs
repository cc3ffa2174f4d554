//! Importing an object.

use super::core::{Core, notes};
use super::outcome::{identity, take, tidy, unresolved};
use super::{ImportBy, ImportRequest, Stored, task, unknown_provider};
use crate::cx::Access;
use crate::diag::Diag;
use crate::model::Operation;
use crate::provider::Provider;
use crate::value::Dyn;

impl<P: Provider> Core<P> {
    /// The result is complete: the read that follows has nothing to add.
    pub(super) async fn import(&self, request: ImportRequest) -> Stored {
        let ImportRequest { type_name, by } = request;
        let notes = notes(&[]);
        let imported = self.imported(&type_name, by, &notes).await;
        let mut left = take(&notes);
        left.private.set_imported();
        let mut stored = Stored::unchanged(Dyn::Null, left.private.to_bytes(), Dyn::Null, left.diags);
        match imported {
            Ok((state, identity)) => (stored.state, stored.identity) = (state, identity),
            Err(diag) => stored.diags.push(diag),
        }
        stored
    }

    async fn imported(
        &self,
        type_name: &str,
        by: ImportBy,
        notes: &super::core::SharedNotes,
    ) -> Result<(Dyn, Dyn), Diag> {
        let resource = self.resource(type_name)?;
        if let Access::Unknown(paths) = self.access() {
            return Err(unknown_provider(&paths));
        }
        let named = match &by {
            ImportBy::Id(id) => format!("id {id:?}"),
            ImportBy::Identity(_) => "the given identity".to_owned(),
        };
        let given = match &by {
            ImportBy::Identity(identity) => identity.clone(),
            ImportBy::Id(_) => Dyn::Null,
        };
        let cx = self.cx(Operation::Read, &Dyn::Null, resource.timeout(Operation::Read), notes);
        let work = resource.import(cx, by);
        let found =
            task::run_until_stopped(&format!("import of {type_name}"), &self.shared, work).await.flatten()?;
        let state = found.ok_or_else(|| {
            Diag::error(format!("There is no {type_name} with {named}"))
                .why("The object does not exist, or it is not visible with the provider's credentials.")
                .fix("Check the id, and the provider's configuration.")
        })?;
        let schema = resource.schema();
        let state = tidy(schema, &Dyn::Null, state)?;
        unresolved(&schema.attributes, &state).map_or(Ok(()), Err)?;
        let identity = identity(resource.as_ref(), &state, &given)?;
        Ok((state, identity))
    }
}

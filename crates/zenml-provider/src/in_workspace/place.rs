//! The key of objects of a workspace.

use tfkit::Dyn;
use tfkit::engine::IdentityAttribute;
use tfkit::field::{Misfit, Value as _};
use tfkit::model::{Fields, Key, Parts};
use zenml_api::{Identifier, WorkspaceId};

use crate::id::Id;

/// Identifies an object: the key of reads, the identity, and the result of an import id.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<I> {
    /// ID of the workspace that contains the object. Default: the provider's workspace. Null on an open-source
    /// server.
    pub workspace_id: Option<Id<WorkspaceId>>,
    /// ID of the object.
    pub id: Id<I>,
}

const WORKSPACE_ID: &str = "workspace_id";
const ID: &str = "id";

impl<I: Identifier> Key for Place<I> {
    fn attributes() -> Vec<IdentityAttribute> {
        let attribute = |name, description: &str, required| IdentityAttribute {
            name,
            ty: String::shape().ty(),
            description: description.to_owned(),
            required,
        };
        vec![
            attribute(
                WORKSPACE_ID,
                "ID of the workspace that contains the object. Default: the provider's workspace. Null on an \
                 open-source server.",
                false,
            ),
            attribute(ID, "ID of the object.", true),
        ]
    }

    fn from_object(object: &Dyn) -> Result<Self, Misfit> {
        let fields = Fields::of(object)?;
        Ok(Self { workspace_id: fields.get(WORKSPACE_ID)?, id: fields.get(ID)? })
    }

    fn to_object(&self) -> Dyn {
        Fields::new().with(WORKSPACE_ID, &self.workspace_id).with(ID, &self.id).into_object()
    }

    fn from_parts(parts: &[Option<&str>]) -> Result<Self, Misfit> {
        let parts = Parts::new(parts);
        Ok(Self { workspace_id: parts.get(0, WORKSPACE_ID)?, id: parts.get(1, ID)? })
    }
}

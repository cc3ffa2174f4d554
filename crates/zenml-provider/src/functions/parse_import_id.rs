//! `parse_import_id`: what an import id identifies.

use std::collections::BTreeMap;

use tfkit::{Arguments, Diag, Function};

use super::form::{self, NAMES};
use super::import_id::unknown_type;

/// Returns the attributes of an import ID: the inverse of `import_id`.
///
/// The result is a map with the attributes of all formats of the type. Those that the import ID does not contain are
/// null. Where the import ID contains the name of a workspace, a project or a role instead of an ID, the name is under
/// `workspace`, `project` or `role`. The objects do not have to exist.
#[derive(Clone, Debug, Arguments)]
#[function(name = "parse_import_id", since = "3.1.0")]
pub struct ParseImportId {
    /// Type of the resource.
    #[arg(name = "type", check = one_of(NAMES))]
    pub kind: String,
    /// Import ID of an object of this type.
    pub id: String,
}

impl Function for ParseImportId {
    type Output = BTreeMap<String, Option<String>>;

    fn call(self) -> Result<Self::Output, Diag> {
        let forms = form::forms(&self.kind).ok_or_else(|| unknown_type(&self.kind).at(Self::TYPE))?;
        let Some(found) = form::parse(&forms, &self.id) else {
            return Err(Diag::error(format!("{:?} is not an import ID of {}.", self.id, self.kind))
                .fix(format!("Use one of these formats:\n  {}", form::listed(&forms).replace(", ", "\n  ")))
                .at(Self::ID));
        };
        let mut attributes: BTreeMap<String, Option<String>> =
            form::names(&forms).into_iter().map(|name| (name, None)).collect();
        attributes.extend(found.into_iter().map(|(name, value)| (name, Some(value))));
        Ok(attributes)
    }
}

//! `import_id`: the import id of an object.

use std::collections::BTreeMap;

use tfkit::{Arguments, Diag, Function};

use super::form::{self, Attributes, NAMES};

/// Returns the import ID of an object, for the `id` argument of an `import` block or for `terraform import`.
///
/// The attributes are those of the formats under "Import" on the page of the type, in lower case: for example
/// `{ workspace_id, id }` or `{ workspace_id, type, name }`. A workspace, a project and a role can be an ID or a name
/// (`workspace_id` or `workspace`). Attributes that are null are omitted.
#[derive(Clone, Debug, Arguments)]
#[function(name = "import_id", since = "3.1.0")]
pub struct ImportId {
    /// Type of the resource.
    #[arg(name = "type", check = one_of(NAMES))]
    pub kind: String,
    /// What identifies the object.
    pub attributes: BTreeMap<String, Option<String>>,
}

impl Function for ImportId {
    type Output = String;

    fn call(self) -> Result<String, Diag> {
        let Self { kind, attributes } = self;
        let given: Attributes =
            attributes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let forms = form::forms(&kind).ok_or_else(|| unknown_type(&kind).at(Self::TYPE))?;
        if let Some(empty) = given.iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(Diag::error(format!("{} is empty.", empty.0)).at(Self::ATTRIBUTES));
        }
        let Some(id) = forms.iter().find_map(|form| form.build(&given)) else {
            let names: Vec<&str> = given.keys().map(String::as_str).collect();
            let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(Diag::error(format!("The attributes are not those of an import ID of {kind}."))
                .why(format!("Found: {found}."))
                .fix(format!(
                    "Set exactly the attributes of one of these formats, in lower case:\n  {}",
                    form::listed(&forms).replace(", ", "\n  ")
                ))
                .at(Self::ATTRIBUTES));
        };
        if form::parse(&forms, &id).as_ref() != Some(&given) {
            return Err(Diag::error(format!("The import ID {id:?} would identify another object."))
                .why(
                    "A name that is an ID is read as one, a name with a slash requires the workspace, and IDs are \
                     UUIDs.",
                )
                .fix("Identify the object by its ID.")
                .at(Self::ATTRIBUTES));
        }
        Ok(id)
    }
}

/// Returns the error of a type without import ids, which the check of the parameter has excluded.
pub(super) fn unknown_type(kind: &str) -> Diag {
    Diag::error(format!("The provider has no resource type {kind:?}."))
}

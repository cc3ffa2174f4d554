//! The import section: by command, by an import block with an id, and by an identity.

use super::arguments;
use crate::check::Rule;
use crate::schema::{IdentityAttribute, Schema};

/// Returns the import section for an object at an address. `notes` comes from the template.
///
/// # Errors
///
/// If the parts of the key are not an import id, and the model sets no other format.
pub(super) fn section(
    type_name: &str,
    address: &str,
    schema: &Schema,
    identity: &[IdentityAttribute],
    notes: &str,
) -> Result<String, String> {
    let forms = Forms::new(type_name, schema, identity);
    let Some(id) = forms.plain.first() else {
        return Err(format!(
            "{type_name}: the parts of the key are not an import id; set the format with #[model(import = \"…\")]"
        ));
    };
    let command = |id: &String| format!("terraform import {address} {id}");
    let mut commands: Vec<String> = forms.plain.iter().map(command).collect();
    if let Some(place) = &forms.place {
        commands.push(format!("\n# In another {place} than the provider's:"));
        commands.extend(forms.placed.iter().map(command));
    }
    let arguments = example(type_name, schema, identity);
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let arguments: Vec<String> =
        arguments.iter().map(|(name, value)| format!("    {name:width$} = \"{value}\"\n")).collect();
    let mut parts = vec!["## Import".to_owned(), notes.to_owned()];
    parts.retain(|part| !part.is_empty());
    parts.extend([
        "With [`terraform import`](https://developer.hashicorp.com/terraform/cli/commands/import):".to_owned(),
        format!("```shell\n{}\n```", commands.join("\n")),
        "With an [`import` block](https://developer.hashicorp.com/terraform/language/import) and the same ID, in \
         Terraform 1.5 or later:"
            .to_owned(),
        format!("```terraform\nimport {{\n  to = {address}\n  id = \"{id}\"\n}}\n```"),
        "With an `import` block and the identity of the object, in Terraform 1.12 or later:".to_owned(),
        format!(
            "```terraform\nimport {{\n  to = {address}\n  identity = {{\n{}  }}\n}}\n```",
            arguments.concat()
        ),
        "### Identity Schema".to_owned(),
        arguments::identity(identity),
    ]);
    Ok(parts.join("\n\n"))
}

/// The import ids of a type, in capitals.
struct Forms {
    /// Without the optional parts of the key.
    plain: Vec<String>,
    /// With them.
    placed: Vec<String>,
    /// What the optional parts identify, such as `workspace`.
    place: Option<String>,
}

impl Forms {
    fn new(type_name: &str, schema: &Schema, identity: &[IdentityAttribute]) -> Self {
        let noun = noun(type_name);
        let leading = identity.iter().take_while(|attribute| !attribute.required).count();
        let (optional, required) = identity.split_at(leading);
        let mut plain: Vec<String> = Vec::new();
        if required.iter().all(|attribute| attribute.required) {
            let parts: Vec<String> = required.iter().map(|attribute| part(noun, attribute)).collect();
            plain.push(parts.join("/"));
        }
        plain.extend(schema.about.imports.iter().map(|&form| form.to_owned()));
        let prefix: Vec<String> = optional.iter().map(|attribute| part(noun, attribute) + "/").collect();
        let placed = plain.iter().map(|form| prefix.concat() + form).collect();
        let words = |attribute: &IdentityAttribute| attribute.name.trim_end_matches("_id").replace('_', " ");
        let place = optional.first().map(words);
        Self { plain, placed, place }
    }
}

/// A type without the provider's prefix.
fn noun(type_name: &str) -> &str {
    type_name.split_once('_').map_or(type_name, |(_, noun)| noun)
}

/// Returns an attribute as part of an id; `id` alone would be ambiguous.
fn part(noun: &str, attribute: &IdentityAttribute) -> String {
    if attribute.name == "id" { format!("{noun}_id").to_uppercase() } else { attribute.name.to_uppercase() }
}

/// Returns the smallest identity of an object: the required attributes, and one of each group of which exactly one
/// must be set.
fn example(type_name: &str, schema: &Schema, identity: &[IdentityAttribute]) -> Vec<(&'static str, String)> {
    let chosen: Vec<&str> = schema
        .rules
        .iter()
        .filter_map(|rule| match rule {
            Rule::ExactlyOneOf(names) | Rule::AtLeastOneOf(names) => {
                let part = |name: &&str| identity.iter().any(|attribute| attribute.name == *name);
                names.iter().all(part).then(|| names.first().copied()).flatten()
            }
            _ => None,
        })
        .collect();
    identity
        .iter()
        .filter(|attribute| attribute.required || chosen.contains(&attribute.name))
        .map(|attribute| (attribute.name, part(noun(type_name), attribute)))
        .collect()
}

//! The lists of attributes, with a separate section for each nested schema.

use super::sentence::one_line;
use crate::schema::{Attribute, Block, IdentityAttribute, Nesting, Shape, Who};
use crate::value::Type;

/// The title of a group, and whether an attribute belongs to it.
type Group = (&'static str, fn(&Who) -> bool);

/// The registry's three groups, in their order.
const GROUPS: [Group; 3] = [
    ("Required", Who::is_required),
    ("Optional", Who::is_optional),
    ("Read-Only", |who| !who.is_configurable()),
];

const WRITE_ONLY: &str = ", [Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)";

/// Returns the sections of a whole block; `nothing` if it has no attributes.
pub(super) fn block(attributes: &[Attribute]) -> String {
    let groups = groups(attributes, &[]).map(|(group, list)| format!("### {group}\n\n{list}"));
    let mut sections: Vec<String> = groups.collect();
    nested(attributes, &[], &mut sections);
    sections.join("\n\n")
}

/// Returns the lists of an identity.
pub(super) fn identity(attributes: &[IdentityAttribute]) -> String {
    let mut sorted: Vec<&IdentityAttribute> = attributes.iter().collect();
    sorted.sort_by_key(|attribute| attribute.name);
    let line = |attribute: &&IdentityAttribute| {
        format!("- `{}` ({}) {}", attribute.name, plain(&attribute.ty), one_line(&attribute.description))
    };
    let group = |title: &str, required: bool| {
        let lines: Vec<String> =
            sorted.iter().filter(|attribute| attribute.required == required).map(line).collect();
        (!lines.is_empty()).then(|| format!("#### {title}\n\n{}", lines.join("\n")))
    };
    [group("Required", true), group("Optional", false)].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// Returns the groups that have attributes, each with its list.
fn groups<'a>(
    attributes: &'a [Attribute],
    path: &'a [&'static str],
) -> impl Iterator<Item = (&'static str, String)> + 'a {
    GROUPS.into_iter().filter_map(move |(title, belongs)| {
        let lines: Vec<String> = sorted(attributes)
            .into_iter()
            .filter(|attribute| belongs(&attribute.who))
            .map(|attribute| line(attribute, path))
            .collect();
        (!lines.is_empty()).then(|| (title, lines.join("\n")))
    })
}

/// Adds the sections of nested attributes, in the order in which the lists above refer to them.
fn nested(attributes: &[Attribute], path: &[&'static str], sections: &mut Vec<String>) {
    let sorted = sorted(attributes);
    for (_, belongs) in GROUPS {
        for attribute in sorted.iter().filter(|attribute| belongs(&attribute.who)) {
            if let Shape::Nested(_, inner) = &attribute.shape {
                let anchor = anchor(attribute, path);
                let path = [path, &[attribute.name]].concat();
                let lists: Vec<String> =
                    groups(inner, &path).map(|(group, list)| format!("{group}:\n\n{list}")).collect();
                sections.push(format!(
                    "<a id=\"{}\"></a>\n### Nested Schema for `{}`\n\n{}",
                    anchor,
                    path.join("."),
                    lists.join("\n\n")
                ));
                nested(inner, &path, sections);
            }
        }
    }
}

/// One line of a list.
fn line(attribute: &Attribute, path: &[&'static str]) -> String {
    let mut line = format!("- `{}` ({}", attribute.name, shape(attribute));
    if attribute.sensitive {
        line.push_str(", Sensitive");
    }
    if attribute.deprecated.is_some() {
        line.push_str(", Deprecated");
    }
    if attribute.write_only {
        line.push_str(WRITE_ONLY);
    }
    line.push(')');
    for text in
        [Some(attribute.documentation()), attribute.deprecated.map(|why| format!("**Deprecated:** {why}"))]
    {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            line.push(' ');
            line.push_str(&text);
        }
    }
    if let Shape::Nested(..) = attribute.shape {
        let anchor = anchor(attribute, path);
        line = format!("{line} (see [below for nested schema](#{anchor}))");
    }
    line
}

/// Returns the anchor of the section of a nested attribute or block. `path` leads to the object that has it.
fn anchor(attribute: &Attribute, path: &[&'static str]) -> String {
    let kind = if attribute.block.is_some() { "nestedblock" } else { "nestedatt" };
    format!("{kind}--{}", [path, &[attribute.name]].concat().join("--"))
}

fn sorted(attributes: &[Attribute]) -> Vec<&Attribute> {
    let mut sorted: Vec<&Attribute> = attributes.iter().collect();
    sorted.sort_by_key(|attribute| attribute.name);
    sorted
}

/// Returns a type in the registry's words.
fn shape(attribute: &Attribute) -> String {
    let Shape::Nested(nesting, _) = &attribute.shape else { return plain(&attribute.ty()) };
    let what = if attribute.block.is_some() { "Block" } else { "Attributes" };
    let kind = match nesting {
        Nesting::Single => "",
        Nesting::List => " List",
        Nesting::Set => " Set",
        Nesting::Map => " Map",
    };
    let Block { min, max, .. } = attribute.block.unwrap_or_default();
    let limit = |word, count: Option<u32>| count.map_or(String::new(), |count| format!(", {word}: {count}"));
    format!("{what}{kind}{}{}", limit("Min", min), limit("Max", max))
}

pub(super) fn plain(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(element) => format!("List of {}", plain(element)),
        Type::Set(element) => format!("Set of {}", plain(element)),
        Type::Map(element) => format!("Map of {}", plain(element)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

//! The page of a function.

use super::arguments::plain;
use super::files::Files;
use super::page::{examples, paragraphs, requires};
use super::template::Template;
use crate::function::{Parameter, Signature};
use crate::schema::{Attribute, Nesting, Shape};
use crate::value::Type;

/// The first versions of the hosts that support functions.
const HOSTS: &str = "Terraform 1.8 or later, or OpenTofu 1.7 or later";

/// Name of the main example.
const EXAMPLE: &str = "function.tf";

/// Returns the path of the page in the folder of all pages.
pub(super) fn path(signature: &Signature) -> String {
    format!("functions/{}.md", signature.name)
}

pub(super) fn template_path(signature: &Signature) -> String {
    format!("templates/{}", path(signature))
}

pub(super) fn example_folder(signature: &Signature) -> String {
    format!("examples/functions/{}/", signature.name)
}

/// Returns the text of the page, or what is missing.
pub(super) fn page(provider: &str, signature: &Signature, sources: &Files) -> Result<String, String> {
    let folder = example_folder(signature);
    if !sources.contains_key(&format!("{folder}{EXAMPLE}")) {
        return Err(format!("{folder}{EXAMPLE}: missing; every page requires an example"));
    }
    let template_path = template_path(signature);
    let template = Template::of(sources, &template_path);
    let name = signature.name;
    let title = template.title.map_or_else(|| format!("{name} function - {provider}"), str::to_owned);
    let heading = template.title.map_or_else(|| format!("function: {name}"), str::to_owned);
    let category = signature.about.category.unwrap_or_default();
    let summary = signature.summary().replace('`', "");
    let mut sections = vec![
        format!(
            "---\npage_title: \"{title}\"\nsubcategory: \"{category}\"\ndescription: |-\n  {summary}\n---"
        ),
        format!("# {heading}"),
        paragraphs(signature.description),
        signature.deprecated.map(|why| format!("~> **Deprecated:** {why}")).unwrap_or_default(),
        template.before.to_owned(),
        signature.about.since.map(|since| format!("Available since version {since}.")).unwrap_or_default(),
        requires(HOSTS),
        format!("## Example Usage\n\n{}", examples(sources, &folder, EXAMPLE).join("\n\n")),
        template.after.to_owned(),
        format!("## Signature\n\n```text\n{}\n```", signature_line(signature)),
    ];
    let arguments: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| argument(parameter, ""))
        .chain(signature.variadic.iter().map(|parameter| argument(parameter, "Variadic, ")))
        .collect();
    if !arguments.is_empty() {
        sections.push(format!("## Arguments\n\n{}", arguments.join("\n")));
    }
    sections.push(format!("## Return Type\n\n{}", returned(&signature.result)));
    sections.retain(|section| !section.is_empty());
    Ok(sections.join("\n\n") + "\n")
}

/// Returns the signature in the registry's notation.
fn signature_line(signature: &Signature) -> String {
    let fixed = signature.parameters.iter().map(|one| format!("{} {}", one.name, keyword(&one.ty)));
    let variadic = signature.variadic.iter().map(|one| format!("{} {}...", one.name, keyword(&one.ty)));
    let parameters: Vec<String> = fixed.chain(variadic).collect();
    format!("{}({}) {}", signature.name, parameters.join(", "), keyword(&signature.returns))
}

/// Returns one line of the list of arguments.
fn argument(parameter: &Parameter, variadic: &str) -> String {
    let nullable = if parameter.nullable { ", Nullable" } else { "" };
    let ty = plain(&parameter.ty);
    format!("1. `{}` ({variadic}{ty}{nullable}) {}", parameter.name, parameter.documentation())
}

/// Returns the type of the result, with the attributes of an object.
fn returned(shape: &Shape) -> String {
    let Shape::Nested(Nesting::Single, attributes) = shape else { return format!("{}.", plain(&shape.ty())) };
    let line = |attribute: &Attribute| {
        format!("- `{}` ({}) {}", attribute.name, plain(&attribute.ty()), attribute.documentation())
    };
    let lines: Vec<String> = attributes.iter().map(line).collect();
    format!("Object with these attributes:\n\n{}", lines.join("\n"))
}

/// Returns a type as configurations write it.
fn keyword(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(element) => format!("list of {}", keyword(element)),
        Type::Set(element) => format!("set of {}", keyword(element)),
        Type::Map(element) => format!("map of {}", keyword(element)),
        Type::Object(_) => "object".to_owned(),
        Type::Tuple(_) => "tuple".to_owned(),
    }
}

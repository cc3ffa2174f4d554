//! The configuration of existing objects: resources, import blocks and variables, as readable files.
//!
//! A provider lists its objects, turns each of them into an [`Item`] with [`Engine::export`], and passes all of them to
//! [`files`], a pure function. Hosts can plan the files: the plan imports everything and changes nothing.
//!
//! - Resources are named after their objects.
//! - An id of another exported object becomes a reference to it, if it is a UUID, which cannot occur by chance.
//! - A sensitive value becomes a variable, unless the author [discloses](crate::Resource::disclosed) it; no file
//!   contains a secret. The variable is null by default if the host then keeps the imported value.

mod hcl;
mod label;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use self::hcl::{Expression, block, quoted};
use self::label::{Labels, label};
use crate::docs::Files;
use crate::engine::Engine;
pub use crate::engine::Item;
use crate::schema::{Attribute, IdentityAttribute, Kind, Shape, Who};
use crate::value::{Dyn, Type};

/// The provider in the files.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Source address, such as `acme/cloud`.
    pub address: &'a str,
    /// Version constraint.
    pub version: &'a str,
    /// Comment in the provider block, such as where its credentials come from.
    pub comment: &'a str,
}

/// Returns the files: `providers.tf`, `imports.tf`, `variables.tf` if there are sensitive values, and a file for each
/// type, named after it without the provider's prefix. The same input always gives the same bytes.
pub fn files(engine: &Engine, source: Source<'_>, mut items: Vec<Item>) -> Files {
    items.sort_by_cached_key(|item| {
        (item.type_name.clone(), item.name.clone(), import_id(engine, item).unwrap_or_default())
    });
    let book = Book::new(&items);
    let mut files = Files::new();
    let mut variables = BTreeMap::new();
    let mut imports = String::new();
    let mut links = Links::default();
    for (index, item) in items.iter().enumerate() {
        let (Some(schema), Some(id)) =
            (engine.schema(Kind::Resource, &item.type_name), import_id(engine, item))
        else {
            continue;
        };
        let label = &book.labels[index];
        let mut writer = Writer { book: &book, links: &mut links, variables: &mut variables, index, item };
        let arguments = writer.arguments(&schema.attributes, &item.config, &[]);
        let header = format!("resource {} {}", quoted(&item.type_name), quoted(label));
        let noun = without_prefix(engine, &item.type_name);
        append(files.entry(format!("{noun}.tf")).or_default(), &block(&header, &arguments));
        let import = [
            ("to".to_owned(), Expression::Written(format!("{}.{label}", item.type_name))),
            ("id".to_owned(), Expression::string(&id)),
        ];
        append(&mut imports, &block("import", &import));
    }
    files.insert("providers.tf".to_owned(), provider(engine, source));
    files.insert("imports.tf".to_owned(), imports);
    if !variables.is_empty() {
        let blocks: Vec<String> = variables.into_values().collect();
        files.insert("variables.tf".to_owned(), blocks.join("\n"));
    }
    files.retain(|_, text| !text.is_empty());
    files
}

fn append(file: &mut String, block: &str) {
    if !file.is_empty() {
        file.push('\n');
    }
    file.push_str(block);
}

fn without_prefix<'a>(engine: &Engine, type_name: &'a str) -> &'a str {
    type_name.strip_prefix(engine.name()).and_then(|rest| rest.strip_prefix('_')).unwrap_or(type_name)
}

fn provider(engine: &Engine, source: Source<'_>) -> String {
    let name = engine.name();
    let (address, version) = (quoted(source.address), quoted(source.version));
    let comment: Vec<String> = source.comment.lines().map(|line| format!("  # {line}\n")).collect();
    let comment = comment.concat();
    format!(
        "terraform {{\n  required_providers {{\n    {name} = {{\n      source  = {address}\n      version = {version}\n    \
         }}\n  }}\n}}\n\nprovider {} {{\n{comment}}}\n",
        quoted(name)
    )
}

/// Returns the import id of an object: the parts of its key, or its attribute `id` if the parts are not an import id.
fn import_id(engine: &Engine, item: &Item) -> Option<String> {
    let attributes = engine.identity_schema(&item.type_name)?.attributes;
    let text = |value: &Dyn| match value {
        Dyn::String(text) => Some(text.clone()),
        Dyn::Number(number) => Some(number.to_string()),
        Dyn::Bool(value) => Some(value.to_string()),
        _ => None,
    };
    if parts_are_id(&attributes) {
        let parts = attributes.iter().filter_map(|attribute| text(item.identity.attribute(attribute.name)));
        Some(parts.collect::<Vec<_>>().join("/"))
    } else {
        text(item.state.attribute("id"))
    }
}

/// Only leading parts of an import id can be omitted.
fn parts_are_id(attributes: &[IdentityAttribute]) -> bool {
    attributes.iter().skip_while(|attribute| !attribute.required).all(|attribute| attribute.required)
}

/// The addresses of all objects.
struct Book {
    labels: Vec<String>,
    /// The object with an id; `None` if several have it.
    by_id: HashMap<String, Option<usize>>,
    addresses: Vec<String>,
}

impl Book {
    fn new(items: &[Item]) -> Self {
        let mut taken: HashMap<&str, Labels> = HashMap::new();
        let (mut labels, mut addresses) = (Vec::new(), Vec::new());
        let mut by_id = HashMap::new();
        for (index, item) in items.iter().enumerate() {
            let label = taken.entry(&item.type_name).or_default().take(&item.name);
            addresses.push(format!("{}.{label}", item.type_name));
            labels.push(label);
            if let Some(id) = item.state.attribute("id").as_str().filter(|id| is_uuid(id)) {
                by_id.entry(id.to_owned()).and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        Self { labels, by_id, addresses }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// References between objects, without circles.
#[derive(Default)]
struct Links(HashMap<usize, BTreeSet<usize>>);

impl Links {
    /// Adds a reference, unless it would close a circle.
    fn add(&mut self, from: usize, to: usize) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![to];
        while let Some(next) = open.pop() {
            if next == from {
                return false;
            }
            if seen.insert(next) {
                open.extend(self.0.get(&next).into_iter().flatten());
            }
        }
        self.0.entry(from).or_default().insert(to);
        true
    }
}

/// Writes the arguments of one object.
struct Writer<'a> {
    book: &'a Book,
    links: &'a mut Links,
    /// Blocks by name.
    variables: &'a mut BTreeMap<String, String>,
    index: usize,
    item: &'a Item,
}

impl Writer<'_> {
    fn arguments(
        &mut self,
        attributes: &[Attribute],
        config: &Dyn,
        path: &[&str],
    ) -> Vec<(String, Expression)> {
        let mut arguments = Vec::new();
        for attribute in attributes {
            let value = config.attribute(attribute.name);
            if value.is_null() {
                continue;
            }
            let path = [path, &[attribute.name]].concat();
            let is_secret = attribute.sensitive && !self.item.disclosed.contains(&attribute.name);
            let written = if is_secret {
                self.variable(attribute, &path)
            } else {
                match &attribute.shape {
                    Shape::Plain(_) => self.plain(value),
                    Shape::Nested(_, inner) => self.nested(inner, value, &path),
                }
            };
            arguments.push((attribute.name.to_owned(), written));
        }
        arguments
    }

    fn nested(&mut self, inner: &[Attribute], value: &Dyn, path: &[&str]) -> Expression {
        match value {
            Dyn::List(elements) => {
                Expression::List(elements.iter().map(|element| self.nested(inner, element, path)).collect())
            }
            Dyn::Map(members) => {
                let is_object = members.keys().all(|name| inner.iter().any(|one| one.name == name));
                if is_object {
                    return Expression::Object(self.arguments(inner, value, path));
                }
                let members = members.iter();
                let written = members.map(|(key, member)| (key.clone(), self.nested(inner, member, path)));
                Expression::Object(written.collect())
            }
            _ => Expression::Written("null".to_owned()),
        }
    }

    fn plain(&mut self, value: &Dyn) -> Expression {
        match value.untyped() {
            Dyn::Bool(value) => Expression::Written(value.to_string()),
            Dyn::Number(number) => Expression::Written(number.to_string()),
            Dyn::String(text) => self.string(text),
            Dyn::List(elements) => Expression::List(elements.iter().map(|one| self.plain(one)).collect()),
            Dyn::Map(members) => Expression::Object(
                members.iter().map(|(key, member)| (key.clone(), self.plain(member))).collect(),
            ),
            Dyn::Null | Dyn::Unknown | Dyn::Typed(_) => Expression::Written("null".to_owned()),
        }
    }

    /// Writes a reference, a call of `jsonencode`, or a quoted string.
    fn string(&mut self, text: &str) -> Expression {
        if let Some(Some(other)) = self.book.by_id.get(text)
            && self.links.add(self.index, *other)
        {
            return Expression::Written(format!("{}.id", self.book.addresses[*other]));
        }
        json(text).unwrap_or_else(|| Expression::string(text))
    }

    /// Declares a variable for a sensitive value and returns the reference to it.
    fn variable(&mut self, attribute: &Attribute, path: &[&str]) -> Expression {
        let address = &self.book.addresses[self.index];
        let noun = self.item.type_name.split_once('_').map_or("", |(_, noun)| noun);
        let name = label(&format!("{noun} {} {}", self.book.labels[self.index], path.join(" ")));
        let is_kept = !attribute.who.is_required()
            && matches!(attribute.who, Who::IfSet | Who::IfSetOrImported(_) | Who::Server);
        let mut description = format!("Sensitive: {} of {address}.", path.join("."));
        if is_kept {
            description.push_str(" Null keeps the imported value.");
        }
        let mut arguments = vec![
            ("description".to_owned(), Expression::string(&description)),
            ("type".to_owned(), Expression::Written(constraint(&attribute.ty()))),
            ("sensitive".to_owned(), Expression::Written("true".to_owned())),
        ];
        if is_kept {
            arguments.push(("default".to_owned(), Expression::Written("null".to_owned())));
        }
        let written = block(&format!("variable {}", quoted(&name)), &arguments);
        self.variables.insert(name.clone(), written);
        // The schema hides the value. Older hosts would plan an update, because the imported value has no such mark.
        Expression::Written(format!("nonsensitive(var.{name})"))
    }
}

/// Returns a type as the constraint of a variable.
fn constraint(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(element) => format!("list({})", constraint(element)),
        Type::Set(element) => format!("set({})", constraint(element)),
        Type::Map(element) => format!("map({})", constraint(element)),
        Type::Dynamic | Type::Object(_) | Type::Tuple(_) => "any".to_owned(),
    }
}

/// Returns a call of `jsonencode` for an object or an array in the host's own spelling, so that the call returns
/// exactly this string.
fn json(text: &str) -> Option<Expression> {
    if !text.starts_with(['{', '[']) || text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let is_same = serde_json::to_string(&value).is_ok_and(|again| again == text);
    (is_same && has_plain_numbers(&value)).then(|| Expression::Call("jsonencode", Box::new(of_json(&value))))
}

/// Returns whether all numbers are integers, which every host writes in the same way.
fn has_plain_numbers(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => number.is_i64(),
        serde_json::Value::Array(elements) => elements.iter().all(has_plain_numbers),
        serde_json::Value::Object(members) => members.values().all(has_plain_numbers),
        _ => true,
    }
}

fn of_json(value: &serde_json::Value) -> Expression {
    match value {
        serde_json::Value::String(text) => Expression::string(text),
        serde_json::Value::Array(elements) => Expression::List(elements.iter().map(of_json).collect()),
        serde_json::Value::Object(members) => {
            Expression::Object(members.iter().map(|(key, value)| (key.clone(), of_json(value))).collect())
        }
        other => Expression::Written(other.to_string()),
    }
}

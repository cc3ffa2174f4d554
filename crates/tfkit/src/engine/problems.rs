//! Errors of the provider's author that the host would reject or, worse, would not notice.

use std::collections::BTreeSet;

use super::core::{Diags, Engine};
use crate::diag::Diag;
use crate::function::{Parameter, Signature};
use crate::resource::Upgrade;
use crate::schema::{Attribute, IdentityAttribute, Kind, Nesting, Schema, Shape, Who};
use crate::value::Type;

impl Engine {
    /// Returns errors in the schemas and names of the provider, to be reported with its schema.
    pub fn problems(&self) -> Diags {
        let mut problems = self.0.problems.clone();
        problems.extend(of_schema("provider block", self.provider_schema(), RESERVED_IN_PROVIDER));
        if let Some(meta) = self.provider_meta_schema() {
            problems.extend(of_schema("provider_meta block", meta, &[]));
        }
        for kind in Kind::ALL {
            for (name, one) in self.0.types(kind) {
                let what = format!("{} {name}", kind.words());
                problems.extend(of_schema(&what, one.schema(), reserved(kind)));
                if kind == Kind::Action {
                    problems.extend(of_action(&what, &one.schema().attributes));
                }
            }
        }
        problems.extend(self.functions().flat_map(of_function));
        for (name, resource) in self.0.resources.iter() {
            problems.extend(of_identity(name, &resource.identity()));
            problems.extend(of_upgrades(name, resource.upgrades(), resource.schema().version));
            let identity = format!("identity of {name}");
            problems.extend(of_upgrades(
                &identity,
                resource.identity_upgrades(),
                resource.identity_version(),
            ));
        }
        for (name, list) in self.0.list_resources.iter() {
            problems.extend(of_list(name, list.schema(), self.identity_schema(name).is_some()));
        }
        problems
    }
}

/// Returns the errors of a list. Hosts request the objects by the name of the resource type, and import them by
/// identity.
fn of_list(name: &str, schema: &Schema, has_identity: bool) -> Diags {
    let mut diags = Vec::new();
    if !has_identity {
        diags.push(Diag::bug(format!("list resource {name}: there is no resource {name} with an identity")));
    }
    let computed = schema.attributes.iter().filter(|attribute| attribute.who.is_computed());
    let computed = computed.filter(|attribute| !matches!(attribute.who, Who::Default(_)));
    diags.extend(computed.map(|attribute| {
        problem(&format!("list resource {name}"), attribute, "is computed, but filters have no result")
    }));
    diags
}

/// Root names that the host keeps for itself in the blocks of resources and data sources.
const RESERVED: &[&str] =
    &["count", "for_each", "provider", "lifecycle", "depends_on", "connection", "provisioner"];

/// Root names that the host keeps for itself in provider blocks.
const RESERVED_IN_PROVIDER: &[&str] = &["alias", "version"];

/// Returns the root names that the host keeps for itself. The arguments of an action have a block of their own.
const fn reserved(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Resource | Kind::DataSource | Kind::EphemeralResource => RESERVED,
        Kind::ListResource | Kind::Action => &[],
    }
}

/// Returns the errors of the attributes of an action, which has no result.
fn of_action(what: &str, attributes: &[Attribute]) -> Diags {
    let mut diags = Vec::new();
    for attribute in attributes {
        if attribute.who.is_computed() && !matches!(attribute.who, Who::Default(_)) {
            diags.push(problem(what, attribute, "is set by the provider, but an action has no result"));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            diags.extend(of_action(what, inner));
        }
    }
    diags
}

/// Returns the errors of a schema. `what` names it.
fn of_schema(what: &str, schema: &Schema, reserved: &[&str]) -> Diags {
    let mut diags = of_attributes(what, &schema.attributes, ROOT);
    let taken = schema.attributes.iter().filter(|attribute| reserved.contains(&attribute.name));
    diags.extend(taken.map(|attribute| {
        problem(what, attribute, "has a name that the host reserves in this kind of block")
    }));
    diags
}

/// Returns the errors of a function.
fn of_function(signature: &Signature) -> Diags {
    let mut diags = Vec::new();
    let mut problem = |wrong: String| diags.push(Diag::bug(format!("function {}: {wrong}", signature.name)));
    if !is_name(signature.name) {
        problem("the name has characters other than lower-case letters, digits and `_`".to_owned());
    }
    let mut names = BTreeSet::new();
    for Parameter { name, description, .. } in signature.all_parameters() {
        if !names.insert(*name) {
            problem(format!("parameter {name:?} is declared twice"));
        }
        if !is_name(name) {
            problem(format!(
                "parameter {name:?} has a name with characters other than lower-case letters, digits and `_`"
            ));
        }
        if description.is_empty() {
            problem(format!("parameter {name:?} has no description"));
        }
    }
    diags
}

/// Returns the errors of an identity.
fn of_identity(what: &str, attributes: &[IdentityAttribute]) -> Diags {
    let misfit = |ty: &Type| match ty {
        Type::String | Type::Number | Type::Bool => false,
        Type::List(element) => !matches!(**element, Type::String | Type::Number | Type::Bool),
        _ => true,
    };
    let wrong = attributes.iter().filter(|attribute| misfit(&attribute.ty));
    wrong
        .map(|attribute| {
            Diag::bug(format!(
                "{what}: the key {:?} has a type that identities do not support",
                attribute.name
            ))
        })
        .collect()
}

/// Returns the errors of upgrade steps: from the first step on, each version must have exactly one.
fn of_upgrades(what: &str, steps: &[Upgrade], current: i64) -> Diags {
    let mut diags = Vec::new();
    let Some(first) = steps.iter().map(|step| step.from).min() else { return diags };
    for step in steps.iter().filter(|step| step.from >= current || step.from < 0) {
        let from = step.from;
        diags.push(Diag::bug(format!("{what}: the upgrade from version {from} is never used")));
    }
    for version in first.max(0)..current {
        let count = steps.iter().filter(|step| step.from == version).count();
        if count != 1 {
            diags.push(Diag::bug(format!("{what}: version {version} has {count} upgrades instead of one")));
        }
    }
    diags
}

/// The position of an attribute.
#[derive(Clone, Copy)]
struct Inside {
    nesting: Deepest,
    /// Whether it is inside a nested attribute, and not only inside blocks.
    attribute: bool,
}

/// The nesting around an attribute that restricts it most.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deepest {
    None,
    Single,
    Elements,
    Set,
}

const ROOT: Inside = Inside { nesting: Deepest::None, attribute: false };

fn of_attributes(what: &str, attributes: &[Attribute], inside: Inside) -> Diags {
    let mut names = BTreeSet::new();
    let mut diags = Vec::new();
    for attribute in attributes {
        if !names.insert(attribute.name) {
            diags.push(problem(what, attribute, "is declared twice"));
        }
        if !is_name(attribute.name) {
            diags.push(problem(
                what,
                attribute,
                "has a name with characters other than lower-case letters, digits and `_`",
            ));
        }
        if attribute.description.is_empty() {
            diags.push(problem(what, attribute, "has no description"));
        }
        if attribute.write_only && attribute.who.is_computed() {
            diags.push(problem(what, attribute, "is both write-only and computed"));
        }
        if attribute.write_only && inside.nesting == Deepest::Set {
            diags.push(problem(what, attribute, "is write-only inside a set"));
        }
        diags.extend(of_block(attribute, inside).map(|wrong| problem(what, attribute, wrong)));
        match &attribute.shape {
            Shape::Plain(ty) => {
                let whole = *ty == Type::Dynamic && matches!(inside.nesting, Deepest::None | Deepest::Single);
                if has_dynamic(ty) && !whole {
                    diags.push(problem(what, attribute, "is dynamic inside a collection"));
                }
            }
            Shape::Nested(nesting, attributes) => {
                let deepest = match (inside.nesting, nesting) {
                    (Deepest::Set, _) | (_, Nesting::Set) => Deepest::Set,
                    (Deepest::Elements, _) | (_, Nesting::List | Nesting::Map) => Deepest::Elements,
                    (Deepest::None | Deepest::Single, Nesting::Single) => Deepest::Single,
                };
                let attribute = inside.attribute || attribute.block.is_none();
                diags.extend(of_attributes(what, attributes, Inside { nesting: deepest, attribute }));
            }
        }
    }
    diags
}

/// Returns what is wrong with the way nested objects are written.
fn of_block(attribute: &Attribute, inside: Inside) -> Option<&'static str> {
    let block = attribute.block?;
    let Shape::Nested(nesting, inner) = &attribute.shape else {
        return Some("is a block without nested attributes");
    };
    let counted = block.min.is_some() || block.max.is_some();
    let single = *nesting == Nesting::Single;
    if inside.attribute {
        Some("is a block inside a nested attribute")
    } else if counted && (single || *nesting == Nesting::Map) {
        Some("is a single block or a map of blocks, and has `min` or `max`")
    } else if block.max.is_some_and(|max| max == 0 || block.min.is_some_and(|min| min > max)) {
        Some("is a block whose `max` is zero or less than its `min`")
    } else if block.is_group && !single {
        Some("is a group, but not a single block")
    } else if block.is_group && inner.iter().any(|attribute| attribute.who.is_required()) {
        Some("is a group with a required attribute, which an absent group cannot have")
    } else if attribute.sensitive || attribute.write_only || attribute.who.is_computed() {
        Some("is a block that is sensitive, write-only or computed, which only attributes can be")
    } else {
        None
    }
}

fn has_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::Bool | Type::Number | Type::String => false,
        Type::List(element) | Type::Set(element) | Type::Map(element) => has_dynamic(element),
        Type::Object(attributes) => attributes.values().any(has_dynamic),
        Type::Tuple(elements) => elements.iter().any(has_dynamic),
    }
}

fn is_name(name: &str) -> bool {
    let fits =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_';
    name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_') && name.chars().all(fits)
}

fn problem(what: &str, attribute: &Attribute, wrong: &str) -> Diag {
    Diag::bug(format!("{what}: attribute {:?} {wrong}", attribute.name)).at(attribute.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{About, Block, Who};

    fn attribute(name: &'static str, shape: Shape) -> Attribute {
        Attribute::new(name, "Described.", shape, Who::Optional)
    }

    #[test]
    fn each_error_in_a_schema_is_reported() {
        let plain = |name| attribute(name, Shape::Plain(Type::String));
        let write_only = |name| Attribute { write_only: true, ..plain(name) };
        let nested = |nesting, inner| attribute("nested", Shape::Nested(nesting, vec![inner]));
        let block = |nesting, inner, change: fn(&mut Block)| {
            let mut block = Block::default();
            change(&mut block);
            Attribute { block: Some(block), ..nested(nesting, inner) }
        };
        let dynamic = || attribute("any", Shape::Plain(Type::Dynamic));
        let cases: Vec<(Vec<Attribute>, &[&str])> = vec![
            (vec![plain("name"), plain("tags_2"), write_only("token"), dynamic()], &[]),
            (vec![nested(Nesting::Single, write_only("token")), dynamic()], &[]),
            (vec![nested(Nesting::Single, dynamic())], &[]),
            (vec![plain("name"), plain("name")], &["is declared twice"]),
            (vec![plain("Name")], &["has a name with characters other than"]),
            (vec![plain("count")], &["that the host reserves"]),
            (
                vec![Attribute::new("name", "", Shape::Plain(Type::Bool), Who::Required)],
                &["has no description"],
            ),
            (vec![Attribute { who: Who::Server, ..write_only("token") }], &["both write-only and computed"]),
            (vec![nested(Nesting::Set, write_only("token"))], &["inside a set"]),
            (vec![nested(Nesting::List, dynamic())], &["dynamic inside a collection"]),
            (vec![attribute("any", Shape::Plain(Type::Dynamic.list()))], &["dynamic inside a collection"]),
            (vec![block(Nesting::List, plain("name"), |_| {})], &[]),
            (vec![block(Nesting::List, block(Nesting::Set, plain("name"), |_| {}), |_| {})], &[]),
            (vec![block(Nesting::Single, dynamic(), |block| block.is_group = true)], &[]),
            (vec![block(Nesting::List, dynamic(), |_| {})], &["dynamic inside a collection"]),
            (vec![block(Nesting::Map, dynamic(), |_| {})], &["dynamic inside a collection"]),
            (
                vec![nested(Nesting::Single, block(Nesting::List, plain("name"), |_| {}))],
                &["is a block inside a nested attribute"],
            ),
            (
                vec![Attribute { block: Some(Block::default()), ..plain("name") }],
                &["is a block without nested attributes"],
            ),
            (
                vec![block(Nesting::Single, plain("name"), |block| block.min = Some(1))],
                &["has `min` or `max`"],
            ),
            (vec![block(Nesting::Map, plain("name"), |block| block.max = Some(1))], &["has `min` or `max`"]),
            (
                vec![block(Nesting::Set, plain("name"), |block| (block.min, block.max) = (Some(3), Some(2)))],
                &["whose `max` is zero or less"],
            ),
            (vec![block(Nesting::List, plain("name"), |block| block.is_group = true)], &["is a group, but"]),
            (
                vec![block(Nesting::Single, Attribute { who: Who::Required, ..plain("name") }, |block| {
                    block.is_group = true;
                })],
                &["is a group with a required attribute"],
            ),
            (
                vec![Attribute { sensitive: true, ..block(Nesting::List, plain("name"), |_| {}) }],
                &["which only attributes can be"],
            ),
        ];
        for (attributes, expected) in cases {
            let names: Vec<_> = attributes.iter().map(|attribute| attribute.name).collect();
            let schema = Schema {
                version: 0,
                description: "Described.".to_owned(),
                deprecated: None,
                attributes,
                rules: Vec::new(),
                about: About::default(),
            };
            let found: Vec<String> =
                of_schema("x_thing", &schema, RESERVED).into_iter().map(|diag| diag.summary).collect();
            assert_eq!(found.len(), expected.len(), "{names:?}: {found:?}");
            for (found, expected) in found.iter().zip(expected) {
                assert!(found.contains(expected), "{names:?}: {found}");
            }
        }
    }

    #[test]
    fn an_identity_contains_only_plain_values_and_lists_of_them() {
        let cases = [
            (Type::String, true),
            (Type::Number.list(), true),
            (Type::String.set(), false),
            (Type::String.map(), false),
            (Type::Dynamic, false),
        ];
        for (ty, fine) in cases {
            let attribute =
                IdentityAttribute { name: "id", ty: ty.clone(), description: String::new(), required: true };
            assert_eq!(of_identity("x_thing", &[attribute]).is_empty(), fine, "{ty:?}");
        }
    }
}

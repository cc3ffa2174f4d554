//! Encoding of schemas.

use tfkit::engine::{IdentityAttribute, IdentitySchema};
use tfkit::schema::Block;
use tfkit::{Attribute, Nesting, Schema, Shape};

use super::generated::provider::schema::nested_block::NestingMode as BlockMode;
use super::generated::provider::schema::{self, object::NestingMode};
use super::generated::provider::{
    ActionSchema, ResourceIdentitySchema, Schema as WireSchema, StringKind, resource_identity_schema,
};

/// Encodes a schema. It always contains a block, because the host crashes without one.
pub(super) fn encode(schema: &Schema) -> WireSchema {
    let block = block(&schema.attributes, schema.description.clone(), schema.deprecated);
    WireSchema { version: schema.version, block: Some(block) }
}

/// Encodes the content of a block.
fn block(inner: &[Attribute], description: String, deprecated: Option<&str>) -> schema::Block {
    schema::Block {
        attributes: attributes(inner),
        block_types: blocks(inner),
        description,
        description_kind: StringKind::Markdown.into(),
        deprecated: deprecated.is_some(),
        deprecation_message: deprecated.unwrap_or_default().to_owned(),
        ..schema::Block::default()
    }
}

/// Encodes the schema of an action. The provider fills in its defaults, but the host knows no computed values there.
pub(super) fn encode_action(schema: &Schema) -> ActionSchema {
    let mut schema = encode(schema);
    if let Some(block) = &mut schema.block {
        without_computed_values(block);
    }
    ActionSchema { schema: Some(schema) }
}

fn without_computed_values(block: &mut schema::Block) {
    without_computed(&mut block.attributes);
    block.block_types.iter_mut().filter_map(|nested| nested.block.as_mut()).for_each(without_computed_values);
}

fn without_computed(attributes: &mut [schema::Attribute]) {
    for attribute in attributes {
        attribute.computed = false;
        if let Some(nested) = &mut attribute.nested_type {
            without_computed(&mut nested.attributes);
        }
    }
}

/// Encodes attributes in the order of their names, so that the response is deterministic.
fn attributes(attributes: &[Attribute]) -> Vec<schema::Attribute> {
    let mut written: Vec<_> = attributes.iter().filter(|one| one.block.is_none()).map(attribute).collect();
    written.sort_by(|a, b| a.name.cmp(&b.name));
    written
}

/// Encodes nested blocks in the order of their names.
fn blocks(attributes: &[Attribute]) -> Vec<schema::NestedBlock> {
    let mut written: Vec<_> = attributes.iter().filter_map(nested_block).collect();
    written.sort_by(|a, b| a.type_name.cmp(&b.type_name));
    written
}

fn nested_block(attribute: &Attribute) -> Option<schema::NestedBlock> {
    let Block { is_group, min, max } = attribute.block?;
    let Shape::Nested(nesting, inner) = &attribute.shape else { return None };
    let nesting = match nesting {
        Nesting::Single if is_group => BlockMode::Group,
        Nesting::Single => BlockMode::Single,
        Nesting::List => BlockMode::List,
        Nesting::Set => BlockMode::Set,
        Nesting::Map => BlockMode::Map,
    };
    // A single block is required if both counts are one. Of the others, zero is no limit.
    let required = i64::from(nesting == BlockMode::Single && attribute.who.is_required());
    Some(schema::NestedBlock {
        type_name: attribute.name.to_owned(),
        block: Some(block(inner, attribute.documentation(), attribute.deprecated)),
        nesting: nesting.into(),
        min_items: min.map_or(required, i64::from),
        max_items: max.map_or(required, i64::from),
    })
}

fn attribute(attribute: &Attribute) -> schema::Attribute {
    // Setting both is an error that makes the whole provider unusable.
    let (ty, nested_type) = match &attribute.shape {
        Shape::Plain(ty) => (ty.to_json(), None),
        Shape::Nested(nesting, inner) => (Vec::new(), Some(nested(*nesting, inner))),
    };
    schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.documentation(),
        description_kind: StringKind::Markdown.into(),
        required: attribute.who.is_required(),
        optional: attribute.who.is_optional(),
        computed: attribute.who.is_computed(),
        sensitive: attribute.sensitive,
        write_only: attribute.write_only,
        deprecated: attribute.deprecated.is_some(),
        deprecation_message: attribute.deprecated.unwrap_or_default().to_owned(),
    }
}

fn nested(nesting: Nesting, inner: &[Attribute]) -> schema::Object {
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    schema::Object { attributes: attributes(inner), nesting: nesting.into(), ..schema::Object::default() }
}

/// Encodes the schema of an identity.
pub(super) fn encode_identity(identity: &IdentitySchema) -> ResourceIdentitySchema {
    let mut attributes: Vec<_> = identity.attributes.iter().map(identity_attribute).collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    ResourceIdentitySchema { version: identity.version, identity_attributes: attributes }
}

fn identity_attribute(attribute: &IdentityAttribute) -> resource_identity_schema::IdentityAttribute {
    resource_identity_schema::IdentityAttribute {
        name: attribute.name.to_owned(),
        r#type: attribute.ty.to_json(),
        required_for_import: attribute.required,
        optional_for_import: !attribute.required,
        description: attribute.description.clone(),
    }
}

#[cfg(test)]
mod tests {
    use tfkit::{Dyn, Type, Who};

    use super::*;

    fn plain(name: &'static str, who: Who) -> Attribute {
        Attribute::new(name, "Text.", Shape::Plain(Type::String), who)
    }

    #[test]
    fn who_sets_an_attribute_determines_the_hosts_flags() {
        for (who, required, optional, computed) in [
            (Who::Required, true, false, false),
            (Who::Optional, false, true, false),
            (Who::IfSet, false, true, false),
            (Who::Default(Dyn::string("x")), false, true, true),
            (Who::Server, false, true, true),
            (Who::Computed, false, false, true),
        ] {
            let written = attribute(&plain("name", who.clone()));
            assert_eq!(
                (written.required, written.optional, written.computed),
                (required, optional, computed),
                "{who:?}"
            );
        }
    }

    #[test]
    fn a_nested_attribute_has_only_a_nested_type() {
        let inner = vec![plain("b", Who::Required), plain("a", Who::Optional)];
        let shape = Shape::Nested(Nesting::Map, inner);
        let written = attribute(&Attribute::new("rules", "Text.", shape, Who::Optional));
        assert!(written.r#type.is_empty());
        let nested = written.nested_type.unwrap();
        assert_eq!(nested.nesting(), NestingMode::Map);
        let names: Vec<_> = nested.attributes.iter().map(|inner| inner.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(attribute(&plain("name", Who::Required)).nested_type.is_none());
    }

    #[test]
    fn blocks_are_encoded_apart_from_attributes_with_their_nesting_and_their_limits() {
        let block = |nesting, who, block| {
            let inner = vec![plain("text", Who::Optional)];
            Attribute {
                block: Some(block),
                ..Attribute::new("rule", "Text.", Shape::Nested(nesting, inner), who)
            }
        };
        let none = Block::default();
        let group = Block { is_group: true, ..none };
        let limited = Block { min: Some(1), max: Some(3), ..none };
        for (nesting, who, kind, mode, items) in [
            (Nesting::Single, Who::Optional, none, BlockMode::Single, (0, 0)),
            (Nesting::Single, Who::Required, none, BlockMode::Single, (1, 1)),
            (Nesting::Single, Who::Optional, group, BlockMode::Group, (0, 0)),
            (Nesting::List, Who::Optional, none, BlockMode::List, (0, 0)),
            (Nesting::List, Who::Required, limited, BlockMode::List, (1, 3)),
            (Nesting::Set, Who::Required, limited, BlockMode::Set, (1, 3)),
            (Nesting::Map, Who::Optional, none, BlockMode::Map, (0, 0)),
        ] {
            let all = [block(nesting, who.clone(), kind), plain("name", Who::Required)];
            let names: Vec<_> = attributes(&all).into_iter().map(|attribute| attribute.name).collect();
            assert_eq!(names, ["name"]);
            let [written] = &blocks(&all)[..] else { panic!("one block") };
            assert_eq!(written.type_name, "rule");
            assert_eq!((written.nesting(), (written.min_items, written.max_items)), (mode, items), "{who:?}");
            let inner = written.block.as_ref().unwrap();
            assert_eq!((inner.description.as_str(), inner.attributes[0].name.as_str()), ("Text.", "text"));
        }
        let old = Attribute { deprecated: Some("Use `rules`."), ..block(Nesting::List, Who::Optional, none) };
        let [written] = &blocks(&[old])[..] else { panic!("one block") };
        let inner = written.block.as_ref().unwrap();
        assert_eq!((inner.deprecated, inner.deprecation_message.as_str()), (true, "Use `rules`."));
    }

    #[test]
    fn flags_and_messages_reach_the_host() {
        let all = Attribute {
            sensitive: true,
            write_only: true,
            deprecated: Some("Use `other`."),
            ..plain("name", Who::Optional)
        };
        let schema = Schema {
            version: 3,
            description: "Block.".to_owned(),
            deprecated: None,
            attributes: vec![all],
            rules: Vec::new(),
            about: tfkit::schema::About::default(),
        };
        let written = encode(&schema);
        let block = written.block.unwrap();
        assert_eq!(
            (written.version, block.deprecated, block.description_kind()),
            (3, false, StringKind::Markdown)
        );
        let name = &block.attributes[0];
        assert!(name.sensitive && name.write_only && name.deprecated);
        assert_eq!(name.deprecation_message, "Use `other`.");
        assert_eq!(name.description_kind(), StringKind::Markdown);
    }
}

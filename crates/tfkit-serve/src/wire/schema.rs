//! Encoding of schemas.

use tfkit::engine::{IdentityAttribute, IdentitySchema};
use tfkit::{Attribute, Nesting, Schema, Shape};

use super::generated::provider::schema::{self, object::NestingMode};
use super::generated::provider::{
    ResourceIdentitySchema, Schema as WireSchema, StringKind, resource_identity_schema,
};

/// Encodes a schema. It always contains a block, because the host crashes without one.
pub(super) fn encode(schema: &Schema) -> WireSchema {
    let block = schema::Block {
        attributes: attributes(&schema.attributes),
        description: schema.description.clone(),
        description_kind: StringKind::Markdown.into(),
        deprecated: schema.deprecated.is_some(),
        deprecation_message: schema.deprecated.unwrap_or_default().to_owned(),
        ..schema::Block::default()
    };
    WireSchema { version: schema.version, block: Some(block) }
}

/// Encodes attributes in the order of their names, so that the response is deterministic.
fn attributes(attributes: &[Attribute]) -> Vec<schema::Attribute> {
    let mut written: Vec<_> = attributes.iter().map(attribute).collect();
    written.sort_by(|a, b| a.name.cmp(&b.name));
    written
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

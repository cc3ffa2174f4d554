//! Schemas as the host reads them.

use tfkit::engine::{IdentityAttribute, IdentitySchema};
use tfkit::{Attribute, Nesting, Schema, Shape};

use super::generated::provider::schema::{self, object::NestingMode};
use super::generated::provider::{
    ResourceIdentitySchema, Schema as WireSchema, StringKind, resource_identity_schema,
};

/// Writes a schema. Its block is always there, because the host crashes without one.
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

/// Attributes in the order of their names, so that the answer is the same every time.
fn attributes(attributes: &[Attribute]) -> Vec<schema::Attribute> {
    let mut written: Vec<_> = attributes.iter().map(attribute).collect();
    written.sort_by(|a, b| a.name.cmp(&b.name));
    written
}

fn attribute(attribute: &Attribute) -> schema::Attribute {
    // Both at once is an error that takes the whole provider down.
    let (ty, nested_type) = match &attribute.shape {
        Shape::Plain(ty) => (ty.to_json(), None),
        Shape::Nested(nesting, inner) => (Vec::new(), Some(nested(*nesting, inner))),
    };
    schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
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

/// Writes the schema of an identity.
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

//! Encoding of functions.

use std::collections::BTreeMap;

use tfkit::Engine;
use tfkit::function::{Parameter, Signature};

use super::generated::provider::{Function, StringKind, function};

/// Encodes all functions, by name.
pub(super) fn encode_all(engine: &Engine) -> BTreeMap<String, Function> {
    engine.functions().map(|signature| (signature.name.to_owned(), encode(signature))).collect()
}

/// Encodes a function. It always has a return type, because the host crashes without one.
fn encode(signature: &Signature) -> Function {
    Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(function::Return { r#type: signature.returns.to_json() }),
        summary: signature.summary(),
        description: signature.description.to_owned(),
        description_kind: StringKind::Markdown.into(),
        deprecation_message: signature.deprecated.unwrap_or_default().to_owned(),
    }
}

fn parameter(parameter: &Parameter) -> function::Parameter {
    function::Parameter {
        name: parameter.name.to_owned(),
        r#type: parameter.ty.to_json(),
        allow_null_value: parameter.nullable,
        allow_unknown_values: parameter.unknown,
        description: parameter.documentation(),
        description_kind: StringKind::Markdown.into(),
    }
}

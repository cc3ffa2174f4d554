//! Issues of a part of a request, from the error of its decoder.

use zenml_api::{CodecError, lax};

use crate::error::Issue;

/// Converts the error of a decoder to an issue of a document.
pub(super) fn in_document(document: &str, error: &CodecError) -> Issue {
    let members = error.path.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(str::to_owned);
    let mut place: Vec<String> = std::iter::once(document.to_owned()).chain(members).collect();
    let text = error.message.split(" at line ").next().unwrap_or_default();
    if let Some(member) = text.strip_prefix("missing field `") {
        place.push(member.trim_end_matches('`').to_owned());
        Issue::of_kind(&place, "missing")
    } else if place.len() == 1 && text.starts_with("invalid type: null") {
        Issue::of_kind(&place, "missing")
    } else {
        match kind_of(text) {
            kind @ ("enum" | "value_error") => Issue::new(&place, kind, text),
            kind => Issue::of_kind(&place, kind),
        }
    }
}

/// Expected types, as the decoder and the real server name them.
const KINDS: [(&str, &str); 11] = [
    ("a string", "string_type"),
    ("a boolean", "bool_type"),
    ("a map", "dict_type"),
    ("a sequence", "list_type"),
    ("i64", "int_type"),
    ("u64", "int_type"),
    ("struct", "model_attributes_type"),
    ("a moment", "datetime_type"),
    ("the UUID of ", "uuid_type"),
    (lax::FRACTION, "int_from_float"),
    (lax::TOO_LARGE, "int_parsing_size"),
];

fn kind_of(text: &str) -> &'static str {
    if text.starts_with("unknown variant") {
        return "enum";
    }
    let Some((found, expected)) = text.split_once(", expected ") else { return "value_error" };
    let Some((_, kind)) = KINDS.iter().find(|(name, _)| expected.starts_with(name)) else {
        return "value_error";
    };
    // Strings can be parsed as booleans and numbers; these are not valid.
    match (*kind, found.contains(": string")) {
        ("uuid_type", true) => "uuid_parsing",
        ("bool_type", true) => "bool_parsing",
        ("int_type", true) => "int_parsing",
        (kind, _) => kind,
    }
}

//! What is wrong with a part of a request, as far as its decoder got.

use zenml_api::{CodecError, lax};

use crate::error::Issue;

/// What is wrong with a document, as far as its decoder got.
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

/// How what is expected is named by the decoder and by the real server.
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
    // Texts may stand for booleans and numbers; these do not.
    match (*kind, found.contains(": string")) {
        ("uuid_type", true) => "uuid_parsing",
        ("bool_type", true) => "bool_parsing",
        ("int_type", true) => "int_parsing",
        (kind, _) => kind,
    }
}

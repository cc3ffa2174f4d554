//! Encoding and decoding of values and paths.

use tfkit::value::{Objects, json, msgpack};
use tfkit::{Diag, Dyn, Path, Step, Type};

use super::generated::provider::attribute_path::{self, step::Selector};
use super::generated::provider::{AttributePath, DynamicValue, ResourceIdentityData};

/// Decodes a value of a type. A missing value, or one without content, is null. `name` describes the value in errors.
pub(super) fn decode(name: &str, value: Option<&DynamicValue>, ty: &Type) -> Result<Dyn, Diag> {
    let Some(value) = value else { return Ok(Dyn::Null) };
    let decoded = if value.msgpack.is_empty() && !value.json.is_empty() {
        json::decode(&value.json, ty, Objects::Exact)
    } else {
        msgpack::decode(&value.msgpack, ty)
    };
    decoded.map_err(|error| {
        Diag::bug(format!("The host sent {name} that does not match the schema"))
            .why(format!("{error}. The host may have cached the schema of another version of this provider."))
    })
}

/// Encodes a value of a type.
pub(super) fn encode(name: &str, value: &Dyn, ty: &Type) -> Result<DynamicValue, Diag> {
    match msgpack::encode(value, ty) {
        Ok(msgpack) => Ok(DynamicValue { msgpack, json: Vec::new() }),
        Err(error) => Err(Diag::bug(format!("The provider returned {name} that does not match its schema"))
            .why(error.to_string())),
    }
}

/// Decodes a resource identity; null if the host sent none.
pub(super) fn decode_identity(identity: Option<&ResourceIdentityData>, ty: &Type) -> Result<Dyn, Diag> {
    decode("an identity", identity.and_then(|identity| identity.identity_data.as_ref()), ty)
}

/// Encodes a resource identity; null becomes no message at all.
pub(super) fn encode_identity(identity: &Dyn, ty: &Type) -> Result<Option<ResourceIdentityData>, Diag> {
    if identity.is_null() {
        return Ok(None);
    }
    let identity_data = Some(encode("an identity", identity, ty)?);
    Ok(Some(ResourceIdentityData { identity_data }))
}

/// Encodes a path.
pub(super) fn encode_path(path: &Path) -> AttributePath {
    let step = |step: &Step| match step {
        Step::Attribute(name) => Selector::AttributeName(name.clone()),
        Step::Key(key) => Selector::ElementKeyString(key.clone()),
        Step::Index(index) => Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX)),
    };
    AttributePath { steps: path.0.iter().map(|s| attribute_path::Step { selector: Some(step(s)) }).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_without_content_is_null() {
        for value in [None, Some(&DynamicValue::default())] {
            assert_eq!(decode("a value", value, &Type::String).unwrap(), Dyn::Null);
        }
    }

    #[test]
    fn both_encodings_are_read_and_message_pack_is_written() {
        let json = DynamicValue { json: br#""text""#.to_vec(), ..DynamicValue::default() };
        let value = decode("a value", Some(&json), &Type::String).unwrap();
        assert_eq!(value, Dyn::string("text"));
        let written = encode("a value", &value, &Type::String).unwrap();
        assert_eq!(written, DynamicValue { msgpack: b"\xa4text".to_vec(), json: Vec::new() });
        assert_eq!(decode("a value", Some(&written), &Type::String).unwrap(), value);
    }

    #[test]
    fn a_value_of_another_type_is_a_diagnostic_that_names_it() {
        let garbage = DynamicValue { msgpack: b"\xc1\x00".to_vec(), json: Vec::new() };
        let read = decode("a configuration", Some(&garbage), &Type::Bool).unwrap_err();
        assert!(read.summary.contains("a configuration"), "{read:?}");
        let written = encode("a state", &Dyn::string("x"), &Type::Bool).unwrap_err();
        assert!(written.summary.contains("a state"), "{written:?}");
    }

    #[test]
    fn paths_keep_their_steps() {
        let path = Path::default().attr("members").index(2).attr("labels").key("team");
        let steps: Vec<_> = encode_path(&path).steps.into_iter().map(|step| step.selector.unwrap()).collect();
        assert_eq!(
            steps,
            [
                Selector::AttributeName("members".into()),
                Selector::ElementKeyInt(2),
                Selector::AttributeName("labels".into()),
                Selector::ElementKeyString("team".into()),
            ]
        );
    }
}

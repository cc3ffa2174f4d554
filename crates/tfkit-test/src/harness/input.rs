//! Configurations from JSON.

use serde_json::Value as Json;
use tfkit::plan::complete_blocks;
use tfkit::value::{Objects, json};
use tfkit::{Attribute, Dyn, Nesting, Path, Shape, Type};

use super::Failure;

/// Represents an unknown value. No user writes a string with this character.
const UNKNOWN: &str = "\u{fdd0}unknown";

/// Returns a value that is known only after another apply, for a configuration of a [`Harness`](super::Harness).
pub fn unknown() -> Json {
    Json::from(UNKNOWN)
}

/// Returns a configuration with all attributes, null if the JSON does not contain them.
pub(super) fn config(attributes: &[Attribute], json: &Json) -> Result<Dyn, Failure> {
    let mut config = object(attributes, json, &Path::root())?;
    complete_blocks(attributes, &mut config);
    Ok(config)
}

fn object(attributes: &[Attribute], json: &Json, here: &Path) -> Result<Dyn, Failure> {
    let Json::Object(members) = json else {
        return other(json, here, "an object");
    };
    if let Some(name) =
        members.keys().find(|name| !attributes.iter().any(|attribute| attribute.name == name.as_str()))
    {
        return Err(Failure::Mistake(format!("unknown attribute {}", here.clone().attr(name))));
    }
    let values = attributes.iter().map(|attribute| {
        let json = members.get(attribute.name).unwrap_or(&Json::Null);
        Ok((attribute.name, value(attribute, json, &here.clone().attr(attribute.name))?))
    });
    Ok(Dyn::map(values.collect::<Result<Vec<_>, Failure>>()?))
}

/// Handles null and unknown, which are allowed anywhere.
fn other(json: &Json, here: &Path, expected: &str) -> Result<Dyn, Failure> {
    match json {
        Json::Null => Ok(Dyn::Null),
        Json::String(text) if text == UNKNOWN => Ok(Dyn::Unknown),
        _ => Err(Failure::Mistake(format!("{here} must be {expected}"))),
    }
}

fn value(attribute: &Attribute, json: &Json, here: &Path) -> Result<Dyn, Failure> {
    match (&attribute.shape, json) {
        (Shape::Plain(ty), json) => plain(ty, json, here),
        (Shape::Nested(Nesting::Single, attributes), json) => object(attributes, json, here),
        (Shape::Nested(Nesting::Map, attributes), Json::Object(elements)) => {
            let elements = elements
                .iter()
                .map(|(key, json)| Ok((key.clone(), object(attributes, json, &here.clone().key(key))?)));
            Ok(Dyn::map(elements.collect::<Result<Vec<_>, Failure>>()?))
        }
        (Shape::Nested(nesting, attributes), Json::Array(elements)) => {
            let elements = elements
                .iter()
                .enumerate()
                .map(|(index, json)| object(attributes, json, &here.clone().index(index)));
            let elements = elements.collect::<Result<Vec<_>, Failure>>()?;
            Ok(if *nesting == Nesting::Set { Dyn::set(elements) } else { Dyn::List(elements) })
        }
        (Shape::Nested(..), json) => other(json, here, "a collection of objects"),
    }
}

pub(super) fn plain(ty: &Type, json: &Json, here: &Path) -> Result<Dyn, Failure> {
    let text = json.to_string();
    let mistake = |error: tfkit::value::DecodeError| Failure::Mistake(format!("{here}: {error}"));
    let parsed = json::parse(text.as_bytes()).map_err(mistake)?;
    tfkit::value::conform(with_unknowns(parsed), ty, Objects::Exact).map_err(mistake)
}

fn with_unknowns(value: Dyn) -> Dyn {
    match value {
        Dyn::String(text) if text == UNKNOWN => Dyn::Unknown,
        Dyn::List(elements) => Dyn::list(elements.into_iter().map(with_unknowns)),
        Dyn::Map(elements) => Dyn::map(elements.into_iter().map(|(key, value)| (key, with_unknowns(value)))),
        other => other,
    }
}

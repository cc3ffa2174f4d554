//! Type constraints.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `number`, of any size and precision.
    Number,
    /// `string`.
    String,
    /// `dynamic`: each value brings its own type.
    Dynamic,
    /// A sequence of elements of one type.
    List(Box<Type>),
    /// Unordered elements of one type, without duplicates.
    Set(Box<Type>),
    /// String keys to elements of one type.
    Map(Box<Type>),
    /// Named attributes, each of its own type.
    Object(BTreeMap<String, Type>),
    /// A fixed sequence of elements, each of its own type.
    Tuple(Vec<Type>),
}

/// Bytes that are not a type constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// Not JSON, or nested too deeply.
    #[error("the type constraint is not JSON")]
    NotJson,
    /// JSON of another format.
    #[error("the type constraint has an unknown format")]
    UnknownForm,
}

impl Type {
    /// Returns the type of lists of this type.
    #[must_use]
    pub fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    /// Returns the type of sets of this type.
    #[must_use]
    pub fn set(self) -> Self {
        Self::Set(Box::new(self))
    }

    /// Returns the type of maps of this type.
    #[must_use]
    pub fn map(self) -> Self {
        Self::Map(Box::new(self))
    }

    /// Returns the type of objects with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Returns the protocol's encoding: compact JSON with sorted attribute names.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    /// Reads what [`Type::to_json`] writes.
    pub fn from_json(json: &[u8]) -> Result<Self, TypeError> {
        // The parser of serde_json rejects deep nesting, which limits the recursion below.
        let json: Json = serde_json::from_slice(json).map_err(|_| TypeError::NotJson)?;
        Self::of_json(&json).ok_or(TypeError::UnknownForm)
    }

    fn json(&self) -> Json {
        match self {
            Self::Bool => "bool".into(),
            Self::Number => "number".into(),
            Self::String => "string".into(),
            Self::Dynamic => "dynamic".into(),
            Self::List(element) => Json::Array(vec!["list".into(), element.json()]),
            Self::Set(element) => Json::Array(vec!["set".into(), element.json()]),
            Self::Map(element) => Json::Array(vec!["map".into(), element.json()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.clone(), ty.json())).collect();
                Json::Array(vec!["object".into(), Json::Object(attributes)])
            }
            Self::Tuple(elements) => {
                Json::Array(vec!["tuple".into(), Json::Array(elements.iter().map(Self::json).collect())])
            }
        }
    }

    /// Returns the primitive type with this name in a type constraint.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "bool" => Some(Self::Bool),
            "number" => Some(Self::Number),
            "string" => Some(Self::String),
            "dynamic" => Some(Self::Dynamic),
            _ => None,
        }
    }

    fn of_json(json: &Json) -> Option<Self> {
        match json {
            Json::String(name) => Self::named(name),
            Json::Array(parts) => {
                let [kind, inner] = parts.as_slice() else { return None };
                match (kind.as_str()?, inner) {
                    ("list", element) => Some(Self::of_json(element)?.list()),
                    ("set", element) => Some(Self::of_json(element)?.set()),
                    ("map", element) => Some(Self::of_json(element)?.map()),
                    ("object", Json::Object(attributes)) => {
                        let attributes =
                            attributes.iter().map(|(name, ty)| Some((name.clone(), Self::of_json(ty)?)));
                        Some(Self::Object(attributes.collect::<Option<_>>()?))
                    }
                    ("tuple", Json::Array(elements)) => {
                        Some(Self::Tuple(elements.iter().map(Self::of_json).collect::<Option<_>>()?))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl fmt::Display for Type {
    /// Writes the type as in messages: `a string`, `a list`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Dynamic => "a value of any type",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_encoded_and_decoded_as_the_protocol_requires() {
        for (ty, json) in [
            (Type::String, r#""string""#),
            (Type::Dynamic, r#""dynamic""#),
            (Type::Bool.list(), r#"["list","bool"]"#),
            (Type::Number.set().map(), r#"["map",["set","number"]]"#),
            (
                Type::object([("b", Type::Number.list()), ("a", Type::String)]),
                r#"["object",{"a":"string","b":["list","number"]}]"#,
            ),
            (Type::Tuple(vec![Type::String, Type::Number]), r#"["tuple",["string","number"]]"#),
            (Type::Tuple(Vec::new()), r#"["tuple",[]]"#),
        ] {
            assert_eq!(String::from_utf8(ty.to_json()).unwrap(), json);
            assert_eq!(Type::from_json(json.as_bytes()), Ok(ty));
        }
    }

    #[test]
    fn invalid_types_are_rejected() {
        let deep = "[\"list\",".repeat(10_000);
        for (json, error) in [
            ("", TypeError::NotJson),
            ("\"text\"", TypeError::UnknownForm),
            ("[\"list\"]", TypeError::UnknownForm),
            ("[\"object\",{},[]]", TypeError::UnknownForm),
            ("[\"tuple\",\"string\"]", TypeError::UnknownForm),
            ("7", TypeError::UnknownForm),
            (deep.as_str(), TypeError::NotJson),
        ] {
            assert_eq!(Type::from_json(json.as_bytes()), Err(error));
        }
    }
}

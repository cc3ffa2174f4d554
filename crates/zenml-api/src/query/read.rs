//! Reading a query.

use std::fmt;

use serde::de::value::SeqDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::endpoint::CodecError;

/// Decodes `application/x-www-form-urlencoded` into a flat struct.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, CodecError> {
    let mut members: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in form_urlencoded::parse(text.as_bytes()) {
        match members.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value.into_owned()),
            None => members.push((key.into_owned(), vec![value.into_owned()])),
        }
    }
    serde_path_to_error::deserialize(Query { members: members.into_iter(), next: None })
        .map_err(|error| CodecError { path: error.path().to_string(), message: error.inner().0.clone() })
}

#[derive(Debug)]
struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

impl de::Error for Invalid {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    // The value may be a secret: a form carries passwords.
    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self(format!("expected {expected}"))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(format!("expected one of {}", expected.join(", ")))
    }
}

struct Query {
    members: std::vec::IntoIter<(String, Vec<String>)>,
    next: Option<Vec<String>>,
}

impl<'de> de::Deserializer<'de> for Query {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_map(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Query {
    type Error = Invalid;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Invalid> {
        let Some((key, values)) = self.members.next() else { return Ok(None) };
        self.next = Some(values);
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Invalid> {
        seed.deserialize(Values(self.next.take().unwrap_or_default()))
    }
}

/// All values of one key. As a scalar it is the last one, as Python's web frameworks have it.
struct Values(Vec<String>);

impl Values {
    fn scalar(mut self) -> String {
        self.0.pop().unwrap_or_default()
    }
}

impl IntoDeserializer<'_, Invalid> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident: $visit:ident, $expected:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
            match self.scalar().trim().parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Invalid(concat!("expected ", $expected).to_owned())),
            }
        }
    )+};
}

impl<'de> de::Deserializer<'de> for Values {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_string(self.scalar())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self.scalar().to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" | "t" | "y" => visitor.visit_bool(true),
            "false" | "0" | "off" | "no" | "f" | "n" => visitor.visit_bool(false),
            _ => Err(Invalid("expected a boolean".to_owned())),
        }
    }

    parsed! {
        deserialize_i8: visit_i8, "a number"; deserialize_i16: visit_i16, "a number";
        deserialize_i32: visit_i32, "a number"; deserialize_i64: visit_i64, "a number";
        deserialize_u8: visit_u8, "a number"; deserialize_u16: visit_u16, "a number";
        deserialize_u32: visit_u32, "a number"; deserialize_u64: visit_u64, "a number";
        deserialize_f32: visit_f32, "a number"; deserialize_f64: visit_f64, "a number";
        deserialize_char: visit_char, "one character";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        let each = self.0.into_iter().map(|value| Self(vec![value]));
        visitor.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Invalid> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        visitor.visit_enum(self.scalar().into_deserializer())
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit_struct tuple_struct map struct identifier ignored_any
    }
}

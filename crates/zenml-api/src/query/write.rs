//! Writing a query.

use std::fmt;

use form_urlencoded::Serializer as Pairs;
use serde::Serialize;
use serde::ser::{self, Impossible};

use crate::endpoint::CodecError;

/// Encodes a flat struct as `application/x-www-form-urlencoded`.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, CodecError> {
    let mut pairs = Pairs::new(String::new());
    match value.serialize(Top { pairs: &mut pairs }) {
        Ok(()) => Ok(pairs.finish()),
        Err(NotFlat { key, message }) => Err(CodecError { path: key, message }),
    }
}

#[derive(Debug)]
struct NotFlat {
    key: String,
    message: String,
}

impl NotFlat {
    fn new(key: &str) -> Self {
        Self { key: key.to_owned(), message: "only flat values can be in a query".to_owned() }
    }
}

impl fmt::Display for NotFlat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotFlat {}

impl ser::Error for NotFlat {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { key: String::new(), message: message.to_string() }
    }
}

/// The value of a query: a struct, a map or nothing.
struct Top<'a> {
    pairs: &'a mut Pairs<'static, String>,
}

/// The value of one key: a scalar, or a list of them.
struct Member<'a> {
    key: &'a str,
    pairs: &'a mut Pairs<'static, String>,
}

struct Struct<'a> {
    key: String,
    pairs: &'a mut Pairs<'static, String>,
}

macro_rules! refused {
    ($key:expr; $($method:ident($($kind:ty),*);)+) => {$(
        fn $method(self, $(_: $kind),*) -> Result<(), NotFlat> {
            Err(NotFlat::new($key))
        }
    )+};
}

macro_rules! displayed {
    ($($method:ident($kind:ty);)+) => {$(
        fn $method(self, value: $kind) -> Result<(), NotFlat> {
            self.pairs.append_pair(self.key, &value.to_string());
            Ok(())
        }
    )+};
}

impl<'a> ser::Serializer for Top<'a> {
    type Ok = ();
    type Error = NotFlat;
    type SerializeSeq = Impossible<(), NotFlat>;
    type SerializeTuple = Impossible<(), NotFlat>;
    type SerializeTupleStruct = Impossible<(), NotFlat>;
    type SerializeTupleVariant = Impossible<(), NotFlat>;
    type SerializeMap = Struct<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Impossible<(), NotFlat>;

    refused! { "";
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_f32(f32);
        serialize_f64(f64); serialize_char(char); serialize_str(&str); serialize_bytes(&[u8]);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_none(self) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotFlat> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotFlat> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotFlat> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, NotFlat> {
        Err(NotFlat::new(""))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, NotFlat> {
        Err(NotFlat::new(""))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NotFlat> {
        Err(NotFlat::new(""))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotFlat> {
        Err(NotFlat::new(""))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Struct<'a>, NotFlat> {
        Ok(Struct { key: String::new(), pairs: self.pairs })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Struct<'a>, NotFlat> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotFlat> {
        Err(NotFlat::new(""))
    }
}

impl ser::SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = NotFlat;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotFlat> {
        value.serialize(Member { key, pairs: self.pairs })
    }

    fn end(self) -> Result<(), NotFlat> {
        Ok(())
    }
}

impl ser::SerializeMap for Struct<'_> {
    type Ok = ();
    type Error = NotFlat;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotFlat> {
        let key = serde_json::to_value(key).map_err(ser::Error::custom)?;
        let key = key.as_str().ok_or_else(|| NotFlat::new(""))?;
        key.clone_into(&mut self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotFlat> {
        value.serialize(Member { key: &self.key, pairs: self.pairs })
    }

    fn end(self) -> Result<(), NotFlat> {
        Ok(())
    }
}

impl<'a> ser::Serializer for Member<'a> {
    type Ok = ();
    type Error = NotFlat;
    type SerializeSeq = Member<'a>;
    type SerializeTuple = Member<'a>;
    type SerializeTupleStruct = Impossible<(), NotFlat>;
    type SerializeTupleVariant = Impossible<(), NotFlat>;
    type SerializeMap = Impossible<(), NotFlat>;
    type SerializeStruct = Impossible<(), NotFlat>;
    type SerializeStructVariant = Impossible<(), NotFlat>;

    displayed! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_f32(f32);
        serialize_f64(f64); serialize_char(char); serialize_str(&str);
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_none(self) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotFlat> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotFlat> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotFlat> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotFlat> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, NotFlat> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, NotFlat> {
        Ok(self)
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, NotFlat> {
        Err(NotFlat::new(self.key))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotFlat> {
        Err(NotFlat::new(self.key))
    }
}

impl ser::SerializeSeq for Member<'_> {
    type Ok = ();
    type Error = NotFlat;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotFlat> {
        value.serialize(Member { key: self.key, pairs: self.pairs })
    }

    fn end(self) -> Result<(), NotFlat> {
        Ok(())
    }
}

impl ser::SerializeTuple for Member<'_> {
    type Ok = ();
    type Error = NotFlat;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotFlat> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), NotFlat> {
        Ok(())
    }
}

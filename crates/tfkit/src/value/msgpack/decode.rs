//! Decoding MessagePack.

use std::collections::BTreeMap;

use crate::value::error::MAX_DEPTH;
use crate::value::{DecodeError, DecodeProblem, Dyn, Number, Step, Type, normalized};

/// Reads a value of a type. Empty input is null. Any extension is an unknown value, refined or not.
///
/// Never panics, and uses no more memory than a small multiple of the length of the bytes.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Dyn, DecodeError> {
    if bytes.is_empty() {
        return Ok(Dyn::Null);
    }
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, 0)?;
    match reader.rest.len() {
        0 => Ok(value),
        more => Err(DecodeProblem::Trailing(more).into()),
    }
}

/// The head of an encoded value: everything for a scalar, the number of elements for a collection.
enum Head<'a> {
    Nil,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a [u8]),
    Binary(&'a [u8]),
    Array(usize),
    Map(usize),
    Extension,
}

impl Head<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Bool(_) => "a bool",
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::Binary(_) => "bytes",
            Self::Array(_) => "an array",
            Self::Map(_) => "a map",
            Self::Extension => "an unknown value",
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type, depth: usize) -> Result<Dyn, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeProblem::Depth.into());
        }
        match (self.head()?, ty) {
            (Head::Nil, _) => Ok(Dyn::Null),
            (Head::Extension, _) => Ok(Dyn::Unknown),
            (Head::Array(count), Type::Dynamic) => self.dynamic(count, depth),
            (Head::Bool(value), Type::Bool) => Ok(Dyn::Bool(value)),
            (Head::Text(text), Type::String) => Ok(Dyn::String(normalized(utf8(text)?.to_owned()))),
            (Head::Unsigned(integer), Type::Number) => Ok(Dyn::Number(integer.into())),
            (Head::Signed(integer), Type::Number) => Ok(Dyn::Number(integer.into())),
            (Head::Float(float), Type::Number) => Ok(Dyn::Number(Number::from_f64(float)?)),
            (Head::Text(text), Type::Number) => Ok(Dyn::Number(utf8(text)?.parse::<Number>()?)),
            (Head::Array(count), Type::List(element)) => Ok(Dyn::List(self.elements(count, element, depth)?)),
            (Head::Array(count), Type::Set(element)) => {
                Ok(Dyn::set(self.elements(count, element, depth).map_err(DecodeError::within_set)?))
            }
            (Head::Array(count), Type::Tuple(elements)) => self.tuple(count, elements, depth),
            (Head::Map(count), Type::Map(element)) => self.map(count, element, depth),
            (Head::Map(count), Type::Object(attributes)) => self.object(count, attributes, depth),
            (head, ty) => Err(DecodeProblem::Kind { expected: ty.to_string(), found: head.kind() }.into()),
        }
    }

    fn elements(&mut self, count: usize, ty: &Type, depth: usize) -> Result<Vec<Dyn>, DecodeError> {
        // Every element takes at least one byte, so a wrong count cannot allocate much memory.
        let mut elements = Vec::with_capacity(count.min(self.rest.len()).min(1024));
        for index in 0..count {
            elements
                .push(self.value(ty, depth + 1).map_err(|error| error.within(Step::Index(index as u64)))?);
        }
        Ok(elements)
    }

    fn tuple(&mut self, count: usize, types: &[Type], depth: usize) -> Result<Dyn, DecodeError> {
        if count != types.len() {
            return Err(DecodeProblem::Length { expected: types.len(), found: count }.into());
        }
        let mut elements = Vec::with_capacity(count);
        for (index, ty) in types.iter().enumerate() {
            elements
                .push(self.value(ty, depth + 1).map_err(|error| error.within(Step::Index(index as u64)))?);
        }
        Ok(Dyn::List(elements))
    }

    fn map(&mut self, count: usize, ty: &Type, depth: usize) -> Result<Dyn, DecodeError> {
        let mut elements = BTreeMap::new();
        for _ in 0..count {
            let key = self.key()?;
            let value = self.value(ty, depth + 1).map_err(|error| error.within(Step::Key(key.clone())))?;
            elements.insert(key, value);
        }
        Ok(Dyn::Map(elements))
    }

    fn object(
        &mut self,
        count: usize,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<Dyn, DecodeError> {
        let mut attributes = BTreeMap::new();
        for _ in 0..count {
            let name = self.key()?;
            let Some(ty) = types.get(&name) else {
                return Err(DecodeProblem::UnknownAttribute(name).into());
            };
            let value =
                self.value(ty, depth + 1).map_err(|error| error.within(Step::Attribute(name.clone())))?;
            attributes.insert(name, value);
        }
        match types.keys().find(|name| !attributes.contains_key(*name)) {
            Some(missing) => Err(DecodeProblem::MissingAttribute(missing.clone()).into()),
            None => Ok(Dyn::Map(attributes)),
        }
    }

    fn dynamic(&mut self, count: usize, depth: usize) -> Result<Dyn, DecodeError> {
        if count != 2 {
            return Err(DecodeProblem::Length { expected: 2, found: count }.into());
        }
        let ty = match self.head()? {
            Head::Binary(json) | Head::Text(json) => Type::from_json(json)?,
            head => {
                let expected = "the type of a value".to_owned();
                return Err(DecodeProblem::Kind { expected, found: head.kind() }.into());
            }
        };
        let value = self.value(&ty, depth + 1)?;
        // For a value with two types, the inner one counts.
        Ok(if matches!(value, Dyn::Typed(_)) { value } else { Dyn::typed(ty, value) })
    }

    fn key(&mut self) -> Result<String, DecodeError> {
        match self.head()? {
            Head::Text(text) => Ok(normalized(utf8(text)?.to_owned())),
            head => {
                Err(DecodeProblem::Kind { expected: "a string as key".to_owned(), found: head.kind() }.into())
            }
        }
    }

    fn head(&mut self) -> Result<Head<'a>, DecodeError> {
        let [first] = self.array::<1>()?;
        Ok(match first {
            0x00..=0x7f => Head::Unsigned(first.into()),
            0x80..=0x8f => Head::Map((first & 0x0f).into()),
            0x90..=0x9f => Head::Array((first & 0x0f).into()),
            0xa0..=0xbf => Head::Text(self.take((first & 0x1f).into())?),
            0xc0 => Head::Nil,
            0xc2 => Head::Bool(false),
            0xc3 => Head::Bool(true),
            0xc4..=0xc6 => {
                let length = self.length(first - 0xc4)?;
                Head::Binary(self.take(length)?)
            }
            0xc7..=0xc9 => {
                let length = self.length(first - 0xc7)?;
                self.extension(length)?
            }
            0xca => Head::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Head::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Head::Unsigned(u8::from_be_bytes(self.array()?).into()),
            0xcd => Head::Unsigned(u16::from_be_bytes(self.array()?).into()),
            0xce => Head::Unsigned(u32::from_be_bytes(self.array()?).into()),
            0xcf => Head::Unsigned(u64::from_be_bytes(self.array()?)),
            0xd0 => Head::Signed(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Head::Signed(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Head::Signed(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Head::Signed(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => self.extension(1 << (first - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.length(first - 0xd9)?;
                Head::Text(self.take(length)?)
            }
            0xdc | 0xdd => Head::Array(self.length(first - 0xdc + 1)?),
            0xde | 0xdf => Head::Map(self.length(first - 0xde + 1)?),
            0xe0..=0xff => Head::Signed(i8::from_be_bytes([first]).into()),
            0xc1 => {
                let expected = "a value".to_owned();
                return Err(
                    DecodeProblem::Kind { expected, found: "a byte that MessagePack does not use" }.into()
                );
            }
        })
    }

    /// Skips the code and the payload, which are refinements of an unknown value.
    fn extension(&mut self, length: usize) -> Result<Head<'a>, DecodeError> {
        self.take(1)?;
        self.take(length)?;
        Ok(Head::Extension)
    }

    /// A length of 1, 2 or 4 bytes, chosen by the low bits of the head.
    fn length(&mut self, width: u8) -> Result<usize, DecodeError> {
        let length = match width {
            0 => u8::from_be_bytes(self.array()?).into(),
            1 => u16::from_be_bytes(self.array()?).into(),
            _ => u32::from_be_bytes(self.array()?),
        };
        usize::try_from(length).map_err(|_| DecodeProblem::Truncated.into())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeProblem::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeProblem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    str::from_utf8(bytes).map_err(|_| DecodeProblem::NotUtf8.into())
}

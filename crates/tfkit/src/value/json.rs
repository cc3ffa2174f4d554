//! The encoding of values in state files: JSON with exact numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::error::MAX_DEPTH;
use super::{DecodeError, DecodeProblem, Dyn, EncodeError, EncodeProblem, Objects, Step, Type, conform};
use super::{normalized, normalized_str, set_elements};

/// Reads a value of a type. Numbers may be strings.
pub fn decode(json: &[u8], ty: &Type, objects: Objects) -> Result<Dyn, DecodeError> {
    conform(parse(json)?, ty, objects)
}

/// Reads any JSON without a type: arrays become lists and objects become maps. Of repeated names, the last one
/// counts.
pub fn parse(json: &[u8]) -> Result<Dyn, DecodeError> {
    let text = str::from_utf8(json).map_err(|_| DecodeProblem::NotUtf8)?;
    let mut parser = Parser { text, place: 0 };
    let value = parser.value(0)?;
    parser.space();
    if parser.place == text.len() { Ok(value) } else { Err(parser.bad()) }
}

/// Writes a completely known value of a type.
pub fn encode(value: &Dyn, ty: &Type) -> Result<String, EncodeError> {
    let mut out = String::new();
    write(&mut out, value, ty, 0)?;
    Ok(out)
}

struct Parser<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Parser<'a> {
    fn bad(&self) -> DecodeError {
        DecodeProblem::Json(self.place).into()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.place += 1;
        }
    }

    /// Skips white space, and then the byte if it is next. Returns whether it was.
    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.place += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Dyn, DecodeError> {
        if depth > MAX_DEPTH {
            return Err(DecodeProblem::Depth.into());
        }
        self.space();
        match self.peek() {
            Some(b'n') => self.word("null", Dyn::Null),
            Some(b't') => self.word("true", Dyn::Bool(true)),
            Some(b'f') => self.word("false", Dyn::Bool(false)),
            Some(b'"') => Ok(Dyn::String(normalized(self.string()?.into_owned()))),
            Some(b'[') => self.array(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.bad()),
        }
    }

    fn word(&mut self, word: &str, value: Dyn) -> Result<Dyn, DecodeError> {
        if !self.text[self.place..].starts_with(word) {
            return Err(self.bad());
        }
        self.place += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Dyn, DecodeError> {
        self.place += 1;
        let mut elements = Vec::new();
        if self.eat(b']') {
            return Ok(Dyn::List(elements));
        }
        loop {
            let index = elements.len() as u64;
            elements.push(self.value(depth + 1).map_err(|error| error.within(Step::Index(index)))?);
            if self.eat(b']') {
                return Ok(Dyn::List(elements));
            }
            if !self.eat(b',') {
                return Err(self.bad());
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Dyn, DecodeError> {
        self.place += 1;
        let mut members = BTreeMap::new();
        if self.eat(b'}') {
            return Ok(Dyn::Map(members));
        }
        loop {
            self.space();
            let name = normalized(self.string()?.into_owned());
            if !self.eat(b':') {
                return Err(self.bad());
            }
            let value = self.value(depth + 1).map_err(|error| error.within(Step::Key(name.clone())))?;
            members.insert(name, value);
            if self.eat(b'}') {
                return Ok(Dyn::Map(members));
            }
            if !self.eat(b',') {
                return Err(self.bad());
            }
        }
    }

    /// Finds the end of a string and leaves its escapes to serde_json.
    fn string(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if self.peek() != Some(b'"') {
            return Err(self.bad());
        }
        let bytes = self.text.as_bytes();
        let mut end = self.place + 1;
        loop {
            match bytes.get(end) {
                None => return Err(self.bad()),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
            }
        }
        let text = self.text.get(self.place..=end).ok_or_else(|| self.bad())?;
        let inner = &text[1..text.len() - 1];
        let plain = !inner.bytes().any(|byte| byte == b'\\' || byte < 0x20);
        let string =
            if plain { Cow::Borrowed(inner) } else { serde_json::from_str(text).map_err(|_| self.bad())? };
        self.place = end + 1;
        Ok(string)
    }

    fn number(&mut self) -> Result<Dyn, DecodeError> {
        let bytes = self.text.as_bytes();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let end = bytes[self.place..]
            .iter()
            .position(|byte| !is_part(byte))
            .map_or(bytes.len(), |n| self.place + n);
        let text = &self.text[self.place..end];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let begins_with_digit = |part: &str| part.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let leading_zero = whole.len() > 1 && whole.starts_with('0') && begins_with_digit(&whole[1..]);
        if !begins_with_digit(whole) || !begins_with_digit(fraction) || leading_zero {
            return Err(self.bad());
        }
        let number = text.parse().map_err(|_| self.bad())?;
        self.place = end;
        Ok(Dyn::Number(number))
    }
}

fn write(out: &mut String, value: &Dyn, ty: &Type, depth: usize) -> Result<(), EncodeError> {
    if depth > MAX_DEPTH {
        return Err(EncodeProblem::Depth.into());
    }
    match (value, ty) {
        (Dyn::Null, _) => out.push_str("null"),
        (Dyn::Unknown, _) => return Err(EncodeProblem::Unknown.into()),
        (Dyn::Bool(value), Type::Bool) => out.push_str(if *value { "true" } else { "false" }),
        (Dyn::String(text), Type::String) => quote(out, text),
        (Dyn::Number(number), Type::Number) if number.is_finite() => out.push_str(&number.to_string()),
        (Dyn::Number(_), Type::Number) => return Err(EncodeProblem::Infinite.into()),
        (Dyn::List(elements), Type::List(element)) => {
            write_array(out, elements.iter().map(|value| (value, &**element)), depth)?;
        }
        (Dyn::List(elements), Type::Set(element)) => {
            let elements = set_elements(elements).into_iter().map(|value| (value, &**element));
            write_array(out, elements, depth).map_err(EncodeError::within_set)?;
        }
        (Dyn::List(elements), Type::Tuple(types)) => {
            if elements.len() != types.len() {
                return Err(EncodeProblem::Length { expected: types.len(), found: elements.len() }.into());
            }
            write_array(out, elements.iter().zip(types), depth)?;
        }
        (Dyn::Map(elements), Type::Map(element)) => {
            let members = elements.iter().map(|(key, value)| (key, value, &**element));
            write_members(out, members, Step::Key, depth)?;
        }
        (Dyn::Map(attributes), Type::Object(types)) => {
            if let Some(unknown) = attributes.keys().find(|name| !types.contains_key(*name)) {
                return Err(EncodeProblem::UnknownAttribute(unknown.clone()).into());
            }
            if let Some(missing) = types.keys().find(|name| !attributes.contains_key(*name)) {
                return Err(EncodeProblem::MissingAttribute(missing.clone()).into());
            }
            let members = attributes.iter().zip(types.values()).map(|((name, value), ty)| (name, value, ty));
            write_members(out, members, Step::Attribute, depth)?;
        }
        (Dyn::Typed(typed), Type::Dynamic) => {
            let (ty, value) = &**typed;
            out.push_str("{\"value\":");
            write(out, value, ty, depth + 1)?;
            // Writing to a string cannot fail.
            let _ = write!(out, ",\"type\":{}}}", String::from_utf8_lossy(&ty.to_json()));
        }
        (value, ty) => {
            return Err(EncodeProblem::Kind { expected: ty.to_string(), found: value.kind() }.into());
        }
    }
    Ok(())
}

fn write_array<'a>(
    out: &mut String,
    elements: impl Iterator<Item = (&'a Dyn, &'a Type)>,
    depth: usize,
) -> Result<(), EncodeError> {
    out.push('[');
    for (index, (value, ty)) in elements.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, value, ty, depth + 1).map_err(|error| error.within(Step::Index(index as u64)))?;
    }
    out.push(']');
    Ok(())
}

fn write_members<'a>(
    out: &mut String,
    members: impl Iterator<Item = (&'a String, &'a Dyn, &'a Type)>,
    step: fn(String) -> Step,
    depth: usize,
) -> Result<(), EncodeError> {
    out.push('{');
    for (index, (name, value, ty)) in members.enumerate() {
        if index > 0 {
            out.push(',');
        }
        quote(out, name);
        out.push(':');
        write(out, value, ty, depth + 1).map_err(|error| error.within(step(name.clone())))?;
    }
    out.push('}');
    Ok(())
}

fn quote(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(&*normalized_str(text)).to_string());
}

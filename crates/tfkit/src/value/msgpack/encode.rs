//! Encoding MessagePack.

use std::collections::BTreeMap;

use crate::value::error::MAX_DEPTH;
use crate::value::{Dyn, EncodeError, EncodeProblem, Number, Step, Type, normalized_str, set_elements};

/// The encoding of an unknown value without refinements.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// Heads of the variable-length kinds: the short form with its largest length, then 8, 16 and 32 bits wide.
struct Kind {
    short: u8,
    short_max: usize,
    wide: [Option<u8>; 3],
}

const TEXT: Kind = Kind { short: 0xa0, short_max: 31, wide: [Some(0xd9), Some(0xda), Some(0xdb)] };
const ARRAY: Kind = Kind { short: 0x90, short_max: 15, wide: [None, Some(0xdc), Some(0xdd)] };
const MAP: Kind = Kind { short: 0x80, short_max: 15, wide: [None, Some(0xde), Some(0xdf)] };
const BINARY: [u8; 3] = [0xc4, 0xc5, 0xc6];

/// Writes a value of a type: objects with all their attributes, sets sorted and without duplicates, strings
/// normalized, numbers exact.
pub fn encode(value: &Dyn, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer { bytes: Vec::new() };
    writer.value(value, ty, 0)?;
    Ok(writer.bytes)
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn value(&mut self, value: &Dyn, ty: &Type, depth: usize) -> Result<(), EncodeError> {
        if depth > MAX_DEPTH {
            return Err(EncodeProblem::Depth.into());
        }
        match (value, ty) {
            (Dyn::Null, _) => self.bytes.push(0xc0),
            (Dyn::Unknown, _) => self.bytes.extend(UNKNOWN),
            (Dyn::Bool(value), Type::Bool) => self.bytes.push(if *value { 0xc3 } else { 0xc2 }),
            (Dyn::String(text), Type::String) => self.text(text),
            (Dyn::Number(number), Type::Number) => self.number(number),
            (Dyn::List(elements), Type::List(element)) => self.elements(elements, element, depth)?,
            (Dyn::List(elements), Type::Set(element)) => {
                self.set(elements, element, depth).map_err(EncodeError::within_set)?;
            }
            (Dyn::List(elements), Type::Tuple(types)) => self.tuple(elements, types, depth)?,
            (Dyn::Map(elements), Type::Map(element)) => {
                self.head(&MAP, elements.len());
                for (key, value) in elements {
                    self.text(key);
                    self.value(value, element, depth + 1)
                        .map_err(|error| error.within(Step::Key(key.clone())))?;
                }
            }
            (Dyn::Map(attributes), Type::Object(types)) => self.object(attributes, types, depth)?,
            (Dyn::Typed(typed), Type::Dynamic) => {
                let (ty, value) = &**typed;
                self.head(&ARRAY, 2);
                self.binary(&ty.to_json());
                self.value(value, ty, depth + 1)?;
            }
            (value, ty) => {
                return Err(EncodeProblem::Kind { expected: ty.to_string(), found: value.kind() }.into());
            }
        }
        Ok(())
    }

    fn elements(&mut self, elements: &[Dyn], ty: &Type, depth: usize) -> Result<(), EncodeError> {
        self.head(&ARRAY, elements.len());
        for (index, element) in elements.iter().enumerate() {
            self.value(element, ty, depth + 1).map_err(|error| error.within(Step::Index(index as u64)))?;
        }
        Ok(())
    }

    fn set(&mut self, elements: &[Dyn], ty: &Type, depth: usize) -> Result<(), EncodeError> {
        let sorted = set_elements(elements);
        self.head(&ARRAY, sorted.len());
        sorted.into_iter().try_for_each(|element| self.value(element, ty, depth + 1))
    }

    fn tuple(&mut self, elements: &[Dyn], types: &[Type], depth: usize) -> Result<(), EncodeError> {
        if elements.len() != types.len() {
            return Err(EncodeProblem::Length { expected: types.len(), found: elements.len() }.into());
        }
        self.head(&ARRAY, elements.len());
        for (index, (element, ty)) in elements.iter().zip(types).enumerate() {
            self.value(element, ty, depth + 1).map_err(|error| error.within(Step::Index(index as u64)))?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        attributes: &BTreeMap<String, Dyn>,
        types: &BTreeMap<String, Type>,
        depth: usize,
    ) -> Result<(), EncodeError> {
        if let Some(unknown) = attributes.keys().find(|name| !types.contains_key(*name)) {
            return Err(EncodeProblem::UnknownAttribute(unknown.clone()).into());
        }
        self.head(&MAP, types.len());
        for (name, ty) in types {
            let value = attributes.get(name).ok_or_else(|| EncodeProblem::MissingAttribute(name.clone()))?;
            self.text(name);
            self.value(value, ty, depth + 1).map_err(|error| error.within(Step::Attribute(name.clone())))?;
        }
        Ok(())
    }

    /// Writes numbers as strings, which a host reads with the precision of numbers in a state file. Other encodings
    /// have a precision of 64 or 53 bits, and Terraform reports two precisions of one number as a change: a plan with
    /// `-refresh-only -detailed-exitcode` then fails although nothing changed
    /// (<https://github.com/hashicorp/terraform/issues/37406>). Infinity has no string form.
    fn number(&mut self, number: &Number) {
        if number.is_finite() {
            self.text(&number.to_string());
        } else {
            self.bytes.push(0xcb);
            self.bytes.extend(number.to_f64().to_be_bytes());
        }
    }

    fn text(&mut self, text: &str) {
        let text = normalized_str(text);
        self.head(&TEXT, text.len());
        self.bytes.extend(text.as_bytes());
    }

    fn binary(&mut self, bytes: &[u8]) {
        let kind = Kind { short: 0, short_max: 0, wide: BINARY.map(Some) };
        self.wide_head(&kind, bytes.len());
        self.bytes.extend(bytes);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the length was compared with the short form's largest"
    )]
    fn head(&mut self, kind: &Kind, length: usize) {
        if length <= kind.short_max {
            self.bytes.push(kind.short | length as u8);
        } else {
            self.wide_head(kind, length);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the width is chosen by the length; the host does not accept messages of four gigabytes"
    )]
    fn wide_head(&mut self, kind: &Kind, length: usize) {
        match (kind.wide, length) {
            ([Some(head), ..], 0..=0xff) => self.bytes.extend([head, length as u8]),
            ([_, Some(head), _], 0..=0xffff) => {
                self.bytes.push(head);
                self.bytes.extend((length as u16).to_be_bytes());
            }
            ([.., head], _) => {
                self.bytes.extend(head);
                self.bytes.extend((length as u32).to_be_bytes());
            }
        }
    }
}

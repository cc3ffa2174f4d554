//! Converting a configuration value to its type, as leniently as a ZenML server.

use serde_json::{Map, Number, Value};

use super::catalog::{Alternatives, Type};
use crate::error::{Issue, Result};

/// Converts a value to the first type that accepts it; an exact match takes precedence over a conversion.
pub(crate) fn value(kind: &Alternatives, given: &Value) -> Result<Value, Issue> {
    if given.is_null() && kind.nullable {
        return Ok(Value::Null);
    }
    if kind.types.iter().any(|one| fits(*one, given)) {
        return Ok(given.clone());
    }
    let mut first = None;
    for one in &kind.types {
        match convert(*one, given) {
            Ok(converted) => return Ok(converted),
            Err(issue) => {
                first.get_or_insert(issue);
            }
        }
    }
    Err(first.unwrap_or_else(|| here("none_required")))
}

fn here(kind: &'static str) -> Issue {
    Issue::of_kind::<&str>(&[], kind)
}

fn fits(kind: Type, given: &Value) -> bool {
    match (kind, given) {
        (Type::Text, Value::String(_))
        | (Type::Boolean, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::Object, Value::Object(_)) => true,
        (Type::Integer, Value::Number(number)) => !number.is_f64(),
        (Type::TextMap, Value::Object(map)) => map.values().all(Value::is_string),
        (Type::TextList, Value::Array(list)) => list.iter().all(Value::is_string),
        _ => false,
    }
}

fn convert(kind: Type, given: &Value) -> Result<Value, Issue> {
    match kind {
        Type::Text => Err(here("string_type")),
        Type::Boolean => boolean(given),
        Type::Integer => integer(given),
        Type::Number => match given {
            Value::Bool(flag) => Ok(Value::from(f64::from(u8::from(*flag)))),
            Value::String(text) => {
                let number = text.trim().parse::<f64>().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(|| here("float_parsing"))
            }
            _ => Err(here("float_type")),
        },
        Type::Object => Err(here("dict_type")),
        Type::TextMap => match given {
            Value::Object(map) => texts(map.iter().map(|(key, value)| (key.clone(), value))),
            _ => Err(here("dict_type")),
        },
        Type::TextList => match given {
            Value::Array(list) => texts(list.iter().enumerate().map(|(at, value)| (at.to_string(), value))),
            _ => Err(here("list_type")),
        },
    }
}

/// Returns the first member that is not a string.
fn texts<'a>(members: impl Iterator<Item = (String, &'a Value)>) -> Result<Value, Issue> {
    let mut map = Map::new();
    for (name, value) in members {
        if !value.is_string() {
            return Err(Issue::of_kind(&[name], "string_type"));
        }
        map.insert(name, value.clone());
    }
    Ok(Value::Object(map))
}

fn boolean(given: &Value) -> Result<Value, Issue> {
    let number = given.as_f64();
    let text = given.as_str().map(str::to_lowercase);
    let known = match (text.as_deref(), number) {
        (Some("1" | "on" | "t" | "true" | "y" | "yes"), _) => Some(true),
        (Some("0" | "off" | "f" | "false" | "n" | "no"), _) => Some(false),
        (None, Some(number)) if number.abs() < f64::EPSILON => Some(false),
        (None, Some(number)) if (number - 1.0).abs() < f64::EPSILON => Some(true),
        _ => None,
    };
    match known {
        Some(flag) => Ok(Value::Bool(flag)),
        None if text.is_some() || number.is_some() => Err(here("bool_parsing")),
        None => Err(here("bool_type")),
    }
}

fn integer(given: &Value) -> Result<Value, Issue> {
    match given {
        Value::Bool(flag) => Ok(Value::from(u8::from(*flag))),
        Value::Number(number) => {
            number.as_f64().and_then(whole).map(Value::from).ok_or_else(|| here("int_from_float"))
        }
        Value::String(text) => {
            let trimmed = text.trim();
            // A fraction of only zeros does not count.
            let digits = match trimmed.split_once('.') {
                Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
                    digits
                }
                _ => trimmed,
            };
            digits.parse::<i64>().map(Value::from).map_err(|_| here("int_parsing"))
        }
        _ => Err(here("int_type")),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the guard keeps the number far inside the integers")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

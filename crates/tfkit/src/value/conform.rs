//! Conforming untyped values to a type.

use std::collections::BTreeMap;

use super::error::MAX_DEPTH;
use super::{DecodeError, DecodeProblem, Dyn, Step, Type, TypeError};

/// How closely an object must match its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objects {
    /// Exactly the attributes of the type.
    Exact,
    /// Unknown attributes are dropped and missing ones become null, as for state that another version of the provider
    /// wrote.
    Lenient,
}

/// Conforms a value to a type: sets are sorted, numeric strings become numbers, `{"value", "type"}` becomes a typed
/// value. Fails if a value cannot have that type.
pub fn conform(value: Dyn, ty: &Type, objects: Objects) -> Result<Dyn, DecodeError> {
    conform_at(value, ty, objects, 0)
}

fn conform_at(value: Dyn, ty: &Type, objects: Objects, depth: usize) -> Result<Dyn, DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeProblem::Depth.into());
    }
    let inner = |value: Dyn, ty: &Type| conform_at(value, ty, objects, depth + 1);
    match (value, ty) {
        (value @ (Dyn::Null | Dyn::Unknown), _)
        | (value @ Dyn::Bool(_), Type::Bool)
        | (value @ Dyn::Number(_), Type::Number)
        | (value @ Dyn::String(_), Type::String) => Ok(value),
        (Dyn::String(text), Type::Number) => Ok(Dyn::Number(text.parse::<super::Number>()?)),
        (Dyn::List(elements), Type::List(element)) => Ok(Dyn::List(in_order(elements, |_| element, inner)?)),
        (Dyn::List(elements), Type::Set(element)) => {
            let elements = in_order(elements, |_| element, inner).map_err(DecodeError::within_set)?;
            Ok(Dyn::set(elements))
        }
        (Dyn::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            Ok(Dyn::List(in_order(elements, |index| &types[index], inner)?))
        }
        (Dyn::List(elements), Type::Tuple(types)) => {
            Err(DecodeProblem::Length { expected: types.len(), found: elements.len() }.into())
        }
        (Dyn::Map(elements), Type::Map(element)) => {
            let elements = elements.into_iter().map(|(key, value)| {
                let value = inner(value, element).map_err(|error| error.within(Step::Key(key.clone())))?;
                Ok((key, value))
            });
            Ok(Dyn::Map(elements.collect::<Result<_, DecodeError>>()?))
        }
        (Dyn::Map(attributes), Type::Object(types)) => object(attributes, types, objects, inner),
        (Dyn::Typed(typed), Type::Dynamic) => {
            let value = inner(typed.1, &typed.0)?;
            Ok(Dyn::typed(typed.0, value))
        }
        (Dyn::Map(mut pair), Type::Dynamic) if pair.len() == 2 => {
            let (Some(value), Some(ty)) = (pair.remove("value"), pair.remove("type")) else {
                return Err(DecodeProblem::Type(TypeError::UnknownForm).into());
            };
            let ty = type_of(ty).ok_or(TypeError::UnknownForm)?;
            let value = inner(value, &ty)?;
            Ok(Dyn::typed(ty, value))
        }
        (value, ty) => Err(DecodeProblem::Kind { expected: ty.to_string(), found: value.kind() }.into()),
    }
}

fn in_order<'t>(
    elements: Vec<Dyn>,
    ty: impl Fn(usize) -> &'t Type,
    inner: impl Fn(Dyn, &Type) -> Result<Dyn, DecodeError>,
) -> Result<Vec<Dyn>, DecodeError> {
    let elements = elements.into_iter().enumerate();
    elements
        .map(|(index, element)| {
            inner(element, ty(index)).map_err(|error| error.within(Step::Index(index as u64)))
        })
        .collect()
}

fn object(
    mut attributes: BTreeMap<String, Dyn>,
    types: &BTreeMap<String, Type>,
    objects: Objects,
    inner: impl Fn(Dyn, &Type) -> Result<Dyn, DecodeError>,
) -> Result<Dyn, DecodeError> {
    let mut conforming = BTreeMap::new();
    for (name, ty) in types {
        let value = match (attributes.remove(name), objects) {
            (Some(value), _) => {
                inner(value, ty).map_err(|error| error.within(Step::Attribute(name.clone())))?
            }
            (None, Objects::Lenient) => Dyn::Null,
            (None, Objects::Exact) => return Err(DecodeProblem::MissingAttribute(name.clone()).into()),
        };
        conforming.insert(name.clone(), value);
    }
    match (attributes.into_keys().next(), objects) {
        (Some(unknown), Objects::Exact) => Err(DecodeProblem::UnknownAttribute(unknown).into()),
        _ => Ok(Dyn::Map(conforming)),
    }
}

/// Returns the type of a parsed type constraint.
fn type_of(json: Dyn) -> Option<Type> {
    match json {
        Dyn::String(name) => Type::named(&name),
        Dyn::List(parts) => {
            let [kind, inner]: [Dyn; 2] = parts.try_into().ok()?;
            match (kind.as_str()?, inner) {
                ("list", element) => Some(type_of(element)?.list()),
                ("set", element) => Some(type_of(element)?.set()),
                ("map", element) => Some(type_of(element)?.map()),
                ("object", Dyn::Map(attributes)) => {
                    let attributes = attributes.into_iter().map(|(name, ty)| Some((name, type_of(ty)?)));
                    Some(Type::Object(attributes.collect::<Option<_>>()?))
                }
                ("tuple", Dyn::List(elements)) => {
                    Some(Type::Tuple(elements.into_iter().map(type_of).collect::<Option<_>>()?))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

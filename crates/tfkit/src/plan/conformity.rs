//! The host's own rules for plans and for results.

use std::collections::BTreeMap;

use super::candidates::{Candidates, Form, Rules};
use super::write_only::stored_write_only;
use crate::schema::{Attribute, Nesting, Shape};
use crate::value::{Dyn, Path, Shown, Type};

/// A plan or a result that the host would reject. The message contains no sensitive value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(path))]
pub struct Violation {
    /// The attribute; the root for the whole object.
    pub path: Path,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

fn place(path: &Path) -> String {
    if path.is_root() { String::new() } else { format!("{path}: ") }
}

/// Checks whether the host accepts a plan for a creation or an update (config set) or a deletion (config null).
pub fn check_plan(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    planned: &Dyn,
) -> Result<(), Violation> {
    if planned.is_unknown() {
        return Err(At::root().violation("is configured but planned as unknown"));
    }
    object_plan(attributes, prior, config, planned, &At::root())?;
    stores_nothing_write_only(attributes, planned)
}

/// Checks whether a second plan keeps what the first one promised. Known values must not change; unknown ones may
/// become anything.
pub fn check_compatible(attributes: &[Attribute], first: &Dyn, second: &Dyn) -> Result<(), Violation> {
    object_result(attributes, first, second, &At::root())
}

/// Checks whether a result keeps what the plan promised and is completely known.
pub fn check_result(attributes: &[Attribute], planned: &Dyn, actual: &Dyn) -> Result<(), Violation> {
    check_compatible(attributes, planned, actual)?;
    stores_nothing_write_only(attributes, actual)?;
    match unknown_attribute(attributes, actual) {
        Some(path) => Err(Violation { path, message: "is still unknown after the apply".to_owned() }),
        None => Ok(()),
    }
}

/// Write-only values stay in the configuration, also those in objects that the provider computes.
fn stores_nothing_write_only(attributes: &[Attribute], object: &Dyn) -> Result<(), Violation> {
    match stored_write_only(attributes, object, &Path::root()) {
        Some(path) => Err(Violation { path, message: "is write-only but would be stored".to_owned() }),
        None => Ok(()),
    }
}

/// The current path of a check, and whether values are hidden there.
struct At {
    path: Path,
    hidden: bool,
}

impl At {
    const fn root() -> Self {
        Self { path: Path::root(), hidden: false }
    }

    fn attribute(&self, attribute: &Attribute) -> Self {
        let path = self.path.clone().attr(attribute.name);
        Self { path, hidden: self.hidden || attribute.sensitive || attribute.write_only }
    }

    fn index(&self, index: usize) -> Self {
        Self { path: self.path.clone().index(index), hidden: self.hidden }
    }

    fn key(&self, key: &str) -> Self {
        Self { path: self.path.clone().key(key), hidden: self.hidden }
    }

    fn violation(&self, message: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), message: message.into() }
    }

    fn show(&self, value: &Dyn) -> String {
        if self.hidden { "(sensitive value)".to_owned() } else { Shown(value).to_string() }
    }
}

fn object_plan(
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    planned: &Dyn,
    at: &At,
) -> Result<(), Violation> {
    match (config, planned) {
        (config, planned) if config == planned => Ok(()),
        // The attributes of an unknown object are unknown.
        (Dyn::Map(_) | Dyn::Unknown, Dyn::Map(_) | Dyn::Unknown) => {
            attributes.iter().try_for_each(|attribute| {
                let at = at.attribute(attribute);
                let planned = match planned {
                    Dyn::Map(planned) => planned.get(attribute.name),
                    unknown => Some(unknown),
                };
                let planned = planned.ok_or_else(|| at.violation("is missing from the plan"))?;
                let config = if config.is_unknown() { config } else { config.attribute(attribute.name) };
                attribute_plan(attribute, prior.attribute(attribute.name), config, planned, &at)
            })
        }
        (Dyn::Null, _) => Err(at.violation("is planned but not configured")),
        (_, Dyn::Null) => Err(at.violation("is configured but planned as null")),
        _ => Err(at.violation("is planned with a different type than configured")),
    }
}

fn attribute_plan(
    attribute: &Attribute,
    prior: &Dyn,
    config: &Dyn,
    planned: &Dyn,
    at: &At,
) -> Result<(), Violation> {
    if attribute.write_only {
        return Ok(());
    }
    let keeps_prior = planned == prior && !prior.is_null() && !config.is_null();
    let left_to_provider =
        attribute.who.is_computed() && (config.is_null() || !attribute.who.is_configurable());
    if planned == config || keeps_prior || left_to_provider {
        return Ok(());
    }
    if config.is_null() {
        let shown = at.show(planned);
        return Err(at.violation(format!("is planned as {shown}, but only the user can set it")));
    }
    match &attribute.shape {
        Shape::Nested(nesting, attributes) => nested_plan(*nesting, attributes, prior, config, planned, at),
        Shape::Plain(_) => {
            let or_prior =
                if prior.is_null() { String::new() } else { format!(" (prior value: {})", at.show(prior)) };
            let (planned, config) = (at.show(planned), at.show(config));
            Err(at.violation(format!("is planned as {planned} but configured as {config}{or_prior}")))
        }
    }
}

fn nested_plan(
    nesting: Nesting,
    attributes: &[Attribute],
    prior: &Dyn,
    config: &Dyn,
    planned: &Dyn,
    at: &At,
) -> Result<(), Violation> {
    match (nesting, config, planned) {
        (Nesting::Map, Dyn::Map(config), Dyn::Map(planned)) => {
            same_keys(config, planned, "configuration", "plan", at)?;
            config.iter().zip(planned.values()).try_for_each(|((key, config), planned)| {
                object_plan(attributes, prior.attribute(key), config, planned, &at.key(key))
            })
        }
        (Nesting::List, Dyn::List(config), Dyn::List(planned)) => {
            same_count(config.len(), planned.len(), "configured", "planned", at)?;
            let prior = prior.as_list().unwrap_or_default();
            config.iter().zip(planned).enumerate().try_for_each(|(index, (config, planned))| {
                let prior = prior.get(index).unwrap_or(&Dyn::Null);
                object_plan(attributes, prior, config, planned, &at.index(index))
            })
        }
        (Nesting::Set, Dyn::List(config), Dyn::List(planned)) => {
            same_count(config.len(), planned.len(), "configured", "planned", at)?;
            let form = Form::Object(attributes);
            let fits = |config: &Dyn, planned: &Dyn| {
                object_plan(attributes, &Dyn::Null, config, planned, &At::root()).is_ok()
            };
            if correlate(form, PLANNED, config, planned, fits) {
                Ok(())
            } else {
                Err(at.violation("planned elements do not match the configured elements"))
            }
        }
        (_, _, Dyn::Unknown) => Err(at.violation("is configured but planned as unknown")),
        (Nesting::Single, config, planned) => object_plan(attributes, prior, config, planned, at),
        (_, _, Dyn::Null) => Err(at.violation("is configured but planned as null")),
        (_, Dyn::Unknown, _) => Err(at.violation("is planned as known but configured as unknown")),
        _ => Err(at.violation("is planned with a different type than configured")),
    }
}

fn object_result(attributes: &[Attribute], planned: &Dyn, actual: &Dyn, at: &At) -> Result<(), Violation> {
    match (planned, actual) {
        (Dyn::Unknown, _) => Ok(()),
        (Dyn::Map(planned), Dyn::Map(actual)) => attributes.iter().try_for_each(|attribute| {
            let at = at.attribute(attribute);
            let actual =
                actual.get(attribute.name).ok_or_else(|| at.violation("is missing from the result"))?;
            attribute_result(attribute, planned.get(attribute.name).unwrap_or(&Dyn::Null), actual, &at)
        }),
        (planned, actual) if planned == actual => Ok(()),
        (Dyn::Null, _) => Err(at.violation("was planned as null but now has a value")),
        (_, Dyn::Null) => Err(at.violation("was planned with a value but is now null")),
        (_, Dyn::Unknown) => Err(at.violation("was known in the plan but is now unknown")),
        _ => Err(at.violation("has a different type than planned")),
    }
}

fn attribute_result(attribute: &Attribute, planned: &Dyn, actual: &Dyn, at: &At) -> Result<(), Violation> {
    if attribute.write_only {
        return Ok(());
    }
    match (&attribute.shape, planned, actual) {
        (_, Dyn::Unknown, _) => Ok(()),
        (Shape::Plain(ty), planned, actual) => {
            if is_compatible(ty, planned, actual) {
                return Ok(());
            }
            let (planned, actual) = (at.show(planned), at.show(actual));
            Err(at.violation(format!("was planned as {planned} but is now {actual}")))
        }
        (Shape::Nested(Nesting::Map, attributes), Dyn::Map(planned), Dyn::Map(actual)) => {
            same_keys(planned, actual, "plan", "result", at)?;
            planned.iter().zip(actual.values()).try_for_each(|((key, planned), actual)| {
                object_result(attributes, planned, actual, &at.key(key))
            })
        }
        (Shape::Nested(Nesting::List, attributes), Dyn::List(planned), Dyn::List(actual)) => {
            same_count(planned.len(), actual.len(), "planned", "returned", at)?;
            planned.iter().zip(actual).enumerate().try_for_each(|(index, (planned, actual))| {
                object_result(attributes, planned, actual, &at.index(index))
            })
        }
        (Shape::Nested(Nesting::Set, attributes), Dyn::List(planned), Dyn::List(actual)) => {
            let form = Form::Object(attributes);
            let fits =
                |planned: &Dyn, actual: &Dyn| object_result(attributes, planned, actual, &At::root()).is_ok();
            if actual.len() <= planned.len() && correlate(form, APPLIED, planned, actual, fits) {
                Ok(())
            } else {
                Err(at.violation("returned elements do not match the planned elements"))
            }
        }
        (Shape::Nested(_, attributes), planned, actual) => object_result(attributes, planned, actual, at),
    }
}

fn is_compatible(ty: &Type, planned: &Dyn, actual: &Dyn) -> bool {
    match (ty, planned, actual) {
        (_, Dyn::Unknown, _) => true,
        (Type::List(element), Dyn::List(planned), Dyn::List(actual)) => {
            planned.len() == actual.len()
                && planned.iter().zip(actual).all(|(planned, actual)| is_compatible(element, planned, actual))
        }
        (Type::Tuple(types), Dyn::List(planned), Dyn::List(actual)) => {
            planned.len() == actual.len()
                && types
                    .iter()
                    .zip(planned.iter().zip(actual))
                    .all(|(ty, (planned, actual))| is_compatible(ty, planned, actual))
        }
        (Type::Set(element), Dyn::List(planned), Dyn::List(actual)) => {
            actual.len() <= planned.len()
                && correlate(Form::Plain(element), APPLIED, planned, actual, |planned, actual| {
                    is_compatible(element, planned, actual)
                })
        }
        (Type::Map(element), Dyn::Map(planned), Dyn::Map(actual)) => {
            planned.keys().eq(actual.keys())
                && planned
                    .values()
                    .zip(actual.values())
                    .all(|(planned, actual)| is_compatible(element, planned, actual))
        }
        (Type::Object(types), Dyn::Map(planned), Dyn::Map(actual)) => {
            planned.keys().eq(actual.keys())
                && planned.iter().zip(actual.values()).all(|((name, planned), actual)| {
                    types.get(name).is_some_and(|ty| is_compatible(ty, planned, actual))
                })
        }
        (_, Dyn::Typed(planned), Dyn::Typed(actual)) => {
            planned.0 == actual.0 && is_compatible(&planned.0, &planned.1, &actual.1)
        }
        (_, planned, actual) => planned == actual,
    }
}

/// A configured element and a planned one: the provider sets computed attributes that are not configured.
const PLANNED: Rules = Rules {
    is_hole: |attribute, config| {
        attribute.write_only
            || (attribute.who.is_computed() && (config.is_null() || !attribute.who.is_configurable()))
    },
    by_meaning: false,
    unknown_fits: false,
};

/// A planned element and one of the result: unknown values became known.
const APPLIED: Rules =
    Rules { is_hole: |attribute, _| attribute.write_only, by_meaning: false, unknown_fits: true };

/// Returns whether every element of each side has a matching one on the other side.
fn correlate(
    form: Form<'_>,
    rules: Rules,
    ones: &[Dyn],
    others: &[Dyn],
    fits: impl Fn(&Dyn, &Dyn) -> bool,
) -> bool {
    let all: Vec<&Dyn> = others.iter().collect();
    let candidates = Candidates::find(form, rules, ones, &all);
    candidates.correlate(others.len(), |one, other| fits(&ones[one], &others[other]))
}

fn same_count(one: usize, other: usize, one_is: &str, other_is: &str, at: &At) -> Result<(), Violation> {
    if one == other {
        Ok(())
    } else {
        Err(at.violation(format!("{one} elements are {one_is} but {other} are {other_is}")))
    }
}

fn same_keys(
    ones: &BTreeMap<String, Dyn>,
    others: &BTreeMap<String, Dyn>,
    one_is: &str,
    other_is: &str,
    at: &At,
) -> Result<(), Violation> {
    if let Some(key) = ones.keys().find(|key| !others.contains_key(*key)) {
        return Err(at.key(key).violation(format!("is in the {one_is} but not in the {other_is}")));
    }
    match others.keys().find(|key| !ones.contains_key(*key)) {
        Some(key) => Err(at.key(key).violation(format!("is in the {other_is} but not in the {one_is}"))),
        None => Ok(()),
    }
}

/// Returns the first root attribute that contains something unknown.
fn unknown_attribute(attributes: &[Attribute], object: &Dyn) -> Option<Path> {
    match object {
        Dyn::Map(object) => attributes
            .iter()
            .find(|attribute| object.get(attribute.name).is_some_and(|value| !value.wholly_known()))
            .map(|attribute| Path::from(attribute.name)),
        other => (!other.wholly_known()).then(Path::root),
    }
}

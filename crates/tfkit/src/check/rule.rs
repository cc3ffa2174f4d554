//! Rules over several attributes.

use super::Stage;
use super::quoted::quoted;
use crate::diag::Diag;
use crate::value::{Dyn, Path};

/// A rule over attributes of one block, by name. An unknown value may turn out to be null, so a rule reports only
/// what is broken in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Exactly one of these must be set.
    ExactlyOneOf(&'static [&'static str]),
    /// At most one of these may be set.
    AtMostOneOf(&'static [&'static str]),
    /// At least one of these must be set.
    AtLeastOneOf(&'static [&'static str]),
    /// If the first is set, the others are required.
    Requires(&'static str, &'static [&'static str]),
}

impl Rule {
    /// Returns the error if the object at `here` certainly breaks the rule; the root is the whole block. An error
    /// that none of several attributes is set appears only in the plan: during validation, a null may come from a
    /// collection that a mock left empty.
    pub fn check(&self, config: &Dyn, stage: Stage, here: &Path) -> Option<Diag> {
        let none =
            |names, how_many| (stage == Stage::Plan).then(|| none(names, how_many, config, here)).flatten();
        match self {
            Self::ExactlyOneOf(names) => too_many(names, config, here).or_else(|| none(names, "Exactly one")),
            Self::AtMostOneOf(names) => too_many(names, config, here),
            Self::AtLeastOneOf(names) => none(names, "At least one"),
            Self::Requires(name, needed) => {
                let missing = needed.iter().find(|needed| config.attribute(needed).is_null())?;
                is_set(config, name).then(|| {
                    error(
                        format!("Attribute {name:?} requires {missing:?}"),
                        format!("{name:?} is set, but {missing:?} is not. It has no effect on its own."),
                        format!("Set {missing:?}, or remove {name:?}."),
                        here.clone().attr(*name),
                    )
                })
            }
        }
    }

    /// Returns the rule as a sentence for the documentation.
    pub fn sentence(&self) -> String {
        match self {
            Self::ExactlyOneOf(names) => format!("Exactly one of {} must be set.", quoted(names)),
            Self::AtMostOneOf(names) => format!("At most one of {} may be set.", quoted(names)),
            Self::AtLeastOneOf(names) => format!("At least one of {} must be set.", quoted(names)),
            Self::Requires(name, needed) => format!("`{name}` requires {}.", quoted(needed)),
        }
    }
}

/// Returns the words that name a nested object, for a message without the name of an attribute.
fn inside(here: &Path) -> String {
    if here.is_root() { String::new() } else { format!(" in {:?}", here.to_string()) }
}

fn is_set(config: &Dyn, name: &str) -> bool {
    let value = config.attribute(name);
    !value.is_null() && !value.is_unknown()
}

fn too_many(names: &[&str], config: &Dyn, here: &Path) -> Option<Diag> {
    let mut set = names.iter().filter(|name| is_set(config, name));
    let (first, second) = (set.next()?, set.next()?);
    Some(error(
        format!("Attributes {first:?} and {second:?} cannot be set together"),
        format!("At most one of {} may be set.", quoted(names)),
        "Keep one of them and remove the others.".to_owned(),
        here.clone().attr(*second),
    ))
}

fn none(names: &[&str], how_many: &str, config: &Dyn, here: &Path) -> Option<Diag> {
    names.iter().all(|name| config.attribute(name).is_null()).then(|| {
        error(
            format!("None of {} is set{}", quoted(names), inside(here)),
            format!("{how_many} of them is required."),
            "Set one of them.".to_owned(),
            here.clone(),
        )
    })
}

fn error(summary: String, why: String, fix: String, path: Path) -> Diag {
    let diag = Diag::error(summary).why(why).fix(fix);
    if path.is_root() { diag } else { diag.at(path) }
}

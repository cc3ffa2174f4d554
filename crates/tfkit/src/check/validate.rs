//! Checking a configuration against its schema.

use std::collections::HashMap;

use super::rule::Rule;
use super::value::{Failure, Stage};
use crate::diag::Diag;
use crate::plan::same::canonical;
use crate::plan::{is_absent, without_absent};
use crate::schema::{Attribute, Nesting, Schema, Shape};
use crate::value::{Dyn, Path, Shown, Step, Type};

/// Returns all errors of a configuration, and its deprecated attributes as warnings. It works offline. Unknown values
/// count as valid.
///
/// The rules over several attributes come first, then each attribute in the order of the schema: read-only ones that
/// are set, required ones that are not set, deprecated ones, write-only ones that this host would store, then the
/// checks of the value for this stage, then nested attributes. No message contains a sensitive value.
pub fn validate(schema: &Schema, config: &Dyn, write_only_allowed: bool, stage: Stage) -> Vec<Diag> {
    let mut validation = Validation { write_only_allowed, stage, diags: Vec::new() };
    validation.rules(&schema.rules, &schema.attributes, config, &Path::root());
    validation.object(&schema.attributes, config, &Path::root(), false);
    validation.diags
}

/// What a nested object is checked against.
struct Nested<'a> {
    attributes: &'a [Attribute],
    rules: &'a [Rule],
    hidden: bool,
}

struct Validation {
    write_only_allowed: bool,
    stage: Stage,
    diags: Vec<Diag>,
}

impl Validation {
    fn object(&mut self, attributes: &[Attribute], config: &Dyn, here: &Path, hidden: bool) {
        let Dyn::Map(object) = config else { return };
        for attribute in attributes {
            let value = object.get(attribute.name).unwrap_or(&Dyn::Null);
            self.attribute(attribute, value, here.clone().attr(attribute.name), hidden);
        }
    }

    fn rules(&mut self, rules: &[Rule], attributes: &[Attribute], value: &Dyn, path: &Path) {
        if !rules.is_empty() && matches!(value, Dyn::Map(_)) {
            let value = without_absent(attributes, value);
            self.diags.extend(rules.iter().filter_map(|rule| rule.check(&value, self.stage, path)));
        }
    }

    fn attribute(&mut self, attribute: &Attribute, value: &Dyn, path: Path, hidden: bool) {
        let hidden = hidden || attribute.sensitive || attribute.write_only;
        if value.is_null() {
            // The host itself rejects a configuration without it. An explicit null may come from a mock.
            if attribute.who.is_required() && self.stage == Stage::Plan {
                let summary = format!("Attribute {:?} is required", path.to_string());
                self.error(summary, "It is not set, or it is null.", "Set it to a value.", path);
            }
            return;
        }
        if !attribute.who.is_configurable() {
            let summary = format!("Attribute {:?} is read-only", path.to_string());
            self.error(summary, "Only the provider sets it.", "Remove it from the configuration.", path);
            return;
        }
        if let Some(instead) = attribute.deprecated.filter(|_| !is_absent(attribute, value)) {
            let summary = format!("Attribute {:?} is deprecated", path.to_string());
            self.diags.push(Diag::warning(summary).why(instead).at(path.clone()));
        }
        if attribute.write_only && !self.write_only_allowed {
            self.error(
                format!(
                    "Attribute {:?} is write-only, which this version of the host does not support",
                    path.to_string()
                ),
                "The host would store the value in the state, where it must never be.",
                "Upgrade to Terraform 1.11, OpenTofu 1.11 or later, or use an attribute that is not write-only.",
                path,
            );
            return;
        }
        self.checks(attribute, value, &path, hidden);
        if self.stage == Stage::Plan {
            self.duplicates(attribute, value, &path, hidden);
        }
        if let Shape::Nested(nesting, attributes) = &attribute.shape {
            let nested = Nested { attributes, rules: &attribute.rules, hidden };
            self.elements(*nesting, &nested, value, &path);
        }
    }

    fn checks(&mut self, attribute: &Attribute, value: &Dyn, path: &Path, hidden: bool) {
        let has_addresses =
            !matches!(attribute.shape, Shape::Plain(Type::Set(_)) | Shape::Nested(Nesting::Set, _));
        let due = attribute.checks.iter().filter(|check| check.is_due(self.stage));
        let failures: Vec<Failure<'_>> = due.flat_map(|check| check.failures(value)).collect();
        for Failure { step, check, value } in failures {
            // An object may contain sensitive attributes. A key is part of the path anyway.
            let may_show = !hidden && matches!(attribute.shape, Shape::Plain(_));
            let shown = value.filter(|value| may_show && value.wholly_known());
            let found = shown.map_or(String::new(), |value| format!("; found {}", Shown(value)));
            let written = match (&step, value) {
                (_, Some(value)) => value.as_str().filter(|_| may_show),
                (Some(Step::Key(key)), None) => Some(key.as_str()),
                _ => None,
            };
            let fix = match written.and_then(|written| check.nearest(written)) {
                Some(word) => format!("Change the value. Did you mean {word:?}?"),
                None => "Change the value.".to_owned(),
            };
            let path = step.filter(|_| has_addresses).map_or(path.clone(), |step| path.clone().step(step));
            let summary = format!("Attribute {:?} has an invalid value", path.to_string());
            self.error(summary, format!("The value must {check}{found}."), &fix, path);
        }
    }

    /// Reports elements of a set that have the same meaning: the set would have fewer elements after the apply.
    fn duplicates(&mut self, attribute: &Attribute, value: &Dyn, path: &Path, hidden: bool) {
        let (Some(same), Shape::Plain(Type::Set(ty)), Dyn::List(elements)) =
            (attribute.same, &attribute.shape, value)
        else {
            return;
        };
        let mut first = HashMap::new();
        for element in elements.iter().filter(|element| element.wholly_known()) {
            let earlier: &Dyn = first.entry(canonical(same, ty, element)).or_insert(element);
            if std::ptr::eq(earlier, element) {
                continue;
            }
            let why = if hidden {
                "Two of its elements have the same meaning.".to_owned()
            } else {
                format!("{} and {} have the same meaning.", Shown(earlier), Shown(element))
            };
            let summary = format!("Attribute {:?} contains a duplicate", path.to_string());
            self.error(summary, why, "Remove one of them.", path.clone());
        }
    }

    fn elements(&mut self, nesting: Nesting, nested: &Nested<'_>, value: &Dyn, path: &Path) {
        match (nesting, value) {
            (Nesting::Single, value) => self.nested(nested, value, path),
            (Nesting::Map, Dyn::Map(elements)) => {
                for (key, element) in elements {
                    self.nested(nested, element, &path.clone().step(Step::Key(key.clone())));
                }
            }
            (Nesting::List, Dyn::List(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    self.nested(nested, element, &path.clone().index(index));
                }
            }
            (Nesting::Set, Dyn::List(elements)) => {
                // Elements of a set have no address: the message names the attribute, and the path ends at the set.
                let before = self.diags.len();
                for element in elements {
                    self.nested(nested, element, path);
                }
                for diag in &mut self.diags[before..] {
                    diag.path = Some(path.clone());
                }
            }
            _ => {}
        }
    }

    fn nested(&mut self, nested: &Nested<'_>, value: &Dyn, path: &Path) {
        self.rules(nested.rules, nested.attributes, value, path);
        self.object(nested.attributes, value, path, nested.hidden);
    }

    fn error(&mut self, summary: String, why: impl AsRef<str>, fix: &str, path: Path) {
        self.diags.push(Diag::error(summary).why(why).fix(fix).at(path));
    }
}

//! Facts of the schema about an attribute, as sentences.

use crate::check::Rule;
use crate::function::{Parameter, Signature};
use crate::schema::{Attribute, Who};
use crate::value::{Dyn, Whole};

impl Attribute {
    /// Returns the description with the default, the checks of the value, and whether a change replaces the object,
    /// as one paragraph of Markdown.
    pub fn documentation(&self) -> String {
        let ty = self.ty();
        let mut sentences = vec![one_line(&self.description)];
        if let Who::Default(default) = &self.who {
            sentences.push(format!("Default: `{}`.", spelled(default)));
        }
        if self.who.is_configurable() {
            sentences.extend(self.checks.iter().map(|check| check.sentence(&ty)));
            sentences.extend(self.rules.iter().map(Rule::sentence));
            if self.replace {
                sentences.push("Changing this forces replacement.".to_owned());
            }
        }
        sentences.retain(|sentence| !sentence.is_empty());
        sentences.join(" ")
    }
}

impl Parameter {
    /// Returns the description with the checks, as one paragraph of Markdown.
    pub fn documentation(&self) -> String {
        let checks = self.checks.iter().map(|check| check.sentence(&self.ty));
        std::iter::once(one_line(&self.description)).chain(checks).collect::<Vec<_>>().join(" ")
    }
}

impl Signature {
    /// Returns the first paragraph of the description, in one line.
    pub fn summary(&self) -> String {
        one_line(self.description.split("\n\n").next().unwrap_or_default())
    }
}

/// Returns a value as in a configuration, without quotes if a string is readable without them.
fn spelled(value: &Dyn) -> String {
    match value {
        Dyn::String(text) if !text.is_empty() => text.clone(),
        value => Whole(value).to_string(),
    }
}

/// Returns a doc comment as one paragraph.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

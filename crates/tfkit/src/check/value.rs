//! Checks of a single value.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use super::nearest::nearest;
use super::quoted::quoted;
use super::range::Range;
use crate::value::{Dyn, Number, Shown, Step, Type};

/// A condition on a known value, with its text for the documentation and for messages.
#[derive(Clone, Debug)]
pub struct Check(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Length(Bounds<usize>),
    Number(Bounds<i64>),
    Within(Range),
    OneOf(&'static [&'static str]),
    Text { must: &'static str, holds: fn(&str) -> bool },
    Custom { must: &'static str, holds: fn(&Dyn) -> bool },
    Each(Box<Check>),
    EachKey(Box<Check>),
    InPlan(Box<Check>),
    Suggesting(Box<Check>, &'static [&'static str]),
}

/// Requires a length: characters of a string, elements of a collection.
pub fn length(range: impl RangeBounds<usize>) -> Check {
    Check(Kind::Length(Bounds::of(
        &range,
        |length| length.saturating_add(1),
        |length| length.saturating_sub(1),
    )))
}

/// Requires a number within these bounds.
pub fn number(range: impl RangeBounds<i64>) -> Check {
    Check(Kind::Number(Bounds::of(
        &range,
        |number| number.saturating_add(1),
        |number| number.saturating_sub(1),
    )))
}

/// Requires a number within these bounds, which may be fractions. A bound can be excluded, as in `0.0..1.0`.
pub fn within(range: impl RangeBounds<f64>) -> Check {
    Check(Kind::Within(Range::of(&range)))
}

/// Requires a string or a collection that is not empty.
pub fn non_empty() -> Check {
    length(1..)
}

/// Requires a string to be one of these words.
pub fn one_of(words: &'static [&'static str]) -> Check {
    Check(Kind::OneOf(words))
}

/// Requires a string to satisfy `holds`. `must` completes "must …", such as "consist of letters and digits".
pub fn pattern(must: &'static str, holds: fn(&str) -> bool) -> Check {
    Check(Kind::Text { must, holds })
}

/// Requires a UUID with hyphens. Checked [in the plan](in_plan).
pub fn uuid() -> Check {
    let holds = |text: &str| text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
    in_plan(pattern("be a UUID, such as 0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11", holds))
}

/// Requires a URL that begins with `http://` or `https://` and has a host. Checked [in the plan](in_plan).
pub fn url() -> Check {
    let holds = |text: &str| {
        let scheme = text.split_once("://").filter(|(scheme, _)| {
            scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
        });
        scheme.is_some_and(|(_, rest)| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !host.starts_with(':') && !text.contains(char::is_whitespace)
        })
    };
    in_plan(pattern("be a URL that begins with http:// or https://", holds))
}

/// Requires a known value to satisfy `holds`. `must` completes "must …".
pub fn custom(must: &'static str, holds: fn(&Dyn) -> bool) -> Check {
    Check(Kind::Custom { must, holds })
}

/// Applies a check to every known element of a collection.
pub fn each(check: Check) -> Check {
    Check(Kind::Each(Box::new(check)))
}

/// Applies a check to every key of a map.
pub fn each_key(check: Check) -> Check {
    Check(Kind::EachKey(Box::new(check)))
}

/// Delays a check until the plan, for values that come from other objects: ids, addresses, times. A test that mocks
/// the provider invents such values; the host asks the provider to validate them, but never to plan with them.
pub fn in_plan(check: Check) -> Check {
    Check(Kind::InPlan(Box::new(check)))
}

/// The time at which a configuration is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Values may come from a mock, so checks that only real values can pass do not run.
    Validation,
    /// Every known value is one that the provider will use.
    Plan,
}

impl Check {
    /// Returns whether the check runs at this stage.
    pub(super) fn is_due(&self, stage: Stage) -> bool {
        match &self.0 {
            Kind::InPlan(_) => stage == Stage::Plan,
            Kind::Each(check) | Kind::EachKey(check) | Kind::Suggesting(check, _) => check.is_due(stage),
            _ => true,
        }
    }

    /// Returns the text that follows "must", such as "have a length of 1 to 50".
    pub fn must(&self) -> String {
        self.to_string()
    }

    /// Returns the condition as a sentence for the documentation of an attribute of a type.
    pub fn sentence(&self, ty: &Type) -> String {
        self.about("Must", "values", ty)
    }

    fn about(&self, must: &str, what: &str, ty: &Type) -> String {
        match &self.0 {
            Kind::Length(bounds) if bounds.least != Some(1) || bounds.most.is_some() => {
                let unit = if *ty == Type::String { "characters" } else { "elements" };
                format!("{must} have {bounds} {unit}.")
            }
            Kind::OneOf(words) => format!("{must} be one of {}.", quoted(words)),
            Kind::InPlan(check) => check.about(must, what, ty),
            Kind::Suggesting(check, words) => {
                format!("{} Known {what}: {}.", check.about(must, what, ty), quoted(words))
            }
            Kind::Each(check) => {
                let element = match ty {
                    Type::List(element) | Type::Set(element) | Type::Map(element) => element,
                    ty => ty,
                };
                check.about("Each element must", "elements", element)
            }
            Kind::EachKey(check) => check.about("Each key must", "keys", &Type::String),
            Kind::Length(_) | Kind::Number(_) | Kind::Within(_) | Kind::Text { .. } | Kind::Custom { .. } => {
                format!("{must} {self}.")
            }
        }
    }

    /// Returns the same check with known words, which messages list together with the most similar one. For values of
    /// which newer servers may support more.
    #[must_use]
    pub fn suggesting(self, words: &'static [&'static str]) -> Self {
        Self(Kind::Suggesting(Box::new(self), words))
    }

    /// Returns the known word that is most similar to the one in the configuration.
    pub fn nearest(&self, written: &str) -> Option<&'static str> {
        match &self.0 {
            Kind::OneOf(words) | Kind::Suggesting(_, words) => nearest(written, words),
            Kind::Each(check) | Kind::EachKey(check) | Kind::InPlan(check) => check.nearest(written),
            _ => None,
        }
    }

    /// Returns whether a value passes. Null and unknown values pass: there is nothing to check yet.
    pub fn holds(&self, value: &Dyn) -> bool {
        self.failures(value).is_empty()
    }

    /// Returns why a value does not pass, as sentences without the value if it is `hidden`.
    pub(crate) fn complaint(&self, value: &Dyn, hidden: bool) -> Option<String> {
        let failures = self.failures(value);
        let Failure { check, value, .. } = failures.first()?;
        let shown = value.filter(|value| !hidden && value.wholly_known());
        let found = shown.map_or(String::new(), |value| format!("; found {}", Shown(value)));
        let word = shown.and_then(Dyn::as_str).and_then(|written| check.nearest(written));
        let hint = word.map_or(String::new(), |word| format!(" Did you mean {word:?}?"));
        Some(format!("The value must {check}{found}.{hint}"))
    }

    /// Returns every part of a value that does not pass.
    pub(super) fn failures<'a>(&'a self, value: &'a Dyn) -> Vec<Failure<'a>> {
        let value = value.untyped();
        let here = |holds: bool| {
            if holds { Vec::new() } else { vec![Failure { step: None, check: self, value: Some(value) }] }
        };
        match (&self.0, value) {
            (_, Dyn::Null | Dyn::Unknown) => Vec::new(),
            (Kind::Length(bounds), Dyn::String(text)) => here(bounds.hold(&text.chars().count())),
            (Kind::Length(bounds), Dyn::List(elements)) => here(bounds.hold(&elements.len())),
            (Kind::Length(bounds), Dyn::Map(elements)) => here(bounds.hold(&elements.len())),
            (Kind::Number(bounds), Dyn::Number(number)) => here(
                bounds.least.is_none_or(|least| Number::from(least) <= *number)
                    && bounds.most.is_none_or(|most| *number <= Number::from(most)),
            ),
            (Kind::Within(range), Dyn::Number(number)) => here(range.contains(number)),
            (Kind::OneOf(words), Dyn::String(text)) => here(words.contains(&text.as_str())),
            (Kind::Text { holds, .. }, Dyn::String(text)) => here(holds(text)),
            (Kind::Suggesting(check, _), value) => here(check.holds(value)),
            (Kind::Custom { holds, .. }, value) => here(!value.wholly_known() || holds(value)),
            (Kind::Each(check), Dyn::List(elements)) => {
                let elements = elements.iter().enumerate();
                elements
                    .flat_map(|(index, element)| check.failures_at(&Step::Index(index as u64), element))
                    .collect()
            }
            (Kind::Each(check), Dyn::Map(elements)) => {
                let elements = elements.iter();
                elements
                    .flat_map(|(key, element)| check.failures_at(&Step::Key(key.clone()), element))
                    .collect()
            }
            (Kind::EachKey(check), Dyn::Map(elements)) => {
                let fails = |key: &&String| !check.holds(&Dyn::String((*key).clone()));
                let failure =
                    |key: &String| Failure { step: Some(Step::Key(key.clone())), check: self, value: None };
                elements.keys().filter(fails).map(failure).collect()
            }
            (Kind::InPlan(check), value) => check.failures(value),
            // A check for another type of value passes.
            _ => Vec::new(),
        }
    }

    fn failures_at<'a>(&'a self, step: &Step, element: &'a Dyn) -> Vec<Failure<'a>> {
        let failures = self.failures(element).into_iter();
        failures.map(|failure| Failure { step: Some(step.clone()), ..failure }).collect()
    }
}

/// A part of a value that does not pass a check.
pub(super) struct Failure<'a> {
    /// The element, if the check applies to elements.
    pub(super) step: Option<Step>,
    /// The check that failed.
    pub(super) check: &'a Check,
    /// The part itself; `None` for a key.
    pub(super) value: Option<&'a Dyn>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Length(bounds) => match (bounds.least, bounds.most) {
                (Some(1), None) => f.write_str("not be empty"),
                (Some(least), Some(most)) if least == most => write!(f, "have a length of {least}"),
                _ => write!(f, "have a length of {bounds}"),
            },
            Kind::Number(bounds) => write!(f, "be {bounds}"),
            Kind::Within(range) => write!(f, "be {range}"),
            Kind::OneOf(words) => {
                f.write_str("be one of ")?;
                words.iter().enumerate().try_for_each(|(index, word)| {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{word:?}")
                })
            }
            Kind::Text { must, .. } | Kind::Custom { must, .. } => f.write_str(must),
            Kind::InPlan(check) => check.fmt(f),
            Kind::Suggesting(check, words) => write!(f, "{check} ({})", words.join(", ")),
            Kind::Each(check) => write!(f, "contain elements, each of which must {check}"),
            Kind::EachKey(check) => write!(f, "contain keys, each of which must {check}"),
        }
    }
}

/// Inclusive bounds.
#[derive(Clone, Copy, Debug)]
struct Bounds<T> {
    least: Option<T>,
    most: Option<T>,
}

impl<T: PartialOrd + Copy> Bounds<T> {
    fn of(range: &impl RangeBounds<T>, next: fn(T) -> T, previous: fn(T) -> T) -> Self {
        let least = match range.start_bound() {
            Bound::Included(least) => Some(*least),
            Bound::Excluded(below) => Some(next(*below)),
            Bound::Unbounded => None,
        };
        let most = match range.end_bound() {
            Bound::Included(most) => Some(*most),
            Bound::Excluded(above) => Some(previous(*above)),
            Bound::Unbounded => None,
        };
        Self { least, most }
    }

    fn hold(&self, value: &T) -> bool {
        self.least.as_ref().is_none_or(|least| least <= value)
            && self.most.as_ref().is_none_or(|most| value <= most)
    }
}

impl<T: fmt::Display> fmt::Display for Bounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.least, &self.most) {
            (Some(least), Some(most)) => write!(f, "{least} to {most}"),
            (Some(least), None) => write!(f, "at least {least}"),
            (None, Some(most)) => write!(f, "at most {most}"),
            (None, None) => f.write_str("any size"),
        }
    }
}

//! Timeouts of operations, as an attribute.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::field::{Facts, Fields, Misfit, Misfits, Value};
use crate::model::Operation;
use crate::schema::{Attribute, Nesting, Shape};
use crate::value::{Dyn, Type};

/// Name of the attribute that the engine looks for.
pub const ATTRIBUTE: &str = "timeouts";

/// A nested attribute `timeouts` for a set of operations. Its values determine [`Cx::deadline`].
///
/// ```
/// use tfkit::timeouts::{Create, Delete, Timeouts};
/// # use tfkit::field::Computed;
/// # use tfkit::Model;
/// /// A thing that takes its time.
/// #[derive(Clone, Debug, Model)]
/// #[model(name = "thing")]
/// pub struct Thing {
///     /// Identifier of the thing.
///     #[attr(key, stable)]
///     pub id: Computed<String>,
///     /// How long the operations may take.
///     pub timeouts: Option<Timeouts<(Create, Delete)>>,
/// }
/// ```
///
/// [`Cx::deadline`]: crate::cx::Cx::deadline
pub struct Timeouts<O> {
    // The user's spelling is kept, because "90s" and "1m30s" are different values of the attribute.
    texts: BTreeMap<Operation, Span>,
    operations: PhantomData<fn() -> O>,
}

/// Operations with a configurable timeout.
pub trait Operations: Send + Sync + 'static {
    /// Them.
    const LIST: &'static [Operation];
}

/// One operation, as a type.
pub trait OneOperation: Send + Sync + 'static {
    /// It.
    const OPERATION: Operation;
}

/// A timeout for creations.
#[derive(Clone, Copy, Debug)]
pub enum Create {}
/// A timeout for reads.
#[derive(Clone, Copy, Debug)]
pub enum Read {}
/// A timeout for updates.
#[derive(Clone, Copy, Debug)]
pub enum Update {}
/// A timeout for deletions.
#[derive(Clone, Copy, Debug)]
pub enum Delete {}
/// A timeout for actions.
#[derive(Clone, Copy, Debug)]
pub enum Invoke {}

impl OneOperation for Create {
    const OPERATION: Operation = Operation::Create;
}
impl OneOperation for Read {
    const OPERATION: Operation = Operation::Read;
}
impl OneOperation for Update {
    const OPERATION: Operation = Operation::Update;
}
impl OneOperation for Delete {
    const OPERATION: Operation = Operation::Delete;
}
impl OneOperation for Invoke {
    const OPERATION: Operation = Operation::Invoke;
}

impl<A: OneOperation> Operations for (A,) {
    const LIST: &'static [Operation] = &[A::OPERATION];
}
impl<A: OneOperation, B: OneOperation> Operations for (A, B) {
    const LIST: &'static [Operation] = &[A::OPERATION, B::OPERATION];
}
impl<A: OneOperation, B: OneOperation, C: OneOperation> Operations for (A, B, C) {
    const LIST: &'static [Operation] = &[A::OPERATION, B::OPERATION, C::OPERATION];
}
impl<A: OneOperation, B: OneOperation, C: OneOperation, D: OneOperation> Operations for (A, B, C, D) {
    const LIST: &'static [Operation] = &[A::OPERATION, B::OPERATION, C::OPERATION, D::OPERATION];
}

impl<O> Timeouts<O> {
    /// Returns the timeout of an operation, if the user set one.
    pub fn get(&self, operation: Operation) -> Option<Duration> {
        self.texts.get(&operation).map(|span| span.duration)
    }
}

impl<O> Clone for Timeouts<O> {
    fn clone(&self) -> Self {
        Self { texts: self.texts.clone(), operations: PhantomData }
    }
}

impl<O> PartialEq for Timeouts<O> {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl<O> Eq for Timeouts<O> {}

impl<O> fmt::Debug for Timeouts<O> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.texts.iter().map(|(key, span)| (key.name(), &span.text))).finish()
    }
}

impl<O: Operations> Value for Timeouts<O> {
    fn shape() -> Shape {
        let one = |operation: &Operation| {
            let name = operation.name();
            let text = format!("Time limit for the operation `{name}`, such as `30m`, `90s` or `1h30m`.");
            Attribute::field::<Option<Span>>(name, text)
        };
        Shape::Nested(Nesting::Single, O::LIST.iter().map(one).collect())
    }

    fn facts() -> Facts {
        Facts { local: true, ..Facts::default() }
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let fields = Fields::of(value)?;
        let mut texts = BTreeMap::new();
        for &operation in O::LIST {
            if let Some(span) = fields.get::<Option<Span>>(operation.name())? {
                texts.insert(operation, span);
            }
        }
        Ok(Self { texts, operations: PhantomData })
    }

    fn to_known(&self) -> Dyn {
        let one = |fields: Fields, &operation: &Operation| {
            fields.with(operation.name(), &self.texts.get(&operation).cloned())
        };
        O::LIST.iter().fold(Fields::new(), one).into_object()
    }

    fn misfits(value: &Dyn) -> Vec<Misfit> {
        let mut misfits = Misfits::of(value);
        for operation in O::LIST {
            misfits = misfits.check::<Option<Span>>(operation.name());
        }
        misfits.finish()
    }
}

/// A duration in the user's spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: String,
    duration: Duration,
}

impl Span {
    /// Returns the duration.
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

impl Value for Span {
    fn shape() -> Shape {
        Shape::Plain(Type::String)
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let text = String::from_known(value)?;
        match parse(&text) {
            Some(duration) => Ok(Self { text, duration }),
            None => Err(Misfit::new("must be a duration with units")
                .fix("Use numbers with the units h, m, s or ms, for example \"30m\", \"90s\" or \"1h30m\".")),
        }
    }

    fn to_known(&self) -> Dyn {
        self.text.to_known()
    }
}

/// Returns the timeout of an operation in an object's `timeouts`.
pub(crate) fn of(object: &Dyn, operation: Operation) -> Option<Duration> {
    let Dyn::Map(attributes) = object else { return None };
    let Some(Dyn::Map(timeouts)) = attributes.get(ATTRIBUTE) else { return None };
    match timeouts.get(operation.name()) {
        Some(Dyn::String(text)) => parse(text),
        _ => None,
    }
}

/// Returns a duration in the spelling of a configuration, in the largest unit without a fraction.
pub(crate) fn spelled(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Reads `1h30m`, `90s`, `1.5h`, `500ms`: numbers with units as in Go, in any order, longer than zero.
fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    // Go also has a sign and smaller units, which timeouts do not need.
    let is_needed = |character: char| character.is_ascii_digit() || ".hms".contains(character);
    if !text.chars().all(is_needed) {
        return None;
    }
    let nanoseconds = go_duration::parse_go_duration(text).ok()?.nanoseconds();
    u64::try_from(nanoseconds).ok().filter(|length| *length > 0).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        let cases: &[(&str, Option<u64>)] = &[
            ("30m", Some(1_800_000)),
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5h", Some(5_400_000)),
            ("500ms", Some(500)),
            (" 10m ", Some(600_000)),
            ("", None),
            ("0s", None),
            ("30", None),
            ("m", None),
            ("-5m", None),
            ("5 m", None),
            ("5d", None),
            ("5us", None),
            ("+5m", None),
            ("30m1.5h", Some(7_200_000)),
            ("1..5h", None),
            ("99999999999999999999999h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected.map(Duration::from_millis), "{text:?}");
        }
    }
}

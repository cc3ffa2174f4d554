//! Conditions: the filters of a request, read as a ZenML server reads them.

use std::cmp::Ordering;

use super::{Fields, Filters, Listed};
use crate::workspace::python;
use crate::workspace::refusal::{Complaint, Refusal};

/// What a row has to fulfil.
pub(super) struct Condition {
    pub(super) field: &'static str,
    pub(super) test: Test,
}

pub(super) enum Test {
    Equals(String),
    NotEquals(String),
    Contains(String),
    NotContains(String),
    StartsWith(String),
    EndsWith(String),
    OneOf(Vec<String>),
    NotOneOf(Vec<String>),
    IsNull,
    IsNotNull,
    Compared(Ordering, bool, String),
    /// The same of numbers; no text that is not one fits.
    Measured(Ordering, bool, f64),
    /// A range of dates; nothing else has ranges.
    In(String),
    Between(String, String),
}

const DATES: [&str; 2] = ["created", "updated"];

pub(super) fn conditions<T: Fields>(filters: &Filters<'_>) -> Result<Vec<Condition>, Refusal> {
    let mut conditions = Vec::new();
    for (field, values) in filters {
        for value in *values {
            let test = test(value).map_err(|message| model::<T>(message))?;
            let test = if DATES.contains(field) { dated::<T>(test)? } else { measured::<T>(field, test)? };
            if matches!(test, Test::In(_)) {
                return Err(Refusal::model(T::FILTER, &[no_operation("in", &OF_TEXTS)]));
            }
            conditions.push(Condition { field, test });
        }
    }
    Ok(conditions)
}

fn model<T: Fields>(message: &str) -> Refusal {
    Refusal::model(T::FILTER, &[Complaint::new(&[], "value_error", format!("Value error, {message}"))])
}

/// Operations by the names that messages give them.
type Operations = [(&'static str, &'static str)];

/// The operations of texts and ids.
const OF_TEXTS: [(&str, &str); 14] = [
    ("EQUALS", "equals"),
    ("NOT_EQUALS", "notequals"),
    ("STARTSWITH", "startswith"),
    ("CONTAINS", "contains"),
    ("ENDSWITH", "endswith"),
    ("ONEOF", "oneof"),
    ("NOT_ONEOF", "notoneof"),
    ("NOT_CONTAINS", "notcontains"),
    ("IS_NULL", "isnull"),
    ("IS_NOT_NULL", "isnotnull"),
    ("GT", "gt"),
    ("GTE", "gte"),
    ("LT", "lt"),
    ("LTE", "lte"),
];

/// The operations of dates.
const OF_DATES: [(&str, &str); 9] = [
    ("EQUALS", "equals"),
    ("NOT_EQUALS", "notequals"),
    ("IS_NULL", "isnull"),
    ("IS_NOT_NULL", "isnotnull"),
    ("GT", "gt"),
    ("GTE", "gte"),
    ("LT", "lt"),
    ("LTE", "lte"),
    ("IN", "in"),
];

/// Complains about an operation that a field does not have.
fn no_operation(operation: &str, allowed: &Operations) -> Complaint {
    let shown = allowed.iter().map(|(name, value)| format!("<GenericFilterOps.{name}: '{value}'>"));
    let allowed = shown.collect::<Vec<_>>().join(", ");
    let message = format!(
        "Value error, This datatype can not be filtered using this operation: '{operation}'. The allowed operations \
         are: [{allowed}]"
    );
    Complaint::new(&["operation"], "value_error", message)
}

/// Reads `operator:value`. What comes before a colon and is no operator belongs to the value.
fn test(given: &str) -> Result<Test, &'static str> {
    let whole = || Test::Equals(given.to_owned());
    let Some((operator, value)) = given.split_once(':') else { return Ok(whole()) };
    let owned = || value.to_owned();
    let list = || {
        serde_json::from_str::<Vec<serde_json::Value>>(value)
            .map(|items| {
                items
                    .into_iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect()
            })
            .map_err(|_| {
                "When you are using the 'oneof:'/'notoneof:' filtering make sure that the provided value is a json \
                 formatted list."
            })
    };
    if matches!(operator, "isnull" | "isnotnull") && !value.is_empty() {
        return Err(
            "When using 'isnull:'/'isnotnull:', use the explicit 'operator:' form without a value (e.g. 'isnull:').",
        );
    }
    Ok(match operator {
        "equals" => Test::Equals(owned()),
        "notequals" => Test::NotEquals(owned()),
        "contains" => Test::Contains(owned()),
        "notcontains" => Test::NotContains(owned()),
        "startswith" => Test::StartsWith(owned()),
        "endswith" => Test::EndsWith(owned()),
        "oneof" => Test::OneOf(list()?),
        "notoneof" => Test::NotOneOf(list()?),
        "isnull" => Test::IsNull,
        "isnotnull" => Test::IsNotNull,
        "in" => Test::In(owned()),
        "gt" => Test::Compared(Ordering::Greater, false, owned()),
        "gte" => Test::Compared(Ordering::Greater, true, owned()),
        "lt" => Test::Compared(Ordering::Less, false, owned()),
        "lte" => Test::Compared(Ordering::Less, true, owned()),
        _ => whole(),
    })
}

/// Brings the value of a date filter into the form of the stored dates.
fn dated<T: Fields>(test: Test) -> Result<Test, Refusal> {
    let date = |given: &str| -> Result<String, Refusal> {
        let parsed = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", given).map_err(|_| {
            model::<T>(
                "The datetime filter only works with values in the following format: %Y-%m-%d %H:%M:%S",
            )
        })?;
        Ok(parsed.strftime("%Y-%m-%dT%H:%M:%S.000000").to_string())
    };
    let refused = |operation: &str, value: &str| match date(value) {
        Ok(_) => Refusal::model(T::FILTER, &[no_operation(operation, &OF_DATES)]),
        Err(refusal) => refusal,
    };
    Ok(match test {
        Test::Equals(value) => Test::Equals(date(&value)?),
        Test::NotEquals(value) => Test::NotEquals(date(&value)?),
        Test::Compared(order, or_equal, value) => Test::Compared(order, or_equal, date(&value)?),
        Test::In(values) => {
            let dates = values.split(',').map(date).collect::<Result<Vec<_>, _>>()?;
            let [first, last] = dates.as_slice() else {
                let message = "Two comma separated datetime values are required for the `in` operator.";
                return Err(model::<T>(message));
            };
            Test::Between(first.clone(), last.clone())
        }
        Test::Contains(value) => return Err(refused("contains", &value)),
        Test::NotContains(value) => return Err(refused("notcontains", &value)),
        Test::StartsWith(value) => return Err(refused("startswith", &value)),
        Test::EndsWith(value) => return Err(refused("endswith", &value)),
        other => other,
    })
}

/// Makes a comparison one of numbers, which it is of everything but dates.
fn measured<T: Fields>(field: &str, test: Test) -> Result<Test, Refusal> {
    let Test::Compared(order, or_equal, wanted) = test else { return Ok(test) };
    let Ok(number) = wanted.parse() else {
        let column = column(T::FILTER.trim_end_matches("Filter"), field);
        return Err(Refusal::value(&format!(
            "Failed to compare the column '{column}' to the value '{wanted}' (must be numeric): could not \
             convert string to float: {}",
            python::text(&wanted)
        )));
    };
    Ok(Test::Measured(order, or_equal, number))
}

/// How messages name the column of a field: texts by the class, ids by the table.
fn column(noun: &str, field: &str) -> String {
    let noun = if noun == "Component" { "StackComponent" } else { noun };
    match (noun, field) {
        (_, "user") | ("User", "id") => "\"user\".id".to_owned(),
        ("StackComponent", "stack_id") | ("Stack", "component_id") => format!("stack_composition.{field}"),
        (_, "id" | "connector_id") => {
            let mut table = String::new();
            for character in noun.chars() {
                if character.is_ascii_uppercase() && !table.is_empty() {
                    table.push('_');
                }
                table.push(character.to_ascii_lowercase());
            }
            format!("{table}.{field}")
        }
        _ => format!("{noun}Schema.{field}"),
    }
}

/// Whether the comparison holds.
fn fits(found: Option<Ordering>, order: Ordering, or_equal: bool) -> bool {
    found == Some(order) || (or_equal && found == Some(Ordering::Equal))
}

impl Condition {
    pub(super) fn holds<T: Listed>(&self, row: &T) -> bool {
        let values = row.field(self.field);
        let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(value));
        match &self.test {
            Test::Equals(wanted) => any(&|value| value == wanted),
            Test::NotEquals(wanted) => !any(&|value| value == wanted),
            // Parts are compared as a database does with LIKE: without regard to the case of ASCII letters.
            Test::Contains(part) => any(&|value| lower(value).contains(&lower(part))),
            Test::NotContains(part) => !any(&|value| lower(value).contains(&lower(part))),
            Test::StartsWith(part) => any(&|value| lower(value).starts_with(&lower(part))),
            Test::EndsWith(part) => any(&|value| lower(value).ends_with(&lower(part))),
            Test::OneOf(wanted) => any(&|value| wanted.iter().any(|one| one == value)),
            Test::NotOneOf(wanted) => !any(&|value| wanted.iter().any(|one| one == value)),
            Test::IsNull => values.is_empty(),
            Test::IsNotNull => !values.is_empty(),
            Test::In(_) => false,
            Test::Between(first, last) => any(&|value| (first.as_str()..=last.as_str()).contains(&value)),
            Test::Compared(order, or_equal, wanted) => {
                any(&|value| fits(Some(value.cmp(wanted.as_str())), *order, *or_equal))
            }
            Test::Measured(order, or_equal, wanted) => any(&|value| {
                fits(value.parse::<f64>().ok().and_then(|value| value.partial_cmp(wanted)), *order, *or_equal)
            }),
        }
    }
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

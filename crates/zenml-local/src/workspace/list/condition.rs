//! Conditions: the filters of a request, parsed like a ZenML server does.

use std::cmp::Ordering;

use super::field::{Filters, Listed};
use crate::error::{Error, Issue, Result};

/// A condition on a row.
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
    /// The same for numbers; a string that is not a number does not match.
    Measured(Ordering, bool, f64),
    /// A range of dates; other fields do not have ranges.
    In(String),
    Between(String, String),
}

const DATES: [&str; 11] = [
    "cache_expires_at",
    "created",
    "end_time",
    "expires",
    "last_login",
    "last_rotated",
    "next_occurrence",
    "resolved_at",
    "run_once_start_time",
    "start_time",
    "updated",
];

/// Fields that are true or false.
const FLAGS: [&str; 2] = ["active", "email_opted_in"];

pub(super) fn conditions(filters: &Filters<'_>) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (field, values) in filters {
        for value in *values {
            let test = test(value).map_err(invalid)?;
            let test = match field {
                field if DATES.contains(field) => dated(test)?,
                field if FLAGS.contains(field) => flagged(test)?,
                _ => measured(test)?,
            };
            if matches!(test, Test::In(_)) {
                return Err(no_operation("in"));
            }
            conditions.push(Condition { field, test });
        }
    }
    Ok(conditions)
}

fn invalid(message: &str) -> Error {
    Error::invalid(vec![Issue::new::<&str>(&[], "value_error", message)])
}

/// Rejects an operation that a field does not support.
fn no_operation(operation: &str) -> Error {
    let message = format!("This field cannot be filtered by '{operation}'");
    Error::invalid(vec![Issue::new(&["operation"], "value_error", message)])
}

/// Reads `operator:value`. A prefix that is not an operator belongs to the value.
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
            .map_err(|_| "'oneof:' and 'notoneof:' require a JSON list")
    };
    if matches!(operator, "isnull" | "isnotnull") && !value.is_empty() {
        return Err("'isnull:' and 'isnotnull:' do not take a value");
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

/// Converts the value of a date filter to the format of stored dates.
fn dated(test: Test) -> Result<Test> {
    let date = |given: &str| -> Result<String> {
        let parsed = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", given)
            .map_err(|_| invalid("A date and time must have the format 2030-12-31 23:59:59"))?;
        Ok(parsed.strftime("%Y-%m-%dT%H:%M:%S.000000").to_string())
    };
    let refused = |operation: &str, value: &str| match date(value) {
        Ok(_) => no_operation(operation),
        Err(refusal) => refusal,
    };
    Ok(match test {
        Test::Equals(value) => Test::Equals(date(&value)?),
        Test::NotEquals(value) => Test::NotEquals(date(&value)?),
        Test::Compared(order, or_equal, value) => Test::Compared(order, or_equal, date(&value)?),
        Test::In(values) => {
            let dates = values.split(',').map(date).collect::<Result<Vec<_>, _>>()?;
            let [first, last] = dates.as_slice() else {
                return Err(invalid("'in:' requires two values, separated by a comma"));
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

/// Converts the value of a filter that is true or false to the format of stored values.
fn flagged(test: Test) -> Result<Test> {
    let flag = |given: &str| match given.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok("true".to_owned()),
        "false" | "0" => Ok("false".to_owned()),
        _ => Err(Error::invalid(vec![Issue::new(&["value"], "value_error", "Must be true or false")])),
    };
    let refused =
        |operation: &str, value: &str| flag(value).map_or_else(|why| why, |_| no_operation(operation));
    Ok(match test {
        Test::Equals(value) => Test::Equals(flag(&value)?),
        Test::NotEquals(value) => Test::NotEquals(flag(&value)?),
        Test::Contains(value) => return Err(refused("contains", &value)),
        Test::NotContains(value) => return Err(refused("notcontains", &value)),
        Test::StartsWith(value) => return Err(refused("startswith", &value)),
        Test::EndsWith(value) => return Err(refused("endswith", &value)),
        other => other,
    })
}

/// Converts a comparison to one of numbers, which it is for everything except dates.
fn measured(test: Test) -> Result<Test> {
    let Test::Compared(order, or_equal, wanted) = test else { return Ok(test) };
    let number =
        wanted.parse().map_err(|_| Error::value(format!("The value '{wanted}' is not a number.")))?;
    Ok(Test::Measured(order, or_equal, number))
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
            // Substrings are compared like LIKE in a database: ignoring the case of ASCII letters.
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

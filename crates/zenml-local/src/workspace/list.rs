//! Filters, order and pages of lists.
//!
//! A list reads the rows that the caller may see from the database and chooses among them here: the filters of
//! a ZenML server compare as Python does, and so every database gives the same answer.

use std::borrow::Cow;
use std::cmp::Ordering;

use zenml_api::workspace::{LogicalOperator, Page, Paging};

use super::python;
use super::refusal::{Complaint, Refusal};

/// A row that can be filtered and sorted.
pub(crate) trait Listed {
    /// Name of the server's filter class, for messages.
    const FILTER: &'static str;

    /// Fields that lists can be sorted by.
    const SORTABLE: &'static [&'static str];

    /// Whether the server puts a list in the order that is asked for. Of some it only checks the field.
    const SORTED: bool = true;

    /// The values of a field; several where one of them is enough for a match (the components of a stack).
    /// Null values are left out.
    fn field(&self, name: &str) -> Vec<Cow<'_, str>>;
}

/// Filters by the name that they have on the wire.
pub(crate) type Filters<'a> = [(&'static str, &'a [String])];

/// Chooses the rows of one page.
pub(crate) fn page<T: Listed>(
    rows: Vec<T>,
    paging: Paging<'_>,
    filters: &Filters<'_>,
) -> Result<Page<T>, Refusal> {
    let conditions = conditions::<T>(filters)?;
    let mut rows: Vec<T> = rows
        .into_iter()
        .filter(|row| {
            let mut results = conditions.iter().map(|condition| condition.holds(row));
            match paging.operator {
                LogicalOperator::And => results.all(|holds| holds),
                LogicalOperator::Or => conditions.is_empty() || results.any(|holds| holds),
            }
        })
        .collect();
    sort(&mut rows, paging.sort_by.unwrap_or("created"))?;
    cut(rows, paging)
}

/// The name that all rows of a list must have, if its filters ask for exactly one, so that the database need not
/// give the others.
pub(crate) fn exact_name<'a>(paging: Paging<'_>, filters: &Filters<'a>) -> Option<&'a str> {
    if paging.operator != LogicalOperator::And {
        return None;
    }
    let (_, values) = filters.iter().find(|(field, values)| *field == "name" && !values.is_empty())?;
    values.iter().find(|value| !value.contains(':')).map(String::as_str)
}

/// The same page with its items converted.
pub(crate) fn map<T, U>(mut page: Page<T>, convert: impl FnMut(T) -> U) -> Page<U> {
    let items = std::mem::take(&mut page.items).into_iter().map(convert).collect();
    with_items(&page, items)
}

/// The same page with other items.
pub(crate) fn with_items<T, U>(page: &Page<T>, items: Vec<U>) -> Page<U> {
    let Page { index, max_size, total_pages, total, .. } = *page;
    Page { index, max_size, total_pages, total, items }
}

/// Checks page and size, as the web framework does before anything else happens.
pub(crate) fn check_paging(paging: Paging<'_>, operation: &str) -> Result<(), Refusal> {
    let mut complaints = Vec::new();
    for (name, value, most) in [("page", paging.page, i64::MAX), ("size", paging.size, 10_000)] {
        let Some(value) = value else { continue };
        if value < 1 {
            let message = "Input should be greater than or equal to 1";
            complaints.push(Complaint::new(&["query", name], "greater_than_equal", message));
        } else if value > most {
            let message = format!("Input should be less than or equal to {most}");
            complaints.push(Complaint::new(&["query", name], "less_than_equal", message));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(Refusal::request(operation, &complaints)) }
}

fn sort<T: Listed>(rows: &mut [T], by: &str) -> Result<(), Refusal> {
    // An unknown direction means the usual one.
    let (direction, field) = by.split_once(':').unwrap_or(("asc", by));
    let descending = direction == "desc";
    if !T::SORTABLE.contains(&field) {
        let message = "Value error, You can only sort by valid fields of this resource";
        return Err(Refusal::model(T::FILTER, &[Complaint::new(&["sort_by"], "value_error", message)]));
    }
    let (descending, field) = if T::SORTED { (descending, field) } else { (false, "created") };
    // Equal rows keep an order of their own, or pages could repeat a row and miss another.
    let order = |a: &T, b: &T| -> Ordering {
        let order = a.field(field).cmp(&b.field(field)).then_with(|| a.field("id").cmp(&b.field("id")));
        if descending { order.reverse() } else { order }
    };
    rows.sort_by(order);
    Ok(())
}

fn cut<T>(rows: Vec<T>, paging: Paging<'_>) -> Result<Page<T>, Refusal> {
    let size = paging.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(20).max(1);
    let page = paging.page.and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
    let total = rows.len();
    let pages = total.div_ceil(size).max(1);
    if page > pages {
        return Err(Refusal::value(&format!(
            "Invalid page {page}. The requested page size is {size} and there are a total of {total} items for \
             this query. The maximum page value therefore is {pages}."
        )));
    }
    Ok(Page {
        index: page as u64,
        max_size: size as u64,
        total_pages: pages as u64,
        total: total as u64,
        items: rows.into_iter().skip((page - 1) * size).take(size).collect(),
    })
}

struct Condition {
    field: &'static str,
    test: Test,
}

enum Test {
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

fn conditions<T: Listed>(filters: &Filters<'_>) -> Result<Vec<Condition>, Refusal> {
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

fn model<T: Listed>(message: &str) -> Refusal {
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
fn dated<T: Listed>(test: Test) -> Result<Test, Refusal> {
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
fn measured<T: Listed>(field: &str, test: Test) -> Result<Test, Refusal> {
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
    fn holds<T: Listed>(&self, row: &T) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Row(&'static str, &'static str, Option<&'static str>);

    impl Listed for Row {
        const FILTER: &'static str = "RowFilter";
        const SORTABLE: &'static [&'static str] = &["created", "name"];

        fn field(&self, name: &str) -> Vec<Cow<'_, str>> {
            match name {
                "id" | "name" => vec![self.0.into()],
                "created" => vec![self.1.into()],
                "user" => self.2.map(Cow::from).into_iter().collect(),
                _ => Vec::new(),
            }
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            Row("b", "2026-01-02T00:00:00.000001", Some("u")),
            Row("a:x", "2026-01-03T00:00:00.000000", None),
            Row("ab", "2026-01-01T00:00:00.000000", Some("v")),
        ]
    }

    fn names(
        paging: Paging<'_>,
        filters: &[(&'static str, &str)],
    ) -> Result<Vec<&'static str>, (u16, String)> {
        let owned: Vec<(&'static str, Vec<String>)> =
            filters.iter().map(|(name, value)| (*name, vec![(*value).to_owned()])).collect();
        let filters: Vec<_> = owned.iter().map(|(name, values)| (*name, values.as_slice())).collect();
        match page(rows(), paging, &filters) {
            Ok(page) => Ok(page.items.iter().map(|row| row.0).collect()),
            Err(refusal) => Err((refusal.status, refusal.text().to_owned())),
        }
    }

    const ALL: Paging<'_> =
        Paging { page: None, size: None, sort_by: None, hydrate: false, operator: LogicalOperator::And };

    #[test]
    fn filters_compare_as_the_server_does() {
        for (filters, expected) in [
            (vec![], vec!["ab", "b", "a:x"]),
            (vec![("name", "b")], vec!["b"]),
            (vec![("name", "a:x")], vec!["a:x"]),
            (vec![("name", "equals:a:x")], vec!["a:x"]),
            (vec![("name", "contains:b")], vec!["ab", "b"]),
            (vec![("name", "notcontains:b")], vec!["a:x"]),
            (vec![("name", "startswith:a")], vec!["ab", "a:x"]),
            (vec![("name", "contains:B")], vec!["ab", "b"]),
            (vec![("name", "gte:1")], vec![]),
            (vec![("name", "lt:1")], vec![]),
            (vec![("name", "endswith:b"), ("user", "u")], vec!["b"]),
            (vec![("name", "oneof:[\"b\",\"ab\"]")], vec!["ab", "b"]),
            (vec![("name", "notoneof:[\"b\",\"ab\"]")], vec!["a:x"]),
            (vec![("user", "isnull:")], vec!["a:x"]),
            (vec![("user", "isnotnull:")], vec!["ab", "b"]),
            (vec![("created", "gte:2026-01-02 00:00:00")], vec!["b", "a:x"]),
            (vec![("created", "lt:2026-01-02 00:00:00")], vec!["ab"]),
            (vec![("name", "B")], vec![]),
        ] {
            assert_eq!(names(ALL, &filters), Ok(expected), "{filters:?}");
        }
        let or = Paging { operator: LogicalOperator::Or, ..ALL };
        assert_eq!(names(or, &[("name", "b"), ("user", "v")]), Ok(vec!["ab", "b"]));
    }

    #[test]
    fn pages_and_order_are_those_of_the_server() {
        let by = |sort_by, page, size| Paging { sort_by, page, size, ..ALL };
        assert_eq!(names(by(Some("name"), None, None), &[]), Ok(vec!["a:x", "ab", "b"]));
        assert_eq!(names(by(Some("desc:name"), Some(2), Some(2)), &[]), Ok(vec!["a:x"]));
        assert_eq!(names(by(Some("sideways:name"), None, None), &[]), Ok(vec!["a:x", "ab", "b"]));
        assert_eq!(names(by(Some("asc:created"), Some(1), Some(1)), &[]), Ok(vec!["ab"]));
        let empty = page(Vec::<Row>::new(), ALL, &[]).unwrap();
        assert_eq!((empty.total_pages, empty.total, empty.max_size), (1, 0, 20));
    }

    #[test]
    fn what_cannot_be_listed_says_why() {
        let by = |sort_by, page, size| Paging { sort_by, page, size, ..ALL };
        for (paging, filters, status, part) in [
            (ALL, vec![("name", "gt:x")], 400, "(must be numeric): could not convert string to float: 'x'"),
            (by(None, Some(9), None), vec![], 400, "Invalid page 9. The requested page size is 20"),
            (by(Some("bogus"), None, None), vec![], 422, "only sort by valid fields"),
            (ALL, vec![("created", "yesterday")], 422, "datetime filter"),
            (ALL, vec![("name", "oneof:x")], 422, "json formatted list"),
        ] {
            let (got, text) = names(paging, &filters).unwrap_err();
            assert_eq!(got, status);
            assert!(text.contains(part), "{text}");
        }
        for (page, size) in [(Some(0), None), (None, Some(0)), (None, Some(10_001))] {
            assert_eq!(check_paging(by(None, page, size), "GET /api/v1/x").unwrap_err().status, 422);
        }
        check_paging(by(None, Some(1), Some(10_000)), "GET /api/v1/x").unwrap();
    }
}

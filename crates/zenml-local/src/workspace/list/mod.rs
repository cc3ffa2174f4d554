//! Filters, order and pages of lists.
//!
//! The database selects the rows of a page ([`select`]). Flavors, most of which are built in, are selected here
//! ([`page`]). Both parse filters like a ZenML server, and a test compares them.

#[cfg(test)]
mod agreement;
mod condition;
mod field;
mod statement;

use std::cmp::Ordering;

use zenml_api::workspace::{LogicalOperator, Page, Paging};

use crate::error::{Error, Issue, Result};
use condition::conditions;
pub(crate) use field::{Fields, Filters, Listed};
pub(crate) use statement::{Column, OWNER, Scope, Table, select};

/// Selects the rows of one page.
///
/// For objects that are not in a table; [`select`] is for everything else.
pub(crate) fn page<T: Listed>(rows: Vec<T>, paging: Paging<'_>, filters: &Filters<'_>) -> Result<Page<T>> {
    let conditions = conditions(filters)?;
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
    sort(&mut rows, paging.sort_by)?;
    cut(rows, paging)
}

/// The page of a list without any objects, for a valid request.
pub(crate) fn nothing<T>(
    sortable: &'static [&'static str],
    paging: Paging<'_>,
    filters: &Filters<'_>,
) -> Result<Page<T>> {
    conditions(filters)?;
    check_order(sortable, paging.sort_by)?;
    cut(Vec::new(), paging)
}

/// The same page with its items converted.
pub(crate) fn map<T, U>(mut page: Page<T>, convert: impl FnMut(T) -> U) -> Page<U> {
    let items = std::mem::take(&mut page.items).into_iter().map(convert).collect();
    with_items(&page, items)
}

/// The same page with its items converted; an error if one cannot be converted.
pub(crate) fn try_map<T, U, E>(
    mut page: Page<T>,
    convert: impl FnMut(T) -> Result<U, E>,
) -> Result<Page<U>, E> {
    let items = std::mem::take(&mut page.items).into_iter().map(convert).collect::<Result<_, E>>()?;
    Ok(with_items(&page, items))
}

/// The same page with other items.
pub(crate) fn with_items<T, U>(page: &Page<T>, items: Vec<U>) -> Page<U> {
    let Page { index, max_size, total_pages, total, .. } = *page;
    Page { index, max_size, total_pages, total, items }
}

/// Validates page and size, as the web framework does first.
pub(crate) fn check_paging(paging: Paging<'_>) -> Result<()> {
    let mut issues = Vec::new();
    for (name, value, most) in [("page", paging.page, i64::MAX), ("size", paging.size, 10_000)] {
        let Some(value) = value else { continue };
        if value < 1 {
            issues.push(Issue::too_small(&["query", name], 1));
        } else if value > most {
            issues.push(Issue::too_large(&["query", name], most));
        }
    }
    super::name::settle(issues)
}

/// Rejects an unknown field for sorting.
fn check_order(sortable: &[&str], by: Option<&str>) -> Result<()> {
    let Some(by) = by else { return Ok(()) };
    let (_, field) = by.split_once(':').unwrap_or(("asc", by));
    if sortable.contains(&field) {
        return Ok(());
    }
    let message = format!("Must be one of {}", sortable.join(", "));
    Err(Error::invalid(vec![Issue::new(&["sort_by"], "value_error", message)]))
}

/// Returns the field for sorting, and whether the order is descending.
fn order<T: Fields>(by: Option<&str>) -> Result<(&str, bool)> {
    let by = by.unwrap_or("created");
    // An unknown direction means the default.
    let (direction, field) = by.split_once(':').unwrap_or(("asc", by));
    check_order(T::SORTABLE, Some(by))?;
    Ok(if T::SORTED { (field, direction == "desc") } else { ("created", false) })
}

fn sort<T: Listed>(rows: &mut [T], by: Option<&str>) -> Result<()> {
    let (field, descending) = order::<T>(by)?;
    // Equal rows need a fixed order; otherwise, pages could repeat a row and miss another.
    let order = |a: &T, b: &T| -> Ordering {
        let order = a.field(field).cmp(&b.field(field)).then_with(|| a.field("id").cmp(&b.field("id")));
        if descending { order.reverse() } else { order }
    };
    rows.sort_by(order);
    Ok(())
}

/// The requested part of a list.
#[derive(Clone, Copy)]
struct Cut {
    page: usize,
    size: usize,
}

impl Cut {
    fn of(paging: Paging<'_>) -> Self {
        let size = paging.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(20).max(1);
        let page = paging.page.and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
        Self { page, size }
    }

    /// Returns the number of rows on earlier pages.
    const fn before(self) -> usize {
        (self.page - 1).saturating_mul(self.size)
    }

    /// Builds the page with its items.
    fn page<T>(self, total: usize, items: Vec<T>) -> Result<Page<T>> {
        let Self { page, size } = self;
        let pages = total.div_ceil(size).max(1);
        if page > pages {
            return Err(Error::value(format!("Page {page} does not exist: the last page is {pages}.")));
        }
        Ok(Page {
            index: page as u64,
            max_size: size as u64,
            total_pages: pages as u64,
            total: total as u64,
            items,
        })
    }
}

fn cut<T>(rows: Vec<T>, paging: Paging<'_>) -> Result<Page<T>> {
    let cut = Cut::of(paging);
    let total = rows.len();
    cut.page(total, rows.into_iter().skip(cut.before()).take(cut.size).collect())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[derive(Debug)]
    struct Row(&'static str, &'static str, Option<&'static str>);

    impl Fields for Row {
        const SORTABLE: &'static [&'static str] = &["created", "name"];
    }

    impl Listed for Row {
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
            Err(refusal) => Err((refusal.status().as_u16(), refusal.to_string())),
        }
    }

    const ALL: Paging<'_> =
        Paging { page: None, size: None, sort_by: None, hydrate: false, operator: LogicalOperator::And };

    #[test]
    fn filters_compare_like_the_server() {
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
    fn pages_and_order_match_the_server() {
        let by = |sort_by, page, size| Paging { sort_by, page, size, ..ALL };
        assert_eq!(names(by(Some("name"), None, None), &[]), Ok(vec!["a:x", "ab", "b"]));
        assert_eq!(names(by(Some("desc:name"), Some(2), Some(2)), &[]), Ok(vec!["a:x"]));
        assert_eq!(names(by(Some("sideways:name"), None, None), &[]), Ok(vec!["a:x", "ab", "b"]));
        assert_eq!(names(by(Some("asc:created"), Some(1), Some(1)), &[]), Ok(vec!["ab"]));
        let empty = page(Vec::<Row>::new(), ALL, &[]).unwrap();
        assert_eq!((empty.total_pages, empty.total, empty.max_size), (1, 0, 20));
    }

    #[test]
    fn an_invalid_list_request_gets_a_reason() {
        let by = |sort_by, page, size| Paging { sort_by, page, size, ..ALL };
        for (paging, filters, status, part) in [
            (ALL, vec![("name", "gt:x")], 400, "'x' is not a number"),
            (by(None, Some(9), None), vec![], 400, "Page 9 does not exist"),
            (by(Some("bogus"), None, None), vec![], 422, "sort_by: Must be one of created, name"),
            (ALL, vec![("created", "yesterday")], 422, "A date and time"),
            (ALL, vec![("name", "oneof:x")], 422, "a JSON list"),
        ] {
            let (got, text) = names(paging, &filters).unwrap_err();
            assert_eq!(got, status);
            assert!(text.contains(part), "{text}");
        }
        for (page, size) in [(Some(0), None), (None, Some(0)), (None, Some(10_001))] {
            assert_eq!(check_paging(by(None, page, size)).unwrap_err().status(), 422);
        }
        check_paging(by(None, Some(1), Some(10_000))).unwrap();
    }
}

//! Lists as statements: the database filters, sorts and pages.

use std::borrow::Cow;
use std::cmp::Ordering;

use zenml_api::workspace::{LogicalOperator, Page, Paging};

use super::condition::{Condition, Test, conditions};
use super::{Cut, Fields, Filters, order};
use crate::error::{Error, Result};
use crate::store::{Query, Row, Sql};

/// Maximum number of conditions of a list. SQLite limits the depth of a condition.
const MOST_CONDITIONS: usize = 400;

/// A table whose rows can be listed, with the alias `t`.
pub(crate) trait Table: Fields {
    /// Returns the columns after `SELECT`.
    fn columns() -> Cow<'static, str>;

    /// Returns the source of a field's values; fields that a table does not have are null.
    fn column(field: &str) -> Column;
}

/// The source of a field's values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// One string or null, as an expression.
    One(&'static str),
    /// Ids of other objects. Only those that the caller may see count: a filter must not reveal the others. The
    /// statement ends in its `WHERE`, and [`Scope::parts`] continues it.
    Parts(&'static str),
    /// Several values, one of which is enough for a match; none is like null.
    Many {
        /// A statement that returns them as the column `value`.
        values: &'static str,
        /// The expression for sorting.
        order: &'static str,
    },
}

impl Column {
    /// Not a field of the table.
    pub(crate) const NONE: Self = Self::One(NOTHING);

    /// A field that is not used for sorting.
    pub(crate) const fn many(values: &'static str) -> Self {
        Self::Many { values, order: NOTHING }
    }
}

/// No value, in every row.
const NOTHING: &str = "NULL";

/// The values for a filter by owner: the owner's id in the workspace, and its name.
pub(crate) const OWNER: Column = Column::Many {
    values: "SELECT l.id AS value FROM local_account l \
             WHERE l.workspace_id = t.workspace_id AND l.external_user_id = t.owner_id \
             UNION ALL SELECT l.name FROM local_account l \
             WHERE l.workspace_id = t.workspace_id AND l.external_user_id = t.owner_id",
    order: "(SELECT l.id FROM local_account l \
            WHERE l.workspace_id = t.workspace_id AND l.external_user_id = t.owner_id)",
};

/// The rows that the caller may see.
pub(crate) trait Scope {
    /// Adds ` FROM table t WHERE` and the conditions. Called twice: for the rows, and for their number.
    fn rows(&self, query: &mut Query);

    /// Adds ` AND …`: which objects of a [`Column::Parts`] the caller may see.
    fn parts(&self, _: &mut Query) {}
}

impl<F: Fn(&mut Query)> Scope for F {
    fn rows(&self, query: &mut Query) {
        self(query);
    }
}

/// Reads the rows of one page from the database.
pub(crate) async fn select<T: Table>(
    sql: &mut Sql,
    scope: impl Scope,
    paging: Paging<'_>,
    filters: &Filters<'_>,
) -> Result<Page<Row>> {
    let conditions = conditions(filters)?;
    if conditions.len() > MOST_CONDITIONS {
        return Err(Error::value(format!("A list request can have at most {MOST_CONDITIONS} filters.")));
    }
    let (field, descending) = order::<T>(paging.sort_by)?;
    let cut = Cut::of(paging);
    let from = |query: &mut Query| {
        scope.rows(query);
        restrict::<T>(query, &scope, &conditions, paging.operator);
    };
    let mut query = Query::new("SELECT ");
    query.push(T::columns());
    from(&mut query);
    let direction = if descending { "DESC" } else { "ASC" };
    let by = match T::column(field) {
        Column::One(expression) | Column::Many { order: expression, .. } => expression,
        Column::Parts(_) => NOTHING,
    };
    // Equal rows need a fixed order; otherwise, pages could repeat a row and miss another.
    query.push(format_args!(" ORDER BY {by} {direction}, t.id {direction} LIMIT "));
    query.push_bind(number(cut.size)).push(" OFFSET ").push_bind(number(cut.before()));
    let rows = query.build().fetch_all(&mut *sql).await?;
    // The last page determines the total by itself.
    let total = if rows.len() < cut.size && (cut.page == 1 || !rows.is_empty()) {
        cut.before() + rows.len()
    } else {
        let mut query = Query::new("SELECT COUNT(*)");
        from(&mut query);
        usize::try_from(query.build_query_scalar::<i64>().fetch_one(sql).await?).unwrap_or_default()
    };
    cut.page(total, rows)
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Adds the conditions of the filters.
fn restrict<T: Table>(
    query: &mut Query,
    scope: &impl Scope,
    conditions: &[Condition],
    operator: LogicalOperator,
) {
    let word = match operator {
        LogicalOperator::And => " AND ",
        LogicalOperator::Or => " OR ",
    };
    for (index, condition) in conditions.iter().enumerate() {
        query.push(if index == 0 { " AND (" } else { word });
        push(query, scope, T::column(condition.field), &condition.test);
    }
    if !conditions.is_empty() {
        query.push(")");
    }
}

/// Adds one condition that is never null.
fn push(query: &mut Query, scope: &impl Scope, column: Column, test: &Test) {
    // These match rows without a matching value.
    let (negative, test) = match test {
        Test::NotEquals(value) => (true, &Test::Equals(value.clone())),
        Test::NotContains(part) => (true, &Test::Contains(part.clone())),
        Test::NotOneOf(values) => (true, &Test::OneOf(values.clone())),
        Test::IsNull => (true, &Test::IsNotNull),
        test => (false, test),
    };
    if negative {
        query.push("NOT ");
    }
    match column {
        Column::One(expression) => {
            query.push(format_args!("({expression} IS NOT NULL AND "));
            push_test(query, expression, test);
            query.push(")");
        }
        Column::Many { .. } | Column::Parts(_) => {
            query.push("EXISTS (SELECT 1 FROM (");
            match column {
                Column::Parts(values) => {
                    query.push(values);
                    scope.parts(query);
                }
                Column::Many { values, .. } | Column::One(values) => {
                    query.push(values);
                }
            }
            query.push(") v WHERE ");
            push_test(query, "v.value", test);
            query.push(")");
        }
    }
}

/// Adds a condition on one value that is not null.
fn push_test(query: &mut Query, value: &str, test: &Test) {
    match test {
        Test::Equals(wanted) => {
            query.push(format_args!("{value} = ")).push_bind(wanted.clone());
        }
        // `lower` affects only ASCII letters, like LIKE in a server's database.
        Test::Contains(part) => {
            query.push(format_args!("instr(lower({value}), lower(")).push_bind(part.clone()).push(")) > 0");
        }
        Test::StartsWith(part) => {
            query.push(format_args!("substr(lower({value}), 1, ")).push_bind(characters(part));
            query.push(") = lower(").push_bind(part.clone()).push(")");
        }
        // An offset of minus zero would be the whole string.
        Test::EndsWith(part) if part.is_empty() => {
            query.push("1 = 1");
        }
        Test::EndsWith(part) => {
            query.push(format_args!("substr(lower({value}), ")).push_bind(-characters(part));
            query.push(") = lower(").push_bind(part.clone()).push(")");
        }
        Test::OneOf(wanted) => {
            let list = serde_json::Value::from(wanted.clone()).to_string();
            query.push(format_args!("{value} IN (SELECT value FROM json_each(")).push_bind(list).push("))");
        }
        Test::IsNotNull => {
            query.push(format_args!("{value} IS NOT NULL"));
        }
        Test::Between(first, last) => {
            query.push(format_args!("{value} >= ")).push_bind(first.clone());
            query.push(format_args!(" AND {value} <= ")).push_bind(last.clone());
        }
        Test::Compared(order, or_equal, wanted) => {
            query.push(format_args!("{value} {} ", operator(*order, *or_equal))).push_bind(wanted.clone());
        }
        // A numeric string compares as a number with a real number; any other string sorts after infinity.
        Test::Measured(order, or_equal, wanted) => {
            query.push(format_args!("{value} {} CAST(", operator(*order, *or_equal)));
            query.push_bind(*wanted).push(format_args!(" AS REAL) AND {value} <= CAST(9e999 AS REAL)"));
        }
        // Rejected or inverted before.
        Test::In(_) | Test::NotEquals(_) | Test::NotContains(_) | Test::NotOneOf(_) | Test::IsNull => {
            query.push("1 = 0");
        }
    }
}

fn characters(text: &str) -> i64 {
    number(text.chars().count())
}

const fn operator(order: Ordering, or_equal: bool) -> &'static str {
    match (order, or_equal) {
        (Ordering::Less, false) => "<",
        (Ordering::Less, true) => "<=",
        (Ordering::Greater, false) => ">",
        (Ordering::Greater, true) => ">=",
        (Ordering::Equal, _) => "=",
    }
}

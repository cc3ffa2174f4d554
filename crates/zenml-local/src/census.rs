//! How many of everything a platform holds, grants included: what a clean-up is compared with.

use std::collections::BTreeMap;

use crate::store::Sql;

/// Tables that record what happened rather than what there is.
const RECORDS: [&str; 5] = ["audit", "idempotency", "migration", "setting", "usage_event"];

/// Counts the rows of every table of nouns, by table.
pub(crate) async fn take(sql: &mut Sql) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut *sql)
    .await?;
    let mut census = BTreeMap::new();
    for table in tables.into_iter().filter(|table| !RECORDS.contains(&table.as_str())) {
        // The name comes from the database's own catalogue.
        let statement = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
        let count = sqlx::query_scalar(statement).fetch_one(&mut *sql).await?;
        census.insert(table, count);
    }
    Ok(census)
}

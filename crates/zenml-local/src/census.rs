//! Counts all objects of a platform, including grants, to verify that a cleanup is complete.

use std::collections::BTreeMap;

use crate::store::Sql;

/// Tables that record events, not objects.
const RECORDS: [&str; 6] = ["audit", "device_login", "idempotency", "migration", "setting", "usage_event"];

/// Counts the rows of each table of objects.
pub(crate) async fn take(sql: &mut Sql) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut *sql)
    .await?;
    let mut census = BTreeMap::new();
    for table in tables.into_iter().filter(|table| !RECORDS.contains(&table.as_str())) {
        // The name comes from the database's own catalog.
        let statement = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
        let count = sqlx::query_scalar(statement).fetch_one(&mut *sql).await?;
        census.insert(table, count);
    }
    Ok(census)
}

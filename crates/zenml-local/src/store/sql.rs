//! Types for writing queries.

/// A connection inside a transaction, as queries take it.
pub(crate) type Sql = sqlx::SqliteConnection;
/// One row of a result.
pub(crate) type Row = sqlx::sqlite::SqliteRow;
/// A statement that is built at run time.
pub(crate) type Query = sqlx::QueryBuilder<sqlx::Sqlite>;

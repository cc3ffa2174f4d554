//! Reading columns: ids, flags and optional strings, as stored in the database.

use sqlx::Row as _;
use zenml_api::{Identifier, Timestamp};

use super::sql::Row;
use crate::error::{Error, Result};

/// An id.
pub(crate) fn id<I: Identifier>(row: &Row, column: &str) -> Result<I> {
    optional_id(row, column)?.ok_or_else(|| Error::internal("a stored id is missing", column))
}

/// An optional id; null and the empty string mean absent.
pub(crate) fn optional_id<I: Identifier>(row: &Row, column: &str) -> Result<Option<I>> {
    match row.try_get::<Option<&str>, _>(column)? {
        None | Some("") => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|error| Error::internal("a stored id is invalid", error))
        }
    }
}

/// A flag, stored as 0 or 1.
pub(crate) fn flag(row: &Row, column: &str) -> Result<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

/// An optional string.
pub(crate) fn optional(row: &Row, column: &str) -> Result<Option<String>> {
    Ok(row.try_get(column)?)
}

/// A string.
pub(crate) fn text(row: &Row, column: &str) -> Result<String> {
    Ok(row.try_get(column)?)
}

/// A time.
pub(crate) fn time(row: &Row, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::new(text(row, column)?))
}

/// An optional time.
pub(crate) fn optional_time(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    Ok(optional(row, column)?.map(Timestamp::new))
}

//! Reading and writing the columns of a row.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::{Decode, Encode, Row as _, Sqlite, Type};
use uuid::Uuid;
use zenml_api::Identifier;

use super::sealed;
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::store::{Query, Row};

/// The columns of a row, read from left to right. The first is the id.
pub(crate) struct Cells<'a> {
    row: &'a Row,
    next: usize,
    vault: &'a Vault,
    table: &'static str,
}

impl<'a> Cells<'a> {
    pub(super) const fn of(row: &'a Row, vault: &'a Vault, table: &'static str) -> Self {
        Self { row, next: 0, vault, table }
    }

    fn advance(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// A string or a number, or null for an `Option`.
    pub(crate) fn get<T: Decode<'a, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T> {
        let index = self.advance();
        Ok(self.row.try_get(index)?)
    }

    /// A flag, stored as 0 or 1.
    pub(crate) fn flag(&mut self) -> Result<bool> {
        Ok(self.get::<i64>()? != 0)
    }

    /// An id.
    pub(crate) fn id<I: Identifier>(&mut self) -> Result<I> {
        let index = self.advance();
        id_at(self.row, index).map(I::from_uuid)
    }

    /// An id that may be null.
    pub(crate) fn optional_id(&mut self) -> Result<Option<Uuid>> {
        let index = self.advance();
        optional_id(self.row, index)
    }

    /// A JSON document.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        from_json(self.get()?)
    }

    /// A JSON document that may be null.
    pub(crate) fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        self.get::<Option<&str>>()?.map(from_json).transpose()
    }

    /// A sealed JSON document.
    pub(crate) fn sealed<T: DeserializeOwned>(&mut self) -> Result<T> {
        let id = id_at(self.row, 0)?;
        sealed::open(self.vault, self.table, id, self.get()?)
    }
}

/// The values of a row, in the order of its columns.
pub(crate) struct Values<'a> {
    query: &'a mut Query,
    columns: std::slice::Iter<'a, &'static str>,
    assigns: bool,
    vault: &'a Vault,
    table: &'static str,
    id: Uuid,
}

impl<'a> Values<'a> {
    /// Adds `, $n` for each value to an `INSERT`, or `, column = $n` to an `UPDATE` (`assigns`).
    pub(super) fn of(
        query: &'a mut Query,
        columns: &'a [&'static str],
        assigns: bool,
        vault: &'a Vault,
        (table, id): (&'static str, Uuid),
    ) -> Self {
        Self { query, columns: columns.iter(), assigns, vault, table, id }
    }

    /// A string or a number, or null for an `Option`.
    pub(crate) fn put<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        let column = self.columns.next();
        debug_assert!(column.is_some(), "{} has more values than columns", self.table);
        self.query.push(", ");
        if self.assigns {
            self.query.push(format_args!("{} = ", column.unwrap_or(&"")));
        }
        self.query.push_bind(value);
        self
    }

    /// A flag.
    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.put(i64::from(value))
    }

    /// A JSON document.
    pub(crate) fn json<T: Serialize>(&mut self, value: &T) -> Result<&mut Self> {
        Ok(self.put(to_json(value)?))
    }

    /// A JSON document that may be null.
    pub(crate) fn optional_json<T: Serialize>(&mut self, value: Option<&T>) -> Result<&mut Self> {
        Ok(self.put(value.map(to_json).transpose()?))
    }

    /// A sealed JSON document.
    pub(crate) fn sealed<T: Serialize>(&mut self, value: &T) -> Result<&mut Self> {
        let sealed = sealed::seal(self.vault, self.table, self.id, value)?;
        Ok(self.put(sealed))
    }

    /// Checks that every column has a value.
    pub(super) fn finish(self) {
        debug_assert_eq!(self.columns.len(), 0, "{} has more columns than values", self.table);
    }
}

/// Reads an id from a column.
pub(crate) fn id_at(row: &Row, index: usize) -> Result<Uuid> {
    Uuid::try_parse(row.try_get(index)?).map_err(|error| Error::internal("a stored id is invalid", error))
}

/// Reads an id, or nothing, from a column.
pub(crate) fn optional_id(row: &Row, index: usize) -> Result<Option<Uuid>> {
    match row.try_get::<Option<&str>, _>(index)? {
        None => Ok(None),
        Some(_) => id_at(row, index).map(Some),
    }
}

/// Returns the string for a JSON column.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("a value cannot be encoded as JSON", error))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::internal("a stored JSON value is invalid", error))
}

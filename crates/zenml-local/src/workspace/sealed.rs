//! JSON maps that are sealed in the database, because they contain secrets.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::crypto::Vault;
use crate::error::{Error, Result};

/// Seals a value for the row `id` of `table`; it can be opened only with the same place.
pub(crate) fn seal<T: Serialize>(vault: &Vault, table: &str, id: Uuid, value: &T) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|_| damaged())?;
    Ok(vault.seal(&format!("{table}/{id}"), &plain))
}

/// Opens a value sealed by [`seal`].
pub(crate) fn open<T: DeserializeOwned>(vault: &Vault, table: &str, id: Uuid, sealed: &[u8]) -> Result<T> {
    let plain = vault.open_sealed(&format!("{table}/{id}"), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| damaged())
}

/// A JSON error quotes the input, which is secret.
fn damaged() -> Error {
    Error::internal("a sealed value is not a JSON document", "its format is unexpected")
}

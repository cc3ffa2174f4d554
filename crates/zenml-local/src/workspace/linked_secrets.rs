//! Secrets that stacks and components link: their values become environment variables of runs.

use zenml_api::Identifier as _;
use zenml_api::SecretId;

use crate::error::Result;
use crate::rbac::{Allowed, Tx, Update};
use crate::workspace::cells::id_at;
use crate::workspace::noun::{Changing, Found, Noun, Stored};

/// A noun that links secrets. Each query gets the id of the object first, and then that of the secret.
pub(crate) trait LinksSecrets: Noun {
    /// Selects the secrets of an object, in a fixed order.
    const SELECT: &'static str;
    /// Links a secret, unless it is linked.
    const LINK: &'static str;
    /// Unlinks a secret.
    const UNLINK: &'static str;
}

/// Returns the secrets that an object links.
pub(crate) async fn of<N: LinksSecrets>(tx: &mut Tx, row: &Stored<N>) -> Result<Vec<SecretId>> {
    let rows = sqlx::query(N::SELECT).bind(row.id().to_string()).fetch_all(tx.sql()).await?;
    rows.iter().map(|row| id_at(row, 0).map(SecretId::from_uuid)).collect()
}

/// Links secrets to an object.
pub(crate) async fn link<N: LinksSecrets>(
    tx: &mut Tx,
    object: &impl Changing<N>,
    secrets: &[SecretId],
) -> Result<()> {
    for secret in secrets {
        let id = object.changed().to_string();
        sqlx::query(N::LINK).bind(id).bind(secret.to_string()).execute(tx.sql()).await?;
    }
    Ok(())
}

/// Unlinks a secret from an object.
pub(crate) async fn unlink<N: LinksSecrets>(
    tx: &mut Tx,
    found: &Allowed<Update, Found<N>>,
    secret: SecretId,
) -> Result<()> {
    let id = found.id.to_string();
    sqlx::query(N::UNLINK).bind(id).bind(secret.to_string()).execute(tx.sql()).await?;
    Ok(())
}

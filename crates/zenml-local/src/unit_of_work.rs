//! What a handler or a background job does in one transaction, with its rows of the audit trail.

use crate::audit::{self, Origin, Outcome};
use crate::error::{Error, Result};
use crate::rbac::{Actor, Recorded, Tx};
use crate::store::Store;

/// Does work in a transaction that sees one snapshot and cannot write.
pub(crate) async fn read<T>(
    store: &Store,
    actor: &Actor,
    origin: &Origin,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut tx = Tx::new(store.begin_read().await?, actor.clone());
    let result = work(&mut tx).await;
    let recorded = tx.take_recorded();
    tx.rollback().await;
    // A read can be worth a row, such as one of secret values.
    record_alone(store, actor, origin, &recorded, &outcome(result.as_ref().err())).await?;
    result
}

/// Does work in the transaction that may write. The change and its audit rows are committed together; if the work
/// fails nothing is changed, and the attempt is recorded.
pub(crate) async fn write<T>(
    store: &Store,
    actor: &Actor,
    origin: &Origin,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut tx = Tx::new(store.begin().await?, actor.clone());
    match work(&mut tx).await {
        Ok(value) => {
            let recorded = tx.take_recorded();
            audit::write(tx.sql(), actor, origin, &recorded, &Outcome::DONE).await?;
            tx.commit().await?;
            Ok(value)
        }
        Err(error) => {
            let recorded = tx.take_recorded();
            tx.rollback().await;
            if error.is_of_storage() {
                // Nothing was refused, and what could not be written cannot be recorded either.
                store.failed();
                return Err(error);
            }
            record_alone(store, actor, origin, &recorded, &outcome(Some(&error))).await?;
            Err(error)
        }
    }
}

async fn record_alone(
    store: &Store,
    actor: &Actor,
    origin: &Origin,
    recorded: &[Recorded],
    outcome: &Outcome,
) -> Result<()> {
    if recorded.is_empty() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    audit::write(&mut tx, actor, origin, recorded, outcome).await?;
    Ok(tx.commit().await?)
}

fn outcome(error: Option<&Error>) -> Outcome {
    error.map_or(Outcome::DONE, |error| Outcome {
        status: error.status().as_u16(),
        reason: Some(error.to_string()),
    })
}

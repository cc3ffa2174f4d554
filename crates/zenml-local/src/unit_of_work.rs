//! One transaction of a handler or a background job, with its rows of the audit trail.

use crate::audit::{self, Origin, Outcome};
use crate::error::{Error, Result};
use crate::rbac::{Actor, Recorded, Tx};
use crate::store::Store;

/// Runs work in a read-only transaction on one snapshot.
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
    // Some reads are recorded, such as those of secret values.
    record_alone(store, actor, origin, &recorded, &outcome(result.as_ref().err())).await?;
    result
}

/// Runs work in the write transaction. The change and its audit rows are committed together. If the work fails,
/// nothing is changed, and the attempt is recorded.
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
                // Nothing was rejected, and after a failed write the attempt cannot be recorded either.
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

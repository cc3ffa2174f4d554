//! What a backup does not contain: the data of workspaces that are ZenML servers.

use std::path::Path;

use super::failure::Failure;
use crate::store::Store;

/// Counts the workspaces of a database that are ZenML servers.
pub(super) async fn workspaces_with_a_folder(database: &Path) -> Result<i64, Failure> {
    let database = Store::open_to_read(database).await?;
    let query = "SELECT COUNT(*) FROM workspace WHERE engine = 'zenml' AND is_managed = 1";
    // A database of an earlier version has no such workspaces, and no such column.
    Ok(sqlx::query_scalar(query).fetch_one(&database).await.unwrap_or(0))
}

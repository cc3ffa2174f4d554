//! The initial content of a workspace, and its deletion.

use std::collections::BTreeMap;

use zenml_api::ComponentId;

use super::component::{Component, DEFAULT};
use super::noun::{All, Stored, insert};
use super::stack::{Stack, set_components};
use crate::crypto::Vault;
use crate::error::Result;
use crate::rbac::{Create, Tx, WorkspacePlace};
use crate::store::Sql;

/// Types of the default components of a workspace, all of flavor `local` and owned by the server.
const DEFAULT_TYPES: [&str; 3] = ["orchestrator", "artifact_store", "deployer"];

/// Creates the default stack and its components in a new workspace. Existing objects are kept.
pub(super) async fn populate(tx: &mut Tx, vault: &Vault, place: WorkspacePlace) -> Result<()> {
    if exists_unchecked(tx.sql(), place).await? {
        return Ok(());
    }
    let mut components = Vec::new();
    for kind in DEFAULT_TYPES {
        components.push(insert_component(tx, vault, place, kind).await?);
    }
    let new = tx.allow::<Create, _>(All::<Stack>::of(place)).await?;
    let own = Stack {
        description: Some(String::new()),
        stack_spec_path: None,
        environment: Some(BTreeMap::new()),
        labels: Some(BTreeMap::new()),
    };
    let row = Stored::new(&new, None, DEFAULT, own);
    let made = insert(tx, &new, vault, &row).await?;
    set_components(tx, &made, &components).await
}

async fn insert_component(
    tx: &mut Tx,
    vault: &Vault,
    place: WorkspacePlace,
    kind: &str,
) -> Result<ComponentId> {
    let new = tx.allow::<Create, _>(All::<Component>::of(place)).await?;
    let own = Component {
        kind: kind.to_owned(),
        flavor: "local".to_owned(),
        configuration: BTreeMap::new(),
        environment: Some(BTreeMap::new()),
        labels: None,
        connector: None,
        connector_resource_id: None,
    };
    let row = Stored::new(&new, None, DEFAULT, own);
    insert(tx, &new, vault, &row).await?;
    Ok(row.id())
}

/// Whether a workspace is populated.
pub(super) async fn exists_unchecked(sql: &mut Sql, place: WorkspacePlace) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM stack WHERE workspace_id = $1 AND name = $2 AND owner_id IS NULL")
        .bind(place.workspace.to_string())
        .bind(DEFAULT)
        .fetch_optional(sql)
        .await?;
    Ok(row.is_some())
}

/// Deletes the content of a workspace. Succeeds if it is empty.
pub(super) async fn erase_unchecked(tx: &mut Tx, place: WorkspacePlace) -> Result<()> {
    // Children before what they refer to.
    const STATEMENTS: [&str; 8] = [
        "DELETE FROM stack WHERE workspace_id = $1",
        "DELETE FROM component WHERE workspace_id = $1",
        "DELETE FROM connector WHERE workspace_id = $1",
        "DELETE FROM secret WHERE workspace_id = $1",
        "DELETE FROM project WHERE workspace_id = $1",
        "DELETE FROM share WHERE workspace_id = $1",
        "DELETE FROM local_account WHERE workspace_id = $1",
        "DELETE FROM idempotency WHERE scope LIKE $1 || ' %'",
    ];
    for statement in STATEMENTS {
        sqlx::query(statement).bind(place.workspace.to_string()).execute(tx.sql()).await?;
    }
    Ok(())
}

//! What a workspace holds from the start, and its end.

use std::collections::BTreeMap;

use zenml_api::{ComponentId, StackId};

use super::component::{self, Components, DEFAULT};
use super::noun::All;
use super::stack::{self, Stacks};
use crate::error::Result;
use crate::http::Cx;
use crate::rbac::{Create, WorkspacePlace};
use crate::store::{Sql, Tx, now};

/// Types of the components that come with a workspace, all of flavor `local` and owned by the server.
const DEFAULT_TYPES: [&str; 3] = ["orchestrator", "artifact_store", "deployer"];

/// Puts the default stack and its components into a new workspace. What is there stays.
pub(crate) async fn populate(cx: &Cx, place: WorkspacePlace) -> Result<()> {
    cx.tx(async |tx| {
        if exists(tx.sql(), place).await? {
            return Ok(());
        }
        let mut components = Vec::new();
        for kind in DEFAULT_TYPES {
            components.push(insert_component(tx, cx, place, kind).await?);
        }
        let new = tx.allow::<Create, _>(All::<Stacks>::of(place)).await?;
        let moment = now();
        let row = stack::sql::Stored {
            id: StackId::random(),
            owner: None,
            name: DEFAULT.to_owned(),
            description: Some(String::new()),
            stack_spec_path: None,
            environment: Some(BTreeMap::new()),
            labels: Some(BTreeMap::new()),
            created: moment.clone(),
            updated: moment,
        };
        stack::sql::insert(tx, &new, &row).await?;
        tx.note(&new, row.id, DEFAULT);
        stack::sql::set_components(tx, row.id, &components).await
    })
    .await
}

async fn insert_component(tx: &mut Tx, cx: &Cx, place: WorkspacePlace, kind: &str) -> Result<ComponentId> {
    let new = tx.allow::<Create, _>(All::<Components>::of(place)).await?;
    let moment = now();
    let row = component::sql::Stored {
        id: ComponentId::random(),
        owner: None,
        name: DEFAULT.to_owned(),
        kind: kind.to_owned(),
        flavor: "local".to_owned(),
        configuration: BTreeMap::new(),
        environment: Some(BTreeMap::new()),
        labels: None,
        connector: None,
        connector_resource_id: None,
        created: moment.clone(),
        updated: moment,
    };
    component::sql::insert(tx, &new, &cx.shared().vault, &row).await?;
    tx.note(&new, row.id, DEFAULT);
    Ok(row.id)
}

/// Whether a workspace was populated and not erased.
pub(crate) async fn exists(sql: &mut Sql, place: WorkspacePlace) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM stack WHERE workspace_id = $1 AND name = $2 AND owner_id IS NULL")
        .bind(place.workspace.to_string())
        .bind(DEFAULT)
        .fetch_optional(sql)
        .await?;
    Ok(row.is_some())
}

/// Removes everything that a workspace holds. Nothing to remove is a success.
pub(crate) async fn erase(cx: &Cx, place: WorkspacePlace) -> Result<()> {
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
    cx.tx(async |tx| {
        for statement in STATEMENTS {
            sqlx::query(statement).bind(place.workspace.to_string()).execute(tx.sql()).await?;
        }
        Ok(())
    })
    .await
}

//! Queries of stacks, and how rows become answers.

use std::collections::BTreeMap;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::component::Component;
use zenml_api::workspace::stack::{Stack, StackBody, StackMetadata, StackQuery};
use zenml_api::workspace::{Environment, JsonMap, Owned, Page};
use zenml_api::{ComponentId, Identifier, SecretId, StackId, Timestamp};

use super::Stacks;
use crate::crypto::Vault;
use crate::error::Result;
use crate::rbac::{self, Act, Allowed, Create, Delete, Listed, Update, WorkspacePlace};
use crate::store::{Query, Row, Tx};
use crate::workspace::account::Owners;
use crate::workspace::component;
use crate::workspace::list::{self, Column, Table as _};
use crate::workspace::noun::{All, Found, from_optional_json, id_at, optional_id, to_json};

/// A stack without its components.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: StackId,
    pub(crate) owner: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) stack_spec_path: Option<String>,
    pub(crate) environment: Option<Environment>,
    pub(crate) labels: Option<JsonMap>,
    pub(crate) created: String,
    pub(crate) updated: String,
}

/// The answer for a stack that the caller may see, with its components grouped by their real types.
pub(super) async fn answer(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    owners: &Owners,
    row: Stored,
    hydrate: bool,
) -> Result<Stack> {
    let metadata = if hydrate {
        let mut components: BTreeMap<String, Vec<Component>> = BTreeMap::new();
        for (kind, one) in component::sql::nested(tx, place, vault, row.id.uuid()).await? {
            components.entry(kind).or_default().push(one);
        }
        Some(StackMetadata {
            components,
            description: row.description,
            stack_spec_path: row.stack_spec_path,
            environment: row.environment,
            secrets: secrets(tx, row.id).await?,
            labels: row.labels,
        })
    } else {
        None
    };
    Ok(Stack {
        id: row.id,
        name: row.name,
        permission_denied: false,
        body: Some(StackBody {
            created: Timestamp::new(row.created),
            updated: Timestamp::new(row.updated),
            user_id: owners.id(row.owner),
        }),
        metadata,
        resources: Some(Owned { user: owners.user(row.owner) }),
    })
}

impl list::Fields for Stored {
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "description", "user"];
}

impl list::Table for Stored {
    const COLUMNS: &'static str = "t.id, t.owner_id, t.name, t.description, t.stack_spec_path, t.environment, \
                                   t.labels, t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "description" => "t.description",
            // Who may see a stack sees ids and names of all its components, so a filter by them tells nothing more.
            "component_id" => {
                return Column::many(
                    "SELECT s.component_id AS value FROM stack_component s WHERE s.stack_id = t.id",
                );
            }
            "component" => {
                return Column::many(
                    "SELECT s.component_id AS value FROM stack_component s WHERE s.stack_id = t.id \
                     UNION ALL SELECT c.name FROM stack_component s CROSS JOIN component c \
                     WHERE s.stack_id = t.id AND c.id = s.component_id",
                );
            }
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

fn read(row: &Row) -> Result<Stored> {
    Ok(Stored {
        id: StackId::from_uuid(id_at(row, 0)?),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        description: row.try_get(3)?,
        stack_spec_path: row.try_get(4)?,
        environment: from_optional_json(row.try_get(5)?)?,
        labels: from_optional_json(row.try_get(6)?)?,
        created: row.try_get(7)?,
        updated: row.try_get(8)?,
    })
}

/// A page of the stacks that may be shown.
pub(super) async fn page(
    tx: &mut Tx,
    listed: &Listed<All<Stacks>>,
    query: &StackQuery,
) -> Result<Page<Stored>> {
    let scope = |sql: &mut Query| {
        sql.push(" FROM stack t WHERE t.workspace_id = ");
        sql.push_bind(listed.object().place.workspace.to_string());
        listed.restrict(sql, "t.id", Some("t.owner_id"), true);
    };
    let page = list::select::<Stored>(tx.sql(), scope, query.paging(), &query.filters()).await?;
    list::try_map(page, |row| read(&row))
}

pub(super) async fn select<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Stacks>>) -> Result<Stored> {
    let mut query = Query::new("SELECT ");
    query.push(Stored::COLUMNS).push(" FROM stack t WHERE t.workspace_id = ");
    query.push_bind(found.place.workspace.to_string()).push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?)
}

/// The components that are in a stack.
pub(super) async fn component_ids(tx: &mut Tx, found: &Found<Stacks>) -> Result<Vec<ComponentId>> {
    let rows = sqlx::query("SELECT component_id FROM stack_component WHERE stack_id = $1")
        .bind(found.id.to_string())
        .fetch_all(tx.sql())
        .await?;
    rows.iter().map(|row| id_at(row, 0).map(ComponentId::from_uuid)).collect()
}

async fn secrets(tx: &mut Tx, id: StackId) -> Result<Vec<SecretId>> {
    let rows = sqlx::query("SELECT secret_id FROM stack_secret WHERE stack_id = $1 ORDER BY secret_id")
        .bind(id.to_string())
        .fetch_all(tx.sql())
        .await?;
    rows.iter().map(|row| id_at(row, 0).map(SecretId::from_uuid)).collect()
}

pub(super) async fn name_is_taken(
    tx: &mut Tx,
    place: WorkspacePlace,
    name: &str,
    but: Option<StackId>,
) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM stack WHERE workspace_id = $1 AND name = $2 AND id <> $3")
        .bind(place.workspace.to_string())
        .bind(name)
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.is_some())
}

pub(crate) async fn insert(tx: &mut Tx, new: &Allowed<Create, All<Stacks>>, row: &Stored) -> Result<()> {
    sqlx::query(
        "INSERT INTO stack (id, workspace_id, owner_id, name, description, stack_spec_path, environment, labels, \
         created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(&row.description)
    .bind(&row.stack_spec_path)
    .bind(row.environment.as_ref().map(to_json).transpose()?)
    .bind(row.labels.as_ref().map(to_json).transpose()?)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Makes these the components of a stack that the caller has just made or may change.
pub(crate) async fn set_components(tx: &mut Tx, stack: StackId, components: &[ComponentId]) -> Result<()> {
    sqlx::query("DELETE FROM stack_component WHERE stack_id = $1")
        .bind(stack.to_string())
        .execute(tx.sql())
        .await?;
    for (position, component) in (0_i64..).zip(components) {
        sqlx::query("INSERT INTO stack_component (stack_id, component_id, position) VALUES ($1, $2, $3)")
            .bind(stack.to_string())
            .bind(component.to_string())
            .bind(position)
            .execute(tx.sql())
            .await?;
    }
    Ok(())
}

/// Links secrets to a stack that the caller has just made or may change.
pub(super) async fn link_secrets(tx: &mut Tx, id: StackId, secrets: &[SecretId]) -> Result<()> {
    for secret in secrets {
        sqlx::query("INSERT INTO stack_secret (stack_id, secret_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(id.to_string())
            .bind(secret.to_string())
            .execute(tx.sql())
            .await?;
    }
    Ok(())
}

pub(super) async fn unlink_secret(
    tx: &mut Tx,
    found: &Allowed<Update, Found<Stacks>>,
    secret: SecretId,
) -> Result<()> {
    sqlx::query("DELETE FROM stack_secret WHERE stack_id = $1 AND secret_id = $2")
        .bind(found.id.to_string())
        .bind(secret.to_string())
        .execute(tx.sql())
        .await?;
    Ok(())
}

pub(super) async fn write(tx: &mut Tx, found: &Allowed<Update, Found<Stacks>>, row: &Stored) -> Result<()> {
    sqlx::query(
        "UPDATE stack SET name = $1, description = $2, stack_spec_path = $3, environment = $4, labels = $5, \
         updated = $6 WHERE id = $7",
    )
    .bind(&row.name)
    .bind(&row.description)
    .bind(&row.stack_spec_path)
    .bind(row.environment.as_ref().map(to_json).transpose()?)
    .bind(row.labels.as_ref().map(to_json).transpose()?)
    .bind(&row.updated)
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Stacks>>) -> Result<()> {
    sqlx::query("DELETE FROM stack WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

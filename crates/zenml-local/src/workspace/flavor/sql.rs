//! Queries of the flavors that people have added, and how rows become answers.

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::flavor::{Flavor, FlavorBody, FlavorMetadata};
use zenml_api::workspace::{JsonMap, Owned};
use zenml_api::{FlavorId, Identifier, Timestamp};

use super::Flavors;
use crate::error::Result;
use crate::rbac::{self, Act, Allowed, Create, Delete, Listed, Update, WorkspacePlace};
use crate::store::{Query, Row, Tx};
use crate::workspace::account::Owners;
use crate::workspace::noun::{All, Found, from_json, id_at, optional_id, to_json};
use crate::workspace::python;

/// A flavor that somebody has added.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) id: FlavorId,
    pub(super) owner: Option<Uuid>,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) display_name: Option<String>,
    pub(super) integration: Option<String>,
    pub(super) source: String,
    pub(super) config_schema: JsonMap,
    pub(super) connector_type: Option<String>,
    pub(super) connector_resource_type: Option<String>,
    pub(super) connector_resource_id_attr: Option<String>,
    pub(super) logo_url: Option<String>,
    pub(super) docs_url: Option<String>,
    pub(super) sdk_docs_url: Option<String>,
    pub(super) is_custom: bool,
    pub(super) created: String,
    pub(super) updated: String,
}

impl Stored {
    /// The name for people: given, or derived from the name.
    fn shown(&self) -> String {
        let given = self.display_name.clone().filter(|name| !name.is_empty());
        given.unwrap_or_else(|| python::title(&self.name.replace('_', " ")))
    }

    pub(super) fn answer(self, owners: &Owners, hydrate: bool) -> Flavor {
        let display_name = Some(self.shown());
        Flavor {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(FlavorBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                user_id: owners.id(self.owner),
                kind: self.kind,
                display_name,
                integration: self.integration,
                source: self.source,
                logo_url: self.logo_url,
                is_custom: self.is_custom,
            }),
            metadata: hydrate.then(|| FlavorMetadata {
                config_schema: serde_json::Value::Object(self.config_schema.into_iter().collect()),
                connector_type: self.connector_type,
                connector_resource_type: self.connector_resource_type,
                connector_resource_id_attr: self.connector_resource_id_attr,
                docs_url: self.docs_url,
                sdk_docs_url: self.sdk_docs_url,
            }),
            resources: Some(Owned { user: owners.user(self.owner) }),
        }
    }
}

const COLUMNS: &str = "SELECT id, owner_id, name, type, display_name, integration, source, config_schema, \
                       connector_type, connector_resource_type, connector_resource_id_attr, logo_url, docs_url, \
                       sdk_docs_url, created, updated, is_custom FROM flavor t WHERE workspace_id = ";

/// The added flavor of a type and name.
pub(super) async fn named(
    tx: &mut Tx,
    place: WorkspacePlace,
    kind: &str,
    name: &str,
) -> Result<Option<Stored>> {
    let mut query = Query::new(COLUMNS);
    query.push_bind(place.workspace.to_string());
    query.push(" AND type = ").push_bind(kind.to_owned());
    query.push(" AND name = ").push_bind(name.to_owned());
    query.build().fetch_optional(tx.sql()).await?.as_ref().map(read).transpose()
}

pub(super) async fn select_all(tx: &mut Tx, listed: &Listed<All<Flavors>>) -> Result<Vec<Stored>> {
    let mut query = Query::new(COLUMNS);
    query.push_bind(listed.object().place.workspace.to_string());
    listed.restrict(&mut query, "t.id", Some("t.owner_id"), true);
    query.build().fetch_all(tx.sql()).await?.iter().map(read).collect()
}

pub(super) async fn select<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Flavors>>) -> Result<Stored> {
    let mut query = Query::new(COLUMNS);
    query.push_bind(found.place.workspace.to_string()).push(" AND id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?)
}

/// How many components have a flavor of this name. A server looks at the name alone, whatever the type.
pub(super) async fn component_count(tx: &mut Tx, found: &Allowed<Delete, Found<Flavors>>) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM component WHERE workspace_id = $1 AND flavor = $2")
        .bind(found.place.workspace.to_string())
        .bind(&found.name)
        .fetch_one(tx.sql())
        .await?)
}

pub(super) async fn insert(tx: &mut Tx, new: &Allowed<Create, All<Flavors>>, row: &Stored) -> Result<()> {
    sqlx::query(
        "INSERT INTO flavor (id, workspace_id, owner_id, name, type, display_name, integration, source, config_schema, \
         connector_type, connector_resource_type, connector_resource_id_attr, logo_url, docs_url, sdk_docs_url, \
         created, updated, is_custom) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.display_name)
    .bind(&row.integration)
    .bind(&row.source)
    .bind(to_json(&row.config_schema)?)
    .bind(&row.connector_type)
    .bind(&row.connector_resource_type)
    .bind(&row.connector_resource_id_attr)
    .bind(&row.logo_url)
    .bind(&row.docs_url)
    .bind(&row.sdk_docs_url)
    .bind(&row.created)
    .bind(&row.updated)
    .bind(i64::from(row.is_custom))
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn write(tx: &mut Tx, found: &Allowed<Update, Found<Flavors>>, row: &Stored) -> Result<()> {
    sqlx::query(
        "UPDATE flavor SET name = $1, type = $2, display_name = $3, integration = $4, source = $5, config_schema = $6, \
         connector_type = $7, connector_resource_type = $8, connector_resource_id_attr = $9, logo_url = $10, \
         docs_url = $11, sdk_docs_url = $12, updated = $13, is_custom = $14 WHERE id = $15",
    )
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.display_name)
    .bind(&row.integration)
    .bind(&row.source)
    .bind(to_json(&row.config_schema)?)
    .bind(&row.connector_type)
    .bind(&row.connector_resource_type)
    .bind(&row.connector_resource_id_attr)
    .bind(&row.logo_url)
    .bind(&row.docs_url)
    .bind(&row.sdk_docs_url)
    .bind(&row.updated)
    .bind(i64::from(row.is_custom))
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Flavors>>) -> Result<()> {
    sqlx::query("DELETE FROM flavor WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

fn read(row: &Row) -> Result<Stored> {
    Ok(Stored {
        id: FlavorId::from_uuid(id_at(row, 0)?),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        kind: row.try_get(3)?,
        display_name: row.try_get(4)?,
        integration: row.try_get(5)?,
        source: row.try_get(6)?,
        config_schema: from_json(row.try_get(7)?)?,
        connector_type: row.try_get(8)?,
        connector_resource_type: row.try_get(9)?,
        connector_resource_id_attr: row.try_get(10)?,
        logo_url: row.try_get(11)?,
        docs_url: row.try_get(12)?,
        sdk_docs_url: row.try_get(13)?,
        created: row.try_get(14)?,
        updated: row.try_get(15)?,
        is_custom: row.try_get::<i64, _>(16)? != 0,
    })
}

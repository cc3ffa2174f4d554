//! Queries of service connectors, and how rows become answers.

use std::collections::BTreeMap;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::connector::{
    Connector, ConnectorBody, ConnectorMetadata, ConnectorQuery, ConnectorType,
};
use zenml_api::workspace::{JsonMap, Owned, Page};
use zenml_api::{ConnectorId, Identifier, Sensitive, Timestamp};

use super::{Connectors, catalog};
use crate::crypto::Vault;
use crate::error::Result;
use crate::rbac::{
    self, Act, Action, Allowed, Client, Create, Delete, Listed, Object as _, ReadSecretValue, Update,
    WorkspacePlace,
};
use crate::store::{Query, Row, Tx};
use crate::workspace::account::Owners;
use crate::workspace::list::{self, Column, Table as _};
use crate::workspace::noun::{All, Found, from_json, id_at, optional_id, to_json};
use crate::workspace::sealed;

/// A connector without its secrets.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) id: ConnectorId,
    pub(super) owner: Option<Uuid>,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) connector_type: String,
    pub(super) auth_method: String,
    pub(super) resource_types: Vec<String>,
    pub(super) resource_id: Option<String>,
    pub(super) supports_instances: bool,
    pub(super) expires_at: Option<String>,
    pub(super) expires_skew_tolerance: Option<i64>,
    pub(super) expiration_seconds: Option<i64>,
    pub(super) plain: JsonMap,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) created: String,
    pub(super) updated: String,
}

/// How much of a connector is told.
#[derive(Debug)]
pub(super) enum Shown {
    /// As in lists.
    Body,
    /// With its metadata, but no secrets.
    Plain,
    /// With these secrets.
    Secrets(JsonMap),
}

impl Stored {
    pub(super) fn answer(self, owners: &Owners, shown: Shown) -> Connector {
        let resources = Some(Owned { user: owners.user(self.owner) });
        let described = catalog::describe(&self.connector_type);
        let metadata = match shown {
            Shown::Body => None,
            Shown::Plain => Some(self.metadata(JsonMap::new())),
            Shown::Secrets(secret) => Some(self.metadata(secret)),
        };
        Connector { metadata, resources, ..self.body(owners, described) }
    }

    fn metadata(&self, secret: JsonMap) -> ConnectorMetadata {
        let mut configuration = self.plain.clone();
        configuration.extend(secret);
        ConnectorMetadata {
            configuration: Sensitive::new(configuration),
            expiration_seconds: self.expiration_seconds,
            labels: self.labels.clone(),
        }
    }

    fn body(self, owners: &Owners, connector_type: ConnectorType) -> Connector {
        Connector {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(ConnectorBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                user_id: owners.id(self.owner),
                description: self.description,
                connector_type,
                auth_method: self.auth_method,
                resource_types: self.resource_types,
                resource_id: self.resource_id,
                supports_instances: self.supports_instances,
                expires_at: self.expires_at.map(Timestamp::new),
                expires_skew_tolerance: self.expires_skew_tolerance,
            }),
            metadata: None,
            resources: None,
        }
    }
}

impl list::Fields for Stored {
    const SORTED: bool = false;
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "connector_type", "auth_method", "resource_id", "expires_at"];
}

impl list::Table for Stored {
    const COLUMNS: &'static str = "t.id, t.owner_id, t.name, t.description, t.connector_type, t.auth_method, \
                                   t.resource_types, t.resource_id, t.supports_instances, t.expires_at, \
                                   t.expires_skew_tolerance, t.expiration_seconds, t.sealed_configuration, t.labels, \
                                   t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "connector_type" => "t.connector_type",
            "auth_method" => "t.auth_method",
            "resource_type" => {
                return Column::many("SELECT j.value AS value FROM json_each(t.resource_types) j");
            }
            "resource_id" => "t.resource_id",
            "expires_at" => "t.expires_at",
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

/// Adds a condition: the connector has all labels of a filter, a JSON object or `name=value,name`. Without a value
/// the name suffices.
fn push_labels(query: &mut Query, filters: &[String]) {
    let mut wanted: BTreeMap<String, Option<String>> = BTreeMap::new();
    for filter in filters {
        wanted.extend(serde_json::from_str(filter).unwrap_or_else(|_| pairs(filter)));
    }
    if !wanted.is_empty() {
        query.push(" AND NOT EXISTS (SELECT 1 FROM json_each(");
        query.push_bind(serde_json::json!(wanted).to_string());
        query.push(
            ") w WHERE NOT EXISTS (SELECT 1 FROM json_each(t.labels) l WHERE l.key = w.key \
             AND (w.value IS NULL OR l.value = w.value)))",
        );
    }
}

fn pairs(filter: &str) -> BTreeMap<String, Option<String>> {
    filter
        .split(',')
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (pair.to_owned(), None),
        })
        .collect()
}

/// Where secret members are sealed for, so that they cannot be taken for the others.
const SECRETS: &str = "connector/secrets";

fn read(row: &Row, vault: &Vault) -> Result<Stored> {
    let id = id_at(row, 0)?;
    Ok(Stored {
        id: ConnectorId::from_uuid(id),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        description: row.try_get(3)?,
        connector_type: row.try_get(4)?,
        auth_method: row.try_get(5)?,
        resource_types: from_json(row.try_get(6)?)?,
        resource_id: row.try_get(7)?,
        supports_instances: row.try_get::<i64, _>(8)? != 0,
        expires_at: row.try_get(9)?,
        expires_skew_tolerance: row.try_get(10)?,
        expiration_seconds: row.try_get(11)?,
        plain: sealed::open(vault, "connector", id, row.try_get(12)?)?,
        labels: from_json(row.try_get(13)?)?,
        created: row.try_get(14)?,
        updated: row.try_get(15)?,
    })
}

/// A page of the connectors that may be shown and have these labels.
pub(super) async fn page(
    tx: &mut Tx,
    listed: &Listed<All<Connectors>>,
    vault: &Vault,
    query: &ConnectorQuery,
) -> Result<Page<Stored>> {
    let mut filters = query.filters();
    filters.retain(|(name, _)| *name != "labels_str");
    let scope = |sql: &mut Query| {
        sql.push(" FROM connector t WHERE t.workspace_id = ");
        sql.push_bind(listed.object().place.workspace.to_string());
        listed.restrict(sql, "t.id", Some("t.owner_id"), false);
        push_labels(sql, &query.labels);
    };
    let page = list::select::<Stored>(tx.sql(), scope, query.paging(), &filters).await?;
    list::try_map(page, |row| read(&row, vault))
}

pub(super) async fn select<A: Act>(
    tx: &mut Tx,
    found: &Allowed<A, Found<Connectors>>,
    vault: &Vault,
) -> Result<Stored> {
    load(tx, found.place, found.id, vault).await
}

async fn load(tx: &mut Tx, place: WorkspacePlace, id: Uuid, vault: &Vault) -> Result<Stored> {
    let mut query = Query::new("SELECT ");
    query.push(Stored::COLUMNS).push(" FROM connector t WHERE t.workspace_id = ");
    query.push_bind(place.workspace.to_string()).push(" AND t.id = ").push_bind(id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?, vault)
}

/// A connector nested in another object: a stub if the caller may not read it.
pub(crate) async fn nested(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    id: ConnectorId,
) -> Result<Connector> {
    let row = load(tx, place, id.uuid(), vault).await?;
    let found = Found::<Connectors>::new(place, id.uuid(), row.name.clone(), row.owner);
    if !tx.permits(Action::Read, &found.target()).await? {
        return Ok(Connector::stub(id, row.name));
    }
    let name = ConnectorType::Name(row.connector_type.clone());
    let owners = Owners::load(tx.sql(), place, [row.owner]).await?;
    Ok(row.body(&owners, name))
}

/// Actions whose holder may have the secrets: to show them, to use them, or to change them.
pub(super) trait Opens: Act {}
impl Opens for ReadSecretValue {}
impl Opens for Client {}
impl Opens for Update {}

pub(super) async fn secrets<A: Opens>(
    tx: &mut Tx,
    found: &Allowed<A, Found<Connectors>>,
    vault: &Vault,
) -> Result<JsonMap> {
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed_secrets FROM connector WHERE id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?;
    sealed::open(vault, SECRETS, found.id, &sealed)
}

pub(super) async fn name_is_taken(
    tx: &mut Tx,
    place: WorkspacePlace,
    name: &str,
    but: Option<ConnectorId>,
) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM connector WHERE workspace_id = $1 AND name = $2 AND id <> $3")
        .bind(place.workspace.to_string())
        .bind(name)
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.is_some())
}

/// How many components use a connector.
pub(super) async fn uses(tx: &mut Tx, id: ConnectorId) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM component WHERE connector_id = $1")
        .bind(id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    new: &Allowed<Create, All<Connectors>>,
    vault: &Vault,
    row: &Stored,
    secret: &JsonMap,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO connector (id, workspace_id, owner_id, name, description, connector_type, auth_method, \
         resource_types, resource_id, supports_instances, expires_at, expires_skew_tolerance, expiration_seconds, \
         sealed_configuration, sealed_secrets, labels, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(&row.description)
    .bind(&row.connector_type)
    .bind(&row.auth_method)
    .bind(to_json(&row.resource_types)?)
    .bind(&row.resource_id)
    .bind(i64::from(row.supports_instances))
    .bind(&row.expires_at)
    .bind(row.expires_skew_tolerance)
    .bind(row.expiration_seconds)
    .bind(sealed::seal(vault, "connector", row.id.uuid(), &row.plain)?)
    .bind(sealed::seal(vault, SECRETS, row.id.uuid(), secret)?)
    .bind(to_json(&row.labels)?)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn write(
    tx: &mut Tx,
    found: &Allowed<Update, Found<Connectors>>,
    vault: &Vault,
    row: &Stored,
    secret: &JsonMap,
) -> Result<()> {
    sqlx::query(
        "UPDATE connector SET name = $1, description = $2, connector_type = $3, auth_method = $4, \
         resource_types = $5, resource_id = $6, supports_instances = $7, expires_at = $8, \
         expires_skew_tolerance = $9, expiration_seconds = $10, sealed_configuration = $11, sealed_secrets = $12, \
         labels = $13, updated = $14 WHERE id = $15",
    )
    .bind(&row.name)
    .bind(&row.description)
    .bind(&row.connector_type)
    .bind(&row.auth_method)
    .bind(to_json(&row.resource_types)?)
    .bind(&row.resource_id)
    .bind(i64::from(row.supports_instances))
    .bind(&row.expires_at)
    .bind(row.expires_skew_tolerance)
    .bind(row.expiration_seconds)
    .bind(sealed::seal(vault, "connector", found.id, &row.plain)?)
    .bind(sealed::seal(vault, SECRETS, found.id, secret)?)
    .bind(to_json(&row.labels)?)
    .bind(&row.updated)
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Connectors>>) -> Result<()> {
    sqlx::query("DELETE FROM connector WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

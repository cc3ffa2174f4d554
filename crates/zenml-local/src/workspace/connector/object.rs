//! Service connectors as stored, and their conversion to responses.

use std::collections::BTreeMap;

use zenml_api::workspace::connector::{
    self as api, ConnectorBody, ConnectorMetadata, ConnectorQuery, ConnectorType,
};
use zenml_api::workspace::{JsonMap, Owned as OwnedBy};
use zenml_api::{ConnectorId, Sensitive, Timestamp};

use super::catalog;
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{Act, Allowed, Client, Delete, Kind, ReadSecretValue, Tx, Update, WorkspacePlace};
use crate::store::Query;
use crate::workspace::account::{Me, Owners};
use crate::workspace::cells::{Cells, Values};
use crate::workspace::list::Column;
use crate::workspace::noun::{
    self, Found, Noun, Opens, Owned, Secret, Served, Stored, Unproven, View, select_with,
};

/// The columns of a connector, without its secrets.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named as the columns")]
pub(crate) struct Connector {
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
}

impl Noun for Connector {
    const KIND: Kind = Kind::ServiceConnector;
    const WORDS: &'static str = "service connector";
    const TABLE: &'static str = "connector";
    const COLUMNS: &'static [&'static str] = &[
        "description",
        "connector_type",
        "auth_method",
        "resource_types",
        "resource_id",
        "supports_instances",
        "expires_at",
        "expires_skew_tolerance",
        "expiration_seconds",
        "sealed_configuration",
        "labels",
    ];
    const OWNED: Owned = Owned::Account;
    const SORTED: bool = false;
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "connector_type", "auth_method", "resource_id", "expires_at"];
    type Id = ConnectorId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            description: cells.get()?,
            connector_type: cells.get()?,
            auth_method: cells.get()?,
            resource_types: cells.json()?,
            resource_id: cells.get()?,
            supports_instances: cells.flag()?,
            expires_at: cells.get()?,
            expires_skew_tolerance: cells.get()?,
            expiration_seconds: cells.get()?,
            plain: cells.sealed()?,
            labels: cells.json()?,
        })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values
            .put(&self.description)
            .put(&self.connector_type)
            .put(&self.auth_method)
            .json(&self.resource_types)?
            .put(&self.resource_id)
            .flag(self.supports_instances)
            .put(&self.expires_at)
            .put(self.expires_skew_tolerance)
            .put(self.expiration_seconds)
            .sealed(&self.plain)?
            .json(&self.labels)?;
        Ok(())
    }

    fn column(field: &str) -> Column {
        Column::One(match field {
            "connector_type" => "t.connector_type",
            "auth_method" => "t.auth_method",
            "resource_type" => {
                return Column::many("SELECT j.value AS value FROM json_each(t.resource_types) j");
            }
            "resource_id" => "t.resource_id",
            "expires_at" => "t.expires_at",
            _ => return Column::NONE,
        })
    }
}

impl Secret for Connector {
    const SEALED: &'static str = "sealed_secrets";
    const PLACE: &'static str = "connector/secrets";
    type Content = JsonMap;
}

impl Opens<Connector> for ReadSecretValue {}
impl Opens<Connector> for Client {}
impl Opens<Connector> for Update {}

impl Served for Connector {
    type Wire = api::Connector;
    type Query = ConnectorQuery;
    const APART: &'static [&'static str] = &["labels_str"];

    fn narrow(query: &mut Query, _: Me, asked: &ConnectorQuery) {
        push_labels(query, &asked.labels);
    }

    fn lists_secrets(asked: &ConnectorQuery) -> bool {
        asked.expand_secrets.unwrap_or(true)
    }

    /// The part of a configuration that the caller may see: with or without its secrets.
    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Connector> {
        let opened = if view.secrets {
            view.tx.try_allow::<ReadSecretValue, _>(row.found(view.place)).await?
        } else {
            None
        };
        let shown = match opened {
            Some(allowed) => {
                view.tx.note(&allowed, row.id(), &row.name);
                Shown::Secrets(noun::secret(view.tx, &allowed, view.vault).await?)
            }
            None if view.secrets || view.hydrate => Shown::Plain,
            None => Shown::Body,
        };
        Ok(answer(row, view.owners, shown))
    }

    async fn check_delete(tx: &mut Tx, found: &Allowed<Delete, Found<Self>>, _: &Vault) -> Result<()> {
        let uses = uses(tx, found).await?;
        if uses == 0 {
            return Ok(());
        }
        Err(Error::forbidden(format!(
            "The service connector cannot be deleted as it is still referenced by {uses} stack components."
        )))
    }
}

/// How much of a connector a response contains.
#[derive(Debug)]
pub(super) enum Shown {
    /// As in lists.
    Body,
    /// With its metadata, but no secrets.
    Plain,
    /// With these secrets.
    Secrets(JsonMap),
}

pub(super) fn answer(row: Stored<Connector>, owners: &Owners, shown: Shown) -> api::Connector {
    let resources = Some(OwnedBy { user: owners.user(row.owner) });
    let described = catalog::describe(&row.own.connector_type);
    let metadata = match shown {
        Shown::Body => None,
        Shown::Plain => Some(metadata(&row.own, JsonMap::new())),
        Shown::Secrets(secret) => Some(metadata(&row.own, secret)),
    };
    api::Connector { metadata, resources, ..body(row, owners, described) }
}

fn metadata(own: &Connector, secret: JsonMap) -> ConnectorMetadata {
    let mut configuration = own.plain.clone();
    configuration.extend(secret);
    ConnectorMetadata {
        configuration: Sensitive::new(configuration),
        expiration_seconds: own.expiration_seconds,
        labels: own.labels.clone(),
    }
}

fn body(row: Stored<Connector>, owners: &Owners, connector_type: ConnectorType) -> api::Connector {
    let (id, own) = (row.id(), row.own);
    api::Connector {
        id,
        name: row.name,
        permission_denied: false,
        body: Some(ConnectorBody {
            created: Timestamp::new(row.created),
            updated: Timestamp::new(row.updated),
            user_id: owners.id(row.owner),
            description: own.description,
            connector_type,
            auth_method: own.auth_method,
            resource_types: own.resource_types,
            resource_id: own.resource_id,
            supports_instances: own.supports_instances,
            expires_at: own.expires_at.map(Timestamp::new),
            expires_skew_tolerance: own.expires_skew_tolerance,
        }),
        metadata: None,
        resources: None,
    }
}

/// Adds a condition: the connector has all labels of a filter, a JSON object or `name=value,name`. Without a value,
/// the name is enough.
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

/// A connector nested in another object: a stub if the caller may not read it.
pub(crate) async fn nested(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    id: ConnectorId,
) -> Result<api::Connector> {
    let mut query = select_with::<Connector>("");
    query.push(" WHERE t.workspace_id = ").push_bind(place.workspace.to_string());
    query.push(" AND t.id = ").push_bind(id.to_string());
    let row = query.build().fetch_one(tx.sql()).await?;
    match Unproven::<Connector>::read(&row, vault)?.ask(tx, place).await? {
        Err(found) => Ok(api::Connector::stub(id, found.name)),
        Ok(row) => {
            let name = ConnectorType::Name(row.own.connector_type.clone());
            let owners = Owners::load(tx.sql(), place, [row.owner]).await?;
            Ok(body(row, &owners, name))
        }
    }
}

/// Counts the components that use a connector.
pub(super) async fn uses<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Connector>>) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM component WHERE connector_id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

//! Queries of stack components, and how rows become answers.

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::component::{
    Component, ComponentBody, ComponentMetadata, ComponentQuery, ComponentResources,
};
use zenml_api::workspace::flavor::{Flavor, FlavorBody};
use zenml_api::workspace::{Environment, JsonMap, Page};
use zenml_api::{ComponentId, ConnectorId, Identifier, SecretId, Sensitive, Timestamp};

use super::Components;
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{self, Act, Action, Allowed, Create, Delete, Listed, Object as _, Update, WorkspacePlace};
use crate::store::{Query, Row, Tx};
use crate::workspace::account::Owners;
use crate::workspace::list::{self, Column, Table as _};
use crate::workspace::noun::{All, Found, from_optional_json, id_at, optional_id, to_json};
use crate::workspace::stack::Stacks;
use crate::workspace::{connector, flavor, sealed};

/// A component.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: ComponentId,
    pub(crate) owner: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) flavor: String,
    pub(crate) configuration: JsonMap,
    pub(crate) environment: Option<Environment>,
    pub(crate) labels: Option<JsonMap>,
    pub(crate) connector: Option<ConnectorId>,
    pub(crate) connector_resource_id: Option<String>,
    pub(crate) created: String,
    pub(crate) updated: String,
}

impl Stored {
    fn body(&self, owners: &Owners, flavor: Option<&FlavorBody>) -> ComponentBody {
        ComponentBody {
            created: Timestamp::new(&self.created),
            updated: Timestamp::new(&self.updated),
            user_id: owners.id(self.owner),
            kind: self.kind.clone(),
            flavor_name: self.flavor.clone(),
            integration: flavor.and_then(|flavor| flavor.integration.clone()),
            logo_url: flavor.and_then(|flavor| flavor.logo_url.clone()),
        }
    }
}

/// The answer for a component that the caller may see; its connector is a stub if the caller may not read that.
pub(super) async fn answer(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    owners: &Owners,
    row: Stored,
    hydrate: bool,
) -> Result<Component> {
    let metadata = if hydrate {
        let connector = match row.connector {
            Some(id) => Some(connector::nested(tx, place, vault, id).await?),
            None => None,
        };
        Some(ComponentMetadata {
            secrets: secrets(tx, row.id).await?,
            configuration: Sensitive::new(row.configuration.clone()),
            environment: row.environment.clone(),
            labels: row.labels.clone(),
            connector_resource_id: row.connector_resource_id.clone(),
            connector,
        })
    } else {
        None
    };
    let flavor = flavor_of(tx, place, &row).await?;
    Ok(Component {
        id: row.id,
        permission_denied: false,
        body: Some(row.body(owners, flavor.body.as_ref())),
        metadata,
        resources: Some(ComponentResources { user: owners.user(row.owner), flavor: Some(flavor) }),
        name: row.name,
    })
}

/// The flavor of a component. A server fails where somebody has given it another name.
async fn flavor_of(tx: &mut Tx, place: WorkspacePlace, row: &Stored) -> Result<Flavor> {
    let known = flavor::known(tx, place, &row.kind, &row.flavor).await?;
    let missing =
        || Error::runtime(format!("The flavor {} of the component {} does not exist.", row.flavor, row.name));
    Ok(known.ok_or_else(missing)?.nested())
}

/// The components of a stack in their order, with their types; those that the caller may not read are stubs.
pub(crate) async fn nested(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    stack: Uuid,
) -> Result<Vec<(String, Component)>> {
    let mut query = Query::new("SELECT ");
    query.push(Stored::COLUMNS).push(
        " FROM stack_component c CROSS JOIN component t WHERE t.id = c.component_id AND t.workspace_id = ",
    );
    query.push_bind(place.workspace.to_string()).push(" AND c.stack_id = ").push_bind(stack.to_string());
    query.push(" ORDER BY c.position");
    let rows = query.build().fetch_all(tx.sql()).await?;
    let rows = rows.iter().map(|row| read(row, vault)).collect::<Result<Vec<_>>>()?;
    let owners = Owners::load(tx.sql(), place, rows.iter().map(|row| row.owner)).await?;
    let mut components = Vec::with_capacity(rows.len());
    for row in rows {
        let found = Found::<Components>::new(place, row.id.uuid(), row.name.clone(), row.owner);
        let component = if tx.permits(Action::Read, &found.target()).await? {
            Component {
                id: row.id,
                name: row.name.clone(),
                permission_denied: false,
                body: Some(row.body(&owners, flavor_of(tx, place, &row).await?.body.as_ref())),
                metadata: None,
                resources: None,
            }
        } else {
            Component::stub(row.id, row.name)
        };
        components.push((row.kind, component));
    }
    Ok(components)
}

impl list::Fields for Stored {
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "type", "flavor", "connector_id", "user"];
}

impl list::Table for Stored {
    const COLUMNS: &'static str = "t.id, t.owner_id, t.name, t.type, t.flavor, t.sealed_configuration, t.environment, \
                                   t.labels, t.connector_id, t.connector_resource_id, t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "type" => "t.type",
            "flavor" => "t.flavor",
            "connector_id" => "t.connector_id",
            "stack_id" => {
                return Column::Parts(
                    "SELECT c.stack_id AS value FROM stack_component c CROSS JOIN stack s \
                     WHERE c.component_id = t.id AND s.id = c.stack_id",
                );
            }
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

/// The components that may be shown, and the stacks by which they can be found.
struct Shown<'a> {
    components: &'a Listed<All<Components>>,
    stacks: &'a Listed<All<Stacks>>,
}

impl list::Scope for Shown<'_> {
    fn rows(&self, query: &mut Query) {
        query.push(" FROM component t WHERE t.workspace_id = ");
        query.push_bind(self.components.object().place.workspace.to_string());
        self.components.restrict(query, "t.id", Some("t.owner_id"), true);
    }

    fn parts(&self, query: &mut Query) {
        self.stacks.restrict(query, "s.id", Some("s.owner_id"), true);
    }
}

fn read(row: &Row, vault: &Vault) -> Result<Stored> {
    let id = id_at(row, 0)?;
    Ok(Stored {
        id: ComponentId::from_uuid(id),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        kind: row.try_get(3)?,
        flavor: row.try_get(4)?,
        configuration: sealed::open(vault, "component", id, row.try_get(5)?)?,
        environment: from_optional_json(row.try_get(6)?)?,
        labels: from_optional_json(row.try_get(7)?)?,
        connector: optional_id(row, 8)?.map(ConnectorId::from_uuid),
        connector_resource_id: row.try_get(9)?,
        created: row.try_get(10)?,
        updated: row.try_get(11)?,
    })
}

/// A page of the components that may be shown.
pub(super) async fn page(
    tx: &mut Tx,
    components: &Listed<All<Components>>,
    vault: &Vault,
    query: &ComponentQuery,
) -> Result<Page<Stored>> {
    let stacks = tx.list(All::<Stacks>::of(components.object().place)).await?;
    let scope = Shown { components, stacks: &stacks };
    let page = list::select::<Stored>(tx.sql(), scope, query.paging(), &query.filters()).await?;
    list::try_map(page, |row| read(&row, vault))
}

pub(super) async fn select<A: Act>(
    tx: &mut Tx,
    found: &Allowed<A, Found<Components>>,
    vault: &Vault,
) -> Result<Stored> {
    let mut query = Query::new("SELECT ");
    query.push(Stored::COLUMNS).push(" FROM component t WHERE t.workspace_id = ");
    query.push_bind(found.place.workspace.to_string()).push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?, vault)
}

/// The connector that a component is linked to.
pub(super) async fn connector_of(tx: &mut Tx, found: &Found<Components>) -> Result<Option<ConnectorId>> {
    let row = sqlx::query("SELECT connector_id FROM component WHERE id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?;
    Ok(optional_id(&row, 0)?.map(ConnectorId::from_uuid))
}

/// The flavor of a component.
pub(crate) async fn flavor_name(tx: &mut Tx, found: &Found<Components>) -> Result<String> {
    Ok(sqlx::query_scalar("SELECT flavor FROM component WHERE id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

async fn secrets(tx: &mut Tx, id: ComponentId) -> Result<Vec<SecretId>> {
    let rows =
        sqlx::query("SELECT secret_id FROM component_secret WHERE component_id = $1 ORDER BY secret_id")
            .bind(id.to_string())
            .fetch_all(tx.sql())
            .await?;
    rows.iter().map(|row| id_at(row, 0).map(SecretId::from_uuid)).collect()
}

/// How many stacks hold a component.
pub(super) async fn stack_count(tx: &mut Tx, id: ComponentId) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM stack_component WHERE component_id = $1")
        .bind(id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

pub(crate) async fn name_is_taken(
    tx: &mut Tx,
    place: WorkspacePlace,
    kind: &str,
    name: &str,
    but: Option<ComponentId>,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT 1 FROM component WHERE workspace_id = $1 AND type = $2 AND name = $3 AND id <> $4",
    )
    .bind(place.workspace.to_string())
    .bind(kind)
    .bind(name)
    .bind(but.map(|id| id.to_string()).unwrap_or_default())
    .fetch_optional(tx.sql())
    .await?;
    Ok(row.is_some())
}

pub(crate) async fn insert(
    tx: &mut Tx,
    new: &Allowed<Create, All<Components>>,
    vault: &Vault,
    row: &Stored,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO component (id, workspace_id, owner_id, name, type, flavor, sealed_configuration, environment, \
         labels, connector_id, connector_resource_id, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(&row.kind)
    .bind(&row.flavor)
    .bind(sealed::seal(vault, "component", row.id.uuid(), &row.configuration)?)
    .bind(row.environment.as_ref().map(to_json).transpose()?)
    .bind(row.labels.as_ref().map(to_json).transpose()?)
    .bind(row.connector.map(|id| id.to_string()))
    .bind(&row.connector_resource_id)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

pub(super) async fn write(
    tx: &mut Tx,
    found: &Allowed<Update, Found<Components>>,
    vault: &Vault,
    row: &Stored,
) -> Result<()> {
    sqlx::query(
        "UPDATE component SET name = $1, sealed_configuration = $2, environment = $3, labels = $4, \
         connector_id = $5, connector_resource_id = $6, updated = $7 WHERE id = $8",
    )
    .bind(&row.name)
    .bind(sealed::seal(vault, "component", found.id, &row.configuration)?)
    .bind(row.environment.as_ref().map(to_json).transpose()?)
    .bind(row.labels.as_ref().map(to_json).transpose()?)
    .bind(row.connector.map(|id| id.to_string()))
    .bind(&row.connector_resource_id)
    .bind(&row.updated)
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Links secrets to a component that the caller has just made or may change.
pub(super) async fn link_secrets(tx: &mut Tx, id: ComponentId, secrets: &[SecretId]) -> Result<()> {
    for secret in secrets {
        sqlx::query(
            "INSERT INTO component_secret (component_id, secret_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(id.to_string())
        .bind(secret.to_string())
        .execute(tx.sql())
        .await?;
    }
    Ok(())
}

pub(super) async fn unlink_secret(
    tx: &mut Tx,
    found: &Allowed<Update, Found<Components>>,
    secret: SecretId,
) -> Result<()> {
    sqlx::query("DELETE FROM component_secret WHERE component_id = $1 AND secret_id = $2")
        .bind(found.id.to_string())
        .bind(secret.to_string())
        .execute(tx.sql())
        .await?;
    Ok(())
}

pub(super) async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Components>>) -> Result<()> {
    sqlx::query("DELETE FROM component WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

//! Stack components as stored, and their conversion to responses.

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::component::{
    self as api, ComponentBody, ComponentMetadata, ComponentQuery, ComponentResources,
};
use zenml_api::workspace::flavor::{Flavor, FlavorBody};
use zenml_api::workspace::{Environment, JsonMap};
use zenml_api::{ComponentId, ConnectorId, Identifier, Sensitive, Timestamp};

use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{Allowed, Delete, Kind, Read, Tx, WorkspacePlace};
use crate::store::Query;
use crate::workspace::account::{Me, Owners};
use crate::workspace::cells::{Cells, Values, optional_id};
use crate::workspace::linked_secrets::{self, LinksSecrets};
use crate::workspace::list::Column;
use crate::workspace::noun::{Found, Noun, Owned, Served, Stored, Unproven, View, select, select_with};
use crate::workspace::{connector, flavor};

/// Name of the default components and of the default stack of a workspace.
pub(crate) const DEFAULT: &str = "default";

/// The columns of a component.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) kind: String,
    pub(crate) flavor: String,
    pub(crate) configuration: JsonMap,
    pub(crate) environment: Option<Environment>,
    pub(crate) labels: Option<JsonMap>,
    pub(crate) connector: Option<ConnectorId>,
    pub(crate) connector_resource_id: Option<String>,
}

impl Noun for Component {
    const KIND: Kind = Kind::StackComponent;
    const WORDS: &'static str = "stack component";
    const TABLE: &'static str = "component";
    const COLUMNS: &'static [&'static str] = &[
        "type",
        "flavor",
        "sealed_configuration",
        "environment",
        "labels",
        "connector_id",
        "connector_resource_id",
    ];
    const OWNED: Owned = Owned::AccountOrServer;
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "type", "flavor", "connector_id", "user"];
    type Id = ComponentId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            kind: cells.get()?,
            flavor: cells.get()?,
            configuration: cells.sealed()?,
            environment: cells.optional_json()?,
            labels: cells.optional_json()?,
            connector: cells.optional_id()?.map(ConnectorId::from_uuid),
            connector_resource_id: cells.get()?,
        })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values
            .put(&self.kind)
            .put(&self.flavor)
            .sealed(&self.configuration)?
            .optional_json(self.environment.as_ref())?
            .optional_json(self.labels.as_ref())?
            .put(self.connector.map(|id| id.to_string()))
            .put(&self.connector_resource_id);
        Ok(())
    }

    fn column(field: &str) -> Column {
        Column::One(match field {
            "type" => "t.type",
            "flavor" => "t.flavor",
            "connector_id" => "t.connector_id",
            "stack_id" => {
                return Column::Parts(
                    "SELECT c.stack_id AS value FROM stack_component c CROSS JOIN stack s \
                     WHERE c.component_id = t.id AND s.id = c.stack_id",
                );
            }
            _ => return Column::NONE,
        })
    }
}

impl LinksSecrets for Component {
    const SELECT: &'static str =
        "SELECT secret_id FROM component_secret WHERE component_id = $1 ORDER BY secret_id";
    const LINK: &'static str =
        "INSERT INTO component_secret (component_id, secret_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const UNLINK: &'static str = "DELETE FROM component_secret WHERE component_id = $1 AND secret_id = $2";
}

impl Served for Component {
    type Wire = api::Component;
    type Query = ComponentQuery;
    const APART: &'static [&'static str] = &["scope_type"];
    const PARTS: Option<Kind> = Some(Kind::Stack);

    fn narrow(query: &mut Query, _: Me, asked: &ComponentQuery) {
        if let Some(kind) = asked.scope_type.last().filter(|kind| !kind.is_empty()) {
            query.push(" AND t.type = ").push_bind(kind.clone());
        }
    }

    /// Its connector is a stub if the caller may not read it.
    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Component> {
        let metadata = if view.hydrate {
            let connector = match row.own.connector {
                Some(id) => Some(connector::nested(view.tx, view.place, view.vault, id).await?),
                None => None,
            };
            Some(ComponentMetadata {
                secrets: linked_secrets::of(view.tx, &row).await?,
                configuration: Sensitive::new(row.own.configuration.clone()),
                environment: row.own.environment.clone(),
                labels: row.own.labels.clone(),
                connector_resource_id: row.own.connector_resource_id.clone(),
                connector,
            })
        } else {
            None
        };
        let flavor = flavor_of(view.tx, view.place, view.vault, &row).await?;
        Ok(api::Component {
            id: row.id(),
            permission_denied: false,
            body: Some(body(&row, view.owners, flavor.body.as_ref())),
            metadata,
            resources: Some(ComponentResources { user: view.owners.user(row.owner), flavor: Some(flavor) }),
            name: row.name,
        })
    }

    async fn check_delete(tx: &mut Tx, found: &Allowed<Delete, Found<Self>>, vault: &Vault) -> Result<()> {
        let row = select(tx, found, vault).await?;
        protect(&row, "deleted")?;
        let stacks = stack_count(tx, found).await?;
        if stacks == 0 {
            return Ok(());
        }
        Err(Error::forbidden(format!(
            "The component `{}` cannot be deleted as it is part of {stacks} stacks.",
            row.name
        )))
    }
}

/// Rejects changes of the default components of a workspace.
pub(super) fn protect(row: &Stored<Component>, what: &str) -> Result<()> {
    let protected = ["orchestrator", "artifact_store", "deployer"];
    let kind = row.own.kind.as_str();
    if row.name == DEFAULT && protected.contains(&kind) {
        return Err(Error::forbidden(format!("The default {kind} cannot be {what}.")));
    }
    Ok(())
}

fn body(row: &Stored<Component>, owners: &Owners, flavor: Option<&FlavorBody>) -> ComponentBody {
    ComponentBody {
        created: Timestamp::new(&row.created),
        updated: Timestamp::new(&row.updated),
        user_id: owners.id(row.owner),
        kind: row.own.kind.clone(),
        flavor_name: row.own.flavor.clone(),
        integration: flavor.and_then(|flavor| flavor.integration.clone()),
        logo_url: flavor.and_then(|flavor| flavor.logo_url.clone()),
    }
}

/// Returns the flavor of a component. A real server fails if the flavor was renamed.
async fn flavor_of(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    row: &Stored<Component>,
) -> Result<Flavor> {
    let known = flavor::known_unchecked(tx, place, vault, &row.own.kind, &row.own.flavor).await?;
    let missing = || {
        Error::runtime(format!("The flavor {} of the component {} does not exist.", row.own.flavor, row.name))
    };
    Ok(known.ok_or_else(missing)?.nested())
}

/// Returns the components of a stack in their order, with their types; those that the caller may not read are stubs.
pub(crate) async fn nested(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    stack: Uuid,
) -> Result<Vec<(String, api::Component)>> {
    let mut query = select_with::<Component>("stack_component c CROSS JOIN ");
    query.push(" WHERE t.id = c.component_id AND t.workspace_id = ").push_bind(place.workspace.to_string());
    query.push(" AND c.stack_id = ").push_bind(stack.to_string()).push(" ORDER BY c.position");
    let mut rows = Vec::new();
    for row in query.build().fetch_all(tx.sql()).await? {
        // A caller who may see a stack sees the types of all its components.
        rows.push((row.try_get("type")?, Unproven::<Component>::read(&row, vault)?));
    }
    let owners = Owners::load(tx.sql(), place, rows.iter().map(|(_, row)| row.owner())).await?;
    let mut components = Vec::with_capacity(rows.len());
    for (kind, row) in rows {
        let component = match row.ask(tx, place).await? {
            Ok(row) => api::Component {
                id: row.id(),
                name: row.name.clone(),
                permission_denied: false,
                body: Some(body(&row, &owners, flavor_of(tx, place, vault, &row).await?.body.as_ref())),
                metadata: None,
                resources: None,
            },
            Err(found) => api::Component::stub(found.key(), found.name),
        };
        components.push((kind, component));
    }
    Ok(components)
}

/// Returns the connector that a component is linked to, for the permission check of a change.
pub(super) async fn locate_connector(tx: &mut Tx, found: &Found<Component>) -> Result<Option<ConnectorId>> {
    let row = sqlx::query("SELECT connector_id FROM component WHERE id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?;
    Ok(optional_id(&row, 0)?.map(ConnectorId::from_uuid))
}

/// Returns the flavor of a component that the caller may use.
pub(crate) async fn flavor_name(tx: &mut Tx, found: &Allowed<Read, Found<Component>>) -> Result<String> {
    Ok(sqlx::query_scalar("SELECT flavor FROM component WHERE id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

/// Counts the stacks that contain a component.
async fn stack_count(tx: &mut Tx, found: &Allowed<Delete, Found<Component>>) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM stack_component WHERE component_id = $1")
        .bind(found.id.to_string())
        .fetch_one(tx.sql())
        .await?)
}

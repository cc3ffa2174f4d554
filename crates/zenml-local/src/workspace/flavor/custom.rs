//! Custom flavors.

use zenml_api::workspace::flavor::{Flavor, FlavorBody, FlavorMetadata, FlavorQuery};
use zenml_api::workspace::{JsonMap, Owned as OwnedBy};
use zenml_api::{FlavorId, Timestamp};

use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{Allowed, Delete, Kind, Tx, WorkspacePlace};
use crate::workspace::account::Owners;
use crate::workspace::cells::{Cells, Values};
use crate::workspace::list::Column;
use crate::workspace::noun::{Found, Noun, Owned, Served, Stored, View, select, select_where_unchecked};
use crate::workspace::python;

/// The columns of a custom flavor.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named as the columns")]
pub(crate) struct Custom {
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
}

impl Noun for Custom {
    const KIND: Kind = Kind::Flavor;
    const WORDS: &'static str = "flavor";
    const TABLE: &'static str = "flavor";
    const COLUMNS: &'static [&'static str] = &[
        "type",
        "display_name",
        "integration",
        "source",
        "config_schema",
        "connector_type",
        "connector_resource_type",
        "connector_resource_id_attr",
        "logo_url",
        "docs_url",
        "sdk_docs_url",
        "is_custom",
    ];
    const OWNED: Owned = Owned::AccountOrServer;
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "type", "integration", "display_name", "user"];
    type Id = FlavorId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            kind: cells.get()?,
            display_name: cells.get()?,
            integration: cells.get()?,
            source: cells.get()?,
            config_schema: cells.json()?,
            connector_type: cells.get()?,
            connector_resource_type: cells.get()?,
            connector_resource_id_attr: cells.get()?,
            logo_url: cells.get()?,
            docs_url: cells.get()?,
            sdk_docs_url: cells.get()?,
            is_custom: cells.flag()?,
        })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values
            .put(&self.kind)
            .put(&self.display_name)
            .put(&self.integration)
            .put(&self.source)
            .json(&self.config_schema)?
            .put(&self.connector_type)
            .put(&self.connector_resource_type)
            .put(&self.connector_resource_id_attr)
            .put(&self.logo_url)
            .put(&self.docs_url)
            .put(&self.sdk_docs_url)
            .flag(self.is_custom);
        Ok(())
    }

    /// Lists are selected from all flavors, most of which are not in a table.
    fn column(_: &str) -> Column {
        Column::NONE
    }
}

impl Served for Custom {
    type Wire = Flavor;
    type Query = FlavorQuery;

    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<Flavor> {
        Ok(answer(row, view.owners, view.hydrate))
    }

    async fn check_delete(tx: &mut Tx, found: &Allowed<Delete, Found<Self>>, vault: &Vault) -> Result<()> {
        let components = component_count(tx, found).await?;
        if components == 0 {
            return Ok(());
        }
        let row = select(tx, found, vault).await?;
        Err(Error::forbidden(format!(
            "The flavor `{}` cannot be deleted as it is used by {components} components.",
            row.name
        )))
    }
}

pub(super) fn answer(row: Stored<Custom>, owners: &Owners, hydrate: bool) -> Flavor {
    let (id, own) = (row.id(), row.own);
    // The display name: specified, or derived from the name.
    let given = own.display_name.filter(|name| !name.is_empty());
    let display_name = given.unwrap_or_else(|| python::title(&row.name.replace('_', " ")));
    Flavor {
        id,
        name: row.name,
        permission_denied: false,
        body: Some(FlavorBody {
            created: Timestamp::new(row.created),
            updated: Timestamp::new(row.updated),
            user_id: owners.id(row.owner),
            kind: own.kind,
            display_name: Some(display_name),
            integration: own.integration,
            source: own.source,
            logo_url: own.logo_url,
            is_custom: own.is_custom,
        }),
        metadata: hydrate.then(|| FlavorMetadata {
            config_schema: serde_json::Value::Object(own.config_schema.into_iter().collect()),
            connector_type: own.connector_type,
            connector_resource_type: own.connector_resource_type,
            connector_resource_id_attr: own.connector_resource_id_attr,
            docs_url: own.docs_url,
            sdk_docs_url: own.sdk_docs_url,
        }),
        resources: Some(OwnedBy { user: owners.user(row.owner) }),
    }
}

/// Returns the custom flavor with a type and name. Requires no permission: a caller who may see a component also sees
/// its flavor.
pub(super) async fn named_unchecked(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    kind: &str,
    name: &str,
) -> Result<Option<Stored<Custom>>> {
    select_where_unchecked(tx, place, vault, &[("type", kind), ("name", name)]).await
}

/// Counts the components with a flavor of this name. Like a server, it compares only the name, not the type.
async fn component_count(tx: &mut Tx, found: &Allowed<Delete, Found<Custom>>) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT COUNT(*) FROM component WHERE workspace_id = $1 AND flavor = $2")
        .bind(found.place.workspace.to_string())
        .bind(&found.name)
        .fetch_one(tx.sql())
        .await?)
}

//! Stacks as stored, and their conversion to responses.

use std::collections::BTreeMap;

use zenml_api::workspace::component::Component;
use zenml_api::workspace::stack::{self as api, StackBody, StackMetadata, StackQuery};
use zenml_api::workspace::{Environment, JsonMap, Owned as OwnedBy};
use zenml_api::{ComponentId, Identifier as _, StackId, Timestamp};

use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{Allowed, Delete, Kind, Tx};
use crate::workspace::cells::{Cells, Values, id_at};
use crate::workspace::component::{self, DEFAULT};
use crate::workspace::linked_secrets::{self, LinksSecrets};
use crate::workspace::list::Column;
use crate::workspace::noun::{Changing, Found, Noun, Owned, Served, Stored, View};

/// The columns of a stack, without its components.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "fields are named as the columns")]
pub(crate) struct Stack {
    pub(crate) description: Option<String>,
    pub(crate) stack_spec_path: Option<String>,
    pub(crate) environment: Option<Environment>,
    pub(crate) labels: Option<JsonMap>,
}

impl Noun for Stack {
    const KIND: Kind = Kind::Stack;
    const WORDS: &'static str = "stack";
    const TABLE: &'static str = "stack";
    const COLUMNS: &'static [&'static str] = &["description", "stack_spec_path", "environment", "labels"];
    const OWNED: Owned = Owned::AccountOrServer;
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "description", "user"];
    type Id = StackId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            description: cells.get()?,
            stack_spec_path: cells.get()?,
            environment: cells.optional_json()?,
            labels: cells.optional_json()?,
        })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values
            .put(&self.description)
            .put(&self.stack_spec_path)
            .optional_json(self.environment.as_ref())?
            .optional_json(self.labels.as_ref())?;
        Ok(())
    }

    fn column(field: &str) -> Column {
        match field {
            "description" => Column::One("t.description"),
            // A caller who may see a stack sees ids and names of all its components, so a filter by them reveals
            // nothing more.
            "component_id" => {
                Column::many("SELECT s.component_id AS value FROM stack_component s WHERE s.stack_id = t.id")
            }
            "component" => Column::many(
                "SELECT s.component_id AS value FROM stack_component s WHERE s.stack_id = t.id \
                 UNION ALL SELECT c.name FROM stack_component s CROSS JOIN component c \
                 WHERE s.stack_id = t.id AND c.id = s.component_id",
            ),
            _ => Column::NONE,
        }
    }
}

impl LinksSecrets for Stack {
    const SELECT: &'static str = "SELECT secret_id FROM stack_secret WHERE stack_id = $1 ORDER BY secret_id";
    const LINK: &'static str =
        "INSERT INTO stack_secret (stack_id, secret_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const UNLINK: &'static str = "DELETE FROM stack_secret WHERE stack_id = $1 AND secret_id = $2";
}

impl Served for Stack {
    type Wire = api::Stack;
    type Query = StackQuery;

    /// With its components grouped by their real types.
    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Stack> {
        let id = row.id();
        let metadata = if view.hydrate {
            let secrets = linked_secrets::of(view.tx, &row).await?;
            let mut components: BTreeMap<String, Vec<Component>> = BTreeMap::new();
            for (kind, one) in component::nested(view.tx, view.place, view.vault, id.uuid()).await? {
                components.entry(kind).or_default().push(one);
            }
            Some(StackMetadata {
                components,
                description: row.own.description,
                stack_spec_path: row.own.stack_spec_path,
                environment: row.own.environment,
                secrets,
                labels: row.own.labels,
            })
        } else {
            None
        };
        Ok(api::Stack {
            id,
            name: row.name,
            permission_denied: false,
            body: Some(StackBody {
                created: Timestamp::new(row.created),
                updated: Timestamp::new(row.updated),
                user_id: view.owners.id(row.owner),
            }),
            metadata,
            resources: Some(OwnedBy { user: view.owners.user(row.owner) }),
        })
    }

    async fn check_delete(_: &mut Tx, found: &Allowed<Delete, Found<Self>>, _: &Vault) -> Result<()> {
        protect(&found.name, "deleted")
    }
}

/// Rejects changes of the default stack, which is recognized by its name.
pub(super) fn protect(name: &str, what: &str) -> Result<()> {
    if name == DEFAULT {
        return Err(Error::forbidden(format!("The default stack cannot be {what}.")));
    }
    Ok(())
}

/// Returns the components of a stack, for the permission check of added ones.
pub(super) async fn locate_components(tx: &mut Tx, found: &Found<Stack>) -> Result<Vec<ComponentId>> {
    let rows = sqlx::query("SELECT component_id FROM stack_component WHERE stack_id = $1")
        .bind(found.id.to_string())
        .fetch_all(tx.sql())
        .await?;
    rows.iter().map(|row| id_at(row, 0).map(ComponentId::from_uuid)).collect()
}

/// Replaces the components of a stack.
pub(crate) async fn set_components(
    tx: &mut Tx,
    stack: &impl Changing<Stack>,
    components: &[ComponentId],
) -> Result<()> {
    let stack = stack.changed().to_string();
    sqlx::query("DELETE FROM stack_component WHERE stack_id = $1").bind(&stack).execute(tx.sql()).await?;
    for (position, component) in (0_i64..).zip(components) {
        sqlx::query("INSERT INTO stack_component (stack_id, component_id, position) VALUES ($1, $2, $3)")
            .bind(&stack)
            .bind(component.to_string())
            .bind(position)
            .execute(tx.sql())
            .await?;
    }
    Ok(())
}

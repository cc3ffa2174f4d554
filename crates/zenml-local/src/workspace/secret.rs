//! Secrets. Private ones are visible only to their owner; values are sealed in the database.

use serde_json::json;
use zenml_api::workspace::Owned as OwnedBy;
use zenml_api::workspace::secret::{self as api, SecretBody, SecretUpdate, UpdateQuery};
use zenml_api::{IdOrName, Patch, SecretId, Sensitive, Timestamp};

use super::account::{Me, Owners, enter};
use super::cells::{Cells, Values};
use super::list::Column;
use super::name;
use super::noun::{
    self, All, Found, Noun, Opens, Owned, Served, Stored, View, Writes, is_taken, locate_where,
    secret_unchecked,
};
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, BackupRestore, Create, Kind, ReadSecretValue, Tx, Update};
use crate::store::Query;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Secret>)
        .serve(&api::GET, noun::get::<Secret, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Secret, _>)
        .serve(&api::BACKUP, back_up)
        .serve(&api::RESTORE, restore)
}

/// 501, as on a server without a store for backups.
async fn back_up(cx: Cx, (): (), (): (), (): ()) -> Result<()> {
    no_backup_store(&cx, "To back up the whole platform, use `zenml-local backup`.").await
}

/// 501, as on a server without a store for backups.
async fn restore(cx: Cx, (): (), (): (), (): ()) -> Result<()> {
    no_backup_store(&cx, "To restore a backup of the whole platform, use `zenml-local restore`.").await
}

async fn no_backup_store(cx: &Cx, hint: &str) -> Result<()> {
    let place = enter(cx).await?.place;
    cx.tx(async |tx| {
        tx.allow::<BackupRestore, _>(All::<Secret>::of(place)).await?;
        Err(Error::not_implemented(format!("The workspace has no backup store for secrets. {hint}")))
    })
    .await
}

/// The columns of a secret, without its values.
#[derive(Debug)]
pub(crate) struct Secret {
    /// The namespace of the name: an account for a private secret, or empty.
    private_to: String,
}

impl Secret {
    fn new(private: bool, owner: Option<uuid::Uuid>) -> Self {
        Self { private_to: owner.filter(|_| private).map(|owner| owner.to_string()).unwrap_or_default() }
    }

    const fn is_private(&self) -> bool {
        !self.private_to.is_empty()
    }
}

impl Noun for Secret {
    const KIND: Kind = Kind::Secret;
    const WORDS: &'static str = "secret";
    const TABLE: &'static str = "secret";
    const COLUMNS: &'static [&'static str] = &["private_to"];
    const OWNED: Owned = Owned::Account;
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "private"];
    type Id = SecretId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { private_to: cells.get()? })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values.put(&self.private_to);
        Ok(())
    }

    fn column(field: &str) -> Column {
        match field {
            "private" => Column::One("CASE WHEN t.private_to <> '' THEN 'true' ELSE 'false' END"),
            _ => Column::NONE,
        }
    }
}

impl noun::Secret for Secret {
    const SEALED: &'static str = "sealed_values";
    const PLACE: &'static str = "secret";
    type Content = api::Values;
}

impl Opens<Secret> for ReadSecretValue {}
impl Opens<Secret> for Update {}

impl Served for Secret {
    type Wire = api::Secret;
    type Query = api::SecretQuery;

    async fn locate(tx: &mut Tx, me: Me, key: &IdOrName<SecretId>) -> Result<Found<Self>> {
        locate(tx, me, key).await
    }

    fn narrow(query: &mut Query, me: Me, asked: &Self::Query) {
        query.push(" AND t.private_to IN ('', ").push_bind(me.account.to_string()).push(")");
        if let Some(private) = asked.private {
            query.push(" AND (t.private_to <> '') = ").push_bind(private);
        }
    }

    /// Returns a secret, with its values if they are requested and the caller may see them; otherwise without them,
    /// and without any sign.
    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Secret> {
        let opened = if view.secrets {
            view.tx.try_allow::<ReadSecretValue, _>(row.found(view.place)).await?
        } else {
            None
        };
        let values = match opened {
            Some(allowed) => {
                view.tx.note(&allowed, row.id(), &row.name);
                noun::secret(view.tx, &allowed, view.vault).await?
            }
            None => api::Values::new(),
        };
        Ok(answer(row, view.owners, values, view.hydrate))
    }
}

fn answer(row: Stored<Secret>, owners: &Owners, values: api::Values, hydrate: bool) -> api::Secret {
    api::Secret {
        id: row.id(),
        name: row.name,
        permission_denied: false,
        body: Some(SecretBody {
            created: Timestamp::new(row.created),
            updated: Timestamp::new(row.updated),
            user_id: owners.id(row.owner),
            private: row.own.is_private(),
            values: Sensitive::new(values),
        }),
        metadata: hydrate.then(|| json!({})),
        resources: Some(OwnedBy { user: owners.user(row.owner) }),
    }
}

async fn create(cx: Cx, (): (), (): (), new: api::SecretCreate) -> Result<api::Secret> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    name::settle(issues)?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Secret>::of(me.place)).await?;
        let owner = Some(me.account);
        let row = Stored::new(&allowed, owner, new.name, Secret::new(new.private, owner));
        require_free(tx, &allowed, me, &row).await?;
        let mut values = new.values.into_exposed();
        values.retain(|_, value| value.is_some());
        noun::insert_with_secret(tx, &allowed, &cx.shared().vault, &row, &values).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(answer(row, &owners, values, true))
    })
    .await
}

async fn update(cx: Cx, id: SecretId, query: UpdateQuery, change: SecretUpdate) -> Result<api::Secret> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut issues);
    }
    name::settle(issues)?;
    cx.tx(async |tx| {
        let (allowed, mut row) = noun::changeable::<Secret>(tx, &cx, me, id).await?;
        if !change.private.is_keep() && row.owner != Some(me.account) {
            return Err(Error::forbidden("Only the creator of a secret can make it private or public."));
        }
        row.name = name::not_null("secret.name", change.name, row.name)?;
        let private = name::not_null("secret.private", change.private, row.own.is_private())?;
        row.own = Secret::new(private, row.owner);
        require_free(tx, &allowed, me, &row).await?;
        let vault = &cx.shared().vault;
        if let Some(given) = change.values {
            let stored = match query.patch_values {
                Some(true) => noun::secret(tx, &allowed, vault).await?,
                _ => api::Values::new(),
            };
            noun::write_secret(tx, &allowed, vault, &merged(stored, given.into_exposed())).await?;
        }
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

/// A null deletes a key.
fn merged(mut stored: api::Values, given: api::Values) -> api::Values {
    stored.extend(given);
    stored.retain(|_, value| value.is_some());
    stored
}

/// Finds a secret that is visible to the caller: any public one, and their own private ones. By name, a private one
/// takes precedence. Takes no proof.
pub(crate) async fn locate(tx: &mut Tx, me: Me, key: &IdOrName<SecretId>) -> Result<Found<Secret>> {
    let column = if matches!(key, IdOrName::Id(_)) { "id" } else { "name" };
    let found = locate_where(tx, me.place, |query| {
        query.push(format_args!(" AND t.{column} = ")).push_bind(key.to_string());
        query.push(" AND t.private_to IN ('', ").push_bind(me.account.to_string());
        query.push(") ORDER BY t.private_to DESC LIMIT 1");
    });
    found.await?.ok_or_else(|| Error::no_object("secret", key))
}

/// Returns the value of a reference in a configuration, which the server reads to validate the configuration.
///
/// Requires no permission: a server resolves references on its own behalf. The value never leaves the validation.
pub(crate) async fn resolve_unchecked(
    tx: &mut Tx,
    vault: &Vault,
    me: Me,
    attribute: &str,
    reference: &super::flavor::check::SecretReference,
) -> Result<String> {
    let prefix = format!("Cannot resolve the secret reference for attribute {attribute}: the secret ");
    let name = &reference.secret;
    let found = locate(tx, me, &IdOrName::Name(name.clone())).await.map_err(|error| {
        match error.status().as_u16() {
            404 => Error::not_found(format!("{prefix}{name} does not exist.")),
            _ => error,
        }
    })?;
    let mut values = secret_unchecked(tx, &found, vault).await?;
    if let Some(value) = values.remove(&reference.key).flatten() {
        return Ok(value);
    }
    let there = values.into_keys().collect::<Vec<_>>().join(", ");
    Err(Error::not_found(format!("{prefix}{name} does not have the key {}. It has: {there}.", reference.key)))
}

/// Names are unique among public secrets, and among the private ones of one owner.
async fn require_free<A: Act>(
    tx: &mut Tx,
    writer: &Allowed<A, impl Writes<Secret>>,
    me: Me,
    row: &Stored<Secret>,
) -> Result<()> {
    if !is_taken(tx, writer, &[("name", &row.name), ("private_to", &row.own.private_to)]).await? {
        return Ok(());
    }
    let name = &row.name;
    Err(Error::conflict(if row.own.is_private() {
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        let user = owners.user(row.owner).map(|user| user.name).unwrap_or_default();
        format!("A private secret of the user '{user}' with the name '{name}' already exists.")
    } else {
        format!("A public secret with the name '{name}' already exists.")
    }))
}

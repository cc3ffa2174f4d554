//! Secrets. A private one exists for its owner alone; values are sealed in the database.

use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::secret::{self as api, Secret, SecretBody, SecretUpdate, UpdateQuery, Values};
use zenml_api::workspace::{Owned, Page};
use zenml_api::{IdOrName, Identifier, Patch, SecretId, Sensitive, Timestamp};

use super::account::{Me, Owners, enter};
use super::list::{self, Column, Table as _};
use super::name;
use super::noun::{All, Found, Noun, id_at, optional_id};
use super::sealed;
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    self, Act, Action, Allowed, Create, Delete, Kind, Object as _, Read, ReadSecretValue, Update,
};
use crate::store::{Query, Row, Tx, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Secrets;

impl Noun for Secrets {
    const KIND: Kind = Kind::Secret;
    const WORDS: &'static str = "secret";
    const FIND: &'static str =
        "SELECT name, owner_id FROM secret WHERE workspace_id = $1 AND id = $2 AND private_to = ''";
    const SERVER_OWNED: bool = false;
}

async fn create(cx: Cx, (): (), (): (), new: api::SecretCreate) -> Result<Secret> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    name::at_most("name", &new.name, 255, &mut complaints);
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Secrets>::of(me.place)).await?;
        let moment = now();
        let row = row::Secret {
            id: SecretId::random(),
            owner: Some(me.account),
            name: new.name,
            private: new.private,
            created: moment.clone(),
            updated: moment,
        };
        require_free(tx, me, &row).await?;
        let mut values = new.values.into_exposed();
        values.retain(|_, value| value.is_some());
        insert(tx, &allowed, &row, &cx.shared().vault, &values).await?;
        tx.note(&allowed, row.id, &row.name);
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, values, true))
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::SecretQuery, (): ()) -> Result<Page<Secret>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let listed = tx.list(All::<Secrets>::of(me.place)).await?;
        let scope = |sql: &mut Query| {
            sql.push(" FROM secret t WHERE t.workspace_id = ").push_bind(me.place.workspace.to_string());
            sql.push(" AND t.private_to IN ('', ").push_bind(me.account.to_string()).push(")");
            listed.restrict(sql, "t.id", Some("t.owner_id"), false);
        };
        let page = list::select::<row::Secret>(tx.sql(), scope, query.paging(), &query.filters()).await?;
        let page = list::try_map(page, |row| read(&row))?;
        let owners = Owners::load(tx.sql(), me.place, page.items.iter().map(|row| row.owner)).await?;
        Ok(list::map(page, |row| row.answer(&owners, Values::new(), query.paging().hydrate)))
    })
    .await
}

async fn get(cx: Cx, id: SecretId, (): (), (): ()) -> Result<Secret> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find(tx, me, &IdOrName::Id(id)).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        let row = select(tx, &allowed).await?;
        answer(tx, &cx, me, row).await
    })
    .await
}

async fn update(cx: Cx, id: SecretId, query: UpdateQuery, change: SecretUpdate) -> Result<Secret> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut complaints);
    }
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let found = find(tx, me, &IdOrName::Id(id)).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = select(tx, &allowed).await?;
        if !change.private.is_keep() && row.owner != Some(me.account) {
            return Err(Error::forbidden("Only the creator of a secret can make it private or public."));
        }
        row.name = name::not_null("secret.name", change.name, row.name)?;
        row.private = name::not_null("secret.private", change.private, row.private)?;
        require_free(tx, me, &row).await?;
        row.updated = now();
        write(tx, &allowed, &row).await?;
        if let Some(given) = change.values {
            let stored = match query.patch_values {
                Some(true) => values(tx, &allowed, &cx.shared().vault).await?,
                _ => Values::new(),
            };
            write_values(tx, &allowed, &cx.shared().vault, merged(stored, given.into_exposed())).await?;
        }
        answer(tx, &cx, me, row).await
    })
    .await
}

async fn delete(cx: Cx, id: SecretId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find(tx, me, &IdOrName::Id(id)).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        remove(tx, &allowed).await
    })
    .await
}

/// A secret with its values, if the caller may see them; otherwise without, and without a mark.
async fn answer(tx: &mut Tx, cx: &Cx, me: Me, row: row::Secret) -> Result<Secret> {
    let found = Found::<Secrets>::new(me.place, row.id.uuid(), row.name.clone(), row.owner);
    let values = if tx.permits(Action::ReadSecretValue, &found.target()).await? {
        let allowed = tx.allow::<ReadSecretValue, _>(found).await?;
        tx.note(&allowed, row.id, &row.name);
        values(tx, &allowed, &cx.shared().vault).await?
    } else {
        Values::new()
    };
    let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
    Ok(row.answer(&owners, values, true))
}

/// Null deletes a key.
fn merged(mut stored: Values, given: Values) -> Values {
    stored.extend(given);
    stored.retain(|_, value| value.is_some());
    stored
}

/// Finds a secret that the caller can know of: any public one, and private ones of their own. By name a private
/// one goes before a public one.
pub(crate) async fn find(tx: &mut Tx, me: Me, id: &IdOrName<SecretId>) -> Result<Found<Secrets>> {
    let statement = match id {
        IdOrName::Id(_) => {
            "SELECT id, name, owner_id FROM secret WHERE workspace_id = $1 AND id = $2 AND private_to IN ('', $3)"
        }
        IdOrName::Name(_) => {
            "SELECT id, name, owner_id FROM secret WHERE workspace_id = $1 AND name = $2 AND private_to IN ('', $3) \
             ORDER BY private_to DESC LIMIT 1"
        }
    };
    let row = sqlx::query(statement)
        .bind(me.place.workspace.to_string())
        .bind(id.to_string())
        .bind(me.account.to_string())
        .fetch_optional(tx.sql())
        .await?
        .ok_or_else(|| Error::no_object("secret", id))?;
    Ok(Found::new(me.place, id_at(&row, 0)?, row.try_get(1)?, optional_id(&row, 2)?))
}

/// The value that a reference in a configuration stands for, as the server looks it up to check a configuration.
///
/// This asks for no permission: a server resolves references in its own name. The value never leaves the check.
pub(crate) async fn resolve(
    tx: &mut Tx,
    vault: &Vault,
    me: Me,
    attribute: &str,
    reference: &super::flavor::check::SecretReference,
) -> Result<String> {
    let prefix = format!("Cannot resolve the secret reference for attribute {attribute}: the secret ");
    let name = &reference.secret;
    let found =
        find(tx, me, &IdOrName::Name(name.clone())).await.map_err(|error| match error.status().as_u16() {
            404 => Error::not_found(format!("{prefix}{name} does not exist.")),
            _ => error,
        })?;
    let mut values = load_values(tx, found.id, vault).await?;
    if let Some(value) = values.remove(&reference.key).flatten() {
        return Ok(value);
    }
    let there = values.into_keys().collect::<Vec<_>>().join(", ");
    Err(Error::not_found(format!("{prefix}{name} has no key {}. It has: {there}.", reference.key)))
}

mod row {
    use uuid::Uuid;
    use zenml_api::SecretId;

    #[derive(Debug)]
    pub(super) struct Secret {
        pub(super) id: SecretId,
        pub(super) owner: Option<Uuid>,
        pub(super) name: String,
        pub(super) private: bool,
        pub(super) created: String,
        pub(super) updated: String,
    }
}

impl row::Secret {
    fn answer(self, owners: &Owners, values: Values, hydrate: bool) -> Secret {
        Secret {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(SecretBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                user_id: owners.id(self.owner),
                private: self.private,
                values: Sensitive::new(values),
            }),
            metadata: hydrate.then(|| json!({})),
            resources: Some(Owned { user: owners.user(self.owner) }),
        }
    }

    /// Whose name space the name is in.
    fn private_to(&self) -> String {
        self.owner.filter(|_| self.private).map(|owner| owner.to_string()).unwrap_or_default()
    }
}

impl list::Fields for row::Secret {
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "private"];
}

impl list::Table for row::Secret {
    const COLUMNS: &'static str = "t.id, t.owner_id, t.name, t.private_to <> '', t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "private" => "CASE WHEN t.private_to <> '' THEN 'true' ELSE 'false' END",
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

/// Names are unique among public secrets, and among the private ones of one owner.
async fn require_free(tx: &mut Tx, me: Me, row: &row::Secret) -> Result<()> {
    let taken = sqlx::query(
        "SELECT 1 FROM secret WHERE workspace_id = $1 AND name = $2 AND private_to = $3 AND id <> $4",
    )
    .bind(me.place.workspace.to_string())
    .bind(&row.name)
    .bind(row.private_to())
    .bind(row.id.to_string())
    .fetch_optional(tx.sql())
    .await?;
    if taken.is_none() {
        return Ok(());
    }
    let name = &row.name;
    Err(Error::conflict(if row.private {
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        let user = owners.user(row.owner).map(|user| user.name).unwrap_or_default();
        format!("There is already a private secret of the user '{user}' with the name '{name}'.")
    } else {
        format!("There is already a public secret with the name '{name}'.")
    }))
}

async fn insert(
    tx: &mut Tx,
    new: &Allowed<Create, All<Secrets>>,
    row: &row::Secret,
    vault: &Vault,
    values: &Values,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO secret (id, workspace_id, owner_id, name, private_to, sealed_values, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(row.private_to())
    .bind(sealed::seal(vault, "secret", row.id.uuid(), values)?)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn select<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Secrets>>) -> Result<row::Secret> {
    let mut query = Query::new("SELECT ");
    query.push(row::Secret::COLUMNS).push(" FROM secret t WHERE t.workspace_id = ");
    query.push_bind(found.place.workspace.to_string()).push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?)
}

async fn write(tx: &mut Tx, found: &Allowed<Update, Found<Secrets>>, row: &row::Secret) -> Result<()> {
    sqlx::query("UPDATE secret SET name = $1, private_to = $2, updated = $3 WHERE id = $4")
        .bind(&row.name)
        .bind(row.private_to())
        .bind(&row.updated)
        .bind(found.id.to_string())
        .execute(tx.sql())
        .await?;
    Ok(())
}

async fn write_values(
    tx: &mut Tx,
    found: &Allowed<Update, Found<Secrets>>,
    vault: &Vault,
    values: Values,
) -> Result<()> {
    sqlx::query("UPDATE secret SET sealed_values = $1 WHERE id = $2")
        .bind(sealed::seal(vault, "secret", found.id, &values)?)
        .bind(found.id.to_string())
        .execute(tx.sql())
        .await?;
    Ok(())
}

async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Secrets>>) -> Result<()> {
    sqlx::query("DELETE FROM secret WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

/// Actions whose holder may have the values read: to show them, or to change them.
trait Opens: Act {}
impl Opens for ReadSecretValue {}
impl Opens for Update {}

async fn values<A: Opens>(tx: &mut Tx, found: &Allowed<A, Found<Secrets>>, vault: &Vault) -> Result<Values> {
    load_values(tx, found.id, vault).await
}

async fn load_values(tx: &mut Tx, id: Uuid, vault: &Vault) -> Result<Values> {
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed_values FROM secret WHERE id = $1")
        .bind(id.to_string())
        .fetch_one(tx.sql())
        .await?;
    sealed::open(vault, "secret", id, &sealed)
}

fn read(row: &Row) -> Result<row::Secret> {
    Ok(row::Secret {
        id: SecretId::from_uuid(id_at(row, 0)?),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        private: row.try_get::<i64, _>(3)? != 0,
        created: row.try_get(4)?,
        updated: row.try_get(5)?,
    })
}

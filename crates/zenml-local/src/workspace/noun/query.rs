//! The queries shared by all nouns of a workspace. Each takes a proof of its permission.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::{IdOrName, Identifier};

use super::object::{All, Found, Noun, Owned, Stored};
use crate::crypto::Vault;
use crate::error::{Error, Result};
use crate::rbac::{self, Act, Allowed, Create, Delete, Listed, Object, Read, Tx, Update, WorkspacePlace};
use crate::store::{Query, Row, now};
use crate::workspace::cells::{Cells, Values, id_at, optional_id};
use crate::workspace::list::Table as _;
use crate::workspace::sealed;

/// Finds an object by its id or its name; 404 if there is none.
///
/// Takes no proof: permission is requested for its result.
pub(crate) async fn locate<N: Noun>(
    tx: &mut Tx,
    place: WorkspacePlace,
    key: &IdOrName<N::Id>,
) -> Result<Found<N>> {
    let column = match key {
        IdOrName::Id(_) => "id",
        IdOrName::Name(_) => "name",
    };
    let row = locate_where::<N>(tx, place, |query| {
        query.push(format_args!(" AND t.{column} = ")).push_bind(key.to_string());
    });
    row.await?.ok_or_else(|| Error::no_object(N::WORDS, key))
}

/// Finds the first object for which a condition holds. Takes no proof, like [`locate`].
pub(crate) async fn locate_where<N: Noun>(
    tx: &mut Tx,
    place: WorkspacePlace,
    condition: impl FnOnce(&mut Query),
) -> Result<Option<Found<N>>> {
    let project = if N::IN_PROJECT { "t.project_id" } else { "NULL" };
    let owner = N::OWNED.column().unwrap_or("NULL");
    let mut query = Query::new(format!("SELECT t.id, {project}, {owner}, t.name FROM {} t", N::TABLE));
    query.push(" WHERE t.workspace_id = ").push_bind(place.workspace.to_string());
    condition(&mut query);
    let row = query.build().fetch_optional(tx.sql()).await?;
    row.map(|row| {
        Ok(Found {
            place,
            id: id_at(&row, 0)?,
            project: optional_id(&row, 1)?,
            owner: optional_id(&row, 2)?,
            name: row.try_get(3)?,
            noun: PhantomData,
        })
    })
    .transpose()
}

/// Reads an object.
pub(crate) async fn select<A: Act, N: Noun>(
    tx: &mut Tx,
    found: &Allowed<A, Found<N>>,
    vault: &Vault,
) -> Result<Stored<N>> {
    let mut query = select_with::<N>("");
    query.push(" WHERE t.workspace_id = ").push_bind(found.place.workspace.to_string());
    query.push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?, vault)
}

/// Reads all visible objects.
pub(crate) async fn select_all<N: Noun>(
    tx: &mut Tx,
    listed: &Listed<All<N>>,
    vault: &Vault,
) -> Result<Vec<Stored<N>>> {
    let mut query = select_with::<N>("");
    push_listed(&mut query, listed);
    query.build().fetch_all(tx.sql()).await?.iter().map(|row| read(row, vault)).collect()
}

/// Counts all visible objects.
pub(crate) async fn count<N: Noun>(tx: &mut Tx, listed: &Listed<All<N>>) -> Result<u64> {
    let mut query = Query::new(format!("SELECT COUNT(*) FROM {} t", N::TABLE));
    push_listed(&mut query, listed);
    let count = query.build_query_scalar::<i64>().fetch_one(tx.sql()).await?;
    Ok(count.unsigned_abs())
}

/// Adds ` WHERE` and the conditions for visible rows.
pub(super) fn push_listed<N: Noun>(query: &mut Query, listed: &Listed<All<N>>) {
    let All { place, project, .. } = listed.object();
    query.push(" WHERE t.workspace_id = ").push_bind(place.workspace.to_string());
    if let Some(project) = project {
        query.push(" AND t.project_id = ").push_bind(project.to_string());
    }
    listed.restrict(query, "t.id", N::OWNED.column(), N::OWNED == Owned::AccountOrServer);
}

/// Reads the object that has these values in these columns, for the platform itself.
pub(crate) async fn select_where_unchecked<N: Noun>(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    columns: &[(&'static str, &str)],
) -> Result<Option<Stored<N>>> {
    let mut query = select_with::<N>("");
    query.push(" WHERE t.workspace_id = ").push_bind(place.workspace.to_string());
    push_equal(&mut query, columns);
    query.build().fetch_optional(tx.sql()).await?.map(|row| read(&row, vault)).transpose()
}

fn push_equal(query: &mut Query, columns: &[(&'static str, &str)]) {
    for (column, value) in columns {
        query.push(format_args!(" AND t.{column} = ")).push_bind((*value).to_owned());
    }
}

/// `SELECT … FROM` the table of a noun, joined with others.
pub(crate) fn select_with<N: Noun>(joined: &str) -> Query {
    Query::new(format!("SELECT {} FROM {joined}{} t", Stored::<N>::columns(), N::TABLE))
}

pub(super) fn read<N: Noun>(row: &Row, vault: &Vault) -> Result<Stored<N>> {
    let mut cells = Cells::of(row, vault, N::TABLE);
    Ok(Stored {
        id: cells.id()?,
        project: cells.optional_id()?,
        owner: cells.optional_id()?,
        name: cells.get()?,
        created: cells.get()?,
        updated: cells.get()?,
        own: N::read(&mut cells)?,
    })
}

/// A nested object that was read before its permission was checked. Only the permission gives access to it.
pub(crate) struct Unproven<N: Noun>(Stored<N>);

impl<N: Noun> Unproven<N> {
    /// Reads it from a row of [`select_with`].
    pub(crate) fn read(row: &Row, vault: &Vault) -> Result<Self> {
        read(row, vault).map(Self)
    }

    /// Its owner.
    pub(crate) const fn owner(&self) -> Option<Uuid> {
        self.0.owner
    }

    /// Checks whether the caller may read it. Returns the object, or the content of a stub.
    pub(crate) async fn ask(
        self,
        tx: &mut Tx,
        place: WorkspacePlace,
    ) -> Result<std::result::Result<Stored<N>, Found<N>>> {
        let found = self.0.found(place);
        Ok(tx.try_allow::<Read, _>(found.clone()).await?.map(|_| self.0).ok_or(found))
    }
}

/// Whether another object has these values in these columns. Names are unique in their project, or workspace.
pub(crate) async fn is_taken<A: Act, N: Noun>(
    tx: &mut Tx,
    writer: &Allowed<A, impl Writes<N>>,
    columns: &[(&'static str, &str)],
) -> Result<bool> {
    let (target, except) = (writer.object().target(), writer.object().except());
    let mut query = Query::new(format!("SELECT 1 FROM {} t WHERE t.workspace_id = ", N::TABLE));
    query.push_bind(target.workspace.unwrap_or_default().to_string());
    if N::IN_PROJECT {
        query.push(" AND t.project_id = ").push_bind(target.project.unwrap_or_default().to_string());
    }
    push_equal(&mut query, columns);
    query.push(" AND t.id <> ").push_bind(except.map(|id| id.to_string()).unwrap_or_default());
    Ok(query.build().fetch_optional(tx.sql()).await?.is_some())
}

/// The scope in which a name must be unique.
pub(crate) trait Writes<N>: Object {
    /// The object that may already have the name.
    fn except(&self) -> Option<Uuid>;
}

impl<N: Noun> Writes<N> for All<N> {
    fn except(&self) -> Option<Uuid> {
        None
    }
}

impl<N: Noun> Writes<N> for Found<N> {
    fn except(&self) -> Option<Uuid> {
        Some(self.id)
    }
}

/// Evidence that the caller may change an object: the permission, or having just created it.
pub(crate) trait Changing<N>: Sync {
    /// The object.
    fn changed(&self) -> Uuid;
}

impl<N: Noun> Changing<N> for Allowed<Update, Found<N>> {
    fn changed(&self) -> Uuid {
        self.id
    }
}

impl<N: Noun> Changing<N> for Allowed<Create, Found<N>> {
    fn changed(&self) -> Uuid {
        self.id
    }
}

/// Stores a new object, and records it in the audit trail.
pub(crate) async fn insert<N: Noun>(
    tx: &mut Tx,
    new: &Allowed<Create, All<N>>,
    vault: &Vault,
    row: &Stored<N>,
) -> Result<Allowed<Create, Found<N>>> {
    insert_sealed(tx, new, vault, row, None).await
}

/// Stores a new object with its secret.
pub(crate) async fn insert_with_secret<N: Secret>(
    tx: &mut Tx,
    new: &Allowed<Create, All<N>>,
    vault: &Vault,
    row: &Stored<N>,
    secret: &N::Content,
) -> Result<Allowed<Create, Found<N>>> {
    let sealed = sealed::seal(vault, N::PLACE, row.id.uuid(), secret)?;
    insert_sealed(tx, new, vault, row, Some((N::SEALED, sealed))).await
}

async fn insert_sealed<N: Noun>(
    tx: &mut Tx,
    new: &Allowed<Create, All<N>>,
    vault: &Vault,
    row: &Stored<N>,
    secret: Option<(&str, Vec<u8>)>,
) -> Result<Allowed<Create, Found<N>>> {
    let (secret_column, secret) = secret.unzip();
    let owner = N::OWNED.column().map(|_| "owner_id");
    let project = N::IN_PROJECT.then_some("project_id");
    let mut query = Query::new(format!("INSERT INTO {} (id, workspace_id, name, created, updated", N::TABLE));
    for column in owner.into_iter().chain(project).chain(secret_column).chain(N::COLUMNS.iter().copied()) {
        query.push(", ").push(column);
    }
    query.push(") VALUES (").push_bind(row.id.to_string());
    query.push(", ").push_bind(new.place.workspace.to_string());
    for text in [&row.name, &row.created, &row.updated] {
        query.push(", ").push_bind(text.as_str());
    }
    if owner.is_some() {
        query.push(", ").push_bind(row.owner.map(|owner| owner.to_string()));
    }
    if project.is_some() {
        query.push(", ").push_bind(new.project.map(|project| project.to_string()));
    }
    if let Some(secret) = secret {
        query.push(", ").push_bind(secret);
    }
    let id = row.id.uuid();
    let mut values = Values::of(&mut query, N::COLUMNS, false, vault, (N::TABLE, id));
    row.own.write(&mut values)?;
    values.finish();
    query.push(")").build().execute(tx.sql()).await?;
    tx.note(new, row.id, &row.name);
    Ok(new.created(row.found(new.place)))
}

/// Stores a changed object, with the time of the change.
pub(crate) async fn write<N: Noun>(
    tx: &mut Tx,
    found: &Allowed<Update, Found<N>>,
    vault: &Vault,
    row: &mut Stored<N>,
) -> Result<()> {
    row.updated = now();
    let mut query = Query::new(format!("UPDATE {} SET name = ", N::TABLE));
    query.push_bind(row.name.as_str()).push(", updated = ").push_bind(row.updated.as_str());
    let mut values = Values::of(&mut query, N::COLUMNS, true, vault, (N::TABLE, found.id));
    row.own.write(&mut values)?;
    values.finish();
    query.push(" WHERE id = ").push_bind(found.id.to_string()).build().execute(tx.sql()).await?;
    Ok(())
}

/// Deletes an object and its shares.
pub(crate) async fn remove<N: Noun>(tx: &mut Tx, found: &Allowed<Delete, Found<N>>) -> Result<()> {
    let mut query = Query::new(format!("DELETE FROM {} WHERE id = ", N::TABLE));
    query.push_bind(found.id.to_string()).build().execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

/// A noun with a sealed column that permission to read does not open.
pub(crate) trait Secret: Noun {
    /// The sealed column.
    const SEALED: &'static str;

    /// The place that its values are sealed for, so that they cannot be exchanged.
    const PLACE: &'static str;

    /// The type of the sealed value.
    type Content: Serialize + DeserializeOwned + Send + Sync;
}

/// Actions that give access to the secret of a noun: to show it, to use it, or to change it.
pub(crate) trait Opens<N>: Act {}

/// Reads the secret of an object.
pub(crate) async fn secret<A: Opens<N>, N: Secret>(
    tx: &mut Tx,
    found: &Allowed<A, Found<N>>,
    vault: &Vault,
) -> Result<N::Content> {
    secret_unchecked(tx, found, vault).await
}

/// Reads the secret of an object for the platform itself.
pub(crate) async fn secret_unchecked<N: Secret>(
    tx: &mut Tx,
    found: &Found<N>,
    vault: &Vault,
) -> Result<N::Content> {
    let mut query = Query::new(format!("SELECT {} FROM {} WHERE id = ", N::SEALED, N::TABLE));
    query.push_bind(found.id.to_string());
    let sealed: Vec<u8> = query.build_query_scalar().fetch_one(tx.sql()).await?;
    sealed::open(vault, N::PLACE, found.id, &sealed)
}

/// Stores the secret of an object.
pub(crate) async fn write_secret<N: Secret>(
    tx: &mut Tx,
    found: &Allowed<Update, Found<N>>,
    vault: &Vault,
    content: &N::Content,
) -> Result<()> {
    let mut query = Query::new(format!("UPDATE {} SET {} = ", N::TABLE, N::SEALED));
    query.push_bind(sealed::seal(vault, N::PLACE, found.id, content)?);
    query.push(" WHERE id = ").push_bind(found.id.to_string()).build().execute(tx.sql()).await?;
    Ok(())
}

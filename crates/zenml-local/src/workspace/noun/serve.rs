//! Reading, listing and deleting: the handlers shared by all nouns of a workspace.

use std::future::Future;

use zenml_api::IdOrName;
use zenml_api::workspace::connector::SecretsQuery;
use zenml_api::workspace::{ListQuery, Look, Page};

use super::object::{All, Found, Noun, Stored};
use super::query;
use crate::crypto::Vault;
use crate::error::Result;
use crate::http::Cx;
use crate::rbac::{
    Allowed, Create, Delete, Kind, Listed, Read, Resource, Target, Tx, Update, WorkspacePlace,
};
use crate::store::Query;
use crate::workspace::account::{Me, Owners, enter};
use crate::workspace::list;

/// How the objects of a kind become responses. The defaults are those of a plain noun.
pub(crate) trait Served: Noun {
    /// An object in the API.
    type Wire: Send;

    /// The query of its list.
    type Query: ListQuery + Send + Sync;

    /// Converts an object that the caller may read to a response.
    fn answer(row: Stored<Self>, view: &mut View<'_>) -> impl Future<Output = Result<Self::Wire>> + Send;

    /// Finds an object; a noun with hidden objects considers the caller.
    fn locate(
        tx: &mut Tx,
        me: Me,
        key: &IdOrName<Self::Id>,
    ) -> impl Future<Output = Result<Found<Self>>> + Send {
        query::locate(tx, me.place, key)
    }

    /// Asks for the permission to read an object.
    fn readable(
        tx: &mut Tx,
        found: Found<Self>,
    ) -> impl Future<Output = Result<Allowed<Read, Found<Self>>>> + Send {
        tx.allow(found)
    }

    /// Asks which objects may be listed.
    fn listed(tx: &mut Tx, all: All<Self>) -> impl Future<Output = Result<Listed<All<Self>>>> + Send {
        tx.list(all)
    }

    /// The scope of a list.
    fn scope(_: &mut Tx, me: Me, _: &Self::Query) -> impl Future<Output = Result<All<Self>>> + Send {
        std::future::ready(Ok(All::of(me.place)))
    }

    /// Filters that are not fields: [`narrow`](Self::narrow) and [`scope`](Self::scope) apply them.
    const APART: &'static [&'static str] = &[];

    /// Adds ` AND …` to the statement of a list.
    fn narrow(_: &mut Query, _: Me, _: &Self::Query) {}

    /// The kind of the objects whose ids a [`Column::Parts`](list::Column::Parts) gives, with the alias `s`.
    const PARTS: Option<Kind> = None;

    /// Whether a list includes secrets for callers who may read them.
    fn lists_secrets(_: &Self::Query) -> bool {
        false
    }

    /// Rejects the deletion of an object that is in use.
    fn check_delete(
        _: &mut Tx,
        _: &Allowed<Delete, Found<Self>>,
        _: &Vault,
    ) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// The context of a response.
pub(crate) struct View<'a> {
    pub(crate) tx: &'a mut Tx,
    pub(crate) vault: &'a Vault,
    pub(crate) place: WorkspacePlace,
    /// The owners of all objects of the response.
    pub(crate) owners: &'a Owners,
    /// Whether metadata is requested.
    pub(crate) hydrate: bool,
    /// Whether secrets are requested.
    pub(crate) secrets: bool,
}

/// The query of a single read.
pub(crate) trait Asked: Send {
    /// Whether metadata is requested.
    fn hydrate(&self) -> bool;

    /// Whether secrets are requested.
    fn secrets(&self) -> bool;
}

impl Asked for Look {
    fn hydrate(&self) -> bool {
        self.hydrate.unwrap_or(true)
    }

    fn secrets(&self) -> bool {
        true
    }
}

impl Asked for SecretsQuery {
    fn hydrate(&self) -> bool {
        self.hydrate.unwrap_or(true)
    }

    fn secrets(&self) -> bool {
        self.expand_secrets.unwrap_or(true)
    }
}

/// Reads an object.
pub(crate) async fn get<N, K, Q>(cx: Cx, key: K, query: Q, (): ()) -> Result<N::Wire>
where
    N: Served,
    K: Into<IdOrName<N::Id>>,
    Q: Asked,
{
    let (me, key) = (enter(&cx).await?, key.into());
    let (hydrate, secrets) = (query.hydrate(), query.secrets());
    cx.read(async |tx| {
        let found = N::locate(tx, me, &key).await?;
        let allowed = N::readable(tx, found).await?;
        let vault = &cx.shared().vault;
        let row = query::select(tx, &allowed, vault).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        let mut view = View { tx, vault, place: me.place, owners: &owners, hydrate, secrets };
        N::answer(row, &mut view).await
    })
    .await
}

/// Lists the objects that the caller may see.
pub(crate) async fn list<N: Served>(cx: Cx, (): (), query: N::Query, (): ()) -> Result<Page<N::Wire>> {
    let me = enter(&cx).await?;
    let paging = query.paging();
    list::check_paging(paging)?;
    cx.read(async |tx| {
        let all = N::scope(tx, me, &query).await?;
        let (place, vault) = (me.place, &cx.shared().vault);
        let parts = match N::PARTS {
            Some(kind) => Some(tx.list(Target::in_workspace(place, Resource::all(kind))).await?),
            None => None,
        };
        let scope = Rows { me, query: &query, listed: N::listed(tx, all).await?, parts };
        let mut filters = query.filters();
        filters.retain(|(name, _)| !N::APART.contains(name));
        let page = list::select::<Stored<N>>(tx.sql(), scope, paging, &filters).await?;
        let mut page = list::try_map(page, |row| query::read::<N>(&row, vault))?;
        let owners = Owners::load(tx.sql(), place, page.items.iter().map(|row| row.owner)).await?;
        let (hydrate, secrets) = (paging.hydrate, N::lists_secrets(&query));
        let mut view = View { tx, vault, place, owners: &owners, hydrate, secrets };
        let mut items = Vec::with_capacity(page.items.len());
        for row in std::mem::take(&mut page.items) {
            items.push(N::answer(row, &mut view).await?);
        }
        Ok(list::with_items(&page, items))
    })
    .await
}

/// The rows of a list.
struct Rows<'a, N: Served> {
    me: Me,
    query: &'a N::Query,
    listed: Listed<All<N>>,
    parts: Option<Listed<Target>>,
}

impl<N: Served> list::Scope for Rows<'_, N> {
    fn rows(&self, query: &mut Query) {
        query.push(format_args!(" FROM {} t", N::TABLE));
        query::push_listed(query, &self.listed);
        N::narrow(query, self.me, self.query);
    }

    fn parts(&self, query: &mut Query) {
        if let Some(parts) = &self.parts {
            parts.restrict(query, "s.id", Some("s.owner_id"), true);
        }
    }
}

/// Deletes an object.
pub(crate) async fn delete<N, K>(cx: Cx, key: K, (): (), (): ()) -> Result<()>
where
    N: Served,
    K: Into<IdOrName<N::Id>>,
{
    let (me, key) = (enter(&cx).await?, key.into());
    cx.tx(async |tx| {
        let found = N::locate(tx, me, &key).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, allowed.key(), &allowed.name);
        N::check_delete(tx, &allowed, &cx.shared().vault).await?;
        query::remove(tx, &allowed).await
    })
    .await
}

/// An object that the caller may change, with the permission.
pub(crate) async fn changeable<N: Served>(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    id: N::Id,
) -> Result<(Allowed<Update, Found<N>>, Stored<N>)> {
    let found = N::locate(tx, me, &id.into()).await?;
    let allowed = tx.allow::<Update, _>(found).await?;
    tx.note(&allowed, id, &allowed.name);
    let row = query::select(tx, &allowed, &cx.shared().vault).await?;
    Ok((allowed, row))
}

/// Stores a new object and returns it.
pub(crate) async fn created<N: Served>(
    tx: &mut Tx,
    cx: &Cx,
    new: &Allowed<Create, All<N>>,
    row: Stored<N>,
) -> Result<N::Wire> {
    query::insert(tx, new, &cx.shared().vault, &row).await?;
    answer(tx, cx, new.place, row).await
}

/// Stores a changed object and returns it.
pub(crate) async fn changed<N: Served>(
    tx: &mut Tx,
    cx: &Cx,
    found: &Allowed<Update, Found<N>>,
    mut row: Stored<N>,
) -> Result<N::Wire> {
    query::write(tx, found, &cx.shared().vault, &mut row).await?;
    answer(tx, cx, found.place, row).await
}

/// The response of a handler that has created or changed an object.
pub(crate) async fn answer<N: Served>(
    tx: &mut Tx,
    cx: &Cx,
    place: WorkspacePlace,
    row: Stored<N>,
) -> Result<N::Wire> {
    let owners = Owners::load(tx.sql(), place, [row.owner]).await?;
    let vault = &cx.shared().vault;
    let mut view = View { tx, vault, place, owners: &owners, hydrate: true, secrets: true };
    N::answer(row, &mut view).await
}

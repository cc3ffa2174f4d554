//! Service connectors.
//!
//! The platform validates and stores connectors like a server with the packages of their types. It does not connect
//! to any cloud, so it cannot verify their connectors, and `client` returns the stored credentials instead of
//! short-lived ones.

pub(crate) mod catalog;
mod change;
pub(crate) mod check;
mod kind;
mod moment;
mod object;
pub(crate) mod of_stack;
mod registry;
mod requested;
mod verify;

use zenml_api::ConnectorId;
use zenml_api::workspace::connector::{self as api, ConnectorCreate, ConnectorUpdate};

use super::account::{Owners, enter};
use super::name;
use super::noun::{self, All, is_taken, locate};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Client, Create, Read};
pub(crate) use object::{Connector, nested};
use object::{Shown, answer, uses};

pub(crate) fn routes(routes: Routes) -> Routes {
    kind::routes(routes)
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Connector>)
        .serve(&api::VERIFY_NEW, verify::new)
        .serve(&api::RESOURCES, resources)
        .serve(&api::GET, noun::get::<Connector, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Connector, _>)
        .serve(&api::VERIFY, verify::existing)
        .serve(&api::CLIENT, client)
}

async fn create(cx: Cx, (): (), (): (), new: ConnectorCreate) -> Result<api::Connector> {
    let me = enter(&cx).await?;
    check_lengths(Some(&new.name), Some(&new.auth_method), new.resource_id.as_ref())?;
    let expires_at = moment::naive(new.expires_at.as_ref())?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Connector>::of(me.place)).await?;
        if is_taken(tx, &allowed, &[("name", &new.name)]).await? {
            return Err(Error::name_taken("service connector", &new.name));
        }
        let (row, secret) = change::make(tx, &cx, me, &allowed, new, expires_at).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(answer(row, &owners, Shown::Secrets(secret)))
    })
    .await
}

async fn update(cx: Cx, id: ConnectorId, (): (), change: ConnectorUpdate) -> Result<api::Connector> {
    let me = enter(&cx).await?;
    check_lengths(change.name.as_ref(), change.auth_method.as_ref(), change.resource_id.as_ref())?;
    let expires_at = moment::naive(change.expires_at.as_ref())?;
    cx.tx(async |tx| {
        let (allowed, mut row) = noun::changeable::<Connector>(tx, &cx, me, id).await?;
        let vault = &cx.shared().vault;
        let mut secret = noun::secret(tx, &allowed, vault).await?;
        if uses(tx, &allowed).await? > 0 {
            change::refuse_in_use(&row.own, &change)?;
        }
        if let Some(name) = &change.name
            && is_taken(tx, &allowed, &[("name", name)]).await?
        {
            return Err(Error::name_taken("service connector", name));
        }
        change::apply(&mut row, &mut secret, change)?;
        if expires_at.is_some() {
            row.own.expires_at = expires_at;
        }
        noun::write_secret(tx, &allowed, vault, &secret).await?;
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

/// Returns what each connector of the list gives access to, or why not: the platform cannot ask their clouds.
async fn resources(cx: Cx, (): (), query: api::ConnectorQuery, (): ()) -> Result<Vec<api::Verification>> {
    let (only, resource_id) = (query.resource_type.last().cloned(), query.resource_id.last().cloned());
    // A connector without a resource can give access to any.
    let query = api::ConnectorQuery {
        resource_id: Vec::new(),
        expand_secrets: Some(false),
        hydrate: Some(true),
        ..query
    };
    let page = noun::list::<Connector>(cx, (), query, ()).await?;
    let found = page.items.into_iter().filter_map(|connector| verify::listed(connector, only.as_deref()));
    Ok(found
        .filter(|(set, _)| set.is_none() || resource_id.is_none() || *set == resource_id)
        .map(|(_, found)| found)
        .collect())
}

/// Returns the connector with its credentials, for callers who may use it.
async fn client(cx: Cx, id: ConnectorId, query: api::ClientQuery, (): ()) -> Result<api::Connector> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = locate::<Connector>(tx, me.place, &id.into()).await?;
        tx.allow::<Read, _>(found.clone()).await?;
        let allowed = tx.allow::<Client, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = noun::select(tx, &allowed, &cx.shared().vault).await?;
        if catalog::find(&row.own.connector_type).is_none() {
            return Err(verify::not_installed(&row.own.connector_type));
        }
        requested::narrow(&mut row.own, query)?;
        let secret = noun::secret(tx, &allowed, &cx.shared().vault).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(answer(row, &owners, Shown::Secrets(secret)))
    })
    .await
}

fn check_lengths(
    name: Option<&String>,
    auth_method: Option<&String>,
    resource_id: Option<&String>,
) -> Result<()> {
    let mut issues: Vec<Issue> = Vec::new();
    for (member, text) in [("name", name), ("auth_method", auth_method), ("resource_id", resource_id)] {
        if let Some(text) = text {
            name::at_most(member, text, 255, &mut issues);
        }
    }
    name::settle(issues)
}

//! Service connectors.
//!
//! The platform checks and keeps connectors as a server does that has the packages of their types. It does not
//! reach any cloud, so it cannot verify one, and `client` gives the stored credentials instead of short-lived ones.

pub(crate) mod catalog;
pub(crate) mod check;
mod kind;
mod moment;
pub(crate) mod of_stack;
mod sql;
mod verify;

use zenml_api::workspace::connector::{self as api, Connector, ConnectorCreate, ConnectorUpdate};
use zenml_api::workspace::{JsonMap, Page};
use zenml_api::{ConnectorId, Identifier};

use super::account::{Me, Owners, enter};
use super::list;
use super::name;
use super::noun::{All, Found, Noun, find};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    Action, Allowed, Client, Create, Delete, Kind, Object as _, Read, ReadSecretValue, Update,
};
use crate::store::{Tx, now};
use check::Wanted;
pub(crate) use sql::nested;
use sql::{Shown, Stored};

pub(crate) fn routes(routes: Routes) -> Routes {
    kind::routes(routes)
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::VERIFY_NEW, verify::new)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::VERIFY, verify::existing)
        .serve(&api::CLIENT, client)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Connectors;

impl Noun for Connectors {
    const KIND: Kind = Kind::ServiceConnector;
    const WORDS: &'static str = "service connector";
    const FIND: &'static str = "SELECT name, owner_id FROM connector WHERE workspace_id = $1 AND id = $2";
    const SERVER_OWNED: bool = false;
}

async fn create(cx: Cx, (): (), (): (), new: ConnectorCreate) -> Result<Connector> {
    let me = enter(&cx).await?;
    check_lengths(Some(&new.name), Some(&new.auth_method), new.resource_id.as_ref())?;
    let expires_at = moment::naive(new.expires_at.as_ref())?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Connectors>::of(me.place)).await?;
        if sql::name_is_taken(tx, me.place, &new.name, None).await? {
            return Err(Error::name_taken("service connector", &new.name));
        }
        let (row, secret) = make(tx, &cx, me, &allowed, new, expires_at).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, Shown::Secrets(secret)))
    })
    .await
}

/// Makes a connector whose name is free, and gives it with its secrets.
async fn make(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    allowed: &Allowed<Create, All<Connectors>>,
    new: ConnectorCreate,
    expires_at: Option<String>,
) -> Result<(Stored, JsonMap)> {
    let checked = check::check(Wanted {
        connector_type: new.connector_type.name().to_owned(),
        auth_method: new.auth_method.clone(),
        resource_types: new.resource_types,
        configuration: new.configuration.into_exposed(),
    })?;
    let moment = now();
    let row = Stored {
        id: ConnectorId::random(),
        owner: Some(me.account),
        name: new.name,
        description: new.description,
        connector_type: new.connector_type.name().to_owned(),
        auth_method: new.auth_method,
        resource_types: checked.resource_types,
        resource_id: new.resource_id,
        supports_instances: checked.supports_instances,
        expires_at,
        expires_skew_tolerance: new.expires_skew_tolerance,
        expiration_seconds: new.expiration_seconds,
        plain: checked.plain,
        labels: new.labels,
        created: moment.clone(),
        updated: moment,
    };
    sql::insert(tx, allowed, &cx.shared().vault, &row, &checked.secret).await?;
    tx.note(allowed, row.id, &row.name);
    Ok((row, checked.secret))
}

async fn list(cx: Cx, (): (), query: api::ConnectorQuery, (): ()) -> Result<Page<Connector>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    let expand = query.expand_secrets.unwrap_or(true);
    cx.read(async |tx| {
        let listed = tx.list(All::<Connectors>::of(me.place)).await?;
        let mut page = sql::page(tx, &listed, &cx.shared().vault, &query).await?;
        let owners = Owners::load(tx.sql(), me.place, page.items.iter().map(|row| row.owner)).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in std::mem::take(&mut page.items) {
            let shown = match (expand, query.paging().hydrate) {
                (true, _) => visible_secrets(tx, &cx, me, &row).await?,
                (false, true) => Shown::Plain,
                (false, false) => Shown::Body,
            };
            items.push(row.answer(&owners, shown));
        }
        Ok(list::with_items(&page, items))
    })
    .await
}

async fn get(cx: Cx, id: ConnectorId, query: api::SecretsQuery, (): ()) -> Result<Connector> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find::<Connectors>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        let row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        let shown = if query.expand_secrets.unwrap_or(true) {
            visible_secrets(tx, &cx, me, &row).await?
        } else {
            Shown::Plain
        };
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, shown))
    })
    .await
}

async fn update(cx: Cx, id: ConnectorId, (): (), change: ConnectorUpdate) -> Result<Connector> {
    let me = enter(&cx).await?;
    check_lengths(change.name.as_ref(), change.auth_method.as_ref(), change.resource_id.as_ref())?;
    let expires_at = moment::naive(change.expires_at.as_ref())?;
    cx.tx(async |tx| {
        let found = find::<Connectors>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let vault = &cx.shared().vault;
        let mut row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        let mut secret = sql::secrets(tx, &allowed, vault).await?;
        if sql::uses(tx, id).await? > 0 {
            refuse_change_in_use(&row, &change)?;
        }
        if let Some(name) = &change.name
            && sql::name_is_taken(tx, me.place, name, Some(id)).await?
        {
            return Err(Error::name_taken("service connector", name));
        }
        apply(&mut row, &mut secret, change)?;
        if expires_at.is_some() {
            row.expires_at = expires_at;
        }
        row.updated = now();
        sql::write(tx, &allowed, vault, &row, &secret).await?;
        let shown = visible_secrets(tx, &cx, me, &row).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, shown))
    })
    .await
}

async fn delete(cx: Cx, id: ConnectorId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find::<Connectors>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let uses = sql::uses(tx, id).await?;
        if uses > 0 {
            return Err(Error::forbidden(format!(
                "The service connector cannot be deleted as it is still referenced by {uses} stack components."
            )));
        }
        sql::remove(tx, &allowed).await
    })
    .await
}

/// The connector with its credentials, for those who may use it.
async fn client(cx: Cx, id: ConnectorId, query: api::ClientQuery, (): ()) -> Result<Connector> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find::<Connectors>(tx, me.place, id.uuid()).await?;
        tx.allow::<Read, _>(found.clone()).await?;
        let allowed = tx.allow::<Client, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        if catalog::find(&row.connector_type).is_none() {
            return Err(verify::not_installed(&row.connector_type));
        }
        if let Some(resource_type) = query.resource_type {
            if !row.resource_types.contains(&resource_type) {
                return Err(Error::value(format!(
                    "The service connector has no resource type '{resource_type}'."
                )));
            }
            row.resource_types = vec![resource_type];
        }
        row.resource_id = query.resource_id.or(row.resource_id);
        let secret = sql::secrets(tx, &allowed, &cx.shared().vault).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, Shown::Secrets(secret)))
    })
    .await
}

/// What the caller may see of a configuration: its secrets too, or only the rest.
async fn visible_secrets(tx: &mut Tx, cx: &Cx, me: Me, row: &Stored) -> Result<Shown> {
    let found = Found::<Connectors>::new(me.place, row.id.uuid(), row.name.clone(), row.owner);
    if !tx.permits(Action::ReadSecretValue, &found.target()).await? {
        return Ok(Shown::Plain);
    }
    let allowed = tx.allow::<ReadSecretValue, _>(found).await?;
    tx.note(&allowed, row.id, &row.name);
    Ok(Shown::Secrets(sql::secrets(tx, &allowed, &cx.shared().vault).await?))
}

/// Merges a change into what is stored, with all the traps of the real server.
fn apply(row: &mut Stored, secret: &mut JsonMap, change: ConnectorUpdate) -> Result<()> {
    if let Some(name) = change.name {
        row.name = name;
    }
    if let Some(description) = change.description {
        row.description = description;
    }
    if let Some(labels) = change.labels {
        row.labels = labels;
    }
    if let Some(seconds) = change.expires_skew_tolerance {
        row.expires_skew_tolerance = Some(seconds);
    }
    // Left out means removed.
    row.resource_id = change.resource_id;
    row.expiration_seconds = change.expiration_seconds;
    if let Some(other) = change.connector_type.filter(|kind| kind.name() != row.connector_type) {
        // Changed without any check, which leaves an object that nothing can use.
        other.name().clone_into(&mut row.connector_type);
        return Ok(());
    }
    if let Some(method) = change.auth_method {
        row.auth_method = method;
    }
    let known = catalog::find(&row.connector_type).is_some();
    let resource_types = match change.resource_types {
        Some(types) => types,
        // Left out means all types, but only where the type is known.
        None if known => Vec::new(),
        None => std::mem::take(&mut row.resource_types),
    };
    let configuration = change.configuration.map_or_else(
        || row.plain.iter().chain(secret.iter()).map(|(key, value)| (key.clone(), value.clone())).collect(),
        zenml_api::Sensitive::into_exposed,
    );
    let checked = check::check(Wanted {
        connector_type: row.connector_type.clone(),
        auth_method: row.auth_method.clone(),
        resource_types,
        configuration,
    })?;
    row.resource_types = checked.resource_types;
    row.supports_instances = checked.supports_instances;
    row.plain = checked.plain;
    *secret = checked.secret;
    Ok(())
}

/// While components use a connector, what it is for stays.
fn refuse_change_in_use(row: &Stored, change: &ConnectorUpdate) -> Result<()> {
    let changed = [
        (
            "service type",
            change.connector_type.as_ref().is_some_and(|kind| kind.name() != row.connector_type),
        ),
        ("authentication method", change.auth_method.as_ref().is_some_and(|it| *it != row.auth_method)),
        ("resource type", change.resource_types.as_ref().is_some_and(|it| *it != row.resource_types)),
        ("resource ID", change.resource_id != row.resource_id),
    ];
    match changed.iter().find(|(_, changed)| *changed) {
        None => Ok(()),
        Some((what, _)) => Err(Error::forbidden(format!(
            "The {what} cannot be changed: the service connector is already actively used by stack components."
        ))),
    }
}

fn check_lengths(
    name: Option<&String>,
    auth_method: Option<&String>,
    resource_id: Option<&String>,
) -> Result<()> {
    let mut complaints: Vec<Issue> = Vec::new();
    for (member, text) in [("name", name), ("auth_method", auth_method), ("resource_id", resource_id)] {
        if let Some(text) = text {
            name::at_most(member, text, 255, &mut complaints);
        }
    }
    name::settle(complaints)
}

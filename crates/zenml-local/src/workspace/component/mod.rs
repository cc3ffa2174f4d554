//! Stack components.

pub(crate) mod sql;

use std::collections::BTreeMap;

use zenml_api::workspace::component::{self as api, ALL_TYPES, Component, ComponentCreate, ComponentUpdate};
use zenml_api::workspace::{JsonMap, Page};
use zenml_api::{ComponentId, IdOrName, Identifier, Patch, SecretId, Sensitive};

use super::account::{Me, Owners, enter};
use super::connector::Connectors;
use super::flavor::catalog::BuiltIn;
use super::flavor::{self, Known, check};
use super::list;
use super::name;
use super::noun::{All, Found, Noun, find};
use super::secret;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Create, Delete, Kind, Read, Update};
use crate::store::{Tx, now};
use sql::Stored;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::TYPES, types)
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Components;

impl Noun for Components {
    const KIND: Kind = Kind::StackComponent;
    const WORDS: &'static str = "stack component";
    const FIND: &'static str = "SELECT name, owner_id FROM component WHERE workspace_id = $1 AND id = $2";
}

/// Name of the components, and of the stack, that come with a workspace.
pub(crate) const DEFAULT: &str = "default";

async fn types(cx: Cx, (): (), (): (), (): ()) -> Result<Vec<String>> {
    enter(&cx).await?;
    Ok(ALL_TYPES.iter().map(ToString::to_string).collect())
}

async fn create(cx: Cx, (): (), (): (), new: ComponentCreate) -> Result<Component> {
    let me = enter(&cx).await?;
    check_new(&new)?;
    cx.tx(async |tx| {
        if let Some(connector) = new.connector {
            let found = find::<Connectors>(tx, me.place, connector.uuid()).await?;
            tx.allow::<Read, _>(found).await?;
        }
        let secrets = readable_secrets(tx, me, &new.secrets.unwrap_or_default()).await?;
        let flavor = flavor::known(tx, me.place, &new.kind, &new.flavor).await?.ok_or_else(|| {
            Error::not_found(format!("No flavor with name '{}' and type '{}' exists.", new.flavor, new.kind))
        })?;
        let configuration =
            fitting_configuration(tx, &cx, me, &flavor, new.configuration.into_exposed()).await?;
        name::without_breaks(&new.name)?;
        let allowed = tx.allow::<Create, _>(All::<Components>::of(me.place)).await?;
        if sql::name_is_taken(tx, me.place, &new.kind, &new.name, None).await? {
            return Err(taken(&new.kind, &new.name));
        }
        let moment = now();
        let row = Stored {
            id: ComponentId::random(),
            owner: Some(me.account),
            name: new.name,
            kind: new.kind,
            flavor: new.flavor,
            configuration,
            environment: Some(new.environment.unwrap_or_default()),
            labels: new.labels,
            connector: new.connector,
            connector_resource_id: new.connector_resource_id,
            created: moment.clone(),
            updated: moment,
        };
        sql::insert(tx, &allowed, &cx.shared().vault, &row).await?;
        sql::link_secrets(tx, row.id, &secrets).await?;
        tx.note(&allowed, row.id, &row.name);
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::ComponentQuery, (): ()) -> Result<Page<Component>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let listed = tx.list(All::<Components>::of(me.place)).await?;
        let mut page = sql::page(tx, &listed, &cx.shared().vault, &query).await?;
        let owners = Owners::load(tx.sql(), me.place, page.items.iter().map(|row| row.owner)).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for row in std::mem::take(&mut page.items) {
            let hydrate = query.paging().hydrate;
            items.push(sql::answer(tx, me.place, &cx.shared().vault, &owners, row, hydrate).await?);
        }
        Ok(list::with_items(&page, items))
    })
    .await
}

async fn get(cx: Cx, id: ComponentId, (): (), (): ()) -> Result<Component> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find::<Components>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        let row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn update(cx: Cx, id: ComponentId, (): (), mut change: ComponentUpdate) -> Result<Component> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut complaints);
        name::not_a_secret(name, &mut complaints);
    }
    name::settle(complaints)?;
    let joining = change.add_secrets.take().unwrap_or_default();
    let leaving = change.remove_secrets.take().unwrap_or_default();
    cx.tx(async |tx| {
        let found = find::<Components>(tx, me.place, id.uuid()).await?;
        let linked = sql::connector_of(tx, &found).await?;
        if let Some(connector) = change.connector.filter(|connector| linked != Some(*connector)) {
            let connector = find::<Connectors>(tx, me.place, connector.uuid()).await?;
            tx.allow::<Read, _>(connector).await?;
        }
        let joining = readable_secrets(tx, me, &joining).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        protect(&allowed, &row.kind, "modified")?;
        apply(tx, &cx, me, &mut row, change).await?;
        sql::write(tx, &allowed, &cx.shared().vault, &row).await?;
        sql::link_secrets(tx, id, &joining).await?;
        for one in leaving {
            let secret = secret::find(tx, me, &IdOrName::parse(&one)).await?;
            sql::unlink_secret(tx, &allowed, SecretId::from_uuid(secret.id)).await?;
        }
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn delete(cx: Cx, id: ComponentId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find::<Components>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let row = sql::select(tx, &allowed, &cx.shared().vault).await?;
        protect(&allowed, &row.kind, "deleted")?;
        let stacks = sql::stack_count(tx, id).await?;
        if stacks > 0 {
            return Err(Error::forbidden(format!(
                "The component `{}` cannot be deleted as it is part of {stacks} stacks.",
                row.name
            )));
        }
        sql::remove(tx, &allowed).await
    })
    .await
}

/// Merges a change into what is stored. The connector is dropped unless the change names it.
async fn apply(tx: &mut Tx, cx: &Cx, me: Me, row: &mut Stored, change: ComponentUpdate) -> Result<()> {
    if let Patch::Set(name) = &change.name
        && sql::name_is_taken(tx, me.place, &row.kind, name, Some(row.id)).await?
    {
        return Err(taken(&row.kind, name));
    }
    match change.configuration.map(Sensitive::into_exposed) {
        Patch::Keep => {}
        Patch::Set(given) => {
            row.configuration = match flavor::known(tx, me.place, &row.kind, &row.flavor).await? {
                Some(Known::BuiltIn(flavor)) => {
                    checked_configuration(tx, cx, me, flavor, given, Some(&row.configuration)).await?
                }
                Some(Known::Custom(_)) | None => given,
            };
        }
        Patch::Clear => {
            // A real server stores it, and cannot read the component any more. That is not worth having.
            return Err(Error::invalid(vec![Issue::of_kind(&["configuration"], "dict_type")]));
        }
    }
    row.name = name::not_null("stack_component.name", change.name, std::mem::take(&mut row.name))?;
    change.labels.apply(&mut row.labels);
    change.environment.apply(&mut row.environment);
    // A null reads back as an empty map, unlike null labels.
    row.environment.get_or_insert_default();
    row.connector = change.connector;
    row.connector_resource_id = change.connector_resource_id.filter(|_| change.connector.is_some());
    row.updated = now();
    Ok(())
}

fn check_new(new: &ComponentCreate) -> Result<()> {
    let mut complaints = Vec::new();
    name::at_most("name", &new.name, 255, &mut complaints);
    name::not_a_secret(&new.name, &mut complaints);
    name::component_type(&new.kind, &mut complaints);
    name::at_most("flavor", &new.flavor, 255, &mut complaints);
    name::settle(complaints)
}

/// What a new component of a flavor keeps of a configuration; an error if it does not fit.
pub(crate) async fn fitting_configuration(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    flavor: &Known,
    given: JsonMap,
) -> Result<JsonMap> {
    match flavor {
        Known::BuiltIn(flavor) => checked_configuration(tx, cx, me, flavor, given, None).await,
        Known::Custom(_) => Ok(given),
    }
}

/// Checks a configuration against its flavor, with the secrets that the check has to look at.
async fn checked_configuration(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    flavor: &BuiltIn,
    given: JsonMap,
    stored: Option<&JsonMap>,
) -> Result<JsonMap> {
    let mut resolved = BTreeMap::new();
    for (attribute, reference) in check::references_to_resolve(flavor, &given) {
        let value = secret::resolve(tx, &cx.shared().vault, me, attribute, &reference).await?;
        resolved.insert(attribute, value);
    }
    check::configuration(flavor, given, stored, &resolved)
}

/// Finds secrets by id or name; the caller must be allowed to read them.
pub(crate) async fn readable_secrets(tx: &mut Tx, me: Me, given: &[String]) -> Result<Vec<SecretId>> {
    let mut secrets = Vec::with_capacity(given.len());
    for one in given {
        let found = secret::find(tx, me, &IdOrName::parse(one)).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        secrets.push(SecretId::from_uuid(allowed.id));
    }
    Ok(secrets)
}

/// Refuses changes of the components that come with a workspace.
fn protect<A>(found: &crate::rbac::Allowed<A, Found<Components>>, kind: &str, what: &str) -> Result<()> {
    let protected = ["orchestrator", "artifact_store", "deployer"];
    if found.name == DEFAULT && protected.contains(&kind) {
        return Err(Error::forbidden(format!("The default {kind} cannot be {what}.")));
    }
    Ok(())
}

fn taken(kind: &str, name: &str) -> Error {
    Error::name_taken(format_args!("component of the type '{kind}'"), name)
}

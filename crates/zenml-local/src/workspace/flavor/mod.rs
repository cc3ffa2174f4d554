//! Flavors. Most are built in and belong to the server, so everyone sees them; users can add custom ones.
//!
//! On a real server, everyone can change and delete the built-in ones. Here they are part of the program, and changes
//! are rejected.

pub(crate) mod catalog;
pub(crate) mod check;
mod convert;
mod custom;

#[cfg(test)]
mod check_tests;

use std::borrow::Cow;
use std::mem::take;

use zenml_api::workspace::flavor::{self as api, Flavor, FlavorBody, FlavorMetadata};
use zenml_api::workspace::{ListQuery as _, Look, Owned, Page};
use zenml_api::{FlavorId, Patch, Timestamp};

use super::account::{Owners, enter};
use super::list;
use super::name;
use super::noun::{self, All, Noun as _, Stored, Writes, is_taken};
use crate::crypto::Vault;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Create, Kind, Resource, Target, Tx, Update, WorkspacePlace};
use catalog::BuiltIn;
pub(crate) use custom::Custom;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::SYNC, sync)
}

/// The flavor of a component.
pub(crate) enum Known {
    /// Built in.
    BuiltIn(&'static BuiltIn),
    /// Custom. The configuration of its components is not validated.
    Custom(Box<Flavor>),
}

impl Known {
    /// Returns the object nested in a component.
    pub(crate) fn nested(self) -> Flavor {
        match self {
            Self::BuiltIn(flavor) => nested(flavor),
            Self::Custom(flavor) => Flavor { metadata: None, ..*flavor },
        }
    }

    /// Returns its requirements, including those for a connector.
    pub(crate) fn metadata(&self) -> FlavorMetadata {
        match self {
            Self::BuiltIn(flavor) => metadata(flavor),
            Self::Custom(flavor) => flavor.metadata.clone().unwrap_or_default(),
        }
    }
}

/// Returns the flavor with a type and name, if the workspace has it.
///
/// Requires no permission: a caller who may see a component also sees its flavor.
pub(crate) async fn known_unchecked(
    tx: &mut Tx,
    place: WorkspacePlace,
    vault: &Vault,
    kind: &str,
    name: &str,
) -> Result<Option<Known>> {
    if let Some(flavor) = catalog::find(kind, name) {
        return Ok(Some(Known::BuiltIn(flavor)));
    }
    let Some(row) = custom::named_unchecked(tx, place, vault, kind, name).await? else { return Ok(None) };
    let owners = Owners::load(tx.sql(), place, [row.owner]).await?;
    let flavor = Flavor { resources: None, ..custom::answer(row, &owners, true) };
    Ok(Some(Known::Custom(Box::new(flavor))))
}

/// Whether a flavor is built in.
pub(crate) fn is_built_in(id: FlavorId) -> bool {
    built_in(id).is_some()
}

fn built_in(id: FlavorId) -> Option<&'static BuiltIn> {
    catalog::all().iter().find(|flavor| flavor.id == id)
}

async fn create(cx: Cx, (): (), (): (), new: api::FlavorCreate) -> Result<Flavor> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    name::component_type(&new.kind, &mut issues);
    let limited = [
        ("connector_type", new.connector_type.as_deref()),
        ("connector_resource_type", new.connector_resource_type.as_deref()),
        ("connector_resource_id_attr", new.connector_resource_id_attr.as_deref()),
        ("source", Some(new.source.as_str())),
        ("integration", new.integration.as_deref()),
    ];
    for (member, text) in limited {
        name::at_most(member, text.unwrap_or_default(), 255, &mut issues);
    }
    name::settle(issues)?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Custom>::of(me.place)).await?;
        if name_is_taken(tx, &allowed, &new.kind, &new.name).await? {
            return Err(taken(&new.kind, &new.name));
        }
        let is_custom = new.is_custom.unwrap_or(true);
        let own = Custom {
            kind: new.kind,
            display_name: None,
            integration: Some(new.integration.unwrap_or_default()),
            source: new.source,
            config_schema: new.config_schema,
            connector_type: new.connector_type,
            connector_resource_type: new.connector_resource_type,
            connector_resource_id_attr: new.connector_resource_id_attr,
            logo_url: new.logo_url,
            docs_url: new.docs_url,
            sdk_docs_url: new.sdk_docs_url,
            is_custom,
        };
        let row = Stored::new(&allowed, is_custom.then_some(me.account), new.name, own);
        noun::created(tx, &cx, &allowed, row).await
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::FlavorQuery, (): ()) -> Result<Page<Flavor>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let listed = tx.list(All::<Custom>::of(me.place)).await?;
        let custom = noun::select_all(tx, &listed, &cx.shared().vault).await?;
        let owners = Owners::load(tx.sql(), me.place, custom.iter().map(|row| row.owner)).await?;
        let custom = custom.into_iter().map(|row| Item::Custom(&owners, Box::new(row)));
        let rows = catalog::all().iter().map(Item::BuiltIn).chain(custom).collect();
        let page = list::page(rows, query.paging(), &query.filters())?;
        let hydrate = query.paging().hydrate;
        Ok(list::map(page, |item| match item {
            Item::BuiltIn(flavor) => Flavor {
                resources: Some(Owned::default()),
                metadata: hydrate.then(|| metadata(flavor)),
                ..nested(flavor)
            },
            Item::Custom(owners, row) => custom::answer(*row, owners, hydrate),
        }))
    })
    .await
}

async fn get(cx: Cx, id: FlavorId, look: Look, (): ()) -> Result<Flavor> {
    let Some(flavor) = built_in(id) else { return noun::get::<Custom, _, _>(cx, id, look, ()).await };
    enter(&cx).await?;
    let (resources, hydrate) = (Some(Owned::default()), look.hydrate.unwrap_or(true));
    Ok(Flavor { resources, metadata: hydrate.then(|| metadata(flavor)), ..nested(flavor) })
}

async fn update(cx: Cx, id: FlavorId, (): (), change: api::FlavorUpdate) -> Result<Flavor> {
    let me = enter(&cx).await?;
    check_change(&change)?;
    refuse_built_in(id, "modified")?;
    cx.tx(async |tx| {
        let (allowed, row) = noun::changeable::<Custom>(tx, &cx, me, id).await?;
        let (kind, name) = (row.own.kind.clone(), row.name.clone());
        let row = changed(row, change)?;
        if (&row.own.kind, &row.name) != (&kind, &name)
            && name_is_taken(tx, &allowed, &row.own.kind, &row.name).await?
        {
            return Err(taken(&row.own.kind, &row.name));
        }
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

async fn delete(cx: Cx, id: FlavorId, (): (), (): ()) -> Result<()> {
    enter(&cx).await?;
    refuse_built_in(id, "deleted")?;
    noun::delete::<Custom, _>(cx, id, (), ()).await
}

/// Does nothing more than to ask for the permission: the built-in flavors are always those of the program.
async fn sync(cx: Cx, (): (), (): (), (): ()) -> Result<()> {
    let place = enter(&cx).await?.place;
    let all = Target::in_workspace(place, Resource::all(Kind::Flavor));
    cx.tx(async |tx| tx.allow::<Update, _>(all).await.map(drop)).await
}

fn refuse_built_in(id: FlavorId, what: &str) -> Result<()> {
    match built_in(id) {
        Some(flavor) => Err(Error::forbidden(format!(
            "The flavor `{}` of type `{}` is built into this local platform and cannot be {what}.",
            flavor.name, flavor.kind
        ))),
        None => Ok(()),
    }
}

fn taken(kind: &str, name: &str) -> Error {
    Error::name_taken(format_args!("flavor of the type '{kind}'"), name)
}

async fn name_is_taken<A: Act>(
    tx: &mut Tx,
    writer: &Allowed<A, impl Writes<Custom>>,
    kind: &str,
    name: &str,
) -> Result<bool> {
    Ok(catalog::find(kind, name).is_some() || is_taken(tx, writer, &[("type", kind), ("name", name)]).await?)
}

fn check_change(change: &api::FlavorUpdate) -> Result<()> {
    let mut issues = Vec::new();
    for (member, text) in [
        ("name", &change.name),
        ("display_name", &change.display_name),
        ("connector_type", &change.connector_type),
        ("connector_resource_type", &change.connector_resource_type),
        ("connector_resource_id_attr", &change.connector_resource_id_attr),
        ("source", &change.source),
        ("integration", &change.integration),
    ] {
        if let Patch::Set(text) = text {
            name::at_most(member, text, 255, &mut issues);
        }
    }
    if let Patch::Set(kind) = &change.kind {
        name::component_type(kind, &mut issues);
    }
    name::settle(issues)
}

fn changed(mut row: Stored<Custom>, change: api::FlavorUpdate) -> Result<Stored<Custom>> {
    row.name = name::not_null("flavor.name", change.name, row.name)?;
    let own = &mut row.own;
    own.kind = name::not_null("flavor.type", change.kind, take(&mut own.kind))?;
    own.source = name::not_null("flavor.source", change.source, take(&mut own.source))?;
    match change.config_schema {
        Patch::Keep => {}
        Patch::Set(schema) => own.config_schema = schema,
        Patch::Clear => {
            return Err(Error::invalid(vec![Issue::of_kind(&["config_schema"], "dict_type")]));
        }
    }
    change.display_name.apply(&mut own.display_name);
    change.integration.apply(&mut own.integration);
    change.connector_type.apply(&mut own.connector_type);
    change.connector_resource_type.apply(&mut own.connector_resource_type);
    change.connector_resource_id_attr.apply(&mut own.connector_resource_id_attr);
    change.logo_url.apply(&mut own.logo_url);
    change.docs_url.apply(&mut own.docs_url);
    change.sdk_docs_url.apply(&mut own.sdk_docs_url);
    own.is_custom = name::not_null("flavor.is_custom", change.is_custom, own.is_custom)?;
    Ok(row)
}

/// A built-in flavor as a nested object.
fn nested(flavor: &BuiltIn) -> Flavor {
    Flavor {
        id: flavor.id,
        name: flavor.name.clone(),
        permission_denied: false,
        body: Some(FlavorBody {
            created: Timestamp::new(&flavor.created),
            updated: Timestamp::new(&flavor.created),
            user_id: None,
            kind: flavor.kind.clone(),
            display_name: Some(flavor.display_name.clone()),
            integration: Some(flavor.integration.clone()),
            source: flavor.source.clone(),
            logo_url: None,
            is_custom: false,
        }),
        metadata: None,
        resources: None,
    }
}

fn metadata(flavor: &BuiltIn) -> FlavorMetadata {
    FlavorMetadata {
        config_schema: flavor.schema(),
        connector_type: flavor.connector_type.clone(),
        connector_resource_type: flavor.connector_resource_type.clone(),
        connector_resource_id_attr: flavor.connector_resource_id_attr.clone(),
        docs_url: None,
        sdk_docs_url: None,
    }
}

/// A row of a list.
enum Item<'a> {
    BuiltIn(&'static BuiltIn),
    Custom(&'a Owners, Box<Stored<Custom>>),
}

impl list::Fields for Item<'_> {
    const SORTABLE: &'static [&'static str] = Custom::SORTABLE;
}

impl list::Listed for Item<'_> {
    fn field(&self, name: &str) -> Vec<Cow<'_, str>> {
        match self {
            Self::BuiltIn(flavor) => match name {
                "id" => vec![flavor.id.to_string().into()],
                "name" => vec![flavor.name.as_str().into()],
                "type" => vec![flavor.kind.as_str().into()],
                "integration" => vec![flavor.integration.as_str().into()],
                "display_name" => vec![flavor.display_name.as_str().into()],
                "created" | "updated" => vec![flavor.created.as_str().into()],
                _ => Vec::new(),
            },
            Self::Custom(owners, row) => match name {
                "id" => vec![row.id().to_string().into()],
                "name" => vec![row.name.as_str().into()],
                "type" => vec![row.own.kind.as_str().into()],
                "integration" => row.own.integration.as_deref().map(Cow::from).into_iter().collect(),
                // A derived name is not stored, so filters do not find it.
                "display_name" => row.own.display_name.as_deref().map(Cow::from).into_iter().collect(),
                "user" => owners.filter_values(row.owner).into_iter().map(Cow::from).collect(),
                "created" => vec![row.created.as_str().into()],
                "updated" => vec![row.updated.as_str().into()],
                _ => Vec::new(),
            },
        }
    }
}

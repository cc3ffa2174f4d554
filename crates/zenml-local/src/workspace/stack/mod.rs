//! Stacks.

mod neither;
mod parts;
pub(crate) mod sql;

use std::collections::BTreeMap;

use zenml_api::workspace::Page;
use zenml_api::workspace::component::{ALL_TYPES, REPEATABLE_TYPES};
use zenml_api::workspace::stack::{self as api, Slots, Stack, StackCreate, StackUpdate};
use zenml_api::{ComponentId, IdOrName, Identifier, Patch, SecretId, StackId};

use super::account::{Me, Owners, enter};
use super::component::{Components, DEFAULT, readable_secrets};
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
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Stacks;

impl Noun for Stacks {
    const KIND: Kind = Kind::Stack;
    const WORDS: &'static str = "stack";
    const FIND: &'static str = "SELECT name, owner_id FROM stack WHERE workspace_id = $1 AND id = $2";
}

async fn create(cx: Cx, (): (), (): (), new: StackCreate) -> Result<Stack> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    name::at_most("name", &new.name, 255, &mut complaints);
    name::at_most("description", &new.description, 255, &mut complaints);
    parts::complain(&new.components, &new.service_connectors, &mut complaints);
    complain_about_slots(&new.components, &mut complaints);
    parts::complain_about_indexes(&new.components, &new.service_connectors, &mut complaints);
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let parts = parts::permitted(tx, me, new.components, new.service_connectors).await?;
        let secrets = readable_secrets(tx, me, &new.secrets.unwrap_or_default()).await?;
        let allowed = tx.allow::<Create, _>(All::<Stacks>::of(me.place)).await?;
        name::without_breaks(&new.name)?;
        let labels = new.labels.unwrap_or_default();
        let named = parts::Of { name: &new.name, labels: &labels };
        let components = parts::complete(tx, &cx, me, named, parts).await?;
        parts::refuse_repeated(&components)?;
        if sql::name_is_taken(tx, me.place, &new.name, None).await? {
            return Err(Error::name_taken("stack", &new.name));
        }
        let moment = now();
        let row = Stored {
            id: StackId::random(),
            owner: Some(me.account),
            name: new.name,
            description: Some(new.description),
            stack_spec_path: new.stack_spec_path,
            environment: Some(new.environment.unwrap_or_default()),
            labels: Some(labels),
            created: moment.clone(),
            updated: moment,
        };
        sql::insert(tx, &allowed, &row).await?;
        sql::set_components(tx, row.id, &components).await?;
        sql::link_secrets(tx, row.id, &secrets).await?;
        tx.note(&allowed, row.id, &row.name);
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::StackQuery, (): ()) -> Result<Page<Stack>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let listed = tx.list(All::<Stacks>::of(me.place)).await?;
        let mut page = sql::page(tx, &listed, &query).await?;
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

async fn get(cx: Cx, id: StackId, (): (), (): ()) -> Result<Stack> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find::<Stacks>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        let row = sql::select(tx, &allowed).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn update(cx: Cx, id: StackId, (): (), change: StackUpdate) -> Result<Stack> {
    let me = enter(&cx).await?;
    check_change(&change)?;
    cx.tx(async |tx| {
        let found = find::<Stacks>(tx, me.place, id.uuid()).await?;
        let present = sql::component_ids(tx, &found).await?;
        let components = match &change.components {
            Some(slots) => Some(readable_components(tx, me, slots, &present).await?),
            None => None,
        };
        let joining = readable_secrets(tx, me, &change.add_secrets.unwrap_or_default()).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        protect(&allowed.name, "modified")?;
        let mut row = sql::select(tx, &allowed).await?;
        if let Patch::Set(name) = &change.name
            && sql::name_is_taken(tx, me.place, name, Some(id)).await?
        {
            return Err(Error::name_taken("stack", name));
        }
        row.name = name::not_null("stack.name", change.name, row.name)?;
        change.description.apply(&mut row.description);
        change.stack_spec_path.apply(&mut row.stack_spec_path);
        change.labels.apply(&mut row.labels);
        change.environment.apply(&mut row.environment);
        // A null reads back as an empty map, unlike null labels.
        row.environment.get_or_insert_default();
        row.updated = now();
        sql::write(tx, &allowed, &row).await?;
        if let Some(components) = components {
            sql::set_components(tx, id, &components).await?;
        }
        sql::link_secrets(tx, id, &joining).await?;
        for leaving in change.remove_secrets.unwrap_or_default() {
            let leaving = secret::find(tx, me, &IdOrName::parse(&leaving)).await?;
            sql::unlink_secret(tx, &allowed, SecretId::from_uuid(leaving.id)).await?;
        }
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        sql::answer(tx, me.place, &cx.shared().vault, &owners, row, true).await
    })
    .await
}

async fn delete(cx: Cx, id: StackId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find::<Stacks>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        protect(&allowed.name, "deleted")?;
        sql::remove(tx, &allowed).await
    })
    .await
}

/// Finds the components of a changed stack. The caller must be allowed to read those that are not in it yet. A component's
/// real type is not compared with the slot that it is given in: the real server does not either.
async fn readable_components(
    tx: &mut Tx,
    me: Me,
    slots: &Slots,
    present: &[ComponentId],
) -> Result<Vec<ComponentId>> {
    let mut components = Vec::new();
    for id in slots.values().flatten() {
        let found: Found<Components> = find(tx, me.place, id.uuid()).await?;
        if !present.contains(id) {
            tx.allow::<Read, _>(found).await?;
        }
        components.push(*id);
    }
    parts::refuse_repeated(&components)?;
    Ok(components)
}

fn check_change(change: &StackUpdate) -> Result<()> {
    let mut complaints = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut complaints);
    }
    if let Patch::Set(description) = &change.description {
        name::at_most("description", description, 255, &mut complaints);
    }
    if let Some(slots) = &change.components {
        complain_about_slots(slots, &mut complaints);
    }
    name::settle(complaints)
}

/// A stack has an orchestrator, an artifact store and at most one component of most types.
fn complain_about_slots<T>(slots: &BTreeMap<String, Vec<T>>, complaints: &mut Vec<Issue>) {
    for kind in slots.keys().filter(|kind| !ALL_TYPES.contains(&kind.as_str())) {
        complaints.push(Issue::not_one_of(&["body", "components", kind, "[key]"], &ALL_TYPES));
    }
    if !complaints.is_empty() {
        return;
    }
    let mut complain = |message: String| {
        complaints.push(Issue::new(&["body", "components"], "value_error", message));
    };
    let has = |kind: &str| slots.get(kind).is_some_and(|ids| !ids.is_empty());
    if !has("orchestrator") || !has("artifact_store") {
        complain("A stack needs an orchestrator and an artifact store among its components".to_owned());
    } else if let Some((kind, _)) =
        slots.iter().find(|(kind, ids)| ids.len() > 1 && !REPEATABLE_TYPES.contains(&kind.as_str()))
    {
        complain(format!("A stack can have only one of the components of the type '{kind}'"));
    }
}

/// Refuses changes of the stack that comes with a workspace; a stack is recognized by its name.
fn protect(name: &str, what: &str) -> Result<()> {
    if name == DEFAULT {
        return Err(Error::forbidden(format!("The default stack cannot be {what}.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_needs_an_orchestrator_and_an_artifact_store_and_most_types_once() {
        let id = ComponentId::random;
        for (slots, kinds) in [
            (vec![("orchestrator", vec![id()]), ("artifact_store", vec![id()])], vec![]),
            (
                vec![
                    ("orchestrator", vec![id()]),
                    ("artifact_store", vec![id()]),
                    ("alerter", vec![id(), id()]),
                ],
                vec![],
            ),
            (vec![], vec!["value_error"]),
            (vec![("orchestrator", vec![id()])], vec!["value_error"]),
            (vec![("orchestrator", vec![]), ("artifact_store", vec![id()])], vec!["value_error"]),
            (vec![("orchestrator", vec![id(), id()]), ("artifact_store", vec![id()])], vec!["value_error"]),
            (
                vec![("boat", vec![id()]), ("orchestrator", vec![id()]), ("artifact_store", vec![id()])],
                vec!["enum"],
            ),
        ] {
            let slots: Slots = slots.into_iter().map(|(kind, ids)| (kind.to_owned(), ids)).collect();
            let mut complaints = Vec::new();
            complain_about_slots(&slots, &mut complaints);
            let found: Vec<_> = complaints.iter().map(|complaint| complaint.kind).collect();
            assert_eq!(found, kinds, "{slots:?}");
        }
    }
}

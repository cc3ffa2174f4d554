//! Stacks.

mod object;
mod part_issue;
mod parts;

use std::collections::BTreeMap;

use zenml_api::workspace::component::{ALL_TYPES, REPEATABLE_TYPES};
use zenml_api::workspace::stack::{self as api, Slots, StackCreate, StackUpdate};
use zenml_api::{ComponentId, IdOrName, Patch, StackId};

use super::account::{Me, enter};
use super::component::{Component, readable_secrets};
use super::linked_secrets;
use super::name;
use super::noun::{self, All, Stored, is_taken, locate};
use super::secret;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Create, Read, Tx, Update};
pub(crate) use object::{Stack, set_components};
use object::{locate_components, protect};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Stack>)
        .serve(&api::GET, noun::get::<Stack, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Stack, _>)
}

async fn create(cx: Cx, (): (), (): (), new: StackCreate) -> Result<api::Stack> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    name::at_most("description", &new.description, 255, &mut issues);
    parts::check(&new.components, &new.service_connectors, &mut issues);
    check_slots(&new.components, &mut issues);
    parts::check_indexes(&new.components, &new.service_connectors, &mut issues);
    name::settle(issues)?;
    cx.tx(async |tx| {
        let parts = parts::permitted(tx, me, new.components, new.service_connectors).await?;
        let secrets = readable_secrets(tx, me, &new.secrets.unwrap_or_default()).await?;
        let allowed = tx.allow::<Create, _>(All::<Stack>::of(me.place)).await?;
        name::without_breaks(&new.name)?;
        let labels = new.labels.unwrap_or_default();
        let named = parts::Of { name: &new.name, labels: &labels };
        let vault = &cx.shared().vault;
        let components = parts::complete(tx, &cx, me, named, parts).await?;
        parts::refuse_repeated(&components)?;
        if is_taken(tx, &allowed, &[("name", &new.name)]).await? {
            return Err(Error::name_taken("stack", &new.name));
        }
        let own = Stack {
            description: Some(new.description),
            stack_spec_path: new.stack_spec_path,
            environment: Some(new.environment.unwrap_or_default()),
            labels: Some(labels),
        };
        let row = Stored::new(&allowed, Some(me.account), new.name, own);
        let made = noun::insert(tx, &allowed, vault, &row).await?;
        set_components(tx, &made, &components).await?;
        linked_secrets::link(tx, &made, &secrets).await?;
        noun::answer(tx, &cx, me.place, row).await
    })
    .await
}

async fn update(cx: Cx, id: StackId, (): (), change: StackUpdate) -> Result<api::Stack> {
    let me = enter(&cx).await?;
    check_change(&change)?;
    cx.tx(async |tx| {
        let found = locate::<Stack>(tx, me.place, &id.into()).await?;
        let present = locate_components(tx, &found).await?;
        let components = match &change.components {
            Some(slots) => Some(readable_components(tx, me, slots, &present).await?),
            None => None,
        };
        let joining = readable_secrets(tx, me, &change.add_secrets.unwrap_or_default()).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        protect(&allowed.name, "modified")?;
        let vault = &cx.shared().vault;
        let mut row = noun::select(tx, &allowed, vault).await?;
        if let Patch::Set(name) = &change.name
            && is_taken(tx, &allowed, &[("name", name)]).await?
        {
            return Err(Error::name_taken("stack", name));
        }
        row.name = name::not_null("stack.name", change.name, row.name)?;
        change.description.apply(&mut row.own.description);
        change.stack_spec_path.apply(&mut row.own.stack_spec_path);
        change.labels.apply(&mut row.own.labels);
        change.environment.apply(&mut row.own.environment);
        // A null is returned as an empty map, unlike null labels.
        row.own.environment.get_or_insert_default();
        noun::write(tx, &allowed, vault, &mut row).await?;
        if let Some(components) = components {
            set_components(tx, &allowed, &components).await?;
        }
        linked_secrets::link(tx, &allowed, &joining).await?;
        for leaving in change.remove_secrets.unwrap_or_default() {
            let leaving = secret::locate(tx, me, &IdOrName::parse(&leaving)).await?;
            linked_secrets::unlink(tx, &allowed, leaving.key()).await?;
        }
        noun::answer(tx, &cx, me.place, row).await
    })
    .await
}

/// Finds the components of a changed stack. The caller must be allowed to read those that are not in it yet. A
/// component's real type is not compared with its slot, as on a real server.
async fn readable_components(
    tx: &mut Tx,
    me: Me,
    slots: &Slots,
    present: &[ComponentId],
) -> Result<Vec<ComponentId>> {
    let mut components = Vec::new();
    for id in slots.values().flatten() {
        let found = locate::<Component>(tx, me.place, &(*id).into()).await?;
        if !present.contains(id) {
            tx.allow::<Read, _>(found).await?;
        }
        components.push(*id);
    }
    parts::refuse_repeated(&components)?;
    Ok(components)
}

fn check_change(change: &StackUpdate) -> Result<()> {
    let mut issues = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut issues);
    }
    if let Patch::Set(description) = &change.description {
        name::at_most("description", description, 255, &mut issues);
    }
    if let Some(slots) = &change.components {
        check_slots(slots, &mut issues);
    }
    name::settle(issues)
}

/// A stack has an orchestrator, an artifact store and at most one component of most types.
fn check_slots<T>(slots: &BTreeMap<String, Vec<T>>, issues: &mut Vec<Issue>) {
    for kind in slots.keys().filter(|kind| !ALL_TYPES.contains(&kind.as_str())) {
        issues.push(Issue::not_one_of(&["body", "components", kind, "[key]"], &ALL_TYPES));
    }
    if !issues.is_empty() {
        return;
    }
    let mut add = |message: String| {
        issues.push(Issue::new(&["body", "components"], "value_error", message));
    };
    let has = |kind: &str| slots.get(kind).is_some_and(|ids| !ids.is_empty());
    if !has("orchestrator") || !has("artifact_store") {
        add("A stack requires an orchestrator and an artifact store".to_owned());
    } else if let Some((kind, _)) =
        slots.iter().find(|(kind, ids)| ids.len() > 1 && !REPEATABLE_TYPES.contains(&kind.as_str()))
    {
        add(format!("A stack can have only one component of the type '{kind}'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_requires_an_orchestrator_and_an_artifact_store_and_allows_most_types_once() {
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
            let mut issues = Vec::new();
            check_slots(&slots, &mut issues);
            let found: Vec<_> = issues.iter().map(|issue| issue.kind).collect();
            assert_eq!(found, kinds, "{slots:?}");
        }
    }
}

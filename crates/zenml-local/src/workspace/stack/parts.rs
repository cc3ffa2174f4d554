//! The parts of a new stack: existing components and connectors, and those created with it.
//!
//! They are created in the same transaction as the stack, so that nothing is left if the stack is rejected.

use std::collections::BTreeSet;

use zenml_api::workspace::stack::{NewComponent, NewConnector, NewSlots, Part};
use zenml_api::workspace::{Environment, JsonMap};
use zenml_api::{ComponentId, ConnectorId};

use super::part_issue;
use crate::error::{Error, Issue, Result};
use crate::http::Cx;
use crate::rbac::{Allowed, Create, Read, Tx};
use crate::workspace::account::Me;
use crate::workspace::component::{self, Component};
use crate::workspace::connector::Connector;
use crate::workspace::connector::of_stack::{self, Linkable};
use crate::workspace::noun::{self, All, Found, Noun, Stored, locate};
use crate::workspace::{flavor, name};

/// The parts of a requested stack that the caller may use and create.
pub(super) struct Permitted {
    connectors: Vec<Wanted<Found<Connector>, Connector, NewConnector>>,
    /// Each with the type of its slot.
    components: Vec<(String, PermittedComponent)>,
}

type PermittedComponent = Wanted<Allowed<Read, Found<Component>>, Component, NewComponent>;

/// One part: existing or to be created.
enum Wanted<There, N, New> {
    There(There),
    New(New, Allowed<Create, All<N>>),
}

/// Finds the existing parts, and asks for all required permissions.
pub(super) async fn permitted(
    tx: &mut Tx,
    me: Me,
    slots: NewSlots,
    connectors: Vec<Part<ConnectorId, NewConnector>>,
) -> Result<Permitted> {
    let mut parts = Permitted { connectors: Vec::new(), components: Vec::new() };
    for part in connectors {
        parts.connectors.push(wanted(tx, me, part).await?);
    }
    let mut located = Vec::new();
    for (kind, slot) in slots {
        for part in slot {
            located.push((kind.clone(), wanted(tx, me, part).await?));
        }
    }
    for (kind, part) in located {
        let part = match part {
            Wanted::There(found) => Wanted::There(tx.allow(found).await?),
            Wanted::New(new, allowed) => Wanted::New(new, allowed),
        };
        parts.components.push((kind, part));
    }
    Ok(parts)
}

async fn wanted<N: Noun, New>(
    tx: &mut Tx,
    me: Me,
    part: Part<N::Id, New>,
) -> Result<Wanted<Found<N>, N, New>> {
    Ok(match part {
        Part::There(id) => Wanted::There(locate::<N>(tx, me.place, &id.into()).await?),
        // Each has its own permission, and so its own row in the audit trail.
        Part::New(new) => Wanted::New(new, tx.allow::<Create, _>(All::<N>::of(me.place)).await?),
        Part::Neither(_) => return Err(Error::internal("a stack", "its parts were not validated")),
    })
}

/// A stack whose parts are created.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    /// Its name, which its parts also get.
    pub(super) name: &'a str,
    /// Its labels, which its parts also get.
    pub(super) labels: &'a JsonMap,
}

/// Creates the missing parts, and returns the components of the stack.
pub(super) async fn complete(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    stack: Of<'_>,
    parts: Permitted,
) -> Result<Vec<ComponentId>> {
    let lasting = needs_lasting_tokens(tx, &parts).await?;
    let mut connectors = Vec::new();
    for part in parts.connectors {
        connectors.push(match part {
            Wanted::There(found) => of_stack::existing(tx, cx, found, lasting).await?,
            Wanted::New(new, allowed) => {
                of_stack::made(tx, cx, me, &allowed, (stack.name, stack.labels), new, lasting).await?
            }
        });
    }
    let mut components = Vec::new();
    for (kind, part) in parts.components {
        components.push(match part {
            Wanted::There(found) => found.key(),
            Wanted::New(new, allowed) => made(tx, cx, me, &allowed, stack, &kind, new, &connectors).await?,
        });
    }
    Ok(components)
}

/// Whether runs of the orchestrator outlive expiring tokens: they do on machines that are started for a run.
async fn needs_lasting_tokens(tx: &mut Tx, parts: &Permitted) -> Result<bool> {
    let mut last = parts.components.iter().rev().filter(|(kind, _)| kind == "orchestrator");
    let Some((_, orchestrator)) = last.next() else { return Ok(false) };
    let flavor = match orchestrator {
        Wanted::There(found) => component::flavor_name(tx, found).await?,
        Wanted::New(new, _) => new.flavor.clone(),
    };
    Ok(flavor.starts_with("vm_"))
}

#[expect(clippy::too_many_arguments, reason = "each is a separate input of a new component")]
async fn made(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    allowed: &Allowed<Create, All<Component>>,
    stack: Of<'_>,
    kind: &str,
    new: NewComponent,
    connectors: &[Linkable],
) -> Result<ComponentId> {
    let flavor =
        flavor::known_unchecked(tx, me.place, &cx.shared().vault, kind, &new.flavor).await?.ok_or_else(
            || Error::value(format!("Flavor '{}' of the type '{kind}' was not found.", new.flavor)),
        )?;
    let mut issues = Vec::new();
    component::not_a_secret(stack.name, &mut issues);
    if !issues.is_empty() {
        for issue in &mut issues {
            issue.place = vec!["name".to_owned()];
        }
        return Err(Error::invalid(issues));
    }
    let given = new.configuration.into_exposed();
    let configuration = component::fitting_configuration(tx, cx, me, &flavor, given.clone()).await?;
    let index = new.service_connector_index.and_then(|index| usize::try_from(index).ok());
    let connector = index.and_then(|index| connectors.get(index));
    let connector_resource_id = match connector {
        Some(connector) => {
            connector.resource(&new.flavor, &flavor.metadata(), new.service_connector_resource_id, &given)?
        }
        None => None,
    };
    let mut free = stack.name.to_owned();
    while component::name_is_taken(tx, allowed, kind, &free).await? {
        free = name::with_addition(stack.name);
    }
    let own = Component {
        kind: kind.to_owned(),
        flavor: new.flavor,
        configuration,
        environment: Some(Environment::new()),
        labels: Some(stack.labels.clone()),
        connector: connector.map(|connector| connector.id),
        connector_resource_id,
    };
    let row = Stored::new(allowed, Some(me.account), free, own);
    noun::insert(tx, allowed, &cx.shared().vault, &row).await?;
    Ok(row.id())
}

/// Rejects a component that is in a stack twice, as the real server's database does.
pub(super) fn refuse_repeated(components: &[ComponentId]) -> Result<()> {
    let mut seen = BTreeSet::new();
    if components.iter().all(|id| seen.insert(*id)) {
        return Ok(());
    }
    Err(Error::runtime("A stack can contain a component only once."))
}

/// Adds issues for parts that are neither ids nor descriptions of new objects.
pub(super) fn check(
    slots: &NewSlots,
    connectors: &[Part<ConnectorId, NewConnector>],
    issues: &mut Vec<Issue>,
) {
    for (kind, slot) in slots {
        for (position, part) in slot.iter().enumerate() {
            if let Part::Neither(given) = part {
                let place = ["body", "components", kind, &position.to_string()];
                part_issue::component(&place, given.expose(), issues);
            }
        }
    }
    for (position, part) in connectors.iter().enumerate() {
        if let Part::Neither(given) = part {
            let place = ["body", "service_connectors", &position.to_string()];
            part_issue::connector(&place, given.expose(), issues);
        }
    }
}

/// Adds an issue for a component with a connector index that the request does not have.
pub(super) fn check_indexes(
    slots: &NewSlots,
    connectors: &[Part<ConnectorId, NewConnector>],
    issues: &mut Vec<Issue>,
) {
    if !issues.is_empty() {
        return;
    }
    let indexes = slots.values().flatten().filter_map(|part| match part {
        Part::New(new) => new.service_connector_index,
        _ => None,
    });
    let wrong = |index: &i64| usize::try_from(*index).map_or(true, |index| index >= connectors.len());
    if let Some(index) = indexes.into_iter().find(wrong) {
        let message = format!("This request does not have a service connector with the index {index}");
        issues.push(Issue::new(&["body"], "value_error", message));
    }
}

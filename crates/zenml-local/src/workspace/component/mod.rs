//! Stack components.

mod object;

use std::collections::BTreeMap;

use zenml_api::workspace::JsonMap;
use zenml_api::workspace::component::{self as api, ALL_TYPES, ComponentCreate, ComponentUpdate};
use zenml_api::{ComponentId, IdOrName, Patch, SecretId, Sensitive};

use super::account::{Me, enter};
use super::connector::Connector;
use super::flavor::catalog::BuiltIn;
use super::flavor::{self, Known, check};
use super::linked_secrets;
use super::name;
use super::noun::{self, All, Found, Stored, Writes, is_taken, locate};
use super::secret;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Create, Read, Tx, Update};
pub(crate) use object::{Component, DEFAULT, flavor_name, nested};
use object::{locate_connector, protect};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::TYPES, types)
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Component>)
        .serve(&api::GET, noun::get::<Component, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Component, _>)
}

async fn types(cx: Cx, (): (), (): (), (): ()) -> Result<Vec<String>> {
    enter(&cx).await?;
    Ok(ALL_TYPES.iter().map(ToString::to_string).collect())
}

async fn create(cx: Cx, (): (), (): (), new: ComponentCreate) -> Result<api::Component> {
    let me = enter(&cx).await?;
    check_new(&new)?;
    cx.tx(async |tx| {
        if let Some(connector) = new.connector {
            let found = locate::<Connector>(tx, me.place, &connector.into()).await?;
            tx.allow::<Read, _>(found).await?;
        }
        let secrets = readable_secrets(tx, me, &new.secrets.unwrap_or_default()).await?;
        let flavor = flavor::known_unchecked(tx, me.place, &cx.shared().vault, &new.kind, &new.flavor)
            .await?
            .ok_or_else(|| {
                Error::not_found(format!(
                    "No flavor with name '{}' and type '{}' exists.",
                    new.flavor, new.kind
                ))
            })?;
        let configuration =
            fitting_configuration(tx, &cx, me, &flavor, new.configuration.into_exposed()).await?;
        name::without_breaks(&new.name)?;
        let allowed = tx.allow::<Create, _>(All::<Component>::of(me.place)).await?;
        if name_is_taken(tx, &allowed, &new.kind, &new.name).await? {
            return Err(taken(&new.kind, &new.name));
        }
        let own = Component {
            kind: new.kind,
            flavor: new.flavor,
            configuration,
            environment: Some(new.environment.unwrap_or_default()),
            labels: new.labels,
            connector: new.connector,
            connector_resource_id: new.connector_resource_id,
        };
        let row = Stored::new(&allowed, Some(me.account), new.name, own);
        let made = noun::insert(tx, &allowed, &cx.shared().vault, &row).await?;
        linked_secrets::link(tx, &made, &secrets).await?;
        noun::answer(tx, &cx, me.place, row).await
    })
    .await
}

async fn update(cx: Cx, id: ComponentId, (): (), mut change: ComponentUpdate) -> Result<api::Component> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::at_most("name", name, 255, &mut issues);
        not_a_secret(name, &mut issues);
    }
    name::settle(issues)?;
    let joining = change.add_secrets.take().unwrap_or_default();
    let leaving = change.remove_secrets.take().unwrap_or_default();
    cx.tx(async |tx| {
        let found = locate::<Component>(tx, me.place, &id.into()).await?;
        let linked = locate_connector(tx, &found).await?;
        if let Some(connector) = change.connector.filter(|connector| linked != Some(*connector)) {
            let connector = locate::<Connector>(tx, me.place, &connector.into()).await?;
            tx.allow::<Read, _>(connector).await?;
        }
        let joining = readable_secrets(tx, me, &joining).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let vault = &cx.shared().vault;
        let mut row = noun::select(tx, &allowed, vault).await?;
        protect(&row, "modified")?;
        apply(tx, &cx, me, &allowed, &mut row, change).await?;
        noun::write(tx, &allowed, vault, &mut row).await?;
        linked_secrets::link(tx, &allowed, &joining).await?;
        for one in leaving {
            let secret = secret::locate(tx, me, &IdOrName::parse(&one)).await?;
            linked_secrets::unlink(tx, &allowed, secret.key()).await?;
        }
        noun::answer(tx, &cx, me.place, row).await
    })
    .await
}

/// Merges a change into what is stored. The connector is removed unless the change contains it.
async fn apply(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    allowed: &Allowed<Update, Found<Component>>,
    row: &mut Stored<Component>,
    change: ComponentUpdate,
) -> Result<()> {
    if let Patch::Set(name) = &change.name
        && name_is_taken(tx, allowed, &row.own.kind, name).await?
    {
        return Err(taken(&row.own.kind, name));
    }
    match change.configuration.map(Sensitive::into_exposed) {
        Patch::Keep => {}
        Patch::Set(given) => {
            row.own.configuration = match flavor::known_unchecked(
                tx,
                me.place,
                &cx.shared().vault,
                &row.own.kind,
                &row.own.flavor,
            )
            .await?
            {
                Some(Known::BuiltIn(flavor)) => {
                    checked_configuration(tx, cx, me, flavor, given, Some(&row.own.configuration)).await?
                }
                Some(Known::Custom(_)) | None => given,
            };
        }
        Patch::Clear => {
            // A real server stores it and can then no longer read the component. The platform deliberately differs
            // here.
            return Err(Error::invalid(vec![Issue::of_kind(&["configuration"], "dict_type")]));
        }
    }
    row.name = name::not_null("stack_component.name", change.name, std::mem::take(&mut row.name))?;
    change.labels.apply(&mut row.own.labels);
    change.environment.apply(&mut row.own.environment);
    // A null is returned as an empty map, unlike null labels.
    row.own.environment.get_or_insert_default();
    row.own.connector = change.connector;
    row.own.connector_resource_id = change.connector_resource_id.filter(|_| change.connector.is_some());
    Ok(())
}

fn check_new(new: &ComponentCreate) -> Result<()> {
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    not_a_secret(&new.name, &mut issues);
    name::component_type(&new.kind, &mut issues);
    name::at_most("flavor", &new.flavor, 255, &mut issues);
    name::settle(issues)
}

/// Adds an issue for a component name that looks like a secret reference.
pub(crate) fn not_a_secret(name: &str, issues: &mut Vec<Issue>) {
    if check::SecretReference::parse(name).is_some() {
        let message = "The `name` of a component cannot be a secret reference";
        issues.push(Issue::new(&["body", "name"], "value_error", message));
    }
}

/// Returns the configuration that a new component of a flavor stores; an error if it is invalid.
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

/// Validates a configuration against its flavor, with the secrets that the validation needs.
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
        let value = secret::resolve_unchecked(tx, &cx.shared().vault, me, attribute, &reference).await?;
        resolved.insert(attribute, value);
    }
    check::configuration(flavor, given, stored, &resolved)
}

/// Finds secrets by id or name; the caller must be allowed to read them.
pub(crate) async fn readable_secrets(tx: &mut Tx, me: Me, given: &[String]) -> Result<Vec<SecretId>> {
    let mut secrets = Vec::with_capacity(given.len());
    for one in given {
        let found = secret::locate(tx, me, &IdOrName::parse(one)).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        secrets.push(allowed.key());
    }
    Ok(secrets)
}

/// Names are unique among the components of a type.
pub(crate) async fn name_is_taken<A: Act>(
    tx: &mut Tx,
    writer: &Allowed<A, impl Writes<Component>>,
    kind: &str,
    name: &str,
) -> Result<bool> {
    is_taken(tx, writer, &[("type", kind), ("name", name)]).await
}

fn taken(kind: &str, name: &str) -> Error {
    Error::name_taken(format_args!("component of the type '{kind}'"), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_cannot_be_named_like_a_secret_reference() {
        for (name, count) in [("{{a.b}}", 1), ("a.b", 0)] {
            let mut issues = Vec::new();
            not_a_secret(name, &mut issues);
            assert_eq!(issues.len(), count, "{name}");
        }
    }
}

//! Creating and changing connectors.

use zenml_api::workspace::JsonMap;
use zenml_api::workspace::connector::{ConnectorCreate, ConnectorUpdate};

use super::check::{self, Wanted};
use super::{catalog, object::Connector};
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::rbac::{Allowed, Create, Tx};
use crate::workspace::account::Me;
use crate::workspace::noun::{All, Stored, insert_with_secret};

/// Creates a connector with a free name, and returns it with its secrets.
pub(super) async fn make(
    tx: &mut Tx,
    cx: &Cx,
    me: Me,
    allowed: &Allowed<Create, All<Connector>>,
    new: ConnectorCreate,
    expires_at: Option<String>,
) -> Result<(Stored<Connector>, JsonMap)> {
    let checked = check::check(Wanted {
        connector_type: new.connector_type.name().to_owned(),
        auth_method: new.auth_method.clone(),
        resource_types: new.resource_types,
        configuration: new.configuration.into_exposed(),
    })?;
    let own = Connector {
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
    };
    let row = Stored::new(allowed, Some(me.account), new.name, own);
    insert_with_secret(tx, allowed, &cx.shared().vault, &row, &checked.secret).await?;
    Ok((row, checked.secret))
}

/// Merges a change into the stored connector, with all pitfalls of the real server.
pub(super) fn apply(
    row: &mut Stored<Connector>,
    secret: &mut JsonMap,
    change: ConnectorUpdate,
) -> Result<()> {
    if let Some(name) = change.name {
        row.name = name;
    }
    let own = &mut row.own;
    if let Some(description) = change.description {
        own.description = description;
    }
    if let Some(labels) = change.labels {
        own.labels = labels;
    }
    if let Some(seconds) = change.expires_skew_tolerance {
        own.expires_skew_tolerance = Some(seconds);
    }
    // Omitted means removed.
    own.resource_id = change.resource_id;
    own.expiration_seconds = change.expiration_seconds;
    if let Some(other) = change.connector_type.filter(|kind| kind.name() != own.connector_type) {
        // Changed without validation, which leaves an object that nothing can use.
        other.name().clone_into(&mut own.connector_type);
        return Ok(());
    }
    if let Some(method) = change.auth_method {
        own.auth_method = method;
    }
    let known = catalog::find(&own.connector_type).is_some();
    let resource_types = match change.resource_types {
        Some(types) => types,
        // Omitted means all types, but only if the type is known.
        None if known => Vec::new(),
        None => std::mem::take(&mut own.resource_types),
    };
    let configuration = change.configuration.map_or_else(
        || own.plain.iter().chain(secret.iter()).map(|(key, value)| (key.clone(), value.clone())).collect(),
        zenml_api::Sensitive::into_exposed,
    );
    let checked = check::check(Wanted {
        connector_type: own.connector_type.clone(),
        auth_method: own.auth_method.clone(),
        resource_types,
        configuration,
    })?;
    own.resource_types = checked.resource_types;
    own.supports_instances = checked.supports_instances;
    own.plain = checked.plain;
    *secret = checked.secret;
    Ok(())
}

/// While components use a connector, its purpose cannot change.
pub(super) fn refuse_in_use(row: &Connector, change: &ConnectorUpdate) -> Result<()> {
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

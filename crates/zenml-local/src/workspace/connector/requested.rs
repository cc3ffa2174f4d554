//! Which resource of a connector a caller requests credentials for, with the refusals of a real server (0.98.0).

use zenml_api::workspace::connector::ClientQuery;

use super::object::Connector;
use crate::error::{Error, Result};

/// The registry of a `docker` connector whose configuration names none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Narrows a connector to the requested resource.
pub(super) fn narrow(connector: &mut Connector, query: ClientQuery) -> Result<()> {
    if let Some(resource_type) = query.resource_type {
        if !connector.resource_types.contains(&resource_type) {
            return Err(Error::value(format!(
                "The service connector gives access to '{}', not to the requested resource type '{resource_type}'.",
                connector.resource_types.join("', '")
            )));
        }
        connector.resource_types = vec![resource_type];
    }
    let Some(requested) = query.resource_id else { return Ok(()) };
    if connector.resource_types.len() > 1 {
        return Err(Error::value(
            "The service connector has several resource types, so a resource name requires a resource type.",
        ));
    }
    if let Some(only) = only_resource(connector).filter(|only| *only != requested) {
        let message = format!(
            "The service connector gives access to the resource '{only}' only, not to '{requested}'."
        );
        // A type that knows its only resource without asking a cloud refuses another one itself.
        return Err(if connector.connector_type == "docker" {
            Error::unauthorized(message)
        } else {
            Error::value(message)
        });
    }
    connector.resource_id = Some(requested);
    Ok(())
}

/// Returns the resource of a connector that has only one.
fn only_resource(connector: &Connector) -> Option<String> {
    if connector.connector_type == "docker" {
        let registry = connector.plain.get("registry").and_then(|value| value.as_str());
        return Some(registry.unwrap_or(DEFAULT_REGISTRY).to_owned());
    }
    connector.resource_id.clone()
}

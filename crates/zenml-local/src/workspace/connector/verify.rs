//! Verifying connectors, which this platform cannot do: it returns an error that says so.

use zenml_api::ConnectorId;
use zenml_api::workspace::connector::{
    self as api, ConnectorCreate, Verification, VerifiedResources, VerifyQuery,
};

use super::catalog;
use super::check::{self, Wanted};
use super::object::Connector;
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::rbac::{Create, Read};
use crate::workspace::account::enter;
use crate::workspace::noun::{All, locate, select};

pub(super) async fn existing(cx: Cx, id: ConnectorId, query: VerifyQuery, (): ()) -> Result<Verification> {
    let me = enter(&cx).await?;
    let row = cx
        .read(async |tx| {
            let found = locate::<Connector>(tx, me.place, &id.into()).await?;
            let allowed = tx.allow::<Read, _>(found).await?;
            select(tx, &allowed, &cx.shared().vault).await
        })
        .await?;
    let resource_id = row.own.resource_id.clone();
    let subject =
        Subject { id: Some(id), name: row.name, connector_type: row.own.connector_type, resource_id };
    verification(subject, row.own.resource_types, query)
}

/// Validates a configuration without storing it.
pub(super) async fn new(cx: Cx, (): (), query: VerifyQuery, new: ConnectorCreate) -> Result<Verification> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Connector>::of(me.place)).await?;
        tx.detail(&allowed, "verification only; nothing was stored");
        Ok(())
    })
    .await?;
    let connector_type = new.connector_type.name().to_owned();
    let checked = check::check(Wanted {
        connector_type: connector_type.clone(),
        auth_method: new.auth_method,
        resource_types: new.resource_types,
        configuration: new.configuration.into_exposed(),
    })?;
    let subject = Subject { id: None, name: new.name, connector_type, resource_id: new.resource_id };
    verification(subject, checked.resource_types, query)
}

/// 501: a server cannot use a type without its packages.
pub(super) fn not_installed(connector_type: &str) -> Error {
    Error::not_implemented(format!("The service connector type '{connector_type}' is not installed."))
}

/// Why a connector gives no access here.
fn untried(connector_type: &str) -> String {
    format!(
        "This local platform cannot verify connectors of type '{connector_type}', because it does not connect to any \
         cloud. The configuration of the connector is valid, but its credentials were not tried."
    )
}

/// Returns the resource of a connector, and what it gives access to: nothing, with the reason.
pub(super) fn unverified(
    connector: api::Connector,
    only: Option<&str>,
) -> Option<(Option<String>, Verification)> {
    let body = connector.body?;
    let error = untried(body.connector_type.name());
    let types = body.resource_types.into_iter().filter(|kind| only.is_none_or(|only| kind == only));
    let resources = types.map(|resource_type| VerifiedResources {
        resource_type,
        resource_ids: None,
        error: Some(error.clone()),
    });
    let found = Verification {
        id: Some(connector.id),
        name: Some(connector.name),
        connector_type: body.connector_type,
        resources: resources.collect(),
        error: None,
    };
    Some((body.resource_id, found))
}

struct Subject {
    id: Option<ConnectorId>,
    name: String,
    connector_type: String,
    resource_id: Option<String>,
}

fn verification(subject: Subject, types: Vec<String>, query: VerifyQuery) -> Result<Verification> {
    if catalog::find(&subject.connector_type).is_none() {
        return Err(not_installed(&subject.connector_type));
    }
    let resource_id = query.resource_id.or(subject.resource_id);
    if resource_id.is_some() && query.resource_type.is_none() && types.len() > 1 {
        return Err(Error::value(
            "The connector has several resource types, so a resource id requires a resource type.",
        ));
    }
    let error = untried(&subject.connector_type);
    let types = query.resource_type.map_or(types, |only| vec![only]);
    Ok(Verification {
        id: subject.id,
        name: Some(subject.name),
        connector_type: catalog::describe(&subject.connector_type),
        resources: types
            .into_iter()
            .map(|resource_type| VerifiedResources {
                resource_type,
                resource_ids: None,
                error: Some(error.clone()),
            })
            .collect(),
        error: Some(error),
    })
}

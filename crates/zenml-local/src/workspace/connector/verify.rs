//! Verifying connectors. This platform does not connect to a cloud, so it returns an error that says so, except for
//! Docker registries, whose credentials a server does not try either.

use zenml_api::ConnectorId;
use zenml_api::workspace::JsonMap;
use zenml_api::workspace::connector::{
    self as api, ConnectorCreate, Verification, VerifiedResources, VerifyQuery,
};

use super::check::{self, Wanted};
use super::object::Connector;
use super::{catalog, registry};
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
    let subject = Subject {
        id: Some(id),
        name: Some(row.name),
        connector_type: row.own.connector_type,
        resource_id: row.own.resource_id,
        plain: row.own.plain,
    };
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
    // Without a type in the request, a server does not even use the only type of the connector.
    if new.resource_id.is_some() && new.resource_types.is_empty() {
        return Err(ambiguous());
    }
    let connector_type = new.connector_type.name().to_owned();
    let checked = check::check(Wanted {
        connector_type: connector_type.clone(),
        auth_method: new.auth_method,
        resource_types: new.resource_types,
        configuration: new.configuration.into_exposed(),
    })?;
    let (resource_id, plain) = (new.resource_id, checked.plain);
    // Until a connector is stored, it has no name either.
    let subject = Subject { id: None, name: None, connector_type, resource_id, plain };
    verification(subject, checked.resource_types, query)
}

/// 501: a server cannot use a type without its packages.
pub(super) fn not_installed(connector_type: &str) -> Error {
    Error::not_implemented(format!("The service connector type '{connector_type}' is not installed."))
}

/// 400 for a resource without its type.
fn ambiguous() -> Error {
    Error::value("The connector has several resource types, so a resource id requires a resource type.")
}

/// Why a connector gives no access here.
fn untried(connector_type: &str) -> String {
    format!(
        "This local platform cannot verify connectors of type '{connector_type}', because it does not connect to any \
         cloud. The configuration of the connector is valid, but its credentials were not tried."
    )
}

/// Returns the resource of a connector, and what it gives access to; `None` if the list of a server omits it.
pub(super) fn listed(
    connector: api::Connector,
    only: Option<&str>,
) -> Option<(Option<String>, Verification)> {
    let body = connector.body?;
    let connector_type = body.connector_type.name().to_owned();
    let error = match catalog::find(&connector_type) {
        Some(_) => {
            // A server reads the connectors of this list without their secrets, and omits those that require one.
            let configuration = connector.metadata?.configuration.into_exposed();
            let resource_types = body.resource_types.clone();
            let auth_method = body.auth_method;
            check::check(Wanted { connector_type, auth_method, resource_types, configuration }).ok()?;
            Some(untried(body.connector_type.name()))
        }
        None => body
            .resource_id
            .is_none()
            .then(|| format!("The connector type '{connector_type}' is not available.")),
    };
    let resource_ids = body.resource_id.clone().filter(|_| error.is_none()).map(|id| vec![id]);
    let types = body.resource_types.into_iter().filter(|kind| only.is_none_or(|only| kind == only));
    let resources = types.map(|resource_type| VerifiedResources {
        resource_type,
        resource_ids: resource_ids.clone(),
        error: error.clone(),
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
    name: Option<String>,
    connector_type: String,
    resource_id: Option<String>,
    /// Its configuration without secrets.
    plain: JsonMap,
}

fn verification(subject: Subject, types: Vec<String>, query: VerifyQuery) -> Result<Verification> {
    if catalog::find(&subject.connector_type).is_none() {
        return Err(not_installed(&subject.connector_type));
    }
    let resource_id = query.resource_id.or(subject.resource_id);
    if resource_id.is_some() && query.resource_type.is_none() && types.len() > 1 {
        return Err(ambiguous());
    }
    let tried = match subject.connector_type.as_str() {
        registry::TYPE => registry::verify(&subject.plain, resource_id.filter(|_| subject.id.is_some())),
        other => Err(untried(other)),
    };
    let error = tried.as_ref().err().cloned();
    let resource_ids = tried.ok().map(|id| vec![id]);
    let types = query.resource_type.map_or(types, |only| vec![only]);
    Ok(Verification {
        id: subject.id,
        name: subject.name,
        connector_type: catalog::describe(&subject.connector_type),
        resources: types
            .into_iter()
            .map(|resource_type| VerifiedResources {
                resource_type,
                resource_ids: resource_ids.clone(),
                error: error.clone(),
            })
            .collect(),
        error,
    })
}

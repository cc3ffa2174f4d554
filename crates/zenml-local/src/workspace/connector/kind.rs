//! The routes for connector types, open to everyone with access to the workspace.

use zenml_api::workspace::connector_type::{self as api, ConnectorTypeQuery, TypeDescription};

use super::catalog::{self, Known};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::workspace::account::enter;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::LIST, list).serve(&api::GET, get)
}

async fn list(cx: Cx, (): (), query: ConnectorTypeQuery, (): ()) -> Result<Vec<TypeDescription>> {
    enter(&cx).await?;
    Ok(catalog::all().iter().filter(|known| fits(known, &query)).map(Known::description).collect())
}

async fn get(cx: Cx, connector_type: String, (): (), (): ()) -> Result<TypeDescription> {
    enter(&cx).await?;
    catalog::find(&connector_type).map(Known::description).ok_or_else(|| unavailable(&connector_type))
}

fn fits(known: &Known, query: &ConnectorTypeQuery) -> bool {
    let kinds: Vec<&str> = known.resource_types.iter().map(|kind| kind.resource_type.as_str()).collect();
    let methods: Vec<&str> = known.auth_methods.iter().map(|method| method.key.as_str()).collect();
    [
        (&query.connector_type, vec![known.connector_type.as_str()]),
        (&query.resource_type, kinds),
        (&query.auth_method, methods),
    ]
    .iter()
    .all(|(wanted, there)| wanted.as_deref().is_none_or(|wanted| there.contains(&wanted)))
}

fn unavailable(connector_type: &str) -> Error {
    Error::not_found(format!("Service connector type '{connector_type}' was not found."))
}

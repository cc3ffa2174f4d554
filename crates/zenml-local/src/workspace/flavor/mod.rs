//! Flavors. They are built in and belong to the server, so everyone sees them.

pub(crate) mod catalog;
pub(crate) mod check;
mod convert;

#[cfg(test)]
mod check_tests;

use std::borrow::Cow;

use zenml_api::workspace::flavor::{self as api, Flavor, FlavorBody, FlavorMetadata};
use zenml_api::workspace::{Owned, Page};
use zenml_api::{FlavorId, Timestamp};

use super::account::enter;
use super::list;
use super::refusal::Refusal;
use crate::error::Result;
use crate::http::{Cx, Routes};
use catalog::BuiltIn;

/// When the built-in flavors were made: they come with the program.
const BUILT: &str = "2026-01-01T00:00:00.000000";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&api::LIST, list).serve(&api::GET, get)
}

async fn list(cx: Cx, (): (), query: api::FlavorQuery, (): ()) -> Result<Page<Flavor>> {
    enter(&cx).await?;
    list::check_paging(query.paging(), "GET /api/v1/flavors")?;
    let page = list::page(catalog::all().iter().collect(), query.paging(), &query.filters())?;
    Ok(list::map(page, |flavor: &BuiltIn| Flavor {
        resources: Some(Owned::default()),
        metadata: query.paging().hydrate.then(|| metadata(flavor)),
        ..nested(flavor)
    }))
}

async fn get(cx: Cx, id: FlavorId, (): (), (): ()) -> Result<Flavor> {
    enter(&cx).await?;
    let flavor = catalog::all()
        .iter()
        .find(|flavor| flavor.id == id)
        .ok_or_else(|| Refusal::unknown_id("flavor", &id))?;
    Ok(Flavor { resources: Some(Owned::default()), metadata: Some(metadata(flavor)), ..nested(flavor) })
}

/// A flavor as a nested object.
pub(crate) fn nested(flavor: &BuiltIn) -> Flavor {
    Flavor {
        id: flavor.id,
        name: flavor.name.clone(),
        permission_denied: false,
        body: Some(FlavorBody {
            created: Timestamp::new(BUILT),
            updated: Timestamp::new(BUILT),
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

impl list::Listed for &BuiltIn {
    const FILTER: &'static str = "FlavorFilter";
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "type", "integration", "display_name"];

    fn field(&self, name: &str) -> Vec<Cow<'_, str>> {
        match name {
            "id" => vec![self.id.to_string().into()],
            "name" => vec![self.name.as_str().into()],
            "type" => vec![self.kind.as_str().into()],
            "integration" => vec![self.integration.as_str().into()],
            "display_name" => vec![self.display_name.as_str().into()],
            "created" | "updated" => vec![BUILT.into()],
            _ => Vec::new(),
        }
    }
}

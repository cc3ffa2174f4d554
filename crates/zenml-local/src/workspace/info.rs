//! Public information about a workspace.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::Row as _;
use zenml_api::workspace::info::{self as api, Info, Statistics};
use zenml_api::{Identifier, OrganizationId};

use super::account::enter;
use super::component::Component;
use super::noun::{All, count};
use super::project::Project;
use super::stack::Stack;
use crate::engine::DEFAULT_VERSION;
use crate::error::Result;
use crate::http::{Cx, Routes};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .open(&api::INFO, info)
        .open(&api::VERSION, version)
        .serve(&api::STATISTICS, statistics)
        .beside_workspaces()
}

async fn version(_: Cx, (): (), (): (), (): ()) -> Result<String> {
    Ok(DEFAULT_VERSION.to_owned())
}

/// Counts what the caller may see.
async fn statistics(cx: Cx, (): (), (): (), (): ()) -> Result<Statistics> {
    let place = enter(&cx).await?.place;
    cx.read(async |tx| {
        let stacks = tx.list(All::<Stack>::of(place)).await?;
        let components = tx.list(All::<Component>::of(place)).await?;
        let projects = tx.list(All::<Project>::of(place)).await?;
        Ok(Statistics {
            stacks: count(tx, &stacks).await?,
            components: count(tx, &components).await?,
            projects: count(tx, &projects).await?,
        })
    })
    .await
}

async fn info(cx: Cx, (): (), (): (), (): ()) -> Result<Info> {
    let (place, id) = (cx.workspace()?, cx.workspace_id()?);
    let organization = OrganizationId::from_uuid(place.organization);
    let (name, organization_name): (String, String) = cx
        .read(async |tx| {
            let row = sqlx::query(
                "SELECT w.name, o.name FROM workspace w JOIN organization o ON o.id = w.organization_id \
                 WHERE w.id = $1",
            )
            .bind(id.to_string())
            .fetch_one(tx.sql())
            .await?;
            Ok((row.try_get(0)?, row.try_get(1)?))
        })
        .await?;
    let control_plane = cx.shared().base_url.clone();
    Ok(Info {
        id: id.to_string(),
        name: name.clone(),
        version: DEFAULT_VERSION.to_owned(),
        active: true,
        debug: false,
        deployment_type: "cloud".to_owned(),
        database_type: "sqlite".to_owned(),
        secrets_store_type: "sql".to_owned(),
        auth_scheme: "EXTERNAL".to_owned(),
        server_url: format!("{control_plane}/w/{id}"),
        dashboard_url: format!("{control_plane}/workspaces/{name}"),
        analytics_enabled: false,
        metadata: BTreeMap::from([
            ("organization_id".to_owned(), json!(organization)),
            ("workspace_id".to_owned(), json!(id)),
        ]),
        last_user_activity: None,
        pro_dashboard_url: Some(control_plane.clone()),
        pro_api_url: Some(control_plane),
        pro_organization_id: Some(organization),
        pro_organization_name: Some(organization_name),
        pro_workspace_id: Some(id),
        pro_workspace_name: Some(name),
    })
}

//! Public information about a workspace.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::Row as _;
use zenml_api::workspace::info::{self as api, Event, EventQuery, EventSource, Info, Load, Statistics};
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
        .serve(&api::LOAD, load)
        .serve(&api::ONBOARDING, onboarding)
        .open(&api::SUPPORTED_EVENTS, supported_events)
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

/// The platform serves all workspaces with the same threads, and SQLite has no pool.
async fn load(cx: Cx, (): (), (): (), (): ()) -> Result<Load> {
    enter(&cx).await?;
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    Ok(Load { threads, db_connections_total: 0, db_connections_active: 0, db_connections_overflow: 0 })
}

/// The steps of a new user, derived from what exists. A server remembers them.
async fn onboarding(cx: Cx, (): (), (): (), (): ()) -> Result<Vec<String>> {
    const STEPS: &str = "\
        SELECT 'project_created' FROM project WHERE workspace_id = $1 \
        UNION SELECT 'stack_with_remote_' || c.type || '_created' \
        FROM stack_component p JOIN component c ON c.id = p.component_id \
        WHERE c.workspace_id = $1 AND (c.type = 'orchestrator' AND c.flavor NOT IN ('local', 'local_docker') \
        OR c.type = 'artifact_store' AND c.flavor <> 'local') ORDER BY 1";
    let workspace = enter(&cx).await?.place.workspace.to_string();
    cx.read(async |tx| Ok(sqlx::query_scalar(STEPS).bind(&workspace).fetch_all(tx.sql()).await?)).await
}

async fn supported_events(_: Cx, (): (), query: EventQuery, (): ()) -> Result<Vec<Event>> {
    let (prefix, run) = match query.source_type {
        EventSource::Pipeline => ("run_", "A run of the pipeline"),
        EventSource::PipelineSnapshot => ("run_", "A run of the snapshot"),
        EventSource::PipelineRun => ("", "The run"),
    };
    let event = |value: &str, what: &str| Event {
        value: format!("{prefix}{value}"),
        description: format!("{run} {what}."),
    };
    Ok(vec![event("completed", "completed"), event("failed", "failed")])
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
        // As on every server of ZenML Pro: the name of the workspace is in `pro_workspace_name`.
        name: "default".to_owned(),
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

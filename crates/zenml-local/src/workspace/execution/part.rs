//! Parts of pipelines, runs and what they create, and requests about several of them at once.
//!
//! There are no such objects, so a request about a part of one finds nothing, and a request about all of them has
//! nothing to do.

use serde_json::Value;
use zenml_api::workspace::execution::part::{
    self as api, DeliveryQuery, LogsQuery, Part, PruneQuery, PrunedSnapshots, Reference, RunGroup,
    RunStatistics, RunStatisticsRequest, SnapshotPrune, SoftQuery, TokenQuery,
};
use zenml_api::workspace::execution::{
    ArtifactVersion, ModelVersion, ModelVersionQuery, Noun, Step, StepQuery,
};
use zenml_api::workspace::{JsonMap, ListQuery as _, Look, Page};
use zenml_api::{IdOrName, Identifier as _, ObjectId, PathParams};

use super::create::{no_pipelines, permitted};
use super::empty::{empty, nothing};
use super::form;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Kind, Prune, Resource, Target};
use crate::workspace::account::enter;
use crate::workspace::noun::locate;
use crate::workspace::project::Project;

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = parts(routes, api::PARTS, |id| *id);
    let routes = parts(routes, api::LINKS, |(id, _)| *id);
    let references = [api::LINK_ARTIFACT, api::LINK_RUN, api::CURATE, api::TAG, api::UNTAG];
    let routes = references.into_iter().fold(routes, |routes, reference| {
        routes.serve(&reference.endpoint, move |cx, (), (), body| refer(cx, reference, body))
    });
    routes
        .serve(&api::STEPS, steps)
        .serve(&api::VERSIONS, |cx, _: String, query: ModelVersionQuery, ()| {
            empty::<ModelVersion>(cx, (), query, ())
        })
        .serve(&api::DELETE_SCHEDULE, |cx, id, _: SoftQuery, ()| missing(cx, "schedule", id))
        .serve(&api::LOG, |cx, id, _: Look, ()| missing(cx, "log", id))
        .serve(&api::VISUALIZATION, |cx, id, _: Look, ()| missing(cx, "curated visualization", id))
        .serve(&api::RUN_LOGS, |cx, id, query, ()| logs(cx, "pipeline run", id, query))
        .serve(&api::STEP_LOGS, |cx, id, query, ()| logs(cx, "step run", id, query))
        .open(&api::DATA, download)
        .open(&api::CODE, download)
        .serve(&api::WEBHOOK_EVENT, |cx, id, _: DeliveryQuery, ()| missing(cx, "webhook", id))
        .serve(&api::PRUNE_ARTIFACTS, prune_artifacts)
        .serve(&api::PRUNE_SNAPSHOTS, prune_snapshots)
        .serve(&api::RUN_STATISTICS, run_statistics)
        .serve(&api::TAG_MANY, async |cx, (), (), tags| tag_many(cx, tags).await.map(|()| Vec::new()))
        .serve(&api::UNTAG_MANY, async |cx, (), (), tags| tag_many(cx, tags).await)
        .serve(&api::CREATE_ARTIFACT_VERSIONS, create_artifact_versions)
        .serve(&api::CREATE_LOGS, create_logs)
        .serve(&api::CREATE_RUN_METADATA, create_run_metadata)
        .serve(&api::RESOURCE_REQUESTS, resource_requests)
}

fn parts<P>(routes: Routes, parts: &'static [Part<P>], id: fn(&P) -> ObjectId) -> Routes
where
    P: PathParams + Send + 'static,
{
    parts.iter().fold(routes, |routes, part| {
        routes.serve(&part.endpoint, move |cx, path: P, (), body| of_nothing(cx, part, id(&path), body))
    })
}

async fn of_nothing<P>(cx: Cx, part: &'static Part<P>, id: ObjectId, body: Value) -> Result<Value> {
    form::check(part.body, &body)?;
    missing(cx, part.words, id).await
}

/// 404 for an object that does not exist, like every object here.
pub(super) async fn missing<T>(cx: Cx, words: &'static str, id: ObjectId) -> Result<T> {
    enter(&cx).await?;
    Err(Error::no_object(words, id))
}

async fn refer(cx: Cx, reference: Reference, body: Value) -> Result<Value> {
    form::check(reference.body, &body)?;
    enter(&cx).await?;
    Err(no_target(&reference, &body))
}

/// The object that a body refers to does not exist.
fn no_target(reference: &Reference, body: &Value) -> Error {
    let text = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let words = reference.words.map_or_else(|| text("resource_type").replace('_', " "), str::to_owned);
    Error::no_object(&words, text(reference.member))
}

async fn tag_many(cx: Cx, tags: Vec<Value>) -> Result<()> {
    form::check_each(api::TAGGED, &tags)?;
    enter(&cx).await?;
    tags.first().map_or(Ok(()), |first| Err(no_target(&api::TAG, first)))
}

async fn steps(cx: Cx, id: ObjectId, query: StepQuery, (): ()) -> Result<Page<Value>> {
    enter(&cx).await?;
    let first = zenml_api::workspace::Paging { page: None, ..query.paging() };
    nothing::<Step>(first, query.paging(), &query.filters())?;
    Err(Error::no_object("pipeline run", id))
}

async fn logs(cx: Cx, words: &'static str, id: ObjectId, query: LogsQuery) -> Result<Value> {
    enter(&cx).await?;
    if query.source.is_none() && query.logs_id.is_none() {
        return Err(Error::value("Either 'source' or 'logs_id' is required."));
    }
    Err(Error::no_object(words, id))
}

/// No token for a download is ever issued, because there is nothing to download.
async fn download(_: Cx, _: ObjectId, _: TokenQuery, (): ()) -> Result<Value> {
    Err(Error::credentials("The token of the download is not valid."))
}

/// A real server fails here: it loses the project before it looks for artifacts.
async fn prune_artifacts(cx: Cx, (): (), query: PruneQuery, (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let project = locate::<Project>(tx, me.place, &IdOrName::parse(&query.project_name_or_id)).await?;
        let all = Resource { kind: Kind::ArtifactVersion, project: Some(project.id), id: None };
        tx.allow::<Prune, _>(Target::in_workspace(me.place, all)).await.map(drop)
    })
    .await
}

/// A real server does not check that the project exists.
async fn prune_snapshots(cx: Cx, (): (), (): (), prune: SnapshotPrune) -> Result<PrunedSnapshots> {
    form::check_moment("older_than", prune.older_than.as_str())?;
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let project = Some(prune.project.uuid());
        let all = Resource { kind: Kind::PipelineSnapshot, project, id: None };
        tx.allow::<Prune, _>(Target::in_workspace(me.place, all)).await?;
        Ok(PrunedSnapshots { snapshot_count: 0, task_id: None })
    })
    .await
}

/// All runs are one group, also if there are none.
async fn run_statistics(cx: Cx, (): (), (): (), request: RunStatisticsRequest) -> Result<RunStatistics> {
    let me = enter(&cx).await?;
    let missing = || Error::value("Statistics of runs require a project in 'filter'.");
    let project = request.filter.get("project").and_then(Value::as_str).ok_or_else(missing)?;
    cx.read(async |tx| locate::<Project>(tx, me.place, &IdOrName::parse(project)).await).await?;
    let group = RunGroup { group_keys: JsonMap::new(), metrics: JsonMap::new(), run_count: 0 };
    Ok(RunStatistics { groups: vec![group], truncated: false })
}

async fn create_artifact_versions(cx: Cx, (): (), (): (), new: Vec<Value>) -> Result<Vec<Value>> {
    form::check_each(ArtifactVersion::NEW, &new)?;
    let me = enter(&cx).await?;
    match new.first() {
        Some(first) => permitted(&cx, me, ArtifactVersion::RESOURCE, first, || Err(no_pipelines())).await,
        None => Ok(Vec::new()),
    }
}

async fn create_logs(cx: Cx, (): (), (): (), new: Value) -> Result<Value> {
    form::check(api::LOGS, &new)?;
    enter(&cx).await?;
    Err(no_pipelines())
}

/// Without resources, there is nothing to record.
async fn create_run_metadata(cx: Cx, (): (), (): (), new: Value) -> Result<Value> {
    form::check(api::RUN_METADATA, &new)?;
    let me = enter(&cx).await?;
    let is_empty = new["resources"].as_array().is_some_and(Vec::is_empty);
    let answer = || if is_empty { Ok(Value::Null) } else { Err(no_pipelines()) };
    permitted(&cx, me, "run_metadata", &new, answer).await
}

/// 501, as on a server without resource pools.
async fn resource_requests(cx: Cx, (): (), (): (), (): ()) -> Result<Page<Value>> {
    enter(&cx).await?;
    Err(Error::not_implemented("An embedded workspace has no resource pools."))
}

//! Pipelines, their runs, and what runs create and use: an embedded workspace has none of these objects.
//!
//! Lists are empty, but validate their requests like a server, so that clients work. Nothing can be created.

use serde_json::Value;
use zenml_api::workspace::execution::{self as api, Fold, Noun};
use zenml_api::workspace::{ListQuery as _, Look, Page};
use zenml_api::{IdOrName, ObjectId};

use super::account::enter;
use super::list;
use super::noun::locate;
use super::project::Project;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};

/// Why nothing can be created.
const NO_PIPELINES: &str = "An embedded workspace does not run pipelines, so it has no runs, models or artifacts. \
                            Pipelines run on a workspace of `zenml-local serve --engine zenml`.";

pub(crate) fn routes(routes: Routes) -> Routes {
    let recorded =
        [api::CREATE_LOGS, api::CREATE_RUN_METADATA, api::TAG, api::TAG_MANY, api::CREATE_ARTIFACT_VERSIONS];
    let routes = recorded.iter().fold(routes, |routes, endpoint| routes.serve(endpoint, create));
    api::fold(routes).serve(&api::RESOURCE_REQUESTS, resource_requests)
}

impl Fold for Routes {
    fn noun<N: Noun>(self) -> Self {
        let mut routes = self.serve(&N::LIST, list::<N>);
        if let Some(endpoint) = N::GET {
            routes = routes.serve(&endpoint, |cx, id, _: Look, ()| missing(cx, N::WORDS, id));
        }
        if let Some(endpoint) = N::CREATE {
            routes = routes.serve(&endpoint, create);
        }
        if let Some(endpoint) = N::UPDATE {
            routes = routes.serve(&endpoint, |cx, id, (), ()| missing(cx, N::WORDS, id));
        }
        if let Some(endpoint) = N::DELETE {
            routes = routes.serve(&endpoint, |cx, id, (), ()| missing(cx, N::WORDS, id));
        }
        routes
    }
}

/// Older versions of some lists have the project in this parameter. It takes precedence.
const PROJECT: [&str; 2] = ["project_name_or_id", "project"];

async fn list<N: Noun>(cx: Cx, (): (), query: N::Query, (): ()) -> Result<Page<Value>> {
    let me = enter(&cx).await?;
    let paging = query.paging();
    list::check_paging(paging)?;
    let (projects, filters): (Vec<_>, Vec<_>) =
        query.filters().into_iter().partition(|(name, _)| PROJECT.contains(name));
    let first = zenml_api::workspace::Paging { page: None, ..paging };
    // Filters are validated before the project, and the page after it.
    list::nothing::<Value>(N::SORTABLE, first, &filters)?;
    if !projects.is_empty() {
        let missing = || Error::value(format!("A list of {}s requires a project.", N::WORDS));
        let named = |name| projects.iter().find(|(known, _)| *known == name)?.1.last();
        let project = PROJECT.into_iter().find_map(named).ok_or_else(missing)?;
        let project = IdOrName::parse(project);
        cx.read(async |tx| locate::<Project>(tx, me.place, &project).await).await?;
    }
    list::nothing(N::SORTABLE, paging, &filters)
}

async fn missing<T>(cx: Cx, words: &'static str, id: ObjectId) -> Result<T> {
    enter(&cx).await?;
    Err(Error::no_object(words, id))
}

async fn create(cx: Cx, (): (), (): (), (): ()) -> Result<Value> {
    enter(&cx).await?;
    Err(Error::not_implemented(NO_PIPELINES))
}

/// 501, as on a server without resource pools.
async fn resource_requests(cx: Cx, (): (), (): (), (): ()) -> Result<Page<Value>> {
    enter(&cx).await?;
    Err(Error::not_implemented("An embedded workspace has no resource pools."))
}

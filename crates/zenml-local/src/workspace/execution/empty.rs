//! Lists without objects.

use serde_json::Value;
use zenml_api::IdOrName;
use zenml_api::workspace::execution::Noun;
use zenml_api::workspace::{ListQuery as _, Page, Paging};

use crate::error::{Error, Result};
use crate::http::Cx;
use crate::workspace::account::enter;
use crate::workspace::list::{self, Filters};
use crate::workspace::noun::locate;
use crate::workspace::project::Project;

/// Older versions of some lists have the project in this parameter. It takes precedence.
const PROJECT: [&str; 2] = ["project_name_or_id", "project"];

/// An empty list, which validates its request like a server.
pub(super) async fn empty<N: Noun>(cx: Cx, (): (), query: N::Query, (): ()) -> Result<Page<Value>> {
    let me = enter(&cx).await?;
    let paging = query.paging();
    let (projects, filters): (Vec<_>, Vec<_>) =
        query.filters().into_iter().partition(|(name, _)| PROJECT.contains(name));
    let first = Paging { page: None, ..paging };
    // Filters are validated before the project, and the page after it.
    nothing::<N>(first, paging, &filters)?;
    if !projects.is_empty() {
        let missing = || Error::value(format!("A list of {}s requires a project.", N::WORDS));
        let named = |name| projects.iter().find(|(known, _)| *known == name)?.1.last();
        let project = PROJECT.into_iter().find_map(named).ok_or_else(missing)?;
        let project = IdOrName::parse(project);
        cx.read(async |tx| locate::<Project>(tx, me.place, &project).await).await?;
    }
    list::nothing(N::SORTABLE, paging, &filters)
}

/// The requested page of an empty list; the size and the number of the page are validated first, as requested.
pub(super) fn nothing<N: Noun>(
    page: Paging<'_>,
    requested: Paging<'_>,
    filters: &Filters<'_>,
) -> Result<Page<Value>> {
    list::check_paging(requested)?;
    list::nothing(N::SORTABLE, page, filters)
}

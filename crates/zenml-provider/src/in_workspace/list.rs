//! Reads objects of a workspace page by page.

use tfkit::{Cx, Diag, Page};
use zenml_api::WorkspaceId;
use zenml_api::paging::PageQuery as _;
use zenml_api::workspace::{Crud as _, Named};
use zenml_client::ApiError;

use super::object::{InWorkspace, QueryOf};
use super::place::Place;
use super::read::Read;
use super::scope::{self, Reach, Seen, Server};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// Objects on the first page. It takes a server as long as five single reads.
const FIRST: u64 = 100;

/// Returns the scope of the objects of a workspace. Objects in the provider's default workspace have their own scope.
pub(crate) fn scope_of(workspace: Option<Id<WorkspaceId>>) -> String {
    workspace.map(|id| id.to_string()).unwrap_or_default()
}

/// Reads one part of a list. Each part is as long as all previous ones together, up to the longest page. So a small
/// workspace takes one request, a large one a few, and the beginning of a huge one is cheap.
///
/// Objects that the caller has no permission to read are left out. The list of an unavailable workspace is empty; the
/// read of a single object warns about it.
pub(crate) async fn page<T: InWorkspace>(
    cx: &Cx<Client>,
    scope: &str,
    from: Option<u64>,
) -> Result<Page<T::Key, Seen<Read<T>>>, Diag> {
    let home: Option<WorkspaceId> = scope.parse().ok();
    let Reach::Open(server) = scope::reach(cx, home).await? else {
        return Ok(Page { items: Vec::new(), next: None });
    };
    let query = T::query(T::Wire::named(Vec::new())).with_metadata();
    let failed = |error| cannot("list what the workspace has", Needs::WORKSPACE_VIEWER, &error);
    let (items, next) = part::<T>(&server, query, from.unwrap_or(0)).await.map_err(failed)?;
    let items = items.into_iter().filter(Named::is_complete).map(|mut object| {
        T::trim(&mut object);
        let key = Place { workspace_id: home.map(Id), id: Id(object.id()) };
        (key, Seen::on(&server, Read { object, beside: T::Beside::default() }))
    });
    Ok(Page { items: items.collect(), next })
}

/// Reads one part of a list from an offset on, which is 0 or the one that the previous part returned.
pub(crate) async fn part<T: InWorkspace>(
    server: &Server,
    query: QueryOf<T>,
    from: u64,
) -> Result<(Vec<T::Wire>, Option<u64>), ApiError> {
    let (number, size) = slice(from, T::LONGEST_PAGE);
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let query = query.at(signed(number), signed(size));
    match server.api.send(&T::Wire::LIST, (), query, ()).await {
        Ok(listed) => {
            let end = number * size;
            Ok((listed.items, (end < listed.total).then_some(end)))
        }
        // Objects were deleted meanwhile, and the list now ends before this page.
        Err(ApiError::Invalid(refused)) if number > 1 && refused.call.status == Some(400) => {
            Ok((Vec::new(), None))
        }
        Err(error) => Err(error),
    }
}

/// Returns number and size of the page that begins at an offset, which is 0 or the end of another such page.
fn slice(from: u64, longest: u64) -> (u64, u64) {
    let size = from.clamp(FIRST.min(longest), longest);
    (from / size + 1, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_grow_and_leave_nothing_out() {
        for (longest, pages) in [
            (400, vec![(1, 100), (2, 100), (2, 200), (2, 400), (3, 400), (4, 400)]),
            (100, vec![(1, 100), (2, 100), (3, 100)]),
        ] {
            let mut from = 0;
            for expected in pages {
                let (page, size) = slice(from, longest);
                assert_eq!((page, size), expected);
                assert_eq!((page - 1) * size, from, "each page begins where the one before it ends");
                from = page * size;
            }
        }
    }
}

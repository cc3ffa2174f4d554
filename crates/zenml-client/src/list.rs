//! Reading complete lists.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zenml_api::paging::{MAX_LIMIT, OffsetQuery, PageQuery};
use zenml_api::workspace::Page;
use zenml_api::{Endpoint, PathParams};

use crate::api::Api;
use crate::error::ApiError;

/// Page size on a workspace. A list request costs a server about as much as 25 reads, almost regardless of its size.
const PAGE_SIZE: i64 = 500;

/// A paged list endpoint of either API.
pub trait Listing: Sync {
    /// Parameters of the path.
    type Path: Send;
    /// Filters.
    type Query: Send;
    /// The listed items.
    type Item: Send;

    /// Reads all pages. Use [`Api::list_all`].
    fn read_all(
        &self,
        api: &Api,
        path: Self::Path,
        query: Self::Query,
    ) -> impl Future<Output = Result<Vec<Self::Item>, ApiError>> + Send;
}

impl Api {
    /// Returns all items of a list, page by page.
    pub async fn list_all<L: Listing>(
        &self,
        endpoint: &L,
        path: L::Path,
        query: L::Query,
    ) -> Result<Vec<L::Item>, ApiError> {
        endpoint.read_all(self, path, query).await
    }
}

/// A list of the control plane: plain arrays. A page that is not full is the last one. A server that ignores `offset`
/// would return the same page forever, so a repeated page also ends the list.
impl<P, Q, T> Listing for Endpoint<P, Q, (), Vec<T>>
where
    P: PathParams + Send + Sync,
    Q: OffsetQuery + Serialize + Send + Sync,
    T: DeserializeOwned + Send + 'static,
{
    type Path = P;
    type Query = Q;
    type Item = T;

    async fn read_all(&self, api: &Api, path: P, query: Q) -> Result<Vec<T>, ApiError> {
        let full = usize::try_from(MAX_LIMIT).unwrap_or(usize::MAX);
        let mut items = Vec::new();
        let mut previous = Bytes::new();
        let mut offset = 0;
        loop {
            let answer = api.ask(self, &path, &query.clone().at(offset, MAX_LIMIT), &()).await?;
            if answer.body == previous {
                return Ok(items);
            }
            let page: Vec<T> = api.read(self, &answer)?;
            let is_last = page.len() != full;
            items.extend(page);
            if is_last {
                return Ok(items);
            }
            previous = answer.body;
            offset += MAX_LIMIT;
        }
    }
}

/// A list of a workspace: numbered pages.
impl<P, Q, T> Listing for Endpoint<P, Q, (), Page<T>>
where
    P: PathParams + Send + Sync,
    Q: PageQuery + Serialize + Send + Sync,
    T: DeserializeOwned + Send + 'static,
{
    type Path = P;
    type Query = Q;
    type Item = T;

    async fn read_all(&self, api: &Api, path: P, query: Q) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        for number in 1.. {
            let answer = match api.ask(self, &path, &query.clone().at(number, PAGE_SIZE), &()).await {
                // Somebody deleted items, and the list now ends before this page.
                Err(ApiError::Invalid(refused)) if number > 1 && refused.call.status == Some(400) => break,
                result => result?,
            };
            let page: Page<T> = api.read(self, &answer)?;
            let is_last = page.items.is_empty() || page.index >= page.total_pages;
            items.extend(page.items);
            if is_last {
                break;
            }
        }
        Ok(items)
    }
}

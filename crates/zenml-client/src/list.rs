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

/// How often a list of a workspace is read in total, if the server does not find an item of it: a deletion while ZenML
/// 0.98.0 lists service connectors is 404 with the ID of the deleted one.
const READINGS: u32 = 3;

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
        let mut pages = Pages::new(api, self, path, query);
        let mut items = Vec::new();
        while let Some(page) = pages.next().await? {
            items.extend(page);
        }
        Ok(items)
    }
}

/// A list of the control plane that is read page by page.
#[derive(Debug)]
pub struct Pages<'a, P, Q, T> {
    api: &'a Api,
    endpoint: &'a Endpoint<P, Q, (), Vec<T>>,
    path: P,
    query: Q,
    /// Offset of the next page; `None` at the end.
    next: Option<u64>,
    previous: Bytes,
}

impl<'a, P, Q, T> Pages<'a, P, Q, T>
where
    P: PathParams + Send + Sync,
    Q: OffsetQuery + Serialize + Send + Sync,
    T: DeserializeOwned + Send + 'static,
{
    /// Begins a list. Nothing is read yet.
    pub fn new(api: &'a Api, endpoint: &'a Endpoint<P, Q, (), Vec<T>>, path: P, query: Q) -> Self {
        Self { api, endpoint, path, query, next: Some(0), previous: Bytes::new() }
    }

    /// Continues a list at a [position](Self::position).
    #[must_use]
    pub fn from(mut self, position: u64) -> Self {
        self.next = Some(position);
        self
    }

    /// Returns where the next page starts; `None` at the end.
    pub fn position(&self) -> Option<u64> {
        self.next
    }

    /// Reads the next page; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, ApiError> {
        let Some(offset) = self.next.take() else { return Ok(None) };
        let query = self.query.clone().at(offset, MAX_LIMIT);
        let answer = self.api.ask(self.endpoint, &self.path, &query, &()).await?;
        if answer.body == self.previous {
            return Ok(None);
        }
        let page: Vec<T> = self.api.read(self.endpoint, &answer)?;
        if u64::try_from(page.len()) == Ok(MAX_LIMIT) {
            self.next = Some(offset + MAX_LIMIT);
            self.previous = answer.body;
        }
        Ok(Some(page))
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
        let (mut items, mut number, mut times) = (Vec::new(), 1, 1);
        loop {
            let answer = match api.ask(self, &path, &query.clone().at(number, PAGE_SIZE), &()).await {
                // Somebody deleted items, and the list now ends before this page.
                Err(ApiError::Invalid(refused)) if number > 1 && refused.call.status == Some(400) => break,
                // Somebody deleted an item between the two steps in which the server reads it.
                Err(ApiError::NotFound(_)) if times < READINGS => {
                    times += 1;
                    continue;
                }
                result => result?,
            };
            let page: Page<T> = api.read(self, &answer)?;
            let is_last = page.items.is_empty() || page.index >= page.total_pages;
            items.extend(page.items);
            if is_last {
                break;
            }
            number += 1;
        }
        Ok(items)
    }
}

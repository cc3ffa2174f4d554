//! The trait that a provider author implements to list the objects of a resource type.

use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Key as _, Model, Object as _, Partial};
use crate::resource::{KeyOf, Resource, Since};
use crate::value::Dyn;

/// A list of the objects of a resource type, for `terraform query`. Terraform 1.14 or later supports it.
///
/// The behavior of the resource can implement it as well. The name of the filters is that of the resource.
pub trait ListResource: Send + Sync + 'static {
    /// The filters in the block `config`: a model of `kind = list_resource`.
    type Filters: Model;

    /// The resource type whose objects are listed.
    type Resource: Resource;

    /// Lists the objects that match the filters, and [pushes](Results::push) them one by one, page by page. The
    /// filters are completely known.
    ///
    /// The engine cancels the list as soon as nobody wants more results: at the limit of the host, or if the user
    /// asks to stop. An error ends the list after the results that were pushed before.
    fn list(
        cx: &Cx<<Self::Resource as Resource>::Client>,
        filters: Self::Filters,
        results: &mut Results<Self::Resource>,
    ) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Checks filters beyond the checks of their attributes. Pure and offline. Returns nothing while a needed value is
    /// unknown.
    fn validate(filters: &Partial<Self::Filters>) -> Vec<Diag> {
        let _ = filters;
        Vec::new()
    }

    /// Returns the time that a list may take.
    fn timeout() -> Duration {
        DEFAULT_TIMEOUT
    }
}

/// An object in a list.
#[derive(Clone, Debug)]
pub struct Listed<R: Resource> {
    /// Its complete key, including the optional parts.
    pub key: KeyOf<R>,
    /// Its name for people.
    pub display_name: String,
    /// The object, if the list returns it as [`fetch`](Resource::fetch) does; otherwise the engine fetches it if the
    /// host wants whole objects.
    pub remote: Option<R::Remote>,
}

/// Receives the results of a list. The host reads them one by one, so only a few wait in memory.
pub struct Results<R: Resource> {
    cx: Cx<R::Client>,
    wanted: Wanted,
    sender: mpsc::Sender<Raw>,
}

impl<R: Resource> std::fmt::Debug for Results<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Results").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// What the host wants of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Whole objects, and not only their identities.
    pub(crate) objects: bool,
    /// How many more results; `None` if all of them.
    pub(crate) left: Option<u64>,
}

/// A result before the checks of the engine.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) identity: Dyn,
    pub(crate) display_name: String,
    /// The object; null if it is not wanted.
    pub(crate) object: Result<Dyn, Diag>,
}

impl<R: Resource> Results<R> {
    pub(crate) fn new(cx: Cx<R::Client>, wanted: Wanted, sender: mpsc::Sender<Raw>) -> Self {
        Self { cx, wanted, sender }
    }

    /// Returns whether the host wants whole objects, and not only their identities. Otherwise, [`Listed::remote`] is
    /// not used.
    pub fn wants_objects(&self) -> bool {
        self.wanted.objects
    }

    /// Returns how many more results the host wants at most, to request a page of this size; `None` if all of them.
    pub fn left(&self) -> Option<u64> {
        self.wanted.left
    }

    /// Adds a result. Returns when the host is ready for the next one. It never returns once the host wants no more:
    /// the list is cancelled at this point.
    pub async fn push(&mut self, listed: Listed<R>) {
        let Listed { key, display_name, remote } = listed;
        let object = match (self.wanted.objects, remote) {
            (false, _) => Ok(Dyn::Null),
            (true, Some(remote)) => Self::observe(&remote, &key),
            (true, None) => match R::fetch(&self.cx, &key).await {
                Ok(Some(remote)) => Self::observe(&remote, &key),
                // It was deleted after it was listed.
                Ok(None) => return,
                Err(diag) => Err(diag),
            },
        };
        let raw = Raw { identity: key.to_object(), display_name, object };
        let is_cancelled = self.sender.send(raw).await.is_err();
        self.wanted.left = self.wanted.left.map(|left| left.saturating_sub(1));
        if is_cancelled || self.wanted.left == Some(0) {
            pending::<()>().await;
        }
    }

    fn observe(remote: &R::Remote, key: &KeyOf<R>) -> Result<Dyn, Diag> {
        R::observe(remote, Since::Import(key)).map(|model| model.to_object())
    }
}

//! Pipelines, their runs, and what runs create and use: an embedded workspace has none of these objects.
//!
//! Lists are empty, and reads find nothing, but they validate their requests like a server, so that clients work.
//! Nothing can be created.

mod create;
mod empty;
mod form;
mod part;

use serde_json::Value;
use zenml_api::workspace::Look;
use zenml_api::workspace::execution::{self as api, Fold, Noun};

use crate::http::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    part::routes(api::fold(routes))
}

impl Fold for Routes {
    fn noun<N: Noun>(self) -> Self {
        let mut routes = self.serve(&N::LIST, empty::empty::<N>);
        if let Some(endpoint) = N::GET {
            routes = routes.serve(&endpoint, |cx, id, _: Look, ()| part::missing(cx, N::WORDS, id));
        }
        if let Some(endpoint) = N::CREATE {
            routes = routes.serve(&endpoint, create::create::<N>);
        }
        if let Some(endpoint) = N::UPDATE {
            routes = routes.serve(&endpoint, async |cx, id, (), change: Value| {
                form::check(N::CHANGE, &change)?;
                part::missing(cx, N::WORDS, id).await
            });
        }
        if let Some(endpoint) = N::DELETE {
            routes = routes.serve(&endpoint, |cx, id, (), ()| part::missing(cx, N::WORDS, id));
        }
        routes
    }
}

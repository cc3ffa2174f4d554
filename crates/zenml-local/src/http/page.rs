//! Pages for people: what surrounds their handlers.
//!
//! Every response has headers that keep it out of caches and frames, and that forbid scripts. A form is accepted only
//! from a page of this platform.

use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::on;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::de::DeserializeOwned;
use zenml_api::Method;

use super::cx::Cx;
use super::door::{Door, read_body};
use super::limit;
use super::routes::{filter, panicked};
use crate::authn::Access;
use crate::error::{Error, Plane, Result};
use crate::rbac::Actor;
use crate::state::Shared;

/// Maximum length of a form, in bytes.
const LARGEST_FORM: usize = 16 << 10;

/// Headers of every page. Styles come from this platform only, and nothing else is loaded.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // With `no-referrer`, browsers would send forms without their origin.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A request for a page.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    /// Path and query.
    pub(crate) address: String,
    /// The parameter of the path, or an empty string.
    pub(crate) parameter: String,
    query: String,
    form: Vec<u8>,
}

impl PageRequest {
    /// Reads the query. What a query lacks is left out.
    pub(crate) fn query<T: DeserializeOwned + Default>(&self) -> T {
        serde_html_form::from_str(&self.query).unwrap_or_default()
    }

    /// Reads the form.
    pub(crate) fn form<T: DeserializeOwned>(&self) -> Result<T> {
        serde_html_form::from_bytes(&self.form)
            .map_err(|error| Error::value("The form is incomplete. Go back and try again.").because(error))
    }
}

/// Pages, and what they do with an error.
pub(crate) struct Pages {
    shared: Arc<Shared>,
    router: axum::Router,
    failed: fn(&Error) -> Response,
}

impl Pages {
    /// No pages yet; `failed` shows an error.
    pub(crate) fn new(shared: Arc<Shared>, failed: fn(&Error) -> Response) -> Self {
        Self { shared, router: axum::Router::new(), failed }
    }

    /// Serves a page.
    #[must_use]
    pub(crate) fn get<F, Fut>(self, path: &'static str, handler: F) -> Self
    where
        F: Fn(Cx, PageRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        self.mount(Method::Get, path, handler)
    }

    /// Serves the form of a page.
    #[must_use]
    pub(crate) fn post<F, Fut>(self, path: &'static str, handler: F) -> Self
    where
        F: Fn(Cx, PageRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        self.mount(Method::Post, path, handler)
    }

    fn mount<F, Fut>(mut self, method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Cx, PageRequest) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Response>> + Send + 'static,
    {
        let door = Door {
            shared: self.shared.clone(),
            plane: Plane::Control,
            access: Access::Open,
            method,
            name: path.into(),
        };
        let failed = self.failed;
        let serve = move |params: RawPathParams, request: Request| {
            let (door, handler) = (door.clone(), handler.clone());
            let parameter = params.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default();
            async move {
                let shared = door.shared.clone();
                let answer = async move {
                    let info = door.info(&request);
                    let id = info.id.clone();
                    let cx = Cx::new(door.shared.clone(), Actor::Anonymous, info, None);
                    let result = match receive(method, parameter, request).await {
                        Ok(request) => handler(cx, request).await,
                        Err(error) => Err(error),
                    };
                    let mut response = result.unwrap_or_else(|error| {
                        door.note_failure(&error, &id);
                        failed(&error)
                    });
                    tracing::debug!(
                        method = %method,
                        route = path,
                        status = response.status().as_u16(),
                        request.id = id,
                        "page answered"
                    );
                    protect(response.headers_mut());
                    response
                };
                shared.tasks.run(answer).await.unwrap_or_else(|error| panicked(&error))
            }
        };
        self.router = self.router.route(path, on(filter(method), serve));
        self
    }

    /// Serves a style sheet, which browsers may keep for an hour.
    #[must_use]
    pub(crate) fn style(mut self, path: &'static str, style: &'static str) -> Self {
        let serve = move || async move {
            let mut response = Response::new(Body::from(style));
            let headers = response.headers_mut();
            protect(headers);
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
            response
        };
        self.router = self.router.route(path, on(filter(Method::Get), serve));
        self
    }

    /// Returns the pages for the server.
    pub(crate) fn finish(self) -> axum::Router {
        self.router
    }
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

async fn receive(method: Method, parameter: String, request: Request) -> Result<PageRequest> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    limit::check_query(&query)?;
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
    if method == Method::Post && !is_same_origin(request.headers()) {
        return Err(Error::forbidden("The form was sent by another site, and was not accepted."));
    }
    let form = match method {
        Method::Post => read_body(request.into_body(), LARGEST_FORM).await?,
        _ => Vec::new(),
    };
    Ok(PageRequest { address, parameter, query, form })
}

/// Whether a form was sent by a page of this platform. Every browser sends the origin of a form.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    site.is_none_or(|site| site == "same-origin")
        && origin.zip(text(header::HOST)).is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_the_same_origin_are_accepted() {
        let check = |origin: Option<&'static str>, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
            let given = [(header::ORIGIN, origin), (HeaderName::from_static("sec-fetch-site"), site)];
            for (name, value) in given {
                value.map(|value| headers.insert(name, HeaderValue::from_static(value)));
            }
            is_same_origin(&headers)
        };
        let own = Some("http://127.0.0.1:8080");
        assert!(check(own, None) && check(own, Some("same-origin")));
        for (origin, site) in [
            (None, None),
            (None, Some("same-origin")),
            (Some("null"), None),
            (Some("http://127.0.0.1:8081"), None),
            (Some("http://127.0.0.1"), None),
            (Some("http://evil.example"), None),
            (Some("http://127.0.0.1:8080.evil.example"), None),
            (own, Some("cross-site")),
            // Another port of the same host.
            (own, Some("same-site")),
            (own, Some("none")),
        ] {
            assert!(!check(origin, site), "{origin:?} {site:?}");
        }
    }
}

//! Pages for people: signing in, confirming a device, and workspaces.
//!
//! They are plain HTML with one style sheet and without scripts. Text is escaped by its type.

mod device;
mod html;
mod session;
mod sign_in;
mod workspace;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, header};

use crate::error::Error;
use crate::http::Pages;

/// Adds the pages.
pub(crate) fn routes(pages: Pages) -> Pages {
    let all = [sign_in::routes, device::routes, workspace::routes];
    all.into_iter().fold(pages, |pages, add| add(pages)).style(html::STYLE, include_str!("style.css"))
}

/// Shows an error.
pub(crate) fn failed(error: &Error) -> Response {
    html::failed(error)
}

/// Redirects browsers from addresses of the API to pages: ZenML links to the addresses of ZenML's own dashboard.
pub(crate) fn for_browsers(router: axum::Router) -> axum::Router {
    router.layer(from_fn(async |request: Request, next: Next| match page_of(&request) {
        Some(page) => {
            let mut response = html::redirect(&page);
            response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
            response.into_response()
        }
        None => next.run(request).await,
    }))
}

/// Returns the page for an address of the API, if a browser asks for it.
fn page_of(request: &Request) -> Option<String> {
    let accept = request.headers().get(header::ACCEPT)?.to_str().ok()?;
    let is_browser = request.method() == Method::GET
        && accept
            .split(',')
            .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
        && !request.headers().contains_key(header::AUTHORIZATION);
    if !is_browser {
        return None;
    }
    match request.uri().path() {
        "/" | "/api/auth/login" | "/workspaces" | "/workspaces/" => Some(html::HOME.to_owned()),
        // The client links to organizations, too; they have no page of their own.
        path if path.starts_with("/organizations/") => Some(html::HOME.to_owned()),
        path => {
            let name = path.strip_prefix("/workspaces/")?.split('/').next()?;
            Some(format!("{}/{name}", html::WORKSPACES))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn browsers_are_redirected_to_pages_and_other_clients_are_not() {
        const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let page = |accept: &str, path: &str| {
            page_of(&Request::get(path).header("accept", accept).body(Body::empty()).unwrap())
        };
        for (path, expected) in [
            ("/", Some("/pages")),
            ("/api/auth/login", Some("/pages")),
            ("/workspaces", Some("/pages")),
            ("/workspaces/alpha", Some("/pages/workspaces/alpha")),
            ("/workspaces/alpha/projects/x", Some("/pages/workspaces/alpha")),
            ("/workspaces/%22%3E", Some("/pages/workspaces/%22%3E")),
            ("/organizations/x", Some("/pages")),
            ("/organizations", None),
            ("/openapi.json", None),
            ("/pages", None),
        ] {
            assert_eq!(page(BROWSER, path).as_deref(), expected, "{path}");
            for accept in ["*/*", "application/json", "text/htmlx", ""] {
                assert_eq!(page(accept, path), None, "{accept} {path}");
            }
        }
        let request = Request::get("/workspaces/alpha").header("accept", BROWSER);
        let request = request.header("authorization", "Bearer x").body(Body::empty()).unwrap();
        assert_eq!(page_of(&request), None, "a script that calls the API");
    }
}

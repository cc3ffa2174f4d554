//! Pages for people: signing in, confirming a device, and workspaces.
//!
//! They are plain HTML with one style sheet and without scripts. Text is escaped by its type.

mod device;
mod devices;
mod html;
mod link;
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
    let all = [sign_in::routes, device::routes, devices::routes, workspace::routes];
    let pages = all.into_iter().fold(pages, |pages, add| add(pages));
    pages.style(html::STYLE, include_str!("style.css")).get("/pages/{*other}", async |_, _| {
        Err(Error::not_found("This page does not exist. The link may be incomplete."))
    })
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
    let is_browser = matches!(*request.method(), Method::GET | Method::HEAD)
        && prefers_html(accept)
        && !request.headers().contains_key(header::AUTHORIZATION);
    if !is_browser {
        return None;
    }
    match request.uri().path() {
        "/" | "/api/auth/login" | "/workspaces" | "/workspaces/" => Some(html::HOME.to_owned()),
        // The client links to organizations, too; they have no page of their own.
        path if path.starts_with("/organizations/") => Some(html::HOME.to_owned()),
        path => {
            let rest = path.strip_prefix("/workspaces/")?;
            let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            let page = format!("{}/{name}", html::WORKSPACES);
            Some(if below.is_empty() {
                page
            } else {
                format!("{page}?at={}", encode(&format!("{below}{query}")))
            })
        }
    }
}

/// Whether a client prefers a page to JSON. Wildcards do not count: scripts send them.
fn prefers_html(accept: &str) -> bool {
    let quality = |wanted: &str| {
        let kinds = accept.split(',').filter_map(|kind| {
            let mut parts = kind.split(';').map(str::trim);
            parts.next().filter(|name| name.eq_ignore_ascii_case(wanted))?;
            let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            Some(quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0)))
        });
        kinds.fold(0.0, f32::max)
    };
    let html = quality("text/html");
    html > 0.0 && html >= quality("application/json")
}

/// Encodes a text as the value of a query.
fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
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
            ("/workspaces/alpha/", Some("/pages/workspaces/alpha")),
            ("/workspaces/alpha/projects/x", Some("/pages/workspaces/alpha?at=projects%2Fx")),
            ("/workspaces/alpha/stacks?id=1&x", Some("/pages/workspaces/alpha?at=stacks%3Fid%3D1%26x")),
            ("/workspaces/alpha/%22%0d%0ax:y", Some("/pages/workspaces/alpha?at=%2522%250d%250ax%3Ay")),
            ("/workspaces/%22%3E", Some("/pages/workspaces/%22%3E")),
            ("/workspaces//evil.example", Some("/pages/workspaces/?at=evil.example")),
            ("/organizations/x", Some("/pages")),
            ("/organizations", None),
            ("/openapi.json", None),
            ("/pages", None),
        ] {
            assert_eq!(page(BROWSER, path).as_deref(), expected, "{path}");
            for accept in [
                "*/*",
                "application/json",
                "text/htmlx",
                "",
                "text/*",
                "text/html;q=0",
                "text/html;q=0.0, */*",
                "text/html;q=x",
                "application/json, text/html;q=0.1",
            ] {
                assert_eq!(page(accept, path), None, "{accept} {path}");
            }
            for accept in [
                "text/html",
                "TEXT/HTML",
                "text/html;q=0.1",
                "*/*, text/html ; q=0.5",
                "application/json;q=0.5,text/html",
            ] {
                assert_eq!(page(accept, path).as_deref(), expected, "{accept} {path}");
            }
        }
        let request = Request::get("/workspaces/alpha").header("accept", BROWSER);
        let request = request.header("authorization", "Bearer x").body(Body::empty()).unwrap();
        assert_eq!(page_of(&request), None, "a script that calls the API");
    }
}

//! What all pages share.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

use super::session::Visitor;
use crate::error::Error;

/// Path of the style sheet.
pub(super) const STYLE: &str = "/pages/style.css";
/// Path of the list of workspaces.
pub(super) const HOME: &str = "/pages";
/// Path below which each workspace has a page.
pub(super) const WORKSPACES: &str = "/pages/workspaces";
/// Path of the list of devices.
pub(super) const DEVICES: &str = "/pages/devices";
/// Path of the form for signing in.
pub(super) const SIGN_IN: &str = "/pages/sign-in";
/// Path of the form for signing out.
pub(super) const SIGN_OUT: &str = "/pages/sign-out";

/// Returns a page.
pub(super) fn page(status: StatusCode, title: &str, visitor: Option<&Visitor>, content: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – ZenML local platform" }
                link rel="stylesheet" href=(STYLE);
            }
            body {
                header {
                    a.brand href=(HOME) { "ZenML local platform" }
                    @if let Some(visitor) = visitor {
                        nav aria-label="Pages" {
                            @for (name, address) in [("Workspaces", HOME), ("Devices", DEVICES)] {
                                a href=(address) aria-current=[(name == title).then_some("page")] { (name) }
                            }
                        }
                        form method="post" action=(SIGN_OUT) {
                            (visitor.hidden_token())
                            span.who { "Signed in as " strong { (visitor.identity.username) } }
                            button.quiet type="submit" { "Sign out" }
                        }
                    }
                }
                main { (content) }
            }
        }
    };
    let mut response = Response::new(Body::from(document.into_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// Shortens a text that a link contains: it can be as long as its author wants.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A problem with the value of a field; the field refers to it with `aria-describedby`.
pub(super) fn problem(id: &str, text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text {
            p.problem id=(id) { (text) }
        }
    }
}

/// Returns a redirect to a page of this platform. A browser gets it with GET.
pub(super) fn redirect(address: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static(HOME));
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// Returns the page for an error.
pub(super) fn failed(error: &Error) -> Response {
    let status = error.status();
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
        status if status.is_server_error() => "The platform has a problem",
        _ => "That did not work",
    };
    let content = html! {
        h1 { (title) }
        @if status == StatusCode::INTERNAL_SERVER_ERROR {
            p { "The log of the platform says more." }
        } @else {
            p { (error) }
        }
        p { a href=(HOME) { "Show workspaces" } }
    };
    let mut response = page(status, title, None, &content);
    if let Some(seconds) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

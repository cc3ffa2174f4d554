//! Signing in and out.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use maud::html;
use serde::Deserialize;
use zenml_api::Sensitive;

use super::html::{HOME, SIGN_IN, SIGN_OUT, page, problem, redirect};
use super::session::Visitor;
use crate::control::auth;
use crate::error::Result;
use crate::http::{Cx, PageRequest, Pages};
use crate::login::Cookie;

pub(super) fn routes(pages: Pages) -> Pages {
    let pages = pages.get(SIGN_IN, show).post(SIGN_IN, sign_in);
    pages.get(SIGN_OUT, reloaded).post(SIGN_OUT, sign_out)
}

/// Maximum length of the address of the next page.
const LONGEST_NEXT: usize = 1000;

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: Sensitive<String>,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct SignOut {
    #[serde(default)]
    token: String,
}

async fn show(cx: Cx, _: PageRequest) -> Result<Response> {
    Ok(match Visitor::of(&cx).await? {
        Some(_) => redirect(HOME),
        None => form(StatusCode::OK, HOME, "", None),
    })
}

/// Returns the form, which leads to the page that was asked for.
pub(super) fn required(request: &PageRequest) -> Response {
    form(StatusCode::OK, &request.address, "", None)
}

fn form(status: StatusCode, next: &str, username: &str, wrong: Option<&str>) -> Response {
    let described = wrong.map(|_| "problem");
    let content = html! {
        h1 { "Sign in" }
        p { "Use the username and the password of your account on this platform." }
        form method="post" action=(SIGN_IN) {
            input type="hidden" name="next" value=(next);
            label for="username" { "Username" }
            input id="username" name="username" type="text" value=(username) autocomplete="username"
                autocapitalize="none" spellcheck="false" required autofocus[username.is_empty()]
                aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described];
            label for="password" { "Password" }
            input id="password" name="password" type="password" autocomplete="current-password" required
                autofocus[!username.is_empty()] aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described];
            (problem("problem", wrong))
            div.actions { button type="submit" { "Sign in" } }
        }
    };
    page(status, "Sign in", None, &content)
}

async fn sign_in(cx: Cx, request: PageRequest) -> Result<Response> {
    let Form { username, password, next } = request.form()?;
    let next = if is_page(&next) { next.as_str() } else { HOME };
    let identity = match auth::sign_in(&cx, &username, password).await {
        Ok(identity) => identity,
        Err(error) if error.status().is_client_error() => {
            let mut response = form(error.status(), next, &username, Some(&error.to_string()));
            if let Some(seconds) = error.retry_after() {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            return Ok(response);
        }
        Err(error) => return Err(error),
    };
    let (shared, cookie) = (cx.shared(), Cookie::generate());
    // The session of another account in this browser ends.
    if let Some(before) = cx.request().presented.cookies.as_ref().and_then(Cookie::find) {
        shared.browsers.end(&shared.vault, &before);
    }
    shared.browsers.begin(&shared.vault, &cookie, identity.root);
    let mut response = redirect(next);
    set_cookie(&mut response, cookie.value(), Cookie::LIFE.as_secs());
    Ok(response)
}

/// Signing out is a form. Its address leads to a page for a browser that opens it again.
async fn reloaded(_: Cx, _: PageRequest) -> Result<Response> {
    Ok(redirect(HOME))
}

async fn sign_out(cx: Cx, request: PageRequest) -> Result<Response> {
    if let Some(visitor) = Visitor::of(&cx).await? {
        visitor.require_form(&request.form::<SignOut>()?.token)?;
        let shared = cx.shared();
        shared.browsers.end(&shared.vault, &visitor.cookie);
    }
    let mut response = redirect(SIGN_IN);
    set_cookie(&mut response, "", 0);
    Ok(response)
}

/// The cookie is sent to these pages only. It cannot be `Secure`, because the platform has no TLS.
fn set_cookie(response: &mut Response, value: &str, seconds: u64) {
    let cookie =
        format!("{}={value}; Path={HOME}; Max-Age={seconds}; HttpOnly; SameSite=Strict", Cookie::NAME);
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

/// Whether an address is that of a page of this platform, and not of another site.
fn is_page(address: &str) -> bool {
    let rest = address.strip_prefix(HOME);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
        && address.len() <= LONGEST_NEXT
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn signing_in_leads_to_pages_of_the_platform_only() {
        for page in ["/pages", "/pages/device?user_code=BCDF-GHJK&workspace=a", "/pages?x=1"] {
            assert!(is_page(page), "{page}");
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "https://evil.example/pages",
            "/pagesevil",
            "/pages.evil",
            "pages",
            "/pages\\x",
            "/pages/\r\nx: y",
            "/pages/ü",
            "/pages/a b",
        ] {
            assert!(!is_page(other), "{other}");
        }
    }
}

//! A browser without scripts: it follows redirects, keeps the cookie and sends the forms of pages.

use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::World;

/// What browsers accept.
pub(crate) const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A browser with at most one cookie, at one page.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<String>,
    /// Path and query of the page.
    pub(crate) address: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Browser {
    /// Opens a page; the address may have the platform's origin.
    pub(crate) async fn open(&mut self, world: &World, address: &str) {
        let address = address.strip_prefix(world.platform.url()).unwrap_or(address);
        self.request(world, "GET", address, None, &[]).await;
    }

    /// Sends a form of the page, with the members that a person does not see.
    pub(crate) async fn submit(&mut self, world: &World, action: &str, values: &[(&str, &str)]) {
        let form = self.form(action, values);
        let origin = ("origin", "http://platform");
        self.request(world, "POST", action, Some(form), &[origin, ("sec-fetch-site", "same-origin")]).await;
    }

    /// Signs in on the current page, which leads to the one that was asked for.
    pub(crate) async fn sign_in(&mut self, world: &World, username: &str, password: &str) {
        self.submit(world, "/pages/sign-in", &[("username", username), ("password", password)]).await;
    }

    /// The body of a form with its hidden members.
    pub(crate) fn form(&self, action: &str, values: &[(&str, &str)]) -> String {
        let start = format!("action=\"{action}\"");
        let form = self.html.split(&start).nth(1).unwrap_or_else(|| panic!("no {action} in {}", self.html));
        let form = form.split("</form>").next().unwrap();
        let mut members = Vec::new();
        for input in form.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = input.split_once('"').unwrap();
            let value = rest.split('"').nth(1).unwrap().replace("&amp;", "&");
            members.push((name.to_owned(), value));
        }
        members.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        format!("%{byte:02X}")
                    }
                })
                .collect()
        };
        let members: Vec<_> =
            members.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        members.join("&")
    }

    /// Sends one request and follows redirects with GET.
    pub(crate) async fn request(
        &mut self,
        world: &World,
        method: &str,
        address: &str,
        form: Option<String>,
        headers: &[(&str, &str)],
    ) {
        let (mut address, mut form, mut method) = (address.to_owned(), form, method);
        loop {
            let mut request = Request::builder().method(method).uri(&address).header("host", "platform");
            request = request.header("accept", ACCEPT);
            if let Some(cookie) = self.cookie.as_ref().filter(|_| address.starts_with("/pages")) {
                request = request.header("cookie", cookie);
            }
            if method == "POST" {
                request = request.header("content-type", "application/x-www-form-urlencoded");
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
            }
            let request = request.body(Body::from(form.take().unwrap_or_default())).unwrap();
            let response = world.platform.router().oneshot(request).await.unwrap();
            self.status = response.status();
            self.headers = response.headers().clone();
            if let Some(cookie) = self.headers.get("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                self.cookie = Some(pair.to_owned()).filter(|pair| !pair.ends_with('='));
            }
            let body = response.into_body().collect().await.unwrap().to_bytes();
            self.html = String::from_utf8(body.to_vec()).unwrap();
            self.address = address;
            let Some(location) = self.headers.get("location").filter(|_| self.status == 303) else { return };
            address = location.to_str().unwrap().to_owned();
            method = "GET";
        }
    }

    /// The heading of the page.
    pub(crate) fn heading(&self) -> &str {
        let rest = self.html.split("<h1>").nth(1).unwrap_or_else(|| panic!("no heading: {}", self.html));
        rest.split("</h1>").next().unwrap()
    }
}

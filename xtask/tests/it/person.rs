//! A platform with a workspace, a client that waits for a person, and the person at a browser.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use xtask::demo::http::{Body, Session, exchange};
use zenml_local::Platform;

use crate::chromium::Page;
use crate::shown;

const CLIENT: &str = "11111111-2222-4333-8444-000000000040";

/// A login that waits for a person.
pub(crate) struct Waiting {
    pub(crate) link: String,
    code: String,
}

impl Waiting {
    pub(crate) async fn start(platform: &Platform, host: &str) -> Self {
        let agent = format!("Host/{host} ZenML/0.98.0 Python/3.11.7 OS/Linux");
        let address = format!("{}/auth/device_authorization", platform.url());
        let form = ("application/x-www-form-urlencoded", format!("client_id={CLIENT}"));
        let answer = exchange("POST", &address, &BTreeMap::from([("user-agent", agent)]), Some(form)).await;
        let answer = shown(answer).body;
        let text = |member: &str| answer[member].as_str().unwrap().to_owned();
        Self { link: text("verification_uri_complete"), code: text("device_code") }
    }

    /// The client asks for its token.
    pub(crate) async fn poll(&self, platform: &Platform) -> Json {
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let form = [("grant_type", grant), ("client_id", CLIENT), ("device_code", &self.code)];
        let anonymous = Session::anonymous(platform.url());
        shown(anonymous.send("POST", "/auth/login", Body::Form(&form)).await).body
    }

    /// The client gets its token.
    pub(crate) async fn redeem(&self, platform: &Platform) -> Session {
        let token = self.poll(platform).await;
        let token = token["access_token"].as_str().unwrap_or_else(|| panic!("{token}"));
        Session::anonymous(platform.url()).with(token)
    }
}

/// Signs in with the keyboard.
pub(crate) async fn sign_in(page: &mut Page, username: &str, password: &str) {
    page.tab_to("#username").await;
    page.see("document.activeElement.select()").await;
    page.write(username).await;
    page.tab_to("#password").await;
    page.write(password).await;
    page.enter().await;
}

/// The first user of a platform.
pub(crate) async fn administrator(platform: &Platform) -> Session {
    let admin = platform.admin().unwrap();
    shown(Session::log_in(platform.url(), &admin.username, admin.password.expose()).await)
}

/// Creates a workspace and waits until it is no longer pending.
pub(crate) async fn workspace(control: &Session, platform: &Platform, name: &str) -> Json {
    let new = Body::Json(json!({ "name": name, "organization_id": platform.organization_id() }));
    let made = shown(control.expect("POST", "/workspaces", new).await);
    let path = format!("/workspaces/{}", made["id"].as_str().unwrap());
    loop {
        let found = shown(control.expect("GET", &path, Body::Empty).await);
        if found["status"] != "pending" {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

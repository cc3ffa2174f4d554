//! The real ZenML client logs in as people do it: it prints a link, and a person confirms it on a page.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use xtask::demo::http::Body;
use zenml_local::{Options, Platform};

use crate::client::{Client, administrator, workspace};
use crate::engine::python;
use crate::shown;

/// A browser without scripts, with the cookie of its session.
struct Browser<'a> {
    authority: &'a str,
    cookie: String,
}

impl Browser<'_> {
    /// Sends one request. Returns the whole response as text.
    async fn send(&self, method: &str, path: &str, form: &str) -> String {
        let Self { authority, cookie } = self;
        let mut stream = TcpStream::connect(authority).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\norigin: http://{authority}\r\ncookie: {cookie}\r\n\
             accept: text/html\r\ncontent-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    /// Signs in, and confirms the login of a link for the workspace that is preset.
    async fn confirm(&mut self, link: &str, username: &str, password: &str) -> String {
        let path = link.strip_prefix("http://").unwrap().strip_prefix(self.authority).unwrap();
        let form = format!("username={username}&password={password}&next=%2Fpages");
        let signed_in = self.send("POST", "/pages/sign-in", &form).await;
        between(&signed_in, "set-cookie: ", ";").clone_into(&mut self.cookie);
        let page = self.send("GET", path, "").await;
        let preset = page.split("<option value=\"").find(|option| option.contains("selected")).unwrap();
        let form = format!(
            "token={}&user_code={}&workspace={}&answer=confirm",
            between(&page, "name=\"token\" value=\"", "\""),
            between(&page, "name=\"user_code\" value=\"", "\""),
            preset.split('"').next().unwrap(),
        );
        self.send("POST", "/pages/device", &form).await;
        self.send("GET", "/pages/device/done", "").await
    }
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0
}

#[tokio::test]
async fn the_real_client_logs_in_to_a_workspace_after_a_person_has_confirmed_it_on_the_page() {
    let Some(python) = python() else { return };
    let platform = Platform::start(Options::default()).await.unwrap();
    let control = administrator(&platform).await;
    workspace(&control, &platform, "alpha").await;

    let client = Client::new(&python);
    let login = client.log_in(&["login", "alpha", "--pro-api-url", platform.url()]).await;
    assert!(login.link.ends_with("&workspace=alpha"), "{}", login.link);
    let admin = platform.admin().unwrap();
    let authority = platform.url().strip_prefix("http://").unwrap();
    let mut browser = Browser { authority, cookie: String::new() };
    let page = browser.confirm(&login.link, &admin.username, admin.password.expose()).await;
    assert!(page.contains("<h1>Login confirmed</h1>"), "{page}");
    let printed = login.connected().await;
    assert!(printed.contains("Connected to ZenML Pro server: alpha"), "{printed}");

    let status = client.run(&["status"]).await;
    assert!(status.contains("Connected to a ZenML Pro server: `alpha`"), "{status}");
    let devices = shown(control.expect("GET", "/devices", Body::Empty).await);
    assert_eq!(devices[0]["zenml_version"], zenml_test::VERSION, "{devices}");
    platform.stop().await;
}

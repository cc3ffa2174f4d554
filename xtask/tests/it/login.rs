//! The real ZenML client logs in as people do it: it prints a link, and a person confirms it on a page.

use xtask::demo::client::Client;
use xtask::demo::http::Body;
use xtask::demo::page;
use zenml_local::{Options, Platform};

use crate::engine::python;
use crate::person::{administrator, workspace};
use crate::shown;

#[tokio::test]
async fn the_real_client_logs_in_to_a_workspace_after_a_person_has_confirmed_it_on_the_page() {
    let Some(python) = python() else { return };
    let platform = Platform::start(Options::default()).await.unwrap();
    let control = administrator(&platform).await;
    workspace(&control, &platform, "alpha").await;

    let client = shown(Client::new(&python));
    let login = shown(client.log_in(&["login", "alpha", "--pro-api-url", platform.url()]).await);
    assert!(login.link.ends_with("&workspace=alpha"), "{}", login.link);
    let admin = platform.admin().unwrap();
    shown(page::confirm(&login.link, &admin.username, admin.password.expose()).await);
    let printed = shown(login.connected().await);
    assert!(printed.contains("Connected to ZenML Pro server: alpha"), "{printed}");

    let status = shown(client.zenml(&["status"]).await);
    assert!(status.contains("Connected to a ZenML Pro server: `alpha`"), "{status}");
    let devices = shown(control.expect("GET", "/devices", Body::Empty).await);
    assert_eq!(devices[0]["zenml_version"], zenml_test::VERSION, "{devices}");
    platform.stop().await;
}

//! A person logs in with the real client and a real browser, and uses nothing but the keyboard.

use std::path::PathBuf;

use xtask::demo::client::Client;
use xtask::demo::http::Body;
use zenml_local::{Options, Platform};

use crate::chromium::{Chromium, Key};
use crate::engine::python;
use crate::person::{administrator, workspace};
use crate::shown;

/// A platform with two workspaces, and what logs in to it.
struct Stage {
    python: PathBuf,
    platform: Platform,
    client: Client,
    browser: Chromium,
}

impl Stage {
    async fn start(switches: &[&str]) -> Option<Self> {
        let (python, browser) = (python()?, Chromium::start(switches).await?);
        let platform = Platform::start(Options::default()).await.unwrap();
        let control = administrator(&platform).await;
        for name in ["alpha", "beta"] {
            workspace(&control, &platform, name).await;
        }
        Some(Self { client: shown(Client::new(&python)), python, platform, browser })
    }

    /// Signs in on the page that asks for it; the username has the focus.
    async fn sign_in(&mut self) {
        let (admin, page) = (self.platform.admin().unwrap(), &mut self.browser.page);
        assert_eq!(page.heading().await, "Sign in");
        assert_eq!(page.see("document.activeElement.id").await, "username");
        page.write(&admin.username).await;
        page.press(Key::Tab).await;
        page.write(admin.password.expose()).await;
        page.enter().await;
    }
}

#[tokio::test]
async fn a_person_logs_in_with_the_keyboard_from_the_link_of_the_client_to_the_page_after_it() {
    let Some(mut stage) = Stage::start(&[]).await else { return };
    let login = shown(stage.client.log_in(&["login", "beta", "--pro-api-url", stage.platform.url()]).await);
    stage.browser.page.go(&login.link).await;
    stage.sign_in().await;
    let page = &mut stage.browser.page;
    assert_eq!(page.heading().await, "Confirm a login");
    assert_eq!(page.see("document.scripts.length").await, 0);
    page.tab_to("#workspace").await;
    assert_eq!(page.see("document.activeElement.selectedOptions[0].text").await, "beta");
    page.tab_to("#trusted").await;
    page.press(Key::Space).await;
    assert_eq!(page.see("document.activeElement.checked").await, true);
    page.tab_to("button[value=confirm]").await;
    page.enter().await;
    assert_eq!(page.heading().await, "Login confirmed");
    let printed = shown(login.connected().await);
    assert!(printed.contains("Connected to ZenML Pro server: beta"), "{printed}");
    let control = administrator(&stage.platform).await;
    let devices = shown(control.expect("GET", "/devices", Body::Empty).await);
    assert_eq!(devices[0]["trusted_device"], true, "{devices}");
    stage.platform.stop().await;
}

#[tokio::test]
async fn a_browser_without_javascript_is_enough_to_choose_a_workspace_and_to_refuse_a_client() {
    let Some(mut stage) = Stage::start(&["--blink-settings=scriptEnabled=false"]).await else { return };
    // The switch works: a page with a script shows that it does not run.
    let page = &mut stage.browser.page;
    page.go(
        "data:text/html,<h1>without</h1><script>document.querySelector('h1').textContent='with'</script>",
    )
    .await;
    assert_eq!(page.heading().await, "without");

    let login = shown(stage.client.log_in(&["login", "--pro", "--pro-api-url", stage.platform.url()]).await);
    page.go(&login.link).await;
    stage.sign_in().await;
    let page = &mut stage.browser.page;
    page.tab_to("#workspace").await;
    assert_eq!(page.see("document.activeElement.value").await, "", "nothing is preset");
    // The browser itself asks for the workspace.
    page.tab_to("button[value=confirm]").await;
    page.press(Key::Enter).await;
    assert_eq!(page.see("document.activeElement.id").await, "workspace");
    assert_eq!(page.heading().await, "Confirm a login");
    page.press(Key::Down).await;
    assert_eq!(page.see("document.activeElement.selectedOptions[0].text").await, "alpha");
    page.tab_to("button[value=confirm]").await;
    page.enter().await;
    assert_eq!(page.heading().await, "Login confirmed");
    let printed = shown(login.connected().await);
    assert!(printed.contains("Connected to ZenML Pro server: alpha"), "{printed}");

    let other = shown(Client::new(&stage.python));
    let login = shown(other.log_in(&["login", "beta", "--pro-api-url", stage.platform.url()]).await);
    page.go(&login.link).await;
    assert_eq!(page.heading().await, "Confirm a login", "the browser is still signed in");
    page.tab_to("button[value=refuse]").await;
    page.enter().await;
    assert_eq!(page.heading().await, "Login refused");
    let (succeeded, printed) = shown(login.ended().await);
    assert!(!succeeded && printed.contains("access_denied"), "{printed}");
    stage.platform.stop().await;
}

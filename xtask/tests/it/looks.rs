//! How the pages look to a person: on a phone and on a screen, in light and dark colors, with the keyboard and with
//! assistive technology.
//!
//! Pictures of all pages are in `target/tmp/pages`.

use std::path::Path;

use serde_json::{Value as Json, json};
use xtask::demo::http::{Body, Session};
use zenml_local::{Options, Platform};

use crate::chromium::{Chromium, Key, Page};
use crate::person::{Waiting, administrator, sign_in, workspace};
use crate::shown;

/// What is wrong with a page at a width; an empty list if nothing is.
const CHECKS: &str = include_str!("looks.js");

/// A name as long as names can be, and without a place to break a line.
const LONG: &str = "a-workspace-with-a-very-long-name-of-fifty-letters";

/// Presses the button with the keyboard.
async fn use_button(page: &mut Page, button: &str) {
    page.tab_to(button).await;
    page.enter().await;
}

/// Checks the page that is open, at all widths and in both colors, and stores pictures.
async fn check(page: &mut Page, name: &str, heading: &str) {
    assert_eq!(page.heading().await, heading, "{name}");
    let looks = [(320, "light"), (320, "dark"), (360, "light"), (1000, "dark"), (1000, "light")];
    for (width, scheme) in looks {
        page.look(width, scheme).await;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        page.picture(&folder.join(format!("{name}-{width}-{scheme}.png"))).await;
    }
    // Browsers show the focus to people who use the keyboard.
    page.press(Key::Tab).await;
    for (width, scheme) in looks {
        page.look(width, scheme).await;
        let problems = page.see(&format!("({CHECKS})({width}, {})", json!(scheme))).await;
        assert_eq!(problems, json!([]), "{name} at {width} in {scheme}");
    }
}

async fn send(control: &Session, method: &str, path: &str, body: Json) -> Json {
    shown(control.expect(method, path, if body.is_null() { Body::Empty } else { Body::Json(body) }).await)
}

#[tokio::test]
async fn each_page_is_readable_on_a_phone_in_both_colors_and_with_the_keyboard() {
    let Some(mut browser) = Chromium::start(&[]).await else { return };
    let page = &mut browser.page;
    let platform = Platform::start(Options::default()).await.unwrap();
    let (control, url) = (administrator(&platform).await, platform.url().to_owned());
    let (admin, host) = (platform.admin().unwrap(), "h".repeat(100));

    page.go(&url).await;
    check(page, "sign-in", "Sign in").await;
    sign_in(page, &admin.username, "wrong").await;
    check(page, "sign-in-wrong", "Sign in").await;
    sign_in(page, &admin.username, admin.password.expose()).await;
    check(page, "workspaces-none", "Workspaces").await;
    let waiting = Waiting::start(&platform, &host).await;
    let link = &waiting.link;
    page.go(link).await;
    check(page, "confirm-no-workspace", "Confirm a login").await;
    page.go(&format!("{url}/pages/device")).await;
    check(page, "code", "Confirm a login").await;
    page.tab_to("#user_code").await;
    page.write("bcdf").await;
    page.enter().await;
    check(page, "code-wrong", "Confirm a login").await;

    let long = workspace(&control, &platform, LONG).await;
    let off = workspace(&control, &platform, "off").await;
    let off = format!("/workspaces/{}", off["id"].as_str().unwrap());
    send(&control, "PATCH", &off, json!({ "desired_state": "deactivated" })).await;
    let enrolled =
        json!({ "name": "own", "organization_id": platform.organization_id(), "is_managed": false });
    send(&control, "POST", "/workspaces", enrolled).await;
    page.go(&url).await;
    check(page, "workspaces", "Workspaces").await;
    page.go(&format!("{url}/workspaces/{LONG}")).await;
    check(page, "workspace", LONG).await;
    page.go(&format!("{url}/workspaces/{LONG}/projects/default/runs/{}", long["id"].as_str().unwrap())).await;
    check(page, "workspace-link", LONG).await;
    page.go(&format!("{url}/workspaces/off")).await;
    check(page, "workspace-deactivated", "off").await;
    page.go(&format!("{url}/workspaces/own")).await;
    check(page, "workspace-pending", "own").await;
    page.go(&format!("{url}/workspaces/{}", "n".repeat(200))).await;
    check(page, "not-found", "Not found").await;

    page.go(&format!("{link}&workspace={}", "w".repeat(300))).await;
    check(page, "confirm-unknown", "Confirm a login").await;
    page.go(&format!("{link}&workspace={LONG}")).await;
    check(page, "confirm", "Confirm a login").await;
    use_button(page, "button[value=confirm]").await;
    check(page, "confirmed", "Login confirmed").await;
    let device = waiting.redeem(&platform).await;
    page.go(&Waiting::start(&platform, "vm").await.link).await;
    use_button(page, "button[value=refuse]").await;
    check(page, "refused", "Login refused").await;

    // The devices of the person: lock, unlock and sign out.
    page.go(&format!("{url}/pages/devices")).await;
    check(page, "devices", "Devices").await;
    let me = async || device.send("GET", "/users/me", Body::Empty).await.unwrap().status;
    for (button, status) in [("lock", 401), ("unlock", 200)] {
        use_button(page, &format!("button[value={button}]")).await;
        check(page, &format!("devices-{button}"), "Devices").await;
        assert_eq!(me().await, status, "{button}");
    }
    use_button(page, "button[value=end]").await;
    check(page, "devices-none", "Devices").await;
    assert_eq!(me().await, 401);
    platform.stop().await;
}

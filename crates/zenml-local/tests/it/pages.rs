//! Pages for people: signing in, confirming a device, workspaces.

use serde_json::{Value, json};

use crate::browser::{ACCEPT, Browser};
use crate::support::{Answer, PASSWORD, Person, World, text};

const CLIENT: &str = "11111111-2222-4333-8444-000000000040";
const GRANT: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
pub(crate) const ADA: &str = "ada@example.org";

/// A person with a role in one of two workspaces, and the id of that one.
pub(crate) async fn world() -> (World, Person, String) {
    let world = World::start().await;
    let ada = world.member(ADA, "Organization Member").await;
    let (space, _) = (world.workspace("space").await, world.workspace("closed").await);
    let role = world.role("workspace", "Workspace Developer").await;
    let call = format!("POST /roles/{role}/assignments?user_id={}&workspace_id={space}", ada.id);
    world.admin(&call, Value::Null).await.ok();
    (world, ada, space)
}

pub(crate) async fn start(world: &World, host: &str) -> Value {
    let agent = format!("Host/{host} ZenML/0.98.0 Python/3.11.7 OS/Linux");
    let form = format!("client_id={CLIENT}");
    world.form_with("/auth/device_authorization", &form, &[("user-agent", &agent)]).await.ok()
}

pub(crate) async fn poll(world: &World, device: &Value) -> Answer {
    let code = text(&device["device_code"]);
    world.login(&format!("grant_type={GRANT}&client_id={CLIENT}&device_code={code}")).await
}

/// The address that the real client shows.
pub(crate) fn link(device: &Value, workspace: &str) -> String {
    format!("{}&workspace={workspace}", text(&device["verification_uri_complete"]))
}

#[tokio::test]
async fn a_person_signs_in_and_confirms_a_device_for_a_workspace() {
    let (world, _, space) = world().await;
    let device = start(&world, "vm").await;
    let mut browser = Browser::default();
    browser.open(&world, &link(&device, "space")).await;
    assert_eq!(browser.heading(), "Sign in");
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert_eq!((browser.status.as_u16(), browser.heading()), (200, "Confirm a login"));
    for shown in ["vm", "Linux", "0.98.0", "3.11.7", &text(&device["user_code"])] {
        assert!(browser.html.contains(shown), "{shown}: {}", browser.html);
    }
    assert!(browser.html.contains(&format!("<option value=\"{space}\" selected>space</option>")));
    assert!(!browser.html.contains("closed"), "a workspace without access");
    assert_eq!(text(&poll(&world, &device).await.body["error"]), "authorization_pending");
    let values = [("workspace", space.as_str()), ("trusted", "yes"), ("answer", "confirm")];
    browser.submit(&world, "/pages/device", &values).await;
    assert_eq!((browser.address.as_str(), browser.heading()), ("/pages/device/done", "Login confirmed"));
    let token = poll(&world, &device).await.ok();
    assert_eq!(token["device_metadata"], json!({ "tenant_id": space }));
    assert!(token["expires_in"].as_i64().unwrap() > 29 * 86_400, "trusted");
    // The code is used up.
    browser.open(&world, &link(&device, "space")).await;
    assert_eq!((browser.status.as_u16(), browser.heading()), (404, "Confirm a login"));
    assert!(browser.html.contains("aria-invalid=\"true\" aria-describedby=\"problem hint\""));
}

#[tokio::test]
async fn a_refused_device_gets_no_access() {
    let (world, _, _) = world().await;
    let device = start(&world, "vm").await;
    let mut browser = Browser::default();
    browser.open(&world, &link(&device, "space")).await;
    browser.sign_in(&world, ADA, PASSWORD).await;
    browser.submit(&world, "/pages/device", &[("answer", "refuse")]).await;
    assert_eq!(browser.heading(), "Login refused");
    for _ in 0..2 {
        let refused = poll(&world, &device).await;
        assert_eq!(
            (refused.status.as_u16(), text(&refused.body["error"])),
            (400, "access_denied".to_owned())
        );
    }
}

#[tokio::test]
async fn a_workspace_is_required_and_must_be_one_that_the_person_can_log_in_to() {
    let (world, _, _) = world().await;
    let closed = text(&world.admin("GET /workspaces/closed", Value::Null).await.ok()["id"]);
    let device = start(&world, "vm").await;
    let mut browser = Browser::default();
    browser.open(&world, &link(&device, "closed")).await;
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert!(browser.html.contains("Workspace “closed” does not exist, is not available"), "{}", browser.html);
    for (workspace, problem) in
        [("", "Select a workspace."), (closed.as_str(), "does not exist"), ("nope", "does not exist")]
    {
        let values = [("workspace", workspace), ("answer", "confirm")];
        browser.submit(&world, "/pages/device", &values).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (400, "Confirm a login"));
        assert!(browser.html.contains(problem), "{workspace}: {}", browser.html);
    }
    assert_eq!(text(&poll(&world, &device).await.body["error"]), "authorization_pending");
}

#[tokio::test]
async fn a_form_of_another_site_or_of_another_session_is_not_accepted() {
    let (world, _, space) = world().await;
    let device = start(&world, "vm").await;
    let mut browser = Browser::default();
    browser.open(&world, &link(&device, "space")).await;
    browser.sign_in(&world, ADA, PASSWORD).await;
    let form = browser.form("/pages/device", &[("workspace", &space), ("answer", "confirm")]);
    let own = ("origin", "http://platform");
    for headers in [
        vec![],
        vec![("origin", "http://evil.example")],
        vec![("origin", "http://platform:8081")],
        vec![("origin", "null")],
        vec![own, ("sec-fetch-site", "cross-site")],
        vec![own, ("sec-fetch-site", "same-site")],
    ] {
        browser.request(&world, "POST", "/pages/device", Some(form.clone()), &headers).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (403, "Not allowed"), "{headers:?}");
    }
    let other = form.replace("token=", "token=x");
    browser.request(&world, "POST", "/pages/device", Some(other), &[own]).await;
    assert_eq!(browser.status, 403);
    // The form of one session does not fit to another one, even of the same person.
    let mut second = Browser::default();
    second.open(&world, "/pages/sign-in").await;
    second.sign_in(&world, ADA, PASSWORD).await;
    second.request(&world, "POST", "/pages/device", Some(form.clone()), &[own]).await;
    assert_eq!(second.status, 403);
    // Without a session, nothing is confirmed.
    let mut nobody = Browser::default();
    nobody.request(&world, "POST", "/pages/device", Some(form.clone()), &[own]).await;
    assert_eq!(nobody.status, 403);
    // Signing in from another site is rejected as well.
    let credentials = format!("username=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    nobody
        .request(&world, "POST", "/pages/sign-in", Some(credentials), &[("origin", "http://evil.example")])
        .await;
    assert_eq!((nobody.status.as_u16(), nobody.cookie.is_none()), (403, true));
    assert_eq!(text(&poll(&world, &device).await.body["error"]), "authorization_pending");
    browser.request(&world, "POST", "/pages/device", Some(form), &[own]).await;
    assert_eq!(browser.heading(), "Login confirmed");
}

#[tokio::test]
async fn no_page_is_cached_framed_or_scripted_and_the_cookie_is_for_pages_only() {
    let (world, _, _) = world().await;
    let mut browser = Browser::default();
    for address in ["/pages", "/pages/device", "/pages/sign-in", "/pages/workspaces/space"] {
        browser.open(&world, address).await;
        let header = |name: &str| browser.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("cache-control"), "no-store", "{address}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert!(!browser.html.contains("<script") && !browser.html.contains("style=\""), "{}", browser.html);
    }
    browser.open(&world, "/pages/style.css").await;
    assert_eq!(browser.headers["content-type"], "text/css; charset=utf-8");
    assert!(!browser.html.contains("url(") && !browser.html.contains("@import"), "nothing external");
    browser.open(&world, "/pages/sign-in").await;
    let form = browser.form("/pages/sign-in", &[("username", ADA), ("password", PASSWORD)]);
    let request = http::Request::post("/pages/sign-in")
        .header("host", "platform")
        .header("origin", "http://platform")
        .body(axum::body::Body::from(form))
        .unwrap();
    let response = tower::ServiceExt::oneshot(world.platform.router(), request).await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, attributes) = cookie.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/pages; Max-Age=900; HttpOnly; SameSite=Strict");
    assert!(pair.len() > 60, "{pair}");
    // The API does not know the cookie.
    let request =
        http::Request::get("/users/me").header("cookie", pair).body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(world.platform.router(), request).await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn a_session_ends_with_signing_out_and_with_the_password() {
    let (world, ada, _) = world().await;
    let mut browser = Browser::default();
    browser.open(&world, "/pages").await;
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert_eq!(browser.heading(), "Workspaces");
    let cookie = browser.cookie.clone();
    browser.submit(&world, "/pages/sign-out", &[]).await;
    assert_eq!((browser.heading(), browser.cookie.is_none()), ("Sign in", true));
    browser.cookie = cookie;
    browser.open(&world, "/pages").await;
    assert_eq!(browser.heading(), "Sign in", "the session is over, not only its cookie");
    browser.sign_in(&world, ADA, PASSWORD).await;
    let superuser = world.superuser().await;
    let reset = format!("PATCH /users/{}", ada.id);
    world.send(Some(&superuser), &reset, json!({ "password": "new" })).await.ok();
    browser.open(&world, "/pages").await;
    assert_eq!(browser.heading(), "Sign in");
}

#[tokio::test]
async fn wrong_passwords_and_codes_are_shown_at_their_fields_and_limited() {
    let (world, _, _) = world().await;
    let device = start(&world, "vm").await;
    let mut browser = Browser::default();
    browser.open(&world, "/pages/device?user_code=%3Cb%3E&workspace=space").await;
    for _ in 0..10 {
        browser.sign_in(&world, ADA, "wrong").await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (401, "Sign in"));
        assert!(browser.html.contains("aria-describedby=\"problem\""), "{}", browser.html);
        assert!(browser.html.contains(&format!("value=\"{ADA}\"")) && !browser.html.contains("wrong"));
    }
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert_eq!((browser.status.as_u16(), browser.headers.contains_key("retry-after")), (429, true));
    // Another account is not affected.
    let admin = world.platform.admin().unwrap();
    browser.sign_in(&world, &admin.username, admin.password.expose()).await;
    assert_eq!((browser.status.as_u16(), browser.heading()), (404, "Confirm a login"));
    assert!(browser.html.contains("value=\"&lt;b&gt;\""), "{}", browser.html);
    for _ in 0..9 {
        browser.open(&world, "/pages/device?user_code=BCDF-GHJK").await;
        assert_eq!(browser.status, 404);
    }
    browser.open(&world, &link(&device, "space")).await;
    assert_eq!((browser.status.as_u16(), browser.heading()), (429, "Confirm a login"));
}

#[tokio::test]
async fn text_of_clients_and_links_is_escaped() {
    let (world, _, _) = world().await;
    let device = start(&world, "<script>alert(1)</script>\"'&").await;
    let mut browser = Browser::default();
    browser.open(&world, &link(&device, "%22%3E%3Cimg%20src%3Dx%3E")).await;
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert!(browser.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;'&amp;"), "{}", browser.html);
    assert!(browser.html.contains("“&quot;&gt;&lt;img src=x&gt;”"), "{}", browser.html);
    browser.open(&world, "/workspaces/%3Cscript%3E").await;
    assert_eq!((browser.status.as_u16(), browser.heading()), (404, "Not found"));
    assert!(!browser.html.contains("<script"), "{}", browser.html);
}

#[tokio::test]
async fn signing_in_does_not_lead_to_another_site() {
    let (world, _, _) = world().await;
    for next in ["//evil.example", "https://evil.example/pages", "/pages.evil.example", "/%5Cevil"] {
        let form = format!("username=ada%40example.org&password={}&next={next}", PASSWORD.replace(' ', "+"));
        let mut browser = Browser::default();
        let own = [("origin", "http://platform")];
        browser.request(&world, "POST", "/pages/sign-in", Some(form), &own).await;
        assert_eq!((browser.address.as_str(), browser.heading()), ("/pages", "Workspaces"), "{next}");
    }
}

#[tokio::test]
async fn addresses_of_the_dashboard_show_pages_to_browsers_and_json_to_clients() {
    let (world, ada, space) = world().await;
    let mut browser = Browser::default();
    browser.open(&world, "/api/auth/login").await;
    assert_eq!(browser.heading(), "Sign in");
    browser.sign_in(&world, ADA, PASSWORD).await;
    assert_eq!(browser.heading(), "Workspaces");
    assert!(browser.html.contains("space") && !browser.html.contains("closed"), "{}", browser.html);
    for address in
        ["/workspaces/space", &format!("/workspaces/{space}"), "/workspaces/space/projects/x/runs/y"]
    {
        browser.open(&world, address).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (200, "space"), "{address}");
        let command = format!("<span>--pro-api-url</span> <span>{}</span>", world.platform.url());
        for shown in ["available", "0.98.0", &space, &command] {
            assert!(browser.html.contains(shown), "{shown}: {}", browser.html);
        }
    }
    browser.open(&world, "/workspaces/closed").await;
    assert_eq!(browser.status, 404);
    for accept in ["*/*", "application/json"] {
        let request = http::Request::get("/workspaces/space")
            .header("accept", accept)
            .header("authorization", format!("Bearer {}", ada.token))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = tower::ServiceExt::oneshot(world.platform.router(), request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json", "{accept}");
    }
    // A script that sends a token wants the API, whatever it accepts.
    let request = http::Request::get("/workspaces/space")
        .header("accept", ACCEPT)
        .header("authorization", format!("Bearer {}", ada.token))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = tower::ServiceExt::oneshot(world.platform.router(), request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().contains_key("location")), (200, false));
}

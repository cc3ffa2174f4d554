//! Pages that are used in other ways than people do, by accident or on purpose.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zenml_local::{Database, Options};

use crate::browser::{ACCEPT, Browser};
use crate::pages::{ADA, link, poll, start, world};
use crate::process;
use crate::support::{PASSWORD, World, text};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// A browser in which a person has signed in.
async fn signed_in(world: &World) -> Browser {
    let mut browser = Browser::default();
    browser.open(world, "/pages").await;
    browser.sign_in(world, ADA, PASSWORD).await;
    assert_eq!(browser.heading(), "Workspaces");
    browser
}

fn error(answer: &crate::support::Answer) -> String {
    text(&answer.body["error"])
}

#[tokio::test]
async fn a_user_code_is_read_as_people_type_it_and_nothing_else_is_one() {
    let (world, _, _) = world().await;
    let device = start(&world, "vm").await;
    let code = text(&device["user_code"]);
    let letters = code.replace('-', "");
    let mut browser = signed_in(&world).await;
    for typed in [
        code.clone(),
        code.to_lowercase(),
        letters.clone(),
        code.replace('-', "%20"),
        code.replace('-', "+"),
        code.replace('-', "%E2%80%93"),
        format!("%20{code}%20"),
        format!("{}%20{}", &letters[..2], &letters[2..]),
    ] {
        browser.open(&world, &format!("/pages/device?user_code={typed}")).await;
        assert!(browser.status == 200 && browser.html.contains("vm"), "{typed}: {}", browser.html);
    }
    for typed in [&letters[..7], &format!("{letters}B"), "%00", "BCDF-GHJK'--", &"B".repeat(3000)] {
        browser.open(&world, &format!("/pages/device?user_code={typed}")).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (404, "Confirm a login"), "{typed}");
    }
    for empty in ["", "?user_code=", "?user_code=%20", "?user_code"] {
        browser.open(&world, &format!("/pages/device{empty}")).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (200, "Confirm a login"), "{empty}");
        assert!(!browser.html.contains("class=\"problem\""), "{empty}: {}", browser.html);
    }
}

#[tokio::test]
async fn a_code_decides_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("platform.db");
    let world = World::with(Options { database: Database::File(file.clone()), ..Options::default() }).await;
    let ada = world.member(ADA, "Organization Member").await;
    let space = world.workspace("space").await;
    let role = world.role("workspace", "Workspace Developer").await;
    let call = format!("POST /roles/{role}/assignments?user_id={}&workspace_id={space}", ada.id);
    world.admin(&call, Value::Null).await.ok();
    let (mut one, mut two) = (signed_in(&world).await, signed_in(&world).await);
    let confirm = [("workspace", space.as_str()), ("answer", "confirm")];
    let refuse = [("answer", "refuse")];

    // Two browsers at once: one of them decides, and the client logs in once.
    let device = start(&world, "vm").await;
    for browser in [&mut one, &mut two] {
        browser.open(&world, &link(&device, "space")).await;
    }
    tokio::join!(
        one.submit(&world, "/pages/device", &confirm),
        two.submit(&world, "/pages/device", &confirm)
    );
    let mut seen = [one.heading().to_owned(), two.heading().to_owned()];
    seen.sort();
    assert_eq!(seen, ["Confirm a login", "Login confirmed"], "{} {}", one.html, two.html);
    let (first, second) = tokio::join!(poll(&world, &device), poll(&world, &device));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let list = world.send(Some(&ada.token), "GET /devices", Value::Null).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");

    // What came first counts.
    for (first, later, expected) in [(&refuse[..], &confirm[..], 400), (&confirm[..], &refuse[..], 200)] {
        let device = start(&world, "vm").await;
        for browser in [&mut one, &mut two] {
            browser.open(&world, &link(&device, "space")).await;
        }
        one.submit(&world, "/pages/device", first).await;
        assert_eq!(one.address, "/pages/device/done");
        two.submit(&world, "/pages/device", later).await;
        assert_eq!((two.status.as_u16(), two.heading()), (404, "Confirm a login"), "{}", two.html);
        assert_eq!(poll(&world, &device).await.status.as_u16(), expected);
    }

    // The client has given up, so nothing is left of a login that was confirmed.
    let device = start(&world, "vm").await;
    one.open(&world, &link(&device, "space")).await;
    one.submit(&world, "/pages/device", &confirm).await;
    process::sql(&file, "UPDATE device_login SET expires = '2026-01-01T00:00:00'").await;
    assert_eq!(error(&poll(&world, &device).await), "expired_token");
    let list = world.send(Some(&ada.token), "GET /devices", Value::Null).await.ok();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");

    // Too late to confirm: the page says what to do.
    let device = start(&world, "vm").await;
    one.open(&world, &link(&device, "space")).await;
    process::sql(&file, "UPDATE device_login SET expires = '2026-01-01T00:00:00'").await;
    one.submit(&world, "/pages/device", &confirm).await;
    assert!(one.status == 404 && one.html.contains("Run the command again."), "{}", one.html);
}

#[tokio::test]
async fn only_an_available_workspace_that_the_person_can_log_in_to_is_preset_or_confirmed() {
    let (world, ada, space) = world().await;
    let role = world.role("workspace", "Workspace Developer").await;
    let create = async |name: &str, more: Value| {
        let mut body = json!({ "name": name, "organization_id": world.organization() });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let id = text(&world.admin("POST /workspaces", body).await.ok()["id"]);
        let call = format!("POST /roles/{role}/assignments?user_id={}&workspace_id={id}", ada.id);
        world.admin(&call, Value::Null).await.ok();
        id
    };
    let waits = create("waits", json!({ "is_managed": false })).await;
    let (off, gone) = (create("off", json!({})).await, create("gone", json!({})).await);
    for id in [&off, &gone] {
        world.settled(id).await;
    }
    let device = start(&world, "vm").await;
    let mut browser = signed_in(&world).await;
    let preset = |browser: &Browser| {
        let selected = browser.html.split("<option value=\"").find(|option| option.contains("selected"));
        selected.unwrap().split('"').next().unwrap().to_owned()
    };
    for (wanted, expected) in [
        ("space", space.as_str()),
        (&space, &space),
        (&space.to_uppercase(), &space),
        ("sp%61ce", &space),
        ("SPACE", ""),
        ("closed", ""),
        ("waits", ""),
        (&waits, ""),
        ("nope", ""),
        ("%3Cscript%3Ealert(1)%3C/script%3E", ""),
        ("%0d%0aset-cookie:%20x=y", ""),
        ("%00", ""),
        (&"x".repeat(10_000), ""),
    ] {
        browser.open(&world, &link(&device, wanted)).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (200, "Confirm a login"), "{wanted}");
        assert_eq!(preset(&browser), expected, "{wanted}");
        assert!(!browser.html.contains("<script") && browser.html.len() < 10_000, "{}", browser.html.len());
        assert!(!browser.headers.contains_key("set-cookie"));
    }

    // Workspaces that are no longer available when the form is sent.
    browser.open(&world, &link(&device, "space")).await;
    let off_call = format!("PATCH /workspaces/{off}");
    world.admin(&off_call, json!({ "desired_state": "deactivated" })).await.ok();
    world.admin(&format!("DELETE /workspaces/{gone}"), Value::Null).await.ok();
    let unknown = "00000000-0000-4000-8000-000000000001";
    for id in [waits.as_str(), &off, &gone, unknown, "", "space%27", "x"] {
        let values = [("workspace", id), ("answer", "confirm")];
        browser.submit(&world, "/pages/device", &values).await;
        assert_eq!((browser.status.as_u16(), browser.heading()), (400, "Confirm a login"), "{id}");
        assert!(browser.html.contains("id=\"problem\""), "{id}: {}", browser.html);
    }
    assert_eq!(error(&poll(&world, &device).await), "authorization_pending");
    browser.submit(&world, "/pages/device", &[("workspace", &space), ("answer", "confirm")]).await;
    assert_eq!(browser.heading(), "Login confirmed");
}

#[tokio::test]
async fn a_cookie_that_is_not_that_of_a_session_leads_to_signing_in() {
    let ((one, _, _), (other, _, _)) = (world().await, world().await);
    let real = signed_in(&one).await.cookie.unwrap();
    let foreign = signed_in(&other).await.cookie.unwrap();
    let forged = format!("{}x", &real[..real.len() - 1]);
    for cookie in [
        foreign.as_str(),
        &forged,
        "zenml-local-session=",
        "zenml-local-session=\"\"",
        "zenml-local-session=%00",
        "zenml-local-session=' OR 1=1 --",
        &format!("zenml-local-session={}", "x".repeat(8000)),
        &format!("other={}", real.split_once('=').unwrap().1),
    ] {
        let mut browser = Browser { cookie: Some(cookie.to_owned()), ..Browser::default() };
        for page in ["/pages", "/pages/devices", "/pages/device", "/pages/workspaces/space"] {
            browser.open(&one, page).await;
            assert_eq!((browser.status.as_u16(), browser.heading()), (200, "Sign in"), "{cookie} {page}");
        }
        for form in ["/pages/device", "/pages/devices"] {
            let own = [("origin", "http://platform")];
            browser.request(&one, "POST", form, Some("answer=confirm".to_owned()), &own).await;
            assert_eq!((browser.status.as_u16(), browser.heading()), (403, "Not allowed"), "{cookie} {form}");
        }
    }
    // Signing in again ends the session before it.
    let mut browser = Browser { cookie: Some(real.clone()), ..Browser::default() };
    browser.open(&one, "/pages").await;
    assert_eq!(browser.heading(), "Workspaces");
    let form = format!("username=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
    browser.request(&one, "POST", "/pages/sign-in", Some(form), &[("origin", "http://platform")]).await;
    assert_ne!(browser.cookie.as_ref(), Some(&real));
    let mut before = Browser { cookie: Some(real), ..Browser::default() };
    before.open(&one, "/pages").await;
    assert_eq!(before.heading(), "Sign in");
}

#[tokio::test]
async fn pages_answer_other_methods_and_clients_without_surprises() {
    let (world, _, _) = world().await;
    let send = async |method: &str, path: &str, accept: Option<&str>| {
        let mut request = Request::builder().method(method).uri(path).header("host", "platform");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let response = world.platform.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let header = |name: &str| {
            response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        (
            response.status().as_u16(),
            header("content-type"),
            header("location"),
            header("content-security-policy"),
        )
    };
    for (method, path, accept, status, kind, location) in [
        ("HEAD", "/pages", Some(ACCEPT), 200, HTML, ""),
        ("HEAD", "/pages/device", Some(ACCEPT), 200, HTML, ""),
        ("HEAD", "/pages/style.css", None, 200, "text/css; charset=utf-8", ""),
        ("HEAD", "/", Some(ACCEPT), 303, "", "/pages"),
        ("HEAD", "/workspaces/space", Some(ACCEPT), 303, "", "/pages/workspaces/space"),
        ("OPTIONS", "/pages", Some(ACCEPT), 405, JSON, ""),
        ("OPTIONS", "/pages/device", None, 405, JSON, ""),
        ("PUT", "/pages/device", Some(ACCEPT), 405, JSON, ""),
        ("DELETE", "/pages/devices", Some(ACCEPT), 405, JSON, ""),
        ("POST", "/pages", Some(ACCEPT), 405, JSON, ""),
        // A reload of an address that is only a form.
        ("GET", "/pages/sign-out", Some(ACCEPT), 303, "", "/pages"),
        ("GET", "/pages/nothing", Some(ACCEPT), 404, HTML, ""),
        ("GET", "/pages/workspaces/", Some(ACCEPT), 404, HTML, ""),
        ("GET", "/pages/device/done/", Some(ACCEPT), 404, HTML, ""),
        // Pages are HTML whatever a client accepts; other addresses are so only for browsers.
        ("GET", "/pages", None, 200, HTML, ""),
        ("GET", "/pages", Some("*/*"), 200, HTML, ""),
        ("GET", "/pages", Some(JSON), 200, HTML, ""),
        ("GET", "/workspaces/space", None, 401, JSON, ""),
        ("GET", "/workspaces/space", Some("*/*"), 401, JSON, ""),
        ("GET", "/workspaces/space", Some("application/json, text/html;q=0.1"), 401, JSON, ""),
        ("GET", "/workspaces/space", Some("text/html;q=0.1"), 303, "", "/pages/workspaces/space"),
        ("GET", "/workspaces/space", Some("text/html;q=0"), 401, JSON, ""),
        ("POST", "/workspaces", Some(ACCEPT), 401, JSON, ""),
        ("GET", "/users/me", Some(ACCEPT), 401, JSON, ""),
        ("GET", "/devices", Some(ACCEPT), 401, JSON, ""),
        (
            "GET",
            "/workspaces//evil.example/%2e%2e",
            Some(ACCEPT),
            303,
            "",
            "/pages/workspaces/?at=evil.example%2F%252e%252e",
        ),
    ] {
        let answer = send(method, path, accept).await;
        let expected = (status, kind.to_owned(), location.to_owned());
        let (got, content, to, policy) = answer;
        assert_eq!((got, content, to), expected, "{method} {path} {accept:?}");
        assert_eq!(
            policy.contains("frame-ancestors 'none'"),
            kind == HTML || kind.starts_with("text/css") || (path.starts_with("/pages") && status == 303),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn an_address_that_asks_for_a_login_is_never_that_of_another_site() {
    let (world, _, _) = world().await;
    for address in [
        "/pages/workspaces/%2e%2e",
        "/pages/workspaces/%2F%2Fevil.example",
        "/pages/workspaces/x?at=//evil.example",
        "/pages?next=//evil.example",
        "/pages/sign-in?next=//evil.example",
        "/pages/workspaces/%0d%0aset-cookie:%20x=y",
    ] {
        let mut browser = Browser::default();
        browser.open(&world, address).await;
        assert_eq!(browser.heading(), "Sign in", "{address}");
        browser.sign_in(&world, ADA, PASSWORD).await;
        assert!(browser.address.starts_with("/pages"), "{address}: {}", browser.address);
        assert_eq!(browser.headers.get_all("set-cookie").iter().count(), 0, "{address}");
    }
}

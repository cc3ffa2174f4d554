//! Fault injection, and error bodies.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zenml_local::faults::{Effect, Faults, Named, Phase, Rule};

use crate::support::{World, texts};

fn rule(method: &str, route: &str, phase: Phase, effect: Effect) -> Faults {
    let rule =
        Rule { method: Some(method.to_owned()), route: Some(route.to_owned()), nth: Some(1), phase, effect };
    Faults { rules: vec![rule], ..Faults::default() }
}

/// Sends a request over a real connection and returns all bytes of the response.
async fn over_the_wire(world: &World, call: &str, body: &Value) -> String {
    let address = world.platform.url().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (key, body) = (world.key(), body.to_string());
    let request = format!(
        "{call} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A dropped connection may end with an error; the bytes before it count.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_fault_before_the_request_changes_nothing_and_one_after_the_commit_keeps_the_change() {
    let world = World::start().await;
    let list = format!("GET /organizations/{}/teams", world.organization());
    let team = |name: &str| json!({ "name": name, "organization_id": world.organization() });
    let busy = Effect::Answer { status: 503, body: json!({ "detail": "busy" }), retry_after: Some(1) };
    for (phase, name, made) in [(Phase::Before, "before", false), (Phase::AfterCommit, "after", true)] {
        world.platform.inject(rule("POST", "/teams", phase, busy.clone()));
        let answer = world.admin("POST /teams", team(name)).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (503, &json!({ "detail": "busy" })));
        let names = texts(&world.admin(&list, Value::Null).await.ok(), "name");
        assert_eq!(names.contains(&name.to_owned()), made, "{name}");
    }
    // The rule applied to one request only.
    world.admin("POST /teams", team("again")).await.ok();
}

#[tokio::test]
async fn connections_drop_before_a_response_or_in_the_middle_of_it() {
    let world = World::start().await;
    let team = |name: &str| json!({ "name": name, "organization_id": world.organization() });
    let drop = || Effect::Named(Named::Drop);
    world.platform.inject(rule("POST", "/teams", Phase::AfterCommit, drop()));
    assert_eq!(over_the_wire(&world, "POST /teams", &team("one")).await, "");
    world.platform.inject(rule("POST", "/teams", Phase::MidBody, drop()));
    let answer = over_the_wire(&world, "POST /teams", &team("two")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200") && !body.is_empty() && body.len() < promised.parse().unwrap(),
        "{answer}"
    );
    let list = format!("GET /organizations/{}/teams", world.organization());
    assert_eq!(texts(&world.admin(&list, Value::Null).await.ok(), "name"), ["one", "two"]);
}

#[tokio::test]
async fn a_fault_can_return_an_html_page() {
    let world = World::start().await;
    let page = Effect::Html { html: "<h1>Sign in</h1>".to_owned(), html_status: 200 };
    world.platform.inject(rule("GET", "/users/me", Phase::Before, page));
    let answer = over_the_wire(&world, "GET /users/me", &Value::Null).await;
    assert!(answer.contains("content-type: text/html") && answer.ends_with("<h1>Sign in</h1>"), "{answer}");
}

#[tokio::test]
async fn requests_have_ids_and_unknown_routes_respond_like_a_real_server() {
    let world = World::start().await;
    let answer = over_the_wire(&world, "GET /health", &Value::Null).await;
    assert!(answer.contains("x-request-id: "), "{answer}");
    let answer = world.admin("GET /nonsense", Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.body), (404, json!({ "detail": "Not Found" })));
    for call in ["POST /nonsense", "DELETE /teams"] {
        let answer = world.admin(call, Value::Null).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body),
            (405, json!({ "detail": "Method Not Allowed" })),
            "{call}"
        );
    }
}

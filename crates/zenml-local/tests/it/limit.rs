//! Requests that are too large, too deep, too slow, or for missing objects.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use zenml_local::{Access, Plane};

use crate::support::{World, text};

const UNKNOWN: &str = "00000000-0000-4000-8000-00000000dead";

#[tokio::test]
async fn a_missing_object_is_404_even_for_a_caller_who_may_do_everything() {
    let world = World::start().await;
    let superuser = world.superuser().await;
    let before = world.platform.census().await.unwrap();
    let mut wrong = Vec::new();
    for (route, call, body, _) in crate::access::ROWS {
        for missing in ["organization", "person", "team", "workspace", "enrolled", "role", "project", "key"] {
            let place = format!("{{{missing}}}");
            if !call.contains(&place) && !body.contains(&place) {
                continue;
            }
            let fill = |text: &str| {
                let mut text = text.replace(&place, UNKNOWN).replace("{organization}", &world.organization());
                for name in ["person", "team", "workspace", "enrolled", "role", "project", "key"] {
                    text = text.replace(&format!("{{{name}}}"), UNKNOWN);
                }
                text
            };
            let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&fill(body)).unwrap() };
            let answer = world.send(Some(&superuser), &fill(call), body).await;
            if !matches!(answer.status.as_u16(), 400 | 403 | 404 | 422) {
                wrong.push(format!("{route} without {missing}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.platform.census().await.unwrap(), before);
}

#[tokio::test]
async fn every_route_limits_the_size_of_documents() {
    let world = World::start().await;
    let superuser = world.superuser().await;
    let workspace = world.workspace("space").await;
    let login = format!("POST /w/{workspace}/api/v1/login");
    let inside = text(&world.send(Some(&superuser), &login, Value::Null).await.ok()["access_token"]);
    let mut deep = json!(1);
    for _ in 0..60 {
        deep = json!([deep]);
    }
    // The lengths of a string and a body that are too large, by plane.
    let documents = |text: usize, body: usize| {
        [
            ("deep", json!({ "metadata": deep, "name": "x" })),
            ("wide", json!({ "metadata": vec![0; 21_000], "name": "x" })),
            ("long", json!({ "metadata": "x".repeat(text), "name": "x" })),
            ("huge", json!({ "metadata": "x".repeat(body), "name": "x" })),
        ]
    };
    let (control, of_workspace) = (documents(4097, 512 << 10), documents((1 << 20) + 1, 4 << 20));
    let mut tried = 0;
    for route in world.platform.served() {
        if matches!(route.method.as_str(), "GET" | "DELETE") || route.access != Access::Account {
            continue;
        }
        // Has no document, and succeeds with any.
        if route.template == "/flavors/sync" {
            continue;
        }
        let (base, token, documents) = match route.plane {
            Plane::Control => (String::new(), &superuser, &control),
            Plane::Workspace => (format!("/w/{workspace}/api/v1"), &inside, &of_workspace),
        };
        let mut path = route.template.to_owned();
        while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
            path.replace_range(start..=end, UNKNOWN);
        }
        for (how, document) in documents {
            let call = format!("{} {base}{path}", route.method);
            let answer = world.send(Some(token), &call, document.clone()).await;
            let status = answer.status.as_u16();
            assert!(
                // 501: nothing of the document is read.
                matches!(status, 400 | 403 | 404 | 405 | 413 | 422 | 501),
                "{how} {call}: {status} {}",
                answer.body
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

#[tokio::test]
async fn numbers_and_strings_in_profiles_are_limited() {
    let world = World::start().await;
    let keys = format!("/organizations/{}/service_accounts/platform-admin/api_keys", world.organization());
    for minutes in [json!(0), json!(-1), json!(i64::MIN), json!(i64::MAX), json!(1e30), json!(5_270_401)] {
        let key = json!({ "name": "k", "expires_in_minutes": minutes });
        let refusal = world.admin(&format!("POST {keys}"), key).await;
        assert_eq!(refusal.status, 422, "{minutes}: {}", refusal.body);
        assert_eq!(refusal.body["detail"][0]["loc"], json!(["body", "expires_in_minutes"]));
    }
    for minutes in [1, 5_270_400] {
        let key = json!({ "name": format!("k{minutes}"), "expires_in_minutes": minutes });
        world.admin(&format!("POST {keys}"), key).await.ok();
    }
    let long = "x".repeat(300);
    for change in [
        json!({ "name": long }),
        json!({ "company": long }),
        json!({ "job_title": long }),
        json!({ "metadata": { "a": "x".repeat(1000), "b": vec!["x".repeat(1000); 16] } }),
    ] {
        let answer = world.admin("PATCH /users/me", change.clone()).await;
        assert_eq!(answer.status, 422, "{change}");
    }
}

#[tokio::test]
async fn connections_with_an_incomplete_head_or_without_activity_are_closed() {
    let world = World::start().await;
    let address = world.platform.url().strip_prefix("http://").unwrap().to_owned();
    tokio::time::pause();
    for head in ["", "GET /health HTTP/1.1\r\nhost: x\r\n", "GET /health HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Time is simulated: it advances when all tasks wait.
        let read = tokio::time::timeout(Duration::from_mins(5), stream.read_to_string(&mut answer)).await;
        read.expect("the connection is closed").unwrap();
        assert_eq!(answer.contains("200 OK"), head.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    let world = World::start().await;
    let address = world.platform.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio::time::pause();
    let head = "POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\npassword=";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = tokio::time::timeout(Duration::from_mins(5), stream.read_to_string(&mut answer)).await;
    read.expect("the connection is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

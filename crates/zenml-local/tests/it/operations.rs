//! Each operation of a ZenML server is served by an embedded workspace, or is listed with the reason why not.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zenml_local::{REFUSED, Why};

use crate::support::World;

/// All operations of the server's own OpenAPI document: method and path.
const OPERATIONS: &str = include_str!("../../../zenml-api/contract/operations-0.98.0.txt");

const BASE: &str = "/api/v1";
const NOWHERE: &str = "00000000-0000-4000-8000-000000000001";

/// The route without the names of its parameters, which differ.
fn nameless(method: &str, template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

#[tokio::test]
async fn each_operation_of_a_server_is_served_or_listed_with_a_reason() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let key = world.key();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    for refused in REFUSED {
        let route = nameless(refused.method.as_str(), &format!("{BASE}{}", refused.template));
        assert!(listed.insert(route.clone()), "{route} is listed twice");
    }
    let mut wrong = Vec::new();
    let (mut served, mut unlisted) = (0, listed.clone());
    for (method, template) in OPERATIONS.lines().map(|line| line.split_once(' ').unwrap()) {
        let route = nameless(method, template);
        let path = route.split_once(' ').unwrap().1.replace("{}", NOWHERE);
        let refused = REFUSED
            .iter()
            .find(|one| nameless(one.method.as_str(), &format!("{BASE}{}", one.template)) == route);
        unlisted.remove(&route);
        if !template.starts_with(BASE) {
            // Health checks, whose responses are not JSON.
            served += 1;
            assert_eq!(
                world.send(None, &format!("{method} /w/{workspace}{path}"), Value::Null).await.status,
                200
            );
            continue;
        }
        let body = if method == "GET" { Value::Null } else { json!({}) };
        let answer = world.send(Some(&key), &format!("{method} /w/{workspace}{path}"), body).await;
        let unknown = answer.body == json!({ "detail": "Not Found" })
            || answer.body == json!({ "detail": "Method Not Allowed" });
        let fits = match refused.map(|one| one.why) {
            None => !unknown && answer.status != 500,
            Some(Why::NotInPro) => unknown,
            Some(Why::Because(why)) => {
                answer.status == 501 && answer.body == json!({ "detail": ["NotImplementedError", why] })
            }
        };
        served += usize::from(refused.is_none());
        if !fits {
            wrong.push(format!("{method} {template}: {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "neither served nor listed as it is:\n{}", wrong.join("\n"));
    assert!(unlisted.is_empty(), "not operations of a server: {unlisted:?}");
    println!("{served} operations served, {} listed", listed.len());
}

#[tokio::test]
async fn an_operation_that_is_not_served_asks_for_a_login_first() {
    let world = World::start().await;
    let workspace = world.workspace("space").await;
    let call = format!("GET /w/{workspace}{BASE}/stack-deployment/info?provider=aws");
    assert_eq!(world.send(None, &call, Value::Null).await.status, 401);
    let head = call.replacen("GET", "HEAD", 1);
    assert_eq!(world.send(Some(&world.key()), &head, Value::Null).await.status, 405);
    let reason = world.send(Some(&world.key()), &call, Value::Null).await.refused(501);
    assert!(reason.contains("Terraform"), "{reason}");
}

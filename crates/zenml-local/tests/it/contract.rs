//! The documented requests of the control plane in `zenml-api/contract`, sent to the platform.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::{World, text};

/// Endpoints for the servers of workspaces.
const INTERNAL: &[&str] = &[
    "entitlement::CHECK",
    "rbac::ALLOWED_RESOURCE_IDS",
    "rbac::CHECK_PERMISSIONS",
    "rbac::CHECK_PERMISSIONS_OLD",
    "rbac::FORGET",
    "rbac::SHARE",
    "rbac::USER_TEAM_IDS",
    "usage_event::REPORT",
    "workspace_status::REPORT",
];

fn entries() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../zenml-api/contract/control");
    let mut files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path| -> Vec<Value> { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    files.into_iter().flat_map(read).collect()
}

/// Ids of the documents, with their ids on this platform.
#[derive(Default)]
struct Ids(BTreeMap<String, String>);

impl Ids {
    fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (documented, own)| text.replace(documented, own))
    }

    /// Learns ids from a response and its document.
    fn learn(&mut self, documented: &Value, own: &Value) {
        match (documented, own) {
            (Value::Object(documented), Value::Object(own)) => {
                if let (Some(Value::String(from)), Some(Value::String(to))) =
                    (documented.get("id"), own.get("id"))
                {
                    self.0.insert(from.clone(), to.clone());
                }
            }
            (Value::Array(documented), Value::Array(own)) => {
                if let (Some(documented), Some(own)) = (documented.first(), own.first()) {
                    self.learn(documented, own);
                }
            }
            _ => {}
        }
    }
}

/// Returns the members of a document that a response lacks.
fn missing(documented: &Value, own: &Value) -> Vec<String> {
    match (documented, own) {
        (Value::Object(documented), Value::Object(own)) => {
            documented.keys().filter(|member| !own.contains_key(*member)).cloned().collect()
        }
        (Value::Array(documented), Value::Array(own)) => match (documented.first(), own.first()) {
            (Some(documented), Some(own)) => missing(documented, own),
            _ => Vec::new(),
        },
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (documented, own) if std::mem::discriminant(documented) == std::mem::discriminant(own) => Vec::new(),
        _ => vec!["(another kind of value)".to_owned()],
    }
}

/// Waits until no workspace of any organization is pending: only a superuser sees them all.
async fn all_settled(world: &World, superuser: &str) {
    let pending = "GET /workspaces?is_managed=true&status=pending";
    for _ in 0..500 {
        if world.send(Some(superuser), pending, Value::Null).await.ok() == Value::Array(Vec::new()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a workspace stayed pending");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "half of it is the list of endpoints")]
async fn every_documented_request_returns_the_documented_members() {
    let world = World::start().await;
    let other = world.outsider("other@example.org").await;
    let (superuser, leaving) = (world.superuser().await, world.superuser().await);
    let enrolled =
        world.admin("POST /workspaces?enroll=true", serde_json::json!({ "name": "far" })).await.ok();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        text(&enrolled["id"]),
        text(&enrolled["enrollment_key"])
    );
    let server = text(&world.login(&form).await.ok()["access_token"]);
    let mut ids = Ids::default();
    ids.0.insert("11111111-2222-4333-8444-000000000001".to_owned(), world.organization());
    let member = world.role("organization", "Organization Member").await;
    ids.0.insert("11111111-2222-4333-8444-000000000005".to_owned(), member);
    let (mut wrong, mut succeeded) = (Vec::new(), BTreeSet::new());
    let entries = entries();
    // Roles exist already, and later requests refer to them.
    let phases: [(&str, &str); 6] =
        [("GET", "role::"), ("POST", ""), ("GET", ""), ("PATCH", ""), ("PUT", ""), ("DELETE", "")];
    for (method, endpoints) in phases {
        for entry in &entries {
            let (endpoint, request) = (text(&entry["endpoint"]), &entry["request"]);
            if request["method"] != method || !endpoint.starts_with(endpoints) || !request["form"].is_null() {
                continue;
            }
            if endpoint == "user::UPDATE" {
                // The documented user is another one, and lists begin with the caller.
                ids.0.insert("11111111-2222-4333-8444-000000000002".to_owned(), other.id.clone());
            }
            let query = request["query"].as_str().map(|query| format!("?{query}")).unwrap_or_default();
            let call = ids.apply(&format!("{method} {}{query}", text(&request["path"])));
            let body = serde_json::from_str(&ids.apply(&request["json"].to_string())).unwrap();
            let who = match endpoint.as_str() {
                "auth::LOGOUT" => &leaving,
                internal if INTERNAL.contains(&internal) => &server,
                _ => &superuser,
            };
            let answer = world.send(Some(who), &call, body).await;
            if endpoint.starts_with("workspace::") {
                all_settled(&world, &superuser).await;
            }
            let unknown = answer.body["detail"] == "Not Found" || answer.status.as_u16() == 405;
            if unknown {
                wrong.push(format!("{endpoint}: {call} returned {}", answer.status));
            }
            if answer.status.as_u16() == 422 || answer.status.is_server_error() {
                wrong.push(format!("{endpoint}: {call}: {}", answer.body));
            }
            if answer.status.as_u16() == 200 && entry["status"] == 200 {
                succeeded.insert(endpoint.clone());
                ids.learn(&entry["answer"], &answer.body);
                let unread = entry["unknown"].to_string();
                for member in missing(&entry["answer"], &answer.body) {
                    // Our types do not write members that they do not read, and assumed members are not required.
                    if !unread.contains(&member) && entry["source"] != "inferred" {
                        wrong.push(format!("{endpoint}: the response lacks {member}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(succeeded.into_iter().collect::<Vec<_>>().join("\n"), @"
    auth::API_TOKEN
    auth::LOGOUT
    device::LIST
    invitation::CREATE
    invitation::GET
    invitation::LIST
    invitation::MINE
    member::LIST
    member::LIST_OF_PROJECT
    member::LIST_OF_WORKSPACE
    organization::CREATE
    organization::GET
    organization::LIST
    organization::NAME_IS_FREE
    organization::UPDATE
    organization::WORKSPACES
    rbac::ALLOWED_RESOURCE_IDS
    rbac::CHECK_PERMISSIONS
    rbac::CHECK_PERMISSIONS_OLD
    rbac::FORGET
    rbac::RESOURCE_MEMBERS
    rbac::USER_TEAM_IDS
    role::ASSIGNMENTS
    role::CREATE
    role::DELETE
    role::GET
    role::LIST
    role::PERMISSIONS
    role::UPDATE
    server::HEALTH
    server::INFO
    service_account::API_KEY
    service_account::API_KEYS
    service_account::CREATE
    service_account::CREATE_API_KEY
    service_account::DELETE
    service_account::DELETE_API_KEY
    service_account::GET
    service_account::LIST
    service_account::ROTATE_API_KEY
    service_account::UPDATE
    service_account::UPDATE_API_KEY
    team::CREATE
    team::DELETE
    team::GET
    team::LIST
    team::MEMBERS
    team::UPDATE
    usage_event::REPORT
    user::AUTHORIZE_SERVER
    user::CREATE
    user::CREATE_MY_API_KEY
    user::DELETE_MY_API_KEY
    user::GET
    user::LIST
    user::ME
    user::MY_API_KEYS
    user::UPDATE
    user::UPDATE_ME
    workspace::CREATE
    workspace::DEACTIVATE
    workspace::DELETE
    workspace::DEPLOY
    workspace::GET
    workspace::LIST
    workspace::UPDATE
    workspace_status::REPORT
    ");
}

//! A workspace from its administrator's point of view.

use serde_json::{Value, json};

use crate::support::{Answer, World, text};

/// A workspace from its administrator's point of view.
pub(crate) struct Space {
    pub(crate) world: World,
    pub(crate) id: String,
}

impl Space {
    pub(crate) async fn start() -> Self {
        let world = World::start().await;
        let id = world.workspace("space").await;
        Self { world, id }
    }

    pub(crate) async fn send(&self, call: &str, body: Value) -> Answer {
        let (method, path) = call.split_once(' ').unwrap();
        self.world.admin(&format!("{method} /w/{}/api/v1{path}", self.id), body).await
    }

    pub(crate) async fn make(&self, collection: &str, body: Value) -> String {
        text(&self.send(&format!("POST {collection}"), body).await.ok()["id"])
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.send(&format!("GET {path}"), Value::Null).await.ok()
    }

    pub(crate) async fn component(
        &self,
        kind: &str,
        flavor: &str,
        name: &str,
        configuration: Value,
    ) -> String {
        let body = json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
        self.make("/components", body).await
    }

    pub(crate) async fn stack(&self, name: &str) -> (String, String, String) {
        let orchestrator = self.component("orchestrator", "local", name, json!({})).await;
        let store = self.component("artifact_store", "s3", name, json!({ "path": "s3://b" })).await;
        let components = json!({ "orchestrator": [orchestrator], "artifact_store": [store] });
        let stack = self.make("/stacks", json!({ "name": name, "components": components })).await;
        (stack, orchestrator, store)
    }
}

/// Returns the message of an error, in any format.
fn reason(answer: &Answer) -> String {
    let detail = answer.body.get("detail").unwrap_or(&answer.body);
    detail.get(1).or(Some(detail)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Checks that each request fails with a status and a reason.
pub(crate) async fn refused(space: &Space, cases: &[(&str, Value, u16, &str)]) {
    for (call, body, status, part) in cases {
        let answer = space.send(call, body.clone()).await;
        assert_eq!(answer.status, *status, "{call} {body}: {}", answer.body);
        assert!(reason(&answer).contains(part), "{call} {body}: {}", answer.body);
    }
}

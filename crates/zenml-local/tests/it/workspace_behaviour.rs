//! What a workspace does with objects, its traps included: a provider that works here works on a ZenML server.

use serde_json::{Value, json};

use crate::support::{Answer, World, text};
use crate::workspace_cast::connector;

/// A workspace as its administrator sees it.
struct Space {
    world: World,
    id: String,
}

impl Space {
    async fn start() -> Self {
        let world = World::start().await;
        let id = world.workspace("space").await;
        Self { world, id }
    }

    async fn send(&self, call: &str, body: Value) -> Answer {
        let (method, path) = call.split_once(' ').unwrap();
        self.world.admin(&format!("{method} /w/{}/api/v1{path}", self.id), body).await
    }

    async fn make(&self, collection: &str, body: Value) -> String {
        text(&self.send(&format!("POST {collection}"), body).await.ok()["id"])
    }

    async fn get(&self, path: &str) -> Value {
        self.send(&format!("GET {path}"), Value::Null).await.ok()
    }

    async fn component(&self, kind: &str, flavor: &str, name: &str, configuration: Value) -> String {
        let body = json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
        self.make("/components", body).await
    }

    async fn stack(&self, name: &str) -> (String, String, String) {
        let orchestrator = self.component("orchestrator", "local", name, json!({})).await;
        let store = self.component("artifact_store", "s3", name, json!({ "path": "s3://b" })).await;
        let components = json!({ "orchestrator": [orchestrator], "artifact_store": [store] });
        let stack = self.make("/stacks", json!({ "name": name, "components": components })).await;
        (stack, orchestrator, store)
    }
}

/// The second part of an error, whichever form it has.
fn reason(answer: &Answer) -> String {
    let detail = answer.body.get("detail").unwrap_or(&answer.body);
    detail.get(1).or(Some(detail)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn refused(space: &Space, cases: &[(&str, Value, u16, &str)]) {
    for (call, body, status, part) in cases {
        let answer = space.send(call, body.clone()).await;
        assert_eq!(answer.status, *status, "{call} {body}: {}", answer.body);
        assert!(reason(&answer).contains(part), "{call} {body}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_update_of_a_component_without_its_connector_removes_the_link() {
    let space = Space::start().await;
    let link = space.make("/service_connectors", connector("aws")).await;
    let body = json!({
        "name": "s", "type": "artifact_store", "flavor": "s3", "configuration": { "path": "s3://b" },
        "connector": link, "connector_resource_id": "s3://b",
    });
    let id = space.make("/components", body).await;
    let put = format!("PUT /components/{id}");
    let both = json!({ "connector": link, "connector_resource_id": "s3://b" });
    for (change, linked, resource) in [
        (both.clone(), true, json!("s3://b")),
        (json!({ "connector": link }), true, Value::Null),
        (both.clone(), true, json!("s3://b")),
        (json!({ "labels": { "a": 1 } }), false, Value::Null),
        (json!({ "connector_resource_id": "s3://b" }), false, Value::Null),
    ] {
        let metadata = space.send(&put, change.clone()).await.ok()["metadata"].clone();
        assert_eq!(metadata["connector"].is_object(), linked, "{change}");
        assert_eq!(metadata["connector_resource_id"], resource, "{change}");
    }
    let nested = space.send(&put, both).await.ok()["metadata"]["connector"]["body"].clone();
    assert_eq!(nested["connector_type"], "aws", "nested in a component the type is a text");
}

#[tokio::test]
async fn an_update_of_a_component_replaces_maps_and_keeps_what_it_leaves_out() {
    let space = Space::start().await;
    let configuration = json!({ "kubernetes_context": "c", "local": "no", "max_parallelism": "4" });
    let id = space.component("orchestrator", "kubernetes", "k", configuration).await;
    let put = format!("PUT /components/{id}");
    let made = space.get(&format!("/components/{id}")).await;
    assert_eq!(
        made["metadata"]["configuration"],
        json!({ "kubernetes_context": "c", "local": false, "max_parallelism": 4 })
    );
    assert_eq!((&made["metadata"]["labels"], &made["metadata"]["environment"]), (&Value::Null, &json!({})));
    let mut updated = made["body"]["updated"].clone();
    for (change, member, stored) in [
        (json!({ "labels": { "a": [1] } }), "labels", json!({ "a": [1] })),
        (json!({}), "labels", json!({ "a": [1] })),
        (json!({ "labels": {} }), "labels", json!({})),
        (json!({ "labels": null }), "labels", Value::Null),
        (json!({ "environment": { "A": "b" } }), "environment", json!({ "A": "b" })),
        (json!({ "environment": null }), "environment", json!({})),
        (json!({ "configuration": { "local": "1" } }), "configuration", json!({ "local": true })),
        (
            json!({ "type": "alerter", "flavor": "x", "unknown": 1 }),
            "configuration",
            json!({ "local": true }),
        ),
    ] {
        let answer = space.send(&put, change.clone()).await.ok();
        assert_eq!(answer["metadata"][member], stored, "{change}");
        assert_eq!(
            (&answer["body"]["type"], &answer["body"]["flavor_name"]),
            (&json!("orchestrator"), &json!("kubernetes"))
        );
        assert_ne!(answer["body"]["updated"], updated, "every update is one");
        updated = answer["body"]["updated"].clone();
    }
    let stamp = text(&updated);
    assert!(stamp.len() == 26 && !stamp.ends_with('Z'), "{stamp}");
}

#[tokio::test]
async fn components_are_refused_as_the_server_refuses_them() {
    let space = Space::start().await;
    space.component("orchestrator", "local", "k", json!({})).await;
    space.component("artifact_store", "local", "k", json!({})).await;
    let new = |name: &str, kind: &str, flavor: &str, configuration: Value| json!({ "name": name, "type": kind, "flavor": flavor, "configuration": configuration });
    let (post, nowhere) = ("POST /components", "00000000-0000-4000-8000-000000000001");
    let with = |member: &str, value: Value| {
        let mut body = new("n", "orchestrator", "local", json!({}));
        body[member] = value;
        body
    };
    refused(
        &space,
        &[
            (
                post,
                new("k", "orchestrator", "local", json!({})),
                409,
                "Found an existing component with the same name and type.",
            ),
            (
                post,
                new("n", "orchestrator", "nope", json!({})),
                404,
                "No flavor with name 'nope' and type 'orchestrator' exists.",
            ),
            (post, new("n", "boat", "local", json!({})), 422, "Input should be 'alerter'"),
            (
                post,
                new("n", "orchestrator", "local", json!({ "a": 1 })),
                400,
                "Invalid configuration keys ['a'] for local orchestrator.",
            ),
            (
                post,
                new("n", "artifact_store", "s3", json!({})),
                422,
                "1 validation error for S3ArtifactStoreConfig\npath\n  Field required",
            ),
            (
                post,
                new("n", "artifact_store", "s3", json!({ "path": "gs://x" })),
                500,
                "supported schemes: {'s3://'}",
            ),
            (post, new("", "orchestrator", "local", json!({})), 400, "Cannot validate the name"),
            (post, new("a\tb", "orchestrator", "local", json!({})), 400, "forbidden characters"),
            (
                post,
                new("{{a.b}}", "orchestrator", "local", json!({})),
                422,
                "secret reference is not allowed",
            ),
            (post, new(&"n".repeat(256), "orchestrator", "local", json!({})), 422, "at most 255 characters"),
            (
                post,
                json!({ "name": "n", "type": "orchestrator", "flavor": "local" }),
                422,
                "('body', 'configuration'), 'msg': 'Field required'",
            ),
            (post, with("connector", json!(nowhere)), 404, "No service connector with this ID found"),
            (post, with("secrets", json!(["nope"])), 404, "Unable to get secret with name or ID 'nope'"),
            (post, with("environment", json!({ "a": 1 })), 422, "Input should be a valid string"),
            ("GET /components/nope", Value::Null, 422, "an id is a UUID"),
            (
                &format!("GET /components/{nowhere}"),
                Value::Null,
                404,
                "No stack component with this ID found",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_secret_that_a_tracker_refers_to_must_exist_with_its_key() {
    let space = Space::start().await;
    let tracker = |name: &str, password: &str| {
        let configuration = json!({
            "tracking_uri": "https://mlflow.example", "tracking_username": "{{mlflow.username}}",
            "tracking_password": password,
        });
        json!({ "name": name, "type": "experiment_tracker", "flavor": "mlflow", "configuration": configuration })
    };
    let post = "POST /components";
    refused(
        &space,
        &[(
            post,
            tracker("t", "{{mlflow.password}}"),
            404,
            "attribute tracking_username: The secret mlflow does not exist.",
        )],
    )
    .await;
    space.make("/secrets", json!({ "name": "mlflow", "values": { "username": "u", "password": "p" } })).await;
    refused(&space, &[(post, tracker("t", "{{mlflow.nope}}"), 404, "does not contain a value for key nope")])
        .await;
    let made = space.send(post, tracker("t", "{{mlflow.password}}")).await.ok();
    assert_eq!(made["metadata"]["configuration"]["tracking_password"], "{{mlflow.password}}");
    // The registry needs no tracker on the server: only the client of ZenML asks for one.
    let registry = space.component("model_registry", "mlflow", "r", json!({})).await;
    let (_, orchestrator, store) = space.stack("base").await;
    let components =
        json!({ "orchestrator": [orchestrator], "artifact_store": [store], "model_registry": [registry] });
    space.make("/stacks", json!({ "name": "without-tracker", "components": components })).await;
}

#[tokio::test]
async fn stacks_need_their_mandatory_components_and_are_regrouped_by_type() {
    let space = Space::start().await;
    let (stack, orchestrator, store) = space.stack("s").await;
    let nowhere = "00000000-0000-4000-8000-000000000001";
    let other = space.component("orchestrator", "local", "other", json!({})).await;
    let post = "POST /stacks";
    let new = |components: Value| json!({ "name": "new", "components": components });
    let put = format!("PUT /stacks/{stack}");
    refused(
        &space,
        &[
            (post, json!({ "name": "new" }), 422, "('body', 'components')"),
            (post, new(json!({})), 422, "at least an orchestrator and artifact store"),
            (post, new(json!({ "orchestrator": [orchestrator] })), 422, "at least an orchestrator and artifact store"),
            (post, new(json!({ "orchestrator": [orchestrator, other], "artifact_store": [store] })), 422, "does not support multiple components"),
            (post, new(json!({ "boat": [orchestrator], "artifact_store": [store] })), 422, "[key]"),
            (post, new(json!({ "orchestrator": ["name"], "artifact_store": [store] })), 422, "components"),
            (post, new(json!({ "orchestrator": [nowhere], "artifact_store": [store] })), 404, "No stack component with this ID found"),
            (post, json!({ "name": "s", "components": { "orchestrator": [orchestrator], "artifact_store": [store] } }), 409, "Found another existing stack with the same name."),
            (&put, json!({ "components": { "orchestrator": [orchestrator] } }), 422, "at least an orchestrator"),
            (&put, json!({ "name": "default" }), 409, "Found another existing stack with the same name."),
        ],
    )
    .await;
    // The slots are not checked, and the answer has the real types.
    let swapped = new(json!({ "orchestrator": [store], "artifact_store": [orchestrator] }));
    let made = space.send(post, swapped).await.ok();
    assert_eq!(made["metadata"]["components"]["orchestrator"][0]["id"], json!(orchestrator));
    assert_eq!(made["metadata"]["components"]["artifact_store"][0]["id"], json!(store));
    assert_eq!(made["metadata"]["labels"], json!({}), "a stack without labels has an empty map");
    for (change, member, stored) in [
        (json!({ "labels": { "n": 1 } }), "labels", json!({ "n": 1 })),
        (json!({ "labels": null }), "labels", Value::Null),
        (json!({ "description": null }), "description", Value::Null),
        (json!({ "components": null }), "description", Value::Null),
    ] {
        assert_eq!(space.send(&put, change.clone()).await.ok()["metadata"][member], stored, "{change}");
    }
    let replaced = json!({ "components": { "orchestrator": [other], "artifact_store": [store] } });
    let answer = space.send(&put, replaced).await.ok();
    assert_eq!(answer["metadata"]["components"]["orchestrator"][0]["id"], json!(other));
}

#[tokio::test]
async fn what_is_in_use_or_comes_with_the_workspace_stays_with_403() {
    let space = Space::start().await;
    let (stack, orchestrator, _) = space.stack("s").await;
    let link = space.make("/service_connectors", connector("aws")).await;
    let user = json!({
        "name": "u", "type": "image_builder", "flavor": "local", "configuration": {}, "connector": link,
    });
    let user = space.make("/components", user).await;
    let default = |list: Value| text(&list["items"][0]["id"]);
    let default_stack = default(space.get("/stacks?name=default").await);
    let default_store = default(space.get("/components?name=default&type=artifact_store").await);
    let (delete, put) = (|path: String| format!("DELETE {path}"), |path: String| format!("PUT {path}"));
    refused(
        &space,
        &[
            (
                &delete(format!("/components/{orchestrator}")),
                Value::Null,
                403,
                "cannot be deleted as it is part of 1 stacks",
            ),
            (
                &delete(format!("/service_connectors/{link}")),
                Value::Null,
                403,
                "still referenced by 1 stack components",
            ),
            (
                &put(format!("/stacks/{default_stack}")),
                json!({}),
                403,
                "The default stack cannot be modified.",
            ),
            (
                &delete(format!("/stacks/{default_stack}")),
                Value::Null,
                403,
                "The default stack cannot be deleted.",
            ),
            (
                &put(format!("/components/{default_store}")),
                json!({}),
                403,
                "The default artifact_store cannot be modified.",
            ),
            (
                &delete(format!("/components/{default_store}")),
                Value::Null,
                403,
                "The default artifact_store cannot be deleted.",
            ),
        ],
    )
    .await;
    // A stack leaves its components behind.
    space.send(&delete(format!("/stacks/{stack}")), Value::Null).await.ok();
    space.send(&delete(format!("/stacks/{stack}")), Value::Null).await.refused(404);
    space.send(&delete(format!("/components/{orchestrator}")), Value::Null).await.ok();
    space.send(&delete(format!("/components/{user}")), Value::Null).await.ok();
    space.send(&delete(format!("/service_connectors/{link}")), Value::Null).await.ok();
}

#[tokio::test]
async fn an_update_of_a_connector_removes_and_widens_what_it_leaves_out() {
    let space = Space::start().await;
    let all = json!(["aws-generic", "s3-bucket", "kubernetes-cluster", "docker-registry"]);
    let mut new = connector("aws");
    new["resource_types"] = json!(["s3-bucket"]);
    new["resource_id"] = json!("s3://b");
    new["expiration_seconds"] = json!(900);
    let made = space.send("POST /service_connectors", new).await.ok();
    assert_eq!(
        (&made["body"]["resource_types"], &made["body"]["supports_instances"]),
        (&json!(["s3-bucket"]), &json!(true))
    );
    assert!(made["body"]["connector_type"].is_object(), "the packages of the type count as installed");
    let put = format!("PUT /service_connectors/{}", text(&made["id"]));
    let widened = space.send(&put, json!({})).await.ok();
    assert_eq!((&widened["body"]["resource_types"], &widened["body"]["resource_id"]), (&all, &Value::Null));
    assert_eq!(widened["metadata"]["expiration_seconds"], Value::Null);
    assert_eq!(widened["metadata"]["configuration"]["aws_secret_access_key"], "hidden", "the secrets stay");
    let mut two = connector("two");
    two["resource_types"] = json!(["s3-bucket", "docker-registry"]);
    assert_eq!(space.send("POST /service_connectors", two).await.ok()["body"]["resource_types"], all);

    // In use: what is omitted counts as a change of the resource, but not of its types.
    let full = json!({ "resource_types": ["s3-bucket"], "resource_id": "s3://b" });
    space.send(&put, full.clone()).await.ok();
    let user = json!({
        "name": "u", "type": "image_builder", "flavor": "local", "configuration": {}, "connector": made["id"],
    });
    space.make("/components", user).await;
    refused(
        &space,
        &[
            (&put, json!({ "resource_types": ["s3-bucket"] }), 403, "The resource ID of a service connector that is already actively used"),
            (&put, json!({ "resource_id": "s3://b", "auth_method": "secret-key" }), 403, "The authentication method"),
            (&put, json!({ "resource_id": "s3://b", "connector_type": "kubernetes" }), 403, "The service type"),
            (&put, json!({ "resource_types": ["s3-bucket"], "resource_id": "s3://b", "configuration": { "region": "r" } }), 400, "missing required attribute 'aws_access_key_id'"),
        ],
    )
    .await;
    space.send(&put, full.clone()).await.ok();
    let widened = space.send(&put, json!({ "resource_id": "s3://b" })).await.ok();
    assert_eq!(widened["body"]["resource_types"], all, "nobody notices");
    refused(&space, &[(&put, full, 403, "The resource type")]).await;
}

#[tokio::test]
async fn connectors_are_checked_like_their_type_and_their_secrets_are_apart() {
    let space = Space::start().await;
    let post = "POST /service_connectors";
    let with = |member: &str, value: Value| {
        let mut body = connector("new");
        body[member] = value;
        body
    };
    refused(
        &space,
        &[
            (
                post,
                with("auth_method", json!("nope")),
                400,
                "does not support the 'nope' authentication method",
            ),
            (post, with("resource_types", json!(["nope"])), 400, "does not support resource type 'nope'"),
            (
                post,
                with("configuration", json!({ "region": "r" })),
                400,
                "missing required attribute 'aws_access_key_id'",
            ),
            (post, with("labels", json!({ "a": 1 })), 422, "Input should be a valid string"),
            (post, with("expires_at", json!("soon")), 422, "expires_at"),
        ],
    )
    .await;
    let made = space.send(post, with("labels", json!({ "team": "alpha" }))).await.ok();
    let path = format!("/service_connectors/{}", text(&made["id"]));
    let plain = json!({ "region": "eu-west-1", "role_arn": "arn" });
    assert_eq!(space.get(&format!("{path}?expand_secrets=false")).await["metadata"]["configuration"], plain);
    assert_eq!(space.get(&path).await["metadata"]["configuration"]["aws_access_key_id"], "AKIA");
    let list = space.get("/service_connectors?expand_secrets=false").await;
    assert_eq!(list["items"][0]["metadata"], Value::Null);
    let list = space.get("/service_connectors").await;
    assert_eq!(list["items"][0]["metadata"]["configuration"]["aws_access_key_id"], "AKIA");
    for (filter, found) in [
        ("connector_type=aws", 1),
        ("connector_type=gcp", 0),
        ("resource_type=s3-bucket", 1),
        ("labels_str=%7B%22team%22%3A%22alpha%22%7D", 1),
        ("labels_str=team%3Dbeta", 0),
    ] {
        assert_eq!(space.get(&format!("/service_connectors?{filter}")).await["total"], found, "{filter}");
    }

    // There is no cloud here, and verification says so.
    let verified = space.send(&format!("PUT {path}/verify?list_resources=false"), Value::Null).await.ok();
    assert!(text(&verified["error"]).contains("cannot verify connectors of type 'aws'"), "{verified}");
    let verified = space.send(&format!("{post}/verify"), connector("never-stored")).await.ok();
    assert_eq!(verified["id"], Value::Null);
    assert!(verified["error"].is_string());
    assert_eq!(space.get("/service_connectors?name=never-stored").await["total"], 0);

    // Of an unknown type nothing is known: not its secrets, and not how to verify it.
    let unknown = json!({ "name": "u", "connector_type": "boat", "auth_method": "oar", "resource_types": ["x", "y"], "configuration": { "a": 1 } });
    let unknown = space.send(post, unknown).await.ok();
    assert_eq!(
        (&unknown["body"]["connector_type"], &unknown["body"]["resource_types"]),
        (&json!("boat"), &json!(["x", "y"]))
    );
    space
        .send(&format!("PUT /service_connectors/{}/verify", text(&unknown["id"])), Value::Null)
        .await
        .refused(501);
}

#[tokio::test]
async fn projects_follow_their_rules_and_take_their_roles_with_them() {
    let space = Space::start().await;
    let post = "POST /projects";
    let made = space.send(post, json!({ "display_name": "My Proj! X" })).await.ok();
    assert_eq!((&made["name"], &made["body"]["display_name"]), (&json!("my-proj-x"), &json!("My Proj! X")));
    assert_eq!((&made["metadata"]["description"], &made["resources"]), (&json!(""), &Value::Null));
    let body = json!({ "name": "vision", "description": "d", "project_metadata": { "a": 1 } });
    let id = space.make("/projects", body).await;
    let put = format!("PUT /projects/{id}");
    refused(
        &space,
        &[
            (post, json!({}), 422, "('body', 'name'), 'msg': 'Field required'"),
            (post, json!({ "name": "A b" }), 422, "should match pattern"),
            (post, json!({ "name": "n".repeat(51) }), 422, "at most 50 characters"),
            (post, json!({ "name": "n", "description": null }), 422, "Input should be a valid string"),
            (
                post,
                json!({ "name": "vision" }),
                409,
                "Unable to create the requested project with name 'vision'",
            ),
            (&put, json!({ "name": "my-proj-x" }), 409, "Unable to update the requested project"),
            (&put, json!({ "description": null }), 500, "NOT NULL constraint failed: project.description"),
            (&put, json!({ "display_name": null }), 500, "NOT NULL constraint failed"),
            ("PUT /projects/vision", json!({}), 422, "an id is a UUID"),
            (
                "GET /projects/nope",
                Value::Null,
                404,
                "'nope' is not a valid  UUID and no project with this name exists.",
            ),
        ],
    )
    .await;
    for (change, description, metadata) in [
        (json!({}), "d", json!({ "a": 1 })),
        (json!({ "project_metadata": null, "description": "" }), "", json!({ "a": 1 })),
        (json!({ "project_metadata": {}, "name": "vision" }), "", json!({})),
    ] {
        let answer = space.send(&put, change.clone()).await.ok();
        assert_eq!(
            answer["metadata"],
            json!({ "description": description, "project_metadata": metadata }),
            "{change}"
        );
    }
    assert_eq!(space.get("/projects/vision").await["id"], json!(id));
    assert_eq!(space.get("/projects/vision/statistics").await, json!({ "pipelines": 0, "runs": 0 }));

    let role = space.world.role("project", "Project Viewer").await;
    let person = space.world.member("ada@example.org", "Organization Member").await;
    let scope = format!("user_id={}&workspace_id={}&project_id={id}", person.id, space.id);
    space.world.admin(&format!("POST /roles/{role}/assignments?{scope}"), Value::Null).await.ok();
    let login = format!("POST /w/{}/api/v1/login", space.id);
    let session =
        text(&space.world.send(Some(&person.token), &login, Value::Null).await.ok()["access_token"]);
    let list = format!("GET /w/{}/api/v1/projects", space.id);
    assert_eq!(space.world.send(Some(&session), &list, Value::Null).await.ok()["total"], 1);
    space.send("DELETE /projects/vision", Value::Null).await.ok();
    space.send("DELETE /projects/vision", Value::Null).await.refused(404);
    space.world.send(Some(&person.token), &login, Value::Null).await.refused(401);
}

#[tokio::test]
async fn secrets_are_replaced_or_merged() {
    let space = Space::start().await;
    let made = json!({ "name": "s", "values": { "a": "1", "n": null } });
    let made = space.send("POST /secrets", made).await.ok();
    assert_eq!(made["body"]["values"], json!({ "a": "1" }), "a null is dropped");
    let path = format!("/secrets/{}", text(&made["id"]));
    let (put, patch) = (format!("PUT {path}"), format!("PUT {path}?patch_values=true"));
    for (call, change, values) in [
        (&put, json!({}), json!({ "a": "1" })),
        (&patch, json!({ "values": { "b": "2" } }), json!({ "a": "1", "b": "2" })),
        (&patch, json!({ "values": { "a": null } }), json!({ "b": "2" })),
        (&put, json!({ "values": { "c": "3", "d": null } }), json!({ "c": "3" })),
        (&put, json!({ "values": {} }), json!({})),
    ] {
        assert_eq!(space.send(call, change.clone()).await.ok()["body"]["values"], values, "{change}");
    }
    refused(
        &space,
        &[
            (
                "POST /secrets",
                json!({ "name": "s" }),
                409,
                "Found an existing public secret with the same 's' name",
            ),
            (
                "POST /secrets",
                json!({ "name": "t", "values": { "a": 1 } }),
                422,
                "Input should be a valid string",
            ),
            (
                "POST /secrets",
                json!({ "name": "t", "private": null }),
                422,
                "Input should be a valid boolean",
            ),
        ],
    )
    .await;
    // A reference to a deleted secret disappears silently.
    let body = json!({ "name": "c", "type": "orchestrator", "flavor": "local", "configuration": {}, "secrets": ["s"] });
    let component = space.send("POST /components", body).await.ok();
    assert_eq!(component["metadata"]["secrets"], json!([made["id"]]));
    space.send(&format!("DELETE {path}"), Value::Null).await.ok();
    let component = space.get(&format!("/components/{}", text(&component["id"]))).await;
    assert_eq!(component["metadata"]["secrets"], json!([]));
}

#[tokio::test]
async fn lists_are_paged_sorted_and_filtered_and_ignore_unknown_filters() {
    let space = Space::start().await;
    for name in ["a", "b", "c"] {
        space.make("/projects", json!({ "name": name })).await;
    }
    for (query, names) in [
        ("", vec!["a", "b", "c"]),
        ("size=2", vec!["a", "b"]),
        ("size=2&page=2", vec!["c"]),
        ("sort_by=desc:name", vec!["c", "b", "a"]),
        ("name=b", vec!["b"]),
        ("name=oneof:%5B%22a%22,%22c%22%5D", vec!["a", "c"]),
        ("name=startswith:a&name=contains:b", vec![]),
        ("name=a&display_name=c&logical_operator=or", vec!["a", "c"]),
        ("nonsense=x", vec!["a", "b", "c"]),
        ("created=gte:2020-01-01%2000:00:00", vec!["a", "b", "c"]),
    ] {
        let list = space.get(&format!("/projects?{query}")).await;
        assert_eq!(crate::support::texts(&list["items"], "name"), names, "{query}");
    }
    let page = space.get("/projects?size=2").await;
    assert_eq!(
        (&page["index"], &page["max_size"], &page["total_pages"], &page["total"]),
        (&json!(1), &json!(2), &json!(2), &json!(3))
    );
    assert_eq!(page["items"][0]["metadata"], Value::Null);
    refused(
        &space,
        &[
            ("GET /projects?page=3&size=2", Value::Null, 400, "Invalid page 3. The requested page size is 2"),
            ("GET /projects?size=0", Value::Null, 422, "greater than or equal to 1"),
            ("GET /projects?page=0", Value::Null, 422, "greater than or equal to 1"),
            ("GET /projects?size=10001", Value::Null, 422, "less than or equal to 10000"),
            ("GET /projects?sort_by=nonsense", Value::Null, 422, "only sort by valid fields"),
            ("GET /projects?created=soon", Value::Null, 422, "datetime filter"),
        ],
    )
    .await;
}

#[tokio::test]
async fn flavors_say_whether_they_are_checked() {
    let space = Space::start().await;
    for (flavor, kind, checked) in [("s3", "artifact_store", true), ("kubeflow", "orchestrator", false)] {
        let list = space.get(&format!("/flavors?name={flavor}&type={kind}&hydrate=true")).await;
        let schema = &list["items"][0]["metadata"]["config_schema"];
        let says_so = schema["description"].as_str().is_some_and(|text| text.contains("accepts any"));
        assert_eq!(says_so, !checked, "{flavor}");
        let id = text(&list["items"][0]["id"]);
        assert_eq!(space.get(&format!("/flavors/{id}")).await["name"], flavor);
    }
    space.component("orchestrator", "kubeflow", "k", json!({ "anything": 1 })).await;
}

//! Components and stacks, with the pitfalls that a provider has to know.

use serde_json::{Value, json};

use crate::support::text;
use crate::workspace_cast::{Cast, connector};
use crate::workspace_space::{Space, refused};

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
    assert_eq!(nested["connector_type"], "aws", "nested in a component, the type is a string");
}

#[tokio::test]
async fn an_update_of_a_component_replaces_maps_and_keeps_omitted_members() {
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
        assert_ne!(answer["body"]["updated"], updated, "every update changes the time");
        updated = answer["body"]["updated"].clone();
    }
    let stamp = text(&updated);
    assert!(stamp.len() == 26 && !stamp.ends_with('Z'), "{stamp}");
}

#[tokio::test]
async fn components_are_rejected_like_on_a_server() {
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
                "A component of the type 'orchestrator' with the name 'k' already exists",
            ),
            (
                post,
                new("n", "orchestrator", "nope", json!({})),
                404,
                "No flavor with name 'nope' and type 'orchestrator' exists.",
            ),
            (post, new("n", "boat", "local", json!({})), 422, "Must be one of alerter"),
            (
                post,
                new("n", "orchestrator", "local", json!({ "a": 1 })),
                400,
                "The local orchestrator has no configuration keys 'a'.",
            ),
            (post, new("n", "artifact_store", "s3", json!({})), 422, "path\n  This field is required"),
            (
                post,
                new("n", "artifact_store", "s3", json!({ "path": "gs://x" })),
                500,
                "must start with one of s3://",
            ),
            (post, new("", "orchestrator", "local", json!({})), 400, "The `name` is empty"),
            (post, new("a\tb", "orchestrator", "local", json!({})), 400, "a tab or a line break"),
            (post, new("{{a.b}}", "orchestrator", "local", json!({})), 422, "cannot be a secret reference"),
            (post, new(&"n".repeat(256), "orchestrator", "local", json!({})), 422, "at most 255 characters"),
            (
                post,
                json!({ "name": "n", "type": "orchestrator", "flavor": "local" }),
                422,
                "('body', 'configuration'), 'msg': 'This field is required'",
            ),
            (post, with("connector", json!(nowhere)), 404, "Cannot get service connector"),
            (post, with("secrets", json!(["nope"])), 404, "get secret with name or ID 'nope'"),
            (post, with("environment", json!({ "a": 1 })), 422, "Must be a string"),
            ("GET /components/nope", Value::Null, 422, "an id is a UUID"),
            (&format!("GET /components/{nowhere}"), Value::Null, 404, "Cannot get stack component"),
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
            "attribute tracking_username: the secret mlflow does not exist.",
        )],
    )
    .await;
    space.make("/secrets", json!({ "name": "mlflow", "values": { "username": "u", "password": "p" } })).await;
    refused(&space, &[(post, tracker("t", "{{mlflow.nope}}"), 404, "does not have the key nope")]).await;
    let made = space.send(post, tracker("t", "{{mlflow.password}}")).await.ok();
    assert_eq!(made["metadata"]["configuration"]["tracking_password"], "{{mlflow.password}}");
    // The registry does not require a tracker on the server: only the ZenML client does.
    let registry = space.component("model_registry", "mlflow", "r", json!({})).await;
    let (_, orchestrator, store) = space.stack("base").await;
    let components =
        json!({ "orchestrator": [orchestrator], "artifact_store": [store], "model_registry": [registry] });
    space.make("/stacks", json!({ "name": "without-tracker", "components": components })).await;
}

#[tokio::test]
async fn stacks_require_their_mandatory_components_and_group_them_by_type() {
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
            (post, new(json!({})), 422, "an orchestrator and an artifact store"),
            (post, new(json!({ "orchestrator": [orchestrator] })), 422, "an orchestrator and an artifact store"),
            (post, new(json!({ "orchestrator": [orchestrator, other], "artifact_store": [store] })), 422, "only \
             one component of the type"),
            (post, new(json!({ "boat": [orchestrator], "artifact_store": [store] })), 422, "[key]"),
            (post, new(json!({ "orchestrator": ["name"], "artifact_store": [store] })), 422, "components"),
            (post, new(json!({ "orchestrator": [nowhere], "artifact_store": [store] })), 404, "Cannot get stack component"),
            (post, json!({ "name": "s", "components": { "orchestrator": [orchestrator], "artifact_store": [store] } }), 409, "A \
             stack with the name"),
            (&put, json!({ "components": { "orchestrator": [orchestrator] } }), 422, "an orchestrator and an artifact store"),
            (&put, json!({ "name": "default" }), 409, "A stack with the name"),
        ],
    )
    .await;
    // The slots are not validated, and the response has the real types.
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
async fn deleting_an_object_that_is_in_use_or_built_in_returns_403() {
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
    // Deleting a stack keeps its components.
    space.send(&delete(format!("/stacks/{stack}")), Value::Null).await.ok();
    space.send(&delete(format!("/stacks/{stack}")), Value::Null).await.refused(404);
    space.send(&delete(format!("/components/{orchestrator}")), Value::Null).await.ok();
    space.send(&delete(format!("/components/{user}")), Value::Null).await.ok();
    space.send(&delete(format!("/service_connectors/{link}")), Value::Null).await.ok();
}

#[tokio::test]
async fn flavors_say_whether_they_are_validated() {
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

#[tokio::test]
async fn a_change_that_would_make_an_object_unreadable_is_rejected_and_changes_nothing() {
    let space = Space::start().await;
    let component = space.component("orchestrator", "local", "c", json!({})).await;
    let tag = space.make("/tags", json!({ "name": "t", "color": "red" })).await;
    let flavor = json!({ "name": "f", "type": "orchestrator", "source": "a.B", "integration": "own", "config_schema": {} });
    let flavor = space.make("/flavors", flavor).await;
    for (path, change, part) in [
        (
            format!("/components/{component}"),
            json!({ "name": "other", "configuration": null }),
            "configuration",
        ),
        (
            format!("/tags/{tag}"),
            json!({ "color": "blue", "name": "n".repeat(256) }),
            "at most 255 characters",
        ),
        (format!("/flavors/{flavor}"), json!({ "source": "c.D", "config_schema": null }), "config_schema"),
    ] {
        let before = space.get(&path).await;
        refused(&space, &[(&format!("PUT {path}"), change, 422, part)]).await;
        assert_eq!(space.get(&path).await, before);
    }
}

#[tokio::test]
async fn a_null_for_a_required_member_changes_nothing() {
    let space = Space::start().await;
    let (stack, orchestrator, _) = space.stack("s").await;
    let secret = space.make("/secrets", json!({ "name": "s", "values": { "k": "v" } })).await;
    let project = space.make("/projects", json!({ "name": "p" })).await;
    for (path, change, column) in [
        (format!("/stacks/{stack}"), json!({ "description": "new", "name": null }), "stack.name"),
        (
            format!("/components/{orchestrator}"),
            json!({ "labels": {}, "name": null }),
            "stack_component.name",
        ),
        (format!("/secrets/{secret}"), json!({ "values": {}, "name": null }), "secret.name"),
        (format!("/secrets/{secret}"), json!({ "name": "other", "private": null }), "secret.private"),
        (format!("/projects/{project}"), json!({ "description": "new", "name": null }), "project.name"),
    ] {
        let before = space.get(&path).await;
        let text = format!("{column} cannot be null");
        refused(&space, &[(&format!("PUT {path}"), change, 500, &text)]).await;
        assert_eq!(space.get(&path).await, before);
    }
}

#[tokio::test]
async fn parts_created_with_a_stack_belong_to_its_creator_and_are_not_kept_if_it_is_rejected() {
    let cast = Cast::start().await;
    let objects = cast.objects().await;
    let stack = |name: &str, store: Value| {
        json!({
            "name": name,
            "components": {
                "orchestrator": [objects.orchestrator],
                "artifact_store": [store],
                "container_registry": [{
                    "flavor": "aws",
                    "configuration": { "uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com" },
                    "service_connector_index": 0,
                }],
            },
            "service_connectors": [{
                "type": "aws",
                "auth_method": "iam-role",
                "configuration": connector("unused")["configuration"],
            }],
        })
    };
    let store = json!({ "flavor": "local" });
    // A caller who may read everything but create nothing gets nothing.
    cast.send("reader", "POST /stacks", stack("parts", store.clone())).await.refused(403);
    // The problem is found after the connector and another component were created.
    cast.send("owner", "POST /stacks", stack("parts", json!({ "flavor": "nothing" }))).await.refused(400);
    for collection in ["stacks", "components", "service_connectors"] {
        let list = cast.send("admin", &format!("GET /{collection}?name=parts"), Value::Null).await.ok();
        assert_eq!(list["total"], 0, "{collection}");
    }
    let made = cast.send("owner", "POST /stacks", stack("parts", store)).await.ok();
    let owner = &made["body"]["user_id"];
    assert!(owner.is_string());
    for (collection, total) in [("components", 2), ("service_connectors", 1)] {
        let list = cast.send("owner", &format!("GET /{collection}?name=parts"), Value::Null).await.ok();
        assert_eq!(list["total"], total, "{collection}");
        for item in list["items"].as_array().unwrap() {
            assert_eq!(&item["body"]["user_id"], owner, "{item}");
        }
        // They are not shared.
        let list = cast.send("reader", &format!("GET /{collection}?name=parts"), Value::Null).await.ok();
        assert_eq!(list["total"], 0, "{collection}");
    }
}

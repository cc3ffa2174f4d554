//! Connectors, projects, secrets and lists, with the pitfalls that a provider has to know.

use serde_json::{Value, json};

use crate::support::{text, texts};
use crate::workspace_cast::connector;
use crate::workspace_space::{Space, refused};

#[tokio::test]
async fn an_update_of_a_connector_removes_or_widens_omitted_members() {
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
    assert_eq!(
        widened["metadata"]["configuration"]["aws_secret_access_key"], "hidden",
        "the secrets are kept"
    );
    let mut two = connector("two");
    two["resource_types"] = json!(["s3-bucket", "docker-registry"]);
    assert_eq!(space.send("POST /service_connectors", two).await.ok()["body"]["resource_types"], all);

    // In use: an omitted member counts as a change of the resource, but not of its types.
    let full = json!({ "resource_types": ["s3-bucket"], "resource_id": "s3://b" });
    space.send(&put, full.clone()).await.ok();
    let user = json!({
        "name": "u", "type": "image_builder", "flavor": "local", "configuration": {}, "connector": made["id"],
    });
    space.make("/components", user).await;
    refused(
        &space,
        &[
            (&put, json!({ "resource_types": ["s3-bucket"] }), 403, "The resource ID cannot be changed: the service connector is already actively used"),
            (&put, json!({ "resource_id": "s3://b", "auth_method": "secret-key" }), 403, "The authentication method"),
            (&put, json!({ "resource_id": "s3://b", "connector_type": "kubernetes" }), 403, "The service type"),
            (&put, json!({ "resource_types": ["s3-bucket"], "resource_id": "s3://b", "configuration": { "region": "r" } }), 400, "'aws_access_key_id' is required"),
        ],
    )
    .await;
    space.send(&put, full.clone()).await.ok();
    let widened = space.send(&put, json!({ "resource_id": "s3://b" })).await.ok();
    assert_eq!(widened["body"]["resource_types"], all, "no error");
    refused(&space, &[(&put, full, 403, "The resource type")]).await;
}

#[tokio::test]
async fn connectors_are_validated_against_their_type_and_their_secrets_are_separate() {
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
            (post, with("auth_method", json!("nope")), 400, "the authentication method 'nope'"),
            (post, with("resource_types", json!(["nope"])), 400, "the resource type 'nope'"),
            (post, with("configuration", json!({ "region": "r" })), 400, "'aws_access_key_id' is required"),
            (post, with("labels", json!({ "a": 1 })), 422, "Must be a string"),
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

    // There is no cloud here, and verification reports that.
    let verified = space.send(&format!("PUT {path}/verify?list_resources=false"), Value::Null).await.ok();
    assert!(text(&verified["error"]).contains("cannot verify connectors of type 'aws'"), "{verified}");
    let verified = space.send(&format!("{post}/verify"), connector("never-stored")).await.ok();
    assert_eq!(verified["id"], Value::Null);
    assert!(verified["error"].is_string());
    // A server does not try the credentials of a registry either.
    let docker = json!({ "name": "hub", "connector_type": "docker", "auth_method": "password",
        "configuration": { "username": "u", "password": "p" } });
    let verified = space.send(&format!("{post}/verify"), docker).await.ok();
    assert_eq!(verified["error"], Value::Null);
    assert_eq!(verified["resources"][0]["resource_ids"], json!(["docker.io"]));
    assert_eq!(space.get("/service_connectors?name=never-stored").await["total"], 0);

    // For an unknown type, neither its secrets nor a way to verify it are known.
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
async fn projects_are_validated_and_deleted_with_their_roles() {
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
            (post, json!({}), 422, "('body', 'name'), 'msg': 'This field is required'"),
            (post, json!({ "name": "A b" }), 422, "a-z, 0-9, _ and -"),
            (post, json!({ "name": "n".repeat(51) }), 422, "at most 50 characters"),
            (post, json!({ "name": "n", "description": null }), 422, "Must be a string"),
            (post, json!({ "name": "vision" }), 409, "A project with the name 'vision' already exists"),
            (&put, json!({ "name": "my-proj-x" }), 409, "A project with the name 'my-proj-x' already exists"),
            (&put, json!({ "description": null }), 500, "project.description cannot be null"),
            (&put, json!({ "display_name": null }), 500, "cannot be null"),
            ("PUT /projects/vision", json!({}), 422, "an id is a UUID"),
            ("GET /projects/nope", Value::Null, 404, "Cannot get project with name or ID 'nope'"),
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
    let (replace, merge) = (format!("PUT {path}"), format!("PUT {path}?patch_values=true"));
    for (call, change, values) in [
        (&replace, json!({}), json!({ "a": "1" })),
        (&merge, json!({ "values": { "b": "2" } }), json!({ "a": "1", "b": "2" })),
        (&merge, json!({ "values": { "a": null } }), json!({ "b": "2" })),
        (&replace, json!({ "values": { "c": "3", "d": null } }), json!({ "c": "3" })),
        (&replace, json!({ "values": {} }), json!({})),
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
                "A public secret with the name 's' already exists",
            ),
            ("POST /secrets", json!({ "name": "t", "values": { "a": 1 } }), 422, "Must be a string"),
            ("POST /secrets", json!({ "name": "t", "private": null }), 422, "Must be a boolean"),
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
        assert_eq!(texts(&list["items"], "name"), names, "{query}");
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
            ("GET /projects?page=3&size=2", Value::Null, 400, "Page 3 does not exist"),
            ("GET /projects?size=0", Value::Null, 422, "at least 1"),
            ("GET /projects?page=0", Value::Null, 422, "at least 1"),
            ("GET /projects?size=10001", Value::Null, 422, "at most 10000"),
            ("GET /projects?sort_by=nonsense", Value::Null, 422, "Must be one of created"),
            ("GET /projects?created=soon", Value::Null, 422, "A date and time"),
        ],
    )
    .await;
}

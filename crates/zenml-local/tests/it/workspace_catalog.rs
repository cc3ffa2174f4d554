//! Tags, flavors and code repositories: what a server stores, ignores and rejects.

use serde_json::{Value, json};

use crate::support::{text, texts};
use crate::workspace_space::{Space, refused};

#[tokio::test]
async fn tags_have_a_color_and_a_name_that_is_not_an_id() {
    let space = Space::start().await;
    let post = "POST /tags";
    let made = space.send(post, json!({ "name": "a", "color": "red" })).await.ok();
    assert_eq!((&made["body"]["color"], &made["body"]["exclusive"]), (&json!("red"), &json!(false)));
    assert_eq!(made["metadata"], json!({ "tagged_count": 0 }));
    let drawn = space.send(post, json!({ "name": "b", "exclusive": true })).await.ok();
    assert!(drawn["body"]["color"].is_string());
    let id = "11111111-1111-4111-8111-111111111111";
    let put = format!("PUT /tags/{}", text(&made["id"]));
    refused(
        &space,
        &[
            (post, json!({}), 422, "('body', 'name'), 'msg': 'This field is required'"),
            (post, json!({ "name": "a" }), 409, "A tag with the name 'a' already exists"),
            (post, json!({ "name": "" }), 400, "The `name` is empty"),
            (post, json!({ "name": "a\tb" }), 400, "a tab or a line break"),
            (post, json!({ "name": "n".repeat(256) }), 422, "at most 255 characters"),
            (post, json!({ "name": id }), 422, "Cannot be a UUID"),
            (post, json!({ "name": "c", "color": "pink" }), 422, "Must be one of grey, purple"),
            (&put, json!({ "name": "b" }), 409, "A tag with the name 'b' already exists"),
            (&put, json!({ "name": id }), 422, "Cannot be a UUID"),
            (&put, json!({ "name": "n".repeat(256) }), 422, "at most 255 characters"),
            (&put, json!({ "name": null }), 500, "tag.name cannot be null"),
            (&put, json!({ "color": null }), 500, "tag.color cannot be null"),
            (&put, json!({ "exclusive": null }), 500, "tag.exclusive cannot be null"),
            ("GET /tags/a", Value::Null, 422, "an id is a UUID"),
            (&format!("GET /tags/{id}"), Value::Null, 404, "Cannot get tag with name or ID"),
        ],
    )
    .await;
    for (change, name, color, exclusive) in [
        (json!({}), "a", "red", false),
        (json!({ "name": "a", "exclusive": true }), "a", "red", true),
        // A name is validated only when the tag is created.
        (json!({ "name": "", "color": "blue" }), "", "blue", true),
    ] {
        let answer = space.send(&put, change.clone()).await.ok();
        let body = &answer["body"];
        assert_eq!(
            (&answer["name"], &body["color"], &body["exclusive"]),
            (&json!(name), &json!(color), &json!(exclusive)),
            "{change}"
        );
    }
    for (filter, names) in [
        ("name=&color=blue", vec![""]),
        ("name=b", vec!["b"]),
        ("exclusive=false", vec![]),
        ("color=x", vec![]),
    ] {
        assert_eq!(texts(&space.get(&format!("/tags?{filter}")).await["items"], "name"), names, "{filter}");
    }
    space.send(&put.replace("PUT", "DELETE"), Value::Null).await.ok();
    space.send(&put.replace("PUT", "DELETE"), Value::Null).await.refused(404);
}

fn flavor(name: &str) -> Value {
    json!({
        "name": name, "type": "artifact_store", "source": "example.Flavor", "integration": "custom",
        "config_schema": { "type": "object" },
    })
}

#[tokio::test]
async fn a_custom_flavor_can_have_components_and_cannot_be_deleted_while_it_does() {
    let space = Space::start().await;
    let post = "POST /flavors";
    let with = |member: &str, value: Value| {
        let mut body = flavor("new");
        body[member] = value;
        body
    };
    let made = space.send(post, with("display_name", json!("ignored"))).await.ok();
    assert_eq!((&made["body"]["display_name"], &made["body"]["is_custom"]), (&json!("New"), &json!(true)));
    assert_eq!(made["metadata"]["config_schema"], json!({ "type": "object" }));
    let id = text(&made["id"]);
    space.send(post, flavor("other_one")).await.ok();
    let (put, delete) = (format!("PUT /flavors/{id}"), format!("DELETE /flavors/{id}"));
    let s3 = space.get("/flavors?name=s3&type=artifact_store").await["items"][0]["id"].clone();
    let mut without = flavor("x");
    without.as_object_mut().unwrap().remove("integration");
    refused(
        &space,
        &[
            (post, without, 422, "('body', 'integration'), 'msg': 'This field is required'"),
            (
                post,
                flavor("new"),
                409,
                "A flavor of the type 'artifact_store' with the name 'new' already exists",
            ),
            (post, flavor("s3"), 409, "with the name 's3'"),
            (post, with("type", json!("boat")), 422, "Must be one of alerter"),
            (post, with("name", json!("n".repeat(256))), 422, "at most 255 characters"),
            (post, with("config_schema", json!("{}")), 422, "config_schema"),
            (
                &put,
                json!({ "name": "other_one" }),
                409,
                "A flavor of the type 'artifact_store' with the name 'other_one' already exists",
            ),
            (&put, json!({ "name": "s3" }), 409, "with the name 's3'"),
            (&put, json!({ "source": null }), 500, "flavor.source cannot be null"),
            (&put, json!({ "config_schema": null }), 422, "Must be an object"),
            (&put, json!({ "type": "boat" }), 422, "Must be one of alerter"),
            // Only here: on a server, everyone can change built-in flavors.
            (&format!("PUT /flavors/{}", text(&s3)), json!({}), 403, "is built into this local platform"),
            (
                &format!("DELETE /flavors/{}", text(&s3)),
                Value::Null,
                403,
                "is built into this local platform",
            ),
        ],
    )
    .await;
    for (change, shown) in [
        (json!({ "display_name": "Files" }), "Files"),
        (json!({ "name": "new", "docs_url": "https://example.com" }), "Files"),
        (json!({ "display_name": null, "docs_url": null }), "New"),
    ] {
        assert_eq!(space.send(&put, change.clone()).await.ok()["body"]["display_name"], shown, "{change}");
    }
    let component = json!({
        "name": "files", "type": "artifact_store", "flavor": "new", "configuration": { "path": "anything", "n": 5 },
    });
    let component = space.send("POST /components", component).await.ok();
    assert_eq!(component["metadata"]["configuration"], json!({ "path": "anything", "n": 5 }));
    assert_eq!(
        (&component["body"]["integration"], &component["resources"]["flavor"]["id"]),
        (&json!("custom"), &json!(id))
    );
    let path = format!("/components/{}", text(&component["id"]));
    let in_use = "cannot be deleted as it is used by 1 components";
    refused(&space, &[(&delete, Value::Null, 403, in_use)]).await;
    space.send(&put, json!({ "name": "renamed" })).await.ok();
    let get = format!("GET {path}");
    refused(&space, &[(&get, Value::Null, 500, "The flavor new of the component files does not exist.")])
        .await;
    space.send(&put, json!({ "name": "new" })).await.ok();
    space.send(&format!("DELETE {path}"), Value::Null).await.ok();
    space.send(&delete, Value::Null).await.ok();
    space.send(&delete, Value::Null).await.refused(404);
}

#[tokio::test]
async fn an_update_of_a_code_repository_clears_nothing_and_keeps_its_source() {
    let space = Space::start().await;
    let project = space.make("/projects", json!({ "name": "vision" })).await;
    let other = space.make("/projects", json!({ "name": "other" })).await;
    let source = json!({ "module": "m", "attribute": "A", "type": "code_repository", "commit": "c" });
    let body = |name: &str, project: &str| {
        json!({
            "name": name, "project": project, "config": { "owner": "o" }, "source": source, "description": "d",
            "logo_url": "l",
        })
    };
    let post = "POST /code_repositories";
    let made = space.send(post, body("r", &project)).await.ok();
    assert_eq!((&made["body"]["source"], &made["body"]["project_id"]), (&source, &json!(project)));
    space.send(post, body("r", &other)).await.ok();
    space.send(post, body("second", &project)).await.ok();
    let path = format!("/code_repositories/{}", text(&made["id"]));
    let put = format!("PUT {path}");
    let nowhere = "11111111-1111-4111-8111-111111111111";
    let mut unknown_source = body("x", &project);
    unknown_source["source"]["type"] = json!("boat");
    refused(
        &space,
        &[
            (post, body("r", &project), 409, "of the project 'vision' with the name 'r'"),
            (post, body("x", "vision"), 422, "project"),
            (post, body("x", nowhere), 500, "The project does not exist"),
            (post, unknown_source, 422, "Must be one of user, builtin"),
            (post, body(&"n".repeat(256), &project), 422, "at most 255 characters"),
            (&put, json!({ "name": "second" }), 409, "A code repository of the project"),
            ("GET /code_repositories", Value::Null, 400, "requires a project"),
            (
                "GET /code_repositories?project=nope",
                Value::Null,
                404,
                "Cannot get project with name or ID 'nope'",
            ),
        ],
    )
    .await;
    let before = space.get(&path).await;
    for change in [
        json!({}),
        json!({ "name": "", "description": "", "logo_url": "", "config": {} }),
        json!({ "name": null, "description": null, "logo_url": null, "config": null }),
        json!({ "source": { "module": "other", "type": "user" }, "project": other }),
    ] {
        let after = space.send(&put, change.clone()).await.ok();
        for part in ["name", "metadata"] {
            assert_eq!(after[part], before[part], "{change}");
        }
        assert_eq!(after["body"]["source"], source, "{change}");
        assert_eq!(after["body"]["project_id"], json!(project), "{change}");
    }
    let change = json!({ "name": "n", "description": "e", "config": { "token": "t" } });
    let after = space.send(&put, change).await.ok();
    assert_eq!(after["metadata"], json!({ "config": { "token": "t" }, "description": "e" }));
    for (filter, names) in [
        ("project=vision".to_owned(), vec!["n", "second"]),
        (format!("project={project}&name=n"), vec!["n"]),
        ("project=other".to_owned(), vec!["r"]),
    ] {
        let found = space.get(&format!("/code_repositories?{filter}")).await;
        assert_eq!(texts(&found["items"], "name"), names, "{filter}");
    }
    // They are deleted with their project.
    space.send("DELETE /projects/vision", Value::Null).await.ok();
    space.send(&format!("GET {path}"), Value::Null).await.refused(404);
}

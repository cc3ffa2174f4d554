//! What a person sees who follows a link to a workspace: what it is, how to log in, and why not.

use serde_json::{Value, json};
use zenml_local::{EngineKind, Options, Pythons};

use crate::browser::Browser;
use crate::support::{PASSWORD, World, text};

const RUN: &str = "projects/default/runs/11111111-2222-4333-8444-000000000040";

/// Creates a workspace. Returns its id.
async fn create(world: &World, name: &str, more: Value) -> String {
    let mut body = json!({ "name": name, "organization_id": world.organization() });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = text(&world.admin("POST /workspaces", body).await.ok()["id"]);
    if more.get("is_managed").is_none() {
        world.settled(&id).await;
    }
    id
}

async fn signed_in(world: &World, username: &str) -> Browser {
    let mut browser = Browser::default();
    browser.open(world, "/pages").await;
    browser.sign_in(world, username, PASSWORD).await;
    browser
}

/// The text of the page, without its tags.
fn words(browser: &Browser) -> String {
    let parts = browser.html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn a_link_to_a_workspace_says_what_it_is_and_how_to_log_in_or_why_not() {
    // Without an interpreter, a real server cannot start, so its workspace fails.
    let pythons = Pythons { named: Some("/nowhere/python".into()), ..Pythons::default() };
    let world = World::with(Options { pythons, engine: EngineKind::Zenml, ..Options::default() }).await;
    create(&world, "broken", json!({})).await;
    create(&world, "own", json!({ "is_managed": false })).await;
    let off = create(&world, "off", json!({ "is_managed": false })).await;
    let call = format!("PATCH /workspaces/{off}");
    world.admin(&call, json!({ "desired_state": "deactivated" })).await.ok();
    check(
        &world,
        &[
            (
                "broken",
                "failed",
                &[
                    "a ZenML server that the local platform runs",
                    "/nowhere/python",
                    "zenml-local logs broken",
                    "zenml login broken --pro-api-url URL",
                ],
            ),
            (
                "own",
                "pending",
                &[
                    "a ZenML server that its operator runs",
                    "waits for its server",
                    "zenml login own --pro-api-url URL",
                ],
            ),
            ("off", "deactivated", &["The workspace is deactivated"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_link_to_an_embedded_workspace_says_that_it_runs_no_pipelines() {
    let world = World::start().await;
    create(&world, "space", json!({})).await;
    let off = create(&world, "off", json!({})).await;
    let call = format!("PATCH /workspaces/{off}");
    world.admin(&call, json!({ "desired_state": "deactivated" })).await.ok();
    world.settled(&off).await;
    check(
        &world,
        &[
            (
                "space",
                "available",
                &[
                    "the local platform itself, without pipelines",
                    "0.98.0",
                    "zenml login space --pro-api-url URL --api-key",
                ],
            ),
            ("off", "deactivated", &["The workspace is deactivated", "zenml login off --pro-api-url URL"]),
        ],
    )
    .await;
}

/// Opens each page as people with different roles: workspace, status, and what the page says to somebody who can log in.
async fn check(world: &World, rows: &[(&str, &str, &[&str])]) {
    world.member("admin@example.org", "Organization Admin").await;
    world.member("viewer@example.org", "Organization Viewer").await;
    world.member("member@example.org", "Organization Member").await;
    let url = world.platform.url();
    for (name, status, says) in rows {
        let paths = [
            format!("/workspaces/{name}"),
            format!("/workspaces/{name}/stacks?id=x"),
            format!("/workspaces/{name}/{RUN}"),
        ];
        for path in &paths {
            let mut nobody = Browser::default();
            nobody.open(world, path).await;
            assert_eq!(nobody.heading(), "Sign in", "{path}");
            nobody.sign_in(world, "admin@example.org", PASSWORD).await;
            assert_eq!(nobody.heading(), *name, "the link is followed after signing in: {path}");
        }
        let mut admin = signed_in(world, "admin@example.org").await;
        admin.open(world, &paths[2]).await;
        let shown = words(&admin);
        let link = "zenml pipeline runs list --id 11111111-2222-4333-8444-000000000040";
        for text in says.iter().copied().chain([*status, "The link is for a pipeline run", link]) {
            let text = text.replace("URL", url);
            assert!(shown.contains(&text), "{name}: {text:?} is not in {shown}");
        }
        assert_eq!(shown.contains("zenml-local logs"), *status == "failed", "{shown}");

        // Somebody without a role sees what it is, but no command that would fail.
        let mut viewer = signed_in(world, "viewer@example.org").await;
        viewer.open(world, &paths[0]).await;
        let shown = words(&viewer);
        assert!(shown.contains(status) && shown.contains("you cannot log in to it"), "{name}: {shown}");
        assert!(!shown.contains("zenml login"), "{name}: {shown}");

        // To everybody else it looks like a workspace that does not exist.
        let mut member = signed_in(world, "member@example.org").await;
        member.open(world, &paths[0]).await;
        let hidden = words(&member);
        assert_eq!((member.status.as_u16(), member.heading()), (404, "Not found"));
        assert!(
            hidden.contains("signed in as member@example.org") && hidden.contains("ask an administrator"),
            "{hidden}"
        );
        member.open(world, &format!("/workspaces/no-{name}")).await;
        let missing = words(&member).replace(&format!("no-{name}"), name);
        // The token of the form is not a part of the words.
        assert_eq!(missing, hidden);
    }
}

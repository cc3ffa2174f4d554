//! Limits of a subscription: a platform that has them refuses with 402, and nothing is left half-made.

use std::path::PathBuf;

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Failure};
use zenml_local::{Database, Limits, Options, Platform};

use crate::world::{World, engine, hosts, scenario};

/// A new person.
const NEW: &str = "new.person@example.com";

/// What a configuration needs beyond the limit, and what the error says.
struct Case {
    address: &'static str,
    limits: Limits,
    config: fn(&Scene) -> Json,
    /// The summary without its end, and the attribute.
    summary: &'static str,
    place: Option<&'static str>,
    /// The reason that the platform gives.
    why: &'static str,
}

/// What exists before the limit is reached: a workspace with a project, and two people.
struct Scene {
    workspace: String,
    stranger: String,
}

const MEMBERS: Limits = Limits { members: Some(2), workspaces: None, projects: None };
const TWO_MEMBERS: &str = "allows 2 members, including pending invitations, and it has 2";

const CASES: [Case; 7] = [
    Case {
        address: "zenml_workspace.x",
        limits: Limits { members: None, workspaces: Some(1), projects: None },
        config: |_| json!({ "name": "another" }),
        summary: "Cannot create workspace \"another\"",
        place: None,
        why: "allows 1 workspaces, and it has 1",
    },
    Case {
        address: "zenml_project.x",
        limits: Limits { members: None, workspaces: None, projects: Some(1) },
        config: |scene| json!({ "workspace_id": scene.workspace, "name": "another" }),
        summary: "Cannot create project \"another\"",
        place: None,
        why: "allows 1 projects, and it has 1",
    },
    Case {
        address: "zenml_organization_member.x",
        limits: MEMBERS,
        config: |_| json!({ "email": NEW }),
        summary: "Cannot invite \"new.person@example.com\" to the organization",
        place: Some("email"),
        why: TWO_MEMBERS,
    },
    Case {
        address: "zenml_organization_member.x",
        limits: MEMBERS,
        config: |scene| json!({ "user_id": scene.stranger }),
        summary: "Cannot give the user STRANGER the role \"Organization Member\"",
        place: Some("user_id"),
        why: TWO_MEMBERS,
    },
    Case {
        address: "zenml_organization_role_assignment.x",
        limits: MEMBERS,
        config: |scene| json!({ "user_id": scene.stranger, "role": "Organization Viewer" }),
        summary: "Cannot grant the role",
        place: None,
        why: TWO_MEMBERS,
    },
    Case {
        address: "zenml_team.x",
        limits: MEMBERS,
        config: |_| json!({ "name": "alpha", "members": ["ann@example.com", NEW] }),
        summary: "Cannot invite \"new.person@example.com\" to the organization",
        place: Some("members"),
        why: TWO_MEMBERS,
    },
    Case {
        address: "zenml_team.x",
        limits: Limits { members: Some(3), workspaces: None, projects: None },
        config: |_| json!({ "name": "alpha", "members": ["a.new@example.com", NEW, "stranger@example.com"] }),
        summary: "Cannot ",
        place: Some("members"),
        why: "allows 3 members, including pending invitations, and it has 3",
    },
];

/// The error says what is refused, why, what to do and where.
fn helps(case: &Case, scene: &Scene, failure: &Failure) {
    let summary = case.summary.replace("STRANGER", &scene.stranger);
    let found = &failure.summaries()[0];
    assert!(
        found.starts_with(&summary) && found.ends_with(": a limit of the subscription is reached"),
        "{found}"
    );
    let text = failure.to_string();
    for words in
        [case.why, "Delete what you no longer need, or upgrade your ZenML Pro plan.", "402", "request"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let places: Vec<String> = failure.places().iter().map(ToString::to_string).collect();
    if let Some(place) = case.place {
        assert_eq!(places, [place], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_refuses_without_a_trace_and_the_next_apply_succeeds_once_it_is_raised() {
    for case in CASES {
        let directory = directory();
        let options = |limits: Limits| Options {
            database: Database::File(directory.join("platform.db")),
            limits,
            ..Options::default()
        };
        let world = World::with(options(case.limits)).await;
        let workspace = world.workspace("home").await;
        world.project(workspace, "around").await;
        world.person("ann@example.com").await;
        let stranger = world.stranger("stranger@example.com").await;
        let scene = Scene { workspace: workspace.to_string(), stranger: stranger.id.to_string() };
        let (block, config) = (world.block(), (case.config)(&scene));
        let before = world.platform.census().await.unwrap();
        let mut harness = world.harness().await;
        for _ in 0..2 {
            let failure = harness.apply(case.address, config.clone()).await.unwrap_err();
            helps(&case, &scene, &failure);
            assert!(harness.state(case.address).is_none(), "{}", case.address);
            assert_eq!(world.platform.census().await.unwrap(), before, "{}", case.address);
        }
        // The plan of the organization is upgraded: the platform starts again with the same database.
        world.stop().await;
        let platform = Platform::start(options(Limits::default())).await.unwrap();
        harness.restart(engine(), block).await.unwrap();
        let applied = harness.apply(case.address, config.clone()).await.unwrap();
        assert_eq!(applied.action, Action::Create);
        assert_eq!(harness.plan(case.address, config).await.unwrap().action, Action::NoOp);
        harness.destroy(case.address).await.unwrap();
        platform.stop().await;
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_refuses_a_change_of_a_team_as_a_whole_and_a_deletion_makes_room() {
    let limits = Limits { members: Some(3), ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() }).await;
    world.person("ann@example.com").await;
    let mut harness = world.harness().await;
    let config = |members: &[&str]| json!({ "name": "alpha", "members": members });
    let address = "zenml_team.x";
    harness.apply(address, config(&["ann@example.com"])).await.unwrap();
    let team = harness.state(address).unwrap().attribute("id").as_str().unwrap().parse().unwrap();
    let before = world.platform.census().await.unwrap();
    let three = ["a.new@example.com", "ann@example.com", NEW];
    let failure = harness.apply(address, config(&three)).await.unwrap_err();
    assert!(failure.summaries()[0].ends_with(": a limit of the subscription is reached"), "{failure}");
    assert_eq!(failure.places()[0].to_string(), "members");
    assert_eq!(world.members_of(team).await, ["ann@example.com"]);
    assert_eq!(world.platform.census().await.unwrap(), before, "no invitation is left");

    // With one person less, there is room for one of the two.
    harness.apply(address, config(&["a.new@example.com", "ann@example.com"])).await.unwrap();
    let failure = harness.apply(address, config(&three)).await.unwrap_err();
    assert!(failure.to_string().contains("it has 3"), "{failure}");
    // Somebody whom nobody needs any more makes room, in the same change.
    world.uninvite("a.new@example.com").await;
    harness.restart(engine(), world.block()).await.unwrap();
    harness.apply(address, config(&["ann@example.com", NEW])).await.unwrap();
    assert_eq!(world.members_of(team).await, [format!("({NEW})"), "ann@example.com".to_owned()]);
    world.stop().await;
}

/// Returns a directory for a platform that starts again.
fn directory() -> PathBuf {
    let directory = std::env::temp_dir().join(format!("zenml-limits-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&directory).unwrap();
    directory
}

/// An invitation cannot get another role, so it is replaced. The limit was lowered since the first one.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_refuses_another_role_of_an_invitation_says_what_is_gone() {
    const M: &str = "zenml_organization_member.m";
    let directory = directory();
    let options = |members: Option<u32>| Options {
        database: Database::File(directory.join("platform.db")),
        limits: Limits { members, ..Limits::default() },
        ..Options::default()
    };
    let world = World::with(options(None)).await;
    let (mut harness, block) = (world.harness().await, world.block());
    let config = |role: &str| json!({ "email": NEW, "role": role });
    harness.apply(M, config("member")).await.unwrap();
    world.stop().await;

    let platform = Platform::start(options(Some(1))).await.unwrap();
    harness.restart(engine(), block.clone()).await.unwrap();
    let failure = harness.apply(M, config("viewer")).await.unwrap_err();
    assert!(failure.summaries()[0].ends_with(": a limit of the subscription is reached"), "{failure}");
    assert!(
        failure.to_string().contains("The old invitation was deleted, and could not be sent again."),
        "{failure}"
    );
    assert_eq!(failure.places()[0].to_string(), "role");
    platform.stop().await;

    let platform = Platform::start(options(None)).await.unwrap();
    harness.restart(engine(), block).await.unwrap();
    assert_eq!(harness.apply(M, config("viewer")).await.unwrap().action, Action::Create);
    assert_eq!(harness.plan(M, config("viewer")).await.unwrap().action, Action::NoOp);
    platform.stop().await;
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_workspace_and_a_deleted_project_make_room() {
    let limits = Limits { workspaces: Some(1), projects: Some(1), ..Limits::default() };
    let world = World::with(Options { limits, ..Options::default() }).await;
    let mut harness = world.harness().await;
    harness.apply("zenml_workspace.a", json!({ "name": "a" })).await.unwrap();
    let id = harness.state("zenml_workspace.a").unwrap().attribute("id").as_str().unwrap().to_owned();
    let project = |name: &str| json!({ "workspace_id": id, "name": name });
    harness.apply("zenml_project.a", project("a")).await.unwrap();
    for (one, other, config) in [
        ("zenml_project.a", "zenml_project.b", project("b")),
        ("zenml_workspace.a", "zenml_workspace.b", json!({ "name": "b" })),
    ] {
        let failure = harness.apply(other, config.clone()).await.unwrap_err();
        assert!(failure.to_string().contains("it has 1"), "{failure}");
        if other == "zenml_workspace.b" {
            harness.destroy("zenml_project.b").await.unwrap();
        }
        harness.destroy(one).await.unwrap();
        harness.apply(other, config).await.unwrap();
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_shows_what_a_limit_refuses_why_what_to_do_and_where() {
    const MAIN: &str = r#"
resource "zenml_workspace" "one" {
  name = "one"
}

resource "zenml_team" "alpha" {
  name    = "alpha"
  members = ["new.person@example.com"]
}
"#;
    for host in hosts().await {
        let limits = Limits { members: Some(1), workspaces: Some(0), projects: None };
        let world = World::with(Options { limits, ..Options::default() }).await;
        let host = scenario(&host)
            .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
            .env("ZENML_SERVICE_ACCOUNT_KEY", world.key());
        let before = world.platform.census().await.unwrap();
        host.write("main.tf", MAIN).unwrap();
        let failed = host.apply_unsettled().await.unwrap_err();
        for words in [
            "Error: Cannot create workspace \"one\": a limit of the subscription is reached",
            "with zenml_workspace.one,",
            "The subscription of this organization allows 0 workspaces, and it has 0.",
            "Error: Cannot invite \"new.person@example.com\" to the organization: a limit of the subscription is",
            "with zenml_team.alpha,",
            "members = [\"new.person@example.com\"]",
            "Delete what you no longer need, or upgrade your ZenML Pro plan.",
        ] {
            assert!(failed.says(words), "missing: {words}\n{failed}");
        }
        assert_eq!(host.addresses().await.unwrap(), Vec::<String>::new());
        assert_eq!(world.platform.census().await.unwrap(), before);
        world.stop().await;
    }
}

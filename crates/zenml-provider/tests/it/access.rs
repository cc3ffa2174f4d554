//! Who can do what: the data source `zenml_access`.

use serde_json::{Value as Json, json};
use tfkit::Dyn;
use tfkit_test::Harness;
use zenml_api::control::team::{self, MemberQuery};

use crate::world::World;

/// The rows of a table about these people, in words.
async fn lines(harness: &Harness, config: Json, about: &[&str]) -> Vec<String> {
    let table = harness.read_data_source("zenml_access", config).await.unwrap();
    let text = |row: &Dyn, name: &str| row.attribute(name).as_str().unwrap_or("-").to_owned();
    let line = |row: &Dyn| {
        let actions = row.attribute("actions").as_list().unwrap().iter().filter_map(Dyn::as_str);
        let actions = actions.collect::<Vec<_>>().join(",");
        let object = text(row, "object").split('/').next().unwrap().to_owned();
        let [who, reason, role, team] = ["principal", "reason", "role", "team"].map(|name| text(row, name));
        format!("{who}: {actions} on {object} ({reason} {role} {team})")
    };
    let rows = table.attribute("access").as_list().unwrap();
    rows.iter().map(line).filter(|line| about.iter().any(|about| line.contains(about))).collect()
}

#[tokio::test]
async fn the_table_shows_each_role_team_and_share_that_gives_access() {
    let world = World::start().await;
    let (ann, bob) = (world.person("ann@example.com").await, world.person("bob@example.com").await);
    let workspace = world.workspace("alpha").await;
    let team = world.team("makers").await;
    world.control().send(&team::ADD_MEMBER, team, MemberQuery::user(ann.id), ()).await.unwrap();
    let mut block = world.block();
    block["workspace_id"] = workspace.to_string().into();
    let mut harness = world.harness_with(block).await;
    let id = |harness: &Harness, address: &str| {
        harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned()
    };
    let role = json!({ "name": "Reader", "level": "workspace", "permissions": { "stack": ["read"], "tag": ["read"] } });
    harness.apply("zenml_role.r", role).await.unwrap();
    let assignment = json!({ "workspace_id": workspace.to_string(), "team_id": team.to_string(),
        "role_id": id(&harness, "zenml_role.r") });
    harness.apply("zenml_workspace_role_assignment.a", assignment).await.unwrap();
    harness.apply("zenml_project.p", json!({ "name": "vision" })).await.unwrap();
    let project = id(&harness, "zenml_project.p");
    let viewer = json!({ "project_id": project, "user_id": bob.id.to_string(), "role": "viewer" });
    harness.apply("zenml_project_role_assignment.b", viewer).await.unwrap();
    let mut components = serde_json::Map::new();
    for kind in ["orchestrator", "artifact_store"] {
        let address = format!("zenml_stack_component.{kind}");
        harness.apply(&address, json!({ "name": kind, "type": kind, "flavor": "local" })).await.unwrap();
        components.insert(kind.to_owned(), id(&harness, &address).into());
    }
    harness.apply("zenml_stack.s", json!({ "name": "dev", "components": components })).await.unwrap();
    let stack = id(&harness, "zenml_stack.s");
    let share = json!({ "stack_id": stack, "user_id": bob.id.to_string(), "role": "write" });
    harness.apply("zenml_stack_role_assignment.b", share).await.unwrap();

    let both = ["ann@example.com: ", "bob@example.com: "];
    let on_stack = lines(&harness, json!({ "stack_id": stack }), &both).await;
    assert_eq!(
        on_stack,
        [
            "ann@example.com: read on stack (role Reader makers)",
            "bob@example.com: read,update on stack (share - -)",
            "bob@example.com: read on stack_component (share - -)",
            "bob@example.com: read on stack_component (share - -)",
        ]
    );
    let in_workspace = lines(&harness, json!({}), &both).await;
    assert_eq!(
        in_workspace,
        [
            "ann@example.com: read on stack (role Reader makers)",
            "ann@example.com: read on tag (role Reader makers)",
        ]
    );
    let in_project =
        lines(&harness, json!({ "project_id": project }), &[" on pipeline ", " on project "]).await;
    for expected in [
        "bob@example.com: read on pipeline (role Project Viewer -)",
        "bob@example.com: read on project (role Project Viewer -)",
    ] {
        assert!(in_project.iter().any(|line| line == expected), "{in_project:?}");
    }
    let robot = lines(&harness, json!({ "stack_id": stack }), &["platform-admin: "]).await;
    for expected in ["(owner - -)", "(role Organization Admin -)", "(owner Workspace Admin -)"] {
        assert!(robot.iter().any(|line| line.ends_with(expected)), "{expected}: {robot:?}");
    }
    let nothing = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let failure = harness.read_data_source("zenml_access", json!({ "stack_id": nothing })).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no stack {nothing}")]);
    world.stop().await;
}

/// Nobody can log in to an account that is not active, or accept an invitation that has expired.
#[tokio::test]
async fn the_table_shows_only_people_who_have_access_and_who_created_each_object() {
    let world = World::start().await;
    let ann = world.person("ann@example.com").await;
    world.invite("new.person@example.com").await;
    let mut block = world.block();
    let workspace = world.workspace("alpha").await;
    block["workspace_id"] = workspace.to_string().into();
    let mut harness = world.harness_with(block).await;
    harness
        .apply(
            "zenml_team.t",
            json!({ "name": "makers", "members": ["ann@example.com", "new.person@example.com"] }),
        )
        .await
        .unwrap();
    let team = harness.state("zenml_team.t").unwrap().attribute("id").as_str().unwrap().to_owned();
    let role = json!({ "workspace_id": workspace.to_string(), "team_id": team, "role": "viewer" });
    harness.apply("zenml_workspace_role_assignment.t", role).await.unwrap();
    let both = ["ann@example.com: ", "new.person@example.com: "];
    let shown = lines(&harness, json!({}), &both).await;
    assert!(both.iter().all(|name| shown.iter().any(|line| line.starts_with(name))), "{shown:?}");
    world.platform.expire_invitations().await.unwrap();
    world.deactivate(&ann).await;
    assert_eq!(lines(&harness, json!({}), &both).await, Vec::<String>::new());

    let mut components = serde_json::Map::new();
    for kind in ["orchestrator", "artifact_store"] {
        let address = format!("zenml_stack_component.{kind}");
        harness.apply(&address, json!({ "name": kind, "type": kind, "flavor": "local" })).await.unwrap();
        let id = harness.state(&address).unwrap().attribute("id").as_str().unwrap().to_owned();
        components.insert(kind.to_owned(), id.into());
    }
    harness.apply("zenml_secret.x", json!({ "name": "login", "values": { "k": "v" } })).await.unwrap();
    let secret = harness.state("zenml_secret.x").unwrap().attribute("id").as_str().unwrap().to_owned();
    let stack = json!({ "name": "dev", "components": components, "secrets": [secret] });
    harness.apply("zenml_stack.s", stack).await.unwrap();
    let stack = harness.state("zenml_stack.s").unwrap().attribute("id").as_str().unwrap().to_owned();
    let created = lines(&harness, json!({ "stack_id": stack }), &["(owner - -)"]).await;
    let on: Vec<_> = created.iter().map(|line| line.split(" on ").nth(1).unwrap()).collect();
    assert_eq!(
        on,
        [
            "secret (owner - -)",
            "stack (owner - -)",
            "stack_component (owner - -)",
            "stack_component (owner - -)"
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_table_requires_a_workspace_and_at_most_one_of_project_and_stack() {
    let world = World::start().await;
    let harness = world.harness().await;
    let failure = harness.read_data_source("zenml_access", json!({})).await.unwrap_err();
    assert_eq!(failure.summaries(), ["No workspace selected"]);
    let nothing = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
    let both = json!({ "workspace_id": nothing, "project_id": nothing, "stack_id": nothing });
    assert!(harness.read_data_source("zenml_access", both).await.is_err());
    let failure =
        harness.read_data_source("zenml_access", json!({ "workspace_id": nothing })).await.unwrap_err();
    assert_eq!(failure.summaries(), [format!("There is no workspace {nothing}")]);
    world.stop().await;
}

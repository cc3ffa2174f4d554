use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Action;
use zenml_api::control::role::{self as api, AssignmentQuery, RoleLevel};

use crate::workspace_role_assignment::{Scene, text};
use crate::world::under_each_host;

const P: &str = "zenml_project_role_assignment.a";

#[tokio::test]
async fn a_role_in_a_project_follows_the_same_rules() {
    let scene = Scene::new().await;
    let project = scene.world.project(scene.workspace, "vision").await;
    let config = |role: &str| {
        json!({ "workspace_id": scene.workspace.to_string(), "project_id": project.to_string(),
            "team_id": scene.team.to_string(), "role": role })
    };
    let mut harness = scene.world.harness().await;
    harness.apply(P, config("contributor")).await.unwrap();
    assert_eq!(harness.apply(P, config("Project Admin")).await.unwrap().action, Action::Update);
    let start = format!("{}/{project}/team/{}", scene.workspace, scene.team);
    harness.import_equals_state(P, ImportBy::Id(format!("{start}/admin")), &[]).await.unwrap();
    let failure = harness.plan(P, config("owner")).await.unwrap_err();
    assert_eq!(failure.summaries(), ["There is no project role \"owner\""]);
    // The provider's workspace is the default.
    let mut block = scene.world.block();
    block["workspace_id"] = "alpha".into();
    let mut harness = scene.world.harness_with(block).await;
    let mut without = config("viewer");
    without["workspace_id"] = Json::Null;
    harness.apply(P, without).await.unwrap();
    assert_eq!(text(&harness, P, "workspace_id"), scene.workspace.to_string());
    scene.world.stop().await;
}

#[tokio::test]
async fn a_role_in_a_project_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let project = scene.world.project(scene.workspace, "vision").await;
        let before = scene.world.platform.census().await.unwrap();
        let main = |role: &str| {
            let Scene { workspace, team, .. } = &scene;
            format!(
                "resource \"zenml_project_role_assignment\" \"a\" {{\n  workspace_id = \"{workspace}\"\n  project_id = \
                 \"{project}\"\n  team_id = \"{team}\"\n  role = \"{role}\"\n}}\n"
            )
        };
        host.write("main.tf", &main("contributor")).unwrap();
        host.apply().await.unwrap();
        let id = host.attributes(P).await.unwrap()["id"].as_str().unwrap().to_owned();
        host.import_equals_state(P, &id, &["role"]).await.unwrap();
        host.write("main.tf", &main("admin")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Update));
        let role = scene.role(RoleLevel::Project, "Project Admin").await;
        let query = AssignmentQuery {
            team_id: Some(scene.team),
            workspace_id: Some(scene.workspace),
            project_id: Some(project),
            ..AssignmentQuery::default()
        };
        scene.world.control().send(&api::REVOKE, role, query, ()).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(P), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(scene.world.platform.census().await.unwrap(), before);
        scene.world.stop().await;
    })
    .await;
}

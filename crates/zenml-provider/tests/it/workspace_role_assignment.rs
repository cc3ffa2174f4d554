//! Roles in workspaces; roles in projects follow the same rules.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Action, Harness, unknown};
use zenml_api::control::role::{self as api, AssignmentQuery, RoleLevel, RoleQuery, ScopeQuery};
use zenml_api::control::team::{self, MemberQuery};
use zenml_api::{RoleId, TeamId, WorkspaceId};

use crate::world::{World, under_each_host};

const W: &str = "zenml_workspace_role_assignment.a";

/// A workspace and a team, and the roles there.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) workspace: WorkspaceId,
    pub(crate) team: TeamId,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::of(World::start().await).await
    }

    pub(crate) async fn of(world: World) -> Self {
        let workspace = world.workspace("alpha").await;
        let team = world.team("developers").await;
        Self { world, workspace, team }
    }

    fn config(&self, role: &str) -> Json {
        json!({ "workspace_id": self.workspace.to_string(), "team_id": self.team.to_string(), "role": role })
    }

    pub(crate) async fn role(&self, level: RoleLevel, name: &str) -> RoleId {
        let query = RoleQuery { level: Some(level), ..RoleQuery::default() };
        let roles =
            self.world.control().list_all(&api::LIST, self.world.organization(), query).await.unwrap();
        roles.iter().find(|role| role.name.as_deref() == Some(name)).unwrap().id
    }

    fn query(&self) -> AssignmentQuery {
        AssignmentQuery {
            team_id: Some(self.team),
            workspace_id: Some(self.workspace),
            ..AssignmentQuery::default()
        }
    }

    /// Names of the team's workspace roles.
    async fn held(&self) -> Vec<String> {
        let query = RoleQuery { level: Some(RoleLevel::Workspace), ..RoleQuery::default() };
        let roles =
            self.world.control().list_all(&api::LIST, self.world.organization(), query).await.unwrap();
        let scope = ScopeQuery { workspace_id: Some(self.workspace), project_id: None };
        let mut held = Vec::new();
        for role in roles {
            let assigned = self.world.control().send(&api::ASSIGNMENTS, role.id, scope, ()).await.unwrap();
            if assigned.iter().any(|one| one.team.as_ref().is_some_and(|team| team.id == self.team)) {
                held.extend(role.name);
            }
        }
        held.sort();
        held
    }
}

pub(crate) fn text(harness: &Harness, address: &str, name: &str) -> String {
    harness.state(address).unwrap().attribute(name).as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_role_is_granted_changed_in_place_and_revoked() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("member")).await.unwrap();
    assert_eq!(scene.held().await, ["Workspace Contributor"]);
    assert_eq!(text(&harness, W, "role"), "member");
    let changed = harness.apply(W, scene.config("admin")).await.unwrap();
    assert_eq!(changed.action, Action::Update);
    assert_eq!(scene.held().await, ["Workspace Admin"]);
    let admin = scene.role(RoleLevel::Workspace, "Workspace Admin").await;
    assert_eq!(text(&harness, W, "role_id"), admin.to_string());
    assert_eq!(text(&harness, W, "id"), format!("{}/team/{}/{admin}", scene.workspace, scene.team));
    harness.destroy(W).await.unwrap();
    assert!(scene.held().await.is_empty());
    scene.world.stop().await;
}

#[tokio::test]
async fn short_names_full_names_and_ids_select_the_same_role() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("member")).await.unwrap();
    for same in ["contributor", "Workspace Contributor"] {
        assert_eq!(harness.plan(W, scene.config(same)).await.unwrap().action, Action::NoOp, "{same}");
    }
    let id = scene.role(RoleLevel::Workspace, "Workspace Contributor").await;
    let by_id = json!({ "workspace_id": scene.workspace.to_string(), "team_id": scene.team.to_string(),
        "role_id": id.to_string() });
    assert_eq!(harness.plan(W, by_id.clone()).await.unwrap().action, Action::NoOp);
    harness.destroy(W).await.unwrap();
    harness.apply(W, by_id).await.unwrap();
    assert_eq!(text(&harness, W, "role"), "Workspace Contributor");
    scene.world.stop().await;
}

#[tokio::test]
async fn an_unknown_role_is_rejected_in_the_plan_with_the_valid_names() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let mut early = scene.config("owner");
    early["workspace_id"] = unknown();
    // Also while the workspace is unknown: the key has access to one organization only.
    for config in [scene.config("owner"), early, scene.config("Project Admin")] {
        let failure = harness.plan(W, config).await.unwrap_err();
        assert!(failure.summaries()[0].starts_with("There is no workspace role"), "{failure}");
        for valid in ["\"member\" (short for \"Workspace Contributor\")", "\"Stack Admin\""] {
            assert!(failure.to_string().contains(valid), "{failure}");
        }
        assert_eq!(failure.places()[0].to_string(), "role");
    }
    let organization_role = scene.role(RoleLevel::Organization, "Organization Admin").await;
    let wrong_level = json!({ "workspace_id": scene.workspace.to_string(), "team_id": scene.team.to_string(),
        "role_id": organization_role.to_string() });
    let failure = harness.plan(W, wrong_level).await.unwrap_err();
    assert_eq!(failure.places()[0].to_string(), "role_id");
    scene.world.stop().await;
}

#[tokio::test]
async fn exactly_one_principal_and_one_role_are_required() {
    let scene = Scene::new().await;
    let harness = scene.world.harness().await;
    let user = zenml_api::UserId::random().to_string();
    let mut both = scene.config("admin");
    both["user_id"] = user.into();
    let mut neither = scene.config("admin");
    neither["team_id"] = Json::Null;
    let mut two_roles = scene.config("admin");
    two_roles["role_id"] = RoleId::random().to_string().into();
    let mut no_role = scene.config("admin");
    no_role["role"] = Json::Null;
    let cases = [
        (both, "Attributes \"team_id\" and \"user_id\" cannot be set together"),
        (neither, "None of `email`, `team_id`, `user_id`, `service_account_id` is set"),
        (two_roles, "Attributes \"role\" and \"role_id\" cannot be set together"),
        (no_role, "None of `role`, `role_id` is set"),
    ];
    for (config, summary) in cases {
        assert_eq!(harness.plan(W, config).await.unwrap_err().summaries(), [summary]);
    }
    scene.world.stop().await;
}

#[tokio::test]
async fn a_role_that_was_already_granted_becomes_managed_with_a_warning() {
    let scene = Scene::new().await;
    let role = scene.role(RoleLevel::Workspace, "Workspace Viewer").await;
    scene.world.control().send(&api::ASSIGN, role, scene.query(), ()).await.unwrap();
    let mut harness = scene.world.harness().await;
    let made = harness.apply(W, scene.config("viewer")).await.unwrap();
    assert_eq!(made.told(), ["Workspace Viewer was already granted and is now managed by Terraform"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn when_the_old_role_cannot_be_revoked_the_next_apply_finishes() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("viewer")).await.unwrap();
    scene.world.inject(json!({ "rules": [{ "method": "DELETE", "route": "/roles/{role_id}/assignments",
        "effect": { "status": 403, "body": { "detail": ["IllegalOperationError", "not today"] } } }] }));
    harness.apply(W, scene.config("admin")).await.unwrap_err();
    // Access never drops: for a while both roles are granted, and the state still contains the old one.
    assert_eq!(scene.held().await, ["Workspace Admin", "Workspace Viewer"]);
    assert_eq!(text(&harness, W, "role"), "viewer");
    scene.world.inject(json!({}));
    harness.apply(W, scene.config("admin")).await.unwrap();
    assert_eq!(scene.held().await, ["Workspace Admin"]);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_role_that_was_revoked_outside_is_granted_again() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("viewer")).await.unwrap();
    let role = scene.role(RoleLevel::Workspace, "Workspace Viewer").await;
    scene.world.control().send(&api::REVOKE, role, scene.query(), ()).await.unwrap();
    assert_eq!(harness.apply(W, scene.config("viewer")).await.unwrap().action, Action::Create);
    // The assignment is gone with its workspace.
    scene.world.remove_workspace(scene.workspace).await;
    let mut harness = other_process(&scene.world, harness).await;
    assert!(!harness.refresh(W).await.unwrap());
    scene.world.stop().await;
}

#[tokio::test]
async fn with_the_key_of_another_organization_nothing_is_taken_for_deleted() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("viewer")).await.unwrap();
    let hidden = json!({ "status": 404, "body": { "detail": ["KeyError", "not found"] } });
    let other = json!([{ "id": zenml_api::OrganizationId::random().to_string(), "name": "other",
        "created": "2026-01-01T00:00:00", "updated": "2026-01-01T00:00:00" }]);
    scene.world.inject(json!({ "rules": [
        { "method": "GET", "route": "/roles/{role_id}/assignments", "effect": hidden },
        { "method": "GET", "route": "/workspaces/{workspace_id_or_name}", "effect": hidden },
        { "method": "GET", "route": "/organizations/{organization_id_or_name}", "effect": hidden },
        { "method": "GET", "route": "/organizations", "effect": { "status": 200, "body": other } },
    ] }));
    let mut harness = other_process(&scene.world, harness).await;
    let failure = harness.refresh(W).await.unwrap_err();
    assert_eq!(
        failure.summaries(),
        [format!("Cannot tell whether workspace {} still exists", scene.workspace)]
    );
    assert!(harness.state(W).is_some());
    scene.world.stop().await;
}

/// Reads are cached during a run, so a later run is another process with the same state.
async fn other_process(world: &World, mut harness: Harness) -> Harness {
    harness.restart(crate::world::engine(), world.block()).await.unwrap();
    harness
}

#[tokio::test]
async fn an_import_accepts_ids_and_names_of_roles() {
    let scene = Scene::new().await;
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("Workspace Contributor")).await.unwrap();
    let role = scene.role(RoleLevel::Workspace, "Workspace Contributor").await;
    let start = format!("{}/team/{}", scene.workspace, scene.team);
    for role in [role.to_string(), "member".to_owned(), "Workspace Contributor".to_owned()] {
        let id = ImportBy::Id(format!("{start}/{role}"));
        harness.import_equals_state(W, id, &[]).await.unwrap();
    }
    let identity = harness.identity(W).unwrap().clone();
    harness.import_equals_state(W, ImportBy::Identity(identity), &[]).await.unwrap();
    for wrong in
        ["x", &start, &format!("{start}/owner"), &format!("{}/group/{}/member", scene.workspace, scene.team)]
    {
        assert!(
            harness
                .import("zenml_workspace_role_assignment.b", ImportBy::Id((*wrong).to_owned()))
                .await
                .is_err()
        );
    }
    harness.forget(W);
    harness.import(W, ImportBy::Id(format!("{start}/member"))).await.unwrap();
    assert_eq!(harness.plan(W, scene.config("member")).await.unwrap().action, Action::NoOp);
    scene.world.stop().await;
}

#[tokio::test]
async fn a_plan_that_revokes_a_role_of_its_own_account_warns() {
    let scene = Scene::new().await;
    let me = scene.world.control().call(&zenml_api::control::user::ME, ()).await.unwrap();
    let mut harness = scene.world.harness().await;
    harness.apply(W, scene.config("admin")).await.unwrap();
    assert!(harness.destroy(W).await.unwrap().is_empty());
    harness.apply(W, scene.config("admin")).await.unwrap();
    scene.world.control().send(&team::ADD_MEMBER, scene.team, MemberQuery::user(me.id), ()).await.unwrap();
    let mut harness = other_process(&scene.world, harness).await;
    let told = harness.destroy(W).await.unwrap();
    assert_eq!(told[0].summary, "The plan revokes admin from the account that runs Terraform");
    scene.world.stop().await;
}

#[tokio::test]
async fn a_role_in_a_workspace_passes_its_life_cycle_under_real_hosts() {
    under_each_host(async |world, host| {
        let scene = Scene::of(world).await;
        let before = scene.world.platform.census().await.unwrap();
        let main = |role: &str| {
            let Scene { workspace, team, .. } = &scene;
            format!(
                "resource \"zenml_workspace_role_assignment\" \"a\" {{\n  workspace_id = \"{workspace}\"\n  team_id = \
                 \"{team}\"\n  role = \"{role}\"\n}}\n"
            )
        };
        host.write("main.tf", &main("contributor")).unwrap();
        host.apply().await.unwrap();
        let id = host.attributes(W).await.unwrap()["id"].as_str().unwrap().to_owned();
        // An import has the full name, and the short one in the configuration is equivalent.
        host.import_equals_state(W, &id, &["role"]).await.unwrap();
        host.write("main.tf", &main("admin")).unwrap();
        assert_eq!(host.apply().await.unwrap().action(W), Some(Action::Update));
        let role = scene.role(RoleLevel::Workspace, "Workspace Admin").await;
        scene.world.control().send(&api::REVOKE, role, scene.query(), ()).await.unwrap();
        assert_eq!(host.apply().await.unwrap().action(W), Some(Action::Create));
        host.destroy().await.unwrap();
        assert_eq!(scene.world.platform.census().await.unwrap(), before);
        scene.world.stop().await;
    })
    .await;
}

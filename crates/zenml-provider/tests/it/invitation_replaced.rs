//! An invitation that is replaced because of another role, when a step in the middle fails.

use serde_json::{Value as Json, json};
use tfkit_test::{Action, Harness};
use zenml_api::control::role::{self, ScopeQuery};
use zenml_api::{TeamId, WorkspaceId};

use crate::world::{World, engine};

const M: &str = "zenml_organization_member.m";
const NEW: &str = "new.person@example.com";

/// An invited person with places that other resources, and people, have given to the invitation.
struct Scene {
    world: World,
    harness: Harness,
    team: TeamId,
    workspace: WorkspaceId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let (team, workspace) = (world.team("alpha").await, world.workspace("home").await);
        let mut harness = world.harness().await;
        harness.apply(M, member("member")).await.unwrap();
        let membership = json!({ "team_id": team.to_string(), "email": NEW });
        harness.apply("zenml_team_membership.m", membership).await.unwrap();
        let viewer = json!({ "workspace_id": workspace.to_string(), "email": NEW, "role": "viewer" });
        harness.apply("zenml_workspace_role_assignment.m", viewer).await.unwrap();
        Self { world, harness, team, workspace }
    }

    fn inject(&self, rules: &Json) {
        self.world.inject(json!({ "rules": rules }));
    }

    /// Returns what the person has: the role of the open invitation, the teams, and who has a role in the workspace.
    async fn has(&self) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut open = Vec::new();
        for invitation in self.world.invitations(NEW).await {
            if invitation.status.as_deref() == Some("pending") {
                let viewer = self.world.role("Organization Viewer").await;
                let is_viewer = invitation.role_id == Some(viewer);
                open.push(if is_viewer { "viewer" } else { "member" }.to_owned());
            }
        }
        let query = ScopeQuery { workspace_id: Some(self.workspace), project_id: None };
        let viewer = self.world.role("Workspace Viewer").await;
        let held = self.world.control().send(&role::ASSIGNMENTS, viewer, query, ()).await.unwrap();
        let held = held.into_iter().filter_map(|one| one.invitation).map(|one| one.email).collect();
        (open, self.world.members_of(self.team).await, held)
    }

    /// Applies the new role, and returns the error.
    async fn fails(&mut self) -> String {
        self.harness.apply(M, member("viewer")).await.unwrap_err().to_string()
    }

    /// Plans and applies in a new run, until the person has everything with the new role.
    async fn is_completed_by_the_next_apply(&mut self, told: &str) {
        self.inject(&json!([]));
        self.harness.restart(engine(), self.world.block()).await.unwrap();
        let applied = self.harness.apply(M, member("viewer")).await.unwrap();
        assert_eq!((applied.action, applied.told()), (Action::Update, vec![told]));
        assert_eq!(self.has().await, all("viewer"));
        self.harness.restart(engine(), self.world.block()).await.unwrap();
        assert_eq!(self.harness.plan(M, member("viewer")).await.unwrap().action, Action::NoOp);
    }
}

fn member(role: &str) -> Json {
    json!({ "email": NEW, "role": role })
}

fn all(role: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    (vec![role.to_owned()], vec![format!("({NEW})")], vec![NEW.to_owned()])
}

fn refused(method: &str, route: &str) -> Json {
    let no =
        json!({ "status": 402, "body": { "detail": ["SubscriptionUpgradeRequiredError", "3 members"] } });
    json!({ "method": method, "route": route, "effect": no })
}

const INVITE: &str = "/organizations/{organization_id}/invitations";

#[tokio::test]
async fn the_old_invitation_comes_back_with_its_places_if_the_new_one_cannot_be_sent() {
    let mut scene = Scene::new().await;
    let mut once = refused("POST", INVITE);
    once["nth"] = json!(1);
    scene.inject(&json!([once]));
    let failure = scene.fails().await;
    assert!(failure.contains("The old invitation was sent again, with its role, its teams"), "{failure}");
    assert_eq!(scene.has().await, all("member"));
    let replaced = format!("The invitation of {NEW:?} is deleted, and a new one is sent");
    scene.is_completed_by_the_next_apply(&replaced).await;
    scene.world.stop().await;
}

#[tokio::test]
async fn what_a_lost_invitation_had_is_given_to_the_one_of_the_next_apply() {
    let mut scene = Scene::new().await;
    scene.inject(&json!([refused("POST", INVITE)]));
    let failure = scene.fails().await;
    assert!(failure.contains("could not be sent again"), "{failure}");
    assert!(failure.contains(&format!("team {}", scene.team)), "{failure}");
    assert_eq!(scene.has().await, (Vec::new(), Vec::new(), Vec::new()));
    let unfinished = format!("The invitation of {NEW:?} was not replaced completely");
    scene.is_completed_by_the_next_apply(&unfinished).await;
    scene.world.stop().await;
}

#[tokio::test]
async fn a_team_and_a_role_that_could_not_be_moved_are_moved_by_the_next_apply() {
    for route in ["/teams/{team_id}/members", "/roles/{role_id}/assignments"] {
        let mut scene = Scene::new().await;
        scene.inject(&json!([refused("POST", route)]));
        let failure = scene.fails().await;
        assert!(failure.contains("it moves what is left: "), "{failure}");
        // What could be moved is there.
        let (open, teams, roles) = scene.has().await;
        assert_eq!((open, teams.len() + roles.len()), (vec!["viewer".to_owned()], 1), "{route}");
        let unfinished = format!("The invitation of {NEW:?} was not replaced completely");
        scene.is_completed_by_the_next_apply(&unfinished).await;
        scene.world.stop().await;
    }
}

#[tokio::test]
async fn a_person_who_accepts_in_between_gets_what_is_left() {
    let mut scene = Scene::new().await;
    scene.inject(&json!([refused("POST", "/teams/{team_id}/members")]));
    scene.fails().await;
    scene.inject(&json!([]));
    let person = scene.world.stranger(NEW).await;
    scene.world.reply(NEW, true).await;
    scene.harness.restart(engine(), scene.world.block()).await.unwrap();
    let applied = scene.harness.apply(M, member("viewer")).await.unwrap();
    assert_eq!(applied.action, Action::Update);
    assert_eq!(scene.world.members_of(scene.team).await, [NEW]);
    let mut roles = scene.world.roles_of(&person).await;
    roles.sort();
    assert_eq!(roles, ["Organization Viewer", "Workspace Viewer"]);
    scene.world.stop().await;
}

//! Two runs that remove the two last admins of an organization at the same time.
//!
//! Each run checks that somebody else stays, and finds the other one. Only the control plane can refuse the second.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::{Failure, Harness};
use zenml_api::control::role::{self, Assignment, AssignmentQuery, ScopeQuery};
use zenml_api::control::service_account::{ApiKeyCreate, CREATE_API_KEY};
use zenml_api::control::team::{self, TeamMember};
use zenml_api::{IdOrName, RoleId, TeamId};

use crate::world::{World, engine};

const O: &str = "zenml_organization_role_assignment.x";

/// A way to remove an admin.
struct Way {
    what: &'static str,
    /// A team with the role, which the person is in.
    has_team: bool,
    /// The resource that makes the person an admin, and what it becomes; null destroys it.
    of: fn(&Json) -> (&'static str, Json, Json),
}

const WAYS: [Way; 6] = [
    Way {
        what: "a role is revoked",
        has_team: false,
        of: |one| {
            let config = json!({ "user_id": one["id"], "role": "admin" });
            ("zenml_organization_role_assignment.x", config, Json::Null)
        },
    },
    Way {
        what: "a role is changed",
        has_team: false,
        of: |one| {
            let config = |role: &str| json!({ "email": one["email"], "role": role });
            ("zenml_organization_role_assignment.x", config("admin"), config("viewer"))
        },
    },
    Way {
        what: "a member is removed",
        has_team: false,
        of: |one| {
            let config = json!({ "email": one["email"], "role": "admin" });
            ("zenml_organization_member.x", config, Json::Null)
        },
    },
    Way {
        what: "a place in a team is removed",
        has_team: true,
        of: |one| {
            let config = json!({ "email": one["email"], "team_id": one["team"] });
            ("zenml_team_membership.x", config, Json::Null)
        },
    },
    Way {
        what: "a team is emptied",
        has_team: false,
        of: |one| {
            let config = |members: Json| json!({ "name": one["name"], "members": members });
            ("zenml_team.x", config(json!([one["email"]])), config(json!([])))
        },
    },
    Way {
        what: "a team is deleted",
        has_team: false,
        of: |one| {
            let config = json!({ "name": one["name"], "members": [one["email"]] });
            ("zenml_team.x", config, Json::Null)
        },
    },
];

/// The platform, seen by its administrator, who has no role in the organization.
struct Scene {
    world: World,
    admin: RoleId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let admin = world.role("Organization Admin").await;
        Self { world, admin }
    }

    async fn held(&self) -> Vec<Assignment> {
        let query = ScopeQuery::default();
        self.world.superuser().send(&role::ASSIGNMENTS, self.admin, query, ()).await.unwrap()
    }

    /// Returns who is an admin, directly or through a team.
    async fn admins(&self) -> Vec<String> {
        let mut names = Vec::new();
        for Assignment { user, team, .. } in self.held().await {
            names.extend(user.map(|user| user.username));
            let Some(team) = team else { continue };
            for member in self.world.superuser().call(&team::MEMBERS, team.id).await.unwrap() {
                let TeamMember::User(user) = member else { continue };
                names.push(user.username);
            }
        }
        names
    }

    async fn assign(&self, team: TeamId) {
        let query = AssignmentQuery { team_id: Some(team), ..AssignmentQuery::default() };
        self.world.control().send(&role::ASSIGN, self.admin, query, ()).await.unwrap();
    }

    /// Takes the role from the accounts that have it from the start.
    async fn resign_all_but(&self, stay: &[&str]) {
        for Assignment { user, .. } in self.held().await {
            let Some(user) = user.filter(|user| !stay.contains(&user.username.as_str())) else { continue };
            let query = AssignmentQuery { user_id: Some(user.id), ..AssignmentQuery::default() };
            self.world.superuser().send(&role::REVOKE, self.admin, query, ()).await.unwrap();
        }
    }
}

async fn change(harness: &mut Harness, address: &str, to: &Json) -> Result<(), Failure> {
    match to {
        Json::Null => harness.destroy(address).await.map(drop),
        to => harness.apply(address, to.clone()).await.map(drop),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_that_remove_the_two_last_admins_one_fails_and_says_why() {
    for Way { what, has_team, of } in WAYS {
        let scene = Scene::new().await;
        let world = &scene.world;
        let mut block = world.block();
        block["service_account_key"] = world.superuser_token().await.into();
        block["organization_id"] = world.organization().to_string().into();
        let mut runs = Vec::new();
        for name in ["ann", "bob"] {
            let email = format!("{name}@example.com");
            let id = world.person(&email).await.id.to_string();
            let team = world.team(&format!("{name}-admins")).await;
            let one = json!({ "id": id, "email": email, "name": name, "team": team.to_string() });
            let (address, config, to) = of(&one);
            let mut harness = world.harness_with(block.clone()).await;
            harness.apply(address, config).await.unwrap_or_else(|failure| panic!("{what}: {failure}"));
            if has_team {
                scene.assign(team).await;
            } else if address == "zenml_team.x" {
                let id = harness.state(address).unwrap().attribute("id").as_str().unwrap().to_owned();
                scene.assign(id.parse().unwrap()).await;
            }
            harness.restart(engine(), block.clone()).await.unwrap();
            runs.push((harness, address, to));
        }
        scene.resign_all_but(&["ann@example.com", "bob@example.com"]).await;
        assert_eq!(scene.admins().await, ["ann@example.com", "bob@example.com"], "{what}");
        // Both checks pass before the first removal arrives.
        world.inject(json!({ "rules": [{ "method": "DELETE", "effect": { "latency_ms": 1000 } }] }));
        let [(one, address, to), (other, _, to_other)] = &mut runs[..] else { panic!("two runs") };
        let address = *address;
        let (first, second) = tokio::join!(change(one, address, to), change(other, address, to_other));
        world.inject(json!({}));
        assert_eq!(scene.admins().await.len(), 1, "{what}: {first:?} {second:?}");
        let (loser, failure) = match (first, second) {
            (Ok(()), Err(failure)) => (other, failure),
            (Err(failure), Ok(())) => (one, failure),
            both => panic!("{what}: {both:?}"),
        };
        assert_eq!(failure.summaries(), ["The last Organization Admin cannot be removed"], "{what}");
        let shown = failure.to_string();
        for words in ["Nobody else has this role", "Give the role to somebody else first", "403", "request"] {
            assert!(shown.contains(words), "{what}: {words} is not in {shown}");
        }
        assert!(loser.state(address).is_some(), "{what}: the state keeps what the run could not remove");
        scene.world.stop().await;
    }
}

/// The accounts of the two runs are themselves the last admins.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_that_remove_each_other_one_fails() {
    for is_own in [true, false] {
        let scene = Scene::new().await;
        let world = &scene.world;
        let mut runs = Vec::new();
        for name in ["one", "two"] {
            let account = world.service_account(name).await;
            let path = (world.organization(), IdOrName::Id(account));
            let new = ApiKeyCreate { name: "run".to_owned(), ..ApiKeyCreate::default() };
            let key = world.control().send(&CREATE_API_KEY, path, (), new).await.unwrap().key.unwrap();
            let mut block = world.block();
            block["service_account_key"] = key.expose().clone().into();
            let config = json!({ "service_account_id": account.to_string(), "role": "admin" });
            world.harness().await.apply(O, config.clone()).await.unwrap();
            runs.push((block, format!("{}/service_account/{account}/admin", world.organization())));
        }
        if !is_own {
            let (first, second) = runs.split_at_mut(1);
            std::mem::swap(&mut first[0].1, &mut second[0].1);
        }
        scene.resign_all_but(&["one", "two"]).await;
        let mut harnesses = Vec::new();
        for (block, id) in runs {
            let mut harness = world.harness_with(block).await;
            harness.import(O, ImportBy::Id(id)).await.unwrap();
            harnesses.push(harness);
        }
        world.inject(json!({ "rules": [{ "method": "DELETE", "effect": { "latency_ms": 1000 } }] }));
        let [one, other] = &mut harnesses[..] else { panic!("two runs") };
        let (first, second) = tokio::join!(one.destroy(O), other.destroy(O));
        world.inject(json!({}));
        let left = scene.admins().await;
        assert_eq!(left.len(), 1, "{left:?}: {first:?} {second:?}");
        let failure = match (first, second) {
            (Ok(_), Err(failure)) | (Err(failure), Ok(_)) => failure,
            both => panic!("{is_own}: {both:?}, {left:?} is left"),
        };
        // Whoever lost the role in between does not see the roles any more, or is not allowed to do anything.
        let summary = failure.summaries()[0];
        let is_expected = if is_own {
            summary == "The last Organization Admin cannot be removed"
        } else {
            summary.starts_with("Cannot tell whether service_account/") || summary.ends_with("not allowed")
        };
        assert!(is_expected, "{failure}");
        scene.world.stop().await;
    }
}

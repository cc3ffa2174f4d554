//! An organization always has an active admin: every path that removes one × everybody else with the role.

use serde_json::{Value, json};

use crate::support::{PASSWORD, World, text};

/// The admin to remove, and how they have the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Person,
    ThroughTeam,
    ServiceAccount,
}

/// Who else has the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    Nobody,
    InactivePerson,
    EmptyTeam,
    TeamOfInactive,
    KeylessServiceAccount,
    Person,
    PersonInTeam,
    ServiceAccount,
}

impl Other {
    const ALL: [Self; 8] = [
        Self::Nobody,
        Self::InactivePerson,
        Self::EmptyTeam,
        Self::TeamOfInactive,
        Self::KeylessServiceAccount,
        Self::Person,
        Self::PersonInTeam,
        Self::ServiceAccount,
    ];

    /// Whether the organization still has an active admin.
    fn counts(self) -> bool {
        matches!(self, Self::Person | Self::PersonInTeam | Self::ServiceAccount)
    }
}

/// Ways to remove the victim's role; each is one request of the platform administrator.
fn paths(victim: Victim) -> &'static [&'static str] {
    match victim {
        Victim::Person => &[
            "DELETE /roles/{role}/assignments?user_id={victim}",
            "DELETE /organizations/{organization}/members?user_id={victim}",
            "PATCH /users/{victim}",
            "DELETE /users/{victim}",
        ],
        Victim::ThroughTeam => &[
            "DELETE /roles/{role}/assignments?team_id={team}",
            "DELETE /teams/{team}/members?user_id={victim}",
            "DELETE /teams/{team}",
            "DELETE /organizations/{organization}/members?user_id={victim}",
            "PATCH /users/{victim}",
            "DELETE /users/{victim}",
        ],
        Victim::ServiceAccount => &[
            "DELETE /roles/{role}/assignments?user_id={victim}",
            "DELETE /organizations/{organization}/service_accounts/{victim}",
            "DELETE /organizations/{organization}/service_accounts/{victim}/api_keys/{key}",
            "PATCH /organizations/{organization}/service_accounts/{victim}",
            "PATCH /organizations/{organization}/service_accounts/{victim}/api_keys/{key}",
            "PATCH /users/{victim}",
        ],
    }
}

/// An organization whose admins are the victim and the other, with the ids for the paths.
struct Case {
    world: World,
    superuser: String,
    names: Vec<(&'static str, String)>,
}

impl Case {
    async fn new(victim: Victim, other: Other) -> Self {
        let world = World::start().await;
        let superuser = world.superuser().await;
        let role = world.role("organization", "Organization Admin").await;
        let first = world.admin(&format!("GET /roles/{role}/assignments"), Value::Null).await.ok();
        let names = vec![("{role}", role), ("{organization}", world.organization())];
        let mut case = Self { world, superuser, names };
        match victim {
            Victim::Person => {
                let id = case.person("victim", true).await;
                case.assign("user", &id).await;
                case.names.push(("{victim}", id));
            }
            Victim::ThroughTeam => {
                let (id, team) = (case.person("victim", true).await, case.world.team("victims").await);
                case.join(&team, &id).await;
                case.assign("team", &team).await;
                case.names.extend([("{victim}", id), ("{team}", team)]);
            }
            Victim::ServiceAccount => {
                let (id, key) = case.service_account("victim", true).await;
                case.assign("user", &id).await;
                case.names.extend([("{victim}", id), ("{key}", key)]);
            }
        }
        case.other(other).await;
        for assignment in first.as_array().unwrap() {
            let id = text(&assignment["user"]["id"]);
            case.call(&format!("DELETE /roles/{{role}}/assignments?user_id={id}")).await.ok();
        }
        case
    }

    async fn other(&mut self, other: Other) {
        match other {
            Other::Nobody => {}
            Other::Person | Other::InactivePerson => {
                let id = self.person("other", true).await;
                self.assign("user", &id).await;
                if other == Other::InactivePerson {
                    self.deactivate(&id).await;
                }
            }
            Other::EmptyTeam => {
                let team = self.world.team("others").await;
                self.assign("team", &team).await;
            }
            Other::PersonInTeam | Other::TeamOfInactive => {
                let (id, team) = (self.person("other", true).await, self.world.team("others").await);
                self.join(&team, &id).await;
                self.assign("team", &team).await;
                if other == Other::TeamOfInactive {
                    self.deactivate(&id).await;
                }
            }
            Other::ServiceAccount | Other::KeylessServiceAccount => {
                let (id, _) = self.service_account("other", other == Other::ServiceAccount).await;
                self.assign("user", &id).await;
            }
        }
    }

    /// Sends a request as the administrator of the platform.
    async fn send(&self, call: &str, body: Value) -> crate::support::Answer {
        let mut call = call.to_owned();
        for (name, value) in &self.names {
            call = call.replace(name, value);
        }
        self.world.send(Some(&self.superuser), &call, body).await
    }

    async fn call(&self, call: &str) -> crate::support::Answer {
        let body = match call {
            key if key.starts_with("PATCH") && key.contains("api_keys") => json!({ "active": false }),
            account if account.starts_with("PATCH") => json!({ "is_active": false }),
            _ => Value::Null,
        };
        self.send(call, body).await
    }

    async fn person(&self, name: &str, member: bool) -> String {
        let call = format!("POST /users?username={name}&password={}", PASSWORD.replace(' ', "+"));
        let id = text(&self.send(&call, Value::Null).await.ok()["id"]);
        if member {
            let role = self.world.role("organization", "Organization Member").await;
            self.send(&format!("POST /roles/{role}/assignments?user_id={id}"), Value::Null).await.ok();
        }
        id
    }

    async fn service_account(&self, name: &str, with_key: bool) -> (String, String) {
        let accounts = "POST /organizations/{organization}/service_accounts";
        let id = text(&self.send(accounts, json!({ "username": name })).await.ok()["id"]);
        if !with_key {
            return (id, String::new());
        }
        let key = self.send(&format!("{accounts}/{id}/api_keys"), json!({ "name": "one" })).await.ok();
        (id, text(&key["id"]))
    }

    async fn assign(&self, kind: &str, id: &str) {
        self.send(&format!("POST /roles/{{role}}/assignments?{kind}_id={id}"), Value::Null).await.ok();
    }

    async fn join(&self, team: &str, id: &str) {
        self.send(&format!("POST /teams/{team}/members?user_id={id}"), Value::Null).await.ok();
    }

    async fn deactivate(&self, id: &str) {
        self.call(&format!("PATCH /users/{id}")).await.ok();
    }
}

#[tokio::test]
async fn no_path_can_remove_the_last_active_admin() {
    let mut refused = 0;
    for victim in [Victim::Person, Victim::ThroughTeam, Victim::ServiceAccount] {
        for other in Other::ALL.into_iter().filter(|other| !other.counts()) {
            let case = Case::new(victim, other).await;
            for path in paths(victim) {
                let refusal = case.call(path).await.refused(403);
                assert!(
                    refusal.contains("The last Organization Admin of organization"),
                    "{other:?} {path}: {refusal}"
                );
                refused += 1;
            }
        }
    }
    assert_eq!(refused, 5 * (4 + 6 + 6));
}

#[tokio::test]
async fn every_path_can_remove_an_admin_while_another_one_is_active() {
    for victim in [Victim::Person, Victim::ThroughTeam, Victim::ServiceAccount] {
        for (index, path) in paths(victim).iter().enumerate() {
            let others: Vec<_> = Other::ALL.into_iter().filter(|other| other.counts()).collect();
            let other = others[index % others.len()];
            let answer = Case::new(victim, other).await.call(path).await;
            assert_eq!(answer.status.as_u16(), 200, "{victim:?} {other:?} {path}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_admin_by_two_paths_can_lose_only_one_of_them() {
    let case = Case::new(Victim::ThroughTeam, Other::Nobody).await;
    let victim = case.names.iter().find(|(name, _)| *name == "{victim}").unwrap().1.clone();
    case.assign("user", &victim).await;
    case.call("DELETE /teams/{team}").await.ok();
    case.call("DELETE /roles/{role}/assignments?user_id={victim}").await.refused(403);
}

#[tokio::test]
async fn the_platform_always_has_an_administrator_who_can_log_in() {
    let case = Case::new(Victim::Person, Other::Person).await;
    let me = text(&case.call("GET /users/me").await.ok()["id"]);
    let (robot, _) = case.service_account("robot", false).await;
    case.send(&format!("PATCH /users/{robot}"), json!({ "is_superuser": true })).await.ok();
    let resign = format!("PATCH /users/{me}");
    let refusal = case.send(&resign, json!({ "is_superuser": false })).await.refused(403);
    assert!(refusal.contains("active administrator who can log in"), "{refusal}");
    let keys = format!("POST /organizations/{{organization}}/service_accounts/{robot}/api_keys");
    case.send(&keys, json!({ "name": "one" })).await.ok();
    case.send(&resign, json!({ "is_superuser": false })).await.ok();
}

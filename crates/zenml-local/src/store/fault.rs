//! A database that fails in the middle of a statement, for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::sqlite::LockedSqliteHandle;
use tokio::sync::Notify;

/// When the connections of a database fail, for all of them together.
#[derive(Clone, Debug)]
pub(crate) struct Fuel(Arc<Tank>);

#[derive(Debug)]
struct Tank {
    /// Remaining steps of SQLite's virtual machine.
    steps: AtomicI64,
    /// Commits.
    commits: AtomicI64,
    refused: Notify,
}

impl Default for Fuel {
    fn default() -> Self {
        let full = || AtomicI64::new(i64::MAX);
        Self(Arc::new(Tank { steps: full(), commits: full(), refused: Notify::new() }))
    }
}

impl Fuel {
    /// Interrupts after this many more steps, and everything that follows.
    pub(crate) fn set(&self, steps: i64) {
        self.0.steps.store(steps, Ordering::SeqCst);
    }

    /// Stops interrupting.
    pub(crate) fn fill(&self) {
        self.set(i64::MAX);
    }

    /// Returns the number of remaining steps.
    pub(crate) fn left(&self) -> i64 {
        self.0.steps.load(Ordering::SeqCst)
    }

    /// Makes all commits fail, or none.
    pub(crate) fn refuse_commits(&self, refuse: bool) {
        self.refuse_commits_after(if refuse { 0 } else { i64::MAX });
    }

    /// Makes all commits fail after the next ones.
    pub(crate) fn refuse_commits_after(&self, commits: i64) {
        self.0.commits.store(commits, Ordering::SeqCst);
    }

    /// Waits until a commit has failed.
    pub(crate) async fn refused(&self) {
        self.0.refused.notified().await;
    }

    pub(super) fn limit(&self, handle: &mut LockedSqliteHandle<'_>) {
        let tank = Arc::clone(&self.0);
        handle.set_progress_handler(1, move || tank.steps.fetch_sub(1, Ordering::SeqCst) > 0);
    }

    /// Whether a commit may succeed.
    pub(super) fn commits(&self) -> bool {
        let lets = self.0.commits.fetch_sub(1, Ordering::SeqCst) > 0;
        if !lets {
            self.0.refused.notify_one();
        }
        lets
    }
}

mod tests {
    use std::time::{Duration, Instant};

    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use crate::{Options, Platform};

    /// The number of moments at which each request is interrupted.
    const MOMENTS: i64 = 24;

    struct World {
        platform: Platform,
        key: String,
    }

    impl World {
        async fn start() -> Self {
            let platform = Platform::start(Options::default()).await.unwrap();
            let key = platform.service_account_key().unwrap().expose().clone();
            Self { platform, key }
        }

        async fn send(&self, call: &str, body: &Value) -> (u16, Value) {
            let (method, path) = call.split_once(' ').unwrap();
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", format!("Bearer {}", self.key))
                .header("content-type", "application/json")
                .header("idempotency-key", uuid::Uuid::new_v4().to_string());
            let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
            let response = self.platform.router().oneshot(request.body(body).unwrap()).await.unwrap();
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
        }

        async fn ok(&self, call: &str, body: &Value) -> Value {
            let (status, body) = self.send(call, body).await;
            assert_eq!(status, 200, "{call}: {body}");
            body
        }

        /// Returns the complete content of the database.
        async fn content(&self) -> Vec<String> {
            let mut sql = self.platform.shared().store.begin_read().await.unwrap();
            let tables: Vec<String> = sqlx::query_scalar(
                "SELECT 'SELECT ' || group_concat('quote(\"' || c.name || '\")', ' || '','' || ') || ' FROM ' || m.name \
                 FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name",
            )
            .fetch_all(&mut *sql)
            .await
            .unwrap();
            let mut content = Vec::new();
            for statement in tables {
                let statement = sqlx::AssertSqlSafe(statement);
                content
                    .extend(sqlx::query_scalar::<_, String>(statement).fetch_all(&mut *sql).await.unwrap());
            }
            content
        }

        /// Creates a workspace and returns its path prefix.
        async fn workspace(&self) -> String {
            let id = self.ok("POST /workspaces", &json!({ "name": "space" })).await["id"].clone();
            let id = id.as_str().unwrap();
            settle(self).await;
            format!("/w/{id}/api/v1")
        }
    }

    /// One request for each kind of change; `N` is replaced by a new number each time.
    async fn changes(world: &World) -> Vec<(String, Value)> {
        let (organization, space) = (world.platform.organization_id(), world.workspace().await);
        let team = world.ok("POST /teams", &json!({ "name": "t", "organization_id": organization })).await;
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let team = id(&team);
        let project = id(&world.ok(&format!("POST {space}/projects"), &json!({ "name": "p" })).await);
        let secret = json!({ "name": "s", "private": false, "values": { "a": "b" } });
        let secret = id(&world.ok(&format!("POST {space}/secrets"), &secret).await);
        let mut components = Vec::new();
        for kind in ["orchestrator", "artifact_store"] {
            let body = json!({ "name": "c", "type": kind, "flavor": "local", "configuration": {} });
            components.push(id(&world.ok(&format!("POST {space}/components"), &body).await));
        }
        let component = &components[0];
        let parts = json!({ "orchestrator": [component], "artifact_store": [components[1]] });
        [
            ("POST /teams", json!({ "name": "teamN", "organization_id": organization })),
            (&*format!("PATCH /teams/{team}"), json!({ "name": "changedN" })),
            ("POST /workspaces", json!({ "name": "spaceN" })),
            (&format!("PATCH /organizations/{organization}"), json!({ "name": "orgN" })),
            (
                &format!("POST /organizations/{organization}/service_accounts"),
                json!({ "username": "robotN", "name": "robotN" }),
            ),
            (&format!("POST {space}/projects"), json!({ "name": "projectN" })),
            (&format!("PUT {space}/projects/{project}"), json!({ "description": "aboutN" })),
            (&format!("POST {space}/tags"), json!({ "name": "tagN" })),
            (
                &format!("POST {space}/secrets"),
                json!({ "name": "secretN", "private": false, "values": { "a": "N" } }),
            ),
            (&format!("PUT {space}/secrets/{secret}"), json!({ "values": { "aN": "b" } })),
            (
                &format!("POST {space}/components"),
                json!({ "name": "componentN", "type": "orchestrator", "flavor": "local", "configuration": {} }),
            ),
            (&format!("PUT {space}/components/{component}"), json!({ "name": "changedN" })),
            (&format!("POST {space}/stacks"), json!({ "name": "stackN", "components": parts })),
        ]
        .map(|(call, body)| (call.to_owned(), body))
        .into()
    }

    #[tokio::test]
    async fn a_database_failure_at_any_moment_of_a_change_leaves_nothing_behind() {
        let world = World::start().await;
        let changes = changes(&world).await;
        let fuel = world.platform.shared().store.fuel();
        let mut number = 0;
        for (call, body) in &changes {
            let mut next = || {
                number += 1;
                serde_json::from_str(&body.to_string().replace('N', &number.to_string())).unwrap()
            };
            // A billion steps are more than enough; the rest tells how many it took.
            fuel.set(1_000_000_000);
            world.ok(call, &next()).await;
            let needed = 1_000_000_000 - fuel.left();
            fuel.fill();
            settle(&world).await;
            let before = world.content().await;
            let mut refused = 0;
            for moment in 0..MOMENTS {
                fuel.set(needed * moment / MOMENTS);
                let (status, answer) = world.send(call, &next()).await;
                fuel.fill();
                if status == 200 {
                    // The background work must finish.
                    settle(&world).await;
                    break;
                }
                refused += 1;
                assert_eq!(status, 503, "{call} at {moment}: {answer}");
                assert!(answer.to_string().contains("database"), "{call} at {moment}: {answer}");
                assert_unchanged(&world, &before, &format!("{call} at {moment}")).await;
            }
            assert!(refused > MOMENTS / 4, "{call} was interrupted {refused} times");
            world.ok(call, &next()).await;
            settle(&world).await;
        }
        world.platform.stop().await;
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_an_error_and_not_a_change() {
        let world = World::start().await;
        let changes = changes(&world).await;
        let fuel = world.platform.shared().store.fuel();
        for (number, (call, body)) in changes.iter().enumerate() {
            let body = |kind: &str| {
                serde_json::from_str(&body.to_string().replace('N', &format!("{kind}{number}"))).unwrap()
            };
            let before = world.content().await;
            fuel.refuse_commits(true);
            let (status, answer) = world.send(call, &body("a")).await;
            fuel.refuse_commits(false);
            assert_eq!(status, 503, "{call}: {answer}");
            assert_unchanged(&world, &before, call).await;
            world.ok(call, &body("b")).await;
            settle(&world).await;
        }
        world.platform.stop().await;
    }

    #[tokio::test]
    async fn a_full_database_returns_507_changes_nothing_and_accepts_later_changes() {
        let world = World::start().await;
        let space = world.workspace().await;
        let secret =
            |name: &str| json!({ "name": name, "private": false, "values": { "a": "x".repeat(60_000) } });
        // The first request to a workspace creates the local account of its caller.
        world.ok(&format!("GET {space}/secrets"), &Value::Null).await;
        let mut full = 0;
        for room in 0..60 {
            let before = world.content().await;
            {
                let store = &world.platform.shared().store;
                let mut sql = store.begin().await.unwrap();
                let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *sql).await.unwrap();
                let limit = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + room));
                sqlx::query(limit).execute(&mut *sql).await.unwrap();
                sql.commit().await.unwrap();
            }
            let (status, answer) = world.send(&format!("POST {space}/secrets"), &secret("big")).await;
            if status == 200 {
                break;
            }
            full += 1;
            assert_eq!(status, 507, "{room} pages: {answer}");
            assert!(answer.to_string().contains("is full. Nothing was changed."), "{answer}");
            assert_unchanged(&world, &before, &format!("{room} pages")).await;
            // The next change gets a connection without the limit, as if there were free space again.
            let small = json!({ "name": format!("small{room}"), "private": false, "values": {} });
            world.ok(&format!("POST {space}/secrets"), &small).await;
        }
        assert!(full > 5, "{full}");
        world.platform.stop().await;
    }

    #[tokio::test]
    async fn a_statement_after_sqlite_ended_the_transaction_is_not_committed() {
        let world = World::start().await;
        let store = &world.platform.shared().store;
        let before = world.content().await;
        let mut sql = store.begin().await.unwrap();
        let insert = "INSERT INTO setting (name, value) VALUES ($1, $2)";
        sqlx::query(insert).bind("first").bind("").execute(&mut *sql).await.unwrap();
        store.fuel().set(0);
        sqlx::query("DELETE FROM setting").execute(&mut *sql).await.unwrap_err();
        store.fuel().fill();
        // The transaction has ended, and this statement would be committed alone.
        let alone = sqlx::query(insert).bind("second").bind("").execute(&mut *sql).await;
        assert!(super::super::failure::failure(&alone.unwrap_err()).is_some());
        assert!(sql.commit().await.is_err());
        assert_unchanged(&world, &before, "alone").await;
        store.begin().await.unwrap().commit().await.unwrap();
        world.platform.stop().await;
    }

    #[tokio::test]
    async fn a_handler_that_panics_or_is_dropped_in_its_transaction_does_not_block_others() {
        let world = World::start().await;
        let before = world.content().await;
        let shared = world.platform.shared().clone();
        let half = async move |shared: std::sync::Arc<crate::state::Shared>| {
            let mut sql = shared.store.begin().await.unwrap();
            let insert = "INSERT INTO setting (name, value) VALUES ('half', '')";
            sqlx::query(insert).execute(&mut *sql).await.unwrap();
            sql
        };
        for kind in ["drop", "panic", "cancel"] {
            let shared = shared.clone();
            let work = shared.clone();
            let (begun, waits) = tokio::sync::oneshot::channel();
            let task = shared.tasks.run(async move {
                let sql = half(work).await;
                let _ = begun.send(());
                match kind {
                    "panic" => panic!("on purpose"),
                    "cancel" => std::future::pending().await,
                    _ => drop(sql),
                }
            });
            waits.await.unwrap();
            if kind == "cancel" {
                task.abort();
            }
            let _ = task.await;
            assert_unchanged(&world, &before, kind).await;
            world.platform.shared().store.begin().await.unwrap().commit().await.unwrap();
        }
        world.platform.stop().await;
    }

    #[tokio::test]
    async fn a_workspace_that_could_not_be_written_is_deployed_once_there_is_free_space() {
        let world = World::start().await;
        let fuel = world.platform.shared().store.fuel();
        fuel.refuse_commits_after(1);
        let id = world.ok("POST /workspaces", &json!({ "name": "space" })).await["id"].clone();
        let get = format!("GET /workspaces/{}", id.as_str().unwrap());
        fuel.refused().await;
        assert_eq!(world.ok(&get, &Value::Null).await["status"], "pending");
        fuel.refuse_commits(false);
        settle(&world).await;
        assert_eq!(world.ok(&get, &Value::Null).await["status"], "available");
        world.platform.stop().await;
    }

    async fn assert_unchanged(world: &World, before: &[String], when: &str) {
        let now = world.content().await;
        let added: Vec<_> = now.iter().filter(|row| !before.contains(row)).collect();
        let gone: Vec<_> = before.iter().filter(|row| !now.contains(row)).collect();
        assert!(added.is_empty() && gone.is_empty(), "{when}: added {added:?}, gone {gone:?}");
    }

    /// Waits until no workspace is being worked on.
    async fn settle(world: &World) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while world.content().await.iter().any(|row| row.contains("'pending'")) {
            assert!(Instant::now() < deadline, "a workspace stayed pending");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

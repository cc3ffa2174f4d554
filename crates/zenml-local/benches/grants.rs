//! The cost of permission checks and lists for a caller with a million grants, compared with a caller with a few.
//!
//! Both send the same requests in the same run, so that the ratio is meaningful on any machine. Requests go straight
//! into the router, so the platform is measured without sockets.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking, and prints")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tower::ServiceExt as _;
use zenml_local::{Database, Options, Platform};

/// Grants of the caller with many.
const GRANTS: usize = 1_000_000;
/// Teams that have a part of these grants.
const TEAMS: usize = 100;
/// Secrets in the workspace whose lists are read.
const SECRETS: usize = 7_700;
/// Number of timed single checks.
const CHECKS: usize = 3_000;
/// Checks in one request.
const BATCH: usize = 500;
/// Requests at the same time, one for each core.
const AT_ONCE: usize = 2;
/// How long throughput is measured.
const TIME: Duration = Duration::from_secs(4);
const PASSWORD: &str = "correct-horse-battery-staple";

/// How the million is created, half of the roles predefined and half of them custom: the percentage, and a statement over the numbers `i` from 0. `{person}` gets them.
///
/// Ids have a special format, so that a check can name a granted object by its number.
const PARTS: [(usize, &str); 4] = [
    (40, "INSERT INTO share SELECT '{enrolled}', 'stack/' || {id}, 'user', '{person}', 'read', '' FROM n"),
    (
        30,
        "INSERT INTO share SELECT '{enrolled}', 'secret/' || {id}, 'team', {team}, 'read update', '' FROM n",
    ),
    (
        20,
        "INSERT INTO assignment SELECT CASE i % 2 WHEN 0 THEN '{role}' ELSE '{custom}' END, '{organization}', 'user', '{person}', '{enrolled}', {id}, '' FROM n",
    ),
    (
        10,
        "INSERT INTO assignment SELECT CASE i % 2 WHEN 0 THEN '{role}' ELSE '{custom}' END, '{organization}', 'team', {team}, '{enrolled}', {id}, '' FROM n",
    ),
];
const ID: &str = "printf('%08x-0000-4000-8000-%012x', i * 7919 % 1000003, i)";
const TEAM: &str = "printf('00000000-0000-4000-9000-%012x', i % 100)";

/// Returns the id with a number, like [`ID`].
fn id(number: usize) -> String {
    format!("{:08x}-0000-4000-8000-{number:012x}", number * 7919 % 1_000_003)
}

struct Bench {
    platform: Platform,
    names: Vec<(&'static str, String)>,
    /// Token of the enrolled workspace's server.
    server: String,
    /// Key of an admin of everything.
    key: String,
    /// Ids on the control plane and sessions in the workspace: of the caller with many grants, and of the caller with
    /// few.
    people: [(String, String); 2],
}

fn options(file: &Path) -> Options {
    Options { database: Database::File(file.to_owned()), ..Options::default() }
}

async fn send(platform: &Platform, bearer: &str, call: &str, body: Value) -> Value {
    let (method, path) = call.split_once(' ').unwrap();
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    if !bearer.is_empty() {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let body = match body {
        Value::Null => Body::empty(),
        Value::String(form) => {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            Body::from(form)
        }
        body => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
    };
    let response = platform.router().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, StatusCode::OK, "{call}: {}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Creates people, workspaces and roles through the API, and grants and secrets in the database.
async fn prepare(file: &Path) -> Bench {
    let platform = Platform::start(options(file)).await.unwrap();
    let organization = platform.organization_id().to_string();
    let key = platform.service_account_key().unwrap().expose().clone();
    let admin = platform.admin().unwrap();
    let form = json!(format!("username={}&password={}", admin.username, admin.password.expose()));
    let superuser = text(&send(&platform, "", "POST /auth/login", form).await["access_token"]);
    let role = async |level: &str, name: &str| {
        let call =
            format!("GET /organizations/{organization}/roles?level={level}&name={}", name.replace(' ', "+"));
        text(&send(&platform, &key, &call, Value::Null).await[0]["id"])
    };
    let body = json!({ "name": "space", "organization_id": organization });
    let workspace = text(&send(&platform, &key, "POST /workspaces", body).await["id"]);
    while send(&platform, &key, &format!("GET /workspaces/{workspace}"), Value::Null).await["status"]
        != "available"
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let enrolled = send(&platform, &key, "POST /workspaces?enroll=true", json!({ "name": "far" })).await;
    let server = json!(format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&audience=x",
        text(&enrolled["id"]),
        text(&enrolled["enrollment_key"])
    ));
    let server = text(&send(&platform, "", "POST /auth/login", server).await["access_token"]);
    let (member, contributor) =
        (role("organization", "Organization Member").await, role("workspace", "Workspace Contributor").await);
    let mut people = Vec::new();
    for name in ["many", "few"] {
        let call = format!("POST /users?username={name}&password={PASSWORD}");
        let person = text(&send(&platform, &superuser, &call, Value::Null).await["id"]);
        for grant in
            [format!("{member}/assignments?"), format!("{contributor}/assignments?workspace_id={workspace}&")]
        {
            send(&platform, &key, &format!("POST /roles/{grant}user_id={person}"), Value::Null).await;
        }
        let form = json!(format!("username={name}&password={PASSWORD}"));
        let token = text(&send(&platform, "", "POST /auth/login", form).await["access_token"]);
        let call = format!("POST /w/{workspace}/api/v1/login");
        let session = text(&send(&platform, &token, &call, Value::Null).await["access_token"]);
        people.push((person, session));
    }
    let viewer = role("project", "Project Viewer").await;
    let permissions = send(&platform, &key, "GET /permissions?level=project", Value::Null).await;
    let body = json!({
        "organization_id": organization, "name": "Custom", "level": "project", "permissions": permissions,
    });
    let custom = text(&send(&platform, &key, "POST /roles", body).await["id"]);
    let names = vec![
        ("{id}", ID.to_owned()),
        ("{team}", TEAM.to_owned()),
        ("{organization}", organization.clone()),
        ("{workspace}", workspace),
        ("{enrolled}", text(&enrolled["id"])),
        ("{role}", viewer),
        ("{custom}", custom),
        ("{person}", people[0].0.clone()),
        ("{few}", people[1].0.clone()),
    ];
    platform.stop().await;
    fill(file, &names).await;
    let platform = Platform::start(options(file)).await.unwrap();
    Bench { platform, names, server, key, people: [people.remove(0), people.remove(0)] }
}

async fn fill(file: &Path, names: &[(&'static str, String)]) {
    let began = Instant::now();
    let mut sql = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let numbers = |count: usize| {
        format!("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}) ")
    };
    let mut statements = vec!["PRAGMA synchronous = OFF".to_owned(), "BEGIN".to_owned()];
    let insert = |count: usize, statement: &str| {
        // The numbers belong to the SELECT of the statement.
        statement.replacen("SELECT", &format!("{}SELECT", numbers(count)), 1)
    };
    statements.push(insert(
        TEAMS,
        "INSERT INTO team (id, organization_id, name, created, updated) \
         SELECT {team}, '{organization}', 'team-' || i, '', '' FROM n",
    ));
    statements.push(insert(TEAMS, "INSERT INTO team_member SELECT {team}, 'user', '{person}', '' FROM n"));
    for (percent, statement) in PARTS {
        statements.push(insert(GRANTS * percent / 100, statement));
    }
    // The caller with few has the first of each.
    for statement in [PARTS[0].1, PARTS[2].1] {
        statements.push(insert(10, &statement.replace("{person}", "{few}")));
    }
    statements.push(insert(
        SECRETS,
        "INSERT INTO secret SELECT {id}, '{workspace}', NULL, 'secret-' || i, '', zeroblob(400), \
         '2026-01-01T00:00:00.000000', '2026-01-01T00:00:00.000000' FROM n",
    ));
    // Both can see half of the secrets, by share.
    for person in ["{person}", "{few}"] {
        statements.push(insert(
            SECRETS,
            &"INSERT INTO share SELECT '{workspace}', 'secret/' || {id}, 'user', '{person}', 'read', '' FROM n \
              WHERE i % 2 = 0"
                .replace("{person}", person),
        ));
    }
    statements.push("COMMIT".to_owned());
    for statement in statements {
        let statement = names.iter().fold(statement, |text, (name, value)| text.replace(name, value));
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut sql).await.unwrap();
    }
    sql.close().await.unwrap();
    println!("Filled {GRANTS} grants and {SECRETS} secrets in {:.1} s", began.elapsed().as_secs_f64());
}

impl Bench {
    async fn check(&self, person: usize, resources: &[String]) -> usize {
        let call = format!("POST /rbac/check_permissions?user_id={}&action=read", self.people[person].0);
        let answer = send(&self.platform, &self.server, &call, json!(resources)).await;
        answer.as_object().unwrap().values().filter(|allowed| **allowed == json!(true)).count()
    }

    /// Objects with and without a grant, alternating: a share, a share through a team, a role in a project.
    fn questions(first: usize, count: usize) -> Vec<String> {
        (first..first + count)
            .map(|number| {
                let one = number * 31 % (GRANTS / 5);
                match number % 4 {
                    0 => format!("stack/{}", id(one)),
                    1 => format!("secret/{}", id(one)),
                    2 => format!("{}:pipeline/{}", id(one), id(number)),
                    _ => format!("stack_component/{}", id(one)),
                }
            })
            .collect()
    }

    /// Median and 99th percentile of single checks.
    async fn single(&self, person: usize) -> (Duration, Duration) {
        let mut times = Vec::with_capacity(CHECKS);
        for number in 0..CHECKS {
            let question = Self::questions(number, 1);
            let began = Instant::now();
            self.check(person, &question).await;
            times.push(began.elapsed());
        }
        times.sort_unstable();
        (times[CHECKS / 2], times[CHECKS * 99 / 100])
    }
}

/// Measures operations per second, with as many at once as there are cores.
async fn per_second<F>(bench: &Arc<Bench>, work: impl Fn(Arc<Bench>, usize) -> F) -> f64
where
    F: Future<Output = usize> + Send + 'static,
{
    let (turn, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        tasks.spawn(work(bench.clone(), turn.fetch_add(1, Ordering::Relaxed)));
    }
    while let Some(one) = tasks.join_next().await {
        done.fetch_add(one.unwrap(), Ordering::Relaxed);
        if began.elapsed() < TIME {
            tasks.spawn(work(bench.clone(), turn.fetch_add(1, Ordering::Relaxed)));
        }
    }
    f64::from(u32::try_from(done.into_inner()).unwrap()) / began.elapsed().as_secs_f64()
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Arc::new(prepare(&folder.path().join("bench.db")).await);
    let allowed = bench.check(0, &Bench::questions(0, 400)).await;
    assert_eq!(allowed, 300, "three of four checks are for granted objects");

    println!("                                          {GRANTS} grants   few grants   ratio");
    let (many, few) = (bench.single(0).await, bench.single(1).await);
    for (name, many, few) in [("median", many.0, few.0), ("99th percentile", many.1, few.1)] {
        let (many, few) = (many.as_secs_f64() * 1e3, few.as_secs_f64() * 1e3);
        row(&format!("Single check, {name}"), &format!("{many:.2} ms"), &format!("{few:.2} ms"), many / few);
    }
    let batches = async |person: usize| {
        per_second(&bench, |bench, turn| async move {
            bench.check(person, &Bench::questions(turn * BATCH, BATCH)).await;
            BATCH
        })
        .await
    };
    let (many, few) = (batches(0).await, batches(1).await);
    row(
        &format!("Decisions per second, {BATCH} at once"),
        &format!("{many:.0}"),
        &format!("{few:.0}"),
        few / many,
    );
    let lists = async |bearer: String| {
        per_second(&bench, |bench, turn| {
            let bearer = bearer.clone();
            async move {
                let workspace = &bench.names.iter().find(|(name, _)| *name == "{workspace}").unwrap().1;
                // Any of the first hundred pages.
                let call = format!("GET /w/{workspace}/api/v1/secrets?size=20&page={}", 1 + turn * 7 % 100);
                let page = send(&bench.platform, &bearer, &call, Value::Null).await;
                assert_eq!(page["items"].as_array().unwrap().len(), 20);
                1
            }
        })
        .await
    };
    let (many, few) = (lists(bench.people[0].1.clone()).await, lists(bench.people[1].1.clone()).await);
    let name = format!("Lists per second, 20 of {SECRETS}, half of them shared");
    row(&name, &format!("{many:.0}"), &format!("{few:.0}"), few / many);
    let (all, few) = (lists(bench.key.clone()).await, few);
    row(
        &format!("Lists per second, 20 of {SECRETS}, as an admin"),
        &format!("{all:.0}"),
        &format!("{few:.0}"),
        few / all,
    );
}

fn row(name: &str, many: &str, few: &str, ratio: f64) {
    println!("{name:<50} {many:>12} {few:>12} {ratio:>7.2}");
}

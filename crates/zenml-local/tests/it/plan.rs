//! The statements of requests: none scans a table of grants, and a caller with more grants does not cause more of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tracing::field::{Field, Visit};
use tracing::{Instrument as _, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use zenml_local::{Database, Options};

use crate::support::{World, text};

/// Statements with their numbers of rows, by the name of the surrounding span.
type Asked = BTreeMap<String, Vec<(String, u64)>>;

static ASKED: OnceLock<Mutex<Asked>> = OnceLock::new();

/// Collects the statements of requests in a span named `asked`.
struct Capture;

#[derive(Default)]
struct Fields {
    label: String,
    summary: String,
    statement: String,
    rows: u64,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "label" => value.clone_into(&mut self.label),
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            self.rows = value;
        }
    }
}

struct Label(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        id: &tracing::span::Id,
        cx: Context<'_, S>,
    ) {
        if attributes.metadata().name() == "asked" {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            cx.span(id).unwrap().extensions_mut().insert(Label(fields.label));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, cx: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let spans = cx.event_scope(event).into_iter().flatten();
        let mut labels =
            spans.filter_map(|span| span.extensions().get::<Label>().map(|label| label.0.clone()));
        if let Some(label) = labels.next() {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let statement = if fields.statement.is_empty() { fields.summary } else { fields.statement };
            let mut asked = ASKED.get().unwrap().lock().unwrap();
            asked.entry(label).or_default().push((statement, fields.rows));
        }
    }
}

/// Sends requests and returns their statements, with the numbers of rows.
async fn asked(label: &str, requests: impl Future<Output = ()>) -> Vec<(String, u64)> {
    ASKED.get_or_init(|| {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Capture)).unwrap();
        Mutex::default()
    });
    requests.instrument(tracing::info_span!("asked", label)).await;
    ASKED.get().unwrap().lock().unwrap().remove(label).unwrap_or_default()
}

struct Stage {
    folder: tempfile::TempDir,
    world: World,
    names: Vec<(&'static str, String)>,
    /// Credentials for the control plane, by account.
    people: BTreeMap<&'static str, String>,
    /// Sessions of the workspace.
    sessions: BTreeMap<&'static str, String>,
}

impl Stage {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::File(folder.path().join("platform.db"));
        let world = World::with(Options { database, ..Options::default() }).await;
        let workspace = world.workspace("space").await;
        let enrolled = world.admin("POST /workspaces?enroll=true", json!({ "name": "far" })).await.ok();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&audience=x",
            text(&enrolled["id"]),
            text(&enrolled["enrollment_key"])
        );
        let server = text(&world.login(&form).await.ok()["access_token"]);
        let mut people = BTreeMap::from([("admin", world.key()), ("server", server)]);
        people.insert("superuser", world.superuser().await);
        let mut sessions = BTreeMap::new();
        let mut names = vec![
            ("{organization}", world.organization()),
            ("{workspace}", workspace.clone()),
            ("{enrolled}", text(&enrolled["id"])),
            ("{team}", world.team("alpha").await),
            ("{contributor}", world.role("workspace", "Workspace Contributor").await),
            ("{viewer}", world.role("project", "Project Viewer").await),
            ("{org_admin}", world.role("organization", "Organization Admin").await),
        ];
        for name in ["few", "many"] {
            let person = world.member(&format!("{name}@example.org"), "Organization Member").await;
            let contributor = &names[4].1;
            let grant = format!("{contributor}/assignments?user_id={}&workspace_id={workspace}", person.id);
            world.admin(&format!("POST /roles/{grant}"), Value::Null).await.ok();
            let login = format!("POST /w/{workspace}/api/v1/login");
            let session = world.send(Some(&person.token), &login, Value::Null).await.ok();
            sessions.insert(name, text(&session["access_token"]));
            names.push((if name == "few" { "{few}" } else { "{many}" }, person.id));
            people.insert(name, person.token);
        }
        let project =
            world.admin(&format!("POST /w/{workspace}/api/v1/projects"), json!({ "name": "p" })).await;
        names.push(("{project}", text(&project.ok()["id"])));
        let secret = json!({ "name": "one", "values": {} });
        let secret = world.admin(&format!("POST /w/{workspace}/api/v1/secrets"), secret).await.ok();
        names.push(("{secret}", text(&secret["id"])));
        Self { folder, world, names, people, sessions }
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    async fn send(&self, who: &str, call: &str, body: Value) -> crate::support::Answer {
        self.world.send(Some(&self.people[who]), &self.fill(call), body).await
    }

    /// A request inside the workspace.
    async fn enter(&self, who: &str, path: &str) -> crate::support::Answer {
        let call = self.fill(&format!("GET /w/{{workspace}}/api/v1{path}"));
        self.world.send(Some(&self.sessions[who]), &call, Value::Null).await
    }

    async fn database(&self) -> SqliteConnection {
        open(&self.folder.path().join("platform.db")).await
    }
}

async fn open(file: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap()
}

/// Reads of the control plane, with every filter.
const READS: &[&str] = &[
    "GET /organizations?name=local&owner_username=admin",
    "GET /organizations/{organization}",
    "GET /organizations/{organization}/members?include_teams=true",
    "GET /organizations/{organization}/roles?user_id={few}&workspace_scope={workspace}",
    "GET /organizations/{organization}/roles?team_id={team}&project_scope={project}",
    "GET /organizations/{organization}/roles?assigned_to_current_user=true",
    "GET /organizations/{organization}/teams?name=alpha",
    "GET /organizations/{organization}/workspaces?status=available",
    "GET /organizations/{organization}/service_accounts",
    "GET /roles/{viewer}/assignments?workspace_id={workspace}&project_id={project}",
    "GET /roles/{org_admin}/assignments",
    "GET /teams/{team}",
    "GET /teams/{team}/members",
    "GET /users",
    "GET /users?email=few@example.org&is_active=true",
    "GET /users/{few}",
    "GET /workspaces",
    "GET /workspaces?member_only=true&organization_id={organization}",
    "GET /workspaces/{workspace}",
    "GET /workspaces/{workspace}/members",
    "GET /workspaces/{workspace}/projects/{project}/members",
    "GET /rbac/resource_members?resource={workspace}@secret/{secret}",
];

/// Reads inside a workspace, with filters that look into other tables.
const LISTS: &[&str] = &[
    "/secrets?user=few@example.org&sort_by=desc:name",
    "/secrets/{secret}",
    "/stacks?component=x&user=isnotnull:",
    "/components?stack_id=startswith:0&size=3",
    "/service_connectors?labels_str=a&resource_type=x",
    "/projects",
    "/projects/{project}",
    "/code_repositories?project={project}",
    "/flavors?size=1",
    "/tags",
    "/users",
    "/current-user",
];

/// Writes that read grants, with the account that may send them.
const WRITES: &[(&str, &str)] = &[
    ("admin", "POST /teams/{team}/members?user_id={few}"),
    ("admin", "POST /roles/{org_admin}/assignments?team_id={team}"),
    ("admin", "POST /roles/{viewer}/assignments?user_id={few}&workspace_id={workspace}&project_id={project}"),
    (
        "admin",
        "DELETE /roles/{viewer}/assignments?user_id={few}&workspace_id={workspace}&project_id={project}",
    ),
    ("admin", "DELETE /teams/{team}/members?user_id={few}"),
    ("admin", "DELETE /teams/{team}"),
    ("server", "DELETE /rbac/resources?resources={project}:pipeline/{secret}&resources=project/{project}"),
    ("admin", "DELETE /organizations/{organization}/members?user_id={few}"),
    ("superuser", "DELETE /users/{few}"),
    ("admin", "DELETE /workspaces/{workspace}"),
];

/// Returns the aliases of tables with grants in a statement.
fn grants(statement: &str) -> BTreeSet<String> {
    let words: Vec<_> = statement.split_whitespace().map(|word| word.trim_matches(['(', ')', ','])).collect();
    let mut aliases = BTreeSet::new();
    for (place, word) in words.iter().enumerate() {
        let after_from = place > 0 && matches!(words[place - 1], "FROM" | "JOIN" | "INTO" | "UPDATE");
        if after_from && matches!(*word, "assignment" | "share" | "team_member") {
            let alias = words.get(place + 1).filter(|alias| alias.len() == 1);
            aliases.insert(alias.unwrap_or(word).to_string());
        }
    }
    aliases
}

#[tokio::test]
async fn no_statement_reads_a_table_of_grants_from_end_to_end() {
    let stage = Stage::start().await;
    let check =
        json!(["stack", format!("secret/{}", stage.names[10].1), format!("{}:pipeline", stage.names[9].1)]);
    let statements = asked("plan", async {
        for who in ["superuser", "admin", "many", "few"] {
            for call in READS {
                stage.send(who, call, Value::Null).await;
            }
        }
        for who in stage.sessions.keys() {
            for list in LISTS {
                stage.enter(who, list).await;
            }
        }
        for person in ["{few}", "{many}"] {
            let call = format!("POST /rbac/check_permissions?user_id={person}&action=read");
            stage.send("server", &call, check.clone()).await.ok();
            for resource in ["stack", "project", "{project}:pipeline"] {
                let query = format!("user_id={person}&action=read&resource={resource}");
                let call = format!("GET /rbac/allowed_resource_ids?{query}");
                stage.send("server", &call, Value::Null).await.ok();
            }
            stage.send("server", &format!("GET /rbac/user_team_ids?user_id={person}"), Value::Null).await;
        }
        for (who, call) in WRITES {
            stage.send(who, call, Value::Null).await;
        }
        stage.world.settled(&stage.names[1].1).await;
    })
    .await;
    let statements: BTreeSet<String> = statements.into_iter().map(|(statement, _)| statement).collect();
    let mut sql = stage.database().await;
    let mut looked_at = 0;
    for statement in statements {
        let aliases = grants(&statement);
        if aliases.is_empty() || statement.starts_with("INSERT INTO") {
            continue;
        }
        looked_at += 1;
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        for step in sqlx::query(explain).fetch_all(&mut sql).await.unwrap() {
            let step: String = step.get("detail");
            let scanned = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            assert!(!scanned.is_some_and(|table| aliases.contains(table)), "{step}\n{statement}");
            assert!(!step.contains("AUTOMATIC"), "{step}\n{statement}");
        }
    }
    assert!(looked_at > 40, "{looked_at} statements");
}

#[tokio::test]
async fn a_request_costs_the_same_for_a_caller_with_forty_thousand_grants() {
    let stage = Stage::start().await;
    let mut sql = stage.database().await;
    // More than the maximum number of parameters of a statement, directly and through a team.
    for statement in [
        "INSERT INTO team_member VALUES ('{team}', 'user', '{many}', '')",
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999) INSERT INTO share \
         SELECT '{workspace}', 'secret/' || printf('%08x-0000-4000-8000-000000000000', i), \
         CASE i % 2 WHEN 0 THEN 'user' ELSE 'team' END, CASE i % 2 WHEN 0 THEN '{many}' ELSE '{team}' END, 'read', '' \
         FROM n",
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999) INSERT INTO assignment \
         SELECT '{viewer}', '{organization}', 'user', '{many}', '{workspace}', \
         printf('%08x-0000-4000-8000-000000000000', i), '' FROM n",
        "INSERT INTO team_member SELECT id, 'user', '{few}', '' FROM team WHERE id <> '{team}' LIMIT 1",
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(stage.fill(statement))).execute(&mut sql).await.unwrap();
    }
    let requests = async |who: &'static str| {
        for call in READS.iter().filter(|call| !call.contains("/rbac/") && !call.contains("members")) {
            let answer = stage.send(who, call, Value::Null).await;
            assert!(!answer.status.is_server_error(), "{who} {call}: {}", answer.body);
        }
        for list in LISTS {
            let answer = stage.enter(who, list).await;
            assert!(!answer.status.is_server_error(), "{who} {list}: {}", answer.body);
        }
    };
    let count = |asked: &[(String, u64)]| {
        (asked.len(), asked.iter().map(|(_, rows)| rows).max().copied().unwrap_or_default())
    };
    let few = count(&asked("few", requests("few")).await);
    let many = count(&asked("many", requests("many")).await);
    // A caller with more grants sees more: its teams, its roles. But there is not a statement or a row for each
    // grant.
    assert!(many.0 <= few.0 + 20 && many.1 < 50, "few: {few:?}, many: {many:?}");
    assert!(few.0 > 100, "{few:?}");
}

//! Filters, orders, totals and errors reveal only what the caller may see.

use serde_json::{Value, json};

use crate::support::{Answer, Person, World, text, texts};

/// An organization with two workspaces, and people who may see different parts of it.
struct Scene {
    world: World,
    /// Sees everything.
    admin: String,
    /// Can see all roles of the organization, and change nothing.
    viewer: Person,
    /// Administers workspace one.
    ada: Person,
    /// Has a role in each workspace, and another one in workspace two through a team.
    bob: Person,
    names: Vec<(&'static str, String)>,
}

impl Scene {
    async fn start() -> Self {
        let world = World::start().await;
        let (one, two) = (world.workspace("one").await, world.workspace("two").await);
        let viewer = world.member("viewer@example.org", "Organization Viewer").await;
        let ada = world.member("ada@example.org", "Organization Member").await;
        let bob = world.member("bob@example.org", "Organization Member").await;
        let team = world.team("alpha").await;
        world.admin(&format!("POST /teams/{team}/members?user_id={}", bob.id), Value::Null).await.ok();
        let body = json!({ "name": "quiet" });
        let project = world.admin(&format!("POST /w/{two}/api/v1/projects"), body).await.ok();
        let project = text(&project["id"]);
        let mut names = vec![
            ("{one}", one),
            ("{two}", two),
            ("{team}", team),
            ("{project}", project),
            ("{ada}", ada.id.clone()),
            ("{bob}", bob.id.clone()),
            ("{organization}", world.organization()),
            ("{nowhere}", "00000000-0000-4000-8000-000000000000".to_owned()),
        ];
        for (name, level, role) in [
            ("{WA}", "workspace", "Workspace Admin"),
            ("{WD}", "workspace", "Workspace Developer"),
            ("{WV}", "workspace", "Workspace Viewer"),
            ("{PV}", "project", "Project Viewer"),
        ] {
            names.push((name, world.role(level, role).await));
        }
        let admin = world.key();
        let scene = Self { world, admin, viewer, ada, bob, names };
        for grant in [
            "{WA}/assignments?user_id={ada}&workspace_id={one}",
            "{WD}/assignments?user_id={bob}&workspace_id={one}",
            "{WV}/assignments?user_id={bob}&workspace_id={two}",
            "{PV}/assignments?team_id={team}&workspace_id={two}&project_id={project}",
        ] {
            scene.send("admin", &format!("POST /roles/{grant}"), Value::Null).await.ok();
        }
        scene
    }

    async fn send(&self, who: &str, call: &str, body: Value) -> Answer {
        let bearer = match who {
            "admin" => &self.admin,
            "viewer" => &self.viewer.token,
            "ada" => &self.ada.token,
            _ => &self.bob.token,
        };
        self.world.send(Some(bearer), &self.fill(call), body).await
    }

    fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
    }
}

#[tokio::test]
async fn a_filter_of_roles_counts_only_assignments_that_the_caller_may_see() {
    const MEMBER: &str = "Organization Member";
    const WA: &str = "Workspace Admin";
    const WD: &str = "Workspace Developer";
    const WV: &str = "Workspace Viewer";
    const PV: &str = "Project Viewer";
    let scene = Scene::start().await;
    // The filter, and what the admin, a viewer of the organization and the admin of workspace one find.
    let rows: &[(&str, [&[&str]; 3])] = &[
        ("user_id={bob}", [&[MEMBER, WD, WV], &[MEMBER, WD, WV], &[WD]]),
        ("user_id={bob}&workspace_scope={one}", [&[WD], &[WD], &[WD]]),
        ("user_id={bob}&workspace_scope={two}", [&[WV], &[WV], &[]]),
        ("user_id={bob}&workspace_scope={nowhere}", [&[], &[], &[]]),
        ("team_id={team}", [&[PV], &[PV], &[]]),
        ("team_id={team}&project_scope={project}", [&[PV], &[PV], &[]]),
        ("workspace_scope={one}", [&[WA, WD], &[WA, WD], &[WA, WD]]),
        ("workspace_scope={two}", [&[WV, PV], &[WV, PV], &[]]),
        ("project_scope={project}", [&[PV], &[PV], &[]]),
        ("workspace_scope={two}&offset=1", [&[PV], &[PV], &[]]),
        ("user_id={ada}", [&[MEMBER, WA], &[MEMBER, WA], &[MEMBER, WA]]),
        // All may ask for their own roles.
        ("assigned_to_current_user=true&level=workspace", [&[], &[], &[WA]]),
    ];
    for (filter, expected) in rows {
        for (who, expected) in ["admin", "viewer", "ada"].into_iter().zip(expected) {
            let call = format!("GET /organizations/{{organization}}/roles?{filter}");
            let found = texts(&scene.send(who, &call, Value::Null).await.ok(), "name");
            assert_eq!(found, *expected, "{who} {filter}");
        }
    }
}

#[tokio::test]
async fn assignments_are_listed_for_those_who_may_see_their_scope() {
    let scene = Scene::start().await;
    // The list, and how many the admin, a viewer of the organization and the admin of workspace one find.
    for (list, expected) in [
        ("{WV}/assignments", [1, 1, 0]),
        ("{WD}/assignments", [1, 1, 1]),
        ("{WA}/assignments", [1, 1, 1]),
        ("{PV}/assignments", [1, 1, 0]),
        ("{WV}/assignments?workspace_id={two}", [1, 1, 0]),
        ("{PV}/assignments?workspace_id={two}&project_id={project}", [1, 1, 0]),
    ] {
        for (who, expected) in ["admin", "viewer", "ada"].into_iter().zip(expected) {
            let found = scene.send(who, &format!("GET /roles/{list}"), Value::Null).await.ok();
            assert_eq!(found.as_array().unwrap().len(), expected, "{who} {list}");
        }
    }
}

#[tokio::test]
async fn hidden_and_missing_objects_get_the_same_error() {
    let scene = Scene::start().await;
    for (who, method, hidden, absent) in [
        // Workspaces and projects, by trying to grant a role in them.
        (
            "ada",
            "POST",
            "/roles/{WV}/assignments?user_id={bob}&workspace_id={two}",
            "/roles/{WV}/assignments?user_id={bob}&workspace_id={nowhere}",
        ),
        (
            "ada",
            "POST",
            "/roles/{PV}/assignments?user_id={bob}&workspace_id={two}&project_id={project}",
            "/roles/{PV}/assignments?user_id={bob}&workspace_id={two}&project_id={nowhere}",
        ),
        (
            "ada",
            "DELETE",
            "/roles/{PV}/assignments?user_id={bob}&workspace_id={two}&project_id={project}",
            "/roles/{PV}/assignments?user_id={bob}&workspace_id={two}&project_id={nowhere}",
        ),
        // Service accounts, by name.
        (
            "bob",
            "GET",
            "/organizations/{organization}/service_accounts/platform-admin",
            "/organizations/{organization}/service_accounts/absent",
        ),
        (
            "bob",
            "GET",
            "/organizations/{organization}/service_accounts/platform-admin/api_keys",
            "/organizations/{organization}/service_accounts/absent/api_keys",
        ),
        (
            "bob",
            "DELETE",
            "/organizations/{organization}/service_accounts/platform-admin",
            "/organizations/{organization}/service_accounts/absent",
        ),
        // Workspaces, teams and roles.
        ("ada", "GET", "/workspaces/{two}", "/workspaces/{nowhere}"),
        ("ada", "GET", "/workspaces/two", "/workspaces/absent"),
        ("ada", "GET", "/workspaces/{two}/members", "/workspaces/{nowhere}/members"),
    ] {
        let hidden_answer = scene.send(who, &format!("{method} {hidden}"), Value::Null).await;
        let absent_answer = scene.send(who, &format!("{method} {absent}"), Value::Null).await;
        let neutral = |answer: &Answer, call: &str| {
            let names = call.split(['/', '?', '=', '&']).filter(|part| part.len() > 2);
            names.fold(answer.body.to_string(), |text, part| text.replace(&scene.fill(part), "X"))
        };
        assert_eq!(hidden_answer.status, absent_answer.status, "{who} {hidden}: {}", hidden_answer.body);
        assert!(!hidden_answer.status.is_success(), "{who} {hidden}");
        assert_eq!(neutral(&hidden_answer, hidden), neutral(&absent_answer, absent), "{who} {hidden}");
    }
}

#[tokio::test]
async fn lists_of_the_control_plane_contain_and_count_only_visible_objects() {
    let scene = Scene::start().await;
    // The list, the member that is compared, and what the admin, the admin of workspace one and bob find.
    let rows: &[(&str, &str, [&[&str]; 3])] = &[
        ("/workspaces", "name", [&["one", "two"], &["one"], &["one", "two"]]),
        ("/workspaces?workspace_name=two", "name", [&["two"], &[], &["two"]]),
        ("/workspaces?member_only=true&offset=1", "name", [&["two"], &[], &["two"]]),
        ("/organizations/{organization}/workspaces", "name", [&["one", "two"], &["one"], &["one", "two"]]),
        ("/organizations/{organization}/workspaces?limit=1", "name", [&["one"], &["one"], &["one"]]),
        ("/organizations/{organization}/teams?name=alpha", "name", [&["alpha"], &["alpha"], &["alpha"]]),
        ("/organizations?name=none", "name", [&[], &[], &[]]),
        ("/users?user_id={bob}", "username", [&["bob@example.org"]; 3]),
    ];
    for (list, member, expected) in rows {
        for (who, expected) in ["admin", "ada", "bob"].into_iter().zip(expected) {
            let found = texts(&scene.send(who, &format!("GET {list}"), Value::Null).await.ok(), member);
            assert_eq!(found, *expected, "{who} {list}");
        }
    }
    let outsider = scene.world.outsider("outsider@example.org").await;
    for list in [
        "/workspaces",
        "/organizations",
        "/users?user_id={bob}",
        "/users?email=bob@example.org",
        "/workspaces?owner_id={ada}",
    ] {
        let call = format!("GET {}", scene.fill(list));
        let found = scene.world.send(Some(&outsider.token), &call, Value::Null).await;
        assert_eq!(found.ok(), json!([]), "{list}");
    }
}

#[tokio::test]
async fn filters_in_a_workspace_reveal_nothing_about_hidden_stacks_and_addresses() {
    let scene = Scene::start().await;
    let base = scene.fill("/w/{one}/api/v1");
    let mut sessions = Vec::new();
    for person in [&scene.ada, &scene.bob] {
        let login = scene.world.send(Some(&person.token), &format!("POST {base}/login"), Value::Null).await;
        sessions.push(text(&login.ok()["access_token"]));
    }
    let carl = scene.world.member("carl@example.org", "Organization Member").await;
    let role = scene.world.role("workspace", "Workspace Contributor").await;
    let grant = format!("POST /roles/{role}/assignments?user_id={}&workspace_id={{one}}", carl.id);
    scene.send("admin", &grant, Value::Null).await.ok();
    let login = scene.world.send(Some(&carl.token), &format!("POST {base}/login"), Value::Null).await;
    sessions.push(text(&login.ok()["access_token"]));
    let send = async |who: usize, call: &str, body: Value| {
        let (method, path) = call.split_once(' ').unwrap();
        scene.world.send(Some(&sessions[who]), &format!("{method} {base}{path}"), body).await.ok()
    };
    // Carl's component and store are in a stack of Ada's that he may not see.
    let component = |kind: &str, flavor: &str, configuration: Value| json!({ "name": "carls", "type": kind, "flavor": flavor, "configuration": configuration });
    let orchestrator = send(2, "POST /components", component("orchestrator", "local", json!({}))).await;
    let store =
        send(2, "POST /components", component("artifact_store", "s3", json!({ "path": "s3://b" }))).await;
    let components = json!({ "orchestrator": [orchestrator["id"]], "artifact_store": [store["id"]] });
    let stack =
        text(&send(0, "POST /stacks", json!({ "name": "hidden", "components": components })).await["id"]);
    let start = &stack[..4];
    // The list, and how many ada and carl find.
    for (list, expected) in [
        (format!("/components?stack_id={stack}"), [2, 0]),
        (format!("/components?stack_id=startswith:{start}"), [2, 0]),
        (format!("/components?stack_id=contains:{start}"), [2, 0]),
        ("/components?stack_id=isnotnull:&name=carls".to_owned(), [2, 0]),
        ("/components?stack_id=isnull:&name=carls".to_owned(), [0, 2]),
        (format!("/components?stack_id=notequals:{stack}&name=carls"), [0, 2]),
        ("/stacks?name=hidden".to_owned(), [1, 0]),
        ("/stacks?component=carls".to_owned(), [1, 0]),
        ("/users?email=startswith:ada".to_owned(), [1, 0]),
        ("/users?email=carl@example.org".to_owned(), [0, 1]),
        ("/users?email=isnotnull:".to_owned(), [1, 1]),
    ] {
        for (who, expected) in [0, 2].into_iter().zip(expected) {
            let page = send(who, &format!("GET {list}"), Value::Null).await;
            assert_eq!(
                (page["total"].as_u64(), page["items"].as_array().unwrap().len()),
                (Some(expected), usize::try_from(expected).unwrap()),
                "{who} {list}"
            );
        }
    }
    // Hidden addresses do not affect the order either: all except the own one are equal and are sorted by id.
    let sorted = send(2, "GET /users?sort_by=email", Value::Null).await;
    assert_eq!(texts(&sorted["items"], "name").last().unwrap(), "carl@example.org");
    let mut ids = texts(&sorted["items"], "id");
    ids.pop();
    assert!(ids.is_sorted(), "{ids:?}");
}

//! Roles and who holds them.

use serde_json::{Value, json};

use crate::support::{World, text, texts};

#[tokio::test]
async fn every_organization_has_the_predefined_roles() {
    let world = World::start().await;
    let list = format!("GET /organizations/{}/roles", world.organization());
    let roles = world.admin(&list, Value::Null).await.ok();
    let names = |level: &str| {
        let of_level = roles.as_array().unwrap().iter().filter(|role| role["level"] == level);
        of_level.map(|role| text(&role["name"])).collect::<Vec<_>>()
    };
    assert_eq!(
        names("organization"),
        [
            "Organization Admin",
            "Organization Manager",
            "Organization Viewer",
            "Billing Admin",
            "Organization Member"
        ]
    );
    assert_eq!(
        names("workspace"),
        [
            "Workspace Admin",
            "Workspace Developer",
            "Workspace Contributor",
            "Workspace Viewer",
            "Stack Admin"
        ]
    );
    assert_eq!(
        names("project"),
        ["Project Admin", "Project Developer", "Project Contributor", "Project Viewer"]
    );
    assert!(
        roles
            .as_array()
            .unwrap()
            .iter()
            .all(|role| role["system_managed"] == true && role["type"] == "normal")
    );

    for (query, count) in [
        ("level=project", 4),
        ("name=Stack+Admin", 1),
        ("system_managed=False", 0),
        ("type=share", 0),
        ("assigned_to_current_user=True", 1),
        ("resource=secret&action=read_secret_value", 2),
        ("offset=12", 2),
    ] {
        let found = world.admin(&format!("{list}?{query}"), Value::Null).await.ok();
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    let me = text(&world.admin("GET /users/me", Value::Null).await.ok()["id"]);
    let both = format!("{list}?assigned_to_current_user=true&user_id={me}");
    assert!(world.admin(&both, Value::Null).await.refused(400).starts_with("ValueError: "));
}

#[tokio::test]
async fn an_assignment_requires_one_principal_and_the_scope_of_its_level() {
    let world = World::start().await;
    let (person, outsider) = (
        world.member("ada@example.org", "Organization Member").await,
        world.outsider("out@example.org").await,
    );
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let superuser = world.superuser().await;
    let other = world.send(Some(&superuser), "POST /organizations", json!({ "name": "other" })).await.ok();
    let body = json!({ "name": "elsewhere", "organization_id": other["id"] });
    let elsewhere = text(&world.send(Some(&superuser), "POST /workspaces", body).await.ok()["id"]);
    let roles = [
        world.role("organization", "Organization Viewer").await,
        world.role("workspace", "Workspace Viewer").await,
        world.role("project", "Project Viewer").await,
    ];
    let project = format!("/w/{workspace}/api/v1/projects");
    let project = text(&world.admin(&format!("POST {project}"), json!({ "name": "p" })).await.ok()["id"]);
    let nowhere = "00000000-0000-4000-8000-000000000001";
    let (user, team) = (format!("user_id={}", person.id), format!("team_id={team}"));
    let (in_workspace, in_project) = (format!("workspace_id={workspace}"), format!("project_id={project}"));
    let cases: &[(usize, &[&str], u16)] = &[
        (1, &[&in_workspace], 400),
        (1, &[&user, &team, &in_workspace], 400),
        (2, &[&user, &in_project], 400),
        (0, &[&user, &in_workspace], 403),
        (1, &[&user], 403),
        (1, &[&user, &in_workspace, &in_project], 403),
        (2, &[&user, &in_workspace], 403),
        (1, &[&user, &format!("workspace_id={elsewhere}")], 403),
        (1, &[&user, &format!("workspace_id={nowhere}")], 403),
        (2, &[&user, &in_workspace, &format!("project_id={nowhere}")], 403),
        (1, &[&format!("user_id={}", outsider.id), &in_workspace], 403),
        (1, &[&format!("team_id={nowhere}"), &in_workspace], 403),
        (1, &[&format!("invitation_id={nowhere}"), &in_workspace], 403),
        (0, &[&user], 200),
        (1, &[&user, &in_workspace], 200),
        (1, &[&team, &in_workspace], 200),
        (2, &[&team, &in_workspace, &in_project], 200),
    ];
    for (role, query, status) in cases {
        let call = format!("/roles/{}/assignments?{}", roles[*role], query.join("&"));
        let answer = world.admin(&format!("POST {call}"), Value::Null).await;
        assert_eq!(answer.status.as_u16(), *status, "{call}: {}", answer.body);
        if *status == 200 {
            assert_eq!(answer.body["role"]["id"], json!(roles[*role]));
            assert_eq!(answer.body["user"].is_null(), query[0].starts_with("team"));
            world.admin(&format!("POST {call}"), Value::Null).await.refused(409);
            world.admin(&format!("DELETE {call}"), Value::Null).await.ok();
            world.admin(&format!("DELETE {call}"), Value::Null).await.refused(404);
        }
    }
    let unknown = format!("POST /roles/{nowhere}/assignments?{user}");
    world.admin(&unknown, Value::Null).await.refused(404);
}

#[tokio::test]
async fn assignments_are_listed_by_their_exact_scope() {
    let world = World::start().await;
    let team = world.team("alpha").await;
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let role = world.role("workspace", "Workspace Viewer").await;
    for workspace in [&one, &two] {
        let call = format!("POST /roles/{role}/assignments?team_id={team}&workspace_id={workspace}");
        world.admin(&call, Value::Null).await.ok();
    }
    let list = format!("GET /roles/{role}/assignments");
    let all = world.admin(&list, Value::Null).await.ok();
    assert_eq!(texts(&all, "workspace_id"), [one.clone(), two.clone()]);
    let of_one = world.admin(&format!("{list}?workspace_id={one}"), Value::Null).await.ok();
    assert_eq!(
        (texts(&of_one, "workspace_id"), &of_one[0]["team"]["name"]),
        (vec![one.clone()], &json!("alpha"))
    );
    world.admin(&format!("DELETE /workspaces/{one}"), Value::Null).await.ok();
    world.settled(&one).await.refused(404);
    assert_eq!(texts(&world.admin(&list, Value::Null).await.ok(), "workspace_id"), [two]);
}

#[tokio::test]
async fn the_last_admin_of_an_organization_stays() {
    let world = World::start().await;
    let role = world.role("organization", "Organization Admin").await;
    let revoke = |id: &str| format!("DELETE /roles/{role}/assignments?user_id={id}");
    let me = text(&world.admin("GET /users/me", Value::Null).await.ok()["id"]);
    let admins = world.admin(&format!("GET /roles/{role}/assignments"), Value::Null).await.ok();
    for assignment in admins.as_array().unwrap() {
        let id = text(&assignment["user"]["id"]);
        if id != me {
            world.admin(&revoke(&id), Value::Null).await.ok();
        }
    }
    let refusal = world.admin(&revoke(&me), Value::Null).await.refused(403);
    assert!(refusal.contains("last Organization Admin"), "{refusal}");
    world.admin("GET /users/me", Value::Null).await.ok();
}

#[tokio::test]
async fn members_are_accounts_with_organization_roles() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    world.admin(&format!("POST /teams/{team}/members?user_id={}", person.id), Value::Null).await.ok();
    let viewer = world.role("workspace", "Workspace Viewer").await;
    let call = format!("POST /roles/{viewer}/assignments?team_id={team}&workspace_id={workspace}");
    world.admin(&call, Value::Null).await.ok();

    let members = format!("/organizations/{}/members", world.organization());
    let list = world.admin(&format!("GET {members}"), Value::Null).await.ok();
    let names = |list: &Value| {
        let users = list.as_array().unwrap().iter().filter(|member| !member["user"].is_null());
        users.map(|member| text(&member["user"]["username"])).collect::<Vec<_>>()
    };
    assert_eq!(names(&list), ["admin", "platform-admin", "ada@example.org"]);
    let people =
        world.admin(&format!("GET {members}?include_service_accounts=False"), Value::Null).await.ok();
    assert_eq!(names(&people), ["admin", "ada@example.org"]);
    let of_workspace = world.admin(&format!("GET /workspaces/{workspace}/members"), Value::Null).await.ok();
    let via_team = of_workspace.as_array().unwrap().iter().find(|member| !member["user"].is_null()).unwrap();
    assert_eq!(
        (&via_team["user"]["id"], &via_team["roles"][0]["via_team"]),
        (&json!(person.id), &json!(true))
    );

    // Leaving the organization also means leaving its teams and workspaces.
    let remove = format!("DELETE {members}?user_id={}", person.id);
    world.admin(&remove, Value::Null).await.ok();
    world.admin(&remove, Value::Null).await.refused(404);
    let team_members = world.admin(&format!("GET /teams/{team}/members"), Value::Null).await.ok();
    assert_eq!(team_members, json!([]));
    let me = text(&world.admin("GET /users/me", Value::Null).await.ok()["id"]);
    let refusal = world.admin(&format!("DELETE {members}?user_id={me}"), Value::Null).await.refused(403);
    assert!(refusal.contains("service account"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_granted_by_many_requests_at_once_is_granted_once() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let role = world.role("workspace", "Workspace Viewer").await;
    let grant = format!("POST /roles/{role}/assignments?team_id={team}&workspace_id={workspace}");
    let grants = (0..10).map(|_| world.admin(&grant, Value::Null));
    let mut statuses = Vec::new();
    for answer in join_all(grants).await {
        statuses.push(answer.status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200], [409; 9].as_slice()].concat());
}

/// Runs futures concurrently, in one task.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |cx| {
        let mut pending = false;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(futures.iter_mut().filter_map(|(_, output)| output.take()).collect())
    })
    .await
}

//! Every route of the control plane × every kind of caller.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use zenml_local::{Plane, ServedRoute};

use crate::support::{World, text};

/// One request and its status for: no credential, a user without an organization, a plain member of the organization,
/// the server of an enrolled workspace, an Organization Admin. The admin is last, so that every caller sees the
/// object before a deletion.
pub(crate) type Row = (&'static str, &'static str, &'static str, [u16; 5]);

pub(crate) const ROWS: &[Row] = &[
    // Open to everyone.
    ("GET /health", "GET /health", "", [200, 200, 200, 200, 200]),
    ("GET /server/info", "GET /server/info", "", [200, 200, 200, 200, 200]),
    ("POST /auth/login", "POST /auth/login", "", [400, 400, 400, 400, 400]),
    ("POST /auth/device_authorization", "POST /auth/device_authorization", "", [422, 422, 422, 422, 422]),
    // Devices: the code is unknown, and the admin of this table is not a person.
    ("GET /devices/{device_id_or_user_code}", "GET /devices/BCDF-GHJK", "", [401, 404, 404, 401, 404]),
    ("PUT /devices/verify", "PUT /devices/verify", r#"{"user_code":"BCDF-GHJK"}"#, [401, 404, 404, 401, 403]),
    ("GET /devices", "GET /devices", "", [401, 200, 200, 401, 200]),
    ("PUT /devices/{device_id}", "PUT /devices/{project}", r#"{"locked":true}"#, [401, 404, 404, 401, 404]),
    ("DELETE /devices/{device_id}", "DELETE /devices/{project}", "", [401, 404, 404, 401, 404]),
    // About the caller.
    ("GET /auth/api_token", "GET /auth/api_token", "", [401, 200, 200, 401, 200]),
    ("GET /users/me", "GET /users/me", "", [401, 200, 200, 401, 200]),
    ("PATCH /users/me", "PATCH /users/me", r#"{"company":"x"}"#, [401, 200, 200, 401, 200]),
    // Personal access tokens belong to people; the admin of this table is a service account.
    ("GET /users/me/api_keys", "GET /users/me/api_keys", "", [401, 200, 200, 401, 403]),
    ("POST /users/me/api_keys", "POST /users/me/api_keys", r#"{"name":"x"}"#, [401, 200, 200, 401, 403]),
    (
        "DELETE /users/me/api_keys/{api_key_id}",
        "DELETE /users/me/api_keys/{key}",
        "",
        [401, 404, 404, 401, 403],
    ),
    ("GET /users", "GET /users", "", [401, 200, 200, 401, 200]),
    ("GET /users/{user_id_or_email}", "GET /users/{person}", "", [401, 404, 200, 401, 200]),
    ("POST /users", "POST /users?username=eve&password=x", "", [401, 403, 403, 401, 403]),
    ("PATCH /users/{user_id}", "PATCH /users/{person}", r#"{"name":"x"}"#, [401, 404, 403, 401, 403]),
    ("DELETE /users/{user_id}", "DELETE /users/{person}", "", [401, 404, 403, 401, 403]),
    // Organizations.
    ("GET /organizations", "GET /organizations", "", [401, 200, 200, 401, 200]),
    ("POST /organizations", "POST /organizations", r#"{"name":"more"}"#, [401, 403, 403, 401, 403]),
    (
        "GET /organizations/{organization_id_or_name}",
        "GET /organizations/{organization}",
        "",
        [401, 404, 200, 401, 200],
    ),
    (
        "PATCH /organizations/{organization_id}",
        "PATCH /organizations/{organization}",
        r#"{"description":"x"}"#,
        [401, 404, 403, 401, 200],
    ),
    (
        "GET /organizations/validation/name/{organization_name}",
        "GET /organizations/validation/name/x",
        "",
        [401, 200, 200, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/workspaces",
        "GET /organizations/{organization}/workspaces",
        "",
        [401, 404, 200, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/members",
        "GET /organizations/{organization}/members",
        "",
        [401, 404, 200, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/invitations",
        "GET /organizations/{organization}/invitations",
        "",
        [401, 404, 403, 401, 200],
    ),
    (
        "POST /organizations/{organization_id}/invitations",
        "POST /organizations/{organization}/invitations",
        r#"{"email":"new@example.org","role_id":"{member_role}"}"#,
        [401, 404, 403, 401, 200],
    ),
    ("GET /invitations", "GET /invitations", "", [401, 200, 200, 401, 200]),
    ("GET /invitations/{invitation_id}", "GET /invitations/{invitation}", "", [401, 404, 404, 401, 200]),
    (
        "POST /invitations/{invitation_id}",
        "POST /invitations/{invitation}?accept=true",
        "",
        [401, 404, 404, 401, 403],
    ),
    (
        "DELETE /organizations/{organization_id}/invitations/{invitation_id}",
        "DELETE /organizations/{organization}/invitations/{invitation}",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/roles",
        "GET /organizations/{organization}/roles",
        "",
        [401, 404, 403, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/teams",
        "GET /organizations/{organization}/teams",
        "",
        [401, 404, 200, 401, 200],
    ),
    // Teams.
    (
        "POST /teams",
        "POST /teams",
        r#"{"name":"beta","organization_id":"{organization}"}"#,
        [401, 404, 403, 401, 200],
    ),
    ("GET /teams/{team_id}", "GET /teams/{team}", "", [401, 404, 404, 401, 200]),
    ("PATCH /teams/{team_id}", "PATCH /teams/{team}", r#"{"description":"x"}"#, [401, 404, 404, 401, 200]),
    ("GET /teams/{team_id}/members", "GET /teams/{team}/members", "", [401, 404, 404, 401, 200]),
    (
        "POST /teams/{team_id}/members",
        "POST /teams/{team}/members?user_id={person}",
        "",
        [401, 404, 404, 401, 200],
    ),
    // The plain member is in the team now and sees it.
    ("GET /teams/{team_id}", "GET /teams/{team}", "", [401, 404, 200, 401, 200]),
    (
        "DELETE /teams/{team_id}/members",
        "DELETE /teams/{team}/members?user_id={person}",
        "",
        [401, 404, 403, 401, 200],
    ),
    // Roles.
    ("GET /roles/{role_id}", "GET /roles/{role}", "", [401, 404, 404, 401, 200]),
    ("GET /roles/{role_id}/assignments", "GET /roles/{role}/assignments", "", [401, 404, 404, 401, 200]),
    (
        "POST /roles/{role_id}/assignments",
        "POST /roles/{role}/assignments?team_id={team}&workspace_id={workspace}",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "DELETE /roles/{role_id}/assignments",
        "DELETE /roles/{role}/assignments?team_id={team}&workspace_id={workspace}",
        "",
        [401, 404, 404, 401, 200],
    ),
    ("GET /permissions", "GET /permissions", "", [401, 200, 200, 401, 200]),
    (
        "POST /roles",
        "POST /roles",
        r#"{"organization_id":"{organization}","name":"Deployer","level":"workspace","permissions":[]}"#,
        [401, 404, 403, 401, 200],
    ),
    ("PATCH /roles/{role_id}", "PATCH /roles/{custom}", r#"{"description":"x"}"#, [401, 404, 404, 401, 200]),
    ("DELETE /roles/{role_id}", "DELETE /roles/{custom}", "", [401, 404, 404, 401, 200]),
    // Service accounts.
    (
        "GET /organizations/{organization_id}/service_accounts",
        "GET /organizations/{organization}/service_accounts",
        "",
        [401, 404, 403, 401, 200],
    ),
    (
        "POST /organizations/{organization_id}/service_accounts",
        "POST /organizations/{organization}/service_accounts",
        r#"{"username":"bot"}"#,
        [401, 404, 403, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/service_accounts/{service_account_id_or_name}",
        "GET /organizations/{organization}/service_accounts/robot",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys",
        "GET /organizations/{organization}/service_accounts/robot/api_keys",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "POST /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys",
        "POST /organizations/{organization}/service_accounts/robot/api_keys",
        r#"{"name":"more"}"#,
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
        "GET /organizations/{organization}/service_accounts/robot/api_keys/{key}",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "PATCH /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
        "PATCH /organizations/{organization}/service_accounts/robot/api_keys/{key}",
        r#"{"description":"x"}"#,
        [401, 404, 404, 401, 200],
    ),
    (
        "PUT /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}/rotate",
        "PUT /organizations/{organization}/service_accounts/robot/api_keys/{key}/rotate",
        r#"{"retain_period_minutes":1}"#,
        [401, 404, 404, 401, 200],
    ),
    (
        "DELETE /organizations/{organization_id}/service_accounts/{service_account_id_or_name}/api_keys/{api_key_id}",
        "DELETE /organizations/{organization}/service_accounts/robot/api_keys/{key}",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "PATCH /organizations/{organization_id}/service_accounts/{service_account_id_or_name}",
        "PATCH /organizations/{organization}/service_accounts/robot",
        r#"{"description":"x"}"#,
        [401, 404, 404, 401, 200],
    ),
    (
        "DELETE /organizations/{organization_id}/service_accounts/{service_account_id_or_name}",
        "DELETE /organizations/{organization}/service_accounts/robot",
        "",
        [401, 404, 404, 401, 200],
    ),
    // Workspaces.
    ("GET /workspaces", "GET /workspaces", "", [401, 200, 200, 401, 200]),
    (
        "POST /workspaces",
        "POST /workspaces",
        r#"{"name":"more","organization_id":"{organization}"}"#,
        [401, 404, 403, 401, 200],
    ),
    ("GET /workspaces/{workspace_id_or_name}", "GET /workspaces/{workspace}", "", [401, 404, 404, 401, 200]),
    (
        "PATCH /workspaces/{workspace_id}",
        "PATCH /workspaces/{workspace}",
        r#"{"description":"x"}"#,
        [401, 404, 404, 401, 200],
    ),
    (
        "PATCH /workspaces/{workspace_id}/deactivate",
        "PATCH /workspaces/{enrolled}/deactivate",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "PATCH /workspaces/{workspace_id}/deploy",
        "PATCH /workspaces/{enrolled}/deploy",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /workspaces/{workspace_id}/members",
        "GET /workspaces/{workspace}/members",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /workspaces/{workspace_id}/projects/{project_id}/members",
        "GET /workspaces/{workspace}/projects/{project}/members",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /users/authorize_server",
        "GET /users/authorize_server?server_id={workspace}",
        "",
        [401, 404, 404, 401, 200],
    ),
    (
        "GET /rbac/resource_members",
        "GET /rbac/resource_members?resource={workspace}%40workspace%3Astack%2F{project}",
        "",
        [401, 404, 404, 401, 200],
    ),
    // For the servers of workspaces.
    ("PATCH /workspace_status", "PATCH /workspace_status", "", [401, 403, 403, 200, 403]),
    (
        "POST /rbac/check_permissions",
        "POST /rbac/check_permissions?user_id={person}&action=read",
        r#"["stack"]"#,
        [401, 403, 403, 200, 403],
    ),
    (
        "GET /rbac/check_permissions",
        "GET /rbac/check_permissions?user_id={person}&action=read&resources=stack",
        "",
        [401, 403, 403, 200, 403],
    ),
    (
        "GET /rbac/allowed_resource_ids",
        "GET /rbac/allowed_resource_ids?user_id={person}&action=read&resource=stack",
        "",
        [401, 403, 403, 200, 403],
    ),
    ("GET /rbac/user_team_ids", "GET /rbac/user_team_ids?user_id={person}", "", [401, 403, 403, 200, 403]),
    (
        "POST /rbac/resource_members",
        "POST /rbac/resource_members",
        r#"{"user_id":null,"team_id":"{team}","sharing_user_id":null,"resource":"stack/{project}","actions":["read"]}"#,
        [401, 403, 403, 200, 403],
    ),
    (
        "DELETE /rbac/resources",
        "DELETE /rbac/resources?resources=stack%2F{project}",
        "",
        [401, 403, 403, 200, 403],
    ),
    (
        "GET /organizations/{organization_id}/entitlement/{feature}",
        "GET /organizations/{organization}/entitlement/project",
        "",
        [401, 403, 403, 200, 403],
    ),
    (
        "POST /usage-event",
        "POST /usage-event",
        r#"{"organization_id":"{organization}","feature":"project","total":1}"#,
        [401, 403, 403, 200, 403],
    ),
    // Deletions.
    ("DELETE /teams/{team_id}", "DELETE /teams/{team}", "", [401, 404, 404, 401, 200]),
    ("DELETE /workspaces/{workspace_id}", "DELETE /workspaces/{workspace}", "", [401, 404, 404, 401, 200]),
    (
        "DELETE /organizations/{organization_id}/members",
        "DELETE /organizations/{organization}/members?user_id={person}",
        "",
        [401, 404, 403, 401, 200],
    ),
    (
        "DELETE /organizations/{organization_id}",
        "DELETE /organizations/{organization}",
        "",
        [401, 404, 404, 401, 403],
    ),
    ("POST /auth/logout", "POST /auth/logout", "", [200, 200, 200, 200, 200]),
];

#[tokio::test]
async fn each_route_returns_the_status_in_the_table_for_each_caller() {
    let world = World::start().await;
    let outsider = world.outsider("out@example.org").await;
    let person = world.member("in@example.org", "Organization Member").await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let accounts = format!("/organizations/{}/service_accounts", world.organization());
    world.admin(&format!("POST {accounts}"), json!({ "username": "robot" })).await.ok();
    let key = world.admin(&format!("POST {accounts}/robot/api_keys"), json!({ "name": "ci" })).await.ok();
    let enrolled = world.admin("POST /workspaces?enroll=true", json!({ "name": "far" })).await.ok();
    let (id, secret) = (text(&enrolled["id"]), text(&enrolled["enrollment_key"]));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let server = text(&world.login(&form).await.ok()["access_token"]);
    let member_role = world.role("organization", "Organization Member").await;
    let invitations = format!("POST /organizations/{}/invitations", world.organization());
    let body = json!({ "email": "waiting@example.org", "role_id": member_role });
    let invitation = text(&world.admin(&invitations, body).await.ok()["id"]);
    let custom = json!({
        "organization_id": world.organization(), "name": "Reader", "level": "workspace", "permissions": [],
    });
    let custom = text(&world.admin("POST /roles", custom).await.ok()["id"]);
    let names = BTreeMap::from([
        ("custom", custom),
        ("organization", world.organization()),
        ("member_role", member_role),
        ("invitation", invitation),
        ("person", person.id),
        ("team", team),
        ("workspace", workspace),
        ("enrolled", id),
        ("role", world.role("workspace", "Workspace Viewer").await),
        ("key", text(&key["id"])),
        ("project", "00000000-0000-4000-8000-000000000001".to_owned()),
    ]);
    let fill = |template: &str| {
        names.iter().fold(template.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
    };
    let admin = world.key();
    let callers = [
        ("nobody", None),
        ("outsider", Some(&outsider.token)),
        ("member", Some(&person.token)),
        ("workspace server", Some(&server)),
        ("admin", Some(&admin)),
    ];
    let mut wrong = Vec::new();
    for (_, call, body, statuses) in ROWS {
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(&fill(body)).unwrap() };
        for ((caller, credential), status) in callers.iter().zip(statuses) {
            let answer = world.send(credential.map(String::as_str), &fill(call), body.clone()).await;
            if answer.status.as_u16() != *status {
                wrong.push(format!(
                    "{call} as {caller}: {} instead of {status}: {}",
                    answer.status, answer.body
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_table_contains_every_served_route() {
    let world = World::start().await;
    let control = |route: &&ServedRoute| route.plane == Plane::Control;
    let served: BTreeSet<String> = world
        .platform
        .served()
        .iter()
        .filter(control)
        .map(|route| format!("{} {}", route.method, route.template))
        .collect();
    let table: BTreeSet<String> = ROWS.iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(served, table);
}

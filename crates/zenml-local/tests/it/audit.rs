//! The audit trail.

use serde_json::{Value, json};
use zenml_local::audit::Entry;

use crate::support::World;

fn line(entry: &Entry) -> String {
    let name = entry.object_name.as_deref().unwrap_or("-");
    let detail = entry.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{} {} {} {} {name}{detail}", entry.status, entry.actor_name, entry.action, entry.kind)
}

#[tokio::test]
async fn each_change_has_one_row_and_a_rejected_one_has_its_reason() {
    let world = World::start().await;
    let person = world.member("ada@example.org", "Organization Member").await;
    let team = world.team("alpha").await;
    let before = world.platform.audit().await.unwrap().len();

    world.admin(&format!("POST /teams/{team}/members?user_id={}", person.id), Value::Null).await.ok();
    world.admin(&format!("POST /teams/{team}/members?user_id={}", person.id), Value::Null).await.refused(409);
    world.admin(&format!("GET /teams/{team}"), Value::Null).await.ok();
    world.send(Some(&person.token), &format!("DELETE /teams/{team}"), Value::Null).await.refused(403);
    world.admin(&format!("PATCH /teams/{team}"), json!({ "name": "beta" })).await.ok();
    world.admin(&format!("DELETE /teams/{team}"), Value::Null).await.ok();

    let trail = world.platform.audit().await.unwrap();
    let lines: Vec<_> = trail[before..].iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "200 platform-admin update team alpha (added ada@example.org)",
            "409 platform-admin update team alpha (added ada@example.org)",
            "403 ada@example.org delete team -",
            "200 platform-admin update team alpha",
            "200 platform-admin delete team beta",
        ]
    );
    let refused = &trail[before + 2];
    assert_eq!(refused.object_id.map(|id| id.to_string()), Some(team));
    assert!(refused.reason.as_deref().unwrap().contains("Insufficient permissions"), "{refused:?}");
    assert!(refused.request_id.is_some());
    assert!(trail.windows(2).all(|pair| pair[0].sequence < pair[1].sequence && pair[0].at <= pair[1].at));
}

#[tokio::test]
async fn a_granted_role_is_recorded_with_names() {
    let world = World::start().await;
    let (team, workspace) = (world.team("alpha").await, world.workspace("space").await);
    let role = world.role("workspace", "Workspace Viewer").await;
    let grant = format!("/roles/{role}/assignments?team_id={team}&workspace_id={workspace}");
    world.admin(&format!("POST {grant}"), Value::Null).await.ok();
    world.admin(&format!("DELETE {grant}"), Value::Null).await.ok();
    let trail = world.platform.audit().await.unwrap();
    let lines: Vec<_> = trail[trail.len() - 2..].iter().map(line).collect();
    assert_eq!(
        lines,
        ["create", "delete"].map(|action| format!(
            "200 platform-admin {action} role_assignment Workspace Viewer (for team alpha in workspace space)"
        ))
    );
}

#[tokio::test]
async fn a_row_contains_the_origin_of_the_change() {
    let world = World::start().await;
    let address = world.platform.url().strip_prefix("http://").unwrap().to_owned();
    let body = json!({ "name": "alpha", "organization_id": world.organization() }).to_string();
    let request = format!(
        "POST /teams HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\nx-request-id: abc\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        world.key(),
        body.len()
    );
    let answer = {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("x-request-id: abc"), "{answer}");
    let trail = world.platform.audit().await.unwrap();
    let entry = trail.last().unwrap();
    assert_eq!((entry.object_name.as_deref(), entry.request_id.as_deref()), (Some("alpha"), Some("abc")));
    assert!(entry.remote.as_deref().unwrap().starts_with("127.0.0.1:"), "{entry:?}");
}

//! Refreshes of many role assignments and shares: few requests, and the same results as single reads.

use serde_json::{Value as Json, json};
use tfkit_test::Action;
use zenml_api::Identifier as _;

use crate::many::Counted;
use crate::world::{World, stack};

/// Accounts and teams, each as configurations can refer to it.
async fn principals(world: &World) -> Vec<Json> {
    let mut all = Vec::new();
    for index in 0..3 {
        let team = world.team(&format!("team-{index}")).await;
        all.push(json!({ "team_id": team.to_string() }));
        let person = world.person(&format!("person-{index}@example.com")).await;
        all.push(json!({ "user_id": person.id.to_string() }));
        world.person(&format!("Member-{index}@example.com")).await;
        all.push(json!({ "email": format!("member-{index}@example.com") }));
        let account = world.service_account(&format!("account-{index}")).await;
        world.join(zenml_api::UserId::from_uuid(account.uuid())).await;
        // A service account is also a user.
        let attribute = if index == 0 { "user_id" } else { "service_account_id" };
        all.push(json!({ attribute: account.to_string() }));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_assignments_and_shares_of_one_place_are_read_with_few_requests_and_each_as_if_alone() {
    let world = World::start().await;
    let workspace = world.workspace("home").await;
    let project = world.project(workspace, "vision").await;
    let server = world.server(workspace).await;
    let (stack, components) = stack(&server).await;
    let component = components["artifact_store"].as_str().unwrap();
    let members = principals(&world).await;
    let mut everybody = members.clone();
    for index in 0..3 {
        let email = format!("invited-{index}@example.com");
        world.invite(&email).await;
        everybody.push(json!({ "email": email }));
    }
    let place = json!({ "workspace_id": workspace.to_string() });
    let with = |more: Json| {
        let mut place = place.as_object().unwrap().clone();
        place.extend(more.as_object().unwrap().clone());
        Json::from(place)
    };
    let share = json!({ "resource_type": "stack_component", "resource_id": component, "actions": ["read", "update"] });
    // A stack role reads its stack and two components, first alone and then for all.
    let cases = [
        ("zenml_organization_role_assignment", json!({ "role": "manager" }), &everybody, 2),
        ("zenml_workspace_role_assignment", with(json!({ "role": "viewer" })), &everybody, 2),
        (
            "zenml_project_role_assignment",
            with(json!({ "role": "viewer", "project_id": project.to_string() })),
            &everybody,
            2,
        ),
        ("zenml_resource_share", with(share), &members, 2),
        ("zenml_stack_role_assignment", with(json!({ "role": "read", "stack_id": stack })), &members, 10),
    ];
    for (type_name, config, principals, most) in cases {
        let configs: Vec<Json> = principals
            .iter()
            .map(|principal| {
                let mut config = config.as_object().unwrap().clone();
                config.extend(principal.as_object().unwrap().clone());
                Json::from(config)
            })
            .collect();
        let provider = Counted::create(&world.block(), type_name, &configs).await;
        let objects: Vec<_> = configs.iter().cloned().map(|config| (String::new(), config)).collect();
        let before = provider.requests().len();
        let together = provider.plan(type_name, &objects).await;
        let sent = provider.requests().split_off(before);
        assert!(sent.len() <= most, "{type_name}: {} requests: {sent:#?}", sent.len());
        // A repeated read needs fresh data, so it is a single request.
        let alone = provider.plan(type_name, &objects).await;
        let again = provider.requests().len() - before - sent.len();
        assert!(again >= objects.len(), "{type_name}: {again}");
        for ((together, alone), config) in together.iter().zip(&alone).zip(&configs) {
            assert_eq!(together.action, Action::NoOp, "{type_name} {config}: {:?}", together.changes());
            assert_eq!(together.planned, alone.planned, "{type_name} {config}");
        }
        provider.destroy(type_name, objects.len()).await;
    }
    world.stop().await;
}

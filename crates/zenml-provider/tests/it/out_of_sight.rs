//! Objects that a key cannot see: the control plane answers as if they did not exist, and they are not forgotten.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Harness;
use zenml_api::control::role::{self, AssignmentQuery};
use zenml_api::control::service_account::{ApiKeyCreate, CREATE_API_KEY};
use zenml_api::{IdOrName, UserId, WorkspaceId};

use crate::same_object::one_of_each;
use crate::world::{World, engine};

/// What an account without the roles for an object still has.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// Nothing; every service account belongs to its organization.
    Nothing,
    /// The role of a member, which shows the organization.
    Member,
    /// A role in another project of the workspace, so that the workspace lets it in.
    OtherProject,
}

/// Returns the provider block with the key of such an account.
async fn blind(world: &World, left: Left, workspace: WorkspaceId) -> Json {
    let account = world.service_account(&format!("{left:?}").to_lowercase()).await;
    let user: UserId = account.to_string().parse().unwrap();
    match left {
        Left::Nothing => {}
        Left::Member => world.join(user).await,
        Left::OtherProject => {
            let query = AssignmentQuery {
                user_id: Some(user),
                workspace_id: Some(workspace),
                project_id: Some(world.project(workspace, "elsewhere").await),
                ..AssignmentQuery::default()
            };
            let role = world.role("Project Viewer").await;
            world.control().send(&role::ASSIGN, role, query, ()).await.unwrap();
        }
    }
    let (path, new) = (
        (world.organization(), IdOrName::Id(account)),
        ApiKeyCreate { name: "run".to_owned(), ..ApiKeyCreate::default() },
    );
    let key = world.control().send(&CREATE_API_KEY, path, (), new).await.unwrap().key.unwrap();
    let mut block = world.block();
    block["service_account_key"] = json!(key.expose());
    block["organization_id"] = json!(world.organization().to_string());
    block
}

/// Types that an account of another project takes for deleted: the control plane shows it the roles, but lists none of
/// the assignments and shares of others, as if they had been revoked. Nothing in its answers tells the difference.
const INDISTINGUISHABLE: [&str; 3] =
    ["zenml_workspace_role_assignment", "zenml_project_role_assignment", "zenml_resource_share"];

/// Creates the object as an administrator, or takes it back into the state after a case that forgot it.
async fn own(harness: &mut Harness, world: &World, address: &str, config: &Json) {
    harness.restart(engine(), world.block()).await.unwrap();
    let Err(failure) = harness.apply(address, config.clone()).await else { return };
    let failure = failure.to_string();
    let id = failure.split_once("    id = \"").and_then(|(_, rest)| rest.split_once('"'));
    let (id, _) = id.unwrap_or_else(|| panic!("{address}: {failure}"));
    harness.import(address, ImportBy::Id(id.to_owned())).await.unwrap();
}

#[tokio::test]
async fn no_type_takes_what_its_key_cannot_see_for_deleted() {
    let (world, rows) = one_of_each().await;
    let there = rows.iter().find_map(|(_, config)| config["workspace_id"].as_str()).unwrap();
    let mut blocks = Vec::new();
    for left in [Left::Nothing, Left::Member, Left::OtherProject] {
        blocks.push((left, blind(&world, left, there.parse().unwrap()).await));
    }
    let mut forgotten = Vec::new();
    for (address, config) in &rows {
        let mut harness = world.harness().await;
        for (left, block) in &blocks {
            let is_known = INDISTINGUISHABLE.iter().any(|known| address.starts_with(known));
            if matches!(left, Left::OtherProject) && is_known {
                continue;
            }
            own(&mut harness, &world, address, config).await;
            harness.restart(engine(), block.clone()).await.unwrap();
            if matches!(harness.refresh(address).await, Ok(false)) {
                forgotten.push(format!("{address}: refresh with {left:?}"));
            }
            own(&mut harness, &world, address, config).await;
            harness.restart(engine(), block.clone()).await.unwrap();
            let destroyed = harness.destroy(address).await;
            if destroyed.is_ok() {
                forgotten.push(format!("{address}: deletion with {left:?}"));
            } else {
                assert!(harness.state(address).is_some(), "{address}: {destroyed:?}");
            }
        }
        own(&mut harness, &world, address, config).await;
        harness.destroy(address).await.unwrap_or_else(|failure| panic!("{address}: {failure}"));
    }
    assert_eq!(forgotten, Vec::<String>::new());
    world.stop().await;
}

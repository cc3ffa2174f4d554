//! Objects that a key cannot see: the control plane answers as if they did not exist, and they are not forgotten.

use serde_json::{Value as Json, json};
use tfkit::engine::ImportBy;
use tfkit_test::Harness;
use zenml_api::IdOrName;
use zenml_api::control::service_account::{ApiKeyCreate, CREATE_API_KEY};

use crate::same_object::one_of_each;
use crate::world::{World, engine};

/// The provider block with the key of an account that has lost its roles; a member still sees the organization.
async fn blind(world: &World, name: &str, is_member: bool) -> Json {
    let account = world.service_account(name).await;
    if is_member {
        world.join(account.to_string().parse().unwrap()).await;
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
    let blocks = [blind(&world, "member", true).await, blind(&world, "stranger", false).await];
    let mut forgotten = Vec::new();
    for (address, config) in &rows {
        let mut harness = world.harness().await;
        for (block, who) in blocks.iter().zip(["member", "stranger"]) {
            own(&mut harness, &world, address, config).await;
            harness.restart(engine(), block.clone()).await.unwrap();
            if matches!(harness.refresh(address).await, Ok(false)) {
                forgotten.push(format!("{address}: refresh of a {who}"));
            }
            own(&mut harness, &world, address, config).await;
            harness.restart(engine(), block.clone()).await.unwrap();
            let destroyed = harness.destroy(address).await;
            if destroyed.is_ok() {
                forgotten.push(format!("{address}: deletion by a {who}"));
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

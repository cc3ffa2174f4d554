//! The data sources of organizations and of their roles.

use serde_json::json;
use tfkit::Dyn;

use crate::world::World;

#[tokio::test]
async fn the_data_sources_of_organizations_and_roles_find_objects_by_name_and_id() {
    let world = World::start().await;
    let harness = world.harness().await;
    let organization = world.organization().to_string();
    let name = world.platform.organization_name();
    for config in [json!({}), json!({ "id": organization }), json!({ "name": name })] {
        let found = harness.read_data_source("zenml_organization", config).await.unwrap();
        assert_eq!(found.attribute("id"), &Dyn::string(&organization));
        assert_eq!(found.attribute("name"), &Dyn::string(name));
    }
    let found = harness
        .read_data_source("zenml_role", json!({ "name": "member", "level": "workspace" }))
        .await
        .unwrap();
    assert_eq!(found.attribute("full_name"), &Dyn::string("Workspace Contributor"));
    let id = found.attribute("id").as_str().unwrap();
    let by_id = harness.read_data_source("zenml_role", json!({ "id": id })).await.unwrap();
    assert_eq!(by_id.attribute("name"), &Dyn::string("Workspace Contributor"));
    for wrong in [
        json!({ "name": "owner", "level": "project" }),
        json!({ "name": "member" }),
        json!({ "id": id, "level": "project" }),
    ] {
        assert!(harness.read_data_source("zenml_role", wrong.clone()).await.is_err(), "{wrong}");
    }
    assert!(harness.read_data_source("zenml_organization", json!({ "name": "elsewhere" })).await.is_err());
    world.stop().await;
}

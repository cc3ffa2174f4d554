//! Misspelled filters: a list or a data source that finds nothing because of a misspelled word says so.

use tfkit::engine::ValidateRequest;
use tfkit::{Attribute, Dyn, Kind, Type};

use crate::world::engine;

/// Arguments that take known words, with a misspelled word and the one that is meant.
const CASES: [(Kind, &str, &str, &str, &str); 18] = [
    (Kind::ListResource, "zenml_flavor", "type", "artefact_store", "artifact_store"),
    (Kind::ListResource, "zenml_stack_component", "type", "orchestrater", "orchestrator"),
    (Kind::ListResource, "zenml_service_connector", "type", "awz", "aws"),
    (Kind::ListResource, "zenml_service_connector", "auth_method", "iam_role", "iam-role"),
    (Kind::ListResource, "zenml_service_connector", "resource_type", "s3-buckets", "s3-bucket"),
    (Kind::ListResource, "zenml_tag", "color", "turquoise1", "turquoise"),
    (Kind::ListResource, "zenml_workspace", "status", "available1", "available"),
    (Kind::ListResource, "zenml_organization_member", "status", "invitd", "invited"),
    (Kind::ListResource, "zenml_role", "level", "workspaces", "workspace"),
    (Kind::ListResource, "zenml_resource_share", "resource_type", "secrets", "secret"),
    (Kind::DataSource, "zenml_users", "status", "invitd", "invited"),
    (Kind::DataSource, "zenml_workspaces", "status", "available1", "available"),
    (Kind::DataSource, "zenml_flavor", "type", "artefact_store", "artifact_store"),
    (Kind::DataSource, "zenml_stack_component", "type", "orchestrater", "orchestrator"),
    (Kind::DataSource, "zenml_stack_components", "type", "orchestrater", "orchestrator"),
    (Kind::DataSource, "zenml_service_connectors", "type", "awz", "aws"),
    (Kind::DataSource, "zenml_service_connectors", "auth_method", "iam_role", "iam-role"),
    (Kind::DataSource, "zenml_service_connectors", "resource_type", "s3-buckets", "s3-bucket"),
];

/// Arguments whose words only a server knows, or that are checked when they are read.
const ANY: [&str; 8] = ["id", "email", "name", "name_prefix", "flavor", "integration", "role", "level"];

#[tokio::test]
async fn a_misspelled_word_in_a_filter_is_reported_with_the_nearest_known_word() {
    let engine = engine();
    for (kind, type_name, name, written, meant) in CASES {
        let schema = engine.schema(kind, type_name).unwrap();
        let told = async |word: &str| {
            let values = schema.attributes.iter().map(|attribute| {
                let value = if attribute.name == name { word.into() } else { Dyn::Null };
                (attribute.name, value)
            });
            let config = Dyn::map(values);
            let request =
                ValidateRequest { type_name: type_name.to_owned(), config, write_only_allowed: true };
            let told = engine.validate(kind, request).await;
            let here = told.into_iter().filter(|diag| diag.path == Some(name.into()));
            here.map(|diag| diag.detail()).collect::<Vec<String>>()
        };
        let misspelled = told(written).await;
        let question = format!("Did you mean {meant:?}?");
        let is_right = misspelled.len() == 1 && misspelled[0].contains(&question);
        assert!(is_right, "{kind:?} {type_name}.{name}: {misspelled:?}");
        assert_eq!(told(meant).await, Vec::<String>::new(), "{kind:?} {type_name}.{name}");
    }
}

#[test]
fn every_filter_takes_known_words_or_any_word() {
    let engine = engine();
    let mut open = Vec::new();
    for kind in [Kind::ListResource, Kind::DataSource] {
        for type_name in engine.names(kind) {
            let schema = engine.schema(kind, type_name).unwrap();
            let takes_a_word =
                |attribute: &&Attribute| attribute.who.is_optional() && attribute.ty() == Type::String;
            for attribute in schema.attributes.iter().filter(takes_a_word) {
                let is_tested =
                    CASES.iter().any(|case| (case.0, case.1, case.2) == (kind, type_name, attribute.name));
                if !is_tested && !ANY.contains(&attribute.name) && !attribute.name.ends_with("_id") {
                    open.push(format!("{kind:?} {type_name}.{}", attribute.name));
                }
            }
        }
    }
    assert_eq!(open, Vec::<String>::new(), "add them to one of the tables");
}

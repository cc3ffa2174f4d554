//! Streams of listed objects.

use std::path::Path;

use serde_json::json as value;

use crate::generated::provider::{
    DynamicValue, get_metadata, get_provider_schema, list_resource, validate_list_resource_config,
};
use crate::host::Provider;
use crate::message::{configure, json, msgpack};

fn request(include_resource_object: bool, limit: i64) -> list_resource::Request {
    list_resource::Request {
        type_name: "echo_note".into(),
        config: Some(json(&value!({ "text": null }))),
        include_resource_object,
        limit,
    }
}

fn notes(folder: &Path, count: usize) {
    for number in 0..count {
        std::fs::write(folder.join(format!("note-{number:04}.note")), "blue\nHello").unwrap();
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the field of a request is optional")]
fn identity(id: &str) -> Option<DynamicValue> {
    let mut bytes = b"\x81\xa2id".to_vec();
    bytes.push(0xa0 | u8::try_from(id.len()).unwrap());
    bytes.extend(id.as_bytes());
    Some(msgpack(&bytes))
}

#[tokio::test]
async fn a_list_is_a_stream_of_identities_and_names_and_whole_objects_if_the_host_wants_them() {
    let folder = tempfile::tempdir().unwrap();
    notes(folder.path(), 3);
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    assert_eq!(configure(&channel, folder.path(), "token-of-the-list").await, []);
    let mut calls = channel.provider();
    for (whole, limit, expected) in [(false, 100, 3), (true, 100, 3), (true, 2, 2), (false, 0, 3)] {
        let mut stream = calls.list_resource(request(whole, limit)).await.unwrap().into_inner();
        let mut count = 0;
        while let Some(event) = stream.message().await.unwrap() {
            let name = format!("note-{count:04}");
            assert_eq!((event.display_name.as_str(), event.diagnostic.len()), (name.as_str(), 0));
            assert_eq!(event.identity.unwrap().identity_data, identity(&name));
            assert_eq!(event.resource_object.is_some(), whole);
            count += 1;
        }
        assert_eq!(count, expected, "limit {limit}");
    }
    let schema = calls.get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    let metadata = calls.get_metadata(get_metadata::Request {}).await.unwrap().into_inner();
    assert!(schema.list_resource_schemas.contains_key("echo_note"));
    assert_eq!(metadata.list_resources[0].type_name, "echo_note");
    assert!(schema.server_capabilities.unwrap().generate_resource_config);
}

#[tokio::test]
async fn an_unknown_type_and_a_provider_without_a_configuration_are_the_only_event() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    for type_name in ["echo_note", "echo_unknown"] {
        let request = list_resource::Request { type_name: type_name.into(), ..request(true, 10) };
        let mut stream = calls.list_resource(request).await.unwrap().into_inner();
        let event = stream.message().await.unwrap().unwrap();
        assert!(event.diagnostic.len() == 1 && event.identity.is_none(), "{event:?}");
        assert_eq!(stream.message().await.unwrap(), None);
    }
    let request = validate_list_resource_config::Request {
        type_name: "echo_note".into(),
        config: Some(msgpack(b"\x81\xa4text\xd4\x00\x00")),
        ..validate_list_resource_config::Request::default()
    };
    let validated = calls.validate_list_resource_config(request).await.unwrap().into_inner();
    assert_eq!(validated.diagnostics, [], "an unknown value is not an error");
}

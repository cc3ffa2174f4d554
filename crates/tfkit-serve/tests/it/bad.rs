//! Bad calls: whatever arrives, the answer is a diagnostic or a status, and the process serves the next call.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use prost::Message;
use tokio::time::timeout;
use tonic::Code;
use tonic::body::Body;
use tower::Service;

use crate::busy;
use crate::generated::provider::{self as proto, Diagnostic, DynamicValue, RawState, ResourceIdentityData};
use crate::host::{Channel, Provider};
use crate::message::configure;

/// Far more than a call takes, so that only one that never ends fails a test.
const LONG: Duration = Duration::from_secs(20);

/// Checks that the process still serves.
async fn alive(channel: &Channel, after: &str) {
    let metadata = channel.provider().get_metadata(proto::get_metadata::Request {}).await;
    assert!(!metadata.unwrap_or_else(|status| panic!("{after}: {status}")).into_inner().resources.is_empty());
}

/// Makes the calls about one type, with the same value for everything that is a value. Returns their diagnostics.
async fn calls_with(channel: &Channel, value: &DynamicValue) -> Vec<(&'static str, Vec<Diagnostic>)> {
    about(channel, "echo_note", Some(value)).await
}

/// Makes the calls about one type. The value is that of every field that contains a value; none for empty requests.
async fn about(
    channel: &Channel,
    type_name: &str,
    value: Option<&DynamicValue>,
) -> Vec<(&'static str, Vec<Diagnostic>)> {
    let mut answers = Vec::new();
    let identity = value.map(|value| ResourceIdentityData { identity_data: Some(value.clone()) });
    let raw = value.map(|value| {
        let json = if value.json.is_empty() { value.msgpack.clone() } else { value.json.clone() };
        RawState { json, ..RawState::default() }
    });
    macro_rules! call {
        ($($rpc:ident { $type_field:ident $(, $field:ident = $given:expr)* })*) => {$({
            #[allow(clippy::needless_update, reason = "some requests have no other fields")]
            let request = proto::$rpc::Request {
                $type_field: type_name.to_owned(),
                $($field: $given,)*
                ..proto::$rpc::Request::default()
            };
            let answer = timeout(LONG, channel.provider().$rpc(request)).await;
            let answer = answer.expect(stringify!($rpc)).unwrap_or_else(|status| {
                panic!("{}: {status}", stringify!($rpc))
            });
            answers.push((stringify!($rpc), answer.into_inner().diagnostics));
        })*};
    }
    let value = || value.cloned();
    call! {
        validate_resource_config { type_name, config = value() }
        validate_data_resource_config { type_name, config = value() }
        plan_resource_change {
            type_name, prior_state = value(), proposed_new_state = value(), config = value(),
            prior_identity = identity.clone()
        }
        apply_resource_change {
            type_name, prior_state = value(), planned_state = value(), config = value(),
            planned_identity = identity.clone()
        }
        read_resource { type_name, current_state = value(), current_identity = identity.clone() }
        read_data_source { type_name, config = value() }
        import_resource_state { type_name, identity = identity.clone() }
        upgrade_resource_state { type_name, raw_state = raw.clone() }
        upgrade_resource_identity { type_name, raw_identity = raw.clone() }
    }
    answers
}

#[tokio::test]
async fn values_that_cannot_be_read_are_diagnostics() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let msgpack = |bytes: Vec<u8>| DynamicValue { msgpack: bytes, json: Vec::new() };
    let json = |text: String| DynamicValue { msgpack: Vec::new(), json: text.into_bytes() };
    for (what, value) in [
        ("a truncated map", msgpack(b"\x85\xa4name".to_vec())),
        ("a string", msgpack(b"\xa1x".to_vec())),
        ("a list", msgpack(b"\x92\x01\x02".to_vec())),
        ("a map with billions of entries", msgpack(b"\xdf\xff\xff\xff\xff".to_vec())),
        ("a list with billions of entries", msgpack(b"\xdd\xff\xff\xff\xff".to_vec())),
        ("a string of billions of bytes", msgpack(b"\xdb\xff\xff\xff\xffx".to_vec())),
        ("deeply nested lists", msgpack(vec![0x91; 1 << 20])),
        ("bytes that are no text", msgpack(b"\x81\xa1\xff\xa1\xff".to_vec())),
        ("a reserved byte", msgpack(b"\xc1".to_vec())),
        ("two values", msgpack(b"\xc0\xc0".to_vec())),
        ("half an object in JSON", json("{\"name\":".to_owned())),
        ("another type in JSON", json("[1, true]".to_owned())),
        ("deeply nested JSON", json("[".repeat(1 << 20))),
        ("an attribute that does not exist", json("{\"ghost\": 1}".to_owned())),
    ] {
        for (rpc, diagnostics) in calls_with(&channel, &value).await {
            // Stored objects of other versions may have other attributes.
            let is_lenient = what == "an attribute that does not exist" && rpc.starts_with("upgrade");
            assert!(is_lenient || !diagnostics.is_empty(), "{rpc} accepts {what}");
            let length = diagnostics.iter().map(|it| it.summary.len() + it.detail.len()).max();
            assert!(length.unwrap_or_default() < 4096, "{rpc} repeats {what}");
        }
        alive(&channel, what).await;
    }
}

#[tokio::test]
async fn empty_requests_and_unknown_types_are_diagnostics_in_each_call() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    for type_name in ["echo_ghost", "", "other_note", "echo_note\u{0}", &"x".repeat(1 << 20)] {
        for (rpc, diagnostics) in about(&channel, type_name, None).await {
            assert_eq!(diagnostics.len(), 1, "{rpc}: {diagnostics:?}");
            assert!(diagnostics[0].summary.starts_with("This provider has no "), "{rpc}: {diagnostics:?}");
        }
    }
    about(&channel, "echo_note", None).await;
    alive(&channel, "empty requests").await;
}

#[cfg(unix)]
#[tokio::test]
async fn calls_before_the_configuration_and_after_a_failed_one_say_so() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    let summaries = async |expected: Option<&str>| {
        for rpc in ["create", "update", "delete", "read", "import", "data source"] {
            let call = busy::call(channel.clone(), folder.path().to_owned(), rpc, "text".to_owned());
            let diagnostics = timeout(LONG, call).await.expect(rpc);
            let found = diagnostics.first().map(|diagnostic| diagnostic.summary.as_str());
            assert_eq!(found, expected, "{rpc}: {diagnostics:?}");
        }
    };
    summaries(Some("The provider is not configured")).await;
    assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
    summaries(None).await;
    let failed = proto::configure_provider::Request::default();
    let answer = channel.provider().configure_provider(failed).await.unwrap().into_inner();
    assert!(!answer.diagnostics.is_empty());
    summaries(Some("The configuration of the provider failed")).await;
    // The last configuration counts.
    for _ in 0..2 {
        assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
        summaries(None).await;
    }
}

/// Sends bytes to an RPC, and returns the status.
async fn raw(channel: &Channel, path: &str, body: Vec<u8>) -> Code {
    let request = http::Request::post(format!("http://localhost/{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Full::new(bytes::Bytes::from(body))))
        .unwrap();
    let response = timeout(LONG, channel.clone().call(request)).await.expect(path).unwrap();
    let (head, body) = response.into_parts();
    let trailers = timeout(LONG, body.collect()).await.expect(path).unwrap().trailers().cloned();
    let status = head.headers.get("grpc-status").cloned();
    let status = status.or_else(|| trailers.and_then(|trailers| trailers.get("grpc-status").cloned()));
    Code::from_bytes(status.unwrap_or_else(|| panic!("{path}: no status")).as_bytes())
}

/// One message with its prefix.
fn framed(message: &[u8]) -> Vec<u8> {
    [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

#[tokio::test]
async fn messages_that_cannot_be_read_get_a_status() {
    const SERVED: [&str; 6] = [
        "tfplugin6.Provider/GetProviderSchema",
        "tfplugin6.Provider/ConfigureProvider",
        "tfplugin6.Provider/PlanResourceChange",
        "tfplugin6.Provider/ApplyResourceChange",
        "tfplugin6.Provider/StopProvider",
        "plugin.GRPCController/Shutdown",
    ];
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let compressed = [&[1][..], &framed(b"")[1..]].concat();
    let plan = proto::plan_resource_change::Request { type_name: "x".repeat(100), ..Default::default() };
    let truncated = framed(&plan.encode_to_vec()[..50]);
    for path in SERVED {
        for (what, body) in [
            ("no message", Vec::new()),
            ("half a prefix", vec![0, 0]),
            ("half a message", framed(b"12345678")[..9].to_vec()),
            ("bytes that are no protobuf", framed(&[0xff; 20])),
            ("a truncated field", truncated.clone()),
            ("more than the maximum", [&[0, 0x10, 0, 0, 1][..], b"x"].concat()),
            ("a compressed message", compressed.clone()),
        ] {
            let code = raw(&channel, path, body).await;
            assert_ne!(code, Code::Ok, "{path}, {what}");
        }
        alive(&channel, path).await;
    }
    for path in ["tfplugin6.Provider/LockState", "tfplugin6.Provider/Ghost", "tfplugin5.Provider/Stop", "x"] {
        assert_eq!(raw(&channel, path, framed(b"")).await, Code::Unimplemented, "{path}");
    }
    alive(&channel, "unknown RPCs").await;
}

#[tokio::test]
async fn a_connection_that_does_not_speak_the_protocol_affects_no_other_one() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    for noise in [&b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01", &[0; 4096], b""] {
        let mut stream = provider.stream().await;
        stream.write_all(noise).await.unwrap();
        stream.shutdown().await.unwrap();
        // The provider closes the connection, whatever it answers.
        let _ = timeout(LONG, stream.read_to_end(&mut Vec::new())).await.expect("the connection stays open");
        alive(&channel, "noise").await;
    }
    // A host that dies in the middle of everything.
    for _ in 0..20 {
        let other = provider.connect().await;
        alive(&other, "a new connection").await;
    }
    let ended = provider.shut_down(channel).await;
    assert!(ended.status.success());
}

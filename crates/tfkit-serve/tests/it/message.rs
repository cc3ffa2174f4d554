//! Messages on the connection: values, schemas, diagnostics, log lines.

use serde_json::Value;

use crate::generated::provider::diagnostic::Severity;
use crate::generated::provider::{
    ClientCapabilities, Diagnostic, DynamicValue, FunctionError, apply_resource_change, call_function,
    close_ephemeral_resource, configure_provider, get_functions, get_metadata, get_provider_schema,
    get_resource_identity_schemas, get_states, open_ephemeral_resource, plan_resource_change, read_resource,
    renew_ephemeral_resource, validate_resource_config,
};
use crate::host::{Channel, Provider};

/// A value as MessagePack.
pub(crate) fn msgpack(value: &[u8]) -> DynamicValue {
    DynamicValue { msgpack: value.to_vec(), json: Vec::new() }
}

/// A value as JSON, which hosts may send too.
pub(crate) fn json(value: &Value) -> DynamicValue {
    DynamicValue { msgpack: Vec::new(), json: value.to_string().into_bytes() }
}

/// Returns the only diagnostic of a response, which must be an error.
fn only(diagnostics: Vec<Diagnostic>) -> Diagnostic {
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    let diagnostic = diagnostics.into_iter().next().unwrap();
    assert_eq!(diagnostic.severity(), Severity::Error);
    diagnostic
}

pub(crate) async fn configure(channel: &Channel, folder: &std::path::Path, token: &str) -> Vec<Diagnostic> {
    let config = Some(json(&serde_json::json!({ "folder": folder, "token": token })));
    let request = configure_provider::Request {
        terraform_version: "1.11.4".into(),
        config,
        client_capabilities: Some(ClientCapabilities::default()),
    };
    channel.provider().configure_provider(request).await.unwrap().into_inner().diagnostics
}

#[tokio::test]
async fn the_schema_is_complete_and_reports_the_capabilities_of_the_framework() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let schema = calls.get_provider_schema(get_provider_schema::Request {}).await.unwrap().into_inner();
    assert_eq!(schema.diagnostics, []);
    let capabilities = schema.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state && capabilities.generate_resource_config);

    let note = schema.resource_schemas["echo_note"].block.clone().unwrap();
    let rows: Vec<_> = note
        .attributes
        .iter()
        .map(|it| {
            assert!(!it.description.is_empty(), "{} has no description", it.name);
            let ty = String::from_utf8(it.r#type.clone()).unwrap();
            (it.name.as_str(), ty, it.required, it.optional, it.computed)
        })
        .collect();
    let string = || "\"string\"".to_owned();
    assert_eq!(
        rows,
        [
            ("colour", string(), false, true, true),
            ("id", string(), false, false, true),
            ("length", "\"number\"".to_owned(), false, false, true),
            ("name", string(), true, false, false),
            ("text", string(), true, false, false),
        ]
    );
    let block = schema.provider.unwrap().block.unwrap();
    let sensitive: Vec<_> =
        block.attributes.iter().filter(|it| it.sensitive).map(|it| it.name.as_str()).collect();
    assert_eq!(sensitive, ["token"]);

    let metadata = calls.get_metadata(get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.server_capabilities, Some(capabilities));
    let names: Vec<_> = metadata.resources.iter().map(|it| it.type_name.as_str()).collect();
    assert_eq!(names, schema.resource_schemas.keys().collect::<Vec<_>>());
    let names: Vec<_> = metadata.ephemeral_resources.iter().map(|it| it.type_name.as_str()).collect();
    assert_eq!(names, schema.ephemeral_resource_schemas.keys().collect::<Vec<_>>());
    let names: Vec<_> = metadata.functions.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, schema.functions.keys().collect::<Vec<_>>());
    let functions = calls.get_functions(get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!((functions.functions, functions.diagnostics), (schema.functions, vec![]));

    let identities = calls.get_resource_identity_schemas(get_resource_identity_schemas::Request {}).await;
    let identities = identities.unwrap().into_inner().identity_schemas;
    let attributes = &identities["echo_note"].identity_attributes;
    assert_eq!(attributes.len(), 1);
    assert!(attributes[0].name == "id" && attributes[0].required_for_import);
}

#[tokio::test]
async fn rpcs_for_unsupported_features_get_valid_responses() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let status = calls.get_states(get_states::Request::default()).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unimplemented);
}

#[tokio::test]
async fn large_messages_are_accepted() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let text = "x".repeat(5 << 20);
    let config = Some(json(&serde_json::json!({
        "id": null, "name": "large", "text": text, "colour": null, "length": null
    })));
    let request = validate_resource_config::Request {
        type_name: "echo_note".into(),
        config,
        client_capabilities: None,
    };
    let answer = calls.validate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics, []);
}

#[tokio::test]
async fn invalid_input_is_a_diagnostic_and_loses_nothing() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let state = Some(msgpack(b"\xc1garbage"));
    let request = read_resource::Request {
        type_name: "echo_note".into(),
        current_state: state.clone(),
        private: b"kept".to_vec(),
        ..read_resource::Request::default()
    };
    let answer = calls.read_resource(request).await.unwrap().into_inner();
    assert_eq!(answer.new_state, state, "a state that cannot be read is kept as it is");
    assert_eq!(answer.private, b"kept");
    let diagnostic = only(answer.diagnostics);
    assert!(diagnostic.summary.contains("a state"), "{diagnostic:?}");
}

#[tokio::test]
async fn an_unknown_type_is_a_diagnostic_with_a_fix() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let request =
        read_resource::Request { type_name: "echo_tune".into(), ..read_resource::Request::default() };
    let diagnostic = only(calls.read_resource(request).await.unwrap().into_inner().diagnostics);
    assert_eq!(diagnostic.summary, "This provider has no resource \"echo_tune\"");
    assert!(diagnostic.detail.contains("\n  terraform init -upgrade\n"), "{}", diagnostic.detail);
}

#[tokio::test]
async fn a_panic_is_a_diagnostic_and_a_log_line_of_level_error() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
    let note = |id: Value| {
        serde_json::json!({
            "id": id, "name": "n", "text": "panic", "colour": "yellow", "length": null
        })
    };
    let request = apply_resource_change::Request {
        type_name: "echo_note".into(),
        prior_state: Some(msgpack(b"\xc0")),
        // `length` and `id` are unknown in the plan of a creation; JSON contains null for them.
        planned_state: Some(json(&note(Value::Null))),
        config: Some(json(&note(Value::Null))),
        ..apply_resource_change::Request::default()
    };
    let answer = channel.provider().apply_resource_change(request).await.unwrap().into_inner();
    let diagnostic = only(answer.diagnostics);
    let told = format!("{}\n{}", diagnostic.summary, diagnostic.detail);
    assert!(told.contains("asked to panic"), "{told}");

    // Panics are logged even without a log level: the host decides what its user sees.
    let log = provider.shut_down(channel).await.log();
    let panics: Vec<_> = log.iter().filter(|line| line["@level"] == "error").collect();
    assert_eq!(panics.len(), 1, "{log:#?}");
    assert!(panics[0]["@message"].as_str().unwrap().contains("asked to panic"));
    assert!(panics[0]["panic_location"].as_str().unwrap().contains("echo.rs"));
}

#[tokio::test]
async fn each_log_level_shows_what_is_at_least_as_important_and_masks_it() {
    const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
    for (variables, count) in [
        (&[][..], 0),
        (&[("TF_LOG", "OFF")], 0),
        (&[("TF_LOG_PROVIDER", "ERROR")], 1),
        (&[("TF_LOG_PROVIDER", "WARN")], 2),
        (&[("TF_LOG_PROVIDER", "info")], 3),
        (&[("TF_LOG", "DEBUG")], 4),
        (&[("TF_LOG", "TRACE")], 5),
        (&[("TF_LOG", "JSON")], 5),
        (&[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "WARN")], 2),
        (&[("TF_LOG_PROVIDER", "OFF"), ("TF_LOG_PROVIDER_ECHO", "WARN")], 2),
        (&[("TF_LOG_PROVIDER_OTHER", "TRACE")], 0),
    ] {
        let provider = Provider::start(variables);
        let channel = provider.connect().await;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(configure(&channel, folder.path(), "level-test-secret").await, []);
        let ended = provider.shut_down(channel).await;
        assert!(!ended.stderr.contains("level-test-secret"), "{variables:?}: {}", ended.stderr);
        let log = ended.log();
        for (place, level) in LEVELS.iter().enumerate() {
            let is_shown = |line: &Value| {
                line["@level"] == *level && line["@message"].as_str().unwrap().contains(" with ")
            };
            assert_eq!(log.iter().any(is_shown), place < count, "{variables:?}: {level}");
        }
    }
}

#[tokio::test]
async fn log_lines_have_the_format_that_hosts_read_and_mask_credentials() {
    let provider = Provider::start(&[("TF_LOG", "OFF"), ("TF_LOG_PROVIDER_ECHO", "TRACE")]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(configure(&channel, folder.path(), "wire-test-secret").await, []);
    let ended = provider.shut_down(channel).await;
    assert!(!ended.stderr.contains("wire-test-secret"), "{}", ended.stderr);
    let log = ended.log();
    for line in &log {
        for key in ["@level", "@message", "@module", "@timestamp"] {
            assert!(line[key].is_string(), "{key} in {line}");
        }
        let time = line["@timestamp"].as_str().unwrap();
        let (_, fraction) = time.strip_suffix('Z').unwrap().rsplit_once('.').unwrap();
        assert!(fraction.len() == 6 && fraction.bytes().all(|digit| digit.is_ascii_digit()), "{time}");
    }
    let configured =
        log.iter().find(|line| line["token"] == "(hidden)").expect("the provider logs its token");
    assert_eq!(configured["@message"], "Configured with \"(hidden)\"");
    assert_eq!(configured["tf_rpc"], "ConfigureProvider");
    assert_eq!(configured["tf_provider_addr"], "example.com/tests/echo");
    assert!(configured["tf_req_id"].as_str().is_some_and(|id| id.len() == 36));
    let answered = log.iter().find(|line| line["@message"] == "Answered ConfigureProvider").unwrap();
    assert!(answered["tf_req_duration_ms"].is_u64());
}

/// A function, its arguments, and its result or its error with the position of the argument.
type Called = (&'static str, Vec<DynamicValue>, Result<&'static [u8], (&'static str, Option<i64>)>);

#[tokio::test]
async fn a_function_is_called_without_a_configuration_and_reports_errors_at_the_argument() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let empty = DynamicValue::default;
    let text = |value: &str| json(&value.into());
    let cases: Vec<Called> = vec![
        ("repeat", vec![msgpack(b"\x02"), empty(), text("ab")], Ok(b"\xa4abab")),
        ("repeat", vec![msgpack(b"\x02"), text("-"), text("a"), text("b")], Ok(b"\xa7a-b-a-b")),
        ("repeat", vec![msgpack(b"\x02"), empty()], Ok(b"\xa0")),
        (
            "repeat",
            vec![msgpack(b"\xcc\xc8"), empty()],
            Err(("That is too often\n\nUse at most 100", Some(0))),
        ),
        ("repeat", vec![msgpack(b"\xff"), empty()], Err(("The value must be an integer from 0", Some(0)))),
        ("repeat", vec![msgpack(b"\x02"), empty(), text("a"), text("")], Err(("must not be empty", Some(3)))),
        ("repeat", vec![empty(), empty()], Err(("The value must not be null", Some(0)))),
        ("repeat", vec![msgpack(b"\x02")], Err(("takes at least 2 arguments; found 1", None))),
        ("repeat", vec![msgpack(b"\x0d"), empty()], Err(("asked to panic", None))),
        (
            "repeat",
            vec![msgpack(b"\xc1"), empty()],
            Err(("an argument that does not match the schema", None)),
        ),
        ("reverse", vec![], Err(("This provider has no function \"reverse\"", None))),
    ];
    for (name, arguments, expected) in cases {
        let shown = format!("{name} {arguments:?}");
        let request = call_function::Request { name: name.into(), arguments };
        let answer = calls.call_function(request).await.unwrap().into_inner();
        match expected {
            Ok(result) => assert_eq!((answer.result, answer.error), (Some(msgpack(result)), None), "{shown}"),
            Err((text, argument)) => {
                let FunctionError { text: found, function_argument } = answer.error.unwrap();
                assert!(found.contains(text), "{shown}: {found}");
                assert!(!found.ends_with('.'), "{shown}: hosts add the full stop: {found}");
                assert_eq!((function_argument, answer.result), (argument, None), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_renewed_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(format!("{name}.note"));
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    assert_eq!(configure(&channel, folder.path(), "token-of-the-visit").await, []);
    let mut calls = channel.provider();
    let type_name = || "echo_visit".to_owned();
    let open = |name: &str| open_ephemeral_resource::Request {
        type_name: type_name(),
        config: Some(json(&serde_json::json!({ "name": name, "password": null }))),
        client_capabilities: None,
    };
    let opened = calls.open_ephemeral_resource(open("ann")).await.unwrap().into_inner();
    assert_eq!(opened.diagnostics, []);
    assert_eq!(opened.result, Some(msgpack(b"\x82\xa4name\xa3ann\xa8password\xafpassword-of-ann")));
    assert!(opened.renew_at.unwrap().seconds > 1_700_000_000 && opened.deferred.is_none());
    assert!(file("visit-of-ann").exists());
    let request = renew_ephemeral_resource::Request { type_name: type_name(), private: opened.private };
    let renewed = calls.renew_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(renewed.diagnostics.is_empty() && renewed.renew_at.is_some() && file("renewed").exists());
    let request = close_ephemeral_resource::Request { type_name: type_name(), private: renewed.private };
    for _ in 0..2 {
        let closed = calls.close_ephemeral_resource(request.clone()).await.unwrap().into_inner();
        assert_eq!(closed.diagnostics, [], "what is already closed is not an error");
    }
    assert!(!file("visit-of-ann").exists() && file("end-of-visit-of-ann").exists());

    let failed = calls.open_ephemeral_resource(open("nobody")).await.unwrap().into_inner();
    assert_eq!(only(failed.diagnostics).summary, "Nobody came");
    assert!(!file("visit-of-nobody").exists(), "a host does not close what could not be opened");
}

#[tokio::test]
async fn only_opentofu_gets_an_error_while_the_provider_waits_for_a_value() {
    let provider = Provider::start(&[]);
    let mut calls = provider.connect().await.provider();
    let unknown = b"\xd4\x00\x00";
    let config = Some(msgpack(&[&b"\x82\xa6folder"[..], unknown, b"\xa5token\xc0"].concat()));
    let request = configure_provider::Request { config, ..configure_provider::Request::default() };
    assert_eq!(calls.configure_provider(request).await.unwrap().into_inner().diagnostics, []);
    let open = |client_capabilities| open_ephemeral_resource::Request {
        type_name: "echo_visit".into(),
        config: Some(json(&serde_json::json!({ "name": "ann", "password": null }))),
        client_capabilities,
    };
    let promised = Some(msgpack(&[&b"\x82\xa4name\xa3ann\xa8password"[..], unknown].concat()));
    for terraform in [None, Some(ClientCapabilities::default())] {
        let opened = calls.open_ephemeral_resource(open(terraform)).await.unwrap().into_inner();
        assert_eq!((opened.result, opened.diagnostics), (promised.clone(), vec![]));
    }
    let opentofu =
        ClientCapabilities { write_only_attributes_allowed: true, ..ClientCapabilities::default() };
    let opened = calls.open_ephemeral_resource(open(Some(opentofu))).await.unwrap().into_inner();
    assert_eq!(only(opened.diagnostics).summary, "The provider's configuration is not known yet: folder");
}

#[tokio::test]
async fn a_second_plan_starts_from_the_private_values_of_the_first_and_is_never_deferred() {
    let provider = Provider::start(&[]);
    let channel = provider.connect().await;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(configure(&channel, folder.path(), "unused-token").await, []);
    let note = serde_json::json!({ "id": null, "name": "n", "text": "t", "colour": null, "length": null });
    let private = |value: &str| serde_json::json!({ ".version": 1, "seen": value }).to_string().into_bytes();
    for (planned_private, expected) in [(Vec::new(), "prior"), (private("planned"), "planned")] {
        let request = plan_resource_change::Request {
            type_name: "echo_note".into(),
            prior_state: Some(msgpack(b"\xc0")),
            proposed_new_state: Some(json(&note)),
            config: Some(json(&note)),
            prior_private: private("prior"),
            planned_private,
            client_capabilities: Some(ClientCapabilities {
                deferral_allowed: true,
                store_planned_private: true,
                ..ClientCapabilities::default()
            }),
            ..plan_resource_change::Request::default()
        };
        let planned = channel.provider().plan_resource_change(request).await.unwrap().into_inner();
        assert_eq!((planned.diagnostics, planned.deferred), (vec![], None));
        let private: Value = serde_json::from_slice(&planned.planned_private).unwrap();
        assert_eq!(private["seen"], expected);
    }
}

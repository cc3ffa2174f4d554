//! The handshake between host and plugin.

use std::process::Output;
use std::time::{Duration, Instant};

use crate::generated::provider::get_provider_schema;
use crate::host::{COOKIE, Identity, Provider, VERSIONS, command};

/// Starts the provider with an invalid handshake and returns its output.
fn refused(variables: &[(&str, &str)]) -> Output {
    command(variables).output().unwrap()
}

#[test]
fn a_program_that_cannot_be_served_gets_the_reason() {
    for (variables, expected) in [
        (vec![VERSIONS], "This program is a provider plugin"),
        (vec![("TF_PLUGIN_MAGIC_COOKIE", "other"), VERSIONS], "This program is a provider plugin"),
        (vec![COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "4,5")], "offers only \"4,5\""),
        (vec![COOKIE], "offers only \"\""),
        (vec![COOKIE, VERSIONS, ("PLUGIN_CLIENT_CERT", "nonsense")], "PLUGIN_CLIENT_CERT does not contain"),
    ] {
        let output = refused(&variables);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(expected), "{variables:?}: {stderr}");
        assert_eq!(output.status.code(), Some(1), "{variables:?}");
        assert!(output.stdout.is_empty(), "{variables:?}");
    }
}

#[tokio::test]
async fn the_handshake_line_contains_protocol_socket_and_transport() {
    let provider = Provider::start(&[]);
    assert!(provider.line.starts_with("1|6|unix|/"), "{}", provider.line);
    assert!(std::path::Path::new(provider.part(3)).exists(), "{}", provider.line);
    assert!(provider.line.ends_with("|grpc|"), "{}", provider.line);
    assert_eq!(provider.line.split('|').count(), 6);
}

#[tokio::test]
async fn the_versions_may_come_in_any_order() {
    assert_eq!(Provider::start(&[("PLUGIN_PROTOCOL_VERSIONS", "6, 5")]).part(1), "6");
}

#[tokio::test]
async fn a_host_that_asks_for_multiplexing_learns_that_it_is_not_supported() {
    let provider = Provider::start(&[("PLUGIN_MULTIPLEX_GRPC", "true")]);
    assert_eq!(provider.part(6), "false");
}

#[tokio::test]
async fn the_socket_is_in_the_folder_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(&[("PLUGIN_UNIX_SOCKET_DIR", folder.path().to_str().unwrap())]);
    assert!(provider.part(3).starts_with(folder.path().to_str().unwrap()), "{}", provider.line);
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_socket_falls_back_to_a_port_in_the_hosts_range() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("x".repeat(100));
    std::fs::create_dir(&deep).unwrap();
    let provider = Provider::start(&[
        ("PLUGIN_UNIX_SOCKET_DIR", deep.to_str().unwrap()),
        ("PLUGIN_MIN_PORT", "21000"),
        ("PLUGIN_MAX_PORT", "22000"),
    ]);
    assert_eq!(provider.part(2), "tcp");
    let port: u16 = provider.part(3).strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!((21000..=22000).contains(&port), "{port}");
    let channel = provider.connect().await;
    assert!(provider.shut_down(channel).await.status.success());
}

/// A plan starts the provider several times. The limit is generous, for busy machines and debug builds.
#[tokio::test]
async fn the_schema_is_answered_soon_after_the_start() {
    let host = Identity::new();
    let started = Instant::now();
    let provider = Provider::start(&[("PLUGIN_CLIENT_CERT", &host.pem())]);
    let hello = started.elapsed();
    let channel = provider.connect_secure(Some(&host)).await.unwrap();
    channel.provider().get_provider_schema(get_provider_schema::Request {}).await.unwrap();
    let schema = started.elapsed();
    assert!(schema < Duration::from_millis(500), "handshake after {hello:?}, schema after {schema:?}");
}

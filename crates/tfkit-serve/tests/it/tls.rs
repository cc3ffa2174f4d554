//! Access to the process.

use crate::generated::provider::get_metadata;
use crate::host::{Identity, Provider};

#[tokio::test]
async fn the_owner_of_the_hosts_certificate_is_served() {
    let host = Identity::new();
    let provider = Provider::start(&[("PLUGIN_CLIENT_CERT", &host.pem())]);
    let certificate = provider.part(5);
    assert!(certificate.len() > 50 && !certificate.contains('='), "{certificate}");
    let channel = provider.connect_secure(Some(&host)).await.unwrap();
    channel.provider().get_metadata(get_metadata::Request {}).await.unwrap();
    let ended = provider.shut_down(channel).await;
    assert!(ended.status.success());
}

#[tokio::test]
async fn everybody_else_is_rejected_on_a_socket_file_and_on_a_port() {
    let folder = tempfile::tempdir().unwrap();
    // Too long for a socket file.
    let deep = folder.path().join("x".repeat(100));
    std::fs::create_dir(&deep).unwrap();
    for (network, folder) in [("unix", folder.path()), ("tcp", &deep)] {
        let host = Identity::new();
        let provider = Provider::start(&[
            ("PLUGIN_CLIENT_CERT", &host.pem()),
            ("PLUGIN_UNIX_SOCKET_DIR", folder.to_str().unwrap()),
        ]);
        assert_eq!(provider.part(2), network);
        for (who, identity) in [("nobody", None), ("a stranger", Some(Identity::new()))] {
            // With TLS 1.3, the client learns of the rejection after its own side of the handshake.
            let outcome = match provider.connect_secure(identity.as_ref()).await {
                Ok(channel) => {
                    let answer = channel.provider().get_metadata(get_metadata::Request {}).await;
                    answer.map(|_| ()).map_err(|status| status.to_string())
                }
                Err(error) => Err(error),
            };
            assert!(outcome.is_err(), "{who} was served over {network}");
        }
        // The rejected connections do not affect the host.
        let channel = provider.connect_secure(Some(&host)).await.unwrap();
        channel.provider().get_metadata(get_metadata::Request {}).await.unwrap();
        assert!(provider.shut_down(channel).await.status.success());
    }
}

#[tokio::test]
async fn a_host_without_a_certificate_is_served_without_tls() {
    let provider = Provider::start(&[]);
    assert_eq!(provider.part(5), "");
    provider.connect().await.provider().get_metadata(get_metadata::Request {}).await.unwrap();
}

#[tokio::test]
async fn a_connection_without_tls_is_rejected_if_the_host_set_a_certificate() {
    let provider = Provider::start(&[("PLUGIN_CLIENT_CERT", &Identity::new().pem())]);
    let channel = provider.connect().await;
    let answer = channel.provider().get_metadata(get_metadata::Request {}).await;
    assert!(answer.is_err());
}

//! A server whose certificate is signed by a private authority.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use zenml_api::control::team;
use zenml_client::transport::TransportErrorKind as Kind;
use zenml_client::{Address, ApiError, Client, Credential, HttpSettings, Settings};

use crate::script::ID;

/// A private authority as PEM, and a certificate that it signed for a server on the loopback address.
struct Private {
    authority: Vec<u8>,
    server: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Private {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, "Private authority of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&authority_key).unwrap();
        let authority = pem(certificate.der());
        let issuer = Issuer::new(parameters, authority_key);
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&key, &issuer).unwrap().der().clone();
        Self { authority, server, key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
    }

    fn acceptor(self) -> TlsAcceptor {
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.server], self.key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn pem(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let body = BASE64_STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").into_bytes()
}

/// Requests a team from a server with this certificate, with additional authorities. Also returns the request that
/// reached the server: nothing without a secure connection.
async fn ask(private: Private, authorities: Option<Vec<u8>>) -> (Result<team::Team, ApiError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = private.acceptor();
    let http = HttpSettings {
        certificate_authorities: authorities,
        timeout: Duration::from_secs(20),
        ..HttpSettings::default()
    };
    let address = Address { url, credential: Credential::Token("t".into()) };
    let client =
        Client::new(&Settings { control_plane: Some(address), http, ..Settings::default() }).unwrap();
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = acceptor.accept(stream).await else { return String::new() };
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => asked.push(byte),
                Err(_) => return String::from_utf8(asked).unwrap(),
            }
        }
        let body = crate::script::team().to_string();
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(asked).unwrap()
    };
    let team = async { client.control_plane().unwrap().call(&team::GET, ID.parse().unwrap()).await };
    tokio::join!(team, server)
}

#[tokio::test]
async fn a_server_of_a_private_authority_is_trusted_if_the_authority_is_configured() {
    let private = Private::new();
    let authority = private.authority.clone();
    let (team, asked) = ask(private, Some(authority)).await;
    assert_eq!(team.unwrap().name, "alpha");
    assert!(asked.contains("authorization: Bearer t\r\n"), "{asked}");
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_gets_no_credential_and_the_error_explains_it() {
    for (case, authorities) in [("none", None), ("another", Some(Private::new().authority))] {
        let (team, asked) = ask(Private::new(), authorities).await;
        let error = team.unwrap_err();
        let ApiError::Unreachable { cause, .. } = &error else { panic!("{case}: {error}") };
        assert_eq!((cause.kind, asked.as_str()), (Kind::Tls, ""), "{case}: {error}");
        assert!(error.to_string().contains("no trusted TLS connection is possible"), "{case}: {error}");
    }
}

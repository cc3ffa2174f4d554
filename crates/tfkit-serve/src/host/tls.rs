//! TLS between host and plugin: each side creates its own certificate and trusts only the other's.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The host's certificate is unreadable.
    #[error("PLUGIN_CLIENT_CERT does not contain a PEM certificate")]
    HostCertificate(#[source] rustls::pki_types::pem::Error),
    /// Creating the provider's certificate failed.
    #[error("cannot create a certificate")]
    OwnCertificate(#[source] rcgen::Error),
    /// The certificates are not compatible.
    #[error("cannot configure TLS")]
    Configuration(#[source] Error),
}

/// The provider's side of TLS.
pub(crate) struct ServerTls {
    /// Secures accepted streams.
    pub(crate) acceptor: TlsAcceptor,
    /// The provider's certificate, for the handshake line.
    pub(crate) certificate: CertificateDer<'static>,
}

impl ServerTls {
    /// Creates a certificate for this process, and accepts only the owner of the certificate in `host_pem`.
    pub(crate) fn for_host(host_pem: &str) -> Result<Self, TlsError> {
        let host = CertificateDer::from_pem_slice(host_pem.as_bytes()).map_err(TlsError::HostCertificate)?;
        let (certificate, key) = own_certificate().map_err(TlsError::OwnCertificate)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned { host, algorithms: provider.signature_verification_algorithms };
        let config =
            configure(provider, verifier, certificate.clone(), key).map_err(TlsError::Configuration)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }
}

/// Creates a P-256 key with its certificate. The host expects the name `localhost` in it.
fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters.distinguished_name.push(DnType::CommonName, "localhost");
    let certificate = parameters.self_signed(&key)?.der().clone();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Ok((certificate, key))
}

fn configure(
    provider: Arc<CryptoProvider>,
    verifier: Pinned,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(vec![certificate], key)?;
    // Newer gRPC clients reject a connection that did not negotiate HTTP/2.
    config.alpn_protocols = vec![b"h2".to_vec()];
    // One host connects once: sessions are never resumed.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Accepts only the certificate of the host, compared byte by byte. The usual chain validation cannot do that: hosts
/// mark their certificate as an authority, which an end-entity certificate must not be.
#[derive(Debug)]
struct Pinned {
    host: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if certificate.as_ref() == self.host.as_ref() {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

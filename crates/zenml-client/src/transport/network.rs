//! The network transport. Types of the HTTP library stay in this file.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use zenml_api::Method;

use super::error::{TransportError, TransportErrorKind};
use super::exchange::{Exchange, HttpRequest, HttpResponse, Transport};
use crate::settings::{HttpSettings, SettingsError, is_loopback};

/// Maximum size of a response in bytes. Lists are paged, so valid responses stay far below it.
const LARGEST_ANSWER: usize = 64 << 20;

/// Maximum idle time of a connection. The server is about to close older ones.
const IDLE: Duration = Duration::from_secs(20);

/// The network transport.
///
/// Each HTTP client is created for its first URL, to keep the start cheap: one without TLS loads no certificates, one
/// with TLS loads those of the system.
pub struct Network {
    connect_timeout: Duration,
    timeout: Duration,
    authorities: Vec<CertificateDer<'static>>,
    clients: [OnceLock<Result<reqwest::Client, TransportError>>; 4],
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

#[derive(Clone, Copy)]
struct Route {
    tls: bool,
    /// Loopback addresses bypass proxies.
    loopback: bool,
}

impl Network {
    /// Creates a transport with these timeouts and certificate authorities. Loads nothing yet.
    ///
    /// # Errors
    /// If the certificate authorities are not certificates.
    pub fn new(settings: &HttpSettings) -> Result<Self, SettingsError> {
        let authorities = match &settings.certificate_authorities {
            None => Vec::new(),
            Some(pem) => certificates(pem)?,
        };
        let (connect_timeout, timeout) = (settings.connect_timeout, settings.timeout);
        Ok(Self { connect_timeout, timeout, authorities, clients: Default::default() })
    }

    fn client(&self, route: Route) -> Result<&reqwest::Client, TransportError> {
        let slot = &self.clients[usize::from(route.tls) * 2 + usize::from(route.loopback)];
        slot.get_or_init(|| self.build(route)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, route: Route) -> Result<reqwest::Client, TransportError> {
        let failed =
            |error: reqwest::Error| TransportError::because(TransportErrorKind::Configuration, error);
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls(route.tls)?)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .pool_idle_timeout(IDLE);
        if route.loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(failed)
    }

    /// Returns the TLS configuration. Without TLS, it trusts nobody and is not used.
    fn tls(&self, wanted: bool) -> Result<ClientConfig, TransportError> {
        let failed = |error: rustls::Error| TransportError::because(TransportErrorKind::Configuration, error);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        if !wanted {
            return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
        }
        let verifier =
            Verifier::new_with_extra_roots(self.authorities.iter().cloned(), provider).map_err(failed)?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let client = self.client(route(&request.url))?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut outgoing = client.request(method, request.url).headers(request.headers);
        if !request.body.is_empty() {
            outgoing = outgoing.body(request.body);
        }
        let mut answer = outgoing.send().await.map_err(failure)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read(&mut answer).await?;
        Ok(HttpResponse { status, headers, body })
    }
}

impl Transport for Network {
    fn exchange(&self, request: HttpRequest) -> Exchange<'_> {
        Box::pin(self.send(request))
    }
}

async fn read(answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(TransportError::new(TransportErrorKind::TooLarge));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn route(url: &str) -> Route {
    let is_tls = url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
    Route { tls: is_tls, loopback: is_loopback(url) }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(SettingsError::CertificateAuthorities),
    }
}

fn failure(error: reqwest::Error) -> TransportError {
    let kind = if error.is_dns() {
        TransportErrorKind::Dns
    } else if error.is_connect() && error.is_timeout() {
        TransportErrorKind::ConnectTimeout
    } else if error.is_connect() && caused_by_tls(&error) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_builder() {
        TransportErrorKind::Configuration
    } else {
        TransportErrorKind::Interrupted
    };
    // The URL may contain a password: local users are created with one in the query.
    TransportError::because(kind, error.without_url())
}

fn caused_by_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // `source` of an I/O error skips the error that it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

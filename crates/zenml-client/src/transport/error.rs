//! Transport errors.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// A failed exchange.
#[derive(Clone, Debug)]
pub struct TransportError {
    /// The kind of failure.
    pub kind: TransportErrorKind,
    /// The error of the layer below. Never contains the address, which may contain secrets in its query.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Kinds of failures of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The host's name is unknown.
    Dns,
    /// The connection was refused.
    Connect,
    /// The connection was not established in time.
    ConnectTimeout,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// The response timed out.
    Timeout,
    /// The connection ended before the response was complete.
    Interrupted,
    /// The response is larger than any response of the API.
    TooLarge,
    /// The HTTP client could not be built.
    Configuration,
}

impl TransportErrorKind {
    /// Returns whether the server may have received the request. If not, it can be retried safely.
    #[must_use]
    pub const fn may_have_arrived(self) -> bool {
        matches!(self, Self::Timeout | Self::Interrupted | Self::TooLarge)
    }

    /// Returns what the user can check.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Dns => "Check the host name, the DNS settings of this machine, and the proxy settings.",
            Self::Connect => {
                "Check the address and the port, whether the server is running, and firewalls in between."
            }
            Self::ConnectTimeout => {
                "Check the address, firewalls that drop packets, and HTTPS_PROXY if a proxy is required."
            }
            Self::Tls => {
                "Check the address. For a private certificate authority, configure its certificate, or set \
                 SSL_CERT_FILE."
            }
            Self::Timeout => "The server is slow or hangs. Try again later, or set a longer timeout.",
            Self::Interrupted => "The server or a proxy closed the connection. Try again.",
            Self::TooLarge => "Check that it is the address of the API.",
            Self::Configuration => {
                "Check the certificate store of this machine, SSL_CERT_FILE and the proxy settings."
            }
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name cannot be resolved",
            Self::Connect => "the connection failed",
            Self::ConnectTimeout => "the connection timed out",
            Self::Tls => "no trusted TLS connection is possible",
            Self::Timeout => "the response timed out",
            Self::Interrupted => "the connection ended before the response was complete",
            Self::TooLarge => "the response is too large",
            Self::Configuration => "the HTTP client cannot be set up",
        })
    }
}

impl TransportError {
    /// Creates a failure without a cause.
    #[must_use]
    pub const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, cause: None }
    }

    /// Creates a failure with a cause.
    pub fn because(kind: TransportErrorKind, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { kind, cause: Some(Arc::new(cause)) }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}

//! What can fail between here and a server.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// An exchange that failed.
#[derive(Clone, Debug)]
pub struct TransportError {
    /// What failed.
    pub kind: TransportErrorKind,
    /// What the layer below said. Never holds the address, which may carry secrets in its query.
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What can fail in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The host's name is unknown.
    Dns,
    /// Nobody accepted the connection.
    Connect,
    /// The connection was not established in time.
    ConnectTimeout,
    /// The two sides do not agree on TLS, or the certificate is not trusted.
    Tls,
    /// The answer did not come in time.
    Timeout,
    /// The connection ended before the answer did.
    Interrupted,
    /// The answer is larger than any answer of the API.
    TooLarge,
    /// The HTTP client could not be built.
    Configuration,
}

impl TransportErrorKind {
    /// Whether the server may have received the request. If not, it can be sent again without a second thought.
    #[must_use]
    pub const fn may_have_arrived(self) -> bool {
        matches!(self, Self::Timeout | Self::Interrupted | Self::TooLarge)
    }

    /// What a person can check.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Dns => "Check the host name, the name servers of this machine and the proxy settings.",
            Self::Connect => "Check the address and the port, that the server runs, and firewalls between.",
            Self::ConnectTimeout => {
                "Check the address, firewalls that drop packets, and HTTPS_PROXY if a proxy is needed."
            }
            Self::Tls => {
                "Check that the address is right. For a private certificate authority give its certificate, or set \
                 SSL_CERT_FILE."
            }
            Self::Timeout => "The server is slow or hangs; try again later, or allow more time.",
            Self::Interrupted => "The server or a proxy between ended the connection; try again.",
            Self::TooLarge => "Check that the address is the one of the API.",
            Self::Configuration => {
                "Check the certificate store of this machine, SSL_CERT_FILE and the proxy settings."
            }
        }
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::ConnectTimeout => "no connection was made in time",
            Self::Tls => "no trusted TLS connection could be made",
            Self::Timeout => "the answer did not come in time",
            Self::Interrupted => "the connection ended before the answer did",
            Self::TooLarge => "the answer is too large",
            Self::Configuration => "the HTTP client could not be set up",
        })
    }
}

impl TransportError {
    /// A failure without anything below it.
    #[must_use]
    pub const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, cause: None }
    }

    /// A failure because of another one.
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

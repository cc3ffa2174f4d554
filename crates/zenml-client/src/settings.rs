//! Client settings.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use zenml_api::Sensitive;

use crate::origin::Origins;
use printable::mask::Secrets;

/// Addresses of the APIs, and how to call them.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The control plane. Its address may contain a path (`https://host/api/v1`).
    pub control_plane: Option<Address>,
    /// A single server: open source, or one workspace. Its address does not include `/api/v1`.
    pub server: Option<Address>,
    /// HTTP client settings.
    pub http: HttpSettings,
    /// Where these settings come from, for errors.
    pub origins: Origins,
}

impl Settings {
    /// Returns all values to mask in responses: a server may repeat what it was sent.
    pub(crate) fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for address in [&self.control_plane, &self.server].into_iter().flatten() {
            match &address.credential {
                Credential::Key(secret)
                | Credential::Token(secret)
                | Credential::Password { password: secret, .. } => secrets.add(secret.expose()),
                Credential::ControlPlane => {}
            }
        }
        for (_, value) in &self.http.headers {
            secrets.add(value.expose());
            // `Basic dXNlcjpwYXNzd29yZA==`, without the scheme.
            secrets.add(value.expose().split_once(' ').map_or("", |(_, credential)| credential));
        }
        secrets
    }
}

/// An API and its credential.
#[derive(Clone, Debug)]
pub struct Address {
    /// `http` or `https`; a trailing slash does not matter.
    pub url: String,
    /// The credential.
    pub credential: Credential,
}

/// The credential.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key or a personal access token, exchanged for sessions. Works for a control plane and its workspaces.
    Key(Sensitive<String>),
    /// An existing session token, which cannot be renewed.
    Token(Sensitive<String>),
    /// The session of the same client's control plane, for a server that is one of its workspaces. The key itself is
    /// sent only to the control plane.
    ControlPlane,
    /// A local user.
    Password {
        /// Name of the user.
        username: String,
        /// Password of the user.
        password: Sensitive<String>,
    },
}

/// HTTP client settings.
///
/// Proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) and the certificate store (`SSL_CERT_FILE`,
/// `SSL_CERT_DIR`) come from the usual environment variables. Loopback addresses never go through a proxy.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Timeout of a connection, including TLS.
    pub connect_timeout: Duration,
    /// Timeout of one attempt, from the connection to the last byte of the response.
    pub timeout: Duration,
    /// When and how often a call is retried.
    pub retry: RetryPolicy,
    /// Additional certificate authorities, as PEM, trusted together with those of the system.
    pub certificate_authorities: Option<Vec<u8>>,
    /// Headers of every request.
    pub headers: Vec<(String, Sensitive<String>)>,
    /// The user agent.
    pub user_agent: String,
    /// Called with each session that the client gets, so that logs can mask it.
    pub on_session: Option<fn(&str)>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(2),
            retry: RetryPolicy::default(),
            certificate_authorities: None,
            headers: Vec::new(),
            user_agent: concat!("zenml-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            on_session: None,
        }
    }
}

/// When and how often a call is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of attempts of one call, including the first one; at least 1.
    pub attempts: u32,
    /// Wait before the second attempt, doubled with each further one. It is shortened randomly, so that clients that
    /// failed together do not retry together.
    pub first_wait: Duration,
    /// Maximum wait that the client chooses.
    pub longest_wait: Duration,
    /// Maximum wait that a server may request. If it requests more, there is no further attempt.
    pub longest_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            longest_retry_after: Duration::from_mins(1),
        }
    }
}

/// Invalid settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// An address is not the URL of an API.
    #[error("{url:?} is not the address of an API: {why}")]
    Url {
        /// The configured address.
        url: String,
        /// The problem.
        why: &'static str,
    },
    /// A header cannot be sent.
    #[error(
        "the header {name:?} cannot be sent: its name or its value contains characters that HTTP does not allow"
    )]
    Header {
        /// The configured name of the header.
        name: String,
    },
    /// A credential cannot be sent.
    #[error("the credential contains characters that are not allowed, such as a line break")]
    Credential,
    /// A server uses the session of a control plane, but there is none.
    #[error("the server requires a control plane whose session it accepts")]
    NoControlPlane,
    /// The certificate authorities cannot be read.
    #[error("cannot read the certificate authorities: they must be PEM certificates")]
    CertificateAuthorities,
}

/// Checks an address in the same way as a client.
///
/// # Errors
/// [`SettingsError::Url`] if it is not the address of an API.
pub fn check_url(url: &str) -> Result<(), SettingsError> {
    base(url).map(|_| ())
}

/// Checks an address and removes a trailing slash.
pub(crate) fn base(url: &str) -> Result<String, SettingsError> {
    let wrong = |why| SettingsError::Url { url: url.to_owned(), why };
    let trimmed = url.trim().trim_end_matches('/');
    let parsed: http::Uri = trimmed.parse().map_err(|_| wrong("it is not a URL"))?;
    match parsed.scheme_str() {
        Some("http" | "https") => {}
        _ => return Err(wrong("it must start with http:// or https://")),
    }
    let authority = parsed.authority().ok_or_else(|| wrong("it has no host"))?;
    if authority.as_str().contains('@') {
        // Not repeated in the message: it may be a password.
        let url = "an address with a user name".to_owned();
        return Err(SettingsError::Url { url, why: "set the credential separately" });
    }
    if parsed.query().is_some() || trimmed.contains('#') {
        return Err(wrong("it must not have a query or a fragment"));
    }
    Ok(trimmed.to_owned())
}

/// Checks the API address of a workspace that the control plane reports. The operator of the server chose it, and a
/// session is sent there, so it must be as secure as the address of the control plane.
pub(crate) fn reported_base(url: &str, control_plane: &str) -> Result<String, &'static str> {
    let base = match workspace_base(url) {
        Ok(base) => base,
        Err(SettingsError::Url { why, .. }) => return Err(why),
        Err(_) => return Err("it is not a URL"),
    };
    let is_plain = |url: &str| url.parse().is_ok_and(|uri: http::Uri| uri.scheme_str() == Some("http"));
    if is_plain(&base) && !is_plain(control_plane) && !is_loopback(&base) {
        return Err("it does not use TLS (http://), although the control plane does");
    }
    Ok(base)
}

/// Returns whether an address is on this machine.
pub(crate) fn is_loopback(url: &str) -> bool {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default().to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Returns the API address of a server, whose configured address may already include the path.
pub(crate) fn workspace_base(url: &str) -> Result<String, SettingsError> {
    let base = base(url)?;
    Ok(match base.strip_suffix(zenml_api::workspace::BASE) {
        Some(_) => base,
        None => base + zenml_api::workspace::BASE,
    })
}

/// Checks and returns the headers of every request.
pub(crate) fn headers(settings: &HttpSettings) -> Result<Vec<(HeaderName, HeaderValue)>, SettingsError> {
    let mut headers = vec![header("user-agent", &settings.user_agent)?];
    for (name, value) in &settings.headers {
        let (name, mut value) = header(name, value.expose())?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    Ok(headers)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SettingsError> {
    let wrong = || SettingsError::Header { name: name.to_owned() };
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    Ok((parsed, HeaderValue::from_str(value).map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_path_and_a_trailing_slash() {
        for (given, control_plane, workspace) in [
            ("https://h", "https://h", "https://h/api/v1"),
            ("https://h/", "https://h", "https://h/api/v1"),
            ("http://h:8080/api/v1/", "http://h:8080/api/v1", "http://h:8080/api/v1"),
            ("https://h/w/1", "https://h/w/1", "https://h/w/1/api/v1"),
        ] {
            assert_eq!(base(given).unwrap(), control_plane);
            assert_eq!(workspace_base(given).unwrap(), workspace);
        }
    }

    #[test]
    fn an_invalid_address_is_rejected() {
        for url in [
            "",
            "h",
            "ftp://h",
            "file:///etc/passwd",
            "/api",
            "https://",
            "https://h?x=1",
            "https://h#@evil",
            "https://h\\@evil",
            "https://me:hunter2@h",
            "https://a b",
            "https://h\nx",
        ] {
            let error = base(url).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_address_that_a_control_plane_reports_must_be_as_secure_as_its_own() {
        // The address, and the results for control planes at https:// and http://.
        for (reported, from_tls, from_plain) in [
            ("https://ws.example.com", true, true),
            ("http://ws.example.com", false, true),
            ("http://127.0.0.1:8080", true, true),
            ("http://[::1]:8080", true, true),
            ("http://LOCALHOST", true, true),
            ("HTTP://ws.example.com", false, true),
            ("http://localhost.evil.example", false, true),
            ("http://127.0.0.1.evil.example", false, true),
            ("file:///etc/passwd", false, false),
            ("ftp://ws.example.com", false, false),
            ("//ws.example.com", false, false),
            ("ws.example.com", false, false),
            ("https://user:password@ws.example.com", false, false),
            ("https://good.example#@evil.example", false, false),
            ("https://good.example\\@evil.example", false, false),
            ("https://ws.example.com?to=evil", false, false),
            ("https://ws.example.com\r\nx: y", false, false),
            ("https://", false, false),
            ("", false, false),
        ] {
            let safe = |control_plane| reported_base(reported, control_plane).is_ok();
            assert_eq!(safe("https://cloudapi.example.com"), from_tls, "{reported:?}");
            assert_eq!(safe("http://cloudapi.example.com"), from_plain, "{reported:?}");
        }
    }
}

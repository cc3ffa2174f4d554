//! The provider block.

use std::collections::BTreeMap;
use std::time::Duration;

use tfkit::timeouts::Span;
use tfkit::{Diag, Model, Object, Partial, Path, Secret};
use zenml_api::Sensitive;
use zenml_client::HttpSettings;

use crate::source::trimmed;

/// Address of the management API of ZenML Pro.
pub const SAAS_URL: &str = "https://cloudapi.zenml.io";

/// Manages ZenML Pro organizations, with their workspaces, teams and roles, and the objects of a workspace or of an
/// open-source ZenML server: projects, stacks, stack components, service connectors, secrets, flavors, tags and code
/// repositories.
#[derive(Clone, Debug, Model)]
#[model(name = "zenml", kind = provider)]
pub struct Configuration {
    /// URL of the ZenML Pro management API. It can have a path, such as `/api/v1` for a self-hosted control plane.
    /// Environment variables: `ZENML_CONTROL_PLANE_URL` or `ZENML_PRO_API_URL`. Default: `https://cloudapi.zenml.io`,
    /// if a service account key is set.
    #[attr(check = pattern("be a URL that begins with http:// or https://", is_url_or_empty))]
    pub control_plane_url: Option<String>,
    /// Service account key (`ZENPROKEY_…`) or personal access token for ZenML Pro. The provider sends it to the control
    /// plane only; workspaces receive a session that it was exchanged for. Environment variables:
    /// `ZENML_SERVICE_ACCOUNT_KEY` or `ZENML_PRO_API_KEY`.
    pub service_account_key: Option<Secret<String>>,
    /// ID or name of the organization for resources that do not set one. Environment variable: `ZENML_ORGANIZATION_ID`.
    /// Default: the only organization that the key can see.
    pub organization_id: Option<String>,
    /// ID or name of the workspace for resources that do not set one. Environment variable: `ZENML_WORKSPACE_ID`.
    pub workspace_id: Option<String>,
    /// URL of an open-source server, or of a single workspace, for resources that set no workspace. Environment
    /// variable: `ZENML_SERVER_URL`.
    #[attr(check = pattern("be a URL that begins with http:// or https://", is_url_or_empty))]
    pub server_url: Option<String>,
    /// API key for `server_url`. Environment variable: `ZENML_API_KEY`. Without a key and a token, the provider uses a
    /// session of the service account key.
    pub api_key: Option<Secret<String>>,
    /// API token for `server_url`. The provider cannot renew it; if a key is set as well, the key is used. Environment
    /// variable: `ZENML_API_TOKEN`.
    pub api_token: Option<Secret<String>>,
    /// Whether to use a server that is older than this provider supports. Default: `false`, which refuses versions
    /// below 0.80.0.
    pub skip_version_check: Option<bool>,
    /// HTTP client settings. Proxies and the certificate store come from the usual environment variables.
    pub http: Option<Http>,
}

/// HTTP client settings.
#[derive(Clone, Debug, Object)]
pub struct Http {
    /// Time limit for one attempt, such as `90s`. Default: `2m`.
    pub timeout: Option<Span>,
    /// How often a request is repeated while the server is busy or unreachable. Default: `4`.
    #[attr(check = number(0..=20))]
    pub retries: Option<u64>,
    /// Additional certificate authorities in PEM format, such as `file("ca.pem")`. The certificate authorities of the
    /// system remain trusted.
    pub ca_bundle: Option<String>,
    /// Additional headers of every request, for example for an authenticating proxy.
    pub headers: Option<Secret<BTreeMap<String, String>>>,
}

fn is_url_or_empty(text: &str) -> bool {
    let text = trimmed(text);
    text.is_empty() || tfkit::check::url().holds(&text.into())
}

impl Configuration {
    /// Arguments that are not known yet.
    pub fn unknown(config: &Partial<Self>) -> Vec<Path> {
        config.unknown()
    }
}

/// Returns the HTTP settings of the provider block.
pub(crate) fn http(config: &Partial<Configuration>) -> Result<HttpSettings, Diag> {
    let defaults = HttpSettings::default();
    let user_agent = concat!("terraform-provider-zenml/", env!("CARGO_PKG_VERSION")).to_owned();
    let Some(http) = config.get(Configuration::HTTP).known() else {
        return Ok(HttpSettings { user_agent, on_session: Some(tfkit_serve::mask), ..defaults });
    };
    let mut retry = defaults.retry;
    if let Some(retries) = http.retries {
        retry.attempts = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
    }
    let headers = http.headers.map(Secret::into_exposed).unwrap_or_default();
    let timeout = http.timeout.map_or(defaults.timeout, |span| span.duration());
    if timeout < Duration::from_secs(1) {
        return Err(Diag::error("The timeout for one attempt is too short")
            .why("A server may take a second to answer.")
            .fix("Set at least \"1s\".")
            .at(Configuration::HTTP.then(Http::TIMEOUT)));
    }
    // Proxy headers often come from a file as well.
    let headers = headers
        .into_iter()
        .map(|(name, value)| (trimmed(&name).to_owned(), Sensitive::new(trimmed(&value).to_owned())));
    Ok(HttpSettings {
        timeout,
        retry,
        certificate_authorities: http.ca_bundle.filter(|pem| !pem.is_empty()).map(String::into_bytes),
        headers: headers.collect(),
        user_agent,
        on_session: Some(tfkit_serve::mask),
        ..defaults
    })
}

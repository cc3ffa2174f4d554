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

/// Manages ZenML Pro organizations, their workspaces, teams and roles, and what is in a workspace or in an
/// open-source ZenML server: projects, service connectors, stack components, stacks and secrets.
#[derive(Clone, Debug, Model)]
#[model(name = "zenml", kind = provider)]
pub struct Configuration {
    /// Address of the management API of ZenML Pro; may carry a path, such as `/api/v1` of a self-hosted one. Also
    /// from `ZENML_CONTROL_PLANE_URL` or `ZENML_PRO_API_URL`. Default: `https://cloudapi.zenml.io`, when there is a
    /// service-account key.
    #[attr(check = pattern("be a URL that begins with http:// or https://", is_url_or_empty))]
    pub control_plane_url: Option<String>,
    /// Key of a service account, or a personal access token: `ZENPROKEY_…`. It is sent to the control plane only;
    /// workspaces get a session that it was exchanged for. Also from `ZENML_SERVICE_ACCOUNT_KEY` or
    /// `ZENML_PRO_API_KEY`.
    pub service_account_key: Option<Secret<String>>,
    /// Organization, by id or name, for resources that do not name one. Also from `ZENML_ORGANIZATION_ID`. Default:
    /// the only organization that the key can see.
    pub organization_id: Option<String>,
    /// Workspace, by id or name, for resources in a workspace that do not name one. Also from `ZENML_WORKSPACE_ID`.
    pub workspace_id: Option<String>,
    /// Address of an open-source server, or of one workspace, for resources that name no workspace. Also from
    /// `ZENML_SERVER_URL`.
    #[attr(check = pattern("be a URL that begins with http:// or https://", is_url_or_empty))]
    pub server_url: Option<String>,
    /// API key for `server_url`. Also from `ZENML_API_KEY`. Without it and without a token, a session of the
    /// service-account key is used.
    pub api_key: Option<Secret<String>>,
    /// Finished token for `server_url`; it cannot be renewed, so a key is preferred where both are given. Also from
    /// `ZENML_API_TOKEN`.
    pub api_token: Option<Secret<String>>,
    /// Whether a server of an old version is used without asking. Default: `false`; versions below 0.80.0 are refused.
    pub skip_version_check: Option<bool>,
    /// How HTTP is spoken. Proxies and the certificate store come from the usual environment variables.
    pub http: Option<Http>,
}

/// How HTTP is spoken.
#[derive(Clone, Debug, Object)]
pub struct Http {
    /// Longest time for one attempt, such as `90s`. Default: two minutes.
    pub timeout: Option<Span>,
    /// How often a call is repeated when the server is busy or not reachable. Default: 4.
    #[attr(check = number(0..=20))]
    pub retries: Option<u64>,
    /// More certificate authorities, as PEM text, such as `file("ca.pem")`; those of the system stay trusted.
    pub ca_bundle: Option<String>,
    /// Headers that every request carries, for proxies that ask for them.
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

/// How HTTP is spoken, as the block says it.
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
        return Err(Diag::error("The time-out for one attempt is too short")
            .why("No server can be relied on to answer in less than a second.")
            .fix("Give at least \"1s\".")
            .at(Configuration::HTTP.then(Http::TIMEOUT)));
    }
    // The header of a proxy often comes out of a file, too.
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

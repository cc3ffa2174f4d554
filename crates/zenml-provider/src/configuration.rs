//! The provider block: what it says, what the environment adds, and whether it works.

use std::collections::BTreeMap;
use std::time::Duration;

use tfkit::model::Token;
use tfkit::timeouts::Span;
use tfkit::{Diag, Model, Object, Partial, Path, Secret};
use zenml_api::Sensitive;
use zenml_client::{Address, Credential, HttpSettings, Settings};

use crate::environment::Environment;

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
    /// Key of a service account, or a personal access token: `ZENPROKEY_…`. It serves the control plane and all
    /// workspaces. Also from `ZENML_SERVICE_ACCOUNT_KEY` or `ZENML_PRO_API_KEY`.
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
    /// API key for `server_url`. Also from `ZENML_API_KEY`. Without it and without a token the service-account key
    /// is used.
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
    text.is_empty() || tfkit::check::url().holds(&text.into())
}

/// What the provider block and the environment say together.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Where the APIs are.
    pub settings: Settings,
    /// Default organization, by id or name.
    pub organization: Option<String>,
    /// Default workspace, by id or name.
    pub workspace: Option<String>,
    /// Whether the server's version does not matter.
    pub skip_version_check: bool,
    /// The argument that the credential for the server comes from, whether it or its variable is set.
    pub server_credential: Path,
}

impl Configuration {
    /// Arguments that are not known yet.
    pub fn unknown(config: &Partial<Self>) -> Vec<Path> {
        config.unknown()
    }

    /// Joins the block, which is known, with the environment. A text in the block goes before a variable; an empty
    /// text counts as unset.
    pub fn resolve(config: &Partial<Self>, environment: &Environment) -> Result<Resolved, Diag> {
        let control_plane_in_block = text(config, Self::CONTROL_PLANE_URL);
        let control_plane_url =
            control_plane_in_block.clone().or_else(|| environment.control_plane_url.clone());
        let server_url = text(config, Self::SERVER_URL).or_else(|| environment.server_url.clone());
        let key =
            secret(config, Self::SERVICE_ACCOUNT_KEY).or_else(|| environment.service_account_key.clone());
        let api_key = secret(config, Self::API_KEY).or_else(|| environment.api_key.clone());
        let api_token = secret(config, Self::API_TOKEN).or_else(|| environment.api_token.clone());

        if control_plane_in_block.is_some() && key.is_none() {
            return Err(no_key());
        }
        let control_plane = key.clone().map(|key| Address {
            url: control_plane_url.unwrap_or_else(|| SAAS_URL.to_owned()),
            credential: Credential::Key(key),
        });
        let server_credential = match (&api_key, &api_token) {
            (Some(_), _) => Self::API_KEY.path(),
            (None, Some(_)) => Self::API_TOKEN.path(),
            (None, None) => Self::SERVICE_ACCOUNT_KEY.path(),
        };
        let server = match server_url {
            None => None,
            Some(url) => {
                let credential = Credential::choose(api_key, api_token).or_else(|| key.map(Credential::Key));
                Some(Address { url, credential: credential.ok_or_else(no_server_credential)? })
            }
        };
        if control_plane.is_none() && server.is_none() {
            return Err(no_credentials());
        }
        Ok(Resolved {
            settings: Settings { control_plane, server, http: http(config)? },
            organization: text(config, Self::ORGANIZATION_ID).or_else(|| environment.organization_id.clone()),
            workspace: text(config, Self::WORKSPACE_ID).or_else(|| environment.workspace_id.clone()),
            skip_version_check: config.get(Self::SKIP_VERSION_CHECK).known().unwrap_or_default(),
            server_credential,
        })
    }
}

fn text(config: &Partial<Configuration>, token: Token<Configuration, Option<String>>) -> Option<String> {
    config.get(token).known().filter(|text| !text.is_empty())
}

fn secret(
    config: &Partial<Configuration>,
    token: Token<Configuration, Option<Secret<String>>>,
) -> Option<Sensitive<String>> {
    let secret = config.get(token).known()?.into_exposed();
    (!secret.is_empty()).then(|| Sensitive::new(secret))
}

fn http(config: &Partial<Configuration>) -> Result<HttpSettings, Diag> {
    let defaults = HttpSettings::default();
    let user_agent = concat!("terraform-provider-zenml/", env!("CARGO_PKG_VERSION")).to_owned();
    let Some(http) = config.get(Configuration::HTTP).known() else {
        return Ok(HttpSettings { user_agent, ..defaults });
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
    Ok(HttpSettings {
        timeout,
        retry,
        certificate_authorities: http.ca_bundle.filter(|pem| !pem.is_empty()).map(String::into_bytes),
        headers: headers.into_iter().map(|(name, value)| (name, Sensitive::new(value))).collect(),
        user_agent,
        ..defaults
    })
}

fn no_credentials() -> Diag {
    Diag::error("The provider has no credentials")
        .why(
            "Neither the provider block nor the environment has a service-account key of ZenML Pro or the address of \
             a server.",
        )
        .fix(
            "For ZenML Pro, give the key of a service account, or set ZENML_SERVICE_ACCOUNT_KEY:\n  \
             service_account_key = var.zenml_service_account_key\n\nFor an open-source server, give its address and \
             an API key, or set ZENML_SERVER_URL and ZENML_API_KEY:\n  server_url = \"https://zenml.example.com\"\n  \
             api_key    = var.zenml_api_key",
        )
}

fn no_key() -> Diag {
    Diag::error("The provider has a control plane and no key for it")
        .why("control_plane_url is set, but service_account_key is not, and ZENML_SERVICE_ACCOUNT_KEY is not either.")
        .fix("Add the key of a service account:\n  service_account_key = var.zenml_service_account_key")
        .at(Configuration::SERVICE_ACCOUNT_KEY)
}

fn no_server_credential() -> Diag {
    Diag::error("The provider has a server and no credential for it")
        .why("server_url is set, but none of api_key, api_token and service_account_key is.")
        .fix("Add an API key, or set ZENML_API_KEY:\n  api_key = var.zenml_api_key")
        .at(Configuration::API_KEY)
}

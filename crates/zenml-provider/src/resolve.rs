//! Chooses between the settings of the provider block and those of the environment.
//!
//! For each API, an argument overrides its variable, and a credential in the block overrides all credentials in the
//! environment. Within the block, and within the environment, a key overrides a token.

use tfkit::model::Token;
use tfkit::{Diag, Partial, Secret};
use zenml_api::Sensitive;
use zenml_client::{Address, Credential, Origin, Origins, Settings, SettingsError, check_url};

use crate::configuration::{Configuration, SAAS_URL, http};
use crate::environment::{self, Environment};
use crate::source::{Given, Source, trimmed};

/// The settings of the provider block and the environment combined.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The settings of the HTTP client: addresses and credentials.
    pub settings: Settings,
    /// Where the address and the credential of the control plane come from.
    pub control_plane: Option<Plane>,
    /// Where the address and the credential of the server come from.
    pub server: Option<Plane>,
    /// Why an API that only the environment configures is not used.
    pub ignored: Option<Diag>,
    /// Default organization, by id or name.
    pub organization: Option<Given<String>>,
    /// Default workspace, by id or name.
    pub workspace: Option<Given<String>>,
    /// Whether the server version is not checked.
    pub skip_version_check: bool,
}

/// Where the settings of one API come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Its address.
    pub address: Source,
    /// The credential for it.
    pub credential: Source,
    /// Whether the provider block configures this API, so that it has to work. Otherwise it is only used on demand.
    pub is_wanted: bool,
}

/// A chosen API whose values are not checked yet.
struct Chosen {
    url: Given<String>,
    credential: Given<Credential>,
    is_wanted: bool,
}

/// Combines the provider block, whose values are known, with the environment.
///
/// # Errors
/// Fails if no API is configured, if an API in the block has no credential, and if a value is invalid.
pub fn resolve(config: &Partial<Configuration>, environment: &Environment) -> Result<Resolved, Diag> {
    let block = Block(config);
    let block_url = block.text(Configuration::CONTROL_PLANE_URL);
    let block_key = block.secret(Configuration::SERVICE_ACCOUNT_KEY);
    let block_server = block.text(Configuration::SERVER_URL);
    let block_api = block.server_credential();
    let organization = block.text(Configuration::ORGANIZATION_ID);
    let workspace = block.text(Configuration::WORKSPACE_ID);

    let names_control_plane = block_url.is_some() || block_key.is_some() || organization.is_some();
    let names_server = block_server.is_some() || block_api.is_some();

    let key = block_key.clone().or_else(|| environment.secret(environment::SERVICE_ACCOUNT_KEY));
    if let (Some(url), None) = (&block_url, &key) {
        return Err(no_key(&url.source));
    }
    let server_url = block_server.or_else(|| environment.text(environment::SERVER_URL));
    if let (None, None, Some(credential)) = (&server_url, &block_key, &block_api) {
        return Err(no_server(&credential.source));
    }

    let server = match server_url {
        None => None,
        Some(url) => {
            let session = |key: Given<Sensitive<String>>| key.map(|_| Credential::ControlPlane);
            let credential = block_api
                .or_else(|| block_key.map(session))
                .or_else(|| environment_credential(environment))
                .or_else(|| key.clone().map(session))
                .ok_or_else(|| no_server_credential(&url.source))?;
            Some(Chosen { url, credential, is_wanted: names_server || !names_control_plane || key.is_none() })
        }
    };
    let needs_session = server.as_ref().is_some_and(|server| {
        server.is_wanted && matches!(server.credential.value, Credential::ControlPlane)
    });
    let control_plane = key.map(|key| Chosen {
        url: block_url
            .or_else(|| environment.text(environment::CONTROL_PLANE_URL))
            .unwrap_or_else(default_url),
        credential: key.map(Credential::Key),
        is_wanted: names_control_plane || !names_server || server.is_none() || needs_session,
    });
    let mut ignored = None;
    let control_plane = usable(control_plane, &mut ignored)?;
    let server = usable(server, &mut ignored)?;
    if control_plane.is_none() && server.is_none() {
        return Err(ignored.unwrap_or_else(|| no_credentials(environment)));
    }
    let origin = |chosen: Option<&Chosen>, names| chosen.map(|chosen| chosen.origin(environment, names));
    let origins = Origins {
        control_plane: origin(control_plane.as_ref(), environment::CONTROL_PLANE_URL).unwrap_or_default(),
        server: origin(server.as_ref(), environment::SERVER_URL).unwrap_or_default(),
    };
    let workspace = workspace.or_else(|| {
        // If the block sets `server_url` or its credential, no variable can point objects to another server.
        environment.text(environment::WORKSPACE_ID).filter(|_| !names_server)
    });
    Ok(Resolved {
        control_plane: control_plane.as_ref().map(Chosen::plane),
        server: server.as_ref().map(Chosen::plane),
        settings: Settings {
            control_plane: control_plane.map(Chosen::address),
            server: server.map(Chosen::address),
            http: http(config)?,
            origins,
        },
        ignored,
        organization: organization.or_else(|| environment.text(environment::ORGANIZATION_ID)),
        workspace,
        skip_version_check: config.get(Configuration::SKIP_VERSION_CHECK).known().unwrap_or_default(),
    })
}

impl Chosen {
    fn plane(&self) -> Plane {
        let (address, credential) = (self.url.source.clone(), self.credential.source.clone());
        Plane { address, credential, is_wanted: self.is_wanted }
    }

    fn address(self) -> Address {
        Address { url: self.url.value, credential: self.credential.value }
    }

    /// Describes the origin for error messages. The most likely mistake is a credential of the environment that
    /// belongs to another server, so the description says so.
    fn origin(&self, environment: &Environment, names: &[&'static str]) -> Origin {
        let mut credential = self.credential.source.to_string();
        let beside = environment.text(names).filter(|beside| !is_same_place(&beside.value, &self.url.value));
        if let (Source::Variable(_), Source::Variable(name), Source::Argument(argument)) = (
            &self.credential.source,
            beside.map_or(Source::Default(""), |beside| beside.source),
            &self.url.source,
        ) {
            credential =
                format!("{credential} (it belongs to {name}, which is another address than {argument})");
        }
        Origin { address: self.url.source.to_string(), credential }
    }
}

/// Checks that the address and the credential of an API are valid. If they are not, an API that the block does not
/// configure is ignored.
fn usable(chosen: Option<Chosen>, ignored: &mut Option<Diag>) -> Result<Option<Chosen>, Diag> {
    let Some(chosen) = chosen else { return Ok(None) };
    match sendable_url(&chosen.url).and_then(|()| sendable_credential(&chosen.credential)) {
        Ok(()) => Ok(Some(chosen)),
        Err(diag) if chosen.is_wanted => Err(diag),
        Err(diag) => {
            *ignored = Some(diag);
            Ok(None)
        }
    }
}

fn sendable_url(url: &Given<String>) -> Result<(), Diag> {
    let Err(error) = check_url(&url.value) else { return Ok(()) };
    let why = match &error {
        SettingsError::Url { why, .. } => format!("{} {why}.", url.source.capitalized()),
        _ => error.to_string(),
    };
    let diag = Diag::error(format!("{} is not the address of an API", url.source.capitalized()))
        .why(why.replacen(" it ", ": it ", 1))
        .fix("Correct the address. It looks like https://HOST or https://HOST/PATH.");
    Err(url.source.mark(diag))
}

/// Checks that a credential fits into a header, which can only contain visible ASCII characters.
fn sendable_credential(credential: &Given<Credential>) -> Result<(), Diag> {
    let (Credential::Key(secret) | Credential::Token(secret)) = &credential.value else { return Ok(()) };
    let stray = secret.expose().chars().find(|character| !matches!(character, ' '..='~'));
    let Some(stray) = stray else { return Ok(()) };
    let what = match stray {
        '\r' | '\n' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        stray if stray.is_control() => format!("the control character U+{:04X}", u32::from(stray)),
        _ => "a non-ASCII character".to_owned(),
    };
    let diag = Diag::error(format!("{} is not a credential", credential.source.capitalized()))
        .why(format!(
            "It contains {what}, which no key or token contains. The value is not shown because it \
         is secret."
        ))
        .fix("Copy the complete credential again, with nothing else. Surrounding white space is ignored.");
    Err(credential.source.mark(diag))
}

/// Returns whether two addresses are equal, except for insignificant differences.
fn is_same_place(one: &str, other: &str) -> bool {
    let place = |url: &str| url.trim_end_matches('/').trim_end_matches("/api/v1").to_ascii_lowercase();
    place(one) == place(other)
}

fn default_url() -> Given<String> {
    Given { value: SAAS_URL.to_owned(), source: Source::Default(Configuration::CONTROL_PLANE_URL.name()) }
}

/// Returns the server key of the environment, otherwise its token.
fn environment_credential(environment: &Environment) -> Option<Given<Credential>> {
    let key = environment.secret(environment::API_KEY).map(|key| key.map(Credential::Key));
    key.or_else(|| environment.secret(environment::API_TOKEN).map(|token| token.map(Credential::Token)))
}

/// The provider block. Surrounding white space is ignored, and an empty value counts as not set.
struct Block<'a>(&'a Partial<Configuration>);

impl Block<'_> {
    fn text(&self, token: Token<Configuration, Option<String>>) -> Option<Given<String>> {
        let value = trimmed(&self.0.get(token).known()?).to_owned();
        (!value.is_empty()).then(|| Given { value, source: Source::Argument(token.path()) })
    }

    fn secret(
        &self,
        token: Token<Configuration, Option<Secret<String>>>,
    ) -> Option<Given<Sensitive<String>>> {
        let value = trimmed(self.0.get(token).known()?.expose()).to_owned();
        let source = Source::Argument(token.path());
        (!value.is_empty()).then(|| Given { value: Sensitive::new(value), source })
    }

    /// Returns the key for the server, otherwise the token.
    fn server_credential(&self) -> Option<Given<Credential>> {
        let key = self.secret(Configuration::API_KEY).map(|key| key.map(Credential::Key));
        key.or_else(|| self.secret(Configuration::API_TOKEN).map(|token| token.map(Credential::Token)))
    }
}

fn no_credentials(environment: &Environment) -> Diag {
    let diag = Diag::error("No credentials configured").why(
        "Neither the provider block nor the environment sets a service account key for ZenML Pro or the \
         address of a server.",
    );
    let lone = environment.text(environment::CONTROL_PLANE_URL).map(|url| url.source);
    let lone = lone.or_else(|| environment_credential(environment).map(|credential| credential.source));
    let diag = match lone {
        Some(source) => diag.why(format!("{} alone is not enough.", source.capitalized())),
        None => diag,
    };
    diag.fix(
        "For ZenML Pro, set the key of a service account here or in ZENML_SERVICE_ACCOUNT_KEY:\n  \
         service_account_key = var.zenml_service_account_key\n\nFor an open-source server, set its address \
         and an API key here or in ZENML_SERVER_URL and ZENML_API_KEY:\n  server_url = \
         \"https://zenml.example.com\"\n  api_key    = var.zenml_api_key",
    )
}

fn no_key(url: &Source) -> Diag {
    Diag::error("No key configured for the control plane")
        .why(format!(
            "{} is set, but neither service_account_key nor ZENML_SERVICE_ACCOUNT_KEY is.",
            url.capitalized()
        ))
        .fix("Add the key of a service account:\n  service_account_key = var.zenml_service_account_key")
        .at(Configuration::SERVICE_ACCOUNT_KEY)
}

fn no_server(credential: &Source) -> Diag {
    let diag = Diag::error("No server configured for the credential")
        .why(format!("{} is set, but neither server_url nor ZENML_SERVER_URL is.", credential.capitalized()))
        .fix(
            "Add the address of the server:\n  server_url = \"https://zenml.example.com\"\n\nTo manage ZenML \
             Pro itself, set the key as service_account_key instead.",
        );
    credential.mark(diag)
}

fn no_server_credential(url: &Source) -> Diag {
    let diag = Diag::error("No credential configured for the server")
        .why(format!(
            "{} is set, but none of api_key, api_token and service_account_key is, neither in the provider block nor in \
             the environment.",
            url.capitalized()
        ))
        .fix("Add an API key, or set ZENML_API_KEY:\n  api_key = var.zenml_api_key");
    match url {
        Source::Argument(_) => diag.at(Configuration::API_KEY),
        _ => diag,
    }
}

//! Environment variables: read here and nowhere else.

use std::collections::BTreeMap;

use zenml_api::Sensitive;

use crate::source::{Given, Source, trimmed};

/// Variables for `control_plane_url`, the first that is set counts.
pub const CONTROL_PLANE_URL: &[&str] = &["ZENML_CONTROL_PLANE_URL", "ZENML_PRO_API_URL"];
/// Variables for `service_account_key`.
pub const SERVICE_ACCOUNT_KEY: &[&str] = &["ZENML_SERVICE_ACCOUNT_KEY", "ZENML_PRO_API_KEY"];
/// Variables for `organization_id`.
pub const ORGANIZATION_ID: &[&str] = &["ZENML_ORGANIZATION_ID"];
/// Variables for `workspace_id`.
pub const WORKSPACE_ID: &[&str] = &["ZENML_WORKSPACE_ID"];
/// Variables for `server_url`.
pub const SERVER_URL: &[&str] = &["ZENML_SERVER_URL"];
/// Variables for `api_key`.
pub const API_KEY: &[&str] = &["ZENML_API_KEY"];
/// Variables for `api_token`.
pub const API_TOKEN: &[&str] = &["ZENML_API_TOKEN"];

const ALL: [&[&str]; 7] =
    [CONTROL_PLANE_URL, SERVICE_ACCOUNT_KEY, ORGANIZATION_ID, WORKSPACE_ID, SERVER_URL, API_KEY, API_TOKEN];

/// What the environment says where the provider block does not. White space around a value does not count, and a
/// variable that is then empty counts as not set.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<&'static str, Sensitive<String>>);

impl Environment {
    /// An environment with these variables and no others.
    pub fn of(variables: impl IntoIterator<Item = (&'static str, impl Into<String>)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name, trimmed(&value.into()).to_owned()));
        Self(
            variables
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, Sensitive::new(value)))
                .collect(),
        )
    }

    /// Reads the environment of this process. Credentials in it are masked in all that is logged or told from now on;
    /// those of the provider block are masked by the framework.
    pub fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the environment")]
        let read = |name: &'static str| {
            // What is no text is kept as one, so that it is refused by name instead of being taken for not set.
            std::env::var_os(name).map(|value| (name, value.to_string_lossy().into_owned()))
        };
        let environment = Self::of(ALL.into_iter().flatten().filter_map(|name| read(name)));
        for name in [SERVICE_ACCOUNT_KEY, API_KEY, API_TOKEN].into_iter().flatten() {
            if let Some(secret) = environment.0.get(name) {
                tfkit_serve::mask(secret.expose());
            }
        }
        environment
    }

    /// The first of these variables that is set.
    pub(crate) fn secret(&self, names: &[&'static str]) -> Option<Given<Sensitive<String>>> {
        let found = names.iter().find_map(|name| self.0.get_key_value(name));
        found.map(|(name, value)| Given { value: value.clone(), source: Source::Variable(name) })
    }

    /// The same, for what is no secret.
    pub(crate) fn text(&self, names: &[&'static str]) -> Option<Given<String>> {
        self.secret(names).map(|given| given.map(Sensitive::into_exposed))
    }
}

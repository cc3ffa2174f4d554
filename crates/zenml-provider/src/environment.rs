//! Environment variables. No other module reads them.

use std::collections::BTreeMap;

use zenml_api::Sensitive;

use crate::source::{Given, Source, trimmed};

/// Variables for `control_plane_url`, in order of precedence.
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

/// The settings from environment variables. Surrounding white space is ignored, and an empty variable counts as not
/// set.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<&'static str, Sensitive<String>>);

impl Environment {
    /// Creates an environment with only these variables.
    pub fn of(variables: impl IntoIterator<Item = (&'static str, impl Into<String>)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name, trimmed(&value.into()).to_owned()));
        Self(
            variables
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, Sensitive::new(value)))
                .collect(),
        )
    }

    /// Reads the environment of this process. From now on, its credentials are masked in logs and diagnostics. The
    /// framework masks those of the provider block.
    pub fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "only this module reads the environment")]
        let read = |name: &'static str| {
            // A value that is not valid Unicode is kept as text, so that it is rejected by name instead of counting
            // as not set.
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

    /// Returns the first of these variables that is set.
    pub(crate) fn secret(&self, names: &[&'static str]) -> Option<Given<Sensitive<String>>> {
        let found = names.iter().find_map(|name| self.0.get_key_value(name));
        found.map(|(name, value)| Given { value: value.clone(), source: Source::Variable(name) })
    }

    /// Does the same for values that are not secret.
    pub(crate) fn text(&self, names: &[&'static str]) -> Option<Given<String>> {
        self.secret(names).map(|given| given.map(Sensitive::into_exposed))
    }
}

//! Environment variables: read here and nowhere else.

use zenml_api::Sensitive;

/// What the environment says where the provider block does not. An empty variable counts as unset.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `ZENML_CONTROL_PLANE_URL`, else `ZENML_PRO_API_URL`.
    pub control_plane_url: Option<String>,
    /// `ZENML_SERVICE_ACCOUNT_KEY`, else `ZENML_PRO_API_KEY`.
    pub service_account_key: Option<Sensitive<String>>,
    /// `ZENML_ORGANIZATION_ID`.
    pub organization_id: Option<String>,
    /// `ZENML_WORKSPACE_ID`.
    pub workspace_id: Option<String>,
    /// `ZENML_SERVER_URL`.
    pub server_url: Option<String>,
    /// `ZENML_API_KEY`.
    pub api_key: Option<Sensitive<String>>,
    /// `ZENML_API_TOKEN`.
    pub api_token: Option<Sensitive<String>>,
}

impl Environment {
    /// Reads the environment of this process. Credentials in it are masked in all that is logged or told from now on;
    /// those of the provider block are masked by the framework.
    pub fn read() -> Self {
        let secret = |names| {
            let value = variable(names)?;
            tfkit_serve::mask(&value);
            Some(Sensitive::new(value))
        };
        Self {
            control_plane_url: variable(&["ZENML_CONTROL_PLANE_URL", "ZENML_PRO_API_URL"]),
            service_account_key: secret(&["ZENML_SERVICE_ACCOUNT_KEY", "ZENML_PRO_API_KEY"]),
            organization_id: variable(&["ZENML_ORGANIZATION_ID"]),
            workspace_id: variable(&["ZENML_WORKSPACE_ID"]),
            server_url: variable(&["ZENML_SERVER_URL"]),
            api_key: secret(&["ZENML_API_KEY"]),
            api_token: secret(&["ZENML_API_TOKEN"]),
        }
    }
}

/// The first of these variables that is set.
fn variable(names: &[&str]) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this is the one module that reads the environment")]
    let read = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
    names.iter().find_map(read)
}

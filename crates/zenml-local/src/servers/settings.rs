//! What a server is told: its environment variables.

use std::path::PathBuf;

use super::folder::Folder;
use super::{ENROLLMENT, rows};
use crate::crypto::Vault;
use crate::engine::WorkspaceSpec;
use crate::error::Result;
use crate::store::Store;

/// Purposes of a server's secrets.
const SESSIONS: &str = "sessions";
const SECRETS: &str = "secrets";

/// Where a server and its control plane are.
pub(super) struct Place<'a> {
    pub(super) platform: &'a str,
    pub(super) folder: &'a Folder,
    pub(super) port: u16,
}

/// Returns the address of a server.
pub(super) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Returns the environment variables of a server. It gets no others.
pub(super) async fn variables(
    store: &Store,
    vault: &Vault,
    workspace: &WorkspaceSpec,
    at: Place<'_>,
) -> Result<Vec<(&'static str, String)>> {
    let id = workspace.place.workspace;
    let secret = |purpose| vault.secret_of_server(id, purpose).into_exposed();
    let text = |path: PathBuf| path.display().to_string();
    let organization_name = rows::read(store, workspace).await?.organization_name;
    let (platform, home) = (at.platform.to_owned(), text(at.folder.home()));
    Ok(vec![
        ("HOME", home.clone()),
        ("TMPDIR", home),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("ZENML_CONFIG_PATH", text(at.folder.configuration())),
        ("ZENML_STORE_TYPE", "sql".to_owned()),
        ("ZENML_STORE_URL", format!("sqlite:///{}", text(at.folder.data().file()))),
        ("ZENML_SECRETS_STORE_TYPE", "sql".to_owned()),
        ("ZENML_SECRETS_STORE_ENCRYPTION_KEY", secret(SECRETS)),
        ("ZENML_SERVER_DEPLOYMENT_TYPE", "cloud".to_owned()),
        ("ZENML_SERVER_PRO_API_URL", platform.clone()),
        ("ZENML_SERVER_PRO_DASHBOARD_URL", platform.clone()),
        ("ZENML_SERVER_PRO_OAUTH2_AUDIENCE", platform),
        ("ZENML_SERVER_PRO_OAUTH2_CLIENT_SECRET", secret(ENROLLMENT)),
        ("ZENML_SERVER_PRO_ORGANIZATION_ID", workspace.place.organization.to_string()),
        ("ZENML_SERVER_PRO_ORGANIZATION_NAME", organization_name),
        ("ZENML_SERVER_PRO_WORKSPACE_ID", id.to_string()),
        ("ZENML_SERVER_PRO_WORKSPACE_NAME", workspace.name.clone()),
        ("ZENML_SERVER_SERVER_URL", url(at.port)),
        ("ZENML_SERVER_JWT_SECRET_KEY", secret(SESSIONS)),
        ("ZENML_ANALYTICS_OPT_IN", "false".to_owned()),
        ("ZENML_LOGGING_COLORS_DISABLED", "true".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("PYTHONUNBUFFERED", "1".to_owned()),
    ])
}

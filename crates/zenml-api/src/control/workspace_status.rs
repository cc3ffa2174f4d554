//! The status report of a workspace server when it has started.

use crate::Endpoint;

/// Reports that a workspace server is running. There is no body: id, version and URL are in the headers below.
pub const REPORT: Endpoint<(), (), (), ()> =
    Endpoint::patch("/workspace_status").aliases(&["/tenant_status"]);

/// Header with the calling workspace; on every request of a workspace server.
pub const SERVER_ID: &str = "zenml-server-id";
/// Header with the version of the workspace server.
pub const SERVER_VERSION: &str = "zenml-server-version";
/// Header with the URL of the workspace server, if it is known.
pub const SERVER_URL: &str = "zenml-server-url";

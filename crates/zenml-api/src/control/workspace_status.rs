//! "I am up": what a workspace server says when it has started.

use crate::Endpoint;

/// Reports that a workspace server runs. There is no body: id, version and address are in the headers below.
pub const REPORT: Endpoint<(), (), (), ()> =
    Endpoint::patch("/workspace_status").aliases(&["/tenant_status"]);

/// Header with the workspace that calls; on every call of a workspace server.
pub const SERVER_ID: &str = "zenml-server-id";
/// Header with the version of the workspace server.
pub const SERVER_VERSION: &str = "zenml-server-version";
/// Header with the address of the workspace server, if it knows it.
pub const SERVER_URL: &str = "zenml-server-url";

//! The control plane itself.

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// Checks whether the server is running. The format of the response is not documented. Public.
pub const HEALTH: Endpoint<(), (), (), ()> = Endpoint::get("/health");
/// Facts about it; open to everyone.
pub const INFO: Endpoint<(), (), (), ServerInfo> = Endpoint::get("/server/info");

/// Facts about a control plane. The reference does not show them, so all are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ServerInfo {
    /// Name of the product.
    pub name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Address of the dashboard.
    pub dashboard_url: Option<String>,
}

//! Sharing single objects with a team or a user. Only workspaces of ZenML Pro have this route.

use serde::{Deserialize, Serialize};

use crate::Endpoint;

/// Makes these actions the complete share of a team or a user on one object; an empty list removes it.
///
/// The caller needs the action `share` on the object and every action that it grants.
pub const SHARE: Endpoint<(), ShareQuery, Vec<String>, ()> = Endpoint::post("/users/resource_membership");

/// Which object is shared, and with whom. Exactly one of `team_id` and `user_id` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShareQuery {
    /// Type of the object: `stack`, `stack_component`, `service_connector`, `secret` or another.
    pub resource_type: String,
    /// Id of the object.
    pub resource_id: String,
    /// Team, by its id on the control plane.
    pub team_id: Option<String>,
    /// User or service account, by its id on the control plane.
    pub user_id: Option<String>,
}

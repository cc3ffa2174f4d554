//! Sharing single objects with a team or a user. Only workspaces of ZenML Pro have this endpoint.

use serde::{Deserialize, Serialize};

use crate::rbac::{Action, ResourceType};
use crate::{Endpoint, ObjectId, TeamId, UserId};

/// Sets the complete share of a team or a user on one object; an empty list removes it.
///
/// The caller requires the action `share` on the object, and every action that it grants.
pub const SHARE: Endpoint<(), ShareQuery, Vec<Action>, ()> = Endpoint::post("/users/resource_membership");

/// The shared object and the principal. Exactly one of `team_id` and `user_id` is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareQuery {
    /// Type of the object.
    pub resource_type: ResourceType,
    /// Id of the object.
    pub resource_id: ObjectId,
    /// Team, by its id on the control plane.
    #[serde(default)]
    pub team_id: Option<TeamId>,
    /// User or service account, by its id on the control plane.
    #[serde(default)]
    pub user_id: Option<UserId>,
}

//! Organizations.

use serde::{Deserialize, Serialize};

use super::user::User;
use super::workspace::{Workspace, WorkspaceStatus};
use crate::paging::offset_query;
use crate::{Endpoint, IdOrName, OrganizationId, Patch, Timestamp, UserId};

/// Organizations that the caller has access to.
pub const LIST: Endpoint<(), OrganizationQuery, (), Vec<Organization>> = Endpoint::get("/organizations");
/// Creates an organization; rejected for service accounts.
pub const CREATE: Endpoint<(), (), OrganizationCreate, Organization> = Endpoint::post("/organizations");
/// One organization.
pub const GET: Endpoint<IdOrName<OrganizationId>, (), (), Organization> =
    Endpoint::get("/organizations/{organization_id_or_name}");
/// Changes an organization.
pub const UPDATE: Endpoint<OrganizationId, (), OrganizationUpdate, Organization> =
    Endpoint::patch("/organizations/{organization_id}");
/// Deletes an organization.
pub const DELETE: Endpoint<OrganizationId, (), (), ()> = Endpoint::delete("/organizations/{organization_id}");
/// Workspaces of an organization.
pub const WORKSPACES: Endpoint<OrganizationId, OrganizationWorkspaceQuery, (), Vec<Workspace>> =
    Endpoint::get("/organizations/{organization_id}/workspaces")
        .aliases(&["/organizations/{organization_id}/tenants"]);
/// Whether a name can be used for a new organization.
pub const NAME_IS_FREE: Endpoint<String, (), (), bool> =
    Endpoint::get("/organizations/validation/name/{organization_name}");

/// An organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Organization {
    /// Identifier of the organization.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Address of its logo.
    #[serde(default)]
    pub logo_url: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Who owns it.
    #[serde(default)]
    pub owner: Option<Box<User>>,
    /// Whether it is in trial or billed.
    #[serde(default)]
    pub has_active_subscription: Option<bool>,
    /// Seconds until the trial ends; `None` outside a trial.
    #[serde(default)]
    pub trial_expiry: Option<i64>,
    /// DNS domains whose invitations are accepted automatically at the next login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_domains: Option<Vec<String>>,
}

/// Filters of [`LIST`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OrganizationQuery {
    /// Exact name.
    pub name: Option<String>,
    /// Owner.
    pub owner_id: Option<UserId>,
    /// Owner by name.
    pub owner_username: Option<String>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

/// Filters of [`WORKSPACES`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OrganizationWorkspaceQuery {
    /// Status.
    pub status: Option<WorkspaceStatus>,
    /// Items to leave out at the start.
    pub offset: Option<u64>,
    /// Most items to return.
    pub limit: Option<u64>,
}

offset_query!(OrganizationQuery, OrganizationWorkspaceQuery);

/// A new organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrganizationCreate {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Address of its logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
}

/// Changes of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct OrganizationUpdate {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Address of its logo.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub logo_url: Patch<String>,
    /// The complete new set of trusted domains; super-users only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_domains: Option<Vec<String>>,
}

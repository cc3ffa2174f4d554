//! Permission questions of workspace servers, and the shares of single resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::role::Role;
use super::team::Team;
use super::user::User;
use crate::rbac::{Action, ResourceRef};
use crate::{Endpoint, TeamId, UserId};

/// Checks whether a user has a permission on each of many resources. Workspace servers only.
pub const CHECK_PERMISSIONS: Endpoint<(), CheckQuery, Vec<String>, BTreeMap<String, bool>> =
    Endpoint::post("/rbac/check_permissions");
/// The older form of the same request.
pub const CHECK_PERMISSIONS_OLD: Endpoint<(), OldCheckQuery, (), BTreeMap<String, bool>> =
    Endpoint::get("/rbac/check_permissions");
/// Returns the objects of a type on which a user has a permission. Workspace servers only.
pub const ALLOWED_RESOURCE_IDS: Endpoint<(), AllowedQuery, (), AllowedResourceIds> =
    Endpoint::get("/rbac/allowed_resource_ids");
/// Teams of a user. Workspace servers only.
pub const USER_TEAM_IDS: Endpoint<(), UserTeamsQuery, (), Vec<TeamId>> = Endpoint::get("/rbac/user_team_ids");
/// Returns the permissions on one resource, for user callers, who must include the workspace in the resource string:
/// see [`ResourceRef::user_forms`].
pub const RESOURCE_MEMBERS: Endpoint<(), ResourceQuery, (), Vec<ResourceMember>> =
    Endpoint::get("/rbac/resource_members");
/// Replaces the permissions of one principal on one resource. Workspace servers only: users share through the
/// workspace.
pub const SHARE: Endpoint<(), (), Share, ()> = Endpoint::post("/rbac/resource_members");
/// Deletes the shares of resources that no longer exist. Workspace servers only.
pub const FORGET: Endpoint<(), ForgetQuery, (), ()> = Endpoint::delete("/rbac/resources");

/// User and action of [`CHECK_PERMISSIONS`]; the resource strings are the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckQuery {
    /// The user, by the control plane's id.
    pub user_id: UserId,
    /// The action that the user wants to perform.
    pub action: Action,
}

/// The question of [`CHECK_PERMISSIONS_OLD`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OldCheckQuery {
    /// The user.
    pub user_id: UserId,
    /// The action that the user wants to perform.
    pub action: Action,
    /// The resource strings.
    #[serde(default)]
    pub resources: Vec<String>,
}

/// The question of [`ALLOWED_RESOURCE_IDS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowedQuery {
    /// The user.
    pub user_id: UserId,
    /// The type, without an id: `stack`, `<project>:pipeline`. A newer server may ask for types that are not known here.
    pub resource: String,
    /// The action that the user wants to perform.
    pub action: Action,
}

/// The response of [`ALLOWED_RESOURCE_IDS`]; both members are always present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowedResourceIds {
    /// Whether all objects of the type are allowed.
    pub full_access: bool,
    /// The allowed objects, when not all are.
    pub ids: Vec<Uuid>,
}

/// The user whose teams are requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserTeamsQuery {
    /// The user.
    pub user_id: UserId,
}

/// The resource of [`RESOURCE_MEMBERS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceQuery {
    /// The resource string, with an id and the workspace.
    pub resource: String,
}

/// The permissions of one principal on a resource. A role represents everyone who holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceMember {
    /// The user or service account.
    #[serde(default)]
    pub user: Option<User>,
    /// The team.
    #[serde(default)]
    pub team: Option<Team>,
    /// The role.
    #[serde(default)]
    pub role: Option<Role>,
    /// What is allowed.
    #[serde(default)]
    pub allowed_actions: Vec<Action>,
}

/// The whole new set of actions of one principal on one resource; an empty set removes the share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// The user, or …
    pub user_id: Option<UserId>,
    /// … the team; exactly one of the two.
    pub team_id: Option<TeamId>,
    /// Who shares.
    pub sharing_user_id: Option<UserId>,
    /// The object.
    pub resource: ResourceRef,
    /// What is allowed from now on.
    pub actions: Vec<Action>,
}

/// Which resources are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ForgetQuery {
    /// The resource strings.
    pub resources: Vec<ResourceRef>,
}

//! Permission questions of workspace servers, and the shares of single resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::role::Role;
use super::team::Team;
use super::user::User;
use crate::rbac::{Action, ResourceRef};
use crate::{Endpoint, TeamId, UserId};

/// Whether a user may do something with each of many resources. Workspace servers only.
pub const CHECK_PERMISSIONS: Endpoint<(), CheckQuery, Vec<String>, BTreeMap<String, bool>> =
    Endpoint::post("/rbac/check_permissions");
/// The same question in its older form.
pub const CHECK_PERMISSIONS_OLD: Endpoint<(), OldCheckQuery, (), BTreeMap<String, bool>> =
    Endpoint::get("/rbac/check_permissions");
/// Which objects of a type a user may do something with. Workspace servers only.
pub const ALLOWED_RESOURCE_IDS: Endpoint<(), AllowedQuery, (), AllowedResourceIds> =
    Endpoint::get("/rbac/allowed_resource_ids");
/// Teams of a user. Workspace servers only.
pub const USER_TEAM_IDS: Endpoint<(), UserTeamsQuery, (), Vec<TeamId>> = Endpoint::get("/rbac/user_team_ids");
/// Who may do what with one resource, for user callers, who have to name the workspace in the resource string:
/// see [`ResourceRef::user_forms`].
pub const RESOURCE_MEMBERS: Endpoint<(), ResourceQuery, (), Vec<ResourceMember>> =
    Endpoint::get("/rbac/resource_members");
/// Replaces what one principal may do with one resource. Workspace servers only: users share through the
/// workspace.
pub const SHARE: Endpoint<(), (), Share, ()> = Endpoint::post("/rbac/resource_members");
/// Forgets the shares of resources that are gone. Workspace servers only.
pub const FORGET: Endpoint<(), ForgetQuery, (), ()> = Endpoint::delete("/rbac/resources");

/// Who asks for what in [`CHECK_PERMISSIONS`]; the resource strings are the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckQuery {
    /// The user, by the control plane's id.
    pub user_id: UserId,
    /// What the user wants to do.
    pub action: Action,
}

/// The question of [`CHECK_PERMISSIONS_OLD`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OldCheckQuery {
    /// The user.
    pub user_id: UserId,
    /// What the user wants to do.
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
    /// The type, without an id: `stack`, `<project>:pipeline`.
    pub resource: ResourceRef,
    /// What the user wants to do.
    pub action: Action,
}

/// The answer of [`ALLOWED_RESOURCE_IDS`]; both members are always there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AllowedResourceIds {
    /// Whether all objects of the type are allowed.
    pub full_access: bool,
    /// The allowed objects, when not all are.
    pub ids: Vec<Uuid>,
}

/// Whose teams are asked for.
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

/// What one principal may do with a resource. A role stands for everyone who holds it.
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

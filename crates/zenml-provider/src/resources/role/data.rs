//! The data sources `zenml_role`, `zenml_roles` and `zenml_permissions`.

use std::collections::BTreeMap;

use printable::A;
use tfkit::{Computed, Cx, DataSource, Diag, Model, Object, OrServer};
use zenml_api::control::role::{self as api, Role, RoleLevel};
use zenml_api::{OrganizationId, RoleId};
use zenml_client::Optional as _;

use super::permissions::{self, Permissions};
use crate::access::role::{roles, unknown_role};
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::lookup;

/// Looks up a role of an organization, predefined or custom, by ID, or by name and level.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "role", kind = data_source)]
#[model(rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
#[model(rule = tfkit::check::Rule::Requires("name", &["level"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct RoleData {
    /// ID of the organization that the role belongs to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the role. It differs between organizations, even for predefined roles.
    pub id: OrServer<Id<RoleId>>,
    /// Full name of the role, such as `Workspace Admin`, or its short name, such as `admin`.
    pub name: OrServer<String>,
    /// Level of the role.
    #[attr(check = in_plan(one_of(&["organization", "workspace", "project"])))]
    pub level: OrServer<String>,
    /// Full name of the role.
    pub full_name: Computed<Option<String>>,
    /// Description of the role.
    pub description: Computed<Option<String>>,
    /// Whether the role is predefined.
    pub system_managed: Computed<bool>,
    /// Actions that the role allows, by resource type. Null if the control plane does not report them.
    pub permissions: Computed<Option<Permissions>>,
}

impl DataSource for RoleData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let known = roles(client, organization).await?;
        let level = RoleLevel::parse(config.level.as_ref().map_or("", String::as_str));
        let listed = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(Id(id)), _) => known.by_id(*id).ok_or_else(|| missing(*id, organization))?,
            (None, Some(name)) => {
                known.named(&level, name).ok_or_else(|| unknown_role(&known, &level, name).at(Self::NAME))?
            }
            (None, None) => return Err(Diag::bug("A role is looked up without id and name")),
        };
        if level.is_known() && listed.level != level {
            return Err(Diag::error(format!("The role {} is not {} role", listed.id, A(&level)))
                .why(format!("It is {} role.", A(&listed.level)))
                .fix("Correct the level, or remove it.")
                .at(Self::LEVEL));
        }
        // Not every control plane returns the permissions of listed roles.
        let detailed = client.control_plane()?.call(&api::GET, listed.id).await.optional();
        let detailed = detailed.map_err(|error| {
            cannot(format_args!("read the role {}", listed.id), Needs::ORGANIZATION_VIEWER, &error)
        })?;
        let Role { id, name, level, description, system_managed, permissions, .. } =
            detailed.unwrap_or_else(|| listed.clone());
        let full_name = name.or_else(|| listed.name.clone());
        let permissions = permissions.or_else(|| listed.permissions.clone());
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            id: OrServer::known(Id(id)),
            // The name stays as the user wrote it, short or full.
            name: match config.name.into_option() {
                Some(name) => OrServer::known(name),
                None => OrServer::from_option(full_name.clone()),
            },
            level: OrServer::known(level.as_str().to_owned()),
            full_name: Computed::known(full_name),
            description: Computed::known(description),
            system_managed: Computed::known(system_managed),
            permissions: Computed::known(permissions.as_deref().map(permissions::read)),
        })
    }
}

fn missing(id: RoleId, organization: OrganizationId) -> Diag {
    Diag::error(format!("The organization has no role {id}"))
        .why(format!("The roles of the organization {organization} do not include it."))
        .fix("Role ids differ between organizations. Look the role up by its name and level instead.")
        .at(RoleData::ID)
}

/// Lists the roles of an organization at one level, predefined and custom, optionally filtered.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "roles", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct RolesData {
    /// ID of the organization that the roles belong to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// Level of the roles.
    #[attr(check = in_plan(one_of(&["organization", "workspace", "project"])))]
    pub level: String,
    /// Return only predefined roles, or only custom ones.
    pub system_managed: Option<bool>,
    /// Return only roles whose name starts with this prefix.
    pub name_prefix: Option<String>,
    /// The roles, by name.
    pub roles: Computed<BTreeMap<String, RoleSummary>>,
}

/// A role in a list.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct RoleSummary {
    /// ID of the role.
    pub id: Computed<Id<RoleId>>,
    /// Full name of the role.
    pub name: Computed<String>,
    /// Description of the role.
    pub description: Computed<Option<String>>,
    /// Whether the role is predefined.
    pub system_managed: Computed<bool>,
    /// Actions that the role allows, by resource type. Null if the control plane does not report them.
    pub permissions: Computed<Option<Permissions>>,
}

impl DataSource for RolesData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let known = roles(client, organization).await?;
        let level = RoleLevel::parse(&config.level);
        let is_wanted = |name: &str, role: &Role| {
            config.system_managed.is_none_or(|wanted| wanted == role.system_managed)
                && lookup::begins(name, config.name_prefix.as_deref())
        };
        let summary = |role: &Role| {
            let name = role.name.clone().filter(|name| is_wanted(name, role))?;
            let permissions = role.permissions.as_deref().map(permissions::read);
            let summary = RoleSummary {
                id: Computed::known(Id(role.id)),
                name: Computed::known(name.clone()),
                description: Computed::known(role.description.clone()),
                system_managed: Computed::known(role.system_managed),
                permissions: Computed::known(permissions),
            };
            Some((name, summary))
        };
        let roles = known.of(&level).filter_map(summary).collect();
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            roles: Computed::known(roles),
            ..config
        })
    }
}

/// Lists the permissions that custom roles of a level can contain.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "permissions", kind = data_source)]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct PermissionsData {
    /// Level of the roles.
    #[attr(check = in_plan(one_of(&["organization", "workspace", "project"])))]
    pub level: String,
    /// Actions by resource type.
    pub permissions: Computed<Permissions>,
}

impl DataSource for PermissionsData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        client.control_plane()?;
        let offered = permissions::offered(client, &RoleLevel::parse(&config.level)).await;
        let offered = offered.map_err(|error| {
            cannot("list the permissions of custom roles", Needs::ORGANIZATION_VIEWER, &error)
        })?;
        Ok(Self { permissions: Computed::known((*offered).clone()), ..config })
    }
}

//! The data source `zenml_role`.

use std::collections::BTreeSet;

use printable::A;
use tfkit::{Computed, Cx, DataSource, Diag, Model, OrServer};
use zenml_api::control::role::{self as api, Role, RoleLevel};
use zenml_api::{OrganizationId, RoleId};
use zenml_client::Optional as _;

use crate::access::role::{roles, unknown_role};
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::id::Id;

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
    /// Permissions of the role, as `RESOURCE:ACTION`. Null if the control plane does not report them.
    pub permissions: Computed<Option<BTreeSet<String>>>,
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
        // Only a single read returns the permissions of a role.
        let detailed = client.control_plane()?.call(&api::GET, listed.id).await.optional();
        let detailed = detailed.map_err(|error| {
            cannot(format_args!("read the role {}", listed.id), Needs::ORGANIZATION_VIEWER, &error)
        })?;
        let Role { id, name, level, description, system_managed, permissions, .. } =
            detailed.unwrap_or_else(|| listed.clone());
        let full_name = name.or_else(|| listed.name.clone());
        let permissions = permissions.map(|permissions| {
            permissions.iter().map(|one| format!("{}:{}", one.resource, one.action)).collect()
        });
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
            permissions: Computed::known(permissions),
        })
    }
}

fn missing(id: RoleId, organization: OrganizationId) -> Diag {
    Diag::error(format!("The organization has no role {id}"))
        .why(format!("The roles of the organization {organization} do not include it."))
        .fix("Role ids differ between organizations. Look the role up by its name and level instead.")
        .at(RoleData::ID)
}

//! `zenml_role`: a custom role.

mod data;
mod holders;
mod import;
mod list;
mod permissions;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Existing, Generated, ImportId, Imported, Model, OrServer, Page,
    Partial, Plan, Resource, Since,
};
use zenml_api::control::role::{self as api, RoleCreate, RoleLevel, RoleQuery, RoleUpdate};
use zenml_api::{OrganizationId, Patch, RoleId};
use zenml_client::{ApiError, Optional as _, Pages, Refused};

pub use self::data::{PermissionsData, RoleData, RoleSummary, RolesData};
pub use self::list::RoleFilters;
use self::permissions::Permissions;
use crate::access::role::{announce, forget, is_predefined, roles};
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// A custom role: permissions that can be granted in an organization, a workspace or a project, besides the predefined
/// roles.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "role", import = "LEVEL/NAME")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct Role {
    /// ID of the organization that the role belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the role. Role assignments refer to it as `role_id`.
    #[attr(key, stable)]
    pub id: Computed<Id<RoleId>>,
    /// Name of the role, unique in its organization and level. It cannot be the name of a predefined role.
    #[attr(check = length(1..=50))]
    pub name: String,
    /// Description of the role.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// Where the role can be assigned: `organization`, `workspace` or `project`. It applies there and to everything
    /// below.
    #[attr(replace, check = in_plan(one_of(&["organization", "workspace", "project"])))]
    pub level: String,
    /// Actions that the role allows, by resource type, such as `{ stack = ["read", "update"] }`. The data source
    /// [`zenml_permissions`](../data-sources/permissions.md) lists what a level offers.
    #[attr(check = each(non_empty()))]
    pub permissions: Permissions,
}

/// A role on the control plane, with the organization that it was read from.
#[derive(Clone, Debug)]
pub struct Remote {
    organization: OrganizationId,
    role: api::Role,
}

impl Resource for Role {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &RoleKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        let found = client.control_plane()?.call(&api::GET, key.id.0).await.optional();
        let found = found.map_err(|error| failed("read", &key.id.to_string(), &error))?;
        let Some(mut role) = found else {
            control::organization::gone_from(client, organization, &format!("the role {}", key.id)).await?;
            // Members without permission for roles find none. Unlike a read, a list says so.
            page(client, organization, 0).await?;
            return Ok(None);
        };
        if role.name.is_none() || role.permissions.is_none() {
            // The documented response of a single read may omit both.
            let known = roles(client, organization).await?;
            if let Some(listed) = known.by_id(role.id) {
                role.name = role.name.or_else(|| listed.name.clone());
                role.permissions = role.permissions.or_else(|| listed.permissions.clone());
            }
        }
        if role.permissions.is_none() {
            permissions::warn_of_silence(cx);
        }
        Ok(Some(Remote { organization, role }))
    }

    fn scope(_: &Cx<Client>, key: &RoleKey) -> Option<String> {
        key.organization_id.map(|organization| organization.to_string())
    }

    async fn page(cx: &Cx<Client>, scope: &str, from: Option<u64>) -> Result<Page<RoleKey, Remote>, Diag> {
        let organization = scope.parse().map_err(|_| Diag::bug("A scope is not an organization"))?;
        let (roles, next) = page(cx.client().await?, organization, from.unwrap_or(0)).await?;
        let is_whole = |role: &api::Role| role.name.is_some() && role.permissions.is_some();
        let item = |role: api::Role| {
            let key = RoleKey { organization_id: Some(Id(organization)), id: Id(role.id) };
            (key, Remote { organization, role })
        };
        Ok(Page { items: roles.into_iter().filter(is_whole).map(item).collect(), next })
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Remote { organization, role } = remote;
        let known = since.model();
        let name = role.name.clone().or_else(|| known.map(|known| known.name.clone()));
        // A control plane that does not report permissions keeps the configured ones.
        let permissions = role.permissions.as_deref().map(permissions::read);
        let permissions = permissions.or_else(|| known.map(|known| known.permissions.clone()));
        Ok(Self {
            organization_id: OrServer::known(Id(*organization)),
            id: Computed::known(Id(role.id)),
            name: name.unwrap_or_default(),
            description: role.description.clone(),
            level: role.level.as_str().to_owned(),
            permissions: permissions.unwrap_or_default(),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let role = create_new(client, organization, &plan).await;
        forget(client, organization);
        Self::observe(&Remote { organization, role: role? }, Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let Current { model: prior, remote, .. } = current;
        let Remote { organization, role } =
            remote.ok_or_else(|| Diag::bug("A role is updated without being read"))?;
        let client = cx.client().await?;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let change = RoleUpdate {
            name: (plan.name != prior.name).then(|| plan.name.clone()),
            description: Patch::between(text(&prior.description).as_ref(), text(&plan.description)),
            permissions: (plan.permissions != prior.permissions)
                .then(|| permissions::sent(&plan.permissions)),
        };
        if change == RoleUpdate::default() {
            return Self::observe(&Remote { organization, role }, Since::Answer(&plan));
        }
        let changed = client.control_plane()?.send(&api::UPDATE, role.id, (), change).await.optional();
        forget(client, organization);
        let role = changed.map_err(|error| match error {
            ApiError::Conflict(_) => failed("rename", &prior.name, &error).at(Self::NAME),
            error => failed("change", &prior.name, &error),
        })?;
        let role = role.ok_or_else(|| vanished(&plan.name))?;
        Self::observe(&Remote { organization, role }, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let id = prior.id.get()?.0;
        let organization = prior.organization_id.as_ref().map(|id| id.0);
        let role = holders::Deleted { id, organization, level: &prior.level, name: &prior.name };
        holders::require_none(client, &role).await?;
        let gone = client.control_plane()?.call(&api::DELETE, id).await.optional();
        if let Some(organization) = organization {
            forget(client, organization);
        }
        match gone {
            Ok(_) => Ok(()),
            Err(error) => {
                // Somebody may have got the role meanwhile.
                holders::require_none(client, &role).await?;
                Err(match error {
                    ApiError::Conflict(refused) => still_in_use(&prior.name, &refused),
                    error => failed("delete", &prior.name, &error),
                })
            }
        }
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let (level, name) = (config.get(Self::LEVEL).known(), config.get(Self::NAME).known());
        let (Some(level), Some(name)) = (level, name) else { return Vec::new() };
        if !is_predefined(&RoleLevel::parse(&level), &name) {
            return Vec::new();
        }
        vec![predefined(&level, &name)]
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let organization = values.get(Self::ORGANIZATION_ID).known()?.to_string();
        let (level, name) = (values.get(Self::LEVEL).known()?, values.get(Self::NAME).known()?);
        Some(Claim::new(format!("{level} role {name:?}"), &[&organization, &level, &name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            return Ok(());
        }
        control::organization::plan_default(cx, plan, Self::ORGANIZATION_ID).await;
        if let Some(client) = cx.client_if_known() {
            let organization = plan.get(Self::ORGANIZATION_ID).known();
            let (level, name) = (plan.get(Self::LEVEL).known(), plan.get(Self::NAME).known());
            if let (Some(Id(organization)), Some(level), Some(name)) = (organization, level, name) {
                announce(client, organization, &level, &name);
            }
            if plan.is_create() || plan.changes(Self::PERMISSIONS) || plan.changes(Self::LEVEL) {
                let level = plan.get(Self::LEVEL).known();
                let planned = plan.config().dyn_of(Self::PERMISSIONS).clone();
                for (resource, problem) in permissions::problems(client, level, &planned).await {
                    plan.error(problem.at(Self::PERMISSIONS.path().key(&resource)));
                }
            }
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, RoleKey>) -> Result<Imported<Self>, Diag> {
        let client = cx.client().await?;
        let key = match id {
            ImportId::Key(key) => key,
            ImportId::Text(text) => {
                let (organization, id) = import::role(client, text).await?;
                RoleKey { organization_id: Some(Id(organization)), id: Id(id) }
            }
        };
        let organization = control::organization::of_key(client, key.organization_id).await?;
        let known = roles(client, organization).await?;
        if let Some(role) = known.by_id(key.id.0).filter(|role| role.system_managed) {
            return Err(import::predefined(role));
        }
        Ok(Imported::Key(RoleKey { organization_id: Some(Id(organization)), ..key }))
    }
}

/// Returns a page of the custom roles of an organization, and the start of the next one.
async fn page(
    client: &Client,
    organization: OrganizationId,
    from: u64,
) -> Result<(Vec<api::Role>, Option<u64>), Diag> {
    let query = RoleQuery { system_managed: Some(false), ..RoleQuery::default() };
    let mut roles = Pages::new(client.control_plane()?, &api::LIST, organization, query).from(from);
    let page = roles.next().await;
    let page = page.map_err(|error| cannot("list the roles", Needs::ORGANIZATION_VIEWER, &error))?;
    let custom = page.into_iter().flatten().filter(|role| !role.system_managed);
    Ok((custom.collect(), roles.position()))
}

/// Returns the role with a name, as the control plane has it now.
async fn named(
    client: &Client,
    organization: OrganizationId,
    level: &RoleLevel,
    name: &str,
) -> Result<Option<api::Role>, Diag> {
    let query = RoleQuery { name: Some(name.to_owned()), level: Some(level.clone()), ..RoleQuery::default() };
    let found = client.control_plane()?.list_all(&api::LIST, organization, query).await;
    let found = found.map_err(|error| failed("look for", name, &error))?;
    Ok(found.into_iter().find(|role| role.level == *level && role.name.as_deref() == Some(name)))
}

/// Creates the role. An existing one with the same name is never taken over, except after a lost response, if it did
/// not exist before.
async fn create_new(client: &Client, organization: OrganizationId, plan: &Role) -> Result<api::Role, Diag> {
    let level = RoleLevel::parse(&plan.level);
    let look = || named(client, organization, &level, &plan.name);
    if let Some(existing) = look().await? {
        return Err(exists(organization, &existing, plan));
    }
    let request = RoleCreate {
        organization_id: organization,
        name: plan.name.clone(),
        description: plan.description.clone().filter(|text| !text.is_empty()),
        level: level.clone(),
        permissions: permissions::sent(&plan.permissions),
    };
    let answer = client.control_plane()?.send(&api::CREATE, (), (), request).await;
    let taken = |existing: Option<&api::Role>| match existing {
        Some(existing) => exists(organization, existing, plan),
        None => Diag::error(format!("The {} role {:?} already exists", plan.level, plan.name))
            .why("The control plane has a role with this name, but this key has no access to it.")
            .fix("Choose another name.")
            .at(Role::NAME),
    };
    creation::outcome(answer, look(), taken, |error| failed("create", &plan.name, error)).await
}

fn exists(organization: OrganizationId, role: &api::Role, plan: &Role) -> Diag {
    if role.system_managed {
        return predefined(&plan.level, &plan.name);
    }
    Diag::error(format!("The {} role {:?} already exists", plan.level, plan.name))
        .why(format!(
            "The organization {organization} has a role with this name and level, and names must be unique."
        ))
        .in_the_way(Existing {
            words: "role",
            resource: "zenml_role",
            id: role.id.to_string(),
            import: format!("{organization}/{}", role.id),
        })
        .fix("To create another one, choose another name.")
        .at(Role::NAME)
}

fn predefined(level: &str, name: &str) -> Diag {
    Diag::error(format!("{name:?} is the name of a predefined {level} role"))
        .why(
            "Predefined roles cannot be created or changed, and a custom role with such a name is ambiguous.",
        )
        .fix("Choose another name. To assign the predefined role, use its name in a role assignment.")
        .at(Role::NAME)
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} role {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

/// Returns the error for a role that the control plane does not delete, although no holder is found.
fn still_in_use(name: &str, refused: &Refused) -> Diag {
    Diag::error(format!("Role {name:?} is still in use"))
        .why(format!("The control plane says: {}", refused.body.summary()))
        .fix("Revoke the role in the ZenML Pro dashboard, and run the command again.")
        .trace(refused.call.to_string())
}

fn vanished(name: &str) -> Diag {
    Diag::error(format!("Role {name:?} disappeared"))
        .why("The control plane no longer finds it. Somebody may have deleted it.")
        .fix("Run the command again to re-create it.")
}

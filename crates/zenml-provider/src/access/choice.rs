//! Finds the role of a configuration by its name or its id.

use printable::A;
use tfkit::{Diag, Maybe, Path};
use zenml_api::control::role::{Role, RoleLevel};
use zenml_api::{OrganizationId, RoleId};

use super::home::{Home, organization_of};
use super::role::{Roles, at_role, at_role_id, is_announced, roles, unknown_role, unknown_role_of};
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// Returns the role of a configuration, by name or by id.
pub async fn choose(
    client: &Client,
    level: &RoleLevel,
    organization: OrganizationId,
    name: Option<&str>,
    id: Option<RoleId>,
) -> Result<Role, Diag> {
    let roles = roles(client, organization).await?;
    match (name, id) {
        (_, Some(id)) => by_id(&roles, level, id).cloned(),
        (Some(name), None) => by_name(&roles, level, name).cloned(),
        (None, None) => Err(Diag::bug("An assignment has neither role nor role_id")),
    }
}

/// Returns an organization role by its name, for a type without `role_id`. The attribute is reported.
pub async fn named(
    client: &Client,
    organization: OrganizationId,
    name: &str,
    attribute: &'static str,
) -> Result<Role, Diag> {
    let roles = roles(client, organization).await?;
    roles.named(&RoleLevel::Organization, name).cloned().ok_or_else(|| {
        unknown_role_of(
            &roles,
            &RoleLevel::Organization,
            name,
            &format!("{attribute} = zenml_role.NAME.name"),
        )
        .at(Path::root().attr(attribute))
    })
}

/// Rejects an unknown name in a plan. The apply may create the role first, if the configuration refers to it.
pub async fn check_named(
    client: &Client,
    organization: OrganizationId,
    name: &str,
    attribute: &'static str,
) -> Result<(), Diag> {
    if is_announced(client, organization, &RoleLevel::Organization, name) {
        return Ok(());
    }
    named(client, organization, name, attribute).await.map(drop)
}

fn by_name<'a>(roles: &'a Roles, level: &RoleLevel, name: &str) -> Result<&'a Role, Diag> {
    roles.named(level, name).ok_or_else(|| unknown_role(roles, level, name).at(at_role()))
}

fn by_id<'a>(roles: &'a Roles, level: &RoleLevel, id: RoleId) -> Result<&'a Role, Diag> {
    match roles.by_id(id) {
        Some(role) if role.level == *level => Ok(role),
        Some(role) => Err(Diag::error(format!("The role {id} cannot be assigned in {}", A(level)))
            .why(format!("It is the {} role {:?}.", role.level, role.name.as_deref().unwrap_or_default()))
            .fix(format!("Choose a role of this level: {}.", roles.valid_names(level)))
            .at(at_role_id())),
        None => Err(Diag::error(format!("The organization has no role {id}"))
            .why("Role ids differ between organizations, for predefined roles too.")
            .fix(format!("Choose a role by its name: {}.", roles.valid_names(level)))
            .at(at_role_id())),
    }
}

/// Rejects an id that does not match the name beside it. A generated configuration contains both.
pub fn agree(named: &Role, id: Option<Id<RoleId>>) -> Result<(), Diag> {
    match id {
        Some(Id(id)) if id != named.id => {
            Err(Diag::error("Attributes \"role\" and \"role_id\" cannot be set together")
                .why(format!(
                    "They name two different roles: {:?} has the id {}, and role_id is {id}.",
                    named.name.as_deref().unwrap_or_default(),
                    named.id
                ))
                .fix("Keep one of them and remove the other.")
                .at(at_role_id()))
        }
        _ => Ok(()),
    }
}

/// Looks up the role of a configuration while planning, so that a wrong name is rejected before anything is created.
/// Returns the role if it is certain. While the home is unknown, the roles of the only organization that the key has
/// access to are checked; with several organizations nothing is checked.
pub async fn planned_role<H: Home>(
    client: &Client,
    level: &RoleLevel,
    home: Maybe<Id<H>>,
    name: Option<String>,
    id: Option<Id<RoleId>>,
) -> Result<Option<Role>, Diag> {
    if name.is_none() && id.is_none() {
        return Ok(None);
    }
    let certain = match home.known() {
        Some(Id(home)) => Some(organization_of(client, home).await?),
        None => None,
    };
    let organization = match certain {
        Some(organization) => organization,
        None => match control::organization::visible(client).await?.as_slice() {
            [only] => only.id,
            _ => return Ok(None),
        },
    };
    if let Some(name) = name.as_deref().filter(|name| is_announced(client, organization, level, name))
        && roles(client, organization).await?.named(level, name).is_none()
    {
        // The apply creates the role first, because the configuration refers to it.
        return Ok(None);
    }
    let first = id.filter(|_| name.is_none());
    let role = choose(client, level, organization, name.as_deref(), first.map(|id| id.0)).await?;
    agree(&role, id)?;
    Ok(certain.map(|_| role))
}

/// Returns the id of the role in the last part of an import id: an id, or a short or full name.
pub async fn named_or_id<H: Home>(
    client: &Client,
    level: &RoleLevel,
    home: H,
    role: &str,
) -> Result<RoleId, Diag> {
    if let Ok(id) = role.parse() {
        return Ok(id);
    }
    let organization = organization_of(client, home).await?;
    choose(client, level, organization, Some(role), None).await.map(|role| role.id)
}

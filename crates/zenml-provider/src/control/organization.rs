//! Organizations that the key has access to, and the default organization.

use std::sync::Arc;

use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, Generated, OrServer, Plan};
use tokio::sync::OnceCell;
use zenml_api::control::organization::{self as api, Organization, OrganizationQuery};
use zenml_api::control::role::{self, RoleQuery};
use zenml_api::{IdOrName, OrganizationId};
use zenml_client::{ApiError, Optional as _};

use crate::cache::Cache;
use crate::client::Client;
use crate::configuration::Configuration;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::source::Source;

/// Organizations that were read.
#[derive(Debug, Default)]
struct Known {
    default: OnceCell<Arc<Organization>>,
    all: Cache<OrganizationId, Option<Organization>>,
}

/// Returns the default organization: that of the provider block, otherwise the only one that the key has access to.
pub async fn default(client: &Client) -> Result<Arc<Organization>, Diag> {
    let find = async || match client.organization() {
        Some(wanted) => named(client, &wanted.value, &wanted.source).await,
        None => only(client).await,
    };
    client.memory::<Known>().default.get_or_try_init(find).await.map(Arc::clone)
}

/// Returns the organization of an import id, as an id or a name, otherwise the default one.
pub async fn written(client: &Client, text: Option<&str>) -> Result<OrganizationId, Diag> {
    let Some(text) = text else { return of_key(client, None).await };
    let wanted = IdOrName::parse(text);
    if let IdOrName::Id(id) = wanted {
        return Ok(id);
    }
    let found = client.control_plane()?.call(&api::GET, wanted).await.optional();
    let found = found.map_err(|error| {
        cannot(format_args!("read the organization {text:?}"), Needs::ORGANIZATION_VIEWER, &error)
    })?;
    found.map(|organization| organization.id).ok_or_else(|| {
        Diag::error(format!("There is no organization {text:?}"))
            .why("It does not exist, or the key has no access to it.")
            .fix("Correct the import id. Without an organization, it means the provider's organization.")
    })
}

/// Returns the organization of a resource, otherwise the default one.
pub async fn or_default(client: &Client, own: &OrServer<Id<OrganizationId>>) -> Result<OrganizationId, Diag> {
    of_key(client, own.as_ref().copied()).await
}

/// Returns the organization of a key or a filter, otherwise the default one.
pub async fn of_key(client: &Client, own: Option<Id<OrganizationId>>) -> Result<OrganizationId, Diag> {
    match own {
        Some(Id(own)) => Ok(own),
        None => default(client).await.map(|organization| organization.id),
    }
}

/// Plans the organization of a new object that does not configure one, if it is already known.
pub async fn plan_default<M: Model>(
    cx: &Cx<Client>,
    plan: &mut Plan<M>,
    own: Token<M, OrServer<Id<OrganizationId>>>,
) {
    if plan.is_create()
        && plan.config().get(own).is_null()
        && let Some(client) = cx.client_if_known()
        && let Ok(organization) = default(client).await
    {
        plan.set(own, &Id(organization.id));
    }
}

/// Omits the organization of a generated configuration if the provider block already selects it.
pub async fn omit_default<M: Model>(
    cx: &Cx<Client>,
    generated: &mut Generated<M>,
    own: Token<M, OrServer<Id<OrganizationId>>>,
) {
    if let (Some(client), Some(Id(organization))) = (cx.client_if_known(), generated.state().get(own).known())
        && default(client).await.is_ok_and(|default| default.id == organization)
    {
        generated.omit(own);
    }
}

async fn named(
    client: &Client,
    wanted: &IdOrName<OrganizationId>,
    source: &Source,
) -> Result<Arc<Organization>, Diag> {
    let found = client.control_plane()?.call(&api::GET, wanted.clone()).await.optional();
    let found = found.map_err(|error| client.at_control_plane("use the control plane", &error))?;
    if let Some(found) = found {
        client.memory::<Known>().all.put(found.id, Some(found.clone()));
        return Ok(Arc::new(found));
    }
    let seen = visible(client).await?;
    let diag = Diag::error(format!("The key has no access to the organization {:?}", wanted.to_string()))
        .why(format!("It does not exist, or the key belongs to another organization. {}", listed(&seen)))
        .fix(format!("Correct {source}, or use a key that belongs to this organization."));
    Err(source.mark(diag))
}

async fn only(client: &Client) -> Result<Arc<Organization>, Diag> {
    let seen = visible(client).await?;
    match seen.as_slice() {
        [only] => Ok(Arc::new(only.clone())),
        [] => Err(client.at_key(
            Diag::error("The key has no access to any organization")
                .why(format!(
                    "The account behind {} is not a member of any organization.",
                    client.control_plane()?.origin().credential
                ))
                .fix("Ask an organization admin to add the account, or use another key."),
        )),
        _ => Err(Diag::error("No organization selected")
            .why(format!("The key has access to more than one organization. {}", listed(&seen)))
            .fix("Select one in the provider block:\n  organization_id = \"NAME\"")
            .at(Configuration::ORGANIZATION_ID)),
    }
}

/// Returns all organizations that the key has access to.
pub async fn visible(client: &Client) -> Result<Vec<Organization>, Diag> {
    let control_plane = client.control_plane()?;
    let seen = control_plane.list_all(&api::LIST, (), OrganizationQuery::default()).await;
    let seen = seen.map_err(|error| client.at_control_plane("use the control plane", &error))?;
    let known = client.memory::<Known>();
    for organization in &seen {
        known.all.put(organization.id, Some(organization.clone()));
    }
    if let [only] = seen.as_slice()
        && client.organization().is_none()
    {
        // Another task may have set it to the same value meanwhile.
        let _ = known.default.set(Arc::new(only.clone()));
    }
    Ok(seen)
}

/// Returns an organization, if the key has access to it.
pub async fn find(client: &Client, id: OrganizationId) -> Result<Option<Organization>, Diag> {
    let control_plane = client.control_plane()?;
    let read = async { control_plane.call(&api::GET, IdOrName::Id(id)).await.optional() };
    let found = client.memory::<Known>().all.get(&id, read).await;
    found.map(|found| (*found).clone()).map_err(|error| {
        cannot(format_args!("read the organization {id}"), Needs::ORGANIZATION_VIEWER, &error)
    })
}

/// Makes sure that an object that was not found is deleted and not hidden: the same key must have access to its
/// organization and see what it has. `what` describes the object, such as `the team "alpha"`.
pub async fn gone_from(client: &Client, organization: OrganizationId, what: &str) -> Result<(), Diag> {
    if find(client, organization).await?.is_some() {
        return require_sight(client, organization, &format!("{what} still exists")).await;
    }
    Err(Diag::error(format!("Cannot tell whether {what} still exists"))
        .why(format!(
            "The control plane finds neither it nor its organization {organization} with this key. The key \
             may belong to another organization."
        ))
        .fix(
            "Use a key that belongs to this organization. If the organization itself was deleted, remove the \
             object from the state:\n  terraform state rm ADDRESS",
        ))
}

/// Makes sure that a key sees what an organization has: to one without roles, the control plane answers as if nothing
/// existed. It asks each time, because an account can lose its roles during a run. `what` completes "Cannot tell
/// whether …".
pub async fn require_sight(client: &Client, organization: OrganizationId, what: &str) -> Result<(), Diag> {
    // Every organization has predefined roles, and whoever sees its teams and workspaces sees them, too.
    let query = RoleQuery { limit: Some(1), ..RoleQuery::default() };
    let because = match client.control_plane()?.send(&role::LIST, organization, query, ()).await {
        Ok(roles) if !roles.is_empty() => return Ok(()),
        Ok(_) => None,
        Err(error @ (ApiError::Forbidden(_) | ApiError::NotFound(_))) => Some(error),
        Err(error) => {
            let verb = format_args!("list the roles of the organization {organization}");
            return Err(cannot(verb, Needs::ORGANIZATION_VIEWER, &error));
        }
    };
    let diag = Diag::error(format!("Cannot tell whether {what}"))
        .why(
            "The control plane does not find it, and does not show the roles of the organization to this key: the key \
             may not have the permission to see it, or may have lost it during the run.",
        )
        .fix(format!(
            "Run the command again with a key that has {}. If the object was deleted, you can also remove it from the \
             state:\n  terraform state rm ADDRESS",
            Needs::ORGANIZATION_VIEWER.text()
        ));
    Err(match because {
        Some(error) => diag.why(error.to_string()),
        None => diag,
    })
}

fn listed(organizations: &[Organization]) -> String {
    let names: Vec<String> = organizations
        .iter()
        .map(|organization| format!("{:?} ({})", organization.name, organization.id))
        .collect();
    match names.as_slice() {
        [] => "The key has no access to any organization.".to_owned(),
        names => format!("They are: {}.", names.join(", ")),
    }
}

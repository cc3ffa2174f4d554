//! The list resource `zenml_resource_share`.

use std::collections::BTreeMap;

use tfkit::{Cx, Diag, ListResource, Listed, Model, Results};
use zenml_api::control::rbac::ResourceMember;
use zenml_api::workspace::code_repository::CodeRepository as ApiCodeRepository;
use zenml_api::workspace::{Crud as _, Named as _};
use zenml_api::{ProjectId, WorkspaceId};

use super::{ResourceShare, ResourceShareKey};
use crate::access::people::name_of;
use crate::access::principal::Principal;
use crate::client::Client;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::in_workspace::{InWorkspace, list, lookup, scope};
use crate::resources::code_repository::CodeRepository;
use crate::resources::flavor::Flavor;
use crate::resources::secret::Secret;
use crate::resources::service_connector::ServiceConnector;
use crate::resources::stack_component::StackComponent;
use crate::resources::tag::Tag;
use crate::sharing::need::{Actions, Contents, Grants, Kind, Object, need};
use crate::sharing::shares::{is_share, members};
use crate::sharing::{contents, workspace_of_list};

/// Lists the shares of single objects in a workspace, optionally filtered: of secrets, service connectors, stack
/// components, tags, flavors and code repositories. It omits what a role on a stack grants, and takes a request for each
/// object.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "resource_share", kind = list_resource)]
#[model(since = "3.1.0", needs = Needs::SHARE.text(), category = "ZenML Pro")]
pub struct ResourceShareFilters {
    /// ID of the workspace that contains the objects. Default: the provider's workspace.
    pub workspace_id: Option<Id<WorkspaceId>>,
    /// List only shares of objects of this type.
    #[attr(check = one_of(&["code_repository", "flavor", "secret", "service_connector", "stack_component", "tag"]))]
    pub resource_type: Option<String>,
    /// List only shares of the object with this ID.
    #[attr(check = uuid())]
    pub resource_id: Option<String>,
}

/// An object whose shares are listed, with its name.
struct Candidate {
    object: Object,
    name: String,
}

impl ListResource for ResourceShare {
    type Filters = ResourceShareFilters;
    type Resource = Self;

    async fn list(
        cx: &Cx<Client>,
        filters: ResourceShareFilters,
        results: &mut Results<Self>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let workspace = workspace_of_list(client, filters.workspace_id, "shares").await?;
        let server = scope::open(cx, Some(workspace)).await?;
        let mut candidates = Vec::new();
        let wants = |name: &str| filters.resource_type.as_deref().is_none_or(|wanted| wanted == name);
        if wants("secret") {
            of_type::<Secret>(&server, Kind::Secret, |_| None, &mut candidates).await?;
        }
        if wants("service_connector") {
            of_type::<ServiceConnector>(&server, Kind::Connector, |_| None, &mut candidates).await?;
        }
        if wants("stack_component") {
            of_type::<StackComponent>(&server, Kind::Component, |_| None, &mut candidates).await?;
        }
        if wants("tag") {
            of_type::<Tag>(&server, Kind::Beside("tag"), |_| None, &mut candidates).await?;
        }
        if wants("flavor") {
            of_type::<Flavor>(&server, Kind::Beside("flavor"), |_| None, &mut candidates).await?;
        }
        if wants("code_repository") {
            let kind = Kind::Beside("code_repository");
            of_type::<CodeRepository>(&server, kind, project_of, &mut candidates).await?;
        }
        let is_wanted = |candidate: &Candidate| {
            let id = candidate.object.id.to_string();
            filters.resource_id.as_ref().is_none_or(|wanted| *wanted == id)
        };
        let mut roles = None;
        for candidate in candidates.into_iter().filter(is_wanted) {
            let held = members(client, workspace, candidate.object).await?;
            let held = by_principal(&held);
            if held.is_empty() {
                continue;
            }
            if candidate.object.kind.is_of_stacks() && roles.is_none() {
                roles = Some(of_stacks(client, &server, workspace).await?);
            }
            for (principal, (who, actions)) in held {
                let needed = roles.as_ref().and_then(|roles| roles.get(&principal)?.get(&candidate.object));
                if needed.is_some_and(|needed| actions.is_subset(needed)) {
                    continue;
                }
                let key = key(workspace, candidate.object, &principal);
                let display_name = format!("{who} ({} {})", candidate.object.kind.name(), candidate.name);
                results.push(Listed { key, display_name, remote: None }).await;
            }
        }
        Ok(())
    }
}

/// Adds the objects of a type. `project` returns the project of an object.
async fn of_type<T: InWorkspace>(
    server: &Server,
    kind: Kind,
    project: fn(&T::Wire) -> Option<ProjectId>,
    candidates: &mut Vec<Candidate>,
) -> Result<(), Diag> {
    let query = T::query(T::Wire::named(Vec::new()));
    for query in T::split(server, query).await? {
        let mut next = Some(0);
        while let Some(from) = next {
            let part = list::part::<T>(server, query.clone(), from).await;
            let (objects, following) = part.map_err(|error| lookup::unlisted(T::NOUN, &error))?;
            for object in objects.iter().filter(|object| T::is_manageable(object)) {
                let place = Object { project: project(object), ..Object::new(kind, object.id()) };
                candidates.push(Candidate { object: place, name: object.name().to_owned() });
            }
            next = following;
        }
    }
    Ok(())
}

fn project_of(repository: &ApiCodeRepository) -> Option<ProjectId> {
    repository.body.as_ref().map(|body| body.project_id)
}

/// Returns who has which actions by shares, with the name for people.
fn by_principal(members: &[ResourceMember]) -> BTreeMap<Principal, (String, Actions)> {
    let mut held: BTreeMap<Principal, (String, Actions)> = BTreeMap::new();
    for member in members.iter().filter(|member| is_share(member) && !member.allowed_actions.is_empty()) {
        let Some(principal) = Principal::of_member(member.user.as_ref(), member.team.as_ref()) else {
            continue;
        };
        let team = member.team.as_ref().map(|team| team.name.as_str());
        let who = team.or_else(|| member.user.as_ref().map(name_of)).unwrap_or_default();
        let entry = held.entry(principal).or_insert_with(|| (who.to_owned(), Actions::new()));
        entry.1.extend(member.allowed_actions.iter().cloned());
    }
    held
}

/// Returns what the roles on stacks need, by principal.
async fn of_stacks(
    client: &Client,
    server: &Server,
    workspace: WorkspaceId,
) -> Result<BTreeMap<Principal, Grants>, Diag> {
    let stacks = contents::of_other_stacks(&server.api, None).await?;
    let mut shares: BTreeMap<Principal, Vec<(&Contents, Actions)>> = BTreeMap::new();
    for contents in &stacks {
        let held = members(client, workspace, Object::stack(contents.stack)).await?;
        for (principal, (_, actions)) in by_principal(&held) {
            shares.entry(principal).or_default().push((contents, actions));
        }
    }
    let needs =
        |stacks: Vec<(&Contents, Actions)>| need(stacks.iter().map(|(contents, share)| (*contents, share)));
    Ok(shares.into_iter().map(|(principal, stacks)| (principal, needs(stacks))).collect())
}

pub(super) fn key(workspace: WorkspaceId, object: Object, principal: &Principal) -> ResourceShareKey {
    ResourceShareKey {
        workspace_id: Id(workspace),
        project_id: object.project.map(Id),
        resource_type: object.kind.name().to_owned(),
        resource_id: object.id.to_string(),
        email: principal.email().map(str::to_owned),
        team_id: principal.team().map(Id),
        user_id: principal.user().map(Id),
        service_account_id: principal.service_account().map(Id),
    }
}

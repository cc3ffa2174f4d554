//! Reads who has which roles and shares.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use tfkit::Diag;
use zenml_api::control::invitation::Invitation;
use zenml_api::control::role::{self as api, Assignment, Role, RoleLevel, ScopeQuery};
use zenml_api::control::team::{self, Team, TeamMember};
use zenml_api::control::user::User;
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_api::workspace::connector::{self, SecretsQuery};
use zenml_api::workspace::secret::{self, SecretQuery};
use zenml_api::workspace::{stack as stacks, user as accounts};
use zenml_api::{IdOrName, OrganizationId, ProjectId, StackId, TeamId, UserId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use super::table::{Grant, Held, Holder, Person, Subject};
use crate::access::invitation::is_open;
use crate::access::people::name_of;
use crate::access::role::roles;
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};
use crate::in_workspace::scope::Server;
use crate::sharing::contents;
use crate::sharing::need::{Contents, Kind, Object};
use crate::sharing::shares::{is_share, members};

/// What the owner of an object can do with it.
const OWNER: [&str; 4] = ["read", "update", "delete", "share"];

/// What the table is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) organization: OrganizationId,
    pub(super) workspace: WorkspaceId,
    pub(super) project: Option<ProjectId>,
    pub(super) stack: Option<StackId>,
}

impl Place {
    /// Returns where roles of a level apply to it; `None` if they do not.
    fn scope(self, level: &RoleLevel) -> Option<ScopeQuery> {
        match level {
            RoleLevel::Organization => Some(ScopeQuery::default()),
            RoleLevel::Workspace => Some(ScopeQuery { workspace_id: Some(self.workspace), project_id: None }),
            RoleLevel::Project => self
                .project
                .map(|project| ScopeQuery { workspace_id: Some(self.workspace), project_id: Some(project) }),
            RoleLevel::Other(_) => None,
        }
    }
}

/// Returns an account; `None` if it is not active, because nobody can log in with it.
fn user(user: &User) -> Option<Person> {
    let kind = if user.is_service_account { "service_account" } else { "user" };
    user.is_active.then(|| Person { name: name_of(user).to_owned(), id: user.id.to_string(), kind })
}

/// Returns an invitation; `None` if it can no longer be accepted.
fn invited(invitation: &Invitation) -> Option<Person> {
    let person =
        || Person { name: invitation.email.clone(), id: invitation.id.to_string(), kind: "invitation" };
    is_open(invitation).then(person)
}

fn holder(user_of: Option<&User>, team: Option<&Team>, invitation: Option<&Invitation>) -> Option<Holder> {
    if let Some(team) = team {
        return Some(Holder::Team(team.id, team.name.clone()));
    }
    user_of.and_then(user).or_else(|| invitation.and_then(invited)).map(Holder::Person)
}

/// Returns who has roles that apply: a request for each role.
pub(super) async fn of_roles(client: &Client, place: Place) -> Result<Vec<Grant>, Diag> {
    let known = roles(client, place.organization).await?;
    let mut grants = Vec::new();
    for level in RoleLevel::KNOWN {
        let Some(scope) = place.scope(level) else { continue };
        for role in known.of(level) {
            let held = client.control_plane()?.send(&api::ASSIGNMENTS, role.id, scope, ()).await.optional();
            let held = held.map_err(|error| unlisted(role, &error))?.unwrap_or_default();
            // The list may also contain other scopes.
            let is_here = |assignment: &&Assignment| {
                assignment.workspace_id == scope.workspace_id && assignment.project_id == scope.project_id
            };
            for assignment in held.iter().filter(is_here) {
                let Assignment { user, team, invitation, .. } = assignment;
                if let Some(holder) = holder(user.as_ref(), team.as_ref(), invitation.as_ref()) {
                    grants.push(Grant { holder, held: of_role(role, false) });
                }
            }
        }
    }
    let workspace = control::workspace::find(client, place.workspace).await?;
    let owner = workspace.as_ref().and_then(|workspace| workspace.owner.as_ref());
    if let (Some(owner), Some(role)) = (owner.and_then(user), known.named(&RoleLevel::Workspace, "admin")) {
        grants.push(Grant { holder: Holder::Person(owner), held: of_role(role, true) });
    }
    Ok(grants)
}

fn of_role(role: &Role, owner: bool) -> Held {
    let permissions = role.permissions.as_ref().map(|permissions| {
        let mut read = BTreeMap::<String, BTreeSet<String>>::new();
        for one in permissions {
            read.entry(one.resource.clone()).or_default().insert(one.action.to_string());
        }
        read
    });
    Held::Role { name: role.name.clone().unwrap_or_default(), permissions, owner }
}

fn unlisted(role: &Role, error: &ApiError) -> Diag {
    let name = role.name.as_deref().unwrap_or_default();
    cannot(format_args!("list who has the role {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

/// Returns the objects of a stack, with who has shares of them, and who created them.
pub(super) async fn of_stack(
    client: &Client,
    server: &Server,
    place: Place,
    stack: StackId,
) -> Result<(Vec<Subject>, Vec<Grant>), Diag> {
    let contents: Contents = contents::of_stack(&server.api, stack).await?.ok_or_else(|| {
        Diag::error(format!("There is no stack {stack}"))
            .why("The workspace does not have it, or the key has no access to it.")
            .fix("Check stack_id and workspace_id.")
            .at("stack_id")
    })?;
    let (mut subjects, mut grants) = (Vec::new(), Vec::new());
    for object in contents.objects() {
        let resource_type = object.kind.name().to_owned();
        subjects.push(Subject { object: object.to_string(), resource_type });
        for member in members(client, place.workspace, object).await?.iter().filter(|one| is_share(one)) {
            let actions: BTreeSet<_> = member.allowed_actions.iter().map(ToString::to_string).collect();
            let holder = holder(member.user.as_ref(), member.team.as_ref(), None);
            if let Some(holder) = holder.filter(|_| !actions.is_empty()) {
                grants.push(Grant { holder, held: Held::Share { object: object.to_string(), actions } });
            }
        }
    }
    grants.extend(owners(server, &contents).await?);
    Ok((subjects, grants))
}

/// Returns what the accounts that created the objects can do with them. Default objects have no creator.
async fn owners(server: &Server, contents: &Contents) -> Result<Vec<Grant>, Diag> {
    let (mut known, mut grants) = (BTreeMap::new(), Vec::new());
    for (object, local) in creators(server, contents).await? {
        let owner = match known.entry(local) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(owner(server, local).await?),
        };
        if let Some(owner) = owner {
            let actions = OWNER.map(str::to_owned).into();
            let held = Held::Owner { object: object.to_string(), actions };
            grants.push(Grant { holder: Holder::Person(owner.clone()), held });
        }
    }
    Ok(grants)
}

/// Returns the local ids of the accounts that created the objects.
async fn creators(server: &Server, contents: &Contents) -> Result<Vec<(Object, UserId)>, Diag> {
    let api = &server.api;
    let failed = |error: ApiError| {
        let what = format_args!("read the objects of stack {}", contents.stack);
        cannot(what, Needs::WORKSPACE_VIEWER, &error)
    };
    let stack = api.call(&stacks::GET, contents.stack).await.optional().map_err(failed)?;
    let of_stack = stack.and_then(|stack| stack.body?.user_id);
    let mut found: Vec<_> =
        of_stack.map(|local| (Object::stack(contents.stack), local)).into_iter().collect();
    let query = ComponentQuery { stack_id: vec![contents.stack.to_string()], ..ComponentQuery::default() };
    for one in api.list_all(&component::LIST, (), query).await.map_err(failed)? {
        found.extend(
            one.body.and_then(|body| body.user_id).map(|local| (Object::new(Kind::Component, one.id), local)),
        );
    }
    for id in &contents.connectors {
        let one = api.send(&connector::GET, *id, SecretsQuery::default(), ()).await.optional();
        let one = one.map_err(failed)?;
        let local = one.and_then(|one| one.body?.user_id);
        found.extend(local.map(|local| (Object::new(Kind::Connector, *id), local)));
    }
    if !contents.secrets.is_empty() {
        let mut secrets = api.list_all(&secret::LIST, (), SecretQuery::default()).await.map_err(failed)?;
        secrets.retain(|one| contents.secrets.contains(&one.id));
        for one in secrets {
            found.extend(
                one.body
                    .and_then(|body| body.user_id)
                    .map(|local| (Object::new(Kind::Secret, one.id), local)),
            );
        }
    }
    Ok(found)
}

/// Returns an account of a workspace; `None` if it was deleted.
async fn owner(server: &Server, local: UserId) -> Result<Option<Person>, Diag> {
    let found = server.api.call(&accounts::GET, IdOrName::Id(local)).await.optional();
    let found = found.map_err(|error| {
        cannot(format_args!("read the account {local} of the workspace"), Needs::WORKSPACE_VIEWER, &error)
    })?;
    Ok(found.map(|account| {
        let id = account.metadata.as_ref().and_then(|metadata| metadata.external_user_id).unwrap_or(local);
        let is_robot = account.body.as_ref().is_some_and(|body| body.is_service_account);
        let kind = if is_robot { "service_account" } else { "user" };
        Person { name: account.name, id: id.to_string(), kind }
    }))
}

/// Returns the members of all teams that have something: a request for each team.
pub(super) async fn people(client: &Client, grants: &[Grant]) -> Result<BTreeMap<TeamId, Vec<Person>>, Diag> {
    let teams: BTreeMap<TeamId, &str> = grants
        .iter()
        .filter_map(|grant| match &grant.holder {
            Holder::Team(id, name) => Some((*id, name.as_str())),
            Holder::Person(_) => None,
        })
        .collect();
    let mut people = BTreeMap::new();
    for (id, name) in teams {
        let members = client.control_plane()?.call(&team::MEMBERS, id).await.optional();
        let members = members.map_err(|error| {
            cannot(format_args!("list the members of team {name:?}"), Needs::ORGANIZATION_ADMIN, &error)
        })?;
        let person = |member: &TeamMember| match member {
            TeamMember::User(member) => user(member),
            TeamMember::Invitation(invitation) => invited(invitation),
        };
        people.insert(id, members.iter().flatten().filter_map(person).collect());
    }
    Ok(people)
}

//! The list resources of role assignments.

use tfkit::field::Misfit;
use tfkit::model::{Key as _, Model, Object as _, Token};
use tfkit::{Cx, Diag, ListResource, Listed, Partial, Results};
use zenml_api::control::role::{Assignment, RoleLevel};
use zenml_api::workspace::project::{self, ProjectQuery};
use zenml_api::{ProjectId, TeamId, WorkspaceId};

use super::assignment::{Assignments, RoleAssignment, key_fields};
use super::holding::{Holding, assignments_in};
use super::principal::Principal;
use super::role::{Roles, full_name, roles, unknown_role};
use crate::client::Client;
use crate::control;
use crate::control::workspace::Workspaces;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::in_workspace::scope::{self, Reach};

/// A role assignment that can be listed.
pub trait ListedAssignment: RoleAssignment<Home = WorkspaceId> {
    /// The filters: `workspace_id`, `team_id`, `role` and, for roles in projects, `project_id`.
    type Filters: Model;

    /// The workspace.
    const IN_WORKSPACE: Token<Self::Filters, Option<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The project, if the level is the project.
    const IN_PROJECT: Token<Self::Filters, Option<Id<ProjectId>>> = Token::new("project_id");

    /// The team that has the role.
    const OF_TEAM: Token<Self::Filters, Option<Id<TeamId>>> = Token::new("team_id");

    /// The name of the role.
    const WITH_ROLE: Token<Self::Filters, Option<String>> = Token::new("role");
}

/// A project with its name for people, or the home itself.
pub type Place = Option<(ProjectId, String)>;

impl<T: ListedAssignment> ListResource for Assignments<T> {
    type Filters = T::Filters;
    type Resource = Self;

    async fn list(cx: &Cx<Client>, filters: T::Filters, results: &mut Results<Self>) -> Result<(), Diag> {
        let filters = Partial::<T::Filters>::new(filters.to_object());
        let client = cx.client().await?;
        let own = filters.get(T::IN_WORKSPACE).known().map(|Id(id)| id);
        let own = match own {
            Some(own) => Some(own),
            None => control::workspace::default(client).await?,
        };
        if let Some(workspace) = own {
            return of_workspace::<T>(cx, workspace, &filters, results).await;
        }
        let organization = control::organization::default(client).await?.id;
        let mut workspaces = Workspaces::of(client, organization)?;
        while let Some(page) = workspaces.next().await? {
            for workspace in page {
                of_workspace::<T>(cx, workspace.id, &filters, results).await?;
            }
        }
        Ok(())
    }
}

/// Lists the assignments of a workspace: those of each role and place are one request.
async fn of_workspace<T: ListedAssignment>(
    cx: &Cx<Client>,
    workspace: WorkspaceId,
    filters: &Partial<T::Filters>,
    results: &mut Results<Assignments<T>>,
) -> Result<(), Diag> {
    let client = cx.client().await?;
    let places = match (&T::LEVEL, filters.get(T::IN_PROJECT).known()) {
        (RoleLevel::Project, wanted) => projects(cx, workspace, wanted.map(|Id(id)| id)).await?,
        _ => vec![None],
    };
    let organization = super::home::organization_of(client, workspace).await?;
    let roles = roles(client, organization).await?;
    let role_name = filters.get(T::WITH_ROLE).known();
    if let Some(wanted) = role_name.as_deref().filter(|wanted| roles.named(&T::LEVEL, wanted).is_none()) {
        return Err(unknown_role(&roles, &T::LEVEL, wanted).at(T::WITH_ROLE));
    }
    let team = filters.get(T::OF_TEAM).known().map(|Id(id)| id);
    let wanted = Wanted { team, role: role_name };
    for place in &places {
        held_in::<T>(client, workspace, place, &roles, &wanted, results).await?;
    }
    Ok(())
}

/// Which assignments are listed; all if nothing is set.
pub struct Wanted {
    /// Those of this team.
    pub team: Option<TeamId>,
    /// Those of the role with this short or full name.
    pub role: Option<String>,
}

/// Lists the assignments in one place, with a request for each role.
pub async fn held_in<T: RoleAssignment>(
    client: &Client,
    home: T::Home,
    place: &Place,
    roles: &Roles,
    wanted: &Wanted,
    results: &mut Results<Assignments<T>>,
) -> Result<(), Diag> {
    let project = place.as_ref().map(|(id, _)| *id);
    let wanted_role = wanted.role.as_deref().map(|wanted| full_name(&T::LEVEL, wanted));
    for role in roles.of(&T::LEVEL) {
        let name = role.name.as_deref().unwrap_or_default();
        if wanted_role.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let held = assignments_in(client.control_plane()?, home, project, role.id).await;
        let held = held.map_err(|error| {
            cannot(format_args!("list who has the role {name:?}"), Needs::ORGANIZATION_ADMIN, &error)
        })?;
        for assignment in held {
            let Some(principal) = Principal::of_assignment(&assignment) else { continue };
            if wanted.team.is_some_and(|team| principal.team() != Some(team)) {
                continue;
            }
            let holding = Holding { home, project, principal };
            let key = T::Key::from_object(&key_fields::<T>(&holding, role.id).into_object());
            results
                .push(Listed {
                    key: key.map_err(Misfit::into_diag)?,
                    display_name: display_name(&assignment, name, place),
                    remote: Some((holding, role.clone())),
                })
                .await;
        }
    }
    Ok(())
}

/// Returns the projects of a workspace, or the only wanted one. Those of an unavailable workspace cannot be listed,
/// which is a warning.
async fn projects(
    cx: &Cx<Client>,
    workspace: WorkspaceId,
    wanted: Option<ProjectId>,
) -> Result<Vec<Place>, Diag> {
    let Reach::Open(server) = scope::reach(cx, Some(workspace)).await? else { return Ok(Vec::new()) };
    let query =
        ProjectQuery { id: wanted.iter().map(ToString::to_string).collect(), ..ProjectQuery::default() };
    let found = server.api.list_all(&project::LIST, (), query).await;
    let found = found.map_err(|error| cannot("list the projects", Needs::WORKSPACE_VIEWER, &error))?;
    let places = found.into_iter().map(|project| (project.id, project.name));
    Ok(places.filter(|(id, _)| wanted.is_none_or(|wanted| wanted == *id)).map(Some).collect())
}

/// Returns who has which role, such as `builders (Project Viewer in vision)`.
fn display_name(assignment: &Assignment, role: &str, place: &Place) -> String {
    let team = assignment.team.as_ref().map(|team| team.name.as_str());
    let user = || assignment.user.as_ref().map(super::people::name_of);
    let invited = || assignment.invitation.as_ref().map(|invitation| invitation.email.as_str());
    let who = team.or_else(user).or_else(invited).unwrap_or_default();
    match place {
        Some((_, project)) => format!("{who} ({role} in {project})"),
        None => format!("{who} ({role})"),
    }
}

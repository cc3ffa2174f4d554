//! Who has a role, for the error of a role in use.

use tfkit::Diag;
use zenml_api::control::invitation::{self, Invitation, InvitationQuery};
use zenml_api::control::role::{Assignment, RoleLevel};
use zenml_api::workspace::project;
use zenml_api::{OrganizationId, RoleId};

use crate::access::invitation::is_open;
use crate::access::people::name_of;
use crate::access::role::assignments_everywhere;
use crate::client::Client;
use crate::control;
use crate::failure::{Needs, cannot};

/// A role that is to be deleted.
pub(super) struct Deleted<'a> {
    pub(super) id: RoleId,
    pub(super) organization: Option<OrganizationId>,
    pub(super) level: &'a str,
    pub(super) name: &'a str,
}

/// Holders that the error names.
const NAMED: usize = 10;

/// Rejects the deletion of a role that somebody has, or gets by accepting an invitation.
pub(super) async fn require_none(client: &Client, role: &Deleted<'_>) -> Result<(), Diag> {
    let Deleted { id, organization, level, name } = role;
    let held = assignments_everywhere(client.control_plane()?, *id).await.map_err(|error| {
        cannot(format_args!("list who has the role {name:?}"), Needs::ORGANIZATION_ADMIN, &error)
    })?;
    let mut words = Vec::new();
    for assignment in held.iter().take(NAMED) {
        words.push(format!("{}{}", who(assignment), place(client, assignment).await));
    }
    let mut count = held.len();
    if let Some(organization) = organization
        && RoleLevel::parse(level) == RoleLevel::Organization
    {
        let invited = invited_with(client, *organization, *id).await?;
        count += invited.len();
        words.extend(
            invited.iter().take(NAMED - words.len()).map(|email| format!("the invitation of {email:?}")),
        );
    }
    if count == 0 {
        return Ok(());
    }
    if count > words.len() {
        words.push(format!("and {} more", count - words.len()));
    }
    Err(Diag::error(format!("Role {name:?} is still assigned"))
        .why(format!("Its holders would lose their permissions: {}.", words.join("; ")))
        .fix(
            "Remove these role assignments and invitations first, and run the command again. If Terraform does not \
             manage them, revoke them in the ZenML Pro dashboard, or import them and destroy them with the role.",
        ))
}

/// Returns the addresses of the open invitations with a role, as the control plane has them now.
async fn invited_with(
    client: &Client,
    organization: OrganizationId,
    role: RoleId,
) -> Result<Vec<String>, Diag> {
    let query = InvitationQuery { email: None, only_pending: Some(true) };
    let found = client.control_plane()?.send(&invitation::LIST, organization, query, ()).await;
    let found = found.map_err(|error| cannot("list the invitations", Needs::ORGANIZATION_ADMIN, &error))?;
    let with_role = |one: &Invitation| one.role_id == Some(role) && is_open(one);
    Ok(found.into_iter().filter(with_role).map(|one| one.email).collect())
}

fn who(assignment: &Assignment) -> String {
    if let Some(team) = &assignment.team {
        return format!("team {:?}", team.name);
    }
    if let Some(user) = &assignment.user {
        let noun = if user.is_service_account { "service account" } else { "user" };
        return format!("{noun} {:?}", name_of(user));
    }
    match &assignment.invitation {
        Some(invitation) => format!("the invitation of {:?}", invitation.email),
        None => "a deleted account".to_owned(),
    }
}

/// Returns where the assignment applies, by name if that can be found out.
async fn place(client: &Client, assignment: &Assignment) -> String {
    let Some(workspace) = assignment.workspace_id else { return " in the organization".to_owned() };
    let found = control::workspace::find(client, workspace).await.ok().flatten();
    let in_workspace = found.map_or_else(|| workspace.to_string(), |found| format!("{:?}", found.name));
    let Some(project) = assignment.project_id else { return format!(" in workspace {in_workspace}") };
    let name = match client.api().workspace(workspace).await {
        Ok(api) => api.call(&project::GET, project.into()).await.ok().map(|project| project.name),
        Err(_) => None,
    };
    let in_project = name.map_or_else(|| project.to_string(), |name| format!("{name:?}"));
    format!(" in project {in_project} of workspace {in_workspace}")
}

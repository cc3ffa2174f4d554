//! The move of teams and roles from an invitation to the one that replaces it.
//!
//! An organization has only one open invitation for an address, so the old one is deleted before the new one is sent. What
//! the old one had is in the private state until the new one has it. If a step fails, the next apply continues.

use serde_json::{Value as Json, json};
use tfkit::{Cx, Diag};
use zenml_api::control::invitation::Invitation;
use zenml_api::control::role as role_api;
use zenml_api::control::team;
use zenml_api::{OrganizationId, ProjectId, RoleId, TeamId, WorkspaceId};
use zenml_client::{ApiError, Optional as _};

use crate::access::invitation::{self, Place};
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// Key in the private state for a move that is not finished.
const MOVING: &str = "moving";

/// What a deleted invitation had and the new one does not have yet.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    /// The deleted invitation.
    pub(super) invitation: Invitation,
    teams: Vec<TeamId>,
    roles: Vec<Granted>,
}

/// A role of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Granted {
    role: RoleId,
    workspace: Option<WorkspaceId>,
    project: Option<ProjectId>,
}

impl Moving {
    /// Reads what an invitation has.
    pub(super) async fn from(
        client: &Client,
        organization: OrganizationId,
        invitation: Invitation,
    ) -> Result<Self, Diag> {
        let place = Place::Invitation(invitation.id);
        let teams = invitation::teams_of(client, organization, place).await?;
        let roles = invitation::roles_of(client, organization, place).await?;
        let roles = roles.iter().map(|assignment| Granted {
            role: assignment.role.id,
            workspace: assignment.workspace_id,
            project: assignment.project_id,
        });
        Ok(Self { invitation, teams, roles: roles.collect() })
    }

    /// Adds what an earlier apply has not moved.
    pub(super) fn and(mut self, earlier: Option<&Self>) -> Self {
        for team in earlier.iter().flat_map(|earlier| &earlier.teams) {
            if !self.teams.contains(team) {
                self.teams.push(*team);
            }
        }
        for role in earlier.iter().flat_map(|earlier| &earlier.roles) {
            if !self.roles.contains(role) {
                self.roles.push(*role);
            }
        }
        self
    }

    /// Returns the move that an earlier apply has not finished.
    pub(super) fn unfinished(cx: &Cx<Client>) -> Option<Self> {
        let stored = cx.private(MOVING)?;
        let granted = |stored: &Json| {
            Some(Granted {
                role: serde_json::from_value(stored.get(0)?.clone()).ok()?,
                workspace: serde_json::from_value(stored.get(1)?.clone()).ok()?,
                project: serde_json::from_value(stored.get(2)?.clone()).ok()?,
            })
        };
        Some(Self {
            invitation: serde_json::from_value(stored.get("invitation")?.clone()).ok()?,
            teams: serde_json::from_value(stored.get("teams")?.clone()).ok()?,
            roles: stored.get("roles")?.as_array()?.iter().filter_map(granted).collect(),
        })
    }

    /// Records it until it is finished.
    pub(super) fn record(&self, cx: &Cx<Client>) -> Result<(), Diag> {
        let roles =
            self.roles.iter().map(|granted| json!([granted.role, granted.workspace, granted.project]));
        let stored = json!({
            "invitation": self.invitation, "teams": self.teams, "roles": roles.collect::<Vec<_>>(),
        });
        cx.set_private(MOVING, stored)
    }

    pub(super) fn forget(cx: &Cx<Client>) {
        cx.remove_private(MOVING);
    }

    /// Gives everything to a place. What fails stays recorded.
    pub(super) async fn finish(mut self, cx: &Cx<Client>, place: Place) -> Result<(), Diag> {
        let control_plane = cx.client().await?.control_plane()?;
        let email = self.invitation.email.clone();
        let mut errors = Vec::new();
        // Somebody may have deleted the team or the role, or added the person.
        let is_done = |outcome: Result<(), ApiError>, errors: &mut Vec<ApiError>| match outcome.optional() {
            Ok(_) | Err(ApiError::Conflict(_)) => true,
            Err(error) => {
                errors.push(error);
                false
            }
        };
        for team in std::mem::take(&mut self.teams) {
            let added = control_plane.send(&team::ADD_MEMBER, team, place.in_team(), ()).await;
            if !is_done(added, &mut errors) {
                self.teams.push(team);
            }
        }
        for granted in std::mem::take(&mut self.roles) {
            let query = place.in_scope(granted.workspace, granted.project);
            let assigned = control_plane.send(&role_api::ASSIGN, granted.role, query, ()).await.map(drop);
            if !is_done(assigned, &mut errors) {
                self.roles.push(granted);
            }
        }
        let Some(error) = errors.first() else {
            Self::forget(cx);
            return Ok(());
        };
        self.record(cx)?;
        let doing = format_args!("move the teams and roles of the invitation of {email:?}");
        let next = format!("Run the command again: it moves what is left: {}.", self.left());
        Err(cannot(doing, Needs::ORGANIZATION_ADMIN, error).fix(next))
    }

    /// Returns what is left to move.
    pub(super) fn left(&self) -> String {
        let teams = self.teams.iter().map(|team| format!("team {team}"));
        let roles = self.roles.iter().map(|granted| match (granted.workspace, granted.project) {
            (Some(workspace), Some(project)) => {
                format!("role {} in project {project} of workspace {workspace}", granted.role)
            }
            (Some(workspace), None) => format!("role {} in workspace {workspace}", granted.role),
            (None, _) => format!("role {}", granted.role),
        });
        let all: Vec<String> = teams.chain(roles).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }
}

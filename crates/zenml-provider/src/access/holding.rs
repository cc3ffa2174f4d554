//! A role assignment on the control plane.
//!
//! Assignments have no id in the API, only a role, a principal and a place. They cannot be changed, only granted and
//! revoked.

use tfkit::{Claim, Cx, Diag};
use zenml_api::control::role::{self as api, AssignmentQuery, Role, ScopeQuery};
use zenml_api::{ProjectId, RoleId, TeamId};
use zenml_client::{Api, ApiError, Optional as _};

use super::belonging::{explained, unknown_email};
use super::home::{Home, organization_of};
use super::invitation::{Place, account, is_open, place_of};
use super::principal::Principal;
use super::role;
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::{Needs, cannot};

/// Who holds a role at the control plane.
#[derive(Clone, Copy, Debug)]
enum Holder {
    Team(TeamId),
    Person(Place),
}

/// Returns who holds an assignment.
fn holder(assignment: &api::Assignment) -> Option<Holder> {
    let team = assignment.team.as_ref().map(|team| Holder::Team(team.id));
    let user = assignment.user.as_ref().map(|user| Holder::Person(Place::Account(user.id)));
    let invitation =
        assignment.invitation.as_ref().map(|invitation| Holder::Person(Place::Invitation(invitation.id)));
    team.or(user).or(invitation)
}

/// Returns the assignments of a role in a home or in one of its projects, to everybody. A role that does not exist has
/// none.
pub async fn assignments_in<H: Home>(
    control_plane: &Api,
    home: H,
    project: Option<ProjectId>,
    role: RoleId,
) -> Result<Vec<api::Assignment>, ApiError> {
    let workspace_id = home.workspace();
    let query = ScopeQuery { workspace_id, project_id: project };
    let mut held =
        control_plane.send(&api::ASSIGNMENTS, role, query, ()).await.optional()?.unwrap_or_default();
    // The list may also contain other scopes.
    held.retain(|assignment| {
        assignment.workspace_id == workspace_id
            && assignment.project_id == project
            && assignment.invitation.as_ref().is_none_or(is_open)
    });
    Ok(held)
}

/// A principal, and the place where it holds a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding<H> {
    /// The workspace, or another object with roles.
    pub home: H,
    /// The project, for a project role.
    pub project: Option<ProjectId>,
    /// Who holds the role.
    pub principal: Principal,
}

impl<H: Home> Holding<H> {
    /// Returns the `id` attribute, which is also an import id.
    pub fn id(&self, role: RoleId) -> String {
        let Self { home, project, principal } = self;
        match project {
            Some(project) => format!("{home}/{project}/{principal}/{role}"),
            None => format!("{home}/{principal}/{role}"),
        }
    }

    /// Returns the claim, which only one resource can hold.
    pub fn claim(&self, role: RoleId) -> Claim {
        let Self { home, project, principal } = self;
        let parts = [
            home.to_string(),
            project.map(|project| project.to_string()).unwrap_or_default(),
            principal.key(),
            role.to_string(),
        ];
        Claim::new(
            format!("assignment of the role {role} to {principal} in {}", self.words()),
            &parts.each_ref().map(String::as_str),
        )
    }

    /// Returns the role if it is assigned here. An assignment that is not found counts as absent only if its home is
    /// found, or is itself deleted.
    pub async fn find(&self, cx: &Cx<Client>, role: RoleId) -> Result<Option<Role>, Diag> {
        let client = cx.client().await?;
        let found = self.look(client, role).await?;
        match found {
            Some(_) => self.home.remember(cx, client).await?,
            None => self.home.not_found(cx, client).await?,
        }
        Ok(found)
    }

    /// Grants a role. A role that is already granted is a warning.
    pub async fn grant(&self, cx: &Cx<Client>, role: &Role) -> Result<(), Diag> {
        let client = cx.client().await?;
        self.home.remember(cx, client).await?;
        let query = self.query(self.place(client).await?);
        match client.control_plane()?.send(&api::ASSIGN, role.id, query, ()).await {
            Ok(_) => Ok(()),
            Err(error) if error.outcome_unknown() => match self.look(client, role.id).await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(self.refused(client, role.id, &error).await),
                Err(diag) => Err(creation::may_exist(diag, &error)),
            },
            Err(ApiError::Conflict(_)) => {
                cx.warn(self.already_granted(role));
                Ok(())
            }
            Err(error) => Err(self.refused(client, role.id, &error).await),
        }
    }

    /// Replaces one role with another. The new one is granted first, so that there is no time without access. Until
    /// both steps are done the state contains the previous role, so that the next apply repairs a failure.
    pub async fn exchange(&self, cx: &Cx<Client>, before: RoleId, now: &Role) -> Result<(), Diag> {
        if now.id == before {
            return Ok(());
        }
        self.grant(cx, now).await?;
        self.revoke(cx, before).await
    }

    /// Revokes a role. A role that is no longer assigned is a success.
    pub async fn revoke(&self, cx: &Cx<Client>, role: RoleId) -> Result<(), Diag> {
        let client = cx.client().await?;
        let _others_wait = self.home.check_revoke(cx, client, &self.principal, role).await?;
        let holders = match self.principal {
            // The person may have accepted an invitation since the last read.
            Principal::Email(_) => self.assignments(client, role).await?.iter().filter_map(holder).collect(),
            _ => vec![self.place(client).await?],
        };
        if holders.is_empty() {
            return self.home.not_found(cx, client).await;
        }
        for holder in holders {
            let gone =
                client.control_plane()?.send(&api::REVOKE, role, self.query(holder), ()).await.optional();
            match gone {
                Ok(Some(())) => {}
                Ok(None) => match self.home.organization(client).await? {
                    Some(organization) => {
                        let what = format!("{} has the role {role} in {}", self.principal, self.words());
                        control::organization::require_sight(client, organization, &what).await?;
                    }
                    None => self.home.not_found(cx, client).await?,
                },
                Err(error) => {
                    let reason = self.home.reason(client, &self.principal, role, &error).await;
                    return Err(reason.unwrap_or_else(|| self.failed("revoke", role, &error)));
                }
            }
        }
        Ok(())
    }

    async fn look(&self, client: &Client, role: RoleId) -> Result<Option<Role>, Diag> {
        let held = self.assignments(client, role).await?;
        Ok(held.into_iter().next().map(|assignment| assignment.role))
    }

    /// Returns the assignments of a role to the principal here. A person can have two: one of the account, and one of
    /// an invitation.
    async fn assignments(&self, client: &Client, role: RoleId) -> Result<Vec<api::Assignment>, Diag> {
        let held = assignments_in(client.control_plane()?, self.home, self.project, role).await;
        let mut held = held.map_err(|error| self.failed("read", role, &error))?;
        held.retain(|assignment| self.principal.holds(assignment));
        Ok(held)
    }

    /// Returns who holds the role at the control plane.
    async fn place(&self, client: &Client) -> Result<Holder, Diag> {
        Ok(match (self.principal.email(), self.principal.team(), self.principal.account()) {
            (Some(email), _, _) => {
                let organization = organization_of(client, self.home).await?;
                let place = match place_of(client, organization, email).await? {
                    None if !H::FOR_MEMBERS => account(client, email).await?.map(Place::Account),
                    found => found,
                };
                Holder::Person(place.ok_or_else(|| unknown_email(organization, email))?)
            }
            (None, Some(team), _) => Holder::Team(team),
            (None, None, Some(account)) => Holder::Person(Place::Account(account)),
            (None, None, None) => return Err(Diag::bug("A principal is neither a team nor a person")),
        })
    }

    fn query(&self, holder: Holder) -> AssignmentQuery {
        let (user_id, team_id, invitation_id) = match holder {
            Holder::Team(team) => (None, Some(team), None),
            Holder::Person(Place::Account(user)) => (Some(user), None, None),
            Holder::Person(Place::Invitation(invitation)) => (None, None, Some(invitation)),
        };
        AssignmentQuery {
            user_id,
            team_id,
            invitation_id,
            workspace_id: self.home.workspace(),
            project_id: self.project,
        }
    }

    fn words(&self) -> String {
        match self.project {
            Some(project) => format!("project {project}"),
            None => format!("{} {}", H::NOUN, self.home),
        }
    }

    /// Returns why a role could not be granted. A missing principal is reported at its attribute, independent of the
    /// server's message.
    async fn refused(&self, client: &Client, role: RoleId, error: &ApiError) -> Diag {
        let diag = self.failed("grant", role, error);
        explained(client, self.home, &self.principal, error, diag).await
    }

    fn failed(&self, verb: &str, role: RoleId, error: &ApiError) -> Diag {
        let doing = format!("{verb} the role {role} of {} in {}", self.principal, self.words());
        cannot(doing, Needs::ORGANIZATION_ADMIN, error)
    }

    fn already_granted(&self, role: &Role) -> Diag {
        let name = role.name.as_deref().unwrap_or("the role");
        Diag::warning(format!("{name} was already granted and is now managed by Terraform"))
            .why(format!("{} already had the role. Destroying this resource revokes it.", self.principal))
            .at(role::at_role())
    }
}

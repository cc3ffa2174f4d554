//! How somebody belongs to an organization: as a member, or by an invitation.

use std::sync::Arc;

use tfkit::Diag;
use zenml_api::control::invitation::Invitation;
use zenml_api::control::member::{self, Member, MemberQuery};
use zenml_api::control::role::{Role, RoleLevel};
use zenml_api::control::user::User;
use zenml_api::{OrganizationId, RoleId, UserId};

use crate::access::invitation::{self, DEFAULT_ROLE, Known, known};
use crate::access::people::{addresses_of, canonical, names_of, spelled_like};
use crate::access::role::{Roles, full_name, roles};
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// The status of somebody in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// A member.
    Active,
    /// The invitation waits for a reply.
    Invited,
    /// Nobody replied in time.
    Expired,
    /// The person does not want to join.
    Declined,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Expired => "expired",
            Self::Declined => "declined",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        let all = [Self::Invited, Self::Expired, Self::Declined];
        all.into_iter().find(|status| status.as_str() == text).unwrap_or(Self::Active)
    }
}

/// The reason why somebody is in an organization.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// An account with its organization-level roles; roles of its own come first.
    Member(Box<User>, Vec<RoleId>),
    /// An invitation that was not accepted.
    Invited(Invitation, Status),
}

/// A person in an organization.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(super) organization: OrganizationId,
    pub(super) standing: Standing,
    pub(super) roles: Arc<Roles>,
}

impl Remote {
    pub(super) fn email(&self) -> Option<&str> {
        match &self.standing {
            Standing::Member(user, _) => addresses_of(user).next(),
            Standing::Invited(invitation, _) => Some(&invitation.email),
        }
    }

    /// Returns the address as the configuration has it, if it is that of the person.
    pub(super) fn email_like(&self, known: Option<&str>) -> Option<String> {
        let is_known = |address: &str| known.map(canonical).as_deref() == Some(&canonical(address));
        match (&self.standing, known) {
            (Standing::Member(user, _), Some(known)) if addresses_of(user).any(is_known) => {
                Some(known.to_owned())
            }
            _ => self.email().map(|email| spelled_like(known, email)),
        }
    }

    pub(super) fn account(&self) -> Option<UserId> {
        match &self.standing {
            Standing::Member(user, _) => Some(user.id),
            Standing::Invited(..) => None,
        }
    }

    /// Returns the identity, which an acceptance does not change.
    pub(super) fn id(&self) -> String {
        let account = || self.account().map(|id| id.to_string()).unwrap_or_default();
        self.email().map_or_else(account, canonical)
    }

    pub(super) fn status(&self) -> Status {
        match &self.standing {
            Standing::Member(..) => Status::Active,
            Standing::Invited(_, status) => *status,
        }
    }

    /// Returns the roles of the person, or the one that comes with the acceptance.
    pub(super) fn held(&self) -> Vec<&Role> {
        let ids: Vec<RoleId> = match &self.standing {
            Standing::Member(_, roles) => roles.clone(),
            Standing::Invited(invitation, _) => invitation.role_id.into_iter().collect(),
        };
        ids.into_iter().filter_map(|id| self.roles.by_id(id)).collect()
    }

    /// Returns the name of the role: `known` if the person has that role, otherwise the full name of the first one.
    pub(super) fn role_like(&self, known: Option<&str>) -> String {
        let held = self.held();
        let names: Vec<&str> = held.iter().filter_map(|role| role.name.as_deref()).collect();
        match known {
            Some(known) if names.contains(&full_name(&RoleLevel::Organization, known)) => known.to_owned(),
            // A control plane may not report the role of an invitation.
            Some(known) if names.is_empty() => known.to_owned(),
            _ => names.first().copied().unwrap_or(DEFAULT_ROLE).to_owned(),
        }
    }

    fn is(&self, name: &str) -> bool {
        let name = canonical(name);
        match &self.standing {
            Standing::Member(user, _) => names_of(user).any(|own| own == name),
            Standing::Invited(..) => self.id() == name,
        }
    }
}

/// Returns all people of an organization, in two requests: members, and those whose invitation was not accepted.
/// Service accounts are not people.
pub(super) async fn all(client: &Client, organization: OrganizationId) -> Result<Vec<Remote>, Diag> {
    let control_plane = client.control_plane()?;
    let failed = |error| cannot("list the members of the organization", Needs::ORGANIZATION_VIEWER, &error);
    let query = MemberQuery {
        include_users: Some(true),
        include_service_accounts: Some(false),
        include_teams: Some(false),
        ..MemberQuery::default()
    };
    let members = control_plane.send(&member::LIST, organization, query, ()).await.map_err(failed)?;
    let invitations = known(client, organization).await?;
    let roles = roles(client, organization).await?;
    let remote = |standing| Remote { organization, standing, roles: Arc::clone(&roles) };
    let mut all: Vec<Remote> = members.into_iter().filter_map(of_member).map(remote).collect();
    let waiting = invitations.into_iter().filter(|(email, _)| !all.iter().any(|member| member.is(email)));
    let mut waiting: Vec<Remote> =
        waiting.filter_map(|(_, known)| of_invitation(known)).map(remote).collect();
    all.append(&mut waiting);
    Ok(all)
}

/// Reads an invitation. One that was accepted is that of somebody who has left.
fn of_invitation(Known { invitation, status }: Known) -> Option<Standing> {
    let status = match status {
        invitation::Status::Pending => Status::Invited,
        invitation::Status::Expired => Status::Expired,
        invitation::Status::Declined => Status::Declined,
        invitation::Status::Accepted | invitation::Status::Closed => return None,
    };
    Some(Standing::Invited(invitation, status))
}

/// Returns somebody whose invitation can no longer be accepted.
pub(super) async fn expired(
    client: &Client,
    organization: OrganizationId,
    invitation: Invitation,
) -> Result<Remote, Diag> {
    let roles = roles(client, organization).await?;
    Ok(Remote { organization, standing: Standing::Invited(invitation, Status::Expired), roles })
}

/// Reads an account with its roles in the organization.
fn of_member(member: Member) -> Option<Standing> {
    let mut roles: Vec<_> =
        member.roles.into_iter().filter(|role| role.level == RoleLevel::Organization).collect();
    roles.sort_by_key(|role| role.via_team);
    let user = member.user.filter(|user| !user.is_service_account)?;
    Some(Standing::Member(Box::new(user), roles.into_iter().map(|role| role.role_id).collect()))
}

/// Finds somebody by email address or by the id of the account.
pub(super) async fn find(
    client: &Client,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<Remote>, Diag> {
    Ok(all(client, organization).await?.into_iter().find(|person| person.is(name)))
}

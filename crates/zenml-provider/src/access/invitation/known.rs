//! What an organization knows about people who are not members.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tfkit::Diag;
use zenml_api::control::invitation::{self as api, Invitation, InvitationQuery};
use zenml_api::control::user::{self, User, UserQuery};
use zenml_api::{InvitationId, OrganizationId, UserId};
use zenml_client::ApiError;

use crate::access::people::{addresses_of, canonical};
use crate::cache::Cache;
use crate::client::Client;
use crate::failure::{Needs, cannot};

/// How far an invitation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for a reply.
    Pending,
    /// The person joined.
    Accepted,
    /// The person does not want to join.
    Declined,
    /// Nobody replied in time.
    Expired,
    /// It cannot be accepted, for a reason that the control plane does not report.
    Closed,
}

impl Status {
    /// Returns the status in a response; `None` if the control plane reports none.
    fn reported(invitation: &Invitation) -> Option<Self> {
        Some(match invitation.status.as_deref()? {
            "pending" => Self::Pending,
            "accepted" => Self::Accepted,
            "declined" => Self::Declined,
            "expired" => Self::Expired,
            _ => Self::Closed,
        })
    }
}

/// Returns whether an invitation in a list of pending ones, of members or of assignments can still be accepted. A
/// control plane that does not report the status lists only such ones there.
pub fn is_open(invitation: &Invitation) -> bool {
    matches!(Status::reported(invitation), None | Some(Status::Pending))
}

/// An invitation with its status.
#[derive(Clone, Debug)]
pub struct Known {
    /// The invitation.
    pub invitation: Invitation,
    /// How far it is.
    pub status: Status,
}

/// The open invitations of each organization that a run has read, by canonical address.
#[derive(Debug, Default)]
struct Open(Cache<OrganizationId, HashMap<String, Invitation>>);

/// The most recent invitation of each address, by canonical address.
#[derive(Debug, Default)]
struct Latest(Cache<OrganizationId, BTreeMap<String, Known>>);

/// Returns the open invitation of an address, from a list that is read once in a run.
pub async fn open(
    client: &Client,
    organization: OrganizationId,
    email: &str,
) -> Result<Option<Invitation>, Diag> {
    let read = async {
        let all = list(client, organization, true).await?;
        let open = all.into_iter().filter(is_open);
        Ok(open.map(|invitation| (canonical(&invitation.email), invitation)).collect())
    };
    let all: Result<_, Diag> = client.memory::<Open>().0.get(&organization, read).await;
    Ok(all?.get(&canonical(email)).cloned())
}

/// Returns the invitation with an id if it can still be accepted now.
pub async fn pending_by_id(
    client: &Client,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<Option<Invitation>, Diag> {
    let all = list(client, organization, true).await?;
    Ok(all.into_iter().find(|invitation| invitation.id == id && is_open(invitation)))
}

async fn list(
    client: &Client,
    organization: OrganizationId,
    only_pending: bool,
) -> Result<Vec<Invitation>, Diag> {
    let query = InvitationQuery { email: None, only_pending: Some(only_pending) };
    let all = client.control_plane()?.send(&api::LIST, organization, query, ()).await;
    all.map_err(|error| {
        cannot(
            format_args!("list the invitations of the organization {organization}"),
            Needs::ORGANIZATION_VIEWER,
            &error,
        )
    })
}

/// Reads the most recent invitation of each address, open or not, by canonical address. If the control plane reports no
/// status, the list of pending invitations says which ones can be accepted.
pub async fn known(client: &Client, organization: OrganizationId) -> Result<BTreeMap<String, Known>, Diag> {
    let all = list(client, organization, false).await?;
    let mut pending = BTreeSet::new();
    if all.iter().any(|invitation| Status::reported(invitation).is_none()) {
        pending.extend(list(client, organization, true).await?.iter().map(|invitation| invitation.id));
    }
    let mut all: Vec<Known> = all
        .into_iter()
        .map(|invitation| {
            let guess = if pending.contains(&invitation.id) { Status::Pending } else { Status::Closed };
            let status = Status::reported(&invitation).unwrap_or(guess);
            Known { invitation, status }
        })
        .collect();
    all.sort_by_key(|Known { invitation, status }| {
        (*status == Status::Pending, invitation.created.as_ref().map(ToString::to_string))
    });
    // Later ones replace earlier ones.
    Ok(all.into_iter().map(|known| (canonical(&known.invitation.email), known)).collect())
}

/// Forgets the invitations of an organization, because there are more or fewer now.
pub fn forget(client: &Client, organization: OrganizationId) {
    client.memory::<Open>().0.forget(&organization);
    client.memory::<Latest>().0.forget(&organization);
}

/// How an organization knows somebody who is not a member.
#[derive(Clone, Debug)]
pub enum Standing {
    /// An invitation waits for a reply.
    Invited(Invitation),
    /// The person has an account, but no place in the organization.
    Outside(UserId),
    /// The invitation expired.
    Expired,
    /// The person declined.
    Declined,
    /// The person was a member. Contains the account, if the key may find it.
    Left(Option<UserId>),
    /// Nothing is known.
    Unknown,
}

/// Finds out how an organization knows somebody who is not a member, from lists that are read once in a run.
pub async fn standing(client: &Client, organization: OrganizationId, email: &str) -> Result<Standing, Diag> {
    if let Some(invitation) = open(client, organization, email).await? {
        return Ok(Standing::Invited(invitation));
    }
    let all = client.memory::<Latest>().0.get(&organization, known(client, organization)).await?;
    match all.get(&canonical(email)).map(|known| known.status) {
        Some(Status::Declined) => Ok(Standing::Declined),
        Some(Status::Expired) => Ok(Standing::Expired),
        Some(Status::Accepted) => Ok(Standing::Left(account(client, email).await?)),
        Some(Status::Pending | Status::Closed) | None => {
            Ok(account(client, email).await?.map_or(Standing::Unknown, Standing::Outside))
        }
    }
}

/// Returns the account with an address on the whole platform, if the key may find it.
pub async fn account(client: &Client, email: &str) -> Result<Option<UserId>, Diag> {
    let query = UserQuery { email: Some(email.to_owned()), ..UserQuery::default() };
    let found = client.control_plane()?.list_all(&user::LIST, (), query).await;
    let found = match found {
        Ok(found) => found,
        Err(ApiError::Forbidden(_) | ApiError::NotFound(_) | ApiError::UnknownRoute(_)) => return Ok(None),
        Err(error) => {
            return Err(cannot(
                format_args!("look for the user {email:?}"),
                Needs::ORGANIZATION_VIEWER,
                &error,
            ));
        }
    };
    let has_address = |user: &&User| addresses_of(user).any(|own| canonical(own) == canonical(email));
    Ok(found.iter().find(has_address).map(|user| user.id))
}

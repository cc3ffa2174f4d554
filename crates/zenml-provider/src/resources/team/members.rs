//! The members of a team in an apply: who they are, and who has to be invited.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use tfkit::{Cx, Diag};
use zenml_api::control::team::TeamMember;
use zenml_api::control::user::User;
use zenml_api::{InvitationId, OrganizationId};

use super::model::Team;
use super::planning::{INVITED, KEPT, one_person, private, unknown_members, who};
use crate::access::choice;
use crate::access::invitation::{self, Admitted, Exclusive, Place};
use crate::access::people;
use crate::client::Client;

/// Key in the private state for the invitations that this team has sent.
const SENT: &str = "invitations";

/// The invitations that the teams of a run have sent, also in earlier runs. The invitations of other resources are not
/// among them: those resources delete them.
#[derive(Debug, Default)]
struct Sent(Mutex<BTreeMap<OrganizationId, BTreeSet<InvitationId>>>);

/// Returns the invitations that teams of this run have sent, after a change.
fn sent(
    client: &Client,
    organization: OrganizationId,
    change: impl FnOnce(&mut BTreeSet<InvitationId>),
) -> BTreeSet<InvitationId> {
    let sent = client.memory::<Sent>();
    let mut sent = sent.0.lock().unwrap_or_else(PoisonError::into_inner);
    let sent = sent.entry(organization).or_default();
    change(sent);
    sent.clone()
}

/// Returns the invitations that this team has sent.
fn recorded(cx: &Cx<Client>) -> BTreeSet<InvitationId> {
    private(cx, SENT).unwrap_or_default()
}

/// Takes over the invitations in this team that another team has sent: if that one is destroyed, this one deletes them.
/// `members` are those of this team.
///
/// Call [`announce_sent`] before the refresh has read the members. A host refreshes all teams of the state at the same
/// time, so each finds what the others have sent.
pub(super) fn take_over(
    cx: &Cx<Client>,
    client: &Client,
    organization: OrganizationId,
    members: &[TeamMember],
) -> Result<(), Diag> {
    let own = recorded(cx);
    let all = sent(client, organization, |_| ());
    let places: BTreeSet<Place> = members.iter().map(Place::of).collect();
    let mut now = own.clone();
    now.extend(invitations(&places).filter(|id| all.contains(id)));
    // A refresh that records anything else differs from the state in each run, although nothing has changed.
    if now == own { Ok(()) } else { record(cx, &now) }
}

/// Tells the other teams of the run what this one has sent.
pub(super) fn announce_sent(cx: &Cx<Client>, client: &Client, organization: OrganizationId) {
    let own = recorded(cx);
    sent(client, organization, |sent| sent.extend(own));
}

fn record(cx: &Cx<Client>, ids: &BTreeSet<InvitationId>) -> Result<(), Diag> {
    cx.set_private(SENT, ids.iter().map(ToString::to_string).collect::<Vec<_>>().into())
}

/// The planned members with their places, some of which were created for this. While they exist, no other operation
/// deletes an invitation that is one of the places.
#[derive(Debug)]
pub(super) struct Members {
    organization: OrganizationId,
    who: String,
    places: BTreeSet<Place>,
    admitted: Vec<Admitted>,
    exclusive: Option<Exclusive>,
}

impl Members {
    /// Finds the places of the planned members, and invites those who have none. All names are checked before
    /// anything is changed, and the error names all unknown ones. `present` are the current members of the team.
    pub(super) async fn of(
        cx: &Cx<Client>,
        organization: OrganizationId,
        plan: &Team,
        present: &[TeamMember],
    ) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let names: Vec<&str> = plan.members.as_ref().into_iter().flatten().map(String::as_str).collect();
        let mut members = Self {
            organization,
            who: who(&plan.name),
            places: BTreeSet::new(),
            admitted: Vec::new(),
            exclusive: None,
        };
        let users = present.iter().filter_map(user_of);
        let mut waiting = HashMap::new();
        for member in present {
            if let TeamMember::Invitation(one) = member {
                waiting.insert(people::canonical(&one.email), one.id);
            }
        }
        let at_hand = |name: &str| waiting.get(&people::canonical(name)).copied();
        let (invited, others): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| at_hand(name).is_some());
        members.places.extend(invited.iter().filter_map(|name| at_hand(name)).map(Place::Invitation));
        let found = people::look_up(client, organization, others.iter().copied(), users).await?;
        if let Some((one, other)) = found.twice(&names).into_iter().next() {
            return Err(one_person(one, other));
        }
        members.places.extend(found.known.values().copied().map(Place::Account));
        if found.unknown.is_empty() {
            return Ok(members);
        }
        let exclusive = invitation::exclusive(cx, organization).await;
        let mut unknown = Vec::new();
        for name in &found.unknown {
            let open = if people::is_email(name) {
                invitation::open(client, organization, name).await?
            } else {
                None
            };
            match open {
                Some(open) => {
                    members.places.insert(Place::Invitation(open.id));
                }
                None => unknown.push(*name),
            }
        }
        members.remember(cx)?;
        members.admit(cx, plan, &unknown, exclusive).await
    }

    /// Gives places to people who have none. If one of them cannot get it, none does.
    async fn admit(
        mut self,
        cx: &Cx<Client>,
        plan: &Team,
        unknown: &[&str],
        exclusive: Exclusive,
    ) -> Result<Self, Diag> {
        let client = cx.client().await?;
        if unknown.is_empty() {
            self.exclusive = Some(exclusive);
            return Ok(self);
        }
        let planned: Option<BTreeSet<String>> = private(cx, INVITED);
        let is_planned = |name: &&&str| {
            plan.invite_unknown.0
                && people::is_email(name)
                && planned.as_ref().is_none_or(|planned| planned.contains(&people::canonical(name)))
        };
        let refused: Vec<&str> = unknown.iter().filter(|name| !is_planned(name)).copied().collect();
        if !refused.is_empty() {
            return Err(unknown_members(&refused, plan.invite_unknown.0));
        }
        let role =
            choice::named(client, self.organization, &plan.invite_role.0, Team::INVITE_ROLE.name()).await?;
        for name in unknown {
            match invitation::admit(client, &exclusive, name, &role).await {
                Ok(admitted) => {
                    self.places.insert(admitted.place);
                    self.admitted.push(admitted);
                    if let Admitted { place: Place::Invitation(id), is_new: true, .. } = admitted {
                        sent(client, self.organization, |sent| sent.extend([id]));
                    }
                    // An operation that is interrupted has sent them, too.
                    self.remember(cx)?;
                }
                Err(diag) => {
                    self.exclusive = Some(exclusive);
                    return Err(self.undo(cx, diag.at(Team::MEMBERS)).await);
                }
            }
        }
        self.exclusive = Some(exclusive);
        Ok(self)
    }

    pub(super) const fn places(&self) -> &BTreeSet<Place> {
        &self.places
    }

    /// Records the invitations that Terraform has sent, so that the team can take them back.
    fn remember(&self, cx: &Cx<Client>) -> Result<(), Diag> {
        let Some(client) = cx.client_if_known() else { return Ok(()) };
        let mut own = recorded(cx);
        let sent = sent(client, self.organization, |sent| sent.extend(&own));
        own.extend(invitations(&self.places).filter(|id| sent.contains(id)));
        record(cx, &own)
    }

    /// Takes back what was created for an operation that failed, and returns its error.
    pub(super) async fn undo(&self, cx: &Cx<Client>, diag: Diag) -> Diag {
        let (Ok(client), Some(exclusive)) = (cx.client().await, &self.exclusive) else { return diag };
        let kept = invitation::wants_of_others(client, self.organization, &self.who);
        let mut left = Vec::new();
        for admitted in &self.admitted {
            if invitation::undo(client, exclusive, *admitted, &kept).await.is_err() {
                left.push(match admitted.place {
                    Place::Invitation(id) => format!("Could not delete: invitation {id}."),
                    Place::Account(id) => format!("Could not revoke the new role of: user {id}."),
                });
            }
        }
        if left.is_empty() { diag } else { diag.why(left.join(" ")) }
    }

    /// Deletes the invitations that Terraform has sent and that nothing needs any more. `leaving` are the places that the
    /// team had before.
    pub(super) async fn withdraw_others(
        &self,
        cx: &Cx<Client>,
        leaving: &BTreeSet<Place>,
    ) -> Result<(), Diag> {
        let withdrawal = Withdrawal {
            organization: self.organization,
            who: &self.who,
            stays: &self.places,
            is_destroyed: false,
        };
        withdrawal.run(cx, leaving, self.exclusive.as_ref()).await
    }
}

/// Deletes the invitations that Terraform has sent for a team that was deleted, and that nothing else needs.
pub(super) async fn withdraw_all(
    cx: &Cx<Client>,
    organization: OrganizationId,
    name: &str,
    leaving: &BTreeSet<Place>,
) -> Result<(), Diag> {
    let withdrawal =
        Withdrawal { organization, who: &who(name), stays: &BTreeSet::new(), is_destroyed: true };
    withdrawal.run(cx, leaving, None).await
}

/// Returns whether a team of this run, other than this one, has sent invitations.
pub(super) fn others_have_sent(cx: &Cx<Client>, client: &Client, organization: OrganizationId) -> bool {
    let own = recorded(cx);
    sent(client, organization, |_| ()).iter().any(|id| !own.contains(id))
}

struct Withdrawal<'a> {
    organization: OrganizationId,
    who: &'a str,
    stays: &'a BTreeSet<Place>,
    /// Whether the team is destroyed, so that it cannot delete anything later.
    is_destroyed: bool,
}

impl Withdrawal<'_> {
    async fn run(
        &self,
        cx: &Cx<Client>,
        leaving: &BTreeSet<Place>,
        exclusive: Option<&Exclusive>,
    ) -> Result<(), Diag> {
        let client = cx.client().await?;
        let mut own = recorded(cx);
        let all = sent(client, self.organization, |sent| sent.extend(&own));
        let mut candidates = own.clone();
        candidates.extend(invitations(leaving).filter(|id| all.contains(id)));
        candidates.retain(|id| !self.stays.contains(&Place::Invitation(*id)));
        let mut kept = invitation::wants_of_others(client, self.organization, self.who);
        kept.extend(private::<Vec<String>>(cx, KEPT).into_iter().flatten());
        cx.remove_private(KEPT);
        if candidates.is_empty() {
            return Ok(());
        }
        let held;
        let exclusive = if let Some(exclusive) = exclusive {
            exclusive
        } else {
            held = invitation::exclusive(cx, self.organization).await;
            &held
        };
        for id in candidates {
            if let Some(left) = invitation::withdraw(client, exclusive, id, &kept).await? {
                // One that somebody else still needs stays ours.
                if self.is_destroyed {
                    cx.warn(invitation::left_to_others(&left, "The team that manages it is destroyed."));
                }
                continue;
            }
            own.remove(&id);
            sent(client, self.organization, |sent| sent.retain(|one| *one != id));
            record(cx, &own)?;
        }
        Ok(())
    }
}

fn invitations(places: &BTreeSet<Place>) -> impl Iterator<Item = InvitationId> + '_ {
    places.iter().filter_map(|place| match place {
        Place::Invitation(id) => Some(*id),
        Place::Account(_) => None,
    })
}

fn user_of(member: &TeamMember) -> Option<&User> {
    match member {
        TeamMember::User(user) => Some(user),
        TeamMember::Invitation(_) => None,
    }
}

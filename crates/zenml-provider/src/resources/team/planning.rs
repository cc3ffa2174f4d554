//! The members of a team in a plan: who joins, who leaves, and what the user has to know about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tfkit::{Cx, Diag, Dyn, Plan};
use zenml_api::OrganizationId;

use super::model::Team;
use crate::access::invitation::{self, Standing};
use crate::access::people::{self, Found};
use crate::access::principal::Principal;
use crate::access::{caller, choice};
use crate::client::Client;
use crate::control;
use crate::id::Id;

/// Key in the private state for the configured members at the last apply.
const MEMBERS: &str = "members";
/// Key in the private state for the members without an account; absent if the plan did not know all members.
pub(super) const INVITED: &str = "invited";
/// Key in the private state of a plan for the addresses that leave the team, and that other resources of the plan want.
pub(super) const KEPT: &str = "kept";

pub(super) fn private<T: serde::de::DeserializeOwned>(cx: &Cx<Client>, name: &str) -> Option<T> {
    cx.private(name).and_then(|value| serde_json::from_value(value).ok())
}

/// Records the members after an apply: a later plan can then distinguish a person who left the organization from a
/// misspelled name.
pub(super) fn remember(cx: &Cx<Client>, plan: &Team) -> Result<(), Diag> {
    match plan.members.as_ref() {
        Some(members) => cx.set_private(MEMBERS, members.iter().cloned().collect::<Vec<_>>().into()),
        None => Ok(()),
    }
}

/// Returns how a team announces the addresses that it wants.
pub(super) fn who(name: &str) -> String {
    format!("team {name}")
}

/// Announces the planned addresses, and stores which of those that leave the team are wanted by others.
pub(super) fn announce(cx: &Cx<Client>, plan: &Plan<Team>) -> Result<(), Diag> {
    let prior = plan.prior();
    let before = || prior.and_then(|prior| prior.organization_id.as_ref()).copied();
    let organization = plan.get(Team::ORGANIZATION_ID).known().or_else(before);
    let (Some(client), Some(Id(organization))) = (cx.client_if_known(), organization) else {
        return Ok(());
    };
    let name = plan.planned().get(Team::NAME).known().or_else(|| prior.map(|prior| prior.name.clone()));
    let who = who(&name.unwrap_or_default());
    let planned = if plan.is_delete() { None } else { plan.planned().dyn_of(Team::MEMBERS).as_list() };
    let wanted = planned.into_iter().flatten().filter_map(Dyn::as_str);
    invitation::want(client, organization, &who, wanted);
    let others = invitation::wants_of_others(client, organization, &who);
    let present = prior.and_then(|prior| prior.members.as_ref()).into_iter().flatten();
    let kept: Vec<String> =
        present.map(|name| people::canonical(name)).filter(|name| others.contains(name)).collect();
    if kept.is_empty() {
        return Ok(());
    }
    cx.set_private(KEPT, kept.into())
}

/// Warns of a plan that takes the provider's own account out of the team by deleting the team.
pub(super) async fn warn_of_deletion(cx: &Cx<Client>, plan: &mut Plan<Team>) -> Result<(), Diag> {
    let Some(prior) = plan.prior() else { return Ok(()) };
    let (team, what) = (prior.id.get()?.0, leaves(&prior.name));
    if let Some(client) = cx.client_if_known() {
        caller::warn_of(client, plan, &Principal::Team(team), &what).await;
    }
    Ok(())
}

fn leaves(team: &str) -> String {
    format!("removes the account that runs Terraform from team {team:?}")
}

/// Checks who joins and who leaves, to report errors as early as possible. A different name for the same person is
/// not a change.
pub(super) async fn plan_members(cx: &Cx<Client>, plan: &mut Plan<Team>) -> Result<(), Diag> {
    if !(plan.is_create() || plan.changes(Team::MEMBERS)) {
        return Ok(());
    }
    let earlier = Earlier::of(cx);
    cx.remove_private(INVITED);
    let planned = plan.planned().dyn_of(Team::MEMBERS).clone();
    let Some(elements) = planned.as_list() else { return Ok(()) };
    let wanted: Vec<&str> = elements.iter().filter_map(Dyn::as_str).collect();
    let prior = plan.prior().and_then(|prior| prior.members.as_ref()).cloned().unwrap_or_default();
    let present: Vec<&str> = prior.iter().map(String::as_str).collect();
    let Some(organization) = organization(cx, plan).await? else { return Ok(()) };
    let client = cx.client().await?;
    let found = people::look_up(client, organization, wanted.iter().chain(&present).copied(), []).await?;
    for (one, other) in found.twice(&wanted) {
        plan.error(one_person(one, other));
    }
    let joining = found.missing_in(&wanted, &present);
    let leaving = found.missing_in(&present, &wanted);
    let unfound: HashSet<&str> = found.unknown.iter().copied().collect();
    let unknown: Vec<&str> = joining.iter().copied().filter(|name| unfound.contains(name)).collect();
    let invites = plan.planned().get(Team::INVITE_UNKNOWN).known() != Some(false);
    // A state from an import or an earlier version does not contain the earlier members.
    let alone = plan.is_update()
        && planned.wholly_known()
        && !earlier.is_known()
        && unknown.len() == joining.len()
        && leaving.is_empty()
        && !invites;
    let mut newcomers = Newcomers::default();
    let before = earlier.persons(&found);
    for name in unknown {
        let standing = if people::is_email(name) {
            invitation::standing(client, organization, name).await?
        } else {
            Standing::Unknown
        };
        let was_member = alone || before.contains(&found.person(name));
        newcomers.add(name, &standing, was_member, &earlier, invites);
    }
    if !newcomers.unknown.is_empty() {
        plan.error(unknown_members(&newcomers.unknown, invites));
    }
    newcomers.check_role(client, organization, plan).await;
    if !planned.wholly_known() {
        newcomers.warn(plan);
        return Ok(());
    }
    let departed = &newcomers.departed;
    let waiting = wanted.iter().filter(|name| unfound.contains(*name) && !departed.contains_key(*name));
    cx.set_private(INVITED, waiting.map(|name| people::canonical(name)).collect::<Vec<_>>().into())?;
    let nobody_else = leaving.is_empty() && joining.len() == departed.len();
    let stays = plan.is_update() && nobody_else;
    for diag in departures(departed, earlier.is_known()) {
        if stays { plan.warn(diag) } else { plan.error(diag) }
    }
    if stays {
        plan.keep(Team::MEMBERS);
    }
    newcomers.warn(plan);
    warn_of_removals(client, plan, &leaving, &found).await;
    Ok(())
}

/// What the last apply recorded.
struct Earlier {
    members: Option<Vec<String>>,
    invited: BTreeSet<String>,
}

impl Earlier {
    fn of(cx: &Cx<Client>) -> Self {
        Self { members: private(cx, MEMBERS), invited: private(cx, INVITED).unwrap_or_default() }
    }

    fn is_known(&self) -> bool {
        self.members.is_some()
    }

    /// Returns the members of the configuration before.
    fn persons(&self, found: &Found<'_>) -> HashSet<String> {
        self.members.iter().flatten().map(|member| found.person(member)).collect()
    }

    /// Returns whether somebody was invited, and had not joined by then.
    fn had_invited(&self, name: &str) -> bool {
        self.invited.contains(&people::canonical(name))
    }
}

/// Why a person of an earlier apply is no longer in the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Departure {
    /// The person left the organization.
    Left,
    /// The person declined the invitation.
    Declined,
}

/// The names in a plan that match no member of the organization.
#[derive(Debug, Default)]
struct Newcomers<'a> {
    /// They get an invitation.
    invited: Vec<&'a str>,
    /// They have an account, and get a role in the organization.
    outside: Vec<&'a str>,
    /// They were in the team before.
    departed: BTreeMap<&'a str, Departure>,
    /// They cannot be invited.
    unknown: Vec<&'a str>,
}

impl<'a> Newcomers<'a> {
    /// Decides what happens to somebody. A person who was in the team and left, or who declined, is not invited again
    /// without a change of the configuration.
    fn add(
        &mut self,
        name: &'a str,
        standing: &Standing,
        was_member: bool,
        earlier: &Earlier,
        invites: bool,
    ) {
        let was_invited = earlier.had_invited(name);
        match standing {
            // Nobody has to be told: the invitation joins the team.
            Standing::Invited(_) if people::is_email(name) => {}
            Standing::Declined if was_member => drop(self.departed.insert(name, Departure::Declined)),
            Standing::Left(_) if was_member => drop(self.departed.insert(name, Departure::Left)),
            // The invitation was deleted.
            Standing::Unknown | Standing::Outside(_) if was_member && !was_invited => {
                self.departed.insert(name, Departure::Left);
            }
            _ if !invites || !people::is_email(name) => self.unknown.push(name),
            Standing::Outside(_) | Standing::Left(Some(_)) => self.outside.push(name),
            _ => self.invited.push(name),
        }
    }

    /// Checks the role of invited people, if somebody gets it.
    async fn check_role(&self, client: &Client, organization: OrganizationId, plan: &mut Plan<Team>) {
        if self.invited.is_empty() && self.outside.is_empty() {
            return;
        }
        let Some(role) = plan.planned().get(Team::INVITE_ROLE).known() else { return };
        let checked = choice::check_named(client, organization, &role, Team::INVITE_ROLE.name()).await;
        if let Err(diag) = checked {
            plan.error(diag);
        }
    }

    /// Says who will be invited, and who becomes a member of the organization.
    fn warn(&self, plan: &mut Plan<Team>) {
        let role = plan.planned().get(Team::INVITE_ROLE).known();
        let role = role.as_deref().unwrap_or("of invite_role");
        if !self.invited.is_empty() {
            let (count, names) = (self.invited.len(), quoted(&self.invited));
            let (people, join) = if count == 1 { ("person", "joins") } else { ("people", "join") };
            plan.warn(
                Diag::warning(format!("{count} {people} will be invited to the organization: {names}"))
                    .why(format!(
                        "No member of the organization has this address. Whoever accepts gets the role {role} \
                         and {join} the team."
                    ))
                    .fix("Check the spelling. To reject unknown addresses, set:\n  invite_unknown = false")
                    .at(Team::MEMBERS),
            );
        }
        if !self.outside.is_empty() {
            let names = quoted(&self.outside);
            let verb = if self.outside.len() == 1 { "joins" } else { "join" };
            plan.warn(
                Diag::warning(format!("{names} {verb} the organization"))
                    .why(format!("There is an account with this address, which gets the role {role}."))
                    .fix("To reject addresses of accounts outside the organization, set:\n  invite_unknown = false")
                    .at(Team::MEMBERS),
            );
        }
    }
}

/// Returns the organization of a planned team; `None` while it is unknown.
async fn organization(cx: &Cx<Client>, plan: &Plan<Team>) -> Result<Option<OrganizationId>, Diag> {
    let client = cx.client().await?;
    match plan.get(Team::ORGANIZATION_ID).known() {
        Some(Id(organization)) => Ok(Some(organization)),
        None if plan.config().get(Team::ORGANIZATION_ID).is_null() => {
            control::organization::default(client).await.map(|organization| Some(organization.id))
        }
        None => Ok(None),
    }
}

/// Warns about the members that a plan removes from a team.
async fn warn_of_removals(client: &Client, plan: &mut Plan<Team>, leaving: &[&str], found: &Found<'_>) {
    let Some(prior) = plan.prior() else { return };
    let name = prior.name.clone();
    let count = leaving.len();
    if count == 0 {
        return;
    }
    let noun = if count == 1 { "member" } else { "members" };
    plan.warn(
        Diag::warning(format!("{count} {noun} will leave the team {name:?}"))
            .why(format!(
                "No longer in members: {}. They lose the access they have through this team.",
                leaving.join(", ")
            ))
            .at(Team::MEMBERS),
    );
    for account in leaving.iter().filter_map(|name| found.known.get(name)) {
        caller::warn_of(client, plan, &Principal::User(*account), &leaves(&name)).await;
    }
}

pub(super) fn one_person(one: &str, other: &str) -> Diag {
    Diag::error(format!("{one:?} and {other:?} are the same person"))
        .why("Both belong to the same account, and a person can be a member only once.")
        .fix("Remove one of them.")
        .at(Team::MEMBERS)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// Returns the error for names that have no place in the organization and get none.
pub(super) fn unknown_members(unknown: &[&str], invites: bool) -> Diag {
    let diag = Diag::error(format!("Not members of the organization: {}", quoted(unknown)));
    let diag = if !invites {
        diag.why("Team members must be members of the organization, and invite_unknown is false.")
            .fix("Check the spelling. To invite new people, remove invite_unknown.")
    } else if unknown.iter().all(|name| people::is_email(name)) {
        diag.why("They were members when the plan was created.")
            .fix("Create a new plan, which says what happens to them.")
    } else {
        diag.why("Only people with a complete email address can be invited.").fix(
            "Check the spelling. An account without an address needs a role in the organization, such as Organization \
             Member, before it can join a team.",
        )
    };
    diag.at(Team::MEMBERS)
}

/// Returns the diagnostics for configured members of an earlier apply who have gone.
fn departures(departed: &BTreeMap<&str, Departure>, is_remembered: bool) -> Vec<Diag> {
    let of = |wanted: Departure| -> Vec<&str> {
        departed.iter().filter(|(_, departure)| **departure == wanted).map(|(name, _)| *name).collect()
    };
    let (left, declined) = (of(Departure::Left), of(Departure::Declined));
    let mut diags = Vec::new();
    if !left.is_empty() {
        diags.push(if is_remembered { departed_members(&left) } else { departed_or_unknown(&left) });
    }
    if !declined.is_empty() {
        let verb = if declined.len() == 1 { "has" } else { "have" };
        diags.push(
            Diag::error(format!("{} {verb} declined the invitation", quoted(&declined)))
                .why("They are not in the team, and are not invited again.")
                .fix("Remove them from members. To invite them again, add them in a later apply.")
                .at(Team::MEMBERS),
        );
    }
    diags
}

/// Returns the diagnostic for configured members who have left the organization.
fn departed_members(departed: &[&str]) -> Diag {
    let verb = if departed.len() == 1 { "is" } else { "are" };
    Diag::error(format!("{} {verb} no longer in the organization", quoted(departed)))
        .why(
            "An earlier apply added them to the team. They have left the organization, and with it the team.",
        )
        .fix("Remove them from members, or give them a role in the organization again.")
        .at(Team::MEMBERS)
}

/// Returns the warning for configured names that are not in the organization, if the earlier members of the team are
/// not remembered.
fn departed_or_unknown(names: &[&str]) -> Diag {
    Diag::warning(format!("Not members of the organization: {}", quoted(names)))
        .why(
            "They may have left the organization, or be misspelled. They are not in the team, and the plan \
             does not change that.",
        )
        .fix("Remove them from members, correct the spelling, or give them a role in the organization again.")
        .at(Team::MEMBERS)
}

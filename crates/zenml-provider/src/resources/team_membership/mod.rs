//! `zenml_team_membership`: one member of a team.

mod list;

use std::collections::BTreeSet;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Generated, ImportId, Imported, Model, OrServer, Page, Partial, Path,
    Plan, Resource, Since,
};
use zenml_api::control::team::{self as api, TeamMember};
use zenml_api::{OrganizationId, ServiceAccountId, TeamId, UserId};
use zenml_client::{ApiError, Optional as _};

pub use self::list::TeamMembershipFilters;
use crate::access::belonging::{malformed_email, unknown_email};
use crate::access::invitation::{Place, place_of, want};
use crate::access::last_admin::{self, Loss};
use crate::access::people::{same_name, spelled_like};
use crate::access::principal::Principal;
use crate::access::{caller, import, people, team};
use crate::client::Client;
use crate::control;
use crate::control::organization::require_sight;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// One member of a team. It adds this member, and leaves all others as they are.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team_membership")]
#[model(rule = Rule::ExactlyOneOf(&["email", "user_id", "service_account_id"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
#[model(import = "TEAM_ID/email/EMAIL")]
#[model(import = "TEAM_ID/user/USER_ID")]
#[model(import = "TEAM_ID/service_account/SERVICE_ACCOUNT_ID")]
pub struct TeamMembership {
    /// ID of the membership: `TEAM_ID/email/EMAIL`, `TEAM_ID/user/USER_ID` or
    /// `TEAM_ID/service_account/SERVICE_ACCOUNT_ID`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// ID of the organization that the team belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the team.
    #[attr(key, replace)]
    pub team_id: Id<TeamId>,
    /// Email address of a member of the organization, or of somebody who is invited. The place in the team stays when
    /// the invitation is accepted.
    #[attr(key = optional, replace, same = same_name, check = non_empty())]
    pub email: Option<String>,
    /// ID of a user.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of a service account.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
}

/// A member of a team.
#[derive(Clone, Debug)]
pub struct Remote {
    organization: OrganizationId,
    team: TeamId,
    member: Principal,
}

impl Resource for TeamMembership {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &TeamMembershipKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        let member = Principal::of(None, key.user_id, key.service_account_id, key.email.clone())?;
        let there = members_of(client, key.team_id.0).await?;
        if there.iter().flatten().any(|one| is(&member, one)) {
            return Ok(Some(Remote { organization, team: key.team_id.0, member }));
        }
        let what = format!("the membership of {member} in the team {}", key.team_id);
        control::organization::gone_from(client, organization, &what).await?;
        Ok(None)
    }

    fn scope(_: &Cx<Client>, key: &TeamMembershipKey) -> Option<String> {
        let organization = key.organization_id.map(|id| id.to_string()).unwrap_or_default();
        Some(format!("{organization}/{}", key.team_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        _: Option<u64>,
    ) -> Result<Page<TeamMembershipKey, Remote>, Diag> {
        let client = cx.client().await?;
        let (own, team) = scope.split_once('/').unwrap_or_default();
        let organization_id = own.parse().ok().map(Id);
        let organization = control::organization::of_key(client, organization_id).await?;
        let Ok(team) = team.parse() else { return Ok(Page { items: Vec::new(), next: None }) };
        let there = members_of(client, team).await?;
        let names = there.iter().flatten().flat_map(names_of);
        let items = names.map(|member| {
            let key = key_of(organization_id, team, &member);
            (key, Remote { organization, team, member })
        });
        Ok(Page { items: items.collect(), next: None })
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let spelled = since.model().and_then(|known| known.email.as_deref());
        Ok(Self {
            id: Computed::known(format!("{}/{}", remote.team, remote.member)),
            organization_id: OrServer::known(Id(remote.organization)),
            team_id: Id(remote.team),
            email: remote.member.email().map(|email| spelled_like(spelled, email)),
            user_id: remote.member.user().map(Id),
            service_account_id: remote.member.service_account().map(Id),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let team = plan.team_id.0;
        let member = plan.member()?;
        let place = place(client, organization, &member).await?;
        let remote = Remote { organization, team, member };
        match client.control_plane()?.send(&api::ADD_MEMBER, team, place.in_team(), ()).await {
            Ok(()) => {}
            Err(error) if error.outcome_unknown() => match members_of(client, team).await {
                Ok(Some(there)) if there.iter().any(|one| is(&remote.member, one)) => {}
                Ok(_) => return Err(failed("add", &remote, &error)),
                Err(diag) => return Err(creation::may_exist(diag, &error)),
            },
            Err(ApiError::Conflict(_)) => cx.warn(already(&remote)),
            Err(error) => return Err(refused(client, &remote, &error).await),
        }
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn update(_: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        // Only another spelling of the same address gets here.
        Ok(Self { email: plan.email, ..current.model })
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        let team = prior.team_id.0;
        let member = prior.member()?;
        let remote = Remote { organization, team, member };
        let there = members_of(client, team).await?;
        if there.is_none() {
            // Members leave with their team, unless it is only hidden.
            require_sight(client, organization, &format!("{} is in the team {team}", remote.member)).await?;
        }
        let places = there.iter().flatten().filter(|one| is(&remote.member, one)).map(Place::of);
        let places: Vec<Place> = places.collect();
        let accounts: BTreeSet<UserId> = places.iter().filter_map(|place| place.account()).collect();
        let has_accounts = !accounts.is_empty();
        let loss = Loss::Places(team, accounts);
        let _others_wait =
            if has_accounts { last_admin::check(cx, client, organization, &loss).await? } else { None };
        for place in places {
            let place = place.in_team();
            let gone = client.control_plane()?.send(&api::REMOVE_MEMBER, team, place, ()).await.optional();
            match gone {
                Ok(Some(())) => {}
                Ok(None) => {
                    let what = format!("{} is in the team {team}", remote.member);
                    require_sight(client, organization, &what).await?;
                }
                Err(error) => {
                    let reason = last_admin::reason(client, organization, &loss, &error).await;
                    return Err(reason.unwrap_or_else(|| failed("remove", &remote, &error)));
                }
            }
        }
        Ok(())
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let team = values.get(Self::TEAM_ID).known()?;
        let member = Principal::planned_member(values)?;
        let words = format!("membership of {member} in the team {team}");
        Some(Claim::new(words, &[&team.to_string(), &member.key()]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        control::organization::plan_default(cx, plan, Self::ORGANIZATION_ID).await;
        announce(cx, plan);
        let moves = plan.changes(Self::TEAM_ID) || Principal::changes(plan);
        if let Some(prior) = plan.prior().filter(|_| plan.is_delete() || moves)
            && let Some(client) = cx.client_if_known()
        {
            let what = format!("removes the account that runs Terraform from team {}", prior.team_id);
            let member = prior.member()?;
            caller::warn_of(client, plan, &member, &what).await;
        }
        if plan.is_create() || moves {
            let member = Principal::planned_member(plan.planned());
            let is_malformed = |email: &&str| !people::is_email(email);
            if let Some(email) = member.as_ref().and_then(Principal::email).filter(is_malformed) {
                plan.error(malformed_email(email));
            }
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, TeamMembershipKey>) -> Result<Imported<Self>, Diag> {
        let client = cx.client().await?;
        let (organization, key) = match id {
            ImportId::Key(key) => (control::organization::of_key(client, key.organization_id).await?, key),
            ImportId::Text(text) => {
                let (organization, key) = imported(text).ok_or_else(|| unreadable(text))?;
                (control::organization::written(client, organization).await?, key)
            }
        };
        Ok(Imported::Key(TeamMembershipKey { organization_id: Some(Id(organization)), ..key }))
    }
}

/// Returns the users and the open invitations in a team; `None` if the team does not exist.
async fn members_of(client: &Client, team: TeamId) -> Result<Option<Vec<TeamMember>>, Diag> {
    team::members_of(client, team).await.map_err(|error| {
        cannot(format_args!("list the members of the team {team}"), Needs::ORGANIZATION_VIEWER, &error)
    })
}

/// Announces the planned address, so that no team of this run deletes its invitation.
fn announce(cx: &Cx<Client>, plan: &Plan<TeamMembership>) {
    let prior = plan.prior();
    let before = || prior.and_then(|prior| prior.organization_id.as_ref()).copied();
    let organization = plan.get(TeamMembership::ORGANIZATION_ID).known().or_else(before);
    let team = plan.get(TeamMembership::TEAM_ID).known().or_else(|| prior.map(|prior| prior.team_id));
    let planned = plan.get(TeamMembership::EMAIL).known();
    let email = planned.or_else(|| prior.and_then(|prior| prior.email.clone()));
    if let (Some(client), Some(Id(organization)), Some(email)) = (cx.client_if_known(), organization, email) {
        let team = team.map(|team| team.to_string()).unwrap_or_default();
        let wanted = (!plan.is_delete()).then_some(email.as_str());
        want(client, organization, &format!("membership of {} in {team}", people::canonical(&email)), wanted);
    }
}

impl TeamMembership {
    fn member(&self) -> Result<Principal, Diag> {
        Principal::of(None, self.user_id, self.service_account_id, self.email.clone())
    }
}

/// Returns whether a member of a team is this principal.
fn is(principal: &Principal, member: &TeamMember) -> bool {
    match member {
        TeamMember::User(user) => principal.is(Some(user), None, None),
        TeamMember::Invitation(invitation) => principal.is(None, None, Some(invitation)),
    }
}

/// Returns all principals that a member of a team is: by the address and by the id of the account.
fn names_of(member: &TeamMember) -> Vec<Principal> {
    match member {
        TeamMember::User(user) => Principal::all_of(Some(user), None, None),
        TeamMember::Invitation(invitation) => Principal::all_of(None, None, Some(invitation)),
    }
}

fn key_of(
    organization_id: Option<Id<OrganizationId>>,
    team: TeamId,
    member: &Principal,
) -> TeamMembershipKey {
    TeamMembershipKey {
        organization_id,
        team_id: Id(team),
        email: member.email().map(str::to_owned),
        user_id: member.user().map(Id),
        service_account_id: member.service_account().map(Id),
    }
}

/// Returns the place that joins the team.
async fn place(client: &Client, organization: OrganizationId, member: &Principal) -> Result<Place, Diag> {
    match (member.email(), member.account()) {
        (Some(email), _) => {
            let found = place_of(client, organization, email).await?;
            found.ok_or_else(|| unknown_email(organization, email))
        }
        (None, Some(account)) => Ok(Place::Account(account)),
        (None, None) => Err(Diag::bug("A membership has no member")),
    }
}

fn already(remote: &Remote) -> Diag {
    Diag::warning(format!(
        "{} is already in the team, and is managed by Terraform from now on",
        remote.member
    ))
    .why(format!("Destroying this resource removes the member from the team {}.", remote.team))
}

/// Returns why a member could not be added: the team, or the account, may be of another organization.
async fn refused(client: &Client, remote: &Remote, error: &ApiError) -> Diag {
    let diag = failed("add", remote, error);
    let attribute = match error {
        ApiError::NotFound(_) => "team_id",
        ApiError::Forbidden(_) | ApiError::Invalid(_) => remote.member.attribute(),
        _ => return diag,
    };
    let account = remote.member.account();
    if let (ApiError::Forbidden(_), Some(account)) = (error, account)
        && people::belongs(client, remote.organization, account).await == Some(false)
    {
        return diag
            .why(format!("The account {account} is not a member of the organization {}.", remote.organization))
            .fix("Give the account a role in the organization, such as Organization Member, before it joins a team.")
            .at(Path::root().attr(attribute));
    }
    diag.at(Path::root().attr(attribute))
}

fn failed(verb: &str, remote: &Remote, error: &ApiError) -> Diag {
    let preposition = if verb == "add" { "to" } else { "from" };
    cannot(
        format_args!("{verb} {} {preposition} the team {}", remote.member, remote.team),
        Needs::ORGANIZATION_ADMIN,
        error,
    )
}

/// Reads an import id: the organization, if it contains one, the team, and the kind and the id of the member.
fn imported(text: &str) -> Option<(Option<&str>, TeamMembershipKey)> {
    let (organization, team, member) = if let Some(([team], member, [])) = import::read::<1, 0>(text) {
        (None, team, member)
    } else {
        let ([organization, team], member, []) = import::read::<2, 0>(text)?;
        (Some(organization), team, member)
    };
    if member.team().is_some() {
        return None;
    }
    Some((organization, key_of(None, team.parse().ok()?, &member)))
}

fn unreadable(text: &str) -> Diag {
    Diag::error(format!("Invalid import id {text:?}"))
        .why("Import ids of this type have the format [ORGANIZATION/]TEAM_ID/email/EMAIL.")
        .fix(
            "In place of `email` and an address, you can write `user` or `service_account` and its id. The \
             organization can be an id or a name.",
        )
}

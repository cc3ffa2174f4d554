//! `zenml_team`: a group of people with common roles.

mod data;
mod list;
mod members;
mod model;
mod planning;
mod plural;

use std::collections::BTreeSet;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Existing, Generated, IfSet, ImportId, Imported, OrDefault, OrServer,
    Page, Partial, Plan, Resource, Since,
};
use zenml_api::control::team::{self as api, TeamCreate, TeamMember, TeamQuery, TeamUpdate};
use zenml_api::{OrganizationId, Patch, TeamId, UserId};
use zenml_client::{ApiError, Optional as _, Pages};

pub use self::data::TeamData;
pub use self::list::TeamFilters;
use self::members::{Members, announce_sent, take_over};
pub use self::model::{Team, TeamKey};
use self::planning::{announce, plan_members, warn_of_deletion};
pub use self::plural::TeamsData;
use crate::access::invitation::{self, Place};
use crate::access::last_admin::{self, Loss};
use crate::access::people::Spellings;
use crate::access::team;
use crate::client::Client;
use crate::control;
use crate::control::organization::require_sight;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// A team on the control plane, with what its own response omits.
#[derive(Clone, Debug)]
pub struct Remote {
    organization: OrganizationId,
    team: api::Team,
    /// Users and open invitations.
    members: Vec<TeamMember>,
}

impl Resource for Team {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &TeamKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        announce_sent(cx, client, organization);
        let found = look(client, organization, key.id.0).await?;
        if let Some(found) = &found {
            take_over(cx, client, organization, &found.members)?;
        }
        if found.is_none() {
            control::organization::gone_from(client, organization, &format!("the team {}", key.id)).await?;
        }
        Ok(found)
    }

    fn scope(_: &Cx<Client>, key: &TeamKey) -> Option<String> {
        Some(key.organization_id.map(|id| id.to_string()).unwrap_or_default())
    }

    async fn page(cx: &Cx<Client>, scope: &str, from: Option<u64>) -> Result<Page<TeamKey, Remote>, Diag> {
        let client = cx.client().await?;
        let organization_id = scope.parse().ok().map(Id);
        let organization = control::organization::of_key(client, organization_id).await?;
        let teams = Pages::new(client.control_plane()?, &api::LIST, organization, TeamQuery::default());
        let mut teams = teams.from(from.unwrap_or(0));
        let page = teams.next().await.map_err(|error| unlisted(&error))?.unwrap_or_default();
        let item = |team: api::Team| {
            let key = TeamKey { organization_id, id: Id(team.id) };
            (key, Remote { organization, team, members: Vec::new() })
        };
        Ok(Page { items: page.into_iter().map(item).collect(), next: teams.position() })
    }

    // The list does not contain the members.
    async fn complete(cx: &Cx<Client>, item: Remote) -> Result<Remote, Diag> {
        let client = cx.client().await?;
        announce_sent(cx, client, item.organization);
        let members = members_of(client, item.team.id, &item.team.name).await?;
        take_over(cx, client, item.organization, &members)?;
        Ok(Remote { members, ..item })
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let known = since.model();
        let spelled = Spellings::of(known.and_then(|known| known.members.as_ref()).into_iter().flatten());
        Ok(Self {
            organization_id: OrServer::known(Id(remote.organization)),
            id: Computed::known(Id(remote.team.id)),
            name: remote.team.name.clone(),
            description: remote.team.description.clone(),
            members: match known {
                // Members that are managed elsewhere are not compared.
                Some(known) if known.members.as_ref().is_none() => IfSet(None),
                _ => IfSet(Some(remote.members.iter().map(|member| spell(&spelled, member)).collect())),
            },
            invite_unknown: known.map_or(OrDefault(true), |known| known.invite_unknown),
            invite_role: match known {
                Some(known) => known.invite_role.clone(),
                None => OrDefault(invitation::DEFAULT_ROLE.to_owned()),
            },
            created: Computed::known(remote.team.created.to_string()),
            updated: Computed::known(remote.team.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        require_free(client, organization, &plan.name).await?;
        let members = Members::of(cx, organization, &plan, &[]).await?;
        let team = match create_new(client, organization, &plan).await {
            Ok(team) => team,
            Err(diag) => return Err(members.undo(cx, diag).await),
        };
        let mut remote = Remote { organization, team, members: Vec::new() };
        cx.save(&Self::observe(&remote, Since::Answer(&plan))?);
        for place in members.places() {
            if let Err(error) = add(client, remote.team.id, *place).await {
                let diag = undo(cx, client, &plan.name, remote.team.id, &error).await;
                return Err(members.undo(cx, diag).await);
            }
        }
        planning::remember(cx, &plan)?;
        remote.members = members_of(client, remote.team.id, &plan.name).await?;
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let Current { model: prior, remote, .. } = current;
        let mut current = remote.ok_or_else(|| Diag::bug("A team is updated without being read"))?;
        let client = cx.client().await?;
        let (organization, id) = (current.organization, current.team.id);
        let members = Members::of(cx, organization, &plan, &current.members).await?;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let change = TeamUpdate {
            name: (plan.name != prior.name).then(|| plan.name.clone()),
            description: Patch::between(text(&prior.description).as_ref(), text(&plan.description)),
        };
        if change != TeamUpdate::default() {
            let changed = client.control_plane()?.send(&api::UPDATE, id, (), change).await.optional();
            let changed = changed.map_err(|error| failed("change", &plan.name, &error));
            match changed.and_then(|team| team.ok_or_else(|| vanished(&plan.name))) {
                Ok(team) => current.team = team,
                Err(diag) => return Err(members.undo(cx, diag).await),
            }
        }
        if plan.members.as_ref().is_some() {
            let wanted = members.places();
            let present: BTreeSet<Place> = current.members.iter().map(Place::of).collect();
            for place in wanted.difference(&present) {
                if let Err(error) = add(client, id, *place).await {
                    let diag = failed("add a member to", &plan.name, &error);
                    return Err(members.undo(cx, diag).await);
                }
            }
            let leaving: BTreeSet<Place> = present.difference(wanted).copied().collect();
            leave(cx, organization, &current.team, &leaving).await?;
            members.withdraw_others(cx, &leaving).await?;
            planning::remember(cx, &plan)?;
            if present != *wanted {
                current = look(client, organization, id).await?.ok_or_else(|| vanished(&plan.name))?;
            }
        }
        Self::observe(&current, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let id = prior.id.get()?.0;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        let leaving = if members::others_have_sent(cx, client, organization) {
            let members = team::members_of(client, id).await;
            let members = members.map_err(|error| failed("list the members of", &prior.name, &error))?;
            members.iter().flatten().map(Place::of).collect()
        } else {
            BTreeSet::new()
        };
        let loss = Loss::Team(id);
        let others_wait = last_admin::check(cx, client, organization, &loss).await?;
        match client.control_plane()?.call(&api::DELETE, id).await.optional() {
            Ok(Some(())) => {}
            Ok(None) => {
                let what = format!("the team {:?} still exists", prior.name);
                require_sight(client, organization, &what).await?;
            }
            Err(error) => {
                let reason = last_admin::reason(client, organization, &loss, &error).await;
                return Err(reason.unwrap_or_else(|| failed("delete", &prior.name, &error)));
            }
        }
        drop(others_wait);
        members::withdraw_all(cx, organization, &prior.name, &leaving).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let organization = values.get(Self::ORGANIZATION_ID).known()?;
        let name = values.get(Self::NAME).known()?;
        Some(Claim::new(format!("team {name:?}"), &[&organization.to_string(), &name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if !plan.is_delete() {
            control::organization::plan_default(cx, plan, Self::ORGANIZATION_ID).await;
        }
        announce(cx, plan)?;
        if plan.is_delete() || plan.changes(Self::ORGANIZATION_ID) {
            warn_of_deletion(cx, plan).await?;
        }
        if plan.is_delete() { Ok(()) } else { plan_members(cx, plan).await }
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, TeamKey>) -> Result<Imported<Self>, Diag> {
        let mut key = id.key()?;
        if key.organization_id.is_none() {
            // The response for a team does not contain its organization.
            key.organization_id = Some(Id(control::organization::default(cx.client().await?).await?.id));
        }
        Ok(Imported::Key(key))
    }
}

/// Rejects a name that another team has, before anybody is invited.
async fn require_free(client: &Client, organization: OrganizationId, name: &str) -> Result<(), Diag> {
    match named(client, organization, name).await? {
        Some(existing) => Err(exists(organization, &existing)),
        None => Ok(()),
    }
}

/// Creates the team, whose name was free before. An existing one with the same name is never taken over, except after a
/// lost response.
async fn create_new(client: &Client, organization: OrganizationId, plan: &Team) -> Result<api::Team, Diag> {
    let request = TeamCreate {
        organization_id: organization,
        name: plan.name.clone(),
        description: plan.description.clone().filter(|text| !text.is_empty()),
    };
    let answer = client.control_plane()?.send(&api::CREATE, (), (), request).await;
    let look = named(client, organization, &plan.name);
    let taken = |existing: Option<&api::Team>| match existing {
        Some(existing) => exists(organization, existing),
        None => hidden(organization, &plan.name),
    };
    creation::outcome(answer, look, taken, |error| failed("create", &plan.name, error)).await
}

fn hidden(organization: OrganizationId, name: &str) -> Diag {
    Diag::error(format!("Team {name:?} already exists"))
        .why(format!(
            "The organization {organization} has a team with this name, but this key has no access to it."
        ))
        .fix("Choose another name.")
        .at(Team::NAME)
}

/// Deletes a team whose members could not be added, so that no incomplete team remains, and returns the error.
async fn undo(cx: &Cx<Client>, client: &Client, name: &str, id: TeamId, error: &ApiError) -> Diag {
    let diag = failed("add a member to", name, error).at(Team::MEMBERS);
    let Ok(control_plane) = client.control_plane() else { return diag };
    match control_plane.call(&api::DELETE, id).await.optional() {
        Ok(_) => {
            cx.unsave();
            diag.why("The new team was deleted again, so that no incomplete team remains.")
        }
        // The team stays in the state, and the next apply adds the members.
        Err(_) => diag.why("The new team could not be deleted again."),
    }
}

async fn look(client: &Client, organization: OrganizationId, id: TeamId) -> Result<Option<Remote>, Diag> {
    let found = client.control_plane()?.call(&api::GET, id).await.optional();
    let Some(team) = found.map_err(|error| failed("read", &id.to_string(), &error))? else { return Ok(None) };
    let members = members_of(client, id, &team.name).await?;
    Ok(Some(Remote { organization, team, members }))
}

/// Returns the users and the open invitations in a team.
async fn members_of(client: &Client, id: TeamId, name: &str) -> Result<Vec<TeamMember>, Diag> {
    let members = team::members_of(client, id).await;
    members.map_err(|error| failed("list the members of", name, &error))?.ok_or_else(|| vanished(name))
}

fn unlisted(error: &ApiError) -> Diag {
    cannot("list the teams", Needs::ORGANIZATION_VIEWER, error)
}

/// Returns how a configuration refers to a member.
fn spell(spelled: &Spellings<'_>, member: &TeamMember) -> String {
    match member {
        TeamMember::User(user) => spelled.spell(user),
        TeamMember::Invitation(invitation) => spelled.spell_email(&invitation.email),
    }
}

/// Removes members. The last admin of the organization stays.
async fn leave(
    cx: &Cx<Client>,
    organization: OrganizationId,
    team: &api::Team,
    leaving: &BTreeSet<Place>,
) -> Result<(), Diag> {
    let client = cx.client().await?;
    let accounts: BTreeSet<UserId> = leaving.iter().filter_map(|place| place.account()).collect();
    let has_accounts = !accounts.is_empty();
    let loss = Loss::Places(team.id, accounts);
    let _others_wait = if has_accounts {
        let checked = last_admin::check(cx, client, organization, &loss).await;
        checked.map_err(|diag| diag.at(Team::MEMBERS))?
    } else {
        None
    };
    for place in leaving {
        if let Err(error) = remove(client, team.id, *place).await {
            let reason = last_admin::reason(client, organization, &loss, &error).await;
            let reason = reason.map(|diag| diag.at(Team::MEMBERS));
            return Err(reason.unwrap_or_else(|| failed("remove a member from", &team.name, &error)));
        }
    }
    Ok(())
}

/// Returns the team with a name in an organization.
pub(crate) async fn named(
    client: &Client,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<api::Team>, Diag> {
    let query = TeamQuery { name: Some(name.to_owned()), ..TeamQuery::default() };
    let teams = client.control_plane()?.list_all(&api::LIST, organization, query).await;
    let teams = teams.map_err(|error| failed("look for", name, &error))?;
    Ok(teams.into_iter().find(|team| team.name == name))
}

async fn add(client: &Client, team: TeamId, member: Place) -> Result<(), ApiError> {
    match client.api().control_plane()?.send(&api::ADD_MEMBER, team, member.in_team(), ()).await {
        // The person is already a member, which is the goal.
        Err(ApiError::Conflict(_)) => Ok(()),
        outcome => outcome,
    }
}

async fn remove(client: &Client, team: TeamId, member: Place) -> Result<(), ApiError> {
    let gone = client.api().control_plane()?.send(&api::REMOVE_MEMBER, team, member.in_team(), ()).await;
    gone.optional().map(|_| ())
}

fn failed(verb: &str, name: &str, error: &ApiError) -> Diag {
    cannot(format_args!("{verb} team {name:?}"), Needs::ORGANIZATION_ADMIN, error)
}

fn exists(organization: OrganizationId, team: &api::Team) -> Diag {
    Diag::error(format!("Team {:?} already exists", team.name))
        .why(format!("The organization {organization} has a team with this name, and names must be unique."))
        .in_the_way(Existing {
            words: "team",
            resource: "zenml_team",
            id: team.id.to_string(),
            import: format!("{organization}/{}", team.id),
        })
        .fix("To create another one, choose another name.")
        .at(Team::NAME)
}

fn vanished(name: &str) -> Diag {
    Diag::error(format!("Team {name:?} disappeared"))
        .why("The control plane no longer finds it. Somebody may have deleted it.")
        .fix("Run the command again to re-create it.")
}

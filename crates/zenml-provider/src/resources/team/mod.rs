//! `zenml_team`: a group of people with common roles.

mod list;

use std::collections::{BTreeSet, HashSet};

use tfkit::{
    Claim, Computed, Current, Cx, DataSource, Diag, Dyn, Existing, Generated, IfSet, ImportId, Imported,
    Model, OrDefault, OrServer, Partial, Plan, Resource, Since,
};
use zenml_api::control::team::{self as api, MemberQuery, TeamCreate, TeamMember, TeamQuery, TeamUpdate};
use zenml_api::control::user::User;
use zenml_api::{OrganizationId, Patch, TeamId, UserId};
use zenml_client::{ApiError, Optional as _};

pub use self::list::TeamFilters;
use crate::access::people::{self, Found, Spellings, name_of, same_name};
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// Key in the private state for the configured members at the last apply.
const MEMBERS: &str = "members";

/// A team of people in an organization. A role that is granted to the team applies to all of its members.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct Team {
    /// ID of the organization that the team belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the team.
    #[attr(key, stable)]
    pub id: Computed<Id<TeamId>>,
    /// Name of the team, unique in its organization.
    #[attr(check = length(1..=50))]
    pub name: String,
    /// Description of the team.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// All members of the team: email addresses or user IDs, including those of service accounts. List each person
    /// once; case does not matter. `[]` removes all members; omit the argument to manage them elsewhere.
    #[attr(same = same_name, check = each(non_empty()))]
    pub members: IfSet<BTreeSet<String>>,
    /// Whether to invite people whose email address the organization does not know. It has no effect yet: this version
    /// of the provider cannot send invitations, and an unknown address is an error in any case.
    #[attr(local, default = true)]
    pub invite_unknown: OrDefault<bool>,
    /// Organization role of invited people. It has no effect yet, see `invite_unknown`.
    #[attr(local, default = "Organization Member")]
    pub invite_role: OrDefault<String>,
    /// When the team was created.
    #[attr(stable)]
    pub created: Computed<String>,
    /// When the team was last updated.
    pub updated: Computed<String>,
}

/// A team on the control plane, with what its own response omits.
#[derive(Clone, Debug)]
pub struct Remote {
    organization: OrganizationId,
    team: api::Team,
    members: Vec<User>,
}

impl Resource for Team {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &TeamKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = match key.organization_id {
            Some(Id(organization)) => organization,
            None => control::organization::default(client).await?.id,
        };
        let found = look(client, organization, key.id.0).await?;
        if found.is_none() {
            control::organization::gone_from(client, organization, &format!("the team {}", key.id)).await?;
        }
        Ok(found)
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
                _ => IfSet(Some(remote.members.iter().map(|user| spelled.spell(user)).collect())),
            },
            invite_unknown: known.map_or(OrDefault(true), |known| known.invite_unknown),
            invite_role: match known {
                Some(known) => known.invite_role.clone(),
                None => OrDefault("Organization Member".to_owned()),
            },
            created: Computed::known(remote.team.created.to_string()),
            updated: Computed::known(remote.team.updated.to_string()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let members = resolve(client, organization, &plan, &[]).await?;
        let team = create_new(client, organization, &plan).await?;
        let mut remote = Remote { organization, team, members: Vec::new() };
        cx.save(&Self::observe(&remote, Since::Answer(&plan))?);
        for member in members {
            if let Err(error) = add(client, remote.team.id, member).await {
                return Err(undo(cx, client, &plan.name, remote.team.id, &error).await);
            }
        }
        remote.members = members_of(client, remote.team.id, &plan.name).await?;
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let Current { model: prior, remote } = current;
        let mut current = remote.ok_or_else(|| Diag::bug("A team is updated without being read"))?;
        let client = cx.client().await?;
        let (organization, id) = (current.organization, current.team.id);
        let wanted = resolve(client, organization, &plan, &current.members).await?;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let change = TeamUpdate {
            name: (plan.name != prior.name).then(|| plan.name.clone()),
            description: Patch::between(text(&prior.description).as_ref(), text(&plan.description)),
        };
        if change != TeamUpdate::default() {
            let changed = client.control_plane()?.send(&api::UPDATE, id, (), change).await.optional();
            let changed = changed.map_err(|error| failed("change", &plan.name, &error))?;
            current.team = changed.ok_or_else(|| vanished(&plan.name))?;
        }
        if plan.members.as_ref().is_some() {
            let present: BTreeSet<UserId> = current.members.iter().map(|user| user.id).collect();
            for member in wanted.difference(&present) {
                add(client, id, *member)
                    .await
                    .map_err(|error| failed("add a member to", &plan.name, &error))?;
            }
            for member in present.difference(&wanted) {
                remove(client, id, *member)
                    .await
                    .map_err(|error| failed("remove a member from", &plan.name, &error))?;
            }
            if present != wanted {
                current = look(client, organization, id).await?.ok_or_else(|| vanished(&plan.name))?;
            }
        }
        Self::observe(&current, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let gone = client.control_plane()?.call(&api::DELETE, prior.id.get()?.0).await.optional();
        gone.map(|_| ()).map_err(|error| failed("delete", &prior.name, &error))
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let organization = values.get(Self::ORGANIZATION_ID).known()?;
        let name = values.get(Self::NAME).known()?;
        Some(Claim::new(format!("team {name:?}"), &[&organization.to_string(), &name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_delete() {
            return Ok(());
        }
        plan_organization(cx, plan).await;
        plan_members(cx, plan).await
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

/// Plans the organization of a team that does not configure one, if it is already known.
async fn plan_organization(cx: &Cx<Client>, plan: &mut Plan<Team>) {
    if plan.is_create()
        && plan.config().get(Team::ORGANIZATION_ID).is_null()
        && let Some(client) = cx.client_if_known()
        && let Ok(organization) = control::organization::default(client).await
    {
        plan.set(Team::ORGANIZATION_ID, &Id(organization.id));
    }
}

/// Checks who joins and who leaves, to report errors as early as possible. A different name for the same person is
/// not a change.
async fn plan_members(cx: &Cx<Client>, plan: &mut Plan<Team>) -> Result<(), Diag> {
    if !(plan.is_create() || plan.changes(Team::MEMBERS)) {
        return Ok(());
    }
    let planned = plan.planned().dyn_of(Team::MEMBERS).clone();
    let Some(elements) = planned.as_list() else { return Ok(()) };
    let wanted: Vec<&str> = elements.iter().filter_map(Dyn::as_str).collect();
    let prior = plan.prior().and_then(|prior| prior.members.as_ref()).cloned().unwrap_or_default();
    let present: Vec<&str> = prior.iter().map(String::as_str).collect();
    let Some(found) = who(cx, plan, wanted.iter().chain(&present).copied()).await? else { return Ok(()) };
    for (one, other) in found.twice(&wanted) {
        plan.error(one_person(one, other));
    }
    let joining = found.missing_in(&wanted, &present);
    let known = remembered(cx);
    let known: Option<HashSet<String>> =
        known.map(|known| known.iter().map(|name| found.person(name)).collect());
    let unfound: HashSet<&str> = found.unknown.iter().copied().collect();
    let unknown: Vec<&str> = joining.iter().copied().filter(|name| unfound.contains(name)).collect();
    // A state from an import or an earlier version does not contain the earlier members.
    let can_be_known = plan.is_update() && planned.wholly_known();
    let leaving = found.missing_in(&present, &wanted);
    let all_departed = can_be_known && unknown.len() == joining.len() && leaving.is_empty();
    let is_departed =
        |name: &&str| known.as_ref().map_or(all_departed, |known| known.contains(&found.person(name)));
    let (departed, unknown): (Vec<&str>, Vec<&str>) = unknown.into_iter().partition(is_departed);
    if !unknown.is_empty() {
        plan.error(unknown_members(&unknown));
    }
    if !planned.wholly_known() {
        return Ok(());
    }
    // A later plan can then distinguish a person who left the organization from a misspelled name.
    cx.set_private(MEMBERS, wanted.clone().into())?;
    let nobody_else = leaving.is_empty() && joining.len() == departed.len();
    if !departed.is_empty() {
        if plan.is_update() && nobody_else {
            plan.warn(if known.is_some() {
                departed_members(&departed)
            } else {
                departed_or_unknown(&departed)
            });
        } else {
            plan.error(departed_members(&departed));
        }
    }
    if plan.is_update() && nobody_else {
        plan.keep(Team::MEMBERS);
    }
    warn_of_removals(plan, &leaving);
    Ok(())
}

/// Looks up the accounts of names; `None` while the organization is unknown.
async fn who<'a>(
    cx: &Cx<Client>,
    plan: &Plan<Team>,
    names: impl Iterator<Item = &'a str>,
) -> Result<Option<Found<'a>>, Diag> {
    let client = cx.client().await?;
    let organization = match plan.get(Team::ORGANIZATION_ID).known() {
        Some(Id(organization)) => organization,
        None if plan.config().get(Team::ORGANIZATION_ID).is_null() => {
            control::organization::default(client).await?.id
        }
        None => return Ok(None),
    };
    people::look_up(client, organization, names, &[]).await.map(Some)
}

/// Warns about the members that a plan removes from a team.
fn warn_of_removals(plan: &mut Plan<Team>, leaving: &[&str]) {
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
}

/// Returns the configured members at the last apply; `None` if no apply is remembered.
fn remembered(cx: &Cx<Client>) -> Option<Vec<String>> {
    cx.private(MEMBERS).and_then(|names| serde_json::from_value(names).ok())
}

/// Returns the accounts of the planned members. All of them are looked up before anything is changed, and the error
/// names all unknown ones. `present` are the current members of the team.
async fn resolve(
    client: &Client,
    organization: OrganizationId,
    plan: &Team,
    present: &[User],
) -> Result<BTreeSet<UserId>, Diag> {
    let names: Vec<&str> = plan.members.as_ref().into_iter().flatten().map(String::as_str).collect();
    let found = people::look_up(client, organization, names.iter().copied(), present).await?;
    if let Some((one, other)) = found.twice(&names).into_iter().next() {
        return Err(one_person(one, other));
    }
    if !found.unknown.is_empty() {
        return Err(unknown_members(&found.unknown));
    }
    Ok(found.known.into_values().collect())
}

fn one_person(one: &str, other: &str) -> Diag {
    Diag::error(format!("{one:?} and {other:?} are the same person"))
        .why("Both belong to the same account, and a person can be a member only once.")
        .fix("Remove one of them.")
        .at(Team::MEMBERS)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

fn unknown_members(unknown: &[&str]) -> Diag {
    Diag::error(format!("Not members of the organization: {}", quoted(unknown)))
        .why("Team members must be members of the organization. This version of the provider cannot invite people.")
        .fix(
            "Check the spelling. A new person must first be invited and accept. Somebody who has an account \
             needs a role in the organization, such as Organization Member.",
        )
        .at(Team::MEMBERS)
}

/// Returns the warning for configured members who have left the organization.
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

/// Creates the team. An existing one with the same name is never taken over, except after a lost response, if it did
/// not exist before.
async fn create_new(client: &Client, organization: OrganizationId, plan: &Team) -> Result<api::Team, Diag> {
    if let Some(existing) = named(client, organization, &plan.name).await? {
        return Err(exists(organization, &existing));
    }
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

async fn members_of(client: &Client, id: TeamId, name: &str) -> Result<Vec<User>, Diag> {
    let members = client.control_plane()?.call(&api::MEMBERS, id).await;
    let members = members.map_err(|error| failed("list the members of", name, &error))?;
    let user = |member| match member {
        TeamMember::User(user) => Some(*user),
        // An invitation is not a member yet.
        TeamMember::Invitation(_) => None,
    };
    Ok(members.into_iter().filter_map(user).collect())
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

async fn add(client: &Client, team: TeamId, member: UserId) -> Result<(), ApiError> {
    match client.api().control_plane()?.send(&api::ADD_MEMBER, team, MemberQuery::user(member), ()).await {
        // The person is already a member, which is the goal.
        Err(ApiError::Conflict(_)) => Ok(()),
        outcome => outcome,
    }
}

async fn remove(client: &Client, team: TeamId, member: UserId) -> Result<(), ApiError> {
    let gone =
        client.api().control_plane()?.send(&api::REMOVE_MEMBER, team, MemberQuery::user(member), ()).await;
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

/// Looks up an existing team by ID or name.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "team", kind = data_source, rule = tfkit::check::Rule::ExactlyOneOf(&["id", "name"]))]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_VIEWER.text(), category = "ZenML Pro")]
pub struct TeamData {
    /// ID of the organization that the team belongs to. Default: the provider's organization.
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the team.
    pub id: OrServer<Id<TeamId>>,
    /// Name of the team.
    pub name: OrServer<String>,
    /// Description of the team.
    pub description: Computed<Option<String>>,
    /// Email addresses of the members, or the user names of members without an address.
    pub members: Computed<BTreeSet<String>>,
    /// When the team was created.
    pub created: Computed<String>,
    /// When the team was last updated.
    pub updated: Computed<String>,
}

impl DataSource for TeamData {
    type Model = Self;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &config.organization_id).await?;
        let (found, wanted, place) = match (config.id.as_ref(), config.name.as_ref()) {
            (Some(Id(id)), _) => (look(client, organization, *id).await?, id.to_string(), Self::ID.path()),
            (None, Some(name)) => {
                let found = match named(client, organization, name).await? {
                    Some(team) => look(client, organization, team.id).await?,
                    None => None,
                };
                (found, name.clone(), Self::NAME.path())
            }
            (None, None) => return Err(Diag::bug("A team is looked up without id and name")),
        };
        let Remote { team, members, .. } = found.ok_or_else(|| {
            Diag::error(format!("There is no team {wanted:?}"))
                .why(format!(
                    "The organization {organization} does not have it, or the key has no access to it."
                ))
                .fix("Correct the id or the name, or set organization_id.")
                .at(place)
        })?;
        Ok(Self {
            organization_id: OrServer::known(Id(organization)),
            id: OrServer::known(Id(team.id)),
            name: OrServer::known(team.name),
            description: Computed::known(team.description),
            members: Computed::known(members.iter().map(|user| name_of(user).to_owned()).collect()),
            created: Computed::known(team.created.to_string()),
            updated: Computed::known(team.updated.to_string()),
        })
    }
}

//! `zenml_stack_role_assignment`: what somebody may do with a stack and with all that it needs.

mod change;
mod contents;
mod grants;
mod need;
mod shares;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{
    Claim, Computed, Current, Cx, Diag, ImportId, Imported, Maybe, Model, OrDefault, OrServer, Partial, Plan,
    Resource, Since,
};
use zenml_api::rbac::Action;
use zenml_api::{ComponentId, ServiceAccountId, StackId, TeamId, UserId, WorkspaceId};

use self::grants::{Place, apply, remembered, revoke, shares, warn_of_refusal};
use self::need::{Actions, Contents, Grants, Object, StackRole, Wish};
use self::shares::Reading;
use crate::access::belonging::check_account;
use crate::access::home::or_default;
use crate::access::principal::Principal;
use crate::access::{caller, import};
use crate::client::Client;
use crate::control;
use crate::failure::Needs;
use crate::id::Id;
use crate::in_workspace::scope::{self, Reach, Seen, Server};

/// Grants a role on a stack to a team, a user or a service account. The role extends to what the stack needs: its
/// components, their service connectors, and the secrets that they refer to.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "stack_role_assignment")]
#[model(rule = Rule::ExactlyOneOf(&["team_id", "user_id", "service_account_id"]))]
#[model(rule = Rule::ExactlyOneOf(&["role", "actions"]))]
#[model(since = "3.1.0", needs = Needs::SHARE.text(), category = "ZenML Pro")]
#[model(import = "WORKSPACE_ID/STACK_ID/team/TEAM_ID")]
#[model(import = "WORKSPACE_ID/STACK_ID/user/USER_ID")]
#[model(import = "WORKSPACE_ID/STACK_ID/service_account/SERVICE_ACCOUNT_ID")]
pub struct StackRoleAssignment {
    /// ID of the assignment: `WORKSPACE_ID/STACK_ID/team/TEAM_ID`.
    #[attr(stable)]
    pub id: Computed<String>,
    /// ID of the workspace that contains the stack. Default: the provider's workspace.
    #[attr(key, replace)]
    pub workspace_id: OrServer<Id<WorkspaceId>>,
    /// ID of the stack on which the role applies.
    #[attr(key, replace)]
    pub stack_id: Id<StackId>,
    /// ID of the team that receives the role. All members of the team have it.
    #[attr(key = optional, replace)]
    pub team_id: Option<Id<TeamId>>,
    /// ID of the user who receives the role.
    #[attr(key = optional, replace)]
    pub user_id: Option<Id<UserId>>,
    /// ID of the service account that receives the role.
    #[attr(key = optional, replace)]
    pub service_account_id: Option<Id<ServiceAccountId>>,
    /// Role to grant: `read` (see the stack, but not use it), `write` (use and change it) or `admin` (also delete and
    /// share it).
    #[attr(check = one_of(&["read", "write", "admin"]))]
    pub role: Option<String>,
    /// Actions to grant on the stack, instead of a role. On the objects that the stack needs, they grant what the
    /// highest role does whose actions they include.
    #[attr(check = non_empty(), check = each(one_of(&["read", "update", "delete", "share"])))]
    pub actions: Option<BTreeSet<String>>,
    /// Whether the role extends to the components, connectors and secrets of the stack. With `false`, the principal
    /// sees a stack that it cannot use.
    #[attr(default = true)]
    pub include_components: OrDefault<bool>,
    /// IDs of the stack's components: `values(zenml_stack.NAME.components)`. This argument only adds dependencies: a
    /// component that is added to the stack becomes part of the same apply. Without it, the next plan shows and repairs
    /// the difference.
    pub component_ids: Option<BTreeSet<Option<Id<ComponentId>>>>,
    /// Actions that the role grants and the server reports, for each object, such as `stack/ID` or
    /// `service_connector/ID`.
    pub grants: Computed<BTreeMap<String, BTreeSet<String>>>,
}

/// What a read found.
#[derive(Clone, Debug)]
pub struct Remote(Seen<Found>);

#[derive(Clone, Debug)]
struct Found {
    place: Place,
    /// None when the stack is gone and grants on its components are left.
    contents: Option<Contents>,
    shares: Grants,
}

impl Resource for StackRoleAssignment {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    /// Each grant is read where it is written, and a grant is all that can change outside.
    const READS_TO_UPDATE: bool = true;

    async fn fetch(cx: &Cx<Client>, key: &StackRoleAssignmentKey) -> Result<Option<Remote>, Diag> {
        let principal = Principal::of(key.team_id, key.user_id, key.service_account_id)?;
        let place = Place { workspace: key.workspace_id.0, stack: key.stack_id.0, principal };
        let server = match scope::reach(cx, Some(place.workspace)).await? {
            Reach::Open(server) => server,
            Reach::Closed => return Ok(Some(Remote(Seen::Unseen))),
            Reach::Gone => return Ok(None),
        };
        let client = cx.client().await?;
        let contents = contents::of_stack(&server.api, place.stack).await?;
        let present: BTreeSet<Object> = contents.iter().flat_map(Contents::objects).collect();
        let objects: BTreeSet<Object> = remembered(cx).union(&present).copied().collect();
        let shares = shares(client, &server, place);
        let mut found = Grants::new();
        for object in objects {
            match shares.read(object, present.contains(&object)).await? {
                Reading::Actions(actions) => {
                    found.insert(object, actions);
                }
                Reading::Refused => {
                    warn_of_refusal(cx);
                    return Ok(contents.is_some().then_some(Remote(Seen::Unseen)));
                }
            }
        }
        if found.values().all(Actions::is_empty) {
            return Ok(None);
        }
        if contents.is_none() {
            cx.warn(stack_is_gone(place));
        }
        Ok(Some(Remote(Seen::on(&server, Found { place, contents, shares: found }))))
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let Some((_, found)) = remote.0.found() else { return scope::unseen(&since) };
        Ok(match since.model() {
            Some(known) => known.seen(found),
            None => Self::imported(found),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let workspace = or_default(client, plan.workspace_id.as_ref().map(|id| id.0)).await?;
        let server = scope::open(cx, Some(workspace)).await?;
        let place = plan.place(workspace)?;
        let contents = contents_of(&server, place.stack).await?;
        let now = plan.wish()?.grants(&contents);
        let _held = cx.lock(place.lock()).await;
        apply(cx, &server, place, (&contents, Grants::new(), now), &plan).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let server = scope::open(cx, Some(place.workspace)).await?;
        let contents = contents_of(&server, place.stack).await?;
        let now = plan.wish()?.grants(&contents);
        let _held = cx.lock(place.lock()).await;
        apply(cx, &server, place, (&contents, prior.granted(), now), &plan).await
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let Some(server) = scope::open_to_delete(cx, Some(place.workspace)).await? else { return Ok(()) };
        let _held = cx.lock(place.lock()).await;
        revoke(cx, &server, place, prior.granted()).await
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let principal = Principal::planned(values)?;
        let workspace = values.get(Self::WORKSPACE_ID).known()?.0;
        let place = Place { workspace, stack: values.get(Self::STACK_ID).known()?.0, principal };
        Some(place.claim())
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let moves =
            plan.changes(Self::WORKSPACE_ID) || plan.changes(Self::STACK_ID) || Principal::changes(plan);
        if plan.is_create() || (!plan.is_delete() && moves) {
            let workspace = match plan.get(Self::WORKSPACE_ID).known() {
                None if plan.config().get(Self::WORKSPACE_ID).is_null() => {
                    control::workspace::default(client).await?.map(Id)
                }
                known => known,
            };
            let workspace = workspace.map_or(Maybe::Unknown, Maybe::Known);
            check_account(client, workspace, Principal::planned(plan.planned())).await?;
        }
        let Some(prior) = plan.prior().cloned() else { return Ok(()) };
        let principal = Principal::of(prior.team_id, prior.user_id, prior.service_account_id)?;
        let other_role = plan.changes(Self::ROLE) || plan.changes(Self::ACTIONS);
        if plan.is_delete() || moves || other_role {
            caller::warn(client, plan, principal, prior.role.as_deref()).await;
        }
        if plan.is_delete() || moves {
            return Ok(());
        }
        // A component that joined the stack, and a grant that was lost, change nothing that the user wrote.
        let Ok(planned) = plan.planned().model() else { return Ok(()) };
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let Ok(api) = client.api().workspace(place.workspace).await else { return Ok(()) };
        let Some(contents) = contents::of_stack(&api, place.stack).await? else { return Ok(()) };
        let granted = prior.granted();
        // What a plan replaces in the stack leaves it only in the apply.
        let is_replaced = |object: &Object| cx.is_being_replaced(&object.id.to_string());
        if planned.wish()?.grants(&contents) != granted || granted.keys().any(is_replaced) {
            plan.unknown(Self::GRANTS);
        }
        Ok(())
    }

    async fn import(
        cx: &Cx<Client>,
        id: ImportId<'_, StackRoleAssignmentKey>,
    ) -> Result<Imported<Self>, Diag> {
        let _ = cx;
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let place = |([workspace, stack], principal, []): ([&str; 2], _, [&str; 0])| {
            Some((workspace.parse().ok()?, stack.parse().ok()?, principal))
        };
        let (workspace, stack, principal) = import::read(text)
            .and_then(place)
            .ok_or_else(|| import::unreadable(text, "WORKSPACE_ID/STACK_ID/team/TEAM_ID", ""))?;
        Ok(Imported::Key(StackRoleAssignmentKey {
            workspace_id: Id(workspace),
            stack_id: Id(stack),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
        }))
    }
}

impl StackRoleAssignment {
    fn place(&self, workspace: WorkspaceId) -> Result<Place, Diag> {
        let principal = Principal::of(self.team_id, self.user_id, self.service_account_id)?;
        Ok(Place { workspace, stack: self.stack_id.0, principal })
    }

    fn wish(&self) -> Result<Wish, Diag> {
        let actions = match (&self.role, &self.actions) {
            (Some(role), _) => StackRole::parse(role)
                .map(|role| role.row(need::Kind::Stack))
                .ok_or_else(|| Diag::bug(format!("The stack role {role:?} was not refused at validation")))?,
            (None, Some(actions)) => actions.iter().map(|action| Action::parse(action)).collect(),
            (None, None) => return Err(Diag::bug("A stack role assignment has neither a role nor actions")),
        };
        Ok(Wish { actions, include_components: *self.include_components })
    }

    /// What the state says was granted.
    fn granted(&self) -> Grants {
        let grants = self.grants.as_ref().into_iter().flatten();
        let read = |(object, actions): (&String, &BTreeSet<String>)| {
            Some((Object::parse(object)?, actions.iter().map(|action| Action::parse(action)).collect()))
        };
        grants.filter_map(read).collect()
    }

    /// The same assignment with the grants that are there: those that the role wants, and those that it gave earlier on
    /// what is no longer part of the stack, which are to be taken back.
    fn seen(&self, found: &Found) -> Self {
        let mut wanted = self.granted();
        if let (Ok(wish), Some(contents)) = (self.wish(), &found.contents) {
            for (object, actions) in wish.grants(contents) {
                wanted.entry(object).or_default().extend(actions);
            }
        }
        self.granting(found.place, &both(&wanted, &found.shares))
    }

    /// The same assignment with these grants.
    fn granting(&self, place: Place, grants: &Grants) -> Self {
        Self {
            id: Computed::known(place.id()),
            workspace_id: OrServer::known(Id(place.workspace)),
            grants: Computed::known(texts(grants)),
            ..self.clone()
        }
    }

    /// What an import can tell: the role that the share of the stack amounts to.
    fn imported(found: &Found) -> Self {
        let Place { workspace, stack, principal } = found.place;
        let share = found.shares.get(&Object::stack(stack)).cloned().unwrap_or_default();
        let role = StackRole::exactly(&share);
        let contents = found.contents.iter();
        let components: BTreeSet<_> = contents.flat_map(|contents| &contents.components).copied().collect();
        let reached = found
            .shares
            .iter()
            .any(|(object, actions)| *object != Object::stack(stack) && !actions.is_empty());
        let model = Self {
            id: Computed::unknown(),
            workspace_id: OrServer::known(Id(workspace)),
            stack_id: Id(stack),
            team_id: principal.team().map(Id),
            user_id: principal.user().map(Id),
            service_account_id: principal.service_account().map(Id),
            role: role.map(|role| role.name().to_owned()),
            actions: match role {
                Some(_) => None,
                None => Some(share.iter().map(|action| action.as_str().to_owned()).collect()),
            },
            include_components: OrDefault(reached || components.is_empty()),
            component_ids: Some(components.into_iter().map(|id| Some(Id(id))).collect()),
            grants: Computed::unknown(),
        };
        model.seen(found)
    }
}

async fn contents_of(server: &Server, stack: StackId) -> Result<Contents, Diag> {
    contents::of_stack(&server.api, stack).await?.ok_or_else(|| {
        Diag::error(format!("There is no stack {stack}"))
            .why("The workspace does not have it, or the key has no access to it.")
            .fix("Check stack_id and workspace_id.")
            .at(StackRoleAssignment::STACK_ID)
    })
}

/// The actions that are in both.
fn both(one: &Grants, other: &Grants) -> Grants {
    let common = one.iter().map(|(object, actions)| {
        let there = other.get(object).into_iter().flatten();
        (*object, there.filter(|action| actions.contains(*action)).cloned().collect::<Actions>())
    });
    common.filter(|(_, actions)| !actions.is_empty()).collect()
}

fn texts(grants: &Grants) -> BTreeMap<String, BTreeSet<String>> {
    let text = |(object, actions): (&Object, &Actions)| {
        (object.to_string(), actions.iter().map(|action| action.as_str().to_owned()).collect())
    };
    grants.iter().map(text).collect()
}

fn stack_is_gone(place: Place) -> Diag {
    Diag::warning(format!("Stack {} no longer exists, but permissions on its parts are left", place.stack))
        .why(format!(
            "{} still has them. They are removed when this resource is destroyed or gets another stack.",
            place.principal
        ))
        .at(StackRoleAssignment::STACK_ID)
}

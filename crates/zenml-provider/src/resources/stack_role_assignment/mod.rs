//! `zenml_stack_role_assignment`: a role on a stack and on everything that it requires.

mod grants;
mod list;
mod model;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Claim, Current, Cx, Diag, Generated, ImportId, Imported, Page, Partial, Plan, Resource, Since};
use zenml_api::{StackId, WorkspaceId};

use self::grants::{apply, remembered, revoke, shares};
pub use self::list::StackRoleAssignmentFilters;
use self::model::Found;
pub use self::model::{StackRoleAssignment, StackRoleAssignmentKey};
use self::place::Place;
use crate::access::home::or_default;
use crate::access::principal::Principal;
use crate::access::{caller, import};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::scope::{self, Reach, Seen, Server};
use crate::sharing::change::Reading;
use crate::sharing::contents;
use crate::sharing::holder::{Holder, check_planned};
use crate::sharing::need::{Actions, Contents, Grants, Object, without};
use crate::sharing::shares::{Held, held_on, warn_of_refusal};

/// The result of a read.
#[derive(Clone, Debug)]
pub struct Remote(Seen<Found>);

impl Resource for StackRoleAssignment {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    /// An update reads each share that it writes, and nothing else can change outside of Terraform.
    const READS_TO_UPDATE: bool = true;

    async fn fetch(cx: &Cx<Client>, key: &StackRoleAssignmentKey) -> Result<Option<Remote>, Diag> {
        let principal = Principal::of(key.team_id, key.user_id, key.service_account_id, key.email.clone())?;
        let place = Place { workspace: key.workspace_id.0, stack: key.stack_id.0, principal };
        let server = match scope::reach(cx, Some(place.workspace)).await? {
            Reach::Open(server) => server,
            Reach::Closed => return Ok(Some(Remote(Seen::Unseen))),
            Reach::Gone => return Ok(None),
        };
        let client = cx.client().await?;
        let Some(holder) = Holder::known(client, place.workspace, &place.principal).await? else {
            return Ok(None);
        };
        let contents = contents::refresh(cx, &server.api, place.workspace, place.stack).await?;
        let present: BTreeSet<Object> = contents.iter().flat_map(Contents::objects).collect();
        let objects: BTreeSet<Object> = remembered(cx).union(&present).copied().collect();
        let shares = shares(client, &server, &place, holder);
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
            cx.warn(stack_is_gone(&place));
        }
        Ok(Some(Remote(Seen::on(&server, Found { place, contents, shares: found }))))
    }

    fn scope(_: &Cx<Client>, key: &StackRoleAssignmentKey) -> Option<String> {
        Some(format!("{} {}", key.workspace_id, key.stack_id))
    }

    /// Lists who has permissions on one stack and its parts, with a request for each of these objects.
    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        _: Option<u64>,
    ) -> Result<Page<StackRoleAssignmentKey, Remote>, Diag> {
        let parts = scope.split_once(' ');
        let parts = parts.and_then(|(home, stack)| Some((home.parse().ok()?, stack.parse().ok()?)));
        let (workspace, stack): (WorkspaceId, StackId) =
            parts.ok_or_else(|| Diag::bug("A scope cannot be parsed"))?;
        // If anything cannot be read, the read of each assignment warns about it.
        let nothing = Page { items: Vec::new(), next: None };
        let Reach::Open(server) = scope::reach(cx, Some(workspace)).await? else { return Ok(nothing) };
        let contents = contents::refresh(cx, &server.api, workspace, stack).await?;
        let Some(contents) = contents else { return Ok(nothing) };
        let client = cx.client().await?;
        let objects = contents.objects();
        let mut all: BTreeMap<Holder, (Vec<Principal>, Grants)> = BTreeMap::new();
        for object in &objects {
            let Some(there) = held_on(client, workspace, *object, true).await? else { return Ok(nothing) };
            for Held { holder, principals, actions } in there {
                let (_, shares) = all.entry(holder).or_insert_with(|| {
                    let nothing_yet = objects.iter().map(|object| (*object, Actions::new()));
                    (principals, nothing_yet.collect())
                });
                shares.insert(*object, actions);
            }
        }
        let items = all.into_values().flat_map(|(principals, shares)| {
            let items = principals.into_iter().map(|principal| {
                let place = Place { workspace, stack, principal };
                let found = Found { contents: Some(contents.clone()), shares: shares.clone(), place };
                (key_of(&found.place), Remote(Seen::on(&server, found)))
            });
            items.collect::<Vec<_>>()
        });
        Ok(Page { items: items.collect(), next: None })
    }

    /// Adds the permissions that the assignment has left on objects outside of the stack.
    async fn complete(cx: &Cx<Client>, item: Remote) -> Result<Remote, Diag> {
        let mut item = scope::complete(cx, item.0).await?;
        let Seen::Found(_, found) = &mut item else { return Ok(Remote(item)) };
        let outside: Vec<Object> =
            remembered(cx).into_iter().filter(|object| !found.shares.contains_key(object)).collect();
        if outside.is_empty() {
            return Ok(Remote(item));
        }
        let Reach::Open(server) = scope::reach(cx, Some(found.place.workspace)).await? else {
            return Ok(Remote(Seen::Unseen));
        };
        let client = cx.client().await?;
        let holder = Holder::of(client, found.place.workspace, &found.place.principal).await?;
        for object in outside {
            match shares(client, &server, &found.place, holder).read(object, false).await? {
                Reading::Actions(actions) => found.shares.insert(object, actions),
                Reading::Refused => {
                    warn_of_refusal(cx);
                    return Ok(Remote(Seen::Unseen));
                }
            };
        }
        Ok(Remote(item))
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
        let holder = Holder::of(client, workspace, &place.principal).await?;
        let _held = cx.lock(place.lock(holder)).await;
        apply(cx, &server, (&place, holder), (&contents, Grants::new(), now), &plan).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let server = scope::open(cx, Some(place.workspace)).await?;
        let contents = contents_of(&server, place.stack).await?;
        let now = plan.wish()?.grants(&contents);
        let holder = Holder::of(cx.client().await?, place.workspace, &place.principal).await?;
        let _held = cx.lock(place.lock(holder)).await;
        apply(cx, &server, (&place, holder), (&contents, prior.granted(), now), &plan).await
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let Some(server) = scope::open_to_delete(cx, Some(place.workspace)).await? else { return Ok(()) };
        // With the membership, all permissions have ended.
        let holder = Holder::known(cx.client().await?, place.workspace, &place.principal).await?;
        let Some(holder) = holder else { return Ok(()) };
        let _held = cx.lock(place.lock(holder)).await;
        revoke(cx, &server, (&place, holder), prior.granted()).await
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
            check_planned(client, plan, Self::WORKSPACE_ID).await?;
        }
        let Some(prior) = plan.prior().cloned() else { return Ok(()) };
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let other_role = plan.changes(Self::ROLE) || plan.changes(Self::ACTIONS);
        if plan.is_delete() || moves || other_role {
            caller::warn(client, plan, &place.principal, prior.role.as_deref()).await;
        }
        // Without a member there is nobody who could lose anything.
        let holder = Holder::known(client, place.workspace, &place.principal).await?;
        let Some(holder) = holder else { return Ok(()) };
        let (granted, id) = (prior.granted(), place.id());
        if plan.is_delete() || moves {
            place.owner(holder, &id).plan(cx, &Grants::new(), &granted)?;
            return Ok(());
        }
        // A component that was added to the stack, and a lost permission, change no configured attribute.
        let Ok(planned) = plan.planned().model() else { return Ok(()) };
        let Ok(api) = client.api().workspace(place.workspace).await else { return Ok(()) };
        let contents = match contents::remembered(cx, client, place.workspace, place.stack) {
            Some(contents) => Some(contents),
            None => contents::of_stack(&api, place.stack).await?,
        };
        let Some(contents) = contents else { return Ok(()) };
        let wanted = planned.wish()?.grants(&contents);
        let grants_again = place.owner(holder, &id).plan(cx, &wanted, &without(&granted, &wanted))?;
        // A component that the plan replaces leaves the stack only during the apply.
        let is_replaced = |object: &Object| cx.is_being_replaced(&object.id.to_string());
        if grants_again || wanted != granted || granted.keys().any(is_replaced) {
            plan.unknown(Self::GRANTS);
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        scope::omit_default(cx, generated, Self::WORKSPACE_ID).await;
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
        Ok(Imported::Key(key_of(&Place { workspace, stack, principal })))
    }
}

fn key_of(Place { workspace, stack, principal }: &Place) -> StackRoleAssignmentKey {
    StackRoleAssignmentKey {
        workspace_id: Id(*workspace),
        stack_id: Id(*stack),
        email: principal.email().map(str::to_owned),
        team_id: principal.team().map(Id),
        user_id: principal.user().map(Id),
        service_account_id: principal.service_account().map(Id),
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

fn stack_is_gone(place: &Place) -> Diag {
    Diag::warning(format!("Stack {} no longer exists, but permissions on its parts are left", place.stack))
        .why(format!(
            "{} still has them. They are removed when this resource is destroyed or gets another stack.",
            place.principal
        ))
        .at(StackRoleAssignment::STACK_ID)
}

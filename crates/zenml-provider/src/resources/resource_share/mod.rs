//! `zenml_resource_share`: permissions on a single object.

mod list;
mod model;
mod place;

use tfkit::{Claim, Current, Cx, Diag, Generated, ImportId, Imported, Page, Partial, Plan, Resource, Since};
use zenml_api::rbac::ResourceType;
use zenml_api::{Identifier as _, ProjectId, StackId};

pub use self::list::ResourceShareFilters;
use self::model::{Found, object};
pub use self::model::{ResourceShare, ResourceShareKey};
use self::place::Place;
use crate::access::home::or_default;
use crate::access::principal::Principal;
use crate::access::{caller, import};
use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::scope::{self, Reach, Seen, Server};
use crate::sharing::change::{Change, Changing, Done, Reading};
use crate::sharing::holder::{Holder, check_planned};
use crate::sharing::ledger::OfPrincipal;
use crate::sharing::need::{Actions, Grants, Kind, Object};
use crate::sharing::shares::{Shares, held_on, left_behind, warn_of_refusal};

/// The result of a read.
#[derive(Clone, Debug)]
pub struct Remote(Seen<Found>);

impl Resource for ResourceShare {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    /// An update reads the share that it writes, and nothing else can change outside of Terraform.
    const READS_TO_UPDATE: bool = true;

    async fn fetch(cx: &Cx<Client>, key: &ResourceShareKey) -> Result<Option<Remote>, Diag> {
        let principal = Principal::of(key.team_id, key.user_id, key.service_account_id, key.email.clone())?;
        let object = object(key.project_id.map(|id| id.0), &key.resource_type, &key.resource_id)?;
        let place = Place { workspace: key.workspace_id.0, object, principal };
        let server = match scope::reach(cx, Some(place.workspace)).await? {
            Reach::Open(server) => server,
            Reach::Closed => return Ok(Some(Remote(Seen::Unseen))),
            Reach::Gone => return Ok(None),
        };
        let client = cx.client().await?;
        let Some(holder) = Holder::known(client, place.workspace, &place.principal).await? else {
            return Ok(None);
        };
        match shares(client, &server, &place, holder).read(object, false).await? {
            Reading::Actions(share) if share.is_empty() => Ok(None),
            Reading::Actions(share) => Ok(Some(Remote(Seen::on(&server, Found { place, share })))),
            Reading::Refused => {
                warn_of_refusal(cx);
                Ok(Some(Remote(Seen::Unseen)))
            }
        }
    }

    fn scope(_: &Cx<Client>, key: &ResourceShareKey) -> Option<String> {
        let object = object(key.project_id.map(|id| id.0), &key.resource_type, &key.resource_id).ok()?;
        Some(format!("{} {object}", key.workspace_id))
    }

    /// Lists who has a share of one object, in a single request.
    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        _: Option<u64>,
    ) -> Result<Page<ResourceShareKey, Remote>, Diag> {
        let parts = scope.split_once(' ');
        let parts = parts.and_then(|(home, object)| Some((home.parse().ok()?, Object::parse(object)?)));
        let (workspace, object) = parts.ok_or_else(|| Diag::bug("A scope cannot be parsed"))?;
        // Without permission, and if the workspace is not available, the read of each share warns about it.
        let nothing = Page { items: Vec::new(), next: None };
        let Reach::Open(server) = scope::reach(cx, Some(workspace)).await? else { return Ok(nothing) };
        let held = held_on(cx.client().await?, workspace, object, false).await?;
        let items = held.into_iter().flatten().flat_map(|held| {
            let items = held.principals.into_iter().map(|principal| {
                let key = list::key(workspace, object, &principal);
                let place = Place { workspace, object, principal };
                (key, Remote(Seen::on(&server, Found { place, share: held.actions.clone() })))
            });
            items.collect::<Vec<_>>()
        });
        Ok(Page { items: items.collect(), next: None })
    }

    async fn complete(cx: &Cx<Client>, item: Remote) -> Result<Remote, Diag> {
        scope::complete(cx, item.0).await.map(Remote)
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
        let holder = Holder::of(client, workspace, &place.principal).await?;
        apply(cx, &server, (&place, holder), Actions::new(), &plan).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let prior = current.model;
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let server = scope::open(cx, Some(place.workspace)).await?;
        let holder = Holder::of(cx.client().await?, place.workspace, &place.principal).await?;
        apply(cx, &server, (&place, holder), prior.granted(), &plan).await
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let place = prior.place(prior.workspace_id.get()?.0)?;
        let Some(server) = scope::open_to_delete(cx, Some(place.workspace)).await? else { return Ok(()) };
        // With the membership, all permissions have ended.
        let holder = Holder::known(cx.client().await?, place.workspace, &place.principal).await?;
        let Some(holder) = holder else { return Ok(()) };
        // Until everything is revoked, the state keeps all permissions.
        let keep = |_: &Actions| ();
        let changed = change(cx, &server, (&place, holder), prior.granted(), Actions::new(), keep).await?;
        if changed.done == Done::Added {
            cx.warn(left_behind(&format!("{} on {}", place.principal, place.object)));
        }
        Ok(())
    }

    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let Some(name) = config.get(Self::RESOURCE_TYPE).known() else { return Vec::new() };
        let Some(kind) = Kind::named(&name) else { return Vec::new() };
        let project = config.dyn_of(Self::PROJECT_ID);
        let problem = if kind.is_in_project() && project.is_null() {
            Diag::error(format!("A share of a {name} requires project_id"))
                .why(format!("Objects of the type {name} belong to a project."))
                .fix("Set it to the project that contains the object:\n  project_id = zenml_project.NAME.id")
        } else if !kind.is_in_project() && !project.is_null() {
            Diag::error(format!("A share of a {name} has no project"))
                .why(format!("Objects of the type {name} belong to the workspace."))
                .fix("Remove project_id.")
        } else {
            return Vec::new();
        };
        vec![problem.at(Self::PROJECT_ID)]
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let principal = Principal::planned(values)?;
        let workspace = values.get(Self::WORKSPACE_ID).known()?.0;
        let (kind, id) = (values.get(Self::RESOURCE_TYPE).known()?, values.get(Self::RESOURCE_ID).known()?);
        let project = values.get(Self::PROJECT_ID).known().map(|id| id.0);
        let object = object(project, &kind, &id).ok()?;
        Some(Place { workspace, object, principal }.claim())
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let moves = plan.changes(Self::WORKSPACE_ID)
            || plan.changes(Self::PROJECT_ID)
            || plan.changes(Self::RESOURCE_TYPE)
            || plan.changes(Self::RESOURCE_ID)
            || Principal::changes(plan);
        if plan.is_create() || (!plan.is_delete() && moves) {
            check_planned(client, plan, Self::WORKSPACE_ID).await?;
        }
        let Some(prior) = plan.prior().cloned() else { return Ok(()) };
        let place = prior.place(prior.workspace_id.get()?.0)?;
        if plan.is_delete() || moves {
            caller::warn(client, plan, &place.principal, Some("permissions on an object")).await;
        }
        // Without a member there is nobody who could lose anything.
        let holder = Holder::known(client, place.workspace, &place.principal).await?;
        let Some(holder) = holder else { return Ok(()) };
        let (granted, id) = (prior.granted(), place.id());
        let on = |actions: Actions| Grants::from([(place.object, actions)]);
        if plan.is_delete() || moves {
            place.owner(holder, &id).plan(cx, &Grants::new(), &on(granted))?;
            return Ok(());
        }
        let Ok(planned) = plan.planned().model() else { return Ok(()) };
        let wanted = planned.wanted();
        let gives_up = granted.difference(&wanted).cloned().collect();
        let grants_again = place.owner(holder, &id).plan(cx, &on(wanted.clone()), &on(gives_up))?;
        if grants_again || wanted != granted {
            plan.unknown(Self::GRANTS);
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        scope::omit_default(cx, generated, Self::WORKSPACE_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, ResourceShareKey>) -> Result<Imported<Self>, Diag> {
        let _ = cx;
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        imported(text).map(Imported::Key).ok_or_else(|| {
            let form = "WORKSPACE_ID/RESOURCE_TYPE/RESOURCE_ID/team/TEAM_ID";
            import::unreadable(text, form, " Objects of a project have PROJECT_ID/ after WORKSPACE_ID/.")
        })
    }
}

/// Reads an import id.
fn imported(text: &str) -> Option<ResourceShareKey> {
    let (workspace, project, kind, id, principal) = if let Some(parts) = import::read::<3, 0>(text) {
        let ([workspace, kind, id], principal, []) = parts;
        (workspace, None, kind, id, principal)
    } else {
        let ([workspace, project, kind, id], principal, []) = import::read::<4, 0>(text)?;
        (workspace, Some(project.parse::<ProjectId>().ok()?), kind, id, principal)
    };
    let known = Kind::named(kind)?;
    let id = uuid::Uuid::try_parse(id).ok()?;
    (known.is_in_project() == project.is_some()).then_some(())?;
    Some(ResourceShareKey {
        workspace_id: Id(workspace.parse().ok()?),
        project_id: project.map(Id),
        resource_type: kind.to_owned(),
        resource_id: id.to_string(),
        email: principal.email().map(str::to_owned),
        team_id: principal.team().map(Id),
        user_id: principal.user().map(Id),
        service_account_id: principal.service_account().map(Id),
    })
}

/// Returns access to the shares of the principal.
fn shares<'a>(client: &'a Client, server: &'a Server, place: &'a Place, holder: Holder) -> Shares<'a> {
    Shares { client, server, workspace: place.workspace, principal: &place.principal, holder }
}

/// Replaces the previous actions with the planned ones. The state always contains what may be granted.
async fn apply(
    cx: &Cx<Client>,
    server: &Server,
    (place, holder): (&Place, Holder),
    before: Actions,
    plan: &ResourceShare,
) -> Result<ResourceShare, Diag> {
    let now = plan.wanted();
    let save = |granted: &Actions| cx.save(&plan.granting(place, granted));
    let changed = change(cx, server, (place, holder), before.clone(), now.clone(), save).await?;
    if changed.done == Done::Added {
        warn_of_refusal(cx);
        return Ok(plan.granting(place, &before.union(&now).cloned().collect()));
    }
    if !changed.taken.is_empty() {
        cx.warn(already_granted(place, &changed.taken));
    }
    Ok(plan.granting(place, &now))
}

/// A share that was changed.
struct Changed {
    done: Done,
    /// What somebody else had granted.
    taken: Actions,
}

/// Changes the share of the object, and leaves what others need. Passes what may be granted to `save` after each step,
/// including a failed one.
async fn change(
    cx: &Cx<Client>,
    server: &Server,
    (place, holder): (&Place, Holder),
    before: Actions,
    now: Actions,
    save: impl Fn(&Actions),
) -> Result<Changed, Diag> {
    let client = cx.client().await?;
    let on = |actions: &Actions| {
        let granted = (!actions.is_empty()).then(|| (place.object, actions.clone()));
        granted.into_iter().collect::<Grants>()
    };
    let is_stack = place.object.kind.resource_type() == ResourceType::Stack;
    let stack = is_stack.then(|| StackId::from_uuid(place.object.id));
    let ledger = OfPrincipal { shares: shares(client, server, place, holder), stack };
    let _held = cx.lock(place.lock(holder)).await;
    let wanted = place.owner(holder, &place.id()).apply(cx, client, &on(&before), &on(&now));
    let change = Change {
        stack,
        present: [place.object].into_iter().filter(|_| !now.is_empty()).collect(),
        before: on(&before),
        now: on(&now),
        wanted,
    };
    let both = before.union(&now).cloned().collect();
    let mut changing = Changing::new(&ledger, &change);
    let step = changing.step(place.object).await;
    if step.is_err() && changing.may_have_written(place.object) {
        save(&both);
    }
    let done = step?;
    if done == Done::Added {
        return Ok(Changed { done, taken: Actions::new() });
    }
    save(if is_stack { &both } else { &now });
    let taken = changing.taken(place.object).await?;
    changing.close().await?;
    save(&now);
    changing.verify().await?;
    Ok(Changed { done, taken })
}

fn already_granted(place: &Place, taken: &Actions) -> Diag {
    let names: Vec<String> = taken.iter().map(ToString::to_string).collect();
    Diag::warning("Terraform now manages permissions that were granted before")
        .why(format!(
            "{} already had these permissions on {}: {}. Destroying this resource revokes them.",
            place.principal,
            place.object,
            names.join(", ")
        ))
        .at(ResourceShare::ACTIONS)
}

//! The shared behavior of all role assignments.

use std::marker::PhantomData;

use tfkit::field::Misfit;
use tfkit::model::{Fields, Key as _, Model, Token};
use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, Generated, ImportId, Imported, Maybe, OrServer, Page, Partial,
    Plan, Resource, Since,
};
use zenml_api::control::role::{Role, RoleLevel};
use zenml_api::{ProjectId, RoleId};

use super::holding::{Holding, assignments_in};
use super::home::{Home, or_default, organization_of};
use super::principal::Principal;
use super::{belonging, caller, choice, import};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// The model of a role assignment to a team, a user or a service account.
///
/// Each such model has the attribute with the id of its [`Home`], `project_id` if its level is the project, and `id`,
/// `email`, `team_id`, `user_id`, `service_account_id`, `role` and `role_id`. [`Assignments`] does everything else.
pub trait RoleAssignment: Model {
    /// The object that the role applies to.
    type Home: Home;

    /// The level of the roles that can be assigned.
    const LEVEL: RoleLevel;

    /// The attribute with the id of the home.
    const HOME_ID: Token<Self, OrServer<Id<Self::Home>>> = Token::new(<Self::Home as Home>::ATTRIBUTE);

    /// The attribute with the id of the project, if the level is the project.
    const PROJECT_ID: Token<Self, Id<ProjectId>> = Token::new("project_id");

    /// The attribute with the id of the home, if the provider block has a default for it.
    const DEFAULT_HOME: Option<Token<Self, OrServer<Id<Self::Home>>>> = None;

    /// The name of the role.
    const ROLE: Token<Self, OrServer<String>> = Token::new("role");

    /// The id of the role.
    const ROLE_ID: Token<Self, OrServer<Id<RoleId>>> = Token::new("role_id");
}

/// Returns whether the role applies to a project of its home.
fn is_in_project<T: RoleAssignment>() -> bool {
    T::LEVEL == RoleLevel::Project
}

/// Reads where a role applies from an object of this type.
fn holding<T: RoleAssignment>(home: T::Home, fields: &Fields) -> Result<Holding<T::Home>, Diag> {
    let project =
        if is_in_project::<T>() { Some(fields.get::<Id<ProjectId>>(T::PROJECT_ID.name())?.0) } else { None };
    Ok(Holding { home, project, principal: Principal::read(fields)? })
}

/// Reads a role and where it applies from a state or an identity.
fn held<T: RoleAssignment>(object: &Dyn) -> Result<(Holding<T::Home>, RoleId), Diag> {
    let fields = Fields::of(object)?;
    let Id(home) = fields.get(T::HOME_ID.name())?;
    let Id(role) = fields.get(T::ROLE_ID.name())?;
    Ok((holding::<T>(home, &fields)?, role))
}

/// Returns the attributes of a key.
pub(super) fn key_fields<T: RoleAssignment>(holding: &Holding<T::Home>, role: RoleId) -> Fields {
    let Holding { home, project, principal } = holding;
    let (home, project) = (*home, *project);
    let fields = principal.write(Fields::new().with(T::HOME_ID.name(), &Id(home)));
    let fields = match project {
        Some(project) => fields.with(T::PROJECT_ID.name(), &Id(project)),
        None => fields,
    };
    fields.with(T::ROLE_ID.name(), &Id(role))
}

/// Creates the model of an assignment with the name of the role, which some responses omit.
fn model<T: RoleAssignment>(
    holding: &Holding<T::Home>,
    role: RoleId,
    name: Option<String>,
) -> Result<T, Diag> {
    let fields = key_fields::<T>(holding, role)
        .with("id", &Computed::known(holding.id(role)))
        .with(T::ROLE.name(), &OrServer::from_option(name));
    T::from_object(&fields.into_object()).map_err(Misfit::into_diag)
}

/// Returns the planned role and where it applies.
async fn planned<T: RoleAssignment>(client: &Client, plan: &T) -> Result<(Holding<T::Home>, Role), Diag> {
    let values = Partial::<T>::new(plan.to_object());
    let home = or_default(client, values.get(T::HOME_ID).known().map(|Id(id)| id)).await?;
    let holding = holding::<T>(home, &Fields::of(values.object())?)?;
    let organization = organization_of(client, home).await?;
    let name = values.get(T::ROLE).known();
    // A planned name takes precedence, because the id may be that of the previous role.
    let id = values.get(T::ROLE_ID).known().filter(|_| name.is_none());
    let role = choice::choose(client, &T::LEVEL, organization, name.as_deref(), id.map(|Id(id)| id)).await?;
    Ok((holding, role))
}

/// The behavior of role assignments.
#[derive(Debug)]
pub struct Assignments<T>(PhantomData<fn() -> T>);

impl<T: RoleAssignment> Resource for Assignments<T> {
    type Model = T;
    type Client = Client;
    type Remote = (Holding<T::Home>, Role);

    const IDENTITY_MUTABLE: bool = true;

    async fn fetch(cx: &Cx<Client>, key: &T::Key) -> Result<Option<Self::Remote>, Diag> {
        let (holding, role) = held::<T>(&key.to_object())?;
        Ok(holding.find(cx, role).await?.map(|role| (holding, role)))
    }

    fn scope(_: &Cx<Client>, key: &T::Key) -> Option<String> {
        let (Holding { home, project, .. }, role) = held::<T>(&key.to_object()).ok()?;
        let project = project.map(|project| project.to_string()).unwrap_or_default();
        Some(format!("{home}/{project}/{role}"))
    }

    /// Lists who has one role in one place, in a single request.
    async fn page(cx: &Cx<Client>, scope: &str, _: Option<u64>) -> Result<Page<T::Key, Self::Remote>, Diag> {
        let parts = || {
            let (home, rest) = scope.split_once('/')?;
            let (project, role) = rest.split_once('/')?;
            Some((home.parse().ok()?, project.parse().ok(), role.parse().ok()?))
        };
        let (home, project, role) = parts().ok_or_else(|| Diag::bug("A scope cannot be parsed"))?;
        let client = cx.client().await?;
        let there = assignments_in(client.control_plane()?, home, project, role).await;
        let there = there.map_err(|error| {
            cannot(format_args!("list who has the role {role}"), Needs::ORGANIZATION_ADMIN, &error)
        })?;
        let mut items = Vec::new();
        // A person can have two assignments, and the first one counts: a later item replaces an earlier one.
        for assignment in there.into_iter().rev() {
            for principal in Principal::all_that_hold(&assignment) {
                let holding = Holding { home, project, principal };
                let key = T::Key::from_object(&key_fields::<T>(&holding, role).into_object());
                items.push((key.map_err(Misfit::into_diag)?, (holding, assignment.role.clone())));
            }
        }
        Ok(Page { items, next: None })
    }

    async fn complete(cx: &Cx<Client>, item: Self::Remote) -> Result<Self::Remote, Diag> {
        item.0.home.remember(cx, cx.client().await?).await?;
        Ok(item)
    }

    fn observe((holding, role): &Self::Remote, since: Since<'_, T>) -> Result<T, Diag> {
        let known = || Partial::<T>::new(since.model()?.to_object()).get(T::ROLE).known();
        model(holding, role.id, role.name.clone().or_else(known))
    }

    async fn create(cx: &Cx<Client>, plan: T) -> Result<T, Diag> {
        let (holding, role) = planned(cx.client().await?, &plan).await?;
        choice::agree(&role, Partial::<T>::new(plan.to_object()).get(T::ROLE_ID).known())?;
        holding.grant(cx, &role).await?;
        Self::observe(&(holding, role), Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: T) -> Result<T, Diag> {
        let (holding, before) = held::<T>(&current.model.to_object())?;
        let (_, role) = planned(cx.client().await?, &plan).await?;
        holding.exchange(cx, before, &role).await?;
        Self::observe(&(holding, role), Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: T) -> Result<(), Diag> {
        let (holding, role) = held::<T>(&prior.to_object())?;
        holding.revoke(cx, role).await
    }

    fn claim(values: &Partial<T>) -> Option<Claim> {
        let project = if is_in_project::<T>() { Some(values.get(T::PROJECT_ID).known()?.0) } else { None };
        let home = values.get(T::HOME_ID).known()?.0;
        let holding = Holding { home, project, principal: Principal::planned(values)? };
        Some(holding.claim(values.get(T::ROLE_ID).known()?.0))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<T>) -> Result<(), Diag> {
        let client = cx.client().await?;
        let moves = plan.changes(T::HOME_ID)
            || is_in_project::<T>() && plan.changes(T::PROJECT_ID)
            || Principal::changes(plan);
        let other_role = plan.changes(T::ROLE) || plan.changes(T::ROLE_ID);
        if let Some(prior) = plan.prior().filter(|_| plan.is_delete() || moves || other_role) {
            let (holding, _) = held::<T>(&prior.to_object())?;
            let role = plan.state().get(T::ROLE).known();
            caller::warn(client, plan, &holding.principal, role.as_deref()).await;
        }
        if plan.is_delete() || !(plan.is_create() || moves || other_role) {
            return Ok(());
        }
        let mut home = plan.get(T::HOME_ID);
        if plan.is_create()
            && plan.config().get(T::HOME_ID).is_null()
            && let Some(default) = T::Home::of_provider(client).await?
        {
            plan.set(T::HOME_ID, &Id(default));
            home = Maybe::Known(Id(default));
        }
        belonging::check_account(client, home.clone(), Principal::planned(plan.planned())).await?;
        let name = plan.config().get(T::ROLE).known();
        let id = plan.config().get(T::ROLE_ID).known();
        let Some(role) = choice::planned_role(client, &T::LEVEL, home, name, id).await? else {
            return Ok(());
        };
        if plan.config().get(T::ROLE_ID).is_null() {
            plan.set(T::ROLE_ID, &Id(role.id));
        }
        if plan.config().get(T::ROLE).is_null()
            && let Some(name) = &role.name
        {
            plan.set(T::ROLE, name);
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<T>) -> Result<(), Diag> {
        if let Some(own) = T::DEFAULT_HOME {
            T::Home::omit_default(cx, generated, own).await;
        }
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, T::Key>) -> Result<Imported<T>, Diag> {
        let text = match id {
            ImportId::Key(key) => return Ok(Imported::Key(key)),
            ImportId::Text(text) => text,
        };
        let (holding, role) = imported::<T>(text).ok_or_else(|| unreadable::<T>(text))?;
        let role = choice::named_or_id(cx.client().await?, &T::LEVEL, holding.home, role).await?;
        let key = T::Key::from_object(&key_fields::<T>(&holding, role).into_object());
        key.map(Imported::Key).map_err(Misfit::into_diag)
    }
}

/// Reads an import id: where a role applies, and the id or the name of the role.
fn imported<T: RoleAssignment>(text: &str) -> Option<(Holding<T::Home>, &str)> {
    let (home, project, principal, role) = if is_in_project::<T>() {
        let ([home, project], principal, [role]) = import::read(text)?;
        (home, Some(project.parse().ok()?), principal, role)
    } else {
        let ([home], principal, [role]) = import::read(text)?;
        (home, None, principal, role)
    };
    Some((Holding { home: home.parse().ok()?, project, principal }, role))
}

fn unreadable<T: RoleAssignment>(text: &str) -> Diag {
    let project = if is_in_project::<T>() { "PROJECT_ID/" } else { "" };
    let form = format!("{}/{project}team/TEAM_ID/ROLE", T::HOME_ID.name().to_uppercase());
    import::unreadable(text, &form, " ROLE is the id or the name of the role, such as \"admin\".")
}

//! `zenml_organization_member`: a person in an organization, invited or not.

mod change;
mod data;
mod list;
mod model;
mod moving;
mod standing;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Generated, ImportId, Imported, OrDefault, OrServer, Page, Partial,
    Plan, Resource, Since,
};

pub use self::data::{UserData, UsersData};
pub use self::list::OrganizationMemberFilters;
pub use self::model::{OrganizationMember, OrganizationMemberKey};
use self::moving::Moving;
pub use self::standing::Remote;
use self::standing::Status;
use crate::access::belonging::malformed_email;
use crate::access::invitation::want;
use crate::access::people::{canonical, is_email};
use crate::access::principal::Principal;
use crate::access::{caller, choice};
use crate::client::Client;
use crate::control;
use crate::id::Id;

impl Resource for OrganizationMember {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &OrganizationMemberKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        let found = standing::find(client, organization, &key.id).await?;
        // A replacement of the invitation that failed halfway leaves nobody, and the next apply invites again.
        if let (None, Some(moving)) = (&found, Moving::unfinished(cx)) {
            return standing::expired(client, organization, moving.invitation).await.map(Some);
        }
        if found.is_none() {
            control::organization::gone_from(client, organization, &format!("the member {:?}", key.id))
                .await?;
        }
        Ok(found)
    }

    fn scope(_: &Cx<Client>, key: &OrganizationMemberKey) -> Option<String> {
        Some(key.organization_id.map(|id| id.to_string()).unwrap_or_default())
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        _: Option<u64>,
    ) -> Result<Page<OrganizationMemberKey, Remote>, Diag> {
        let client = cx.client().await?;
        let own = scope.parse().ok().map(Id);
        let organization = control::organization::of_key(client, own).await?;
        let all = standing::all(client, organization).await?;
        let items = all
            .into_iter()
            .map(|remote| (OrganizationMemberKey { organization_id: own, id: remote.id() }, remote));
        Ok(Page { items: items.collect(), next: None })
    }

    fn observe(remote: &Remote, since: Since<'_, Self>) -> Result<Self, Diag> {
        let known = since.model();
        let spelled = known.and_then(|known| known.email.as_ref()).map(String::as_str);
        let email = remote.email_like(spelled);
        Ok(Self {
            organization_id: OrServer::known(Id(remote.organization)),
            id: Computed::known(remote.id()),
            email: OrServer::from_option(email),
            user_id: OrServer::from_option(remote.account().map(Id)),
            role: OrDefault(remote.role_like(known.map(|known| known.role.0.as_str()))),
            status: Computed::known(remote.status().as_str().to_owned()),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let remote = change::join(cx, organization, &plan).await?;
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let remote = current.remote.ok_or_else(|| Diag::bug("A member is updated without being read"))?;
        let remote = change::update(cx, remote, &plan).await?;
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        match standing::find(client, organization, prior.id.get()?).await? {
            Some(remote) => change::remove(cx, &remote).await,
            None => Ok(()),
        }
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let organization = values.get(Self::ORGANIZATION_ID).known()?;
        let name = match values.get(Self::EMAIL).known() {
            Some(email) => canonical(&email),
            None => values.get(Self::USER_ID).known()?.to_string(),
        };
        Some(Claim::new(format!("member {name:?}"), &[&organization.to_string(), &name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        if plan.is_create() {
            plan_creation(cx, plan).await?;
            announce(cx, plan);
            return Ok(());
        }
        announce(cx, plan);
        let changes_role = plan.changes(Self::ROLE);
        let Some(prior) = plan.prior().cloned() else { return Ok(()) };
        if plan.is_delete() || changes_role {
            warn_of_own_loss(cx.client().await?, plan, &prior).await;
        }
        if plan.is_delete() {
            return match (prior.organization_id.as_ref(), prior.email.as_ref()) {
                (Some(Id(organization)), Some(email)) => change::plan_deletion(cx, *organization, email),
                _ => Ok(()),
            };
        }
        if changes_role {
            check_role(cx, plan).await?;
        }
        let name = prior.id.get()?;
        let status = Status::parse(prior.status.get()?);
        if Moving::unfinished(cx).is_some() {
            match status {
                Status::Active => plan.unknown(Self::STATUS),
                Status::Invited | Status::Expired | Status::Declined => plan_invitation(plan),
            }
            plan.warn(
                Diag::warning(format!("The invitation of {name:?} was not replaced completely"))
                    .why(
                        "The last apply deleted the invitation. It could not send a new one, or give all teams and roles of \
                         the old one to it. This plan completes that.",
                    )
                    .at(Self::STATUS),
            );
            return Ok(());
        }
        match status {
            Status::Invited if changes_role => {
                plan_invitation(plan);
                plan.warn(
                    Diag::warning(format!("The invitation of {name:?} is deleted, and a new one is sent"))
                        .why(
                            "The role of an invitation cannot be changed. The new invitation gets the teams and roles of \
                             the old one, whose link no longer works.",
                        )
                        .at(Self::ROLE),
                );
            }
            Status::Active | Status::Invited => {}
            Status::Expired => {
                plan_invitation(plan);
                plan.warn(
                    Diag::warning(format!("The invitation of {name:?} has expired"))
                        .why("Nobody accepted it in time. This plan sends a new one.")
                        .at(Self::STATUS),
                );
            }
            Status::Declined if changes_role => {
                plan_invitation(plan);
                plan.warn(
                    Diag::warning(format!("{name:?} will be invited again"))
                        .why("The person has declined the invitation. Another role sends a new one.")
                        .at(Self::ROLE),
                );
            }
            Status::Declined => plan.warn(
                Diag::warning(format!("{name:?} has declined the invitation"))
                    .why("The person is not a member, and is not invited again.")
                    .fix("Remove the resource, or send a new invitation:\n  terraform apply -replace=ADDRESS")
                    .at(Self::STATUS),
            ),
        }
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        if !generated.state().get(Self::EMAIL).is_null() {
            generated.omit(Self::USER_ID);
        }
        Ok(())
    }

    async fn import(
        cx: &Cx<Client>,
        id: ImportId<'_, OrganizationMemberKey>,
    ) -> Result<Imported<Self>, Diag> {
        let mut key = id.key()?;
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        key.organization_id = Some(Id(organization));
        // The id of an account stands for its address.
        let found = standing::find(client, organization, &key.id).await?;
        if let Some(role) = found.as_ref().and_then(|remote| remote.held().first().map(|role| role.id)) {
            change::remember(cx, role)?;
        }
        key.id = found.map_or_else(|| canonical(&key.id), |remote| remote.id());
        Ok(Imported::Key(key))
    }
}

/// Announces the planned address, so that no team of this run deletes its invitation.
fn announce(cx: &Cx<Client>, plan: &Plan<OrganizationMember>) {
    let prior = plan.prior();
    let before = || prior.and_then(|prior| prior.organization_id.as_ref()).copied();
    let organization = plan.get(OrganizationMember::ORGANIZATION_ID).known().or_else(before);
    let planned = plan.get(OrganizationMember::EMAIL).known();
    let email = planned.or_else(|| prior.and_then(|prior| prior.email.as_ref()).cloned());
    if let (Some(client), Some(Id(organization)), Some(email)) = (cx.client_if_known(), organization, email) {
        let wanted = (!plan.is_delete()).then_some(email.as_str());
        want(client, organization, &change::who(&email), wanted);
    }
}

/// Marks what is unknown until an invitation is sent, because the person may have joined by then.
fn plan_invitation(plan: &mut Plan<OrganizationMember>) {
    plan.unknown(OrganizationMember::STATUS);
    if plan.config().get(OrganizationMember::USER_ID).is_null() {
        plan.unknown(OrganizationMember::USER_ID);
    }
}

/// Warns of a plan that removes the provider's own account, or changes its role.
async fn warn_of_own_loss(client: &Client, plan: &mut Plan<OrganizationMember>, prior: &OrganizationMember) {
    let Some(Id(user)) = prior.user_id.as_ref() else { return };
    let user = Principal::User(*user);
    if plan.is_delete() {
        let what = "removes the account that runs Terraform from the organization";
        caller::warn_of(client, plan, &user, what).await;
    } else {
        caller::warn(client, plan, &user, Some(&prior.role.0)).await;
    }
}

/// Sets what is known about a new member, and checks the address, the account and the role.
async fn plan_creation(cx: &Cx<Client>, plan: &mut Plan<OrganizationMember>) -> Result<(), Diag> {
    if let Some(email) = plan.config().get(OrganizationMember::EMAIL).known()
        && !is_email(&email)
    {
        plan.error(malformed_email(&email).fix("For an account without an address, set user_id."));
    }
    control::organization::plan_default(cx, plan, OrganizationMember::ORGANIZATION_ID).await;
    let organization = plan.get(OrganizationMember::ORGANIZATION_ID).known();
    let user = plan.config().get(OrganizationMember::USER_ID).known();
    if let (Some(Id(organization)), Some(Id(user))) = (organization, user) {
        change::require_person(cx.client().await?, organization, user).await?;
    }
    check_role(cx, plan).await
}

/// Rejects an unknown role.
async fn check_role(cx: &Cx<Client>, plan: &Plan<OrganizationMember>) -> Result<(), Diag> {
    let client = cx.client().await?;
    let organization = plan.get(OrganizationMember::ORGANIZATION_ID).known();
    match (organization, plan.get(OrganizationMember::ROLE).known()) {
        (Some(Id(organization)), Some(role)) => {
            choice::check_named(client, organization, &role, OrganizationMember::ROLE.name()).await
        }
        _ => Ok(()),
    }
}

//! `zenml_service_account`: an account for automated clients.

mod calls;
mod data;
mod list;

use tfkit::{
    Claim, Computed, Current, Cx, Diag, Existing, Generated, ImportId, Imported, Model, OrDefault, OrServer,
    Page, Partial, Plan, Resource, Since,
};
use zenml_api::control::service_account::{self as api, ServiceAccountCreate, ServiceAccountUpdate};
use zenml_api::{IdOrName, Identifier as _, OrganizationId, Patch, ServiceAccountId};
use zenml_client::Optional as _;

pub use self::data::{ServiceAccountData, ServiceAccountSummary, ServiceAccountsData};
pub use self::list::ServiceAccountFilters;
use crate::client::Client;
use crate::control;
use crate::creation;
use crate::failure::Needs;
use crate::id::Id;

/// An account for automated clients, such as pipelines and CI jobs. It belongs to one organization, logs in with
/// API keys (`zenml_api_key`), can be a member of teams, and can have roles in the organization, its workspaces and their
/// projects.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(name = "service_account", import = "NAME")]
#[model(since = "3.1.0", needs = Needs::ORGANIZATION_ADMIN.text(), category = "ZenML Pro")]
pub struct ServiceAccount {
    /// ID of the organization that the account belongs to. Default: the provider's organization.
    #[attr(key = optional, replace)]
    pub organization_id: OrServer<Id<OrganizationId>>,
    /// ID of the account. Roles and shares refer to it as `service_account_id`, teams as a member.
    #[attr(key, stable)]
    pub id: Computed<Id<ServiceAccountId>>,
    /// User name of the account, unique among all accounts of ZenML Pro. It cannot be changed in place.
    #[attr(replace, check = length(1..=50), check = pattern(NAME_RULE, is_name))]
    pub name: String,
    /// Display name. If you remove it from the configuration, the account keeps it.
    #[attr(stable, check = length(1..=50))]
    pub display_name: OrServer<String>,
    /// Description of the account.
    #[attr(check = length(..=256), same = empty_is_null)]
    pub description: Option<String>,
    /// Whether the account can log in. `false` also ends its sessions and disables its API keys, but keeps its roles.
    #[attr(default = true)]
    pub active: OrDefault<bool>,
    /// When the account was created.
    #[attr(stable)]
    pub created: Computed<Option<String>>,
    /// When the account was last updated.
    pub updated: Computed<Option<String>>,
}

const NAME_RULE: &str = "consist of ASCII letters, digits, and the characters _-@.";

fn is_name(name: &str) -> bool {
    name.chars().all(|character| character.is_ascii_alphanumeric() || "_-@.".contains(character))
}

/// An account on the control plane, with the organization that it was read from.
#[derive(Clone, Debug)]
pub struct Remote {
    organization: OrganizationId,
    account: api::ServiceAccount,
}

impl Resource for ServiceAccount {
    type Model = Self;
    type Client = Client;
    type Remote = Remote;

    async fn fetch(cx: &Cx<Client>, key: &ServiceAccountKey) -> Result<Option<Remote>, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::of_key(client, key.organization_id).await?;
        let found = control::service_account::find(client, organization, IdOrName::Id(key.id.0)).await?;
        if found.is_none() {
            let what = format!("the service account {}", key.id);
            control::service_account::gone_from(client, organization, &what).await?;
        }
        Ok(found.map(|account| Remote { organization, account }))
    }

    fn scope(_: &Cx<Client>, key: &ServiceAccountKey) -> Option<String> {
        key.organization_id.map(|organization| organization.to_string())
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<ServiceAccountKey, Remote>, Diag> {
        let organization = scope.parse().map_err(|_| Diag::bug("A scope is not an organization"))?;
        let (accounts, next) = calls::page(cx.client().await?, organization, from.unwrap_or(0)).await?;
        let item = |account: api::ServiceAccount| {
            let key = ServiceAccountKey { organization_id: Some(Id(organization)), id: Id(account.id) };
            (key, Remote { organization, account })
        };
        Ok(Page { items: accounts.into_iter().map(item).collect(), next })
    }

    fn observe(remote: &Remote, _: Since<'_, Self>) -> Result<Self, Diag> {
        let account = &remote.account;
        Ok(Self {
            organization_id: OrServer::known(Id(remote.organization)),
            id: Computed::known(Id(account.id)),
            name: account.username.clone(),
            display_name: OrServer::from_option(account.name.clone()),
            description: account.description.clone(),
            active: OrDefault(account.is_active),
            created: Computed::known(account.created.as_ref().map(ToString::to_string)),
            updated: Computed::known(account.updated.as_ref().map(ToString::to_string)),
        })
    }

    async fn create(cx: &Cx<Client>, plan: Self) -> Result<Self, Diag> {
        let client = cx.client().await?;
        let organization = control::organization::or_default(client, &plan.organization_id).await?;
        let account = create_new(client, organization, &plan).await?;
        let mut remote = Remote { organization, account };
        cx.save(&Self::observe(&remote, Since::Answer(&plan))?);
        if remote.account.is_active != *plan.active {
            let change = ServiceAccountUpdate { is_active: Some(*plan.active), ..Default::default() };
            remote.account = calls::update(client, organization, &remote.account, change).await?;
        }
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: Self) -> Result<Self, Diag> {
        let Current { model: prior, remote, .. } = current;
        let mut remote =
            remote.ok_or_else(|| Diag::bug("A service account is updated without being read"))?;
        let client = cx.client().await?;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = plan.display_name.as_ref();
        let change = ServiceAccountUpdate {
            name: match name {
                Some(name) if remote.account.name.as_ref() != Some(name) => Patch::Set(name.clone()),
                _ => Patch::Keep,
            },
            description: Patch::between(text(&prior.description).as_ref(), text(&plan.description)),
            is_active: (*plan.active != *prior.active).then_some(*plan.active),
        };
        if change.is_active == Some(false) {
            refuse_own(client, &prior).await?;
        }
        if change != ServiceAccountUpdate::default() {
            remote.account = calls::update(client, remote.organization, &remote.account, change).await?;
        }
        Self::observe(&remote, Since::Answer(&plan))
    }

    async fn delete(cx: &Cx<Client>, prior: Self) -> Result<(), Diag> {
        let client = cx.client().await?;
        refuse_own(client, &prior).await?;
        let organization = control::organization::or_default(client, &prior.organization_id).await?;
        let of = (organization, IdOrName::Id(prior.id.get()?.0));
        let gone = client.control_plane()?.call(&api::DELETE, of).await.optional();
        if gone.map_err(|error| calls::failed("delete", &prior.name, &error))?.is_none() {
            let what = format!("the service account {:?}", prior.name);
            control::service_account::gone_from(client, organization, &what).await?;
        }
        Ok(())
    }

    fn claim(values: &Partial<Self>) -> Option<Claim> {
        let name = values.get(Self::NAME).known()?;
        Some(Claim::new(format!("service account {name:?}"), &[&name]))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> Result<(), Diag> {
        let replaces = plan.changes(Self::NAME) || plan.changes(Self::ORGANIZATION_ID);
        let deactivates = plan.changes(Self::ACTIVE) && plan.get(Self::ACTIVE).known() == Some(false);
        if let Some(prior) = plan.prior()
            && (plan.is_delete() || replaces || deactivates)
            && let Some(client) = cx.client_if_known()
            && let Err(refused) = refuse_own(client, prior).await
        {
            plan.error(refused);
        }
        control::organization::plan_default(cx, plan, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<Self>) -> Result<(), Diag> {
        control::organization::omit_default(cx, generated, Self::ORGANIZATION_ID).await;
        Ok(())
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, ServiceAccountKey>) -> Result<Imported<Self>, Diag> {
        let client = cx.client().await?;
        let (organization, account) = match id {
            ImportId::Key(key) => (control::organization::of_key(client, key.organization_id).await?, key.id),
            ImportId::Text(text) => {
                let (organization, account) = calls::named(client, text).await?;
                (organization, Id(account))
            }
        };
        // The response does not always contain the organization.
        Ok(Imported::Key(ServiceAccountKey { organization_id: Some(Id(organization)), id: account }))
    }
}

/// Rejects deactivating or deleting the account that the provider itself uses: every later request would fail.
async fn refuse_own(client: &Client, prior: &ServiceAccount) -> Result<(), Diag> {
    let me = control::account::me(client).await?;
    if prior.id.as_ref().is_none_or(|id| id.0.uuid() != me.id.uuid()) {
        return Ok(());
    }
    Err(Diag::error(format!("The provider itself uses the service account {:?}", prior.name))
        .why("Without it, the provider could not finish the run, and nobody could log in with its keys.")
        .fix(
            "To deactivate or delete it, configure the provider with another key first. To stop managing it, \
             remove it from the state:\n  terraform state rm ADDRESS",
        ))
}

/// Creates the account. An existing one with the same name is never taken over, except after a lost response, if it
/// did not exist before.
async fn create_new(
    client: &Client,
    organization: OrganizationId,
    plan: &ServiceAccount,
) -> Result<api::ServiceAccount, Diag> {
    let named = || control::service_account::find(client, organization, IdOrName::Name(plan.name.clone()));
    if let Some(existing) = named().await? {
        return Err(exists(organization, &existing));
    }
    let request = ServiceAccountCreate {
        username: plan.name.clone(),
        name: plan.display_name.as_ref().cloned(),
        description: plan.description.clone().filter(|text| !text.is_empty()),
    };
    let answer = client.control_plane()?.send(&api::CREATE, organization, (), request).await;
    let taken = |existing: Option<&api::ServiceAccount>| match existing {
        Some(existing) => exists(organization, existing),
        None => hidden(&plan.name),
    };
    creation::outcome(answer, named(), taken, |error| calls::failed("create", &plan.name, error)).await
}

fn exists(organization: OrganizationId, account: &api::ServiceAccount) -> Diag {
    Diag::error(format!("Service account {:?} already exists", account.username))
        .why(format!(
            "The organization {organization} has an account with this name, and names must be unique."
        ))
        .in_the_way(Existing {
            words: "service account",
            resource: "zenml_service_account",
            id: account.id.to_string(),
            import: format!("{organization}/{}", account.id),
        })
        .fix("To create another one, choose another name.")
        .at(ServiceAccount::NAME)
}

fn hidden(name: &str) -> Diag {
    Diag::error(format!("Service account {name:?} already exists"))
        .why("A person, or a service account of another organization, has this user name.")
        .fix("Choose another name.")
        .at(ServiceAccount::NAME)
}

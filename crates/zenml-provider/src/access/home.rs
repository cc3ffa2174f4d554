//! The objects that roles apply to.

use tfkit::model::{Model, Token};
use tfkit::{Cx, Diag, Generated, LockGuard, OrServer, Path};
use zenml_api::{Identifier, OrganizationId, RoleId, WorkspaceId};
use zenml_client::ApiError;

use super::last_admin::{self, Loss};
use super::principal::Principal;
use crate::client::Client;
use crate::control;
use crate::id::Id;
use crate::in_workspace::scope;

/// An object that roles apply to. It determines the organization whose roles and members can be used.
pub trait Home: Identifier {
    /// The attribute with its id.
    const ATTRIBUTE: &'static str;

    /// Whether only members of the organization can hold roles here. A role in the organization itself makes an account
    /// a member.
    const FOR_MEMBERS: bool;

    /// Returns the default of the provider block, for an assignment that does not set one.
    fn of_provider(client: &Client) -> impl Future<Output = Result<Option<Self>, Diag>> + Send;

    /// Returns the organization that it belongs to; `None` if the key has no access to it.
    fn organization(
        self,
        client: &Client,
    ) -> impl Future<Output = Result<Option<OrganizationId>, Diag>> + Send;

    /// Returns the workspace for requests.
    fn workspace(self) -> Option<WorkspaceId>;

    /// Called after a role was granted or found.
    fn remember(self, cx: &Cx<Client>, client: &Client) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Called if a role is not found. Fails if the home may be hidden instead of deleted.
    fn not_found(self, cx: &Cx<Client>, client: &Client) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Called before a role is revoked. Fails if its holder must keep it. Returns what is held until it is revoked.
    fn check_revoke(
        self,
        cx: &Cx<Client>,
        client: &Client,
        principal: &Principal,
        role: RoleId,
    ) -> impl Future<Output = Result<Option<LockGuard>, Diag>> + Send {
        let _ = (cx, client, principal, role);
        async { Ok(None) }
    }

    /// Returns why the control plane has refused to revoke a role, if that is known.
    fn reason(
        self,
        client: &Client,
        principal: &Principal,
        role: RoleId,
        error: &ApiError,
    ) -> impl Future<Output = Option<Diag>> + Send {
        let _ = (client, principal, role, error);
        async { None }
    }

    /// Omits the home from a generated configuration if the provider block already selects it.
    fn omit_default<M: Model>(
        cx: &Cx<Client>,
        generated: &mut Generated<M>,
        own: Token<M, OrServer<Id<Self>>>,
    ) -> impl Future<Output = ()> + Send;

    /// Returns the error for an assignment without a home if the provider block has no default.
    fn unnamed() -> Diag;
}

impl Home for OrganizationId {
    const ATTRIBUTE: &'static str = "organization_id";
    const FOR_MEMBERS: bool = false;

    async fn of_provider(client: &Client) -> Result<Option<Self>, Diag> {
        control::organization::default(client).await.map(|organization| Some(organization.id))
    }

    async fn organization(self, client: &Client) -> Result<Option<OrganizationId>, Diag> {
        let found = control::organization::find(client, self).await?;
        Ok(found.map(|organization| organization.id))
    }

    fn workspace(self) -> Option<WorkspaceId> {
        None
    }

    async fn remember(self, _: &Cx<Client>, _: &Client) -> Result<(), Diag> {
        Ok(())
    }

    async fn not_found(self, _: &Cx<Client>, client: &Client) -> Result<(), Diag> {
        control::organization::gone_from(client, self, "the role assignment").await
    }

    async fn check_revoke(
        self,
        cx: &Cx<Client>,
        client: &Client,
        principal: &Principal,
        role: RoleId,
    ) -> Result<Option<LockGuard>, Diag> {
        last_admin::check(cx, client, self, &Loss::Role(principal, role)).await
    }

    async fn reason(
        self,
        client: &Client,
        principal: &Principal,
        role: RoleId,
        error: &ApiError,
    ) -> Option<Diag> {
        last_admin::reason(client, self, &Loss::Role(principal, role), error).await
    }

    async fn omit_default<M: Model>(
        cx: &Cx<Client>,
        generated: &mut Generated<M>,
        own: Token<M, OrServer<Id<Self>>>,
    ) {
        control::organization::omit_default(cx, generated, own).await;
    }

    fn unnamed() -> Diag {
        Diag::bug("The provider has no default organization, and no error says so")
    }
}

impl Home for WorkspaceId {
    const ATTRIBUTE: &'static str = "workspace_id";
    const FOR_MEMBERS: bool = true;

    async fn of_provider(client: &Client) -> Result<Option<Self>, Diag> {
        control::workspace::default(client).await
    }

    async fn organization(self, client: &Client) -> Result<Option<OrganizationId>, Diag> {
        let found = control::workspace::find(client, self).await?;
        Ok(found.map(|workspace| workspace.organization.id))
    }

    fn workspace(self) -> Option<WorkspaceId> {
        Some(self)
    }

    async fn remember(self, cx: &Cx<Client>, client: &Client) -> Result<(), Diag> {
        scope::remember(cx, client, self).await
    }

    async fn not_found(self, cx: &Cx<Client>, client: &Client) -> Result<(), Diag> {
        if control::workspace::find(client, self).await?.is_none() {
            scope::gone(cx, client, self).await?;
        }
        Ok(())
    }

    async fn omit_default<M: Model>(
        cx: &Cx<Client>,
        generated: &mut Generated<M>,
        own: Token<M, OrServer<Id<Self>>>,
    ) {
        scope::omit_default(cx, generated, own).await;
    }

    fn unnamed() -> Diag {
        Diag::error("No workspace selected for the project")
            .why("Neither the resource nor the provider block sets workspace_id.")
            .fix("Set workspace_id:\n  workspace_id = zenml_workspace.NAME.id")
            .at(Path::root().attr(Self::ATTRIBUTE))
    }
}

/// Returns the home of an assignment, otherwise the default of the provider block.
pub async fn or_default<H: Home>(client: &Client, own: Option<H>) -> Result<H, Diag> {
    match own {
        Some(own) => Ok(own),
        None => H::of_provider(client).await?.ok_or_else(H::unnamed),
    }
}

/// Returns the organization of a home. Fails if the home is not found.
pub async fn organization_of<H: Home>(client: &Client, home: H) -> Result<OrganizationId, Diag> {
    home.organization(client).await?.ok_or_else(|| {
        let (noun, attribute) = (H::NOUN, H::ATTRIBUTE);
        Diag::error(format!("There is no {noun} {home}"))
            .why("It does not exist, or the key has no access to it.")
            .fix(format!("Check {attribute}, and that the key belongs to the organization of the {noun}."))
            .at(Path::root().attr(attribute))
    })
}

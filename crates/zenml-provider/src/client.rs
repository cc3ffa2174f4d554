//! The provider's way to the APIs, and what it learned in this run.

use std::sync::Arc;

use tfkit::{Diag, OrServer};
use tokio::sync::OnceCell;
use zenml_api::control::organization::{self, Organization, OrganizationQuery};
use zenml_api::control::user::{self, User};
use zenml_api::control::workspace::{self, Workspace};
use zenml_api::workspace::current_user;
use zenml_api::{IdOrName, OrganizationId, WorkspaceId};
use zenml_client::{Api, ApiError, Optional as _};

use crate::cache::Cache;
use crate::configuration::Configuration;
use crate::failure::{Needs, cannot};
use crate::id::Id;
use crate::memory::Memory;
use crate::resolve::{Plane, Resolved};
use crate::source::{Given, Source};

/// Oldest server that is used without `skip_version_check`.
const OLDEST_SERVER: (u64, u64) = (0, 80);

/// What all operations of a run share: the APIs, the defaults of the provider block, and what was read already.
#[derive(Debug)]
pub struct Client {
    api: zenml_client::Client,
    organization: Option<Given<IdOrName<OrganizationId>>>,
    workspace: Option<Given<IdOrName<WorkspaceId>>>,
    skip_version_check: bool,
    /// Where the settings of both APIs come from.
    control_plane: Option<Plane>,
    server: Option<Plane>,
    /// Why the API of the environment that the block is not about is not used.
    ignored: Option<Diag>,
    /// Whether a control plane works that the provider block is not about.
    control_plane_works: OnceCell<bool>,
    default_organization: OnceCell<Arc<Organization>>,
    default_workspace: OnceCell<WorkspaceId>,
    me: OnceCell<Arc<User>>,
    organizations: Cache<OrganizationId, Option<Organization>>,
    workspaces: Cache<WorkspaceId, Option<Workspace>>,
    memory: Memory,
}

impl Client {
    /// A client that has not sent anything yet.
    pub fn new(api: zenml_client::Client, resolved: &Resolved) -> Self {
        Self {
            api,
            organization: resolved.organization.clone().map(|given| given.map(|text| IdOrName::parse(&text))),
            workspace: resolved.workspace.clone().map(|given| given.map(|text| IdOrName::parse(&text))),
            skip_version_check: resolved.skip_version_check,
            control_plane: resolved.control_plane.clone(),
            server: resolved.server.clone(),
            ignored: resolved.ignored.clone(),
            control_plane_works: OnceCell::new(),
            default_organization: OnceCell::new(),
            default_workspace: OnceCell::new(),
            me: OnceCell::new(),
            organizations: Cache::default(),
            workspaces: Cache::default(),
            memory: Memory::default(),
        }
    }

    /// Both APIs.
    pub fn api(&self) -> &zenml_client::Client {
        &self.api
    }

    /// The management API.
    pub fn control_plane(&self) -> Result<&Api, Diag> {
        let none = |error| self.missing(cannot("manage ZenML Pro", Needs::ORGANIZATION_ADMIN, &error));
        self.api.control_plane().map_err(none)
    }

    /// What is said of an API that is missing: if one was left out, why.
    pub(crate) fn missing(&self, otherwise: Diag) -> Diag {
        self.ignored.clone().unwrap_or(otherwise)
    }

    /// Makes sure that the credentials of the provider block work: one authenticated call for each API. An API that only
    /// the environment names, beside a block that is about the other one, is not asked before something needs it.
    pub async fn check(&self) -> Result<(), Diag> {
        let is_wanted = |plane: &Option<Plane>| plane.as_ref().is_some_and(|plane| plane.is_wanted);
        let control_plane =
            async { if is_wanted(&self.control_plane) { self.check_control_plane().await } else { Ok(()) } };
        let server = async {
            match self.api.server() {
                Ok(server) if is_wanted(&self.server) => self.check_server(server).await,
                _ => Ok(()),
            }
        };
        tokio::try_join!(control_plane, server).map(|_| ())
    }

    /// Whether there is a control plane for what can do without one. A control plane that the provider block is not
    /// about is tried once for that.
    pub(crate) async fn has_control_plane(&self) -> bool {
        match &self.control_plane {
            None => false,
            Some(plane) if plane.is_wanted => true,
            Some(_) => {
                // Boxed because it is rare, and would make each future that may ask larger.
                let works = async || Box::pin(self.check_control_plane()).await.is_ok();
                *self.control_plane_works.get_or_init(works).await
            }
        }
    }

    /// Points a diagnostic at the argument that the key for the control plane comes from.
    fn at_key(&self, diag: Diag) -> Diag {
        mark(self.control_plane.as_ref().map(|plane| &plane.credential), diag)
    }

    /// A failure of the first call to the control plane, at the argument that most likely causes it.
    fn at_control_plane(&self, doing: &str, error: &ApiError) -> Diag {
        let diag = cannot(doing, Needs::ORGANIZATION_VIEWER, error);
        match error {
            ApiError::Unauthorized(_) | ApiError::NoToken { .. } => self.at_key(diag),
            _ => mark(self.control_plane.as_ref().map(|plane| &plane.address), diag),
        }
    }

    async fn check_control_plane(&self) -> Result<(), Diag> {
        match &self.organization {
            Some(_) => self.default_organization().await.map(|_| ()),
            None => self.visible_organizations().await.map(|_| ()),
        }
    }

    /// A login proves a key, and a call a token; what the server says of itself is remembered.
    async fn check_server(&self, server: &Api) -> Result<(), Diag> {
        let at = |error: ApiError| {
            let source = self.server.as_ref().map(|plane| match (&error, error.call()) {
                // The login with a session begins at the control plane.
                (_, Some(call)) if call.plane == zenml_client::Plane::ControlPlane => &plane.credential,
                (ApiError::Unauthorized(_) | ApiError::NoToken { .. }, _) => &plane.credential,
                _ => &plane.address,
            });
            mark(source, cannot("use the server", Needs::WORKSPACE_VIEWER, &error))
        };
        if server.has_given_session() {
            server.call(&current_user::GET, ()).await.map_err(at)?;
        } else {
            server.log_in().await.map_err(at)?;
        }
        if self.skip_version_check {
            return Ok(());
        }
        let version = &self.api.server_identity().await.map_err(at)?.version;
        if is_too_old(version) {
            let (major, minor) = OLDEST_SERVER;
            return Err(Diag::error(format!("The server has version {version}, which is too old"))
                .why(format!("This provider is made for version {major}.{minor}.0 and later."))
                .fix("Upgrade the server, or take the risk with skip_version_check = true."))
            .map_err(|diag| mark(self.server.as_ref().map(|plane| &plane.address), diag));
        }
        Ok(())
    }

    /// The organization for what does not name one: that of the provider block, else the only one that the key sees.
    pub async fn default_organization(&self) -> Result<Arc<Organization>, Diag> {
        let find = async || match &self.organization {
            Some(wanted) => self.named_organization(&wanted.value, &wanted.source).await,
            None => self.only_organization().await,
        };
        self.default_organization.get_or_try_init(find).await.map(Arc::clone)
    }

    async fn named_organization(
        &self,
        wanted: &IdOrName<OrganizationId>,
        source: &Source,
    ) -> Result<Arc<Organization>, Diag> {
        let found = self.control_plane()?.call(&organization::GET, wanted.clone()).await.optional();
        let found = found.map_err(|error| self.at_control_plane("use the control plane", &error))?;
        if let Some(found) = found {
            self.organizations.put(found.id, Some(found.clone()));
            return Ok(Arc::new(found));
        }
        let seen = self.visible_organizations().await?;
        let diag = Diag::error(format!("The key does not see the organization {:?}", wanted.to_string()))
            .why(format!("It does not exist, or the key belongs to another one. {}", listed(&seen)))
            .fix(format!("Correct {source}, or use a key of this organization."));
        Err(source.mark(diag))
    }

    async fn only_organization(&self) -> Result<Arc<Organization>, Diag> {
        let seen = self.visible_organizations().await?;
        match seen.as_slice() {
            [only] => Ok(Arc::new(only.clone())),
            [] => Err(self.at_key(
                Diag::error("The key sees no organization")
                    .why(format!(
                        "The account behind {} is not a member of any organization.",
                        self.control_plane()?.origin().credential
                    ))
                    .fix("Ask an admin of the organization to give the account a role, or use another key."),
            )),
            _ => Err(Diag::error("It is not said which organization is meant")
                .why(format!("The key sees more than one. {}", listed(&seen)))
                .fix("Name one in the provider block:\n  organization_id = \"NAME\"")
                .at(Configuration::ORGANIZATION_ID)),
        }
    }

    /// All organizations that the key sees.
    pub async fn visible_organizations(&self) -> Result<Vec<Organization>, Diag> {
        let control_plane = self.control_plane()?;
        let seen = control_plane.list_all(&organization::LIST, (), OrganizationQuery::default()).await;
        let seen = seen.map_err(|error| self.at_control_plane("use the control plane", &error))?;
        for organization in &seen {
            self.organizations.put(organization.id, Some(organization.clone()));
        }
        if let [only] = seen.as_slice()
            && self.organization.is_none()
        {
            // Somebody else may have set it meanwhile, to the same.
            let _ = self.default_organization.set(Arc::new(only.clone()));
        }
        Ok(seen)
    }

    /// An organization, if the key sees it.
    pub async fn find_organization(&self, id: OrganizationId) -> Result<Option<Organization>, Diag> {
        let control_plane = self.control_plane()?;
        let read = async { control_plane.call(&organization::GET, IdOrName::Id(id)).await.optional() };
        let found = self.organizations.get(&id, read).await;
        found.map(|found| (*found).clone()).map_err(|error| {
            cannot(format_args!("read the organization {id}"), Needs::ORGANIZATION_VIEWER, &error)
        })
    }

    /// The organization that a resource names, else the default one.
    pub async fn organization_or_default(
        &self,
        own: &OrServer<Id<OrganizationId>>,
    ) -> Result<OrganizationId, Diag> {
        match own.as_ref() {
            Some(own) => Ok(own.0),
            None => self.default_organization().await.map(|organization| organization.id),
        }
    }

    /// Makes sure that what was not found in an organization is gone, and not only hidden: with the same key the
    /// organization itself must be there. `what` names the object, such as `the team "alpha"`.
    pub async fn gone_from(&self, organization: OrganizationId, what: &str) -> Result<(), Diag> {
        if self.find_organization(organization).await?.is_some() {
            return Ok(());
        }
        Err(Diag::error(format!("It cannot be told whether {what} still exists"))
            .why(format!(
                "The control plane does not show it to this key, and it does not show its organization {organization} \
                 either. So the key may be one of another organization."
            ))
            .fix(
                "Use a key of this organization. If the organization itself was deleted, remove the object from the \
                 state:\n  terraform state rm ADDRESS",
            ))
    }

    /// A workspace as the control plane has it, looked up once in a run; `None` if it is not there.
    pub async fn find_workspace(&self, id: WorkspaceId) -> Result<Option<Workspace>, Diag> {
        let control_plane = self.control_plane()?;
        let read = async { control_plane.call(&workspace::GET, IdOrName::Id(id)).await.optional() };
        let found = self.workspaces.get(&id, read).await;
        found.map(|found| (*found).clone()).map_err(|error| {
            cannot(format_args!("read the workspace {id}"), Needs::ORGANIZATION_VIEWER, &error)
        })
    }

    /// Forgets what was read of a workspace, because it changed.
    pub fn forget_workspace(&self, id: WorkspaceId) {
        self.workspaces.forget(&id);
        self.api.forget_workspace(id);
    }

    /// The workspace of the provider block, if it names one.
    pub async fn default_workspace(&self) -> Result<Option<WorkspaceId>, Diag> {
        let Some(Given { value: wanted, source }) = &self.workspace else { return Ok(None) };
        let name = match wanted {
            IdOrName::Id(id) => return Ok(Some(*id)),
            IdOrName::Name(name) => name,
        };
        let find = async || {
            let wanted = IdOrName::Name(name.clone());
            let found = self.control_plane()?.call(&workspace::GET, wanted).await.optional();
            let found = found.map_err(|error| self.at_control_plane("find the default workspace", &error))?;
            found.map(|found| found.id).ok_or_else(|| {
                let diag = Diag::error(format!("There is no workspace {name:?}"))
                    .why(format!(
                        "{} names it, and the control plane does not show it to this key.",
                        source.capitalized()
                    ))
                    .fix(format!("Correct {source}, or use a key that sees the workspace."));
                source.mark(diag)
            })
        };
        self.default_workspace.get_or_try_init(find).await.copied().map(Some)
    }

    /// The account behind the key.
    pub async fn me(&self) -> Result<Arc<User>, Diag> {
        let control_plane = self.control_plane()?;
        let ask = async || control_plane.call(&user::ME, ()).await.map(Arc::new);
        let me = self.me.get_or_try_init(ask).await;
        me.map(Arc::clone)
            .map_err(|error| cannot("read the account of the key", Needs::ORGANIZATION_VIEWER, &error))
    }

    /// What a module remembers in a type of its own, from one operation of a run to the next.
    pub(crate) fn memory<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.memory.of()
    }
}

fn mark(source: Option<&Source>, diag: Diag) -> Diag {
    match source {
        Some(source) => source.mark(diag),
        None => diag,
    }
}

fn listed(organizations: &[Organization]) -> String {
    let names: Vec<String> = organizations
        .iter()
        .map(|organization| format!("{:?} ({})", organization.name, organization.id))
        .collect();
    match names.as_slice() {
        [] => "The key sees no organization at all.".to_owned(),
        names => format!("It sees: {}.", names.join(", ")),
    }
}

/// Whether a version is known to be too old. What is no version, like a development build, is not.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split(['.', '-', '+']).map(str::parse::<u64>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST_SERVER,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_that_is_surely_too_old_is_refused() {
        let cases = [
            ("0.79.9", true),
            ("0.80.0", false),
            ("0.98.0", false),
            ("1.0.0", false),
            ("0.98.0.dev1", false),
            ("0.98.0rc1", false),
            ("0.79.0rc1", true),
            ("nightly-2026.11.24", false),
            ("0.70.0-rc1", true),
            ("development", false),
            ("", false),
        ];
        for (version, expected) in cases {
            assert_eq!(is_too_old(version), expected, "{version:?}");
        }
    }
}

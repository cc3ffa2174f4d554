//! The provider's connections to the APIs.

use std::sync::Arc;

use tfkit::Diag;
use zenml_api::{ApiKeyId, IdOrName, Identifier as _, OrganizationId, Sensitive, WorkspaceId};
use zenml_client::{Api, ApiError, Credential};

use crate::failure::{Needs, cannot};
use crate::key;
use crate::memory::Memory;
use crate::resolve::{Plane, Resolved};
use crate::source::{Given, mark};

/// The shared context of all operations of a run: connections, provider settings, and a memory.
#[derive(Debug)]
pub struct Client {
    api: zenml_client::Client,
    planes: Planes,
    organization: Option<Given<IdOrName<OrganizationId>>>,
    workspace: Option<Given<IdOrName<WorkspaceId>>>,
    skip_version_check: bool,
    own_key: Option<(ApiKeyId, Sensitive<String>)>,
    memory: Memory,
}

/// The origins of the settings of both APIs.
#[derive(Debug)]
pub(crate) struct Planes {
    pub(crate) control_plane: Option<Plane>,
    pub(crate) server: Option<Plane>,
    /// Why an API that only the environment configures is not used.
    ignored: Option<Diag>,
}

impl Client {
    /// Creates a client. It sends nothing yet.
    pub fn new(api: zenml_client::Client, resolved: &Resolved) -> Self {
        let Resolved { control_plane, server, ignored, organization, workspace, .. } = resolved.clone();
        Self {
            api,
            planes: Planes { control_plane, server, ignored },
            organization: organization.map(|given| given.map(|text| IdOrName::parse(&text))),
            workspace: workspace.map(|given| given.map(|text| IdOrName::parse(&text))),
            skip_version_check: resolved.skip_version_check,
            own_key: own_key(resolved),
            memory: Memory::default(),
        }
    }

    /// Returns both APIs.
    pub fn api(&self) -> &zenml_client::Client {
        &self.api
    }

    /// Returns the management API.
    pub fn control_plane(&self) -> Result<&Api, Diag> {
        let none = |error| self.missing(cannot("manage ZenML Pro", Needs::ORGANIZATION_ADMIN, &error));
        self.api.control_plane().map_err(none)
    }

    /// Returns the value of a type that a module keeps across the operations of a run.
    pub(crate) fn memory<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.memory.of()
    }

    /// Returns the origins of the settings of both APIs.
    pub(crate) fn planes(&self) -> &Planes {
        &self.planes
    }

    /// Returns the organization of the provider block or the environment.
    pub(crate) fn organization(&self) -> Option<&Given<IdOrName<OrganizationId>>> {
        self.organization.as_ref()
    }

    /// Returns the workspace of the provider block or the environment.
    pub(crate) fn workspace(&self) -> Option<&Given<IdOrName<WorkspaceId>>> {
        self.workspace.as_ref()
    }

    /// Returns whether the server version is not checked.
    pub(crate) fn skips_version_check(&self) -> bool {
        self.skip_version_check
    }

    /// Returns the id of the API key that the provider itself uses; `None` if it uses another credential.
    pub(crate) fn own_key(&self) -> Option<ApiKeyId> {
        self.own_key.as_ref().map(|(id, _)| *id)
    }

    /// Returns whether the provider itself logs in with this API key.
    pub(crate) fn uses_key(&self, key: &str) -> bool {
        self.own_key.as_ref().is_some_and(|(_, own)| own.expose() == key)
    }

    /// Returns the diagnostic for a missing API. If one was ignored, it says why.
    pub(crate) fn missing(&self, otherwise: Diag) -> Diag {
        self.planes.ignored.clone().unwrap_or(otherwise)
    }

    /// Points a diagnostic at the argument that the key for the control plane comes from.
    pub(crate) fn at_key(&self, diag: Diag) -> Diag {
        mark(self.planes.control_plane.as_ref().map(|plane| &plane.credential), diag)
    }

    /// Returns the diagnostic for a failure of the first request to the control plane, at the argument that most
    /// likely causes it.
    pub(crate) fn at_control_plane(&self, doing: &str, error: &ApiError) -> Diag {
        let diag = cannot(doing, Needs::ORGANIZATION_VIEWER, error);
        match error {
            ApiError::Unauthorized(_) | ApiError::NoToken { .. } => self.at_key(diag),
            _ => mark(self.planes.control_plane.as_ref().map(|plane| &plane.address), diag),
        }
    }
}

/// Returns the key for the control plane, with its id, which is not secret.
fn own_key(resolved: &Resolved) -> Option<(ApiKeyId, Sensitive<String>)> {
    let address = resolved.settings.control_plane.as_ref()?;
    let Credential::Key(key) = &address.credential else { return None };
    let id = key::id_of(key.expose().strip_prefix(key::PRO)?)?;
    Some((ApiKeyId::from_uuid(id), key.clone()))
}

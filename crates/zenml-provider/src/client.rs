//! The provider's connections to the APIs.

use std::sync::Arc;

use tfkit::Diag;
use zenml_api::{IdOrName, OrganizationId, WorkspaceId};
use zenml_client::{Api, ApiError};

use crate::failure::{Needs, cannot};
use crate::memory::Memory;
use crate::resolve::{Plane, Resolved};
use crate::source::{Given, mark};

/// What all operations of a run share: the connections, what the provider block says beside them, and a memory.
#[derive(Debug)]
pub struct Client {
    api: zenml_client::Client,
    planes: Planes,
    organization: Option<Given<IdOrName<OrganizationId>>>,
    workspace: Option<Given<IdOrName<WorkspaceId>>>,
    skip_version_check: bool,
    memory: Memory,
}

/// Where the settings of both APIs come from.
#[derive(Debug)]
pub(crate) struct Planes {
    pub(crate) control_plane: Option<Plane>,
    pub(crate) server: Option<Plane>,
    /// Why the API of the environment that the block is not about is not used.
    ignored: Option<Diag>,
}

impl Client {
    /// A client that has not sent anything yet.
    pub fn new(api: zenml_client::Client, resolved: &Resolved) -> Self {
        let Resolved { control_plane, server, ignored, organization, workspace, .. } = resolved.clone();
        Self {
            api,
            planes: Planes { control_plane, server, ignored },
            organization: organization.map(|given| given.map(|text| IdOrName::parse(&text))),
            workspace: workspace.map(|given| given.map(|text| IdOrName::parse(&text))),
            skip_version_check: resolved.skip_version_check,
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

    /// What a module remembers in a type of its own, from one operation of a run to the next.
    pub(crate) fn memory<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.memory.of()
    }

    /// Where the settings of both APIs come from.
    pub(crate) fn planes(&self) -> &Planes {
        &self.planes
    }

    /// The organization that the provider block or the environment names.
    pub(crate) fn organization(&self) -> Option<&Given<IdOrName<OrganizationId>>> {
        self.organization.as_ref()
    }

    /// The workspace that the provider block or the environment names.
    pub(crate) fn workspace(&self) -> Option<&Given<IdOrName<WorkspaceId>>> {
        self.workspace.as_ref()
    }

    /// Whether the version of the server does not matter.
    pub(crate) fn skips_version_check(&self) -> bool {
        self.skip_version_check
    }

    /// The diagnostic for an API that is missing: if one was left out, why.
    pub(crate) fn missing(&self, otherwise: Diag) -> Diag {
        self.planes.ignored.clone().unwrap_or(otherwise)
    }

    /// Points a diagnostic at the argument that the key for the control plane comes from.
    pub(crate) fn at_key(&self, diag: Diag) -> Diag {
        mark(self.planes.control_plane.as_ref().map(|plane| &plane.credential), diag)
    }

    /// A failure of the first call to the control plane, at the argument that most likely causes it.
    pub(crate) fn at_control_plane(&self, doing: &str, error: &ApiError) -> Diag {
        let diag = cannot(doing, Needs::ORGANIZATION_VIEWER, error);
        match error {
            ApiError::Unauthorized(_) | ApiError::NoToken { .. } => self.at_key(diag),
            _ => mark(self.planes.control_plane.as_ref().map(|plane| &plane.address), diag),
        }
    }
}

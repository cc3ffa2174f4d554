//! The client, which locates the APIs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use zenml_api::control::workspace;
use zenml_api::{Endpoint, IdOrName, Sensitive, WorkspaceId};

use crate::api::Api;
use crate::error::{ApiError, Misplaced, NotReady};
use crate::memory::Memory;
use crate::origin::Origin;
use crate::plane::Plane;
use crate::session::{Session, Source};
use crate::settings::{self, Credential, Settings, SettingsError};
use crate::transport::{Network, Transport};
use crate::wire::{Shared, Wire};

/// A client of one control plane with its workspaces, of one plain server, or of both. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    control_plane: Option<Api>,
    server: Option<Api>,
    /// The identity of the plain server, once it was requested.
    server_identity: Arc<tokio::sync::OnceCell<Identity>>,
    /// The workspace that the plain server is, if there is also a control plane. A server that does not answer counts
    /// as none.
    server_is: Arc<tokio::sync::OnceCell<Option<WorkspaceId>>>,
    homes: Arc<Homes>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("control_plane", &self.control_plane)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Workspaces with a known address.
#[derive(Default)]
struct Homes {
    known: Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<Option<Api>>>>>,
}

impl Homes {
    /// Returns the slot of one workspace. Its lock is held during the lookup of the address, so that there is only
    /// one lookup.
    fn place(&self, id: WorkspaceId) -> Arc<tokio::sync::Mutex<Option<Api>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone()
    }

    fn forget(&self, id: WorkspaceId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

/// The part of the server info that all versions have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its version, unparsed. Empty if it is not reported.
    #[serde(default)]
    pub version: String,
    /// Its workspace in ZenML Pro; `None` for an open-source server.
    #[serde(default)]
    pub pro_workspace_id: Option<WorkspaceId>,
}

const IDENTITY: Endpoint<(), (), (), Identity> = Endpoint::get("/info");

impl Client {
    /// Creates a client over the network. Sends and loads nothing yet.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Self::with_transport(settings, Arc::new(Network::new(&settings.http)?))
    }

    /// Creates a client over another transport.
    pub fn with_transport(settings: &Settings, transport: Arc<dyn Transport>) -> Result<Self, SettingsError> {
        let shared = Arc::new(Shared {
            transport,
            retry: settings.http.retry,
            headers: settings::headers(&settings.http)?,
            stop: watch::Sender::new(false),
            memory: Mutex::new(Memory::new(settings.secrets())),
            on_session: settings.http.on_session,
        });
        let api = |plane, base, origin: &Origin, source| {
            let origin = Arc::new(origin.clone());
            Api::new(Session::new(Wire { shared: shared.clone(), plane, base, origin }, source))
        };
        let origins = &settings.origins;
        let control_plane = match &settings.control_plane {
            None => None,
            Some(address) => {
                let source = Source::new(&address.credential, None)?;
                let base = settings::base(&address.url)?;
                Some(api(Plane::ControlPlane, base, &origins.control_plane, source))
            }
        };
        let server = match &settings.server {
            None => None,
            Some(address) => {
                let session = control_plane.as_ref().map(|api| &api.session);
                let source = Source::new(&address.credential, session)?;
                let base = settings::workspace_base(&address.url)?;
                Some(api(Plane::Server, base, &origins.server, source))
            }
        };
        Ok(Self {
            shared,
            control_plane,
            server,
            server_identity: Arc::default(),
            server_is: Arc::default(),
            homes: Arc::default(),
        })
    }

    /// Returns a client of the same control plane and its workspaces that uses another API key. It shares the transport
    /// and the memory of secrets. `credential` says where the key was set, see [`Origin`].
    ///
    /// # Errors
    /// [`SettingsError::NoControlPlane`] without a control plane, [`SettingsError::Credential`] for a key that no header
    /// can contain.
    pub fn with_key(&self, key: &Sensitive<String>, credential: &str) -> Result<Self, SettingsError> {
        let own = self.control_plane.as_ref().ok_or(SettingsError::NoControlPlane)?;
        self.shared.remember(&[key.expose().clone()]);
        let origin = Origin { address: own.origin().address.clone(), credential: credential.to_owned() };
        let wire = Wire { origin: Arc::new(origin), ..own.session.wire.clone() };
        let source = Source::new(&Credential::Key(key.clone()), None)?;
        Ok(Self {
            shared: self.shared.clone(),
            control_plane: Some(Api::new(Session::new(wire, source))),
            server: None,
            server_identity: Arc::default(),
            server_is: Arc::default(),
            homes: Arc::default(),
        })
    }

    /// The control plane.
    pub fn control_plane(&self) -> Result<&Api, ApiError> {
        self.control_plane.as_ref().ok_or(ApiError::NotConfigured(Plane::ControlPlane))
    }

    /// Returns the server that was configured by its address.
    pub fn server(&self) -> Result<&Api, ApiError> {
        self.server.as_ref().ok_or(ApiError::NotConfigured(Plane::Server))
    }

    /// Returns a workspace. Its address is requested from the control plane once, and cached until the workspace
    /// cannot be reached. If the plain server *is* that workspace, it is used without the control plane.
    ///
    /// # Errors
    /// [`ApiError::Misplaced`] if no credential may be sent to the address that the control plane reports,
    /// [`ApiError::NotFound`] if the workspace does not exist or the credential has no access to it,
    /// [`ApiError::NotReady`] if it currently has no server.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Api, ApiError> {
        if let Some(server) = &self.server {
            let is = if self.control_plane.is_none() {
                self.server_workspace().await?
            } else {
                let ask = async || self.server_workspace().await.ok().flatten();
                *self.server_is.get_or_init(ask).await
            };
            if is == Some(id) {
                return Ok(server.clone());
            }
        }
        let control_plane = self.control_plane()?;
        let place = self.homes.place(id);
        let mut known = place.lock().await;
        if let Some(api) = known.as_ref().filter(|api| !api.session.is_lost()) {
            return Ok(api.clone());
        }
        let found = control_plane.call(&workspace::GET, IdOrName::Id(id)).await?;
        let Some(reported) = found.server_url().filter(|url| !url.is_empty()) else {
            return Err(ApiError::NotReady(Box::new(NotReady {
                workspace: id,
                name: self.shared.hide(&found.name, &[]),
                status: found.status,
                reason: self.shared.hide(&found.state_reason, &[]),
            })));
        };
        let base = settings::reported_base(reported, control_plane.base()).map_err(|why| {
            ApiError::Misplaced(Box::new(Misplaced {
                workspace: id,
                name: self.shared.hide(&found.name, &[]),
                why,
            }))
        })?;
        let origin = Arc::new(Origin {
            address: format!("the address that the control plane reports for workspace {:?}", found.name),
            credential: control_plane.origin().credential.clone(),
        });
        let wire = Wire { shared: self.shared.clone(), plane: Plane::Workspace, base, origin };
        let api = Api::new(Session::new(wire, Source::session_of(&control_plane.session)));
        *known = Some(api.clone());
        Ok(api)
    }

    /// Returns the workspace of the plain server in ZenML Pro; `None` for an open-source server.
    pub async fn server_workspace(&self) -> Result<Option<WorkspaceId>, ApiError> {
        Ok(self.server_identity().await?.pro_workspace_id)
    }

    /// Returns the identity of the plain server. It is requested once, without a credential.
    pub async fn server_identity(&self) -> Result<&Identity, ApiError> {
        let server = self.server()?;
        self.server_identity.get_or_try_init(async || server.call_openly(&IDENTITY, ()).await).await
    }

    /// Forgets the address of a workspace, for example after it was deactivated or deleted.
    pub fn forget_workspace(&self, id: WorkspaceId) {
        self.homes.forget(id);
    }

    /// Masks these values in later responses. Values that are sent or read as secrets are masked automatically.
    pub fn conceal(&self, secrets: &[String]) {
        self.shared.remember(secrets);
    }

    /// Ends all waits between attempts and starts no further attempts; calls then fail with [`ApiError::Cancelled`].
    /// A running attempt is completed, because its effect would be unknown otherwise. Calls that read are still made
    /// once, to find out the result of a change whose response was lost.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }
}

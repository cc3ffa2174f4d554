//! A platform: its state, its first start, its lifecycle.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use zenml_api::{OrganizationId, Sensitive};

use crate::assumption::Assumption;
use crate::bootstrap::{self, Admin, First};
use crate::control;
use crate::control::limit::Limits;
use crate::engine::{EngineKind, Engines};
use crate::error::Error;
use crate::faults::{Faults, Injector};
use crate::http::{self, ConnectionLimits, Pages, Routes, ServedRoute};
use crate::login::{Browsers, Logins};
use crate::master;
use crate::pages;
use crate::servers::{Lifetime, Pythons, Servers};
use crate::start::StartError;
use crate::state::Shared;
use crate::store::{Database, Store, now, setting};
use crate::task::Tasks;
use crate::token::Tokens;
use crate::workspace::{self, Embedded};

/// Options of a platform.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on. Port 0 selects the port stored in the database, or any free port.
    pub listen: SocketAddr,
    /// Where its state is stored.
    pub database: Database,
    /// Name of the organization to create on the first start.
    pub organization: String,
    /// Faults to inject.
    pub faults: Faults,
    /// For how long an invitation can be accepted.
    pub invitation_lifetime: Duration,
    /// Limits of the subscription of each organization.
    pub limits: Limits,
    /// What runs new workspaces. A workspace keeps its engine.
    pub engine: EngineKind,
    /// Where the interpreters of ZenML servers come from.
    pub pythons: Pythons,
    /// How long a ZenML server may take to start.
    pub start_timeout: Duration,
    /// Whether ZenML servers go on running when the platform stops. Those of an ephemeral platform never do.
    pub keep_servers: bool,
    /// What it assumes about ZenML Pro instead of its defaults.
    pub assumptions: Vec<Assumption>,
}

impl Options {
    /// The default of `invitation_lifetime`: two weeks.
    pub const INVITATION_LIFETIME: Duration = Duration::from_hours(14 * 24);
    /// The default of `start_timeout`. On a slow machine, a server takes a minute.
    pub const START_TIMEOUT: Duration = Duration::from_mins(5);
}

impl Default for Options {
    /// An ephemeral platform on a free loopback port, for tests.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: Database::Ephemeral,
            organization: "local".to_owned(),
            faults: Faults::default(),
            invitation_lifetime: Self::INVITATION_LIFETIME,
            limits: Limits::default(),
            engine: EngineKind::default(),
            pythons: Pythons::default(),
            start_timeout: Self::START_TIMEOUT,
            keep_servers: false,
            assumptions: Vec::new(),
        }
    }
}

/// The content of the ready file: what scripts need to find a platform and to log in.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Address of the control plane.
    pub control_plane_url: String,
    /// The first organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// Process id.
    pub pid: u32,
    /// Key of the first service account; only on the first start of a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_key: Option<Sensitive<String>>,
    /// The first user; only on the first start of a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<Admin>,
}

/// A running platform. Stop it with [`Platform::stop`]; dropping it only stops listening.
#[derive(Debug)]
pub struct Platform {
    shared: Arc<Shared>,
    router: axum::Router,
    served: Vec<ServedRoute>,
    ready: Ready,
    stop: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

impl Platform {
    /// Opens the database, initializes it on its first start, and listens. Connections are accepted when this
    /// returns.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let store = Store::open(&options.database).await?;
        let vault = master::open(&store).await?;
        let first =
            bootstrap::prepare(&store, &vault, &options.organization).await.map_err(StartError::State)?;
        let (listener, base_url) = listen(&store, options.listen).await?;
        let (store, vault) = (Arc::new(store), Arc::new(vault));
        let lifetime = match (&options.database, options.keep_servers) {
            (Database::Ephemeral, _) => Lifetime::Process,
            (Database::File(_), true) => Lifetime::Kept,
            (Database::File(_), false) => Lifetime::Platform,
        };
        let shared = Arc::new(Shared {
            tokens: Tokens::new(&vault, first.platform),
            logins: Arc::new(Logins::new(store.clone())),
            browsers: Browsers::default(),
            faults: Injector::new(options.faults),
            engines: Engines {
                default: options.engine,
                embedded: Box::new(Embedded::new(store.clone(), vault.clone(), base_url.clone())),
                zenml: Box::new(Servers::new(
                    store.clone(),
                    vault.clone(),
                    base_url.clone(),
                    options.pythons,
                    lifetime,
                    options.start_timeout,
                )),
            },
            tasks: Tasks::default(),
            invitation_lifetime: options.invitation_lifetime,
            limits: options.limits,
            assumptions: options.assumptions,
            base_url: base_url.clone(),
            store,
            vault,
        });
        let (management, mut table) = control::routes(Routes::control(shared.clone())).finish();
        let (workspaces, of_workspaces) = workspace::routes(Routes::workspace(shared.clone())).finish();
        table.extend(of_workspaces);
        let people = pages::routes(Pages::new(shared.clone(), pages::failed)).finish();
        let router = pages::for_browsers(http::finish(management.merge(workspaces).merge(people)));
        control::workspace::resume(&shared).await.map_err(StartError::State)?;
        let (stop, stopping) = watch::channel(false);
        let server =
            shared.tasks.run(http::serve(listener, router.clone(), ConnectionLimits::default(), stopping));
        let First { organization_id, organization_name, service_account_key, admin, .. } = first;
        let pid = std::process::id();
        let ready = Ready {
            control_plane_url: base_url,
            organization_id,
            organization_name,
            pid,
            service_account_key,
            admin,
        };
        Ok(Self { shared, router, served: table, ready, stop, server })
    }

    /// Address of the control plane, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.ready.control_plane_url
    }

    /// Returns the content of the ready file.
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The first organization.
    pub const fn organization_id(&self) -> OrganizationId {
        self.ready.organization_id
    }

    /// Name of the first organization.
    pub fn organization_name(&self) -> &str {
        &self.ready.organization_name
    }

    /// Key of the first service account, an Organization Admin; only on the first start of a database.
    pub fn service_account_key(&self) -> Option<&Sensitive<String>> {
        self.ready.service_account_key.as_ref()
    }

    /// The first user; only on the first start of a database.
    pub const fn admin(&self) -> Option<&Admin> {
        self.ready.admin.as_ref()
    }

    /// Returns all routes as a service, for requests without a socket.
    pub fn router(&self) -> axum::Router {
        self.router.clone()
    }

    /// Returns all routes with who may call them.
    pub fn served(&self) -> &[ServedRoute] {
        &self.served
    }

    /// Replaces the injected faults; [`Faults::default`] removes all of them.
    pub fn inject(&self, faults: Faults) {
        self.shared.faults.replace(faults);
    }

    /// Lets all pending invitations expire now, for tests.
    pub async fn expire_invitations(&self) -> Result<(), Error> {
        let mut sql = self.shared.store.begin().await?;
        sqlx::query("UPDATE invitation SET expires = $1 WHERE status = 'pending'")
            .bind(now())
            .execute(&mut *sql)
            .await?;
        Ok(sql.commit().await?)
    }

    /// Reads the audit trail, oldest entry first.
    pub async fn audit(&self) -> Result<Vec<crate::audit::Entry>, Error> {
        let mut sql = self.shared.store.begin_read().await?;
        Ok(crate::audit::read(&mut sql, None).await?)
    }

    /// Counts all objects by kind: accounts, teams, role assignments, shares, stacks and so on.
    pub async fn census(&self) -> Result<BTreeMap<String, i64>, Error> {
        let mut sql = self.shared.store.begin_read().await?;
        Ok(crate::census::take(&mut sql).await?)
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Stops listening, lets running requests finish, and closes the database. Every acknowledged change is on the
    /// disk.
    pub async fn stop(self) {
        // An error means that the server has already ended.
        let _ = self.stop.send(true);
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the server ended with an error");
        }
        self.shared.tasks.stop().await;
        self.shared.engines.stop().await;
        self.shared.logins.flush().await;
        self.shared.store.close().await;
    }
}

/// Binds the address. The port is stored in the database, because Terraform state contains addresses with it.
async fn listen(store: &Store, mut address: SocketAddr) -> Result<(TcpListener, String), StartError> {
    let mut remembered = false;
    if address.port() == 0
        && let Some(port) = setting::setting(store, "port").await.map_err(StartError::State)?
        && let Ok(port) = port.parse()
    {
        address.set_port(port);
        remembered = true;
    }
    let failed = |source| StartError::Listen { address, remembered, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    setting::set_setting(store, "port", &bound.port().to_string()).await.map_err(StartError::State)?;
    if !bound.ip().is_loopback() {
        tracing::warn!(address = %bound, "listening on a public address without TLS: credentials are sent in \
         plain text");
    }
    // A client cannot connect to a wildcard address.
    let mut reachable = bound;
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => reachable.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => reachable.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok((listener, format!("http://{reachable}")))
}

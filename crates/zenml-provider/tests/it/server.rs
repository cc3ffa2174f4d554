//! Scenarios on both servers: a real open-source one, and a workspace of the local platform.
//!
//! Both are configured with `server_url` and `api_key`, so the same test runs on both. A difference between them is a
//! bug of the local platform.

use serde_json::{Value as Json, json};
use tfkit_test::{Harness, Host, Scenario};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use zenml_api::Sensitive;
use zenml_api::workspace::code_repository::{self, CodeRepositoryQuery};
use zenml_api::workspace::component::{self, ComponentQuery};
use zenml_api::workspace::connector::{self, ConnectorQuery};
use zenml_api::workspace::flavor::{self, FlavorQuery};
use zenml_api::workspace::project::{self, ProjectQuery};
use zenml_api::workspace::secret::{self, SecretQuery};
use zenml_api::workspace::stack::{self, StackQuery};
use zenml_api::workspace::tag::{self, TagQuery};
use zenml_client::{Address, Api, Client, Credential, Settings};
use zenml_test::{NoServer, RealServer};

use crate::world::{World, engine, hosts, scenario};

/// The types of a server without a control plane.
pub(crate) const TYPES: [&str; 8] = [
    "zenml_code_repository",
    "zenml_flavor",
    "zenml_project",
    "zenml_secret",
    "zenml_service_connector",
    "zenml_stack",
    "zenml_stack_component",
    "zenml_tag",
];

/// A server for the objects of a scenario.
pub(crate) struct Server {
    /// Its API, with the permissions of the provider, to read objects and to change them outside of Terraform.
    pub(crate) api: Api,
    url: String,
    key: String,
    prefix: String,
    /// The platform that it is a workspace of; `None` for the real server.
    world: Option<World>,
    /// Its use of the real server, until it is dropped.
    _hold: Option<Hold>,
}

/// Whether other tests use the real server at the same time. A test that reads everything that a server has is alone.
#[derive(Clone, Copy, Debug)]
enum Sharing {
    Others,
    Alone,
}

/// A use of the real server.
#[derive(Debug)]
enum Hold {
    Others { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

impl Server {
    /// The real server, which all tests share, at the same time or alone. `None` if there is none, which it prints.
    #[expect(clippy::print_stdout, reason = "a skipped test must not count as a success")]
    async fn real(sharing: Sharing) -> Option<Self> {
        static USES: RwLock<()> = RwLock::const_new(());
        let server = match RealServer::shared() {
            Ok(server) => server,
            Err(NoServer::Skipped(why)) => {
                println!("SKIPPED on the real server: {why}");
                return None;
            }
            Err(NoServer::Failed(why)) => panic!("{why}"),
        };
        let hold = match sharing {
            Sharing::Others => Hold::Others { _guard: USES.read().await },
            Sharing::Alone => Hold::Alone { _guard: USES.write().await },
        };
        Some(Self { _hold: Some(hold), ..Self::new(server.url(), server.key(), None) })
    }

    /// A workspace of a new platform.
    async fn local() -> Self {
        let world = World::start().await;
        let id = world.workspace("alpha").await;
        let url =
            world.look(id).await.and_then(|workspace| workspace.server_url().map(str::to_owned)).unwrap();
        let key = world.key().to_owned();
        Self::new(&url, &key, Some(world))
    }

    fn new(url: &str, key: &str, world: Option<World>) -> Self {
        let credential = Credential::Key(Sensitive::from(key));
        let server = Some(Address { url: url.to_owned(), credential });
        let client = Client::new(&Settings { server, ..Settings::default() }).unwrap();
        let random = uuid::Uuid::new_v4().simple().to_string();
        Self {
            api: client.server().unwrap().clone(),
            url: url.to_owned(),
            key: key.to_owned(),
            prefix: format!("t-{}", &random[..8]),
            world,
            _hold: None,
        }
    }

    /// Whether it is the real server.
    pub(crate) fn is_real(&self) -> bool {
        self.world.is_none()
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The key of the provider.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The name prefix of this scenario's objects; other scenarios use the same server. It is `var.prefix` in
    /// configurations.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A name with the prefix.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// The provider block for it.
    pub(crate) fn block(&self) -> Json {
        json!({ "server_url": self.url, "api_key": self.key })
    }

    /// The provider in the test process, configured for this server.
    pub(crate) async fn harness(&self) -> Harness {
        Harness::start(engine(), self.block()).await.unwrap()
    }

    /// A directory in which a real host uses this server.
    pub(crate) fn scenario(&self, host: &Host) -> Scenario {
        let mut scenario = scenario(host).env("ZENML_SERVER_URL", &self.url).env("ZENML_API_KEY", &self.key);
        scenario.set_variable("prefix", &json!(self.prefix));
        scenario.write("prefix.tf", "variable \"prefix\" { type = string }\n").unwrap();
        scenario
    }

    /// Returns the objects with a name of this scenario, sorted, as `TYPE NAME`.
    pub(crate) async fn inventory(&self) -> Vec<String> {
        let projects = self.api.list_all(&project::LIST, (), ProjectQuery::default()).await.unwrap();
        let stacks = self.api.list_all(&stack::LIST, (), StackQuery::default()).await.unwrap();
        let components = self.api.list_all(&component::LIST, (), ComponentQuery::default()).await.unwrap();
        let connectors = self.api.list_all(&connector::LIST, (), ConnectorQuery::default()).await.unwrap();
        let secrets = self.api.list_all(&secret::LIST, (), SecretQuery::default()).await.unwrap();
        let tags = self.api.list_all(&tag::LIST, (), TagQuery::default()).await.unwrap();
        let flavors = self.api.list_all(&flavor::LIST, (), FlavorQuery::default()).await.unwrap();
        let mut named = Vec::new();
        for project in projects.iter().filter(|project| project.name.starts_with(&self.prefix)) {
            let query =
                CodeRepositoryQuery { project: vec![project.name.clone()], ..CodeRepositoryQuery::default() };
            let repositories = self.api.list_all(&code_repository::LIST, (), query).await.unwrap();
            named.extend(repositories.into_iter().map(|object| ("code repository", object.name)));
        }
        named.extend(tags.into_iter().map(|object| ("tag", object.name)));
        named.extend(flavors.into_iter().map(|object| ("flavor", object.name)));
        named.extend(projects.into_iter().map(|object| ("project", object.name)));
        named.extend(stacks.into_iter().map(|object| ("stack", object.name)));
        named.extend(components.into_iter().map(|object| ("component", object.name)));
        named.extend(connectors.into_iter().map(|object| ("connector", object.name)));
        named.extend(secrets.into_iter().map(|object| ("secret", object.name)));
        named.retain(|(_, name)| name.starts_with(&self.prefix));
        let mut inventory: Vec<String> =
            named.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect();
        inventory.sort();
        inventory
    }

    /// Checks that nothing of the scenario is left.
    async fn must_be_empty(&self) {
        let left = self.inventory().await;
        assert!(left.is_empty(), "left on {}: {left:?}", self.url);
    }

    /// Checks that nothing of the scenario is left, and stops the platform.
    async fn finish(self) {
        self.must_be_empty().await;
        if let Some(world) = self.world {
            world.stop().await;
        }
    }
}

/// Both servers, the real one first. Without a real one, only the other.
async fn servers(sharing: Sharing) -> Vec<Server> {
    let real = Server::real(sharing).await;
    real.into_iter().chain([Server::local().await]).collect()
}

async fn on_servers(sharing: Sharing, test: impl AsyncFn(&Server, &mut Scenario)) {
    for host in hosts().await {
        for server in servers(sharing).await {
            test(&server, &mut server.scenario(&host)).await;
            server.finish().await;
        }
    }
}

/// Runs a scenario under each real host on each server, and checks that it leaves nothing behind.
pub(crate) async fn on_each_server(test: impl AsyncFn(&Server, &mut Scenario)) {
    on_servers(Sharing::Others, test).await;
}

/// The same, and no other test uses the server at the same time.
pub(crate) async fn alone_on_each_server(test: impl AsyncFn(&Server, &mut Scenario)) {
    on_servers(Sharing::Alone, test).await;
}

/// Runs a scenario on each server with the provider in the test process, and checks that it leaves nothing behind.
pub(crate) async fn in_process_on_each_server(test: impl AsyncFn(&Server, &mut Harness)) {
    for server in servers(Sharing::Others).await {
        let mut harness = server.harness().await;
        test(&server, &mut harness).await;
        server.finish().await;
    }
}

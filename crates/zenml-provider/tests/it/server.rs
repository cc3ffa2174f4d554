//! One scenario on both servers: a real plain one, and a workspace of the local platform.
//!
//! Both are reached in the same way, with `server_url` and `api_key`, so the same text runs on both. What differs
//! between them is a mistake of the local platform.

use serde_json::{Value as Json, json};
use tfkit_test::{Harness, Host, Scenario};
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
use zenml_test::{NoServer, Packages, RealServer};

use crate::world::{World, engine, hosts, scenario};

/// A server to make objects on.
pub(crate) struct Server {
    /// Its API, with the rights of the provider: to look at objects, and to change them behind its back.
    pub(crate) api: Api,
    url: String,
    key: String,
    prefix: String,
    /// The platform that it is a workspace of; none for the real one.
    world: Option<World>,
}

impl Server {
    /// A real server, which all tests share.
    fn real(packages: Packages) -> Result<Self, NoServer> {
        let server = match packages {
            Packages::Plain => RealServer::shared(),
            Packages::Clouds => RealServer::shared_with_clouds(),
        }?;
        Ok(Self::new(server.url(), server.key(), None))
    }

    /// A workspace of a platform of its own.
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
        }
    }

    /// Whether it is the real one.
    pub(crate) fn is_real(&self) -> bool {
        self.world.is_none()
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The key that the provider has for it.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// What the names of this scenario's objects begin with; others are at work on the same server. Configurations
    /// have it as `var.prefix`.
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

    /// The provider in the test's own process, configured for it.
    pub(crate) async fn harness(&self) -> Harness {
        Harness::start(engine(), self.block()).await.unwrap()
    }

    /// A directory in which a real host works on it.
    pub(crate) fn scenario(&self, host: &Host) -> Scenario {
        let mut scenario = scenario(host).env("ZENML_SERVER_URL", &self.url).env("ZENML_API_KEY", &self.key);
        scenario.set_variable("prefix", &json!(self.prefix));
        scenario.write("prefix.tf", "variable \"prefix\" { type = string }\n").unwrap();
        scenario
    }

    /// What is there with a name of this scenario, as `TYPE NAME`, sorted.
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

    /// Nothing of the scenario may be left.
    async fn finish(self) {
        let left = self.inventory().await;
        assert!(left.is_empty(), "left on {}: {left:?}", self.url);
        if let Some(world) = self.world {
            world.stop().await;
        }
    }
}

/// Both servers. Without a real one the test says so and runs on the other.
#[expect(clippy::print_stdout, reason = "nobody shall take a skipped test for a success")]
async fn servers(packages: Packages) -> Vec<Server> {
    let local = Server::local().await;
    match Server::real(packages) {
        Ok(real) => vec![real, local],
        Err(NoServer::Skipped(why)) => {
            println!("SKIPPED on the real server: {why}");
            vec![local]
        }
        Err(NoServer::Failed(why)) => panic!("{why}"),
    }
}

/// Runs a scenario under each real host on each server. At its end nothing may be left of it.
pub(crate) async fn on_each_server(test: impl AsyncFn(&Server, &mut Scenario)) {
    on_each_server_with(Packages::Plain, test).await;
}

/// The same where it matters what the real server knows of clouds; the local platform knows all of them.
pub(crate) async fn on_each_server_with(packages: Packages, test: impl AsyncFn(&Server, &mut Scenario)) {
    for host in hosts().await {
        for server in servers(packages).await {
            let mut scenario = server.scenario(&host);
            test(&server, &mut scenario).await;
            server.finish().await;
        }
    }
}

/// Runs a scenario on each server with the provider in the test's own process. At its end nothing may be left of it.
pub(crate) async fn in_process_on_each_server(test: impl AsyncFn(&Server, &mut Harness)) {
    in_process_on_each_server_with(Packages::Plain, test).await;
}

/// The same where it matters what the real server knows of clouds.
pub(crate) async fn in_process_on_each_server_with(
    packages: Packages,
    test: impl AsyncFn(&Server, &mut Harness),
) {
    for server in servers(packages).await {
        let mut harness = server.harness().await;
        test(&server, &mut harness).await;
        server.finish().await;
    }
}

//! A local platform with people, and the access of tests to it: the provider, and the API.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tfkit::{Engine, Kind};
use tfkit_test::{Harness, Host, NoHost, Origin, Scenario, Search};
use zenml_api::control::invitation::{self, Invitation, InvitationCreate, InvitationQuery, InvitationReply};
use zenml_api::control::member::{self, MemberRemoval};
use zenml_api::control::role::{self, AssignmentQuery, RoleQuery};
use zenml_api::control::service_account::{self, ApiKeyCreate, ServiceAccountCreate};
use zenml_api::control::team::{self, TeamCreate, TeamMember, TeamQuery};
use zenml_api::control::user::{self, User, UserCreate, UserUpdate};
use zenml_api::control::workspace::{self, CreateQuery, Workspace, WorkspaceCreate};
use zenml_api::workspace::project::{self, ProjectCreate};
use zenml_api::{
    IdOrName, OrganizationId, Patch, ProjectId, RoleId, Sensitive, ServiceAccountId, TeamId, UserId,
    WorkspaceId,
};
use zenml_client::{Address, Api, Client, Credential, Optional as _, Settings};
use zenml_local::faults::Faults;
use zenml_local::{Options, Platform};
use zenml_provider::{Environment, Zenml};

/// Password of every person here. It only protects a platform that lasts for one test.
const PASSWORD: &str = "one-test-long";

/// A new platform for one test.
pub(crate) struct World {
    pub(crate) platform: Platform,
    /// The API as the service account of the provider.
    pub(crate) client: Client,
    admin: Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_faults(Faults::default()).await
    }

    /// Creates a platform with injected faults; see `zenml_local::faults`.
    pub(crate) async fn with_faults(faults: Faults) -> Self {
        Self::with(Options { faults, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let platform = Platform::start(options).await.unwrap();
        let key = platform.service_account_key().unwrap().clone();
        let client = client_of(platform.url(), Credential::Key(key));
        let admin = platform.admin().unwrap();
        let (username, password) = (admin.username.clone(), admin.password.clone());
        let admin = client_of(platform.url(), Credential::Password { username, password });
        Self { platform, client, admin }
    }

    /// Injects faults from JSON, as documented in `zenml_local::faults`.
    pub(crate) fn inject(&self, faults: Json) {
        self.platform.inject(serde_json::from_value(faults).unwrap());
    }

    pub(crate) fn key(&self) -> &str {
        self.platform.service_account_key().unwrap().expose()
    }

    pub(crate) fn organization(&self) -> OrganizationId {
        self.platform.organization_id()
    }

    /// Returns the management API, as the account of the provider.
    pub(crate) fn control(&self) -> &Api {
        self.client.control_plane().unwrap()
    }

    /// Returns the management API, as the administrator of the platform.
    pub(crate) fn superuser(&self) -> &Api {
        self.admin.control_plane().unwrap()
    }

    /// Creates a personal access token of the administrator of the platform.
    pub(crate) async fn superuser_token(&self) -> String {
        let new = ApiKeyCreate { name: "provider".to_owned(), ..ApiKeyCreate::default() };
        let token = self.superuser().send(&user::CREATE_MY_API_KEY, (), (), new).await.unwrap();
        token.key.unwrap().expose().clone()
    }

    /// Returns the provider block for this platform.
    pub(crate) fn block(&self) -> Json {
        json!({ "control_plane_url": self.platform.url(), "service_account_key": self.key() })
    }

    /// Returns the provider in the test process, configured for this platform.
    pub(crate) async fn harness(&self) -> Harness {
        self.harness_with(self.block()).await
    }

    pub(crate) async fn harness_with(&self, block: Json) -> Harness {
        Harness::start(engine(), block).await.unwrap()
    }

    /// Creates a person with an account but without any role.
    pub(crate) async fn stranger(&self, email: &str) -> User {
        let create = UserCreate {
            username: Some(email.to_owned()),
            password: Some(Sensitive::from(PASSWORD)),
            ..UserCreate::default()
        };
        self.admin.control_plane().unwrap().send(&user::CREATE, (), create, ()).await.unwrap()
    }

    /// Creates a member of the organization.
    pub(crate) async fn person(&self, email: &str) -> User {
        let person = self.stranger(email).await;
        self.join(person.id).await;
        person
    }

    /// Adds an account to the organization.
    pub(crate) async fn join(&self, account: UserId) {
        let member = self.organization_role().await;
        let query = AssignmentQuery { user_id: Some(account), ..AssignmentQuery::default() };
        self.control().send(&role::ASSIGN, member, query, ()).await.unwrap();
    }

    /// Returns the invitations of an address, with their status, oldest first.
    pub(crate) async fn invitations(&self, email: &str) -> Vec<Invitation> {
        let query = InvitationQuery { email: Some(email.to_owned()), only_pending: Some(false) };
        self.control().send(&invitation::LIST, self.organization(), query, ()).await.unwrap()
    }

    /// Returns the status of each invitation of an address.
    pub(crate) async fn statuses(&self, email: &str) -> Vec<String> {
        self.invitations(email).await.into_iter().filter_map(|invitation| invitation.status).collect()
    }

    /// Returns the members of a team in alphabetical order, invited ones in parentheses.
    pub(crate) async fn members_of(&self, team: TeamId) -> Vec<String> {
        let members = self.control().call(&team::MEMBERS, team).await.unwrap();
        let name = |member| match member {
            TeamMember::User(user) => user.username,
            TeamMember::Invitation(invitation) => format!("({})", invitation.email),
        };
        let mut names: Vec<String> = members.into_iter().map(name).collect();
        names.sort();
        names
    }

    /// Returns the names of the roles that a person has, on all levels.
    pub(crate) async fn roles_of(&self, person: &User) -> Vec<String> {
        let query = RoleQuery { user_id: Some(person.id), ..RoleQuery::default() };
        let roles = self.control().list_all(&role::LIST, self.organization(), query).await.unwrap();
        roles.into_iter().filter_map(|role| role.name).collect()
    }

    /// Invites somebody outside of Terraform.
    pub(crate) async fn invite(&self, email: &str) -> Invitation {
        let create = InvitationCreate { email: email.to_owned(), role_id: self.organization_role().await };
        self.control().send(&invitation::CREATE, self.organization(), (), create).await.unwrap()
    }

    /// Replies to the pending invitation of a person who has an account.
    pub(crate) async fn reply(&self, email: &str, accept: bool) {
        let api = self.acting_as(email);
        let api = api.control_plane().unwrap();
        for invitation in api.call(&invitation::MINE, ()).await.unwrap() {
            api.send(&invitation::ANSWER, invitation.id, InvitationReply { accept }, ()).await.unwrap();
        }
    }

    /// Deletes the pending invitations of an address outside of Terraform.
    pub(crate) async fn uninvite(&self, email: &str) {
        for invitation in self.invitations(email).await {
            if invitation.status.as_deref() == Some("pending") {
                let path = (self.organization(), invitation.id);
                self.control().call(&invitation::DELETE, path).await.unwrap();
            }
        }
    }

    /// Removes a person from the organization outside of Terraform.
    pub(crate) async fn leave(&self, person: &User) {
        let removal = MemberRemoval { user_id: person.id };
        self.control().send(&member::REMOVE, self.organization(), removal, ()).await.unwrap();
    }

    async fn organization_role(&self) -> RoleId {
        self.role("Organization Member").await
    }

    /// Lets nobody log in to the account of a person.
    pub(crate) async fn deactivate(&self, person: &User) {
        let off = UserUpdate { is_active: Some(false), ..UserUpdate::default() };
        self.admin.control_plane().unwrap().send(&user::UPDATE, person.id, (), off).await.unwrap();
    }

    /// Returns the APIs as a person that was created here.
    pub(crate) fn acting_as(&self, email: &str) -> Client {
        let credential =
            Credential::Password { username: email.to_owned(), password: Sensitive::from(PASSWORD) };
        client_of(self.platform.url(), credential)
    }

    /// Creates a team without members.
    pub(crate) async fn team(&self, name: &str) -> TeamId {
        let create =
            TeamCreate { organization_id: self.organization(), name: name.to_owned(), description: None };
        self.control().send(&team::CREATE, (), (), create).await.unwrap().id
    }

    /// Returns a team by its name.
    pub(crate) async fn find_team(&self, name: &str) -> Option<TeamId> {
        let all =
            self.control().list_all(&team::LIST, self.organization(), TeamQuery::default()).await.unwrap();
        all.into_iter().find(|team| team.name == name).map(|team| team.id)
    }

    /// Returns the id of a role in the organization.
    pub(crate) async fn role(&self, name: &str) -> RoleId {
        let query = RoleQuery { name: Some(name.to_owned()), ..RoleQuery::default() };
        let roles = self.control().list_all(&role::LIST, self.organization(), query).await.unwrap();
        roles.iter().find(|role| role.name.as_deref() == Some(name)).unwrap().id
    }

    /// Creates a service account without roles and keys.
    pub(crate) async fn service_account(&self, name: &str) -> ServiceAccountId {
        let new = ServiceAccountCreate { username: name.to_owned(), ..ServiceAccountCreate::default() };
        self.control().send(&service_account::CREATE, self.organization(), (), new).await.unwrap().id
    }

    /// Creates a running workspace.
    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        let create = WorkspaceCreate {
            name: name.to_owned(),
            organization_id: Some(self.organization()),
            ..WorkspaceCreate::default()
        };
        let made = self.control().send(&workspace::CREATE, (), CreateQuery::default(), create).await.unwrap();
        self.until(made.id, |now| now.as_ref().is_some_and(|now| now.server_url().is_some())).await;
        made.id
    }

    /// Returns the API of a workspace, as the account of the provider.
    pub(crate) async fn server(&self, workspace: WorkspaceId) -> Api {
        self.client.workspace(workspace).await.unwrap()
    }

    /// Creates an empty project.
    pub(crate) async fn project(&self, workspace: WorkspaceId, name: &str) -> ProjectId {
        let create = ProjectCreate { name: Patch::Set(name.to_owned()), ..ProjectCreate::default() };
        self.server(workspace).await.send(&project::CREATE, (), (), create).await.unwrap().id
    }

    /// Deletes a workspace outside of Terraform.
    pub(crate) async fn remove_workspace(&self, id: WorkspaceId) {
        self.control().call(&workspace::DELETE, id).await.unwrap();
        self.until(id, Option::is_none).await;
    }

    /// Waits until the platform has finished its background work.
    async fn until(&self, id: WorkspaceId, done: fn(&Option<Workspace>) -> bool) {
        let done = async {
            while !done(&self.look(id).await) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), done).await.expect("the platform settles");
    }

    /// Returns a workspace on the control plane.
    pub(crate) async fn look(&self, id: WorkspaceId) -> Option<Workspace> {
        self.control().call(&workspace::GET, IdOrName::Id(id)).await.optional().unwrap()
    }

    /// Returns a workspace by its name.
    pub(crate) async fn find(&self, name: &str) -> Option<Workspace> {
        self.control().call(&workspace::GET, IdOrName::Name(name.to_owned())).await.optional().unwrap()
    }

    pub(crate) async fn stop(self) {
        self.platform.stop().await;
    }
}

/// Creates a stack, and returns its id and its components by their types.
pub(crate) async fn stack(server: &Api) -> (String, serde_json::Map<String, Json>) {
    let mut components = serde_json::Map::new();
    for kind in ["orchestrator", "artifact_store"] {
        let create = json!({ "name": "one", "type": kind, "flavor": "local", "configuration": {} });
        let create = serde_json::from_value(create).unwrap();
        let made = server.send(&zenml_api::workspace::component::CREATE, (), (), create).await.unwrap();
        components.insert(kind.to_owned(), made.id.to_string().into());
    }
    let create = json!({ "name": "covered", "components": components.iter()
        .map(|(kind, id)| (kind.clone(), json!([id]))).collect::<serde_json::Map<_, _>>() });
    let create = serde_json::from_value(create).unwrap();
    let stack = server.send(&zenml_api::workspace::stack::CREATE, (), (), create).await.unwrap();
    (stack.id.to_string(), components)
}

fn client_of(url: &str, credential: Credential) -> Client {
    let control_plane = Some(Address { url: url.to_owned(), credential });
    Client::new(&Settings { control_plane, ..Settings::default() }).unwrap()
}

/// Returns the provider in an environment without variables.
pub(crate) fn engine() -> Engine {
    Engine::new(Zenml::new(Environment::default()))
}

/// Returns resource types without any of these addresses. Each table over all types asserts which ones it omits, so
/// that a new type is not forgotten.
pub(crate) fn types_without<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let there: BTreeSet<&str> =
        addresses.into_iter().filter_map(|address| Some(address.split_once('.')?.0)).collect();
    engine()
        .names(Kind::Resource)
        .into_iter()
        .filter(|name| !there.contains(name))
        .map(str::to_owned)
        .collect()
}

/// Returns the available real hosts. If there are none, the test prints that.
#[expect(clippy::print_stdout, reason = "a skipped test must not count as a success")]
pub(crate) async fn hosts() -> Vec<Host> {
    match search().hosts().await {
        Ok(hosts) => hosts,
        Err(NoHost::Skipped(why)) => {
            println!("SKIPPED: {why}");
            Vec::new()
        }
        Err(NoHost::Failed(why)) => panic!("{why}"),
    }
}

/// Returns whether a host lacks what a test needs, and then prints that.
#[expect(clippy::print_stdout, reason = "a skipped test must not count as a success")]
pub(crate) fn lacks(host: &Host, has_it: bool, what: &str) -> bool {
    if !has_it {
        println!("SKIPPED: {host} does not have {what}");
    }
    !has_it
}

/// Creates a directory with the built provider, for a server that the environment has to set.
pub(crate) fn scenario(host: &Host) -> Scenario {
    let binary = Path::new(env!("CARGO_BIN_EXE_terraform-provider-zenml"));
    let directory = binary.parent().unwrap().to_owned();
    let scenario =
        Scenario::new(host, &Origin::Override { address: "zenml-io/zenml".to_owned(), directory }).unwrap();
    scenario.write("provider.tf", PROVIDER).unwrap();
    scenario
}

/// Runs a test under each available real host, each with a new platform.
pub(crate) async fn under_each_host<F: Future<Output = ()>>(test: impl Fn(World, Scenario) -> F) {
    for host in hosts().await {
        let world = World::start().await;
        let scenario = scenario(&host)
            .env("ZENML_CONTROL_PLANE_URL", world.platform.url())
            .env("ZENML_SERVICE_ACCOUNT_KEY", world.key());
        test(world, scenario).await;
    }
}

const PROVIDER: &str = r#"
terraform {
  required_providers {
    zenml = { source = "zenml-io/zenml" }
  }
}

provider "zenml" {}
"#;

/// Returns whether a run with all hosts also writes its table into the documentation (`make hosts`).
pub(crate) fn writes_the_page() -> bool {
    variable("ZENML_HOSTS_PAGE").is_some_and(|value| value == "write")
}

#[expect(clippy::disallowed_methods, reason = "the one place of these tests that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn search() -> Search {
    Search {
        listed: variable("ZENML_TERRAFORM_BINARIES"),
        preferred: variable("TERRAFORM"),
        path: variable("PATH").unwrap_or_default(),
        required: variable("ZENML_ACC").is_some_and(|value| value == "required"),
    }
}

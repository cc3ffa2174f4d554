//! The Terraform provider for ZenML Pro and open-source ZenML.
//!
//! Each resource has one file in [`resources`], with its model, its behavior and its data source. The shared parts
//! are [`Client`] (connections, and what a run remembers), [`control`] (organizations and workspaces on the control
//! plane), [`in_workspace`] (all objects of a workspace), [`access`] (people, roles and assignments) and [`failure`]
//! (error messages for failed requests).

pub mod access;
mod cache;
pub mod client;
pub mod configuration;
pub mod control;
mod creation;
pub mod environment;
pub mod export;
pub mod failure;
pub mod functions;
pub mod id;
pub mod in_workspace;
mod key;
mod memory;
pub mod resolve;
pub mod resources;
mod run_environment;
mod sharing;
pub mod source;
mod succession;
pub mod wait;
mod warning;

use std::sync::Arc;

use tfkit::{Configured, Diag, Partial, Provider, Start, Types};
use zenml_client::{SettingsError, Transport};

use access::Assignments;
pub use client::Client;
use configuration::Configuration;
pub use environment::Environment;
use in_workspace::{Many, Objects, One};
use resolve::resolve;

/// Source address of the provider. Existing states contain it.
pub const ADDRESS: &str = "registry.terraform.io/zenml-io/zenml";

/// The provider.
#[derive(Default)]
pub struct Zenml {
    environment: Environment,
    /// The transport of requests; the network if not set.
    transport: Option<Arc<dyn Transport>>,
}

impl std::fmt::Debug for Zenml {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Zenml").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Zenml {
    /// Creates the provider with this environment. It uses the network.
    pub fn new(environment: Environment) -> Self {
        Self { environment, transport: None }
    }

    /// Uses another transport, such as one to a server in the same process.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }
}

impl Provider for Zenml {
    type Config = Configuration;
    type Client = Client;

    fn register(types: Types<Client>) -> Types<Client> {
        types
            .resource::<resources::api_key::ApiKey>()
            .resource::<Objects<resources::code_repository::CodeRepository>>()
            .resource::<Objects<resources::flavor::Flavor>>()
            .resource::<resources::organization_member::OrganizationMember>()
            .resource::<Assignments<resources::organization_role_assignment::OrganizationRoleAssignment>>()
            .resource::<Objects<resources::project::Project>>()
            .resource::<Assignments<resources::project_role_assignment::ProjectRoleAssignment>>()
            .resource::<resources::resource_share::ResourceShare>()
            .resource::<resources::role::Role>()
            .resource::<Objects<resources::secret::Secret>>()
            .resource::<resources::service_account::ServiceAccount>()
            .resource::<Objects<resources::service_connector::ServiceConnector>>()
            .resource::<Objects<resources::stack::Stack>>()
            .resource::<Objects<resources::stack_component::StackComponent>>()
            .resource::<resources::stack_role_assignment::StackRoleAssignment>()
            .resource::<Objects<resources::tag::Tag>>()
            .resource::<resources::team::Team>()
            .resource::<resources::team_membership::TeamMembership>()
            .resource::<resources::workspace::Workspace>()
            .resource::<Assignments<resources::workspace_role_assignment::WorkspaceRoleAssignment>>()
            .data_source::<resources::access::AccessData>()
            .data_source::<One<resources::code_repository::CodeRepositoryData>>()
            .data_source::<One<resources::flavor::FlavorData>>()
            .data_source::<resources::organization::OrganizationData>()
            .data_source::<One<resources::project::ProjectData>>()
            .data_source::<Many<resources::project::ProjectsData>>()
            .data_source::<resources::role::PermissionsData>()
            .data_source::<resources::role::RoleData>()
            .data_source::<resources::role::RolesData>()
            .data_source::<One<resources::secret::SecretData>>()
            .data_source::<resources::server::ServerData>()
            .data_source::<resources::service_account::ServiceAccountData>()
            .data_source::<resources::service_account::ServiceAccountsData>()
            .data_source::<One<resources::service_connector::ServiceConnectorData>>()
            .data_source::<Many<resources::service_connector::ServiceConnectorsData>>()
            .data_source::<One<resources::stack::StackData>>()
            .data_source::<Many<resources::stack::StacksData>>()
            .data_source::<One<resources::stack_component::StackComponentData>>()
            .data_source::<Many<resources::stack_component::StackComponentsData>>()
            .data_source::<One<resources::tag::TagData>>()
            .data_source::<resources::team::TeamData>()
            .data_source::<resources::team::TeamsData>()
            .data_source::<resources::organization_member::UserData>()
            .data_source::<resources::organization_member::UsersData>()
            .data_source::<resources::workspace::WorkspaceData>()
            .data_source::<resources::workspace::WorkspacesData>()
            .action::<resources::api_key::RotateApiKey>()
            .action::<resources::service_connector::VerifyServiceConnector>()
            .action::<resources::workspace::ActivateWorkspace>()
            .action::<resources::workspace::DeactivateWorkspace>()
            .list_resource::<resources::api_key::ApiKey>()
            .list_resource::<Objects<resources::code_repository::CodeRepository>>()
            .list_resource::<Objects<resources::flavor::Flavor>>()
            .list_resource::<resources::organization_member::OrganizationMember>()
            .list_resource::<Assignments<resources::organization_role_assignment::OrganizationRoleAssignment>>()
            .list_resource::<Objects<resources::project::Project>>()
            .list_resource::<Assignments<resources::project_role_assignment::ProjectRoleAssignment>>()
            .list_resource::<resources::resource_share::ResourceShare>()
            .list_resource::<resources::role::Role>()
            .list_resource::<Objects<resources::secret::Secret>>()
            .list_resource::<resources::service_account::ServiceAccount>()
            .list_resource::<Objects<resources::service_connector::ServiceConnector>>()
            .list_resource::<Objects<resources::stack::Stack>>()
            .list_resource::<Objects<resources::stack_component::StackComponent>>()
            .list_resource::<resources::stack_role_assignment::StackRoleAssignment>()
            .list_resource::<Objects<resources::tag::Tag>>()
            .list_resource::<resources::team::Team>()
            .list_resource::<resources::team_membership::TeamMembership>()
            .list_resource::<resources::workspace::Workspace>()
            .list_resource::<Assignments<resources::workspace_role_assignment::WorkspaceRoleAssignment>>()
            .ephemeral_resource::<resources::access_token::AccessToken>()
            .ephemeral_resource::<resources::secret::SecretValues>()
            .ephemeral_resource::<resources::service_connector::ServiceConnectorCredentials>()
            .function::<functions::ImportId>()
            .function::<functions::KeyParts>()
            .function::<functions::ParseImportId>()
            .function::<functions::SecretReference>()
    }

    async fn configure(
        &self,
        config: &Partial<Configuration>,
        _: &Start,
    ) -> Result<Configured<Client>, Diag> {
        let unknown = config.unknown();
        if !unknown.is_empty() {
            return Ok(Configured::Unknown(unknown));
        }
        let resolved = resolve(config, &self.environment)?;
        let api = match &self.transport {
            Some(transport) => {
                zenml_client::Client::with_transport(&resolved.settings, Arc::clone(transport))
            }
            None => zenml_client::Client::new(&resolved.settings),
        };
        let client = Client::new(api.map_err(|error| unusable(&error))?, &resolved);
        control::check::check(&client).await?;
        Ok(Configured::Ready(client))
    }

    fn conceal(client: &Client, secrets: &[String]) {
        client.api().conceal(secrets);
    }

    fn stop(client: &Client) {
        client.api().stop();
    }
}

/// Returns the diagnostic for settings that no client can be created from.
fn unusable(error: &SettingsError) -> Diag {
    let diag = Diag::error("Invalid provider configuration").why(error.to_string());
    match error {
        SettingsError::Header { name } => diag
            .fix("Correct the header, or remove it. Its value must be a single line of printable ASCII characters.")
            .at(Configuration::HTTP.then(configuration::Http::HEADERS).key(name)),
        SettingsError::CertificateAuthorities => diag
            .fix("Set the content of the file, for example:\n  ca_bundle = file(\"ca.pem\")")
            .at(Configuration::HTTP.then(configuration::Http::CA_BUNDLE)),
        // `resolve` has checked these.
        SettingsError::Url { .. } | SettingsError::Credential | SettingsError::NoControlPlane => diag,
    }
}

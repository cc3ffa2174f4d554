//! The environment of the journey: a platform, its people, a host with the provider, a copy of the example.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use tfkit_test::Host;

use super::http::{Body, Session};
use super::matrix::{self, Matrix, SUBJECTS, Scene};
use super::people;
use super::platform::Platform;
use super::terraform::Terraform;
use crate::{Failure, root};

/// Path of the example, from the root of the workspace.
const EXAMPLE: &str = "examples/complete-pro";
/// Name of the organization on the local platform.
const ORGANIZATION: &str = "Demo Organization";
/// Bucket of the data lake.
const BUCKET: &str = "alpha-data-lake";

/// The example's variables without a default, with values for a platform without a cloud.
const VARIABLES: [(&str, &str); 10] = [
    ("aws_region", "eu-west-1"),
    ("aws_role_arn", "arn:aws:iam::123456789012:role/alpha-zenml"),
    ("aws_prod_role_arn", "arn:aws:iam::123456789012:role/alpha-zenml-production"),
    ("aws_access_key_id", "AKIAIOSFODNN7EXAMPLE"),
    ("aws_secret_access_key", "demo-secret-access-key"),
    ("s3_bucket_name", BUCKET),
    ("ecr_repository_url", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/recommendation-engine"),
    ("mlflow_username", "alpha"),
    ("mlflow_password", "demo-mlflow-password"),
    // There is no AWS account to verify the connectors.
    ("verify_connectors", "false"),
];

/// The binaries that the journey runs.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub host: Host,
    pub platform: PathBuf,
    pub provider: PathBuf,
}

impl Binaries {
    /// Finds the two that are built here next to the running program, or one folder above, as for tests.
    pub fn beside(host: Host) -> Result<Self, Failure> {
        let program = std::env::current_exe()
            .map_err(|error| Failure::new(format!("cannot determine the path of this program: {error}")))?;
        let beside = |name: &str| {
            program
                .ancestors()
                .skip(1)
                .take(2)
                .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
                .find(|path| path.is_file())
                .ok_or_else(|| {
                    Failure::new(format!(
                        "{name} was not found next to {}\nBuild it first:\n  cargo build --bin \
                         terraform-provider-zenml --bin zenml-local",
                        program.display()
                    ))
                })
        };
        Ok(Self { host, platform: beside("zenml-local")?, provider: beside("terraform-provider-zenml")? })
    }
}

/// A running platform and a host with a configuration for it, all in one temporary folder.
#[derive(Debug)]
pub struct Stage {
    // Dropped first, because the platform writes to the folder.
    platform: Platform,
    terraform: Terraform,
    folder: TempDir,
}

impl Stage {
    /// Starts a platform with the people of the journey, for a copy of the example.
    /// With an interpreter, its workspaces are real ZenML servers.
    pub async fn set(binaries: &Binaries, zenml_python: Option<&Path>) -> Result<Self, Failure> {
        let mut stage = Self::start(binaries, zenml_python).await?;
        copy(&root().join(EXAMPLE), &stage.terraform.directory())?;
        for (name, value) in VARIABLES {
            stage.terraform.set(name, value);
        }
        people::invite(stage.platform.ready()).await?;
        Ok(stage)
    }

    /// Starts a platform without people, for a configuration to be written. Its variables `zenml_control_plane_url`
    /// and `zenml_service_account_key` are set.
    pub async fn bare(binaries: &Binaries) -> Result<Self, Failure> {
        Self::start(binaries, None).await
    }

    async fn start(binaries: &Binaries, zenml_python: Option<&Path>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("zenml-demo-")
            .tempdir()
            .map_err(|error| Failure::new(format!("cannot create a temporary folder: {error}")))?;
        let platform = Platform::start(&binaries.platform, folder.path(), ORGANIZATION, zenml_python).await?;
        let mut terraform = Terraform::new(&binaries.host, folder.path(), &binaries.provider)?;
        terraform.set("zenml_control_plane_url", &platform.ready().control_plane_url);
        terraform.set("zenml_service_account_key", &platform.ready().service_account_key);
        Ok(Self { platform, terraform, folder })
    }

    /// Sets a variable of the configuration.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.terraform.set(name, value);
    }

    /// Returns the running platform.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Returns the host with the configuration.
    pub fn terraform(&self) -> &Terraform {
        &self.terraform
    }

    /// Replaces a string in the copied configuration, which must contain it once.
    pub fn edit(&self, file: &str, from: &str, to: &str) -> Result<(), Failure> {
        let path = self.terraform.directory().join(file);
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        match text.matches(from).count() {
            1 => self.terraform.write(file, &text.replace(from, to)),
            count => Err(Failure::new(format!("{file} contains {from:?} {count} times instead of once"))),
        }
    }

    /// Lets the newcomer accept the invitation. Returns the names of the joined organizations.
    pub async fn accept_invitation(&self) -> Result<Vec<String>, Failure> {
        people::accept(&self.platform).await
    }

    /// Acts as one member of each team and as the visitor.
    pub async fn matrix(&self) -> Result<Matrix, Failure> {
        let scene = self.scene().await?;
        matrix::observe(&scene, &SUBJECTS, people::PASSWORD).await
    }

    /// Returns the names of the components that a user sees in the production stack.
    pub async fn components_seen_by(&self, username: &str) -> Result<Vec<String>, Failure> {
        let scene = self.scene().await?;
        matrix::components_seen_by(&scene, username, people::PASSWORD).await
    }

    /// Creates a session of the service account in a workspace of the platform.
    pub async fn automation(&self, workspace: &str) -> Result<Session, Failure> {
        let key = &self.platform.ready().service_account_key;
        let server = Session::anonymous(format!("{workspace}/api/v1"));
        let form = [("grant_type", "zenml-api-key"), ("password", key)];
        let answer = server.expect("POST", "/login", Body::Form(&form)).await?;
        let token = answer["access_token"].as_str();
        token.map(|token| server.with(token)).ok_or_else(|| {
            Failure::new(format!("{workspace}/api/v1/login returned no access token for the service account"))
        })
    }

    /// Keeps the platform running, and all files.
    pub fn leave(self) {
        let Self { mut platform, terraform, folder } = self;
        platform.keep();
        terraform.keep();
        let _: PathBuf = folder.keep();
    }

    /// Reads what the applied configuration created from its outputs.
    async fn scene(&self) -> Result<Scene, Failure> {
        let outputs = self.terraform.outputs().await?;
        let text = |value: &Value, name: &str| {
            value
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Failure::new(format!("output {name} was not found")))
        };
        let of = |group: &str, name: &str| text(&outputs[group][name], &format!("{group}[{name:?}]"));
        let workspace = text(&outputs["workspace_server_url"], "workspace_server_url")?;
        let project = text(&outputs["project_id"], "project_id")?;
        let session = self.automation(&workspace).await?;
        let found = session.expect("GET", &format!("/projects/{project}"), Body::Empty).await?;
        Ok(Scene {
            control_plane: self.platform.ready().control_plane_url.clone(),
            workspace,
            development_stack: of("stack_ids", matrix::Stack::Development.name())?,
            production_stack: of("stack_ids", matrix::Stack::Production.name())?,
            shared_connector: of("connector_ids", matrix::Connector::Shared.name())?,
            production_connector: of("connector_ids", matrix::Connector::Production.name())?,
            secret: text(&outputs["secret_id"], "secret_id")?,
            project,
            project_description: text(&found["metadata"]["description"], "description of the project")?,
            bucket: format!("s3://{BUCKET}"),
        })
    }
}

/// Copies the files of a configuration, without state and the files of `init`.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failure = |error| Failure::new(format!("cannot copy {}: {error}", from.display()));
    for entry in fs::read_dir(from).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            let name = path.file_name().unwrap_or_default();
            fs::copy(&path, to.join(name)).map_err(failure)?;
        }
    }
    Ok(())
}

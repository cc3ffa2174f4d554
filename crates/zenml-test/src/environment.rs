//! Where the server's virtual environment is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The version of ZenML that the tests run.
pub const VERSION: &str = "0.98.0";

/// The command that makes the virtual environment.
const SET_UP: &str = "scripts/zenml-server";

/// Where to look for a server.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The virtual environment to use. It must be there.
    pub named: Option<PathBuf>,
    /// The folder in which `scripts/zenml-server` keeps what it made; used where nothing is named. Databases that
    /// servers start from are kept in it too.
    pub cache: PathBuf,
    /// A missing server is a failure and no reason to skip.
    pub required: bool,
}

/// There is no server to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoServer {
    /// The test does not run. The caller prints it, so that nobody takes silence for success.
    #[error("SKIPPED: {0}")]
    Skipped(String),
    /// The test fails.
    #[error("{0}")]
    Failed(String),
}

impl Search {
    /// As the environment variables `ZENML_SERVER_ENVIRONMENT`, `XDG_CACHE_HOME`, `HOME` and `ZENML_ACC` say.
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the environment")]
    pub fn from_environment() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let of_user = || variable("HOME").map(|home| Path::new(&home).join(".cache"));
        let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(of_user);
        Self {
            named: variable("ZENML_SERVER_ENVIRONMENT").map(PathBuf::from),
            cache: cache.unwrap_or_else(std::env::temp_dir).join("terraform-provider-zenml"),
            required: variable("ZENML_ACC").is_some_and(|value| value == "required"),
        }
    }

    /// The virtual environment to run servers of, with what they need.
    pub fn environment_with(&self, packages: Packages) -> Result<Environment, NoServer> {
        let environment = self.environment()?;
        let missing = packages.needed().iter().find(|package| !environment.holds(package));
        let Some(missing) = missing else { return Ok(environment) };
        let what = format!("{} has no Python package {missing}", environment.directory.display());
        Err(if self.required { NoServer::Failed(what) } else { NoServer::Skipped(what) })
    }

    /// The virtual environment to run servers of.
    pub fn environment(&self) -> Result<Environment, NoServer> {
        let cache = self.cache.clone();
        if let Some(directory) = &self.named {
            let environment = Environment { directory: directory.clone(), cache };
            return if environment.python().is_file() {
                Ok(environment)
            } else {
                let named = directory.display();
                Err(NoServer::Failed(format!(
                    "there is no virtual environment in {named}, which ZENML_SERVER_ENVIRONMENT names; \
                     `{SET_UP}` makes one and prints where"
                )))
            };
        }
        let directory = cache.join(format!("zenml-server-{VERSION}"));
        // The script writes this file last, so half an environment is not taken for a whole one.
        if directory.join("complete").is_file() {
            return Ok(Environment { directory, cache });
        }
        let what = format!("there is no ZenML server to test with; `{SET_UP}` installs one");
        Err(if self.required { NoServer::Failed(what) } else { NoServer::Skipped(what) })
    }
}

/// What a server knows of clouds. It makes no difference but for service connectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packages {
    /// Nothing: only connectors of the types `docker` and `oauth2` are checked, the others are stored as they are sent.
    Plain,
    /// AWS and Kubernetes, as published server images do.
    Clouds,
}

/// The packages through which a server knows clouds.
const CLOUDS: &[&str] = &["aws_profile_manager", "boto3", "kubernetes"];

impl Packages {
    fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Clouds => CLOUDS,
        }
    }

    /// What a server shall not see, although it may be there.
    pub(crate) fn hidden(self) -> &'static [&'static str] {
        match self {
            Self::Plain => CLOUDS,
            Self::Clouds => &[],
        }
    }
}

/// A Python virtual environment in which the server is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    directory: PathBuf,
    cache: PathBuf,
}

impl Environment {
    /// Its folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// Whether a package is installed.
    fn holds(&self, package: &str) -> bool {
        let versions = std::fs::read_dir(self.directory.join("lib")).into_iter().flatten().flatten();
        versions.into_iter().any(|version| version.path().join("site-packages").join(package).is_dir())
    }

    /// The folder for what is worth keeping between runs.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }
}

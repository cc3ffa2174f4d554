//! Finding the server's virtual environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The version of ZenML that the tests run.
pub const VERSION: &str = "0.98.0";

/// Packages that add the service connector types of AWS and Kubernetes, as in published server images. A server without
/// them stores such a connector as sent.
const PACKAGES: [&str; 3] = ["aws_profile_manager", "boto3", "kubernetes"];

/// An earlier version, for tests of upgrades.
pub const EARLIER: &str = "0.97.0";

/// The command that creates the virtual environment.
const SET_UP: &str = "scripts/zenml-server";

/// Where to look for a server.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The virtual environment to use. It must exist.
    pub named: Option<PathBuf>,
    /// The folder in which `scripts/zenml-server` stores its environments; used by default. It also contains the
    /// databases that servers start from.
    pub cache: PathBuf,
    /// A missing server is a failure, not a reason to skip.
    pub required: bool,
}

/// There is no server to run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoServer {
    /// The test does not run. The caller prints it, so that nobody mistakes silence for success.
    #[error("SKIPPED: {0}")]
    Skipped(String),
    /// The test fails.
    #[error("{0}")]
    Failed(String),
}

impl Search {
    /// Reads the environment variables `ZENML_SERVER_ENVIRONMENT`, `XDG_CACHE_HOME`, `HOME` and `ZENML_ACC`.
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

    /// Returns the virtual environment to run servers from.
    pub fn environment(&self) -> Result<Environment, NoServer> {
        let cache = self.cache.clone();
        if let Some(directory) = &self.named {
            let environment = Environment { directory: directory.clone(), cache };
            let wrong = if environment.python().is_file() {
                match PACKAGES.iter().find(|package| !environment.holds(package)) {
                    None => return Ok(environment),
                    Some(missing) => format!("does not have the Python package {missing}"),
                }
            } else {
                "is not a virtual environment".to_owned()
            };
            return Err(NoServer::Failed(format!(
                "{}, set in ZENML_SERVER_ENVIRONMENT, {wrong}; `{SET_UP}` creates one and prints its path",
                directory.display()
            )));
        }
        self.cached(VERSION, SET_UP)
    }

    /// Returns the virtual environment of [`EARLIER`]. It needs the default one.
    pub fn earlier_environment(&self) -> Result<Environment, NoServer> {
        self.environment()?;
        self.cached(EARLIER, &format!("{SET_UP} {EARLIER}"))
    }

    fn cached(&self, version: &str, set_up: &str) -> Result<Environment, NoServer> {
        let (cache, directory) = (self.cache.clone(), self.cache.join(format!("zenml-server-{version}")));
        // The script writes this file last, so an incomplete environment is not used.
        if directory.join("complete").is_file() {
            return Ok(Environment { directory, cache });
        }
        let what = format!("no ZenML server {version} found for the tests; `{set_up}` installs one");
        Err(if self.required { NoServer::Failed(what) } else { NoServer::Skipped(what) })
    }
}

/// A Python virtual environment in which the server is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    directory: PathBuf,
    cache: PathBuf,
}

impl Environment {
    /// Returns its folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns its interpreter.
    pub fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// Whether a package is installed.
    fn holds(&self, package: &str) -> bool {
        let versions = std::fs::read_dir(self.directory.join("lib")).into_iter().flatten().flatten();
        versions.into_iter().any(|version| version.path().join("site-packages").join(package).is_dir())
    }

    /// Returns the folder for files that are kept between runs.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }
}

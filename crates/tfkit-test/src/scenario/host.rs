//! Finding the host binaries.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::command::{self, Failed};

/// Where to search for hosts. The caller reads the environment.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// A list of binaries, separated as in `PATH`. All of them are used, and all must exist.
    pub listed: Option<OsString>,
    /// One binary, by path or by name; used if nothing is listed.
    pub preferred: Option<OsString>,
    /// The value of `PATH`; by default, it is searched for `terraform` and then `tofu`.
    pub path: OsString,
    /// Whether a missing host is a failure instead of a reason to skip.
    pub required: bool,
}

/// No host was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHost {
    /// The test is skipped. The caller prints it, so that nobody mistakes silence for success.
    #[error("SKIPPED: {0}")]
    Skipped(String),
    /// The test fails.
    #[error("{0}")]
    Failed(String),
}

impl Search {
    /// Returns the hosts to run a test on, at least one.
    pub async fn hosts(&self) -> Result<Vec<Host>, NoHost> {
        let mut hosts = Vec::new();
        for binary in self.binaries()? {
            let host = Host::at(binary.clone(), &self.path).await;
            hosts.push(
                host.map_err(|error| NoHost::Failed(format!("{} is not a host: {error}", binary.display())))?,
            );
        }
        Ok(hosts)
    }

    fn binaries(&self) -> Result<Vec<PathBuf>, NoHost> {
        let set = |value: &Option<OsString>| value.clone().filter(|value| !value.is_empty());
        if let Some(listed) = set(&self.listed) {
            let named = std::env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty());
            return named.map(|path| self.named(path.as_os_str())).collect();
        }
        if let Some(preferred) = set(&self.preferred) {
            return Ok(vec![self.named(&preferred)?]);
        }
        let found = ["terraform", "tofu"].iter().find_map(|name| self.look_up(OsStr::new(name)));
        found.map(|binary| vec![binary]).ok_or_else(|| {
            let what = "neither terraform nor tofu found in PATH".to_owned();
            if self.required { NoHost::Failed(what) } else { NoHost::Skipped(what) }
        })
    }

    /// Finds a binary that was requested and must exist.
    fn named(&self, name: &OsStr) -> Result<PathBuf, NoHost> {
        let path = Path::new(name);
        let found = if path.components().count() > 1 {
            path.is_file().then(|| path.to_owned())
        } else {
            self.look_up(name)
        };
        found.ok_or_else(|| NoHost::Failed(format!("host binary {} not found", path.display())))
    }

    fn look_up(&self, name: &OsStr) -> Option<PathBuf> {
        std::env::split_paths(&self.path).map(|directory| directory.join(name)).find(|path| path.is_file())
    }
}

/// The product of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// HashiCorp Terraform.
    Terraform,
    /// OpenTofu.
    OpenTofu,
}

/// A binary that can run a [`Scenario`](super::Scenario).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    binary: PathBuf,
    path: OsString,
    product: Product,
    version: (u32, u32, u32),
}

impl Host {
    /// Asks a binary for its product and version.
    async fn at(binary: PathBuf, path: &OsStr) -> Result<Self, Failed> {
        let mut environment = BTreeMap::new();
        environment.insert("CHECKPOINT_DISABLE".to_owned(), "1".to_owned());
        let output = command::run(&binary, Path::new("."), &environment, &["version"]).await?;
        let first = output.stdout.lines().next().unwrap_or_default();
        let (name, version) = first.split_once(" v").unwrap_or((first, ""));
        let product = if name == "OpenTofu" { Product::OpenTofu } else { Product::Terraform };
        let mut numbers = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let version = (next(), next(), next());
        Ok(Self { binary, path: path.to_owned(), product, version })
    }

    /// Returns the path of the binary.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Returns the product.
    pub fn product(&self) -> Product {
        self.product
    }

    /// Returns the major, minor and patch version.
    pub fn version(&self) -> (u32, u32, u32) {
        self.version
    }

    /// Returns whether it is this version or a later one.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        (self.version.0, self.version.1) >= (major, minor)
    }

    /// Returns whether it runs actions.
    pub fn has_actions(&self) -> bool {
        self.product == Product::Terraform && self.is_at_least(1, 14)
    }

    pub(super) fn path(&self) -> &OsStr {
        &self.path
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (major, minor, patch) = self.version;
        let name = match self.product {
            Product::Terraform => "Terraform",
            Product::OpenTofu => "OpenTofu",
        };
        write!(f, "{name} {major}.{minor}.{patch}")
    }
}

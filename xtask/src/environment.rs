//! The environment of the development commands and their tests; no other module reads it.

use std::ffi::OsString;
use std::path::PathBuf;

use tfkit_test::{Host, NoHost, Search};

use crate::Failure;

/// Where to find Terraform and OpenTofu: `ZENML_TERRAFORM_BINARIES` lists several, `TERRAFORM` selects one;
/// otherwise, the `PATH` is searched. With `ZENML_ACC=required`, it is an error if there is none.
pub fn search() -> Search {
    Search {
        listed: read("ZENML_TERRAFORM_BINARIES"),
        preferred: read("TERRAFORM"),
        path: read("PATH").unwrap_or_default(),
        required: read("ZENML_ACC").is_some_and(|value| value == "required"),
    }
}

/// Returns the host for a command.
pub async fn host() -> Result<Host, Failure> {
    let none = |error: &dyn std::fmt::Display| {
        Failure::new(format!("{error}\nInstall one, or select it with TERRAFORM=PATH:\n  scripts/terraform"))
    };
    let hosts = search().hosts().await.map_err(|error| match error {
        NoHost::Skipped(why) | NoHost::Failed(why) => none(&why),
    })?;
    hosts.into_iter().next().ok_or_else(|| none(&"neither terraform nor tofu was found"))
}

/// Returns the browser in which tests use the pages of the local platform: `ZENML_CHROMIUM`, otherwise the first one in
/// the `PATH`.
pub fn chromium() -> Option<PathBuf> {
    if let Some(named) = read("ZENML_CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = read("PATH").unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].into_iter().find_map(|name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
    })
}

/// Returns the inherited environment of a child process: what a program needs to run, and nothing that affects
/// Terraform or the provider.
pub fn inherited() -> Vec<(&'static str, OsString)> {
    ["PATH", "HOME", "TMPDIR", "LANG"]
        .into_iter()
        .filter_map(|name| read(name).map(|value| (name, value)))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

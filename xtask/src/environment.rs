//! The environment of the development commands; no other module reads it.

use std::ffi::OsString;
use std::path::PathBuf;

/// The Terraform or OpenTofu binary that `TERRAFORM` names, else `terraform` from the PATH.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub fn terraform() -> PathBuf {
    std::env::var_os("TERRAFORM")
        .filter(|value| !value.is_empty())
        .map_or_else(|| "terraform".into(), Into::into)
}

/// Whether a test may be left out because there is no Terraform; `ZENML_ACC=required` forbids it.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub fn acceptance_required() -> bool {
    std::env::var_os("ZENML_ACC").is_some_and(|value| value == "required")
}

/// What a child process may inherit: what a program needs to run, and nothing that steers Terraform or the provider.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub fn inherited() -> Vec<(&'static str, OsString)> {
    ["PATH", "HOME", "TMPDIR", "LANG", "SYSTEMROOT"]
        .into_iter()
        .filter_map(|name| std::env::var_os(name).map(|value| (name, value)))
        .collect()
}

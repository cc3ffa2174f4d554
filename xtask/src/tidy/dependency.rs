//! Allowed dependencies between crates, and forbidden ones.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

use crate::{Failure, root};

/// The crates of the workspace that each crate may use. Tests may also use those in the second list.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("tfkit-printable", &[], &[]),
    ("tfkit-derive", &[], &[]),
    ("tfkit", &["tfkit-derive"], &[]),
    ("tfkit-serve", &["tfkit", "tfkit-printable"], &[]),
    ("tfkit-test", &["tfkit"], &[]),
    ("zenml-api", &[], &[]),
    ("zenml-client", &["tfkit-printable", "zenml-api"], &[]),
    ("zenml-local", &["zenml-api", "tfkit-printable"], &[]),
    ("zenml-test", &["tfkit-printable"], &[]),
    ("xtask-gen", &["xtask"], &[]),
    (
        "zenml-provider",
        &["tfkit-printable", "tfkit", "tfkit-serve", "zenml-api", "zenml-client"],
        &["tfkit-test", "zenml-local", "zenml-test"],
    ),
];

/// Crates that a crate must not depend on, directly or indirectly, with the reason.
const UNREACHABLE: &[(&str, &[&str], &str)] = &[
    ("tfkit", &["tonic", "prost", "rustls", "hyper"], "gRPC and TLS belong to tfkit-serve"),
    (
        "zenml-api",
        &["tokio", "hyper", "reqwest", "axum", "sqlx"],
        "it describes requests and performs no I/O",
    ),
    ("zenml-provider", &["sqlx", "clap"], "the platform's tools would make the provider start slower"),
    ("xtask", &["protox", "prost-build"], "every command would wait for the protobuf compiler"),
];

/// Returns every violation, one line each.
pub(super) fn violations() -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for package in packages()? {
        found.extend(in_package(&package));
    }
    for (package, unreachable, why) in UNREACHABLE {
        let reached = tree(&["--package", package, "--edges", "normal"])?;
        for name in unreachable.iter().filter(|name| reached.contains(**name)) {
            found.push(format!("{package} depends on {name}: {why}"));
        }
    }
    Ok(found)
}

/// A crate of the workspace with the dependencies of its manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` for a normal one, otherwise `dev` or `build`.
    kind: Option<String>,
}

/// Returns the forbidden arrows of one crate.
fn in_package(package: &Package) -> Vec<String> {
    let known: BTreeMap<&str, (&[&str], &[&str])> =
        ARROWS.iter().map(|(name, normal, tests)| (*name, (*normal, *tests))).collect();
    // `xtask` may use everything.
    let Some((normal, tests)) = known.get(package.name.as_str()) else { return Vec::new() };
    package
        .dependencies
        .iter()
        .filter(|dependency| known.contains_key(dependency.name.as_str()) || dependency.name == "xtask")
        .filter(|dependency| {
            let name = dependency.name.as_str();
            let in_tests = dependency.kind.as_deref() == Some("dev") && tests.contains(&name);
            !normal.contains(&name) && !in_tests
        })
        .map(|dependency| {
            let kind = dependency.kind.as_deref().unwrap_or("normal");
            format!("{} -> {} ({kind}) is not an arrow in ARCHITECTURE.md", package.name, dependency.name)
        })
        .collect()
}

/// Returns the crates of the workspace.
pub(super) fn packages() -> Result<Vec<Package>, Failure> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    serde_json::from_str::<Metadata>(&text)
        .map(|metadata| metadata.packages)
        .map_err(|error| Failure::new(format!("unexpected output of `cargo metadata`: {error}")))
}

/// Returns the names of all crates in a part of the dependency tree.
fn tree(arguments: &[&str]) -> Result<BTreeSet<String>, Failure> {
    let text = cargo(&[&["tree", "--prefix", "none", "--format", "{p}"], arguments].concat())?;
    Ok(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

pub(super) fn cargo(arguments: &[&str]) -> Result<String, Failure> {
    let line = format!("cargo {}", arguments.join(" "));
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .arg("--locked")
        .output()
        .map_err(|error| Failure::new(format!("cannot start {line}: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "{line} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_dependency_is_found() {
        let package = |name: &str, dependency: &str, kind: Option<&str>| Package {
            name: name.to_owned(),
            manifest_path: String::new(),
            dependencies: vec![Dependency { name: dependency.to_owned(), kind: kind.map(str::to_owned) }],
        };
        for (name, dependency, kind, violations) in [
            ("zenml-provider", "zenml-client", None, 0),
            ("zenml-provider", "zenml-local", None, 1),
            ("zenml-provider", "zenml-local", Some("dev"), 0),
            ("zenml-local", "zenml-client", Some("dev"), 1),
            ("tfkit", "tfkit-serve", None, 1),
            ("tfkit", "serde", None, 0),
            ("zenml-api", "xtask", Some("build"), 1),
            ("xtask", "zenml-local", None, 0),
        ] {
            let found = in_package(&package(name, dependency, kind));
            assert_eq!(found.len(), violations, "{name} -> {dependency}: {found:?}");
        }
    }

    #[test]
    fn every_crate_of_the_workspace_has_its_arrows() {
        let named: BTreeSet<_> = ARROWS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let mut crates: BTreeSet<_> = packages().unwrap().into_iter().map(|package| package.name).collect();
        crates.remove("xtask");
        assert_eq!(named, crates);
    }
}

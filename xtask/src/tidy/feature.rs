//! One set of features for each third-party crate, so that nothing is built twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::dependency::cargo;
use crate::Failure;

/// Crates that must be built twice, each with its reason.
const TWICE: &[(&str, &str)] = &[("either", "a build-time macro and sqlx require different features")];

/// Files that run cargo. They select binaries: for packages, cargo would compute different features.
const CHOOSERS: [&str; 2] = ["Makefile", ".cargo/config.toml"];

/// Returns every violation, one line each.
pub(super) fn violations(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let build = features(&["--workspace", "--edges", "normal,build"])?;
    let tests = features(&["--workspace", "--edges", "normal,build,dev"])?;
    found.extend(only_in_build(&build, &tests));
    // The protobuf compiler uses a few crates with other features; only `xtask gen` and its tests build it.
    let shipped = features(&["--workspace", "--exclude", "xtask-gen", "--edges", "normal,build"])?;
    found.extend(twice(&shipped, TWICE));
    for name in CHOOSERS {
        let text = fs::read_to_string(root.join(name))
            .map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
        if chooses_packages(&text) {
            found.push(format!(
                "{name} selects packages, which rebuilds crates; use --bin or --bench instead"
            ));
        }
    }
    Ok(found)
}

/// Returns the sets of features of each third-party crate, by name and version.
type Features = BTreeMap<String, BTreeSet<String>>;

fn features(part: &[&str]) -> Result<Features, Failure> {
    Ok(read(&cargo(&[&["tree", "--prefix", "none", "--format", "{p} [{f}]"], part].concat())?))
}

fn read(tree: &str) -> Features {
    let mut features = Features::new();
    for line in tree.lines() {
        // The line of a workspace crate contains its folder.
        let Some((package, rest)) = line.split_once(" [").filter(|(package, _)| !package.contains("(/"))
        else {
            continue;
        };
        let set = rest.split(']').next().unwrap_or_default();
        features.entry(package.replace(" (proc-macro)", "")).or_default().insert(set.to_owned());
    }
    features
}

/// Returns the crates that are built differently with and without tests.
fn only_in_build(build: &Features, tests: &Features) -> Vec<String> {
    let differs = |(package, sets): &(&String, &BTreeSet<String>)| {
        !tests.get(*package).is_some_and(|others| sets.is_subset(others))
    };
    let line = |(package, _)| {
        format!(
            "{package} has different features with and without tests, so it is built twice; list them in the root \
             Cargo.toml: cargo tree -e features,normal,build,dev -i {}",
            String::from(package).replace(" v", "@")
        )
    };
    build.iter().filter(differs).map(line).collect()
}

/// Returns the crates with several sets of features without a reason, and unused reasons.
fn twice(features: &Features, allowed: &[(&str, &str)]) -> Vec<String> {
    let name = |package: &str| package.split(' ').next().unwrap_or_default().to_owned();
    let several: BTreeSet<String> =
        features.iter().filter(|(_, sets)| sets.len() > 1).map(|(package, _)| name(package)).collect();
    let allowed: BTreeSet<String> = allowed.iter().map(|(name, _)| (*name).to_owned()).collect();
    let new = several.difference(&allowed).map(|name| {
        format!(
            "{name} is built with two sets of features; specify one in the root Cargo.toml: cargo tree -e \
         features -i {name}"
        )
    });
    let stale = allowed
        .difference(&several)
        .map(|name| format!("{name} is built once; remove it from tidy/feature.rs"));
    new.chain(stale).collect()
}

fn chooses_packages(text: &str) -> bool {
    let starts = |line: &&str| line.contains("cargo") || line.contains("run ");
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#')).filter(starts);
    code.flat_map(str::split_whitespace).any(|word| word.starts_with("--package") || word == "-p")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tokio v1.0.0 [net,time]\nserde v1.0.0 [] (*)\nderive v1.0.0 (proc-macro) []\nours v1.0.0 (/there) [a]";

    #[test]
    fn a_tree_is_parsed_without_the_crates_of_the_workspace() {
        let features = read(TREE);
        assert!(features.keys().eq(["derive v1.0.0", "serde v1.0.0", "tokio v1.0.0"]));
        assert!(features["tokio v1.0.0"].contains("net,time"));
    }

    #[test]
    fn a_feature_that_only_tests_require_is_found() {
        let build = read(TREE);
        assert_eq!(only_in_build(&build, &read(TREE)).len(), 0);
        let found = only_in_build(&build, &read(&TREE.replace("net,time", "net,test-util,time")));
        assert!(found.join("\n").contains("-i tokio@1.0.0"), "{found:?}");
    }

    #[test]
    fn a_second_set_of_features_requires_a_reason() {
        let once = read(TREE);
        let several = read(&format!("{TREE}\ntokio v1.0.0 [net]"));
        assert_eq!(twice(&several, &[]).len(), 1);
        assert_eq!(twice(&several, &[("tokio", "a reason")]).len(), 0);
        assert_eq!(twice(&once, &[("tokio", "a reason")]).len(), 1);
    }

    #[test]
    fn a_selection_of_packages_is_found() {
        assert!(chooses_packages("demo:\n\t@$(cargo) build --package xtask"));
        assert!(chooses_packages("xtask = \"run -p xtask --\""));
        assert!(!chooses_packages("# cargo with --package\n\t@mkdir -p there\n\t@cargo build --bin xtask"));
    }
}

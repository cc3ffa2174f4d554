//! One set of features for each third-party crate, so that nothing is built twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::dependency::cargo;
use crate::Failure;

/// Crates that the build needs twice, each with the reason.
const TWICE: &[(&str, &str)] = &[("either", "a macro that runs in the build and sqlx disagree about it")];

/// What starts cargo for everyone. They choose binaries: for packages cargo would compute features of their own.
const CHOOSERS: [&str; 2] = ["Makefile", ".cargo/config.toml"];

/// Every violation, one line each.
pub(super) fn violations(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let build = features(&["--workspace", "--edges", "normal,build"])?;
    let tests = features(&["--workspace", "--edges", "normal,build,dev"])?;
    found.extend(only_in_build(&build, &tests));
    // The protobuf compiler brings a few crates in other shapes; only `xtask gen` and its tests build it.
    let shipped = features(&["--workspace", "--exclude", "xtask-gen", "--edges", "normal,build"])?;
    found.extend(twice(&shipped, TWICE));
    for name in CHOOSERS {
        let text = fs::read_to_string(root.join(name))
            .map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
        if chooses_packages(&text) {
            found.push(format!(
                "{name} chooses packages, which builds crates again; choose with --bin or --bench"
            ));
        }
    }
    Ok(found)
}

/// For each third-party crate with its version, the sets of features that it is built with.
type Features = BTreeMap<String, BTreeSet<String>>;

fn features(part: &[&str]) -> Result<Features, Failure> {
    Ok(read(&cargo(&[&["tree", "--prefix", "none", "--format", "{p} [{f}]"], part].concat())?))
}

fn read(tree: &str) -> Features {
    let mut features = Features::new();
    for line in tree.lines() {
        // A crate of the workspace has its folder in the line.
        let Some((package, rest)) = line.split_once(" [").filter(|(package, _)| !package.contains("(/"))
        else {
            continue;
        };
        let set = rest.split(']').next().unwrap_or_default();
        features.entry(package.replace(" (proc-macro)", "")).or_default().insert(set.to_owned());
    }
    features
}

/// Crates that a build without tests makes in another way than one with tests.
fn only_in_build(build: &Features, tests: &Features) -> Vec<String> {
    let differs = |(package, sets): &(&String, &BTreeSet<String>)| {
        !tests.get(*package).is_some_and(|others| sets.is_subset(others))
    };
    let line = |(package, _)| {
        format!(
            "{package} has other features with tests than without, and is built twice; \
             name them in the root Cargo.toml: cargo tree -e features,normal,build,dev -i {}",
            String::from(package).replace(" v", "@")
        )
    };
    build.iter().filter(differs).map(line).collect()
}

/// Crates with more than one set of features that do not need them, and those that no longer do.
fn twice(features: &Features, allowed: &[(&str, &str)]) -> Vec<String> {
    let name = |package: &str| package.split(' ').next().unwrap_or_default().to_owned();
    let several: BTreeSet<String> =
        features.iter().filter(|(_, sets)| sets.len() > 1).map(|(package, _)| name(package)).collect();
    let allowed: BTreeSet<String> = allowed.iter().map(|(name, _)| (*name).to_owned()).collect();
    let new = several.difference(&allowed).map(|name| {
        format!("{name} is built with two sets of features; name one in the root Cargo.toml: cargo tree -e features -i {name}")
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
    fn a_tree_is_read_without_the_crates_of_the_workspace() {
        let features = read(TREE);
        assert!(features.keys().eq(["derive v1.0.0", "serde v1.0.0", "tokio v1.0.0"]));
        assert!(features["tokio v1.0.0"].contains("net,time"));
    }

    #[test]
    fn a_feature_that_only_tests_ask_for_is_found() {
        let build = read(TREE);
        assert_eq!(only_in_build(&build, &read(TREE)).len(), 0);
        let found = only_in_build(&build, &read(&TREE.replace("net,time", "net,test-util,time")));
        assert!(found.join("\n").contains("-i tokio@1.0.0"), "{found:?}");
    }

    #[test]
    fn a_second_set_of_features_needs_a_reason() {
        let once = read(TREE);
        let several = read(&format!("{TREE}\ntokio v1.0.0 [net]"));
        assert_eq!(twice(&several, &[]).len(), 1);
        assert_eq!(twice(&several, &[("tokio", "a reason")]).len(), 0);
        assert_eq!(twice(&once, &[("tokio", "a reason")]).len(), 1);
    }

    #[test]
    fn a_choice_of_packages_is_found() {
        assert!(chooses_packages("demo:\n\t@$(cargo) build --package xtask"));
        assert!(chooses_packages("xtask = \"run -p xtask --\""));
        assert!(!chooses_packages("# cargo with --package\n\t@mkdir -p there\n\t@cargo build --bin xtask"));
    }
}

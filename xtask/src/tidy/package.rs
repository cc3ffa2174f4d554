//! The crates that others can use: each states in its manifest what a registry shows.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::dependency::cargo;
use crate::Failure;

/// Beginning of the names of these crates.
const PUBLISHABLE: &str = "tfkit";

/// Maximum number of keywords and of categories in the registry.
const MOST: usize = 5;

/// A crate as `cargo metadata` describes it.
#[derive(Clone, Debug, Default, Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: String,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    readme: Option<String>,
    rust_version: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    /// An empty list forbids to publish the crate.
    publish: Option<Vec<String>>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    name: String,
    /// The version, `*` if the manifest names none.
    req: String,
    path: Option<String>,
}

/// Returns every violation, one line each.
pub(super) fn violations() -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    let Metadata { packages } = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("unexpected output of `cargo metadata`: {error}")))?;
    let publishable: BTreeMap<&str, &Package> = packages
        .iter()
        .filter(|package| package.name.starts_with(PUBLISHABLE))
        .map(|package| (package.name.as_str(), package))
        .collect();
    Ok(publishable.values().flat_map(|package| in_package(package, &publishable)).collect())
}

fn in_package(package: &Package, publishable: &BTreeMap<&str, &Package>) -> Vec<String> {
    let missing = [
        ("description", package.description.is_some()),
        ("license", package.license.is_some()),
        ("repository", package.repository.is_some()),
        ("readme", package.readme.is_some()),
        ("rust-version", package.rust_version.is_some()),
        ("keywords", (1..=MOST).contains(&package.keywords.len())),
        ("categories", (1..=MOST).contains(&package.categories.len())),
    ];
    let folder = Path::new(&package.manifest_path).parent().unwrap_or(Path::new(""));
    let mut found: Vec<String> = missing
        .into_iter()
        .filter(|(_, stated)| !stated)
        .map(|(field, _)| format!("{}: a published crate states its {field}", package.name))
        .collect();
    if package.publish.as_ref().is_some_and(Vec::is_empty) {
        found.push(format!("{}: the manifest forbids to publish it", package.name));
    }
    for file in package.readme.iter().map(String::as_str).chain(["LICENSE"]) {
        if !folder.join(file).is_file() {
            found.push(format!("{}: {file} is missing in the folder of the crate", package.name));
        }
    }
    let inside = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
    found.extend(inside.filter_map(|Dependency { name, req, .. }| match publishable.get(name.as_str()) {
        None => Some(format!("{}: it depends on {name}, which is not published", package.name)),
        Some(other) if *req == format!("^{}", other.version) => None,
        Some(other) => {
            Some(format!("{}: it requires {name} {req}, but its version is {}", package.name, other.version))
        }
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::tree;
    use super::*;

    #[test]
    fn a_crate_that_a_registry_would_refuse_is_found() {
        let folder = tree(&[("a/README.md", "# a"), ("a/LICENSE", "free")]);
        let some = |text: &str| Some(text.to_owned());
        let complete = || Package {
            name: "tfkit-a".to_owned(),
            version: "0.1.0".to_owned(),
            manifest_path: folder.path().join("a/Cargo.toml").display().to_string(),
            description: some("A."),
            license: some("Apache-2.0"),
            repository: some("https://example.com/a"),
            readme: some("README.md"),
            rust_version: some("1.95"),
            keywords: vec!["terraform".to_owned()],
            categories: vec!["api-bindings".to_owned()],
            publish: None,
            dependencies: Vec::new(),
        };
        let inside = |name: &str, req: &str| {
            vec![Dependency { name: name.to_owned(), req: req.to_owned(), path: some("b") }]
        };
        let cases: [(Package, &str); 12] = [
            (complete(), ""),
            (Package { description: None, ..complete() }, "states its description"),
            (Package { license: None, ..complete() }, "states its license"),
            (Package { repository: None, ..complete() }, "states its repository"),
            (Package { readme: some("NONE.md"), ..complete() }, "NONE.md is missing"),
            (Package { rust_version: None, ..complete() }, "states its rust-version"),
            (Package { keywords: Vec::new(), ..complete() }, "states its keywords"),
            (Package { categories: vec![String::new(); 6], ..complete() }, "states its categories"),
            (Package { publish: Some(Vec::new()), ..complete() }, "forbids to publish"),
            (Package { dependencies: inside("tfkit-a", "^0.1.0"), ..complete() }, ""),
            (Package { dependencies: inside("tfkit-a", "*"), ..complete() }, "requires tfkit-a *"),
            (Package { dependencies: inside("local", "^1"), ..complete() }, "which is not published"),
        ];
        for (package, expected) in cases {
            let other = complete();
            let found = in_package(&package, &BTreeMap::from([("tfkit-a", &other)]));
            assert_eq!(found.len(), usize::from(!expected.is_empty()), "{found:?}");
            assert!(found.iter().all(|found| found.contains(expected)), "{found:?}");
        }
    }
}

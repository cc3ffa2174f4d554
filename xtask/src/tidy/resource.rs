//! What belongs to every resource: an example, a test file and, once pages are generated, a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::source::files;
use crate::Failure;

const RESOURCES: &str = "crates/zenml-provider/src/resources";
const TESTS: &str = "crates/zenml-provider/tests/it";
const PAGES: &str = "docs/resources";

/// Every resource that lacks something, one line for each thing.
pub(super) fn violations(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join(RESOURCES);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let exemplified = exemplified(root)?;
    let mut found = Vec::new();
    for path in files(&folder)? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for name in models(&text) {
            let source = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let missing = |what: String| format!("{source}: zenml_{name} has no {what}");
            if !exemplified.contains(&format!("zenml_{name}")) {
                found.push(missing("example; write one below examples/".to_owned()));
            }
            if !tests(&path, name).any(|file| root.join(TESTS).join(file).exists()) {
                found.push(missing(format!("test file {TESTS}/{name}.rs")));
            }
            let page = format!("{PAGES}/{name}.md");
            if root.join(PAGES).exists() && !root.join(&page).exists() {
                found.push(missing(format!("page {page}")));
            }
        }
    }
    Ok(found)
}

/// Names of the resources that a source file declares; models of another kind say so.
fn models(text: &str) -> impl Iterator<Item = &str> {
    const BEGINNING: &str = "#[model(name = \"";
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix(BEGINNING))
        .filter_map(|rest| rest.split_once('"'))
        .filter(|(_, rest)| !rest.contains("kind ="))
        .map(|(name, _)| name)
}

/// Test files that can be a resource's: named for it, or for the file (or folder) that declares it.
fn tests(source: &Path, name: &str) -> impl Iterator<Item = String> {
    let stem = source.file_stem().filter(|stem| *stem != "mod");
    let folder = source.parent().and_then(Path::file_name);
    let declaring = stem.or(folder).map(|noun| noun.to_string_lossy().into_owned());
    [Some(name.to_owned()), declaring]
        .into_iter()
        .flatten()
        .flat_map(|noun| [format!("{noun}.rs"), format!("{noun}/mod.rs")])
}

/// Types of all resources in the examples.
fn exemplified(root: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut found = BTreeSet::new();
    for path in files(&root.join("examples"))? {
        if path.extension().is_some_and(|extension| extension == "tf") {
            let text = fs::read_to_string(&path)
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
            let blocks = text.lines().filter_map(|line| line.strip_prefix("resource \""));
            found.extend(blocks.filter_map(|rest| rest.split_once('"').map(|(name, _)| name.to_owned())));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A tree of files, each with its content.
    fn tree(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn a_resource_without_example_test_or_page_is_named() {
        let source = (
            "crates/zenml-provider/src/resources/team.rs",
            "#[model(name = \"team\")]\nstruct Team;\n#[model(name = \"user\", kind = data_source)]\nstruct User;",
        );
        let example = ("examples/a/main.tf", "resource \"zenml_team\" \"it\" {\n}\n");
        let test = ("crates/zenml-provider/tests/it/team.rs", "");
        let other_page = ("docs/resources/workspace.md", "");
        for (files, missing) in [
            (vec![source, example, test], vec![]),
            (vec![source, example], vec!["test file"]),
            (vec![source, ("examples/README.md", ""), test], vec!["example"]),
            (vec![source, example, test, other_page], vec!["page"]),
            (vec![source, ("examples/README.md", "")], vec!["example", "test file"]),
        ] {
            let root = tree(&files);
            let found = violations(root.path()).unwrap();
            assert_eq!(found.len(), missing.len(), "{found:?}");
            for (line, what) in found.iter().zip(missing) {
                assert!(line.contains(&format!("zenml_team has no {what}")), "{line}");
            }
        }
    }
}

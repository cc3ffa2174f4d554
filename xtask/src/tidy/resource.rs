//! Every resource has a test file. (`xtask docs` checks its page.)

use std::path::Path;

use tfkit::{Engine, Kind};
use zenml_provider::Zenml;

const TESTS: &str = "crates/zenml-provider/tests/it";

/// Returns every resource without a test file, one line each.
pub(super) fn violations(root: &Path) -> Vec<String> {
    untested(&root.join(TESTS), &Engine::new(Zenml::default()).names(Kind::Resource))
}

fn untested(tests: &Path, resources: &[&str]) -> Vec<String> {
    let is_tested = |noun: &str| {
        [format!("{noun}.rs"), format!("{noun}/mod.rs")].iter().any(|file| tests.join(file).exists())
    };
    let nouns = resources.iter().filter_map(|name| name.split_once('_'));
    nouns
        .filter(|(_, noun)| !is_tested(noun))
        .map(|(provider, noun)| format!("{provider}_{noun} has no test file {TESTS}/{noun}.rs"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_resource_without_a_test_file_is_found() {
        let tests = TempDir::new().unwrap();
        fs::write(tests.path().join("team.rs"), "").unwrap();
        fs::create_dir(tests.path().join("stack")).unwrap();
        fs::write(tests.path().join("stack/mod.rs"), "").unwrap();
        let found = untested(tests.path(), &["zenml_stack", "zenml_stack_component", "zenml_team"]);
        assert_eq!(found, [format!("zenml_stack_component has no test file {TESTS}/stack_component.rs")]);
    }
}

//! Invariants that no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Failure, root};

/// Longest source file that is not generated and not a table of declarations.
const LONGEST: usize = 600;

/// Checks every invariant and lists all violations at once.
pub fn run() -> Result<(), Failure> {
    let violations = violations()?;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the workspace is not tidy:\n  {}", violations.join("\n  "))))
}

/// Every violation, one line each.
pub fn violations() -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in sources(&root().join("crates"))? {
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string().replace('\\', "/");
        let generated = name.contains("/gen/") && !name.ends_with("/mod.rs");
        found.extend(in_source(&name, &text, generated));
    }
    Ok(found)
}

/// The violations in one source file.
fn in_source(name: &str, text: &str, generated: bool) -> Vec<String> {
    let mut found = Vec::new();
    let framework = name.starts_with("crates/tfkit");
    if framework && text.to_lowercase().contains("zenml") {
        found.push(format!("{name}: the framework names ZenML; say what is meant without a product"));
    }
    let lines = text.lines().count();
    if !generated && lines > LONGEST {
        found.push(format!("{name}: {lines} lines; split it, {LONGEST} are the limit"));
    }
    found
}

/// All Rust sources below a folder, in order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failure = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        assert_eq!(violations().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn each_violation_is_found() {
        let long = "\n".repeat(LONGEST + 1);
        for (name, text, generated, expected) in [
            ("crates/tfkit/src/a.rs", "// as ZenML does", false, 1),
            ("crates/zenml-api/src/a.rs", "// as ZenML does", false, 0),
            ("crates/tfkit/src/a.rs", long.as_str(), false, 1),
            ("crates/tfkit/src/gen/a.rs", long.as_str(), true, 0),
        ] {
            assert_eq!(in_source(name, text, generated).len(), expected, "{name}");
        }
    }
}

//! Invariants that the compiler does not check. `ARCHITECTURE.md` explains each of them.

mod circle;
mod dependency;
mod feature;
mod package;
mod resource;
mod source;

use crate::{Failure, root};

/// Checks every invariant and lists all violations at once.
pub fn run() -> Result<(), Failure> {
    let violations = violations()?;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the workspace is not tidy:\n  {}", violations.join("\n  "))))
}

/// Returns every violation, one line each.
pub fn violations() -> Result<Vec<String>, Failure> {
    let mut found = source::violations(&root())?;
    found.extend(resource::violations(&root()));
    found.extend(dependency::violations()?);
    found.extend(feature::violations(&root())?);
    found.extend(package::violations()?);
    found.extend(circle::violations()?);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    /// Creates a tree of files, each with its content.
    pub(super) fn tree(files: &[(&str, &str)]) -> TempDir {
        let root = TempDir::new().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_workspace_is_tidy() {
        assert_eq!(super::violations().unwrap(), Vec::<String>::new());
    }
}

//! Committed generated files: comparing them with their source, and writing them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Failure, root};

/// A committed file that is out of date.
#[derive(Debug)]
pub struct Stale {
    /// Path from the root of the workspace.
    pub path: PathBuf,
    /// Its expected content; `None` if the file should not exist.
    pub content: Option<String>,
}

/// Returns the files of a folder that differ, from the expected and the actual names and contents.
pub fn compare(
    folder: &Path,
    wanted: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<Stale> {
    let differing = wanted.iter().filter(|(name, content)| found.get(*name) != Some(*content));
    let written =
        differing.map(|(name, content)| Stale { path: folder.join(name), content: Some(content.clone()) });
    let superfluous = found.keys().filter(|name| !wanted.contains_key(*name));
    let removed = superfluous.map(|name| Stale { path: folder.join(name), content: None });
    written.chain(removed).collect()
}

/// Writes stale files or, with `check`, fails; `command` writes them.
pub fn settle(stale: Vec<Stale>, check: bool, problem: &str, command: &str) -> Result<(), Failure> {
    if stale.is_empty() {
        return Ok(());
    }
    if check {
        let names: Vec<String> = stale.iter().map(|file| format!("  {}", file.path.display())).collect();
        return Err(Failure::new(format!(
            "{problem}:\n{}\nUpdate and commit it:\n  {command}",
            names.join("\n")
        )));
    }
    for file in stale {
        let path = root().join(&file.path);
        let written = match file.content {
            Some(content) => fs::create_dir_all(path.parent().expect("a generated file has a folder"))
                .and_then(|()| fs::write(&path, content)),
            None => fs::remove_file(&path),
        };
        written.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    }
    Ok(())
}

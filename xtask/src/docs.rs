//! The pages of the provider for the Terraform registry, generated from schemas, examples and templates.

use std::fs;
use std::path::Path;

use tfkit::Engine;
use tfkit::docs::Files;
use zenml_provider::Zenml;

use crate::committed::{self, Stale};
use crate::{Failure, root};

/// Options of `xtask docs`.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Change nothing; fail if a committed page differs from its sources
    #[arg(long)]
    pub check: bool,
}

/// Folder of the pages.
const PAGES: &str = "docs";
/// Folder of hand-written pages.
const GUIDES: &str = "guides/";

/// Writes the pages, or only checks them.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    committed::settle(
        stale()?,
        arguments.check,
        "pages differ from schemas, examples and templates",
        "make docs",
    )
}

/// Returns the pages that are out of date.
pub fn stale() -> Result<Vec<Stale>, Failure> {
    let mut sources = Files::new();
    for folder in tfkit::docs::sources_of_pages() {
        read(Path::new(&folder), &folder, &mut sources)?;
    }
    let pages = tfkit::docs::pages(&Engine::new(Zenml::default()), &sources).map_err(|problems| {
        Failure::new(format!("cannot generate the pages:\n  {}", problems.join("\n  ")))
    })?;
    let mut found = Files::new();
    read(Path::new(PAGES), "", &mut found)?;
    found.retain(|name, _| !name.starts_with(GUIDES));
    Ok(committed::compare(Path::new(PAGES), &pages, &found))
}

/// Adds the files of a folder recursively, with names prefixed by `prefix`.
fn read(folder: &Path, prefix: &str, files: &mut Files) -> Result<(), Failure> {
    let path = root().join(folder);
    let failure = |error| Failure::new(format!("cannot read {}: {error}", path.display()));
    if !path.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&path).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if entry.file_type().map_err(failure)?.is_dir() {
            read(&folder.join(&name), &key, files)?;
        } else {
            files.insert(key, fs::read_to_string(entry.path()).map_err(failure)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn committed_pages_match_schemas_examples_and_templates() {
        let stale = super::stale().unwrap();
        let names: Vec<_> = stale.iter().map(|file| file.path.display().to_string()).collect();
        assert!(names.is_empty(), "run `make docs` and commit {names:?}");
    }
}

//! Writing the files: all or none, and never over existing ones.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tfkit::Diag;
use tfkit::docs::Files;

/// Checks that the directory can be used: it does not exist, or contains no Terraform files.
pub(super) fn check(directory: &Path) -> Result<(), Diag> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("read", directory, &error)),
    };
    let mut existing = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| failed("read", directory, &error))?.file_name();
        let name = name.to_string_lossy().into_owned();
        // The hosts read these endings in lower case only.
        if [".tf", ".tf.json", ".tofu"].iter().any(|ending| name.ends_with(ending)) {
            existing.push(name);
        }
    }
    if existing.is_empty() {
        return Ok(());
    }
    existing.sort();
    Err(Diag::error(format!("The directory {} already contains a configuration", directory.display()))
        .why(format!("An export never overwrites files. The directory contains {}.", existing.join(", ")))
        .fix("Choose another directory for --out, or move the files away."))
}

/// Writes the files into the directory. If that fails, none of them remains.
pub(super) fn write(directory: &Path, files: &Files) -> Result<(), Diag> {
    check(directory)?;
    fs::create_dir_all(directory).map_err(|error| failed("create", directory, &error))?;
    let mut written = Written(Vec::new());
    // First everything under other names, because a full disk must not leave half a configuration.
    for (name, text) in files {
        let path = directory.join(format!(".{name}.{}", std::process::id()));
        let create = || {
            let mut file = File::options().write(true).create_new(true).open(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        let result = create();
        written.0.push(path.clone());
        result.map_err(|error| failed("write", &path, &error))?;
    }
    let mut placed = Written(Vec::new());
    for (name, path) in files.keys().zip(&written.0) {
        let place = directory.join(name);
        // A link, other than a rename, never replaces a file.
        fs::hard_link(path, &place).map_err(|error| failed("write", &place, &error))?;
        placed.0.push(place);
    }
    placed.0.clear();
    Ok(())
}

/// Files that are removed again, unless they are taken out.
struct Written(Vec<PathBuf>);

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            // What cannot be removed has a name that says what it is.
            let _ = fs::remove_file(path);
        }
    }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Diag {
    Diag::error(format!("Cannot {verb} {}", path.display()))
        .why(format!("{error}."))
        .fix("Choose a directory for --out that you can write to.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("zenml-export-{name}-{}", uuid::Uuid::new_v4()))
    }

    fn files() -> Files {
        [("a.tf", "a"), ("b.tf", "b")].map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_directory_gets_exactly_the_files() {
        let directory = directory("new").join("inner");
        write(&directory, &files()).unwrap();
        assert_eq!(names(&directory), ["a.tf", "b.tf"]);
        assert_eq!(fs::read_to_string(directory.join("b.tf")).unwrap(), "b");
        fs::remove_dir_all(directory.parent().unwrap()).unwrap();
    }

    #[test]
    fn existing_files_are_never_overwritten_and_nothing_is_left_behind() {
        let directory = directory("taken");
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("README.md"), "mine").unwrap();
        write(&directory, &files()).unwrap();
        assert_eq!(names(&directory), ["README.md", "a.tf", "b.tf"]);
        let refused = write(&directory, &files()).unwrap_err();
        assert!(refused.detail().contains("a.tf, b.tf"), "{refused:?}");
        fs::remove_file(directory.join("a.tf")).unwrap();
        fs::remove_file(directory.join("b.tf")).unwrap();
        // A directory in the place of a file is found only while writing.
        fs::create_dir(directory.join("b.tf.d")).unwrap();
        fs::create_dir(directory.join(format!(".b.tf.{}", std::process::id()))).unwrap();
        assert!(write(&directory, &files()).unwrap_err().is_error());
        assert!(!names(&directory).contains(&"a.tf".to_owned()), "{:?}", names(&directory));
        fs::remove_dir_all(&directory).unwrap();
    }
}

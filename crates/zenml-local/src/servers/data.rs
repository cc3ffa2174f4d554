//! The database of a workspace's server, and the copy of it that an upgrade keeps.
//!
//! All work is such that a crash leaves the database of one version as a whole, or says what is to be finished.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// The files of an SQLite database, by what follows its name. A journal belongs to one state of its database.
const FILES: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// The beginning of each SQLite database.
const HEADER: [u8; 16] = *b"SQLite format 3\0";

/// The database in a workspace's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Data(PathBuf);

impl Data {
    /// Returns the database in a folder.
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Returns its file.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join("zenml.db")
    }

    /// Prepares the database for a server: finishes an interrupted restoration, and removes what an interrupted first
    /// creation left, because no server can use it.
    pub(super) fn prepare(&self, has_run: bool) -> io::Result<()> {
        if self.restoring().exists() {
            return self.restore();
        }
        if has_run || self.marker().exists() {
            return Ok(());
        }
        FILES.iter().try_for_each(|suffix| remove_file(&with_suffix(&self.file(), suffix)))
    }

    /// Checks that the database of a workspace whose server has run is there: a server would begin with an empty one.
    ///
    /// # Errors
    /// The reason for users, with what to do.
    pub(super) fn check(&self, has_run: bool) -> Result<(), String> {
        if self.restoring().exists() || !(has_run || self.marker().exists()) {
            return Ok(());
        }
        let file = self.file();
        let mut header = Vec::new();
        let read = File::open(&file).and_then(|file| file.take(HEADER.len() as u64).read_to_end(&mut header));
        let what = match read {
            Ok(0) => "is empty".to_owned(),
            Ok(_) if header != HEADER => "is not an SQLite database".to_owned(),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => "is missing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        Err(format!(
            "The database of the workspace, {}, {what}. Put it back, such as from a copy of the folder, and activate the \
             workspace; or delete the workspace.",
            file.display()
        ))
    }

    /// Records that a server of a version has run on it.
    pub(super) fn complete(&self, version: &str) -> io::Result<()> {
        if self.version().as_deref() != Some(version) {
            let partial = self.0.join("complete.part");
            fs::write(&partial, version)?;
            File::open(&partial)?.sync_all()?;
            fs::rename(&partial, self.marker())?;
            self.sync()?;
        }
        Ok(())
    }

    /// Returns the version of the last server that has run on it.
    pub(super) fn version(&self) -> Option<String> {
        fs::read_to_string(self.marker()).ok().filter(|version| !version.is_empty())
    }

    /// Copies the database, before an upgrade changes it. The server must not run. A copy from an interrupted upgrade
    /// is kept, because that upgrade may have changed the database.
    pub(super) fn keep(&self) -> io::Result<()> {
        if self.is_kept() {
            return Ok(());
        }
        let partial = self.0.join("zenml.partial-copy.db");
        let copied = copy(&self.file(), &partial).and_then(|()| rename(&partial, &self.kept()));
        if copied.is_err() {
            // Half of a copy only fills the disk.
            FILES.iter().try_for_each(|suffix| remove_file(&with_suffix(&partial, suffix)))?;
        }
        copied?;
        self.sync()
    }

    /// Whether there is a copy: an upgrade has begun and not ended.
    pub(super) fn is_kept(&self) -> bool {
        self.kept().exists()
    }

    /// Puts the copy back. The server must not run.
    pub(super) fn restore(&self) -> io::Result<()> {
        // Whoever finds this file does it again, because the database may be half of each.
        File::create(self.restoring())?.sync_all()?;
        self.sync()?;
        if self.is_kept() {
            copy(&self.kept(), &self.file())?;
        }
        self.sync()?;
        remove_file(&self.restoring())?;
        self.forget()
    }

    /// Removes the copy after an upgrade.
    pub(super) fn forget(&self) -> io::Result<()> {
        // The main file first: without it, the others are not a copy.
        FILES.iter().try_for_each(|suffix| remove_file(&with_suffix(&self.kept(), suffix)))
    }

    fn marker(&self) -> PathBuf {
        self.0.join("complete")
    }

    fn restoring(&self) -> PathBuf {
        self.0.join("restoring")
    }

    fn kept(&self) -> PathBuf {
        self.0.join("zenml.before-upgrade.db")
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}

/// Copies the files of a database that nobody uses. What belongs to an earlier database at the target is removed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in FILES {
        let (from, to) = (with_suffix(from, suffix), with_suffix(to, suffix));
        match fs::copy(&from, &to) {
            Ok(_) => File::open(&to)?.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => remove_file(&to)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Moves the files of a database; the main file is the last one, so that it shows that all have arrived.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in FILES.into_iter().rev() {
        let (from, to) = (with_suffix(from, suffix), with_suffix(to, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => remove_file(&to)?,
            moved => moved?,
        }
    }
    Ok(())
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Adds to the name of a file.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        folder: tempfile::TempDir,
        data: Data,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let data = Data::of(folder.path());
            Self { folder, data }
        }

        fn write(&self, text: &str, suffixes: &[&str]) {
            for suffix in suffixes {
                fs::write(with_suffix(&self.data.file(), suffix), format!("{text}{suffix}")).unwrap();
            }
        }

        /// The files of the folder with their content.
        fn files(&self) -> Vec<(String, String)> {
            let entries = fs::read_dir(self.folder.path()).unwrap().map(Result::unwrap);
            let mut files: Vec<_> = entries
                .map(|entry| {
                    let name = entry.file_name().to_str().unwrap().to_owned();
                    (name, fs::read_to_string(entry.path()).unwrap())
                })
                .collect();
            files.sort();
            files
        }
    }

    fn files(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_kept_database_is_put_back_with_its_journal_and_without_that_of_the_new_version() {
        let case = Case::new();
        case.write("old", &["", "-wal"]);
        case.data.keep().unwrap();
        case.write("new", &["", "-wal", "-shm", "-journal"]);
        // An upgrade that was interrupted is tried again.
        case.data.keep().unwrap();
        case.data.restore().unwrap();
        assert_eq!(case.files(), files(&[("zenml.db", "old"), ("zenml.db-wal", "old-wal")]));
        case.write("old", &["-journal"]);
        case.data.keep().unwrap();
        case.write("new", &[""]);
        case.data.restore().unwrap();
        let all = [("zenml.db", "old"), ("zenml.db-journal", "old-journal"), ("zenml.db-wal", "old-wal")];
        assert_eq!(case.files(), files(&all));
    }

    #[test]
    fn an_interrupted_restoration_is_finished_before_a_server_starts() {
        let case = Case::new();
        case.write("old", &[""]);
        case.data.complete("0.97.0").unwrap();
        case.data.keep().unwrap();
        // As a crash in the middle leaves it.
        case.write("ol", &[""]);
        case.write("new", &["-journal"]);
        File::create(case.data.restoring()).unwrap();
        case.data.check(true).unwrap();
        case.data.prepare(true).unwrap();
        assert_eq!(case.files(), files(&[("complete", "0.97.0"), ("zenml.db", "old")]));
    }

    #[test]
    fn what_an_interrupted_removal_of_a_copy_left_is_not_part_of_the_next_copy() {
        let case = Case::new();
        fs::write(with_suffix(&case.data.kept(), "-journal"), "stale").unwrap();
        assert!(!case.data.is_kept());
        case.write("old", &[""]);
        case.data.keep().unwrap();
        case.data.restore().unwrap();
        assert_eq!(case.files(), files(&[("zenml.db", "old")]));
    }

    #[test]
    fn a_copy_that_fails_leaves_no_half() {
        let case = Case::new();
        case.write("old", &["-wal"]);
        fs::create_dir(case.data.file()).unwrap();
        case.data.keep().unwrap_err();
        assert!(!case.data.is_kept());
        let left = fs::read_dir(case.folder.path()).unwrap().count();
        assert_eq!(left, 2);
    }

    #[test]
    fn only_the_database_of_an_interrupted_first_creation_is_removed() {
        for (has_run, marked, is_left) in
            [(false, false, false), (true, false, true), (false, true, true), (true, true, true)]
        {
            let case = Case::new();
            case.write("half", &["", "-journal"]);
            if marked {
                case.data.complete("0.98.0").unwrap();
            }
            case.data.prepare(has_run).unwrap();
            assert_eq!(case.data.file().exists(), is_left, "{has_run} {marked}");
        }
    }

    #[test]
    fn a_database_that_is_not_there_any_more_is_noticed_before_a_server_makes_a_new_one() {
        let case = Case::new();
        let reason = |has_run| case.data.check(has_run).err().unwrap_or_default();
        assert_eq!(reason(false), "", "a new workspace");
        assert!(reason(true).contains("zenml.db, is missing. Put it back"), "{}", reason(true));
        case.write("", &[""]);
        assert!(reason(true).contains("is empty"), "{}", reason(true));
        case.write("banana", &[""]);
        assert!(reason(true).contains("is not an SQLite database"), "{}", reason(true));
        case.write("SQLite format 3\0...", &[""]);
        assert_eq!(reason(true), "");
    }
}

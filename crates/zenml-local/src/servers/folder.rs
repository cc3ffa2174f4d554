//! The folder of a workspace's server: its database, its log, and what is known about its process.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// The program of the server.
const PROGRAM: &str = include_str!("server.py");
/// How much of the log is read for its last line, in bytes.
const END_OF_LOG: u64 = 16 << 10;
/// From this size on, a start begins a new log and keeps the old one beside it, in bytes.
const LARGEST_LOG: u64 = 20 << 20;
/// The files of an SQLite database, by what follows its name.
const DATABASE_FILES: [&str; 3] = ["", "-wal", "-shm"];

/// A folder, which may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Returns the folder of a workspace.
    pub(crate) fn of(database: &Path, workspace: Uuid) -> Self {
        // A server has another working directory than the platform.
        let database = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
        Self(Self::all(&database).join(workspace.to_string()))
    }

    /// Returns the folder of all of them, next to the platform's database.
    pub(crate) fn all(database: &Path) -> PathBuf {
        with_suffix(database, ".workspaces")
    }

    /// Creates what a server needs. Only this user can read it.
    pub(super) fn prepare(&self) -> io::Result<()> {
        for folder in [self.0.clone(), self.home(), self.configuration()] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs::write(self.program(), PROGRAM)?;
        self.remove_incomplete_database()
    }

    /// Removes everything. Succeeds if it does not exist.
    pub(super) fn remove(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the program of the server. ZenML requires a file.
    pub(super) fn program(&self) -> PathBuf {
        self.0.join("server.py")
    }

    /// Returns the home directory of the server.
    pub(super) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// Returns the directory of ZenML's own settings and local artifacts.
    pub(super) fn configuration(&self) -> PathBuf {
        self.0.join("configuration")
    }

    /// Returns the database of the server.
    pub(super) fn database(&self) -> PathBuf {
        self.0.join("zenml.db")
    }

    /// Returns the description of the running process, which the program writes.
    pub(super) fn record(&self) -> PathBuf {
        self.0.join("process.json")
    }

    /// Returns the log of the server.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("server.log")
    }

    /// Opens the log for a new process.
    pub(super) fn open_log(&self) -> io::Result<File> {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|found| found.len() > LARGEST_LOG) {
            fs::rename(&log, log.with_extension("log.1"))?;
        }
        File::options().create(true).append(true).open(log)
    }

    /// Returns the line of the log that tells most about an end: the last error, or else the last line.
    pub(super) fn last_words(&self) -> Option<String> {
        let mut log = File::open(self.log()).ok()?;
        let length = log.metadata().ok()?.len();
        log.seek(SeekFrom::Start(length.saturating_sub(END_OF_LOG))).ok()?;
        let mut end = Vec::new();
        log.read_to_end(&mut end).ok()?;
        let end = String::from_utf8_lossy(&end);
        let lines: Vec<&str> = end.lines().filter(|line| !line.trim().is_empty()).collect();
        // The last line only tells that the server has ended.
        let told = [is_exception, is_error, |_: &str| true];
        let found = told.iter().find_map(|told| lines.iter().rev().find(|line| told(line)));
        found.map(|line| line.trim().to_owned())
    }

    /// Records that the database is complete: a server has run on it.
    pub(super) fn complete(&self) -> io::Result<()> {
        if self.marker().exists() {
            return Ok(());
        }
        File::create(self.marker())?.sync_all()?;
        File::open(&self.0)?.sync_all()
    }

    fn marker(&self) -> PathBuf {
        self.0.join("complete")
    }

    /// Removes a database that no server has run on: if its creation was interrupted, no server can use it.
    fn remove_incomplete_database(&self) -> io::Result<()> {
        if self.marker().exists() {
            return Ok(());
        }
        let journal = ["-journal"];
        DATABASE_FILES
            .iter()
            .chain(&journal)
            .try_for_each(|suffix| remove_file(&with_suffix(&self.database(), suffix)))
    }

    /// Copies the database, before an upgrade changes it. The server must not run. A copy from an interrupted upgrade
    /// is kept, because that upgrade may have changed the database.
    pub(super) fn keep_database(&self) -> io::Result<()> {
        if self.has_kept_database() {
            return Ok(());
        }
        let partial = self.0.join("zenml.partial-copy.db");
        copy_database(&self.database(), &partial)?;
        move_database(&partial, &self.kept_database())?;
        File::open(&self.0)?.sync_all()
    }

    /// Whether there is a copy: an upgrade has begun and not ended.
    pub(super) fn has_kept_database(&self) -> bool {
        self.kept_database().exists()
    }

    /// Puts the copy back. The server must not run.
    pub(super) fn restore_database(&self) -> io::Result<()> {
        copy_database(&self.kept_database(), &self.database())?;
        self.forget_kept_database()
    }

    /// Removes the copy after an upgrade.
    pub(super) fn forget_kept_database(&self) -> io::Result<()> {
        for suffix in DATABASE_FILES.into_iter().rev() {
            remove_file(&with_suffix(&self.kept_database(), suffix))?;
        }
        Ok(())
    }

    fn kept_database(&self) -> PathBuf {
        self.0.join("zenml.before-upgrade.db")
    }
}

/// Whether a line of a log is the message of a Python exception: `ValueError: …`, not indented.
fn is_exception(line: &str) -> bool {
    let Some((class, _)) = line.split_once(": ") else { return false };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    class.chars().all(is_name) && (class.ends_with("Error") || class.ends_with("Exception"))
}

/// Whether a line of a log is of the level error.
fn is_error(line: &str) -> bool {
    line.contains("| ERROR ") || line.starts_with("ERROR:")
}

/// Copies the files of a database that nobody uses. What belongs to an earlier database at the target is removed.
fn copy_database(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in DATABASE_FILES {
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
fn move_database(from: &Path, to: &Path) -> io::Result<()> {
    for suffix in DATABASE_FILES.into_iter().rev() {
        match fs::rename(with_suffix(from, suffix), with_suffix(to, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound || suffix.is_empty() => return Err(error),
            _ => {}
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

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_an_end_is_the_last_error_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder(folder.path().to_owned());
        let last = "2026-11-30 | ERROR    | uvicorn.error:startup | Application startup failed. Exiting.";
        for (log, expected) in [
            ("", None),
            ("starting\n\n", Some("starting")),
            (
                &format!("Traceback\n  File x\nsqlalchemy.exc.OperationalError: disk full\n{last}\n"),
                Some("sqlalchemy.exc.OperationalError: disk full"),
            ),
            (&format!("one\n{last}\nbye\n"), Some(last)),
            ("a note: ValueError: indented\nbye", Some("bye")),
        ] {
            fs::create_dir_all(folder.path()).unwrap();
            fs::write(folder.log(), log).unwrap();
            assert_eq!(folder.last_words().as_deref(), expected, "{log}");
        }
        fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn a_kept_database_is_put_back_with_all_of_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder(directory.path().to_owned());
        let files = |text: &str| {
            for suffix in DATABASE_FILES {
                fs::write(with_suffix(&folder.database(), suffix), format!("{text}{suffix}")).unwrap();
            }
        };
        files("old");
        folder.keep_database().unwrap();
        files("new");
        // An upgrade that was interrupted is tried again.
        folder.keep_database().unwrap();
        fs::remove_file(with_suffix(&folder.database(), "-shm")).unwrap();
        folder.restore_database().unwrap();
        for suffix in DATABASE_FILES {
            let text = fs::read_to_string(with_suffix(&folder.database(), suffix)).unwrap();
            assert_eq!(text, format!("old{suffix}"));
        }
        assert!(!folder.has_kept_database());
    }
}

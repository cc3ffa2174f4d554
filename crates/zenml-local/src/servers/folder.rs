//! The folder of a workspace's server: its program, its log, and what is known about its process. Its database is in
//! `data`.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::data::{Data, with_suffix};

/// The program of the server.
const PROGRAM: &str = include_str!("server.py");
/// How much of the log is read for its last line, in bytes.
const END_OF_LOG: u64 = 16 << 10;
/// From this size on, a start begins a new log and keeps the old one beside it, in bytes.
const LARGEST_LOG: u64 = 20 << 20;
/// The beginning of the line with which each start begins in the log.
const START_IN_LOG: &str = "--- zenml-local starts ";

/// A folder, which may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Returns the folder of a workspace.
    pub(crate) fn of(database: &Path, workspace: Uuid) -> Self {
        Self(Self::all(database).join(workspace.to_string()))
    }

    /// Returns the folder of all of them, next to the platform's database.
    pub(crate) fn all(database: &Path) -> PathBuf {
        // Two links to one database have the same servers, which have another working directory than the platform.
        let database = fs::canonicalize(database)
            .or_else(|_| std::path::absolute(database))
            .unwrap_or_else(|_| database.to_owned());
        with_suffix(&database, ".workspaces")
    }

    /// Lists the workspaces that have a folder.
    pub(crate) fn existing(database: &Path) -> Vec<Uuid> {
        let entries = fs::read_dir(Self::all(database)).into_iter().flatten().flatten();
        entries.filter_map(|entry| Uuid::try_parse(entry.file_name().to_str()?).ok()).collect()
    }

    /// Checks that it is a folder, or does not exist.
    ///
    /// # Errors
    /// The reason for users, with what to do.
    pub(super) fn check(&self) -> Result<(), String> {
        let path = self.0.display();
        match fs::symlink_metadata(&self.0) {
            Ok(found) if found.is_symlink() => Err(format!(
                "{path} is a symbolic link. Put the folder of the workspace itself there: a link is not copied with it."
            )),
            Ok(found) if !found.is_dir() => Err(format!(
                "{path} is not a folder, but the data of the workspace belongs there. Move it away."
            )),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("{path} cannot be read: {error}."))
            }
            _ => Ok(()),
        }
    }

    /// Creates what a server needs. Only this user can read it.
    pub(super) fn prepare(&self) -> io::Result<()> {
        for folder in [self.0.clone(), self.home(), self.configuration()] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs::write(self.program(), PROGRAM)
    }

    /// Removes everything. Succeeds if it does not exist.
    pub(super) fn remove(&self) -> io::Result<()> {
        let removed = match fs::symlink_metadata(&self.0) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&self.0),
            // Of a link, only the link belongs to the workspace.
            Ok(_) => fs::remove_file(&self.0),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether a server runs in it, also one that is not known.
    pub(super) fn is_in_use(&self) -> bool {
        let lock = File::options().read(true).open(self.lock());
        lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)))
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
    pub(super) fn data(&self) -> Data {
        Data::of(&self.0)
    }

    /// Returns the file that a running server locks. It also describes its process.
    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("server.lock")
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
    pub(super) fn open_log(&self, what: &str) -> io::Result<File> {
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|found| found.len() > LARGEST_LOG) {
            fs::rename(&log, log.with_extension("log.1"))?;
        }
        let mut log = File::options().create(true).append(true).open(log)?;
        writeln!(log, "{START_IN_LOG}{what} ---")?;
        Ok(log)
    }

    /// Returns the line of the log that tells most about an end: the last error since the last start, or else the last
    /// line.
    pub(super) fn last_words(&self) -> Option<String> {
        let mut log = File::open(self.log()).ok()?;
        let length = log.metadata().ok()?.len();
        log.seek(SeekFrom::Start(length.saturating_sub(END_OF_LOG))).ok()?;
        let mut end = Vec::new();
        log.read_to_end(&mut end).ok()?;
        let end = String::from_utf8_lossy(&end);
        let start = end.lines().rev().take_while(|line| !line.starts_with(START_IN_LOG)).count();
        let lines: Vec<&str> = end.lines().rev().take(start).filter(|line| !line.trim().is_empty()).collect();
        // The last line only tells that the server has ended.
        let told = [is_exception, is_error, |_: &str| true];
        let found = told.iter().find_map(|told| lines.iter().find(|line| told(line)));
        found.map(|line| line.trim().to_owned())
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
            // What an earlier process said is not why this one ended.
            (&format!("ValueError: old\n{START_IN_LOG}ZenML ---\nnew\n"), Some("new")),
            (&format!("ValueError: old\n{START_IN_LOG}ZenML ---\n"), None),
        ] {
            fs::create_dir_all(folder.path()).unwrap();
            fs::write(folder.log(), log).unwrap();
            assert_eq!(folder.last_words().as_deref(), expected, "{log}");
        }
        fs::remove_dir_all(folder.path()).unwrap();
    }
}

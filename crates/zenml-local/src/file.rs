//! Atomic file writes, and descriptions of what exists at a path instead of a file.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Describes a path that is not a regular file, in words.
pub(crate) fn unusual(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some("directory")
    } else if kind.is_fifo() {
        Some("pipe")
    } else if kind.is_socket() {
        Some("socket")
    } else if kind.is_symlink() {
        Some("symbolic link")
    } else {
        Some("device")
    }
}

/// A private file with a temporary name in the directory of its target. It is removed unless it is persisted.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Creates the draft of a file, with mode 0600.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let mut name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_owned();
        name.push(format!(".{}.draft", uuid::Uuid::new_v4().simple()));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file })
    }

    /// Returns the path of the draft.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file to write to.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Moves the draft to its target and replaces an existing file. Nothing else is replaced: an administrator who names
    /// a device would lose it.
    pub(crate) fn keep(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        match target.symlink_metadata().map(|found| unusual(found.file_type())) {
            Ok(Some(kind)) => return Err(io::Error::other(format!("it is a {kind} now"))),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        std::fs::rename(&self.path, target)?;
        sync_directory(target)
    }

    /// Moves the draft to its target unless the target exists.
    pub(crate) fn keep_new(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        match std::fs::hard_link(&self.path, target) {
            // A file system without hard links: there is a small gap between the check and the rename.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) =>
            {
                if target.symlink_metadata().is_ok() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                std::fs::rename(&self.path, target)?;
            }
            linked => linked?,
        }
        sync_directory(target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It has been renamed, or an error is already being reported.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Syncs a directory, so that a new name in it is durable.
fn sync_directory(file: &Path) -> io::Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_a_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "old").unwrap();
        std::fs::create_dir(path("directory")).unwrap();
        symlink("file", path("link")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        for (name, kind) in [
            ("directory", "directory"),
            ("link", "symbolic link"),
            ("socket", "socket"),
            ("/dev/null", "device"),
        ] {
            // A draft is beside its target; here it is not, so that no draft is created in a folder of devices.
            let draft = Draft::beside(&path("draft")).unwrap();
            let error = draft.keep(&path(name)).unwrap_err();
            assert!(error.to_string().contains(kind), "{name}: {error}");
        }
        assert!(path("link").is_symlink() && std::fs::read_to_string(path("file")).unwrap() == "old");
        for name in ["file", "new"] {
            Draft::beside(&path(name)).unwrap().keep(&path(name)).unwrap();
            assert_eq!(std::fs::read_to_string(path(name)).unwrap(), "");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5, "no draft is left");
    }
}

//! Reporting to scripts, or to a user, that the platform is ready.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::terminal::Output;
use crate::file::{Draft, unusual};
use crate::platform::Ready;

/// The ready file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the ready file {}", path.display())]
pub(super) struct ReadyError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// Writes the file atomically: whoever sees it can read all of it. A device or a pipe is written to directly. A
/// symbolic link is kept, and its target is replaced.
pub(super) fn write_file(path: &Path, ready: &Ready) -> Result<(), ReadyError> {
    let failed = |source| ReadyError { path: path.to_owned(), source };
    let text = serde_json::to_string_pretty(ready).map_err(io::Error::other).map_err(failed)? + "\n";
    write(path, printable::json(&text).as_bytes()).map_err(failed)
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    check(path)?;
    match std::fs::metadata(path) {
        // An inherited descriptor can be a file, which must not be replaced.
        Ok(found) if unusual(found.file_type()).is_some() || names_descriptor(path) => {
            let mut file = OpenOptions::new().append(true).open(path)?;
            return file.write_all(text).and_then(|()| file.flush());
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let target = if path.is_symlink() { std::fs::canonicalize(path)? } else { path.to_owned() };
    let mut draft = Draft::beside(&target)?;
    draft.file().write_all(text)?;
    draft.keep(&target)
}

/// Whether a path is, or links to, a name for an open descriptor.
fn names_descriptor(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..8 {
        if ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|name| path.starts_with(name)) {
            return true;
        }
        match std::fs::read_link(&path) {
            Ok(next) => path = path.parent().map_or_else(|| next.clone(), |parent| parent.join(&next)),
            Err(_) => return false,
        }
    }
    false
}

/// Checks before the platform starts whether its ready file can be written.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let refuse = |why: &str| Err(io::Error::other(why.to_owned()));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => refuse("it is a directory; specify a file in it"),
        Ok(found) if found.file_type().is_socket() => refuse("it is a socket"),
        Ok(_) => Ok(()),
        Err(_) if path.is_symlink() => refuse("it is a broken symbolic link; remove it or create its target"),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) if path.file_name().is_none() => refuse("it does not name a file"),
        Err(_) => match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) if !parent.is_dir() => {
                refuse(&format!("the directory {} does not exist; create it first", parent.display()))
            }
            _ => Ok(()),
        },
    }
}

/// The same check before anything is started.
pub(super) fn check_file(path: &Path) -> Result<(), ReadyError> {
    check(path).map_err(|source| ReadyError { path: path.to_owned(), source })
}

/// The same for a user.
pub(super) fn print(ready: &Ready) -> io::Result<()> {
    let mut out = Output::new();
    out.line(format_args!("Control plane   {}", ready.control_plane_url))?;
    out.line(format_args!("Organization    {} ({})", ready.organization_name, ready.organization_id))?;
    if let Some(admin) = &ready.admin {
        out.line(format_args!("Admin user      {}", admin.username))?;
        out.line(format_args!("Admin password  {}", admin.password.expose()))?;
    }
    if let Some(key) = &ready.service_account_key {
        out.line(format_args!("API key         {}", key.expose()))?;
        out.line("")?;
        out.line("The password and the key are shown only once.")?;
    }
    out.line("Press Ctrl-C to stop.")?;
    out.finish()
}

//! Telling scripts, or a person, that the platform is ready.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::platform::Ready;

/// The ready file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the ready file {}", path.display())]
pub(super) struct ReadyError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// Writes the file as a whole: whoever sees it can read all of it.
pub(super) fn write_file(path: &Path, ready: &Ready) -> Result<(), ReadyError> {
    let failed = |source| ReadyError { path: path.to_owned(), source };
    let text = serde_json::to_vec_pretty(ready).map_err(std::io::Error::other).map_err(failed)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(&text)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&draft, path)
    };
    write().map_err(|error| {
        // The draft holds credentials; if it cannot be removed either, the error below is what matters.
        let _ = std::fs::remove_file(&draft);
        failed(error)
    })
}

/// The same for a person.
pub(super) fn print(ready: &Ready) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Control plane   {}", ready.control_plane_url)?;
    writeln!(out, "Organization    {} ({})", ready.organization_name, ready.organization_id)?;
    if let Some(admin) = &ready.admin {
        writeln!(out, "Admin user      {}", admin.username)?;
        writeln!(out, "Admin password  {}", admin.password.expose())?;
    }
    if let Some(key) = &ready.service_account_key {
        writeln!(out, "API key         {}", key.expose())?;
        writeln!(out, "\nPassword and key are shown only this once.")?;
    }
    writeln!(out, "Stop with Ctrl-C.")?;
    out.flush()
}

//! Why a server does not run, for users.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::folder::Folder;
use crate::engine::EngineError;

/// Exit codes of the program.
const LOCKED: i32 = 75;
const TAKEN: i32 = 76;

/// Says why a server ended.
pub(super) fn ended(status: Option<ExitStatus>, port: u16, folder: &Folder) -> String {
    match status.map(|status| (status.code(), status.signal())) {
        Some((Some(TAKEN), _)) => format!(
            "Another program uses port {port}, which belongs to this workspace, because Terraform state contains it. \
             Stop that program, and activate the workspace."
        ),
        Some((Some(LOCKED), _)) => in_use(folder),
        Some((Some(code), _)) => with_log(&format!("The server ended with exit code {code}"), folder),
        Some((None, Some(signal))) => with_log(&format!("The server was ended by signal {signal}"), folder),
        _ => with_log("The server ended", folder),
    }
}

/// Says that a server runs that is not known.
pub(super) fn in_use(folder: &Folder) -> String {
    format!(
        "Another server runs in {}, and it is not known which process it is. Stop the process that has {} open, and \
         activate the workspace.",
        folder.path().display(),
        folder.lock().display()
    )
}

/// Adds the last line of the log, and where the rest is.
pub(super) fn with_log(what: &str, folder: &Folder) -> String {
    let log = folder.log();
    match folder.last_words() {
        Some(line) => format!("{what}. Its log, {}, says: {}", log.display(), printable::line(&line)),
        None => format!("{what} without a word in its log, {}.", log.display()),
    }
}

/// A database that cannot be copied or put back.
pub(super) fn not_copied(error: &std::io::Error, folder: &Folder) -> EngineError {
    EngineError::failed(format!(
        "The database of the workspace in {} cannot be copied: {error}. An upgrade needs as much free space as the \
         database.",
        folder.path().display()
    ))
}

/// A folder that cannot be written.
pub(super) fn not_written(error: &std::io::Error, folder: &Folder) -> EngineError {
    EngineError::failed(format!("The server cannot be started in {}: {error}.", folder.path().display()))
}

//! `zenml-local backup`.

use super::configuration::Backup;
use super::failure::Failure;
use super::terminal::{Output, print_error};
use super::workspaces::workspaces_with_a_folder;
use crate::backup;
use crate::crypto::MasterKey;
use crate::servers::folder::Folder;
use crate::store::Database;

pub(super) fn run(options: &Backup) -> Result<(), Failure> {
    let Database::File(database) = options.database.resolve()? else {
        return Err("an ephemeral database cannot be backed up".into());
    };
    let file = options.file.display();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let size = runtime.block_on(backup::write(&database, &options.file, options.with_key))?;
    let servers = runtime.block_on(workspaces_with_a_folder(&database))?;
    let mut out = Output::new();
    out.line(format_args!("Backed up {} to {file} ({} KiB).", database.display(), size.div_ceil(1024)))?;
    if options.with_key {
        print_error(&format!(
            "Warning: {file} contains the master key. Anyone who can read the file can read every secret in it. \
             Store it where only you have access."
        ));
    } else {
        out.line(format_args!(
            "It does not contain the master key, which a restore needs. Store a copy of {} in another safe place.",
            MasterKey::beside(&database).display()
        ))?;
    }
    if servers > 0 {
        out.line(format_args!(
            "It does not contain the data of {servers} ZenML servers. Stop the platform, and copy {} with its permissions.",
            Folder::all(&database).display()
        ))?;
    }
    Ok(out.finish()?)
}

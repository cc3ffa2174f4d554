//! `zenml-local restore`.

use super::configuration::Restore;
use super::failure::Failure;
use super::terminal::Output;
use super::workspaces::workspaces_with_a_folder;
use crate::backup;
use crate::servers::folder::Folder;
use crate::store::Database;

pub(super) fn run(options: &Restore) -> Result<(), Failure> {
    let Database::File(database) = options.database.resolve()? else {
        return Err("a backup cannot be restored to an ephemeral database".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let created = runtime.block_on(backup::restore(&options.file, &database, options.key.as_deref()))?;
    let servers = runtime.block_on(workspaces_with_a_folder(&database))?;
    let mut out = Output::new();
    out.line(format_args!("Restored {} to {}.", options.file.display(), database.display()))?;
    out.line(format_args!(
        "It has the state of {created} UTC. Later changes are missing, and API keys revoked since then are valid \
         again."
    ))?;
    if servers > 0 {
        out.line(format_args!(
            "The data of {servers} ZenML servers is not part of a backup. Before you start it, put a copy of their folders, \
             from the same time or later, into {}. A workspace without its folder fails, and one with a newer database \
             fails until you set its version.",
            Folder::all(&database).display()
        ))?;
    }
    out.line(format_args!("Start it with: zenml-local serve --database sqlite:{}", database.display()))?;
    Ok(out.finish()?)
}

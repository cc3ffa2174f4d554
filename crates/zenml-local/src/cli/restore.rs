//! `zenml-local restore`.

use super::configuration::Restore;
use super::failure::Failure;
use super::terminal::Output;
use crate::backup;
use crate::store::Database;

pub(super) fn run(options: &Restore) -> Result<(), Failure> {
    let Database::File(database) = options.database.resolve()? else {
        return Err("an ephemeral database cannot be restored".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let created = runtime.block_on(backup::restore(&options.file, &database, options.key.as_deref()))?;
    let mut out = Output::new();
    out.line(format_args!("Restored {} to {}.", options.file.display(), database.display()))?;
    out.line(format_args!(
        "It is as it was on {created} UTC: what was changed later is not in it, and a key that was revoked later is valid."
    ))?;
    out.line(format_args!("Start it: zenml-local serve --database sqlite:{}", database.display()))?;
    Ok(out.finish()?)
}

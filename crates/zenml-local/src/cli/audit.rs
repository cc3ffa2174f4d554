//! `zenml-local audit`.

use super::configuration::Audit;
use super::failure::Failure;
use super::terminal::Output;
use crate::store::{Database, Store};

pub(super) fn run(options: &Audit) -> Result<(), Failure> {
    let Database::File(path) = options.database.resolve()? else {
        return Err("an ephemeral database has no audit trail to read".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entries = runtime.block_on(async {
        let database = Store::open_to_read(&path).await?;
        let mut sql = database.acquire().await?;
        Ok::<_, Failure>(crate::audit::read(&mut sql, options.since.as_deref()).await?)
    })?;
    let mut out = Output::new();
    for entry in entries {
        if options.json { out.json(&entry) } else { out.line(&entry) }?;
    }
    Ok(out.finish()?)
}

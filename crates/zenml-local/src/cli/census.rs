//! `zenml-local census`.

use super::configuration::Census;
use super::failure::Failure;
use super::terminal::Output;
use crate::store::{Database, Store};

pub(super) fn run(options: &Census) -> Result<(), Failure> {
    let Database::File(path) = options.database.resolve()? else {
        return Err("an ephemeral database cannot be read from outside its process".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let census = runtime.block_on(async {
        let database = Store::open_to_read(&path).await?;
        let mut sql = database.acquire().await?;
        Ok::<_, Failure>(crate::census::take(&mut sql).await?)
    })?;
    let mut out = Output::new();
    if options.json {
        out.json(&census)?;
    } else {
        for (noun, count) in census {
            out.line(format_args!("{count:>8}  {}", noun.replace('_', " ")))?;
        }
    }
    Ok(out.finish()?)
}

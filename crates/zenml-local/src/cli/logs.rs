//! `zenml-local logs`.

use std::io::{BufRead as _, BufReader};

use sqlx::Row as _;
use uuid::Uuid;

use super::configuration::Logs;
use super::failure::Failure;
use super::terminal::Output;
use crate::engine::EngineKind;
use crate::servers::folder::Folder;
use crate::store::{Database, Store};

pub(super) fn run(options: &Logs) -> Result<(), Failure> {
    let Database::File(path) = options.database.resolve()? else {
        return Err("an ephemeral database cannot be read from outside its process".into());
    };
    let wanted = &options.workspace;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(async {
        let database = Store::open_to_read(&path).await?;
        let mut sql = database.acquire().await?;
        let query = "SELECT id, engine, is_managed FROM workspace WHERE name = $1 OR id = lower($1)";
        Ok::<_, Failure>(sqlx::query(query).bind(wanted).fetch_optional(&mut *sql).await?)
    })?;
    let row = found.ok_or_else(|| format!("there is no workspace {wanted:?}"))?;
    if row.try_get::<i64, _>("is_managed")? == 0 {
        return Err(format!("the server of workspace {wanted:?} is not run by this platform").into());
    }
    if EngineKind::parse(row.try_get("engine")?)? == EngineKind::Embedded {
        return Err(format!(
            "workspace {wanted:?} has no log of its own: the platform serves it itself, and logs to its standard error"
        )
        .into());
    }
    let log = Folder::of(&path, Uuid::try_parse(row.try_get("id")?)?).log();
    let file = std::fs::File::open(&log)
        .map_err(|error| format!("workspace {wanted:?} has no log yet: {}: {error}", log.display()))?;
    let mut out = Output::new();
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        out.line(format_args!("{}", String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])))?;
        line.clear();
    }
    Ok(out.finish()?)
}

//! Whether an interpreter has the packages of a server.

use std::path::Path;

use super::command::run;

/// Why an interpreter cannot run a server.
pub(super) enum Unsuitable {
    /// It does not run at all.
    NotRun(std::io::Error),
    /// It does not have ZenML.
    NoZenml,
    /// It does not have a package of the server.
    NoServer(String),
}

/// Asks an interpreter for its version of ZenML. Importing ZenML would take seconds.
pub(super) async fn ask(python: &Path) -> Result<String, Unsuitable> {
    let code = "import importlib.metadata, importlib.util\n\
                print(importlib.metadata.version('zenml'))\n\
                print(*[name for name in ('fastapi', 'uvicorn') if not importlib.util.find_spec(name)])";
    let output = run(python, &["-I", "-c", code], None).await.map_err(Unsuitable::NotRun)?;
    if !output.status.success() {
        return Err(Unsuitable::NoZenml);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines().map(str::trim);
    match (lines.next(), lines.next()) {
        (Some(version), None | Some("")) => Ok(version.to_owned()),
        (Some(_), Some(missing)) => Err(Unsuitable::NoServer(missing.to_owned())),
        (None, _) => Err(Unsuitable::NoZenml),
    }
}

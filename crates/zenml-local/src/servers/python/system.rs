//! The Python of the system, from which environments are created.

use std::path::{Path, PathBuf};

use super::command::run;

/// Python versions that ZenML 0.98 supports, according to its package.
const OLDEST: (u32, u32) = (3, 10);
const NEWEST: (u32, u32) = (3, 14);

/// What is known about an interpreter.
struct Found {
    name: String,
    version: (u32, u32),
    /// Whether it can create environments.
    is_complete: bool,
}

/// Finds an interpreter that ZenML supports and that can create environments.
///
/// # Errors
/// The reason for users, with what to do.
pub(super) async fn python() -> Result<PathBuf, String> {
    let names = (OLDEST.1..=NEWEST.1).rev().map(|minor| format!("python3.{minor}"));
    let mut others = Vec::new();
    for name in std::iter::once("python3".to_owned()).chain(names) {
        match look(name).await {
            Some(found) if found.is_complete && is_supported(found.version) => return Ok(found.name.into()),
            other => others.extend(other),
        }
    }
    Err(missing(&others))
}

fn is_supported(version: (u32, u32)) -> bool {
    (OLDEST..=NEWEST).contains(&version)
}

async fn look(name: String) -> Option<Found> {
    let code = "import sys; print(*sys.version_info[:2], flush=True); import venv, ensurepip";
    let output = run(Path::new(&name), &["-I", "-c", code], None).await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (major, minor) = text.trim().split_once(' ')?;
    let version = (major.parse().ok()?, minor.parse().ok()?);
    Some(Found { name, version, is_complete: output.status.success() })
}

fn missing(others: &[Found]) -> String {
    let supported = format!("Python {}.{} to {}.{}", OLDEST.0, OLDEST.1, NEWEST.0, NEWEST.1);
    let otherwise = "or name an interpreter that has ZenML with --zenml-python";
    if let Some(Found { name, version: (major, minor), .. }) =
        others.iter().find(|other| is_supported(other.version))
    {
        return format!(
            "{name} is Python {major}.{minor} without the modules venv and ensurepip, which create the environment of a \
             ZenML server. Install them, such as the package python{major}.{minor}-venv, {otherwise}."
        );
    }
    match others.first() {
        Some(Found { name, version: (major, minor), .. }) => format!(
            "A ZenML server requires {supported}, but {name} is Python {major}.{minor}. Install another one beside it, \
             {otherwise}."
        ),
        None => format!(
            "There is no {supported}, which a ZenML server requires. Install it, such as the packages python3 and \
             python3-venv, {otherwise}."
        ),
    }
}

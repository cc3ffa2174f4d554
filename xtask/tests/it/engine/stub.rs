//! Python environments with a server that does on request what a real one does only by accident.
//!
//! The interpreter, the environment and pip are real, and so is everything on the side of the platform.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::python;
use super::served::{Platform, Settings};

/// The module `uvicorn` of the stub.
const SERVER: &str = include_str!("stub.py");

/// What the server does. A file next to its module says it, so that a test can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Serves its workspace.
    Serve,
    /// Ends with an error before anything else.
    End,
    /// Reports that it is available, and ends before it listens.
    ReportAndEnd,
    /// Serves its workspace, and ends a moment later.
    ServeAndEnd,
    /// Never listens.
    Hang,
}

/// A platform whose servers are those of stubs.
pub(super) struct Stubbed {
    pub(super) platform: Platform,
    pub(super) cache: TempDir,
}

impl Stubbed {
    /// With environments of these versions. `None` if there is no Python and none is required.
    pub(super) async fn start(versions: &[&str]) -> Option<Self> {
        let base = python()?;
        let cache = tempfile::tempdir().unwrap();
        for version in versions {
            environment(&base, &place(cache.path(), version), version);
        }
        // Shorter than the default, for the server that never starts.
        let settings = Settings::cached(cache.path()).argument("--start-timeout=5");
        Some(Self { platform: Platform::start(settings).await, cache })
    }

    /// Says what the servers of a version do from now on.
    pub(super) fn act(&self, version: &str, what: Act) {
        act(&place(self.cache.path(), version), what);
    }

    /// The folder of the workspace.
    pub(super) async fn folder(&self) -> PathBuf {
        self.platform.workspace("alpha").await
    }
}

/// Creates an environment without packages.
pub(super) fn bare(base: &Path, directory: &Path) {
    let made = Command::new(base).args(["-m", "venv", "--without-pip"]).arg(directory).status().unwrap();
    assert!(made.success());
}

/// Creates an environment with a version of the stub.
pub(super) fn environment(base: &Path, directory: &Path, version: &str) {
    bare(base, directory);
    install(directory, version);
}

/// Puts a version of the stub into an environment.
pub(super) fn install(directory: &Path, version: &str) {
    for (name, text) in files(version) {
        let path = packages(directory).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::write(directory.join("complete"), version).unwrap();
    act(directory, Act::Serve);
}

/// Says what the servers of an environment do from now on.
pub(super) fn act(directory: &Path, act: Act) {
    fs::write(packages(directory).join("act"), format!("{act:?}")).unwrap();
}

/// The folder of packages.
pub(super) fn packages(directory: &Path) -> PathBuf {
    let [version] = &*fs::read_dir(directory.join("lib")).unwrap().collect::<Vec<_>>() else {
        panic!("one version")
    };
    version.as_ref().unwrap().path().join("site-packages")
}

/// Where the platform looks for an environment of a version, below a folder of caches.
pub(super) fn place(cache: &Path, version: &str) -> PathBuf {
    cache.join("zenml-local").join(format!("zenml-{version}"))
}

/// The files of the package.
fn files(version: &str) -> Vec<(String, String)> {
    let info = format!("zenml-{version}.dist-info");
    let metadata = format!(
        "Metadata-Version: 2.1\nName: zenml\nVersion: {version}\nProvides-Extra: server\n\
         Provides-Extra: connectors-aws\nProvides-Extra: connectors-kubernetes\n"
    );
    let wheel = "Wheel-Version: 1.0\nGenerator: it\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let names = ["METADATA", "WHEEL", "RECORD"].map(|name| format!("{info}/{name},,\n")).concat();
    let record = format!("uvicorn.py,,\nfastapi.py,,\n{names}");
    [
        (format!("{info}/METADATA"), metadata.as_str()),
        (format!("{info}/WHEEL"), wheel),
        (format!("{info}/RECORD"), record.as_str()),
        ("uvicorn.py".to_owned(), SERVER),
        ("fastapi.py".to_owned(), ""),
    ]
    .into_iter()
    .map(|(name, text)| (name, text.to_owned()))
    .collect()
}

/// Writes a package of the stub that pip can install.
pub(super) fn wheel(base: &Path, folder: &Path, version: &str) {
    let files: serde_json::Map<_, _> =
        files(version).into_iter().map(|(name, text)| (name, serde_json::Value::String(text))).collect();
    let program = "import json, sys, zipfile\n\
                   with zipfile.ZipFile(sys.argv[1], 'w') as wheel:\n    \
                   for name, text in json.loads(sys.argv[2]).items():\n        wheel.writestr(name, text)\n";
    fs::create_dir_all(folder).unwrap();
    let written = Command::new(base)
        .args(["-c", program])
        .arg(folder.join(format!("zenml-{version}-py3-none-any.whl")))
        .arg(serde_json::Value::Object(files).to_string())
        .status()
        .unwrap();
    assert!(written.success());
}

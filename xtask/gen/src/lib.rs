//! Generated code that is committed, so that a build does not require the generator.
//!
//! Generates Rust code from the protobuf definitions of the plugin protocol: the server half in `tfkit-serve`, the
//! client half in its tests, which act as a host.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use xtask::committed::{self, Stale};
use xtask::{Failure, root};

/// Options of `xtask gen`.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Change nothing; fail if a committed file differs from its source
    #[arg(long)]
    pub check: bool,
}

/// Folder of the protocol definitions.
const PROTO: &str = "crates/tfkit-serve/proto";
/// The protocol definitions, each in its own package.
const DEFINITIONS: [&str; 3] = ["tfplugin6.proto", "plugin.proto", "health.proto"];

/// The half of each service to generate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Server,
    Client,
}

/// Folders of generated code, written only by this command.
const TARGETS: [(Half, &str); 2] =
    [(Half::Server, "crates/tfkit-serve/src/wire/gen"), (Half::Client, "crates/tfkit-serve/tests/it/gen")];

/// Writes all generated code, or only checks it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    committed::settle(stale()?, arguments.check, "generated code differs from its source", "cargo xtask gen")
}

/// Generates everything in a temporary folder and compares it with the committed files.
pub fn stale() -> Result<Vec<Stale>, Failure> {
    let mut stale = Vec::new();
    for (half, folder) in TARGETS {
        stale.extend(committed::compare(Path::new(folder), &generate(half)?, &read(&root().join(folder))?));
    }
    Ok(stale)
}

/// Generates one half. Returns file names and contents.
fn generate(half: Half) -> Result<BTreeMap<String, String>, Failure> {
    let proto = root().join(PROTO);
    let definitions = protox::compile(DEFINITIONS, [&proto])
        .map_err(|error| Failure::new(format!("the protocol definitions do not compile: {error}")))?;
    let scratch = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("cannot create a temporary folder: {error}")))?;
    tonic_prost_build::configure()
        .build_server(half == Half::Server)
        .build_client(half == Half::Client)
        .build_transport(false)
        // RPCs that a provider does not serve return UNIMPLEMENTED without any code.
        .generate_default_stubs(true)
        // Identical responses must have identical bytes.
        .btree_map(".")
        .emit_rerun_if_changed(false)
        .out_dir(scratch.path())
        .compile_fds(definitions)
        .map_err(|error| Failure::new(format!("cannot generate code: {error}")))?;
    read(scratch.path())
}

/// Returns names and contents of the files in a folder; empty if it does not exist.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let failure = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name != "mod.rs" {
            files.insert(name.to_owned(), fs::read_to_string(&path).map_err(failure)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    #[test]
    fn committed_code_matches_the_definitions() {
        let stale = super::stale().unwrap();
        let names: Vec<_> = stale.iter().map(|file| file.path.display().to_string()).collect();
        assert!(names.is_empty(), "run `cargo xtask gen` and commit {names:?}");
    }
}

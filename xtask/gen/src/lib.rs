//! Generated code that is committed, so that a build needs no generator.
//!
//! The protobuf definitions of the plugin protocol become Rust: the server half inside `tfkit-serve`, the client
//! half beside its tests, which speak to it as a host would.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use xtask::committed::{self, Stale};
use xtask::{Failure, root};

/// Options of `xtask gen`.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// Change nothing; fail when a committed file differs from what its source says
    #[arg(long)]
    pub check: bool,
}

/// Where the protocol definitions are.
const PROTO: &str = "crates/tfkit-serve/proto";
/// The protocol definitions, each a package of its own.
const DEFINITIONS: [&str; 3] = ["tfplugin6.proto", "plugin.proto", "health.proto"];

/// Which half of each service is generated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Server,
    Client,
}

/// Folders of generated code, each written by this command alone.
const TARGETS: [(Half, &str); 2] =
    [(Half::Server, "crates/tfkit-serve/src/wire/gen"), (Half::Client, "crates/tfkit-serve/tests/it/gen")];

/// Writes all generated code, or only compares it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    committed::settle(stale()?, arguments.check, "generated code differs from its source", "cargo xtask gen")
}

/// Generates everything in a folder of its own and compares it with what is committed.
pub fn stale() -> Result<Vec<Stale>, Failure> {
    let mut stale = Vec::new();
    for (half, folder) in TARGETS {
        stale.extend(committed::compare(Path::new(folder), &generate(half)?, &read(&root().join(folder))?));
    }
    Ok(stale)
}

/// File names and contents of one half.
fn generate(half: Half) -> Result<BTreeMap<String, String>, Failure> {
    let proto = root().join(PROTO);
    let definitions = protox::compile(DEFINITIONS, [&proto])
        .map_err(|error| Failure::new(format!("the protocol definitions do not compile: {error}")))?;
    let scratch = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    tonic_prost_build::configure()
        .build_server(half == Half::Server)
        .build_client(half == Half::Client)
        .build_transport(false)
        // What a provider does not serve answers UNIMPLEMENTED without a line of code.
        .generate_default_stubs(true)
        // Answers are the same bytes every time.
        .btree_map(".")
        .emit_rerun_if_changed(false)
        .out_dir(scratch.path())
        .compile_fds(definitions)
        .map_err(|error| Failure::new(format!("cannot generate code: {error}")))?;
    read(scratch.path())
}

/// Names and contents of the files of a folder; empty when there is none.
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
    fn committed_code_is_what_the_definitions_say() {
        let stale = super::stale().unwrap();
        let names: Vec<_> = stale.iter().map(|file| file.path.display().to_string()).collect();
        assert!(names.is_empty(), "run `cargo xtask gen` and commit {names:?}");
    }
}

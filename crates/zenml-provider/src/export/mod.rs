//! `terraform-provider-zenml export`: writes the configuration and the import blocks of existing objects.
//!
//! It is built on the list resources and on generated configurations, so a new type is exported without code here.

mod arguments;
mod collect;
mod console;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use tfkit::export::{Source, files};
use tfkit::{Diag, Engine};

use self::arguments::{Arguments, HELP};
use self::collect::{Collector, Wish};
use self::console::Console;
use crate::{Environment, Zenml};

/// The first argument that selects this command.
pub const COMMAND: &str = "export";

/// Its usage and its meaning, for the help of the program.
pub const USAGE: (&str, &str) = ("export --out DIR", "write the configuration of what exists");

/// Runs the command with the arguments after its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let console = Console;
    let arguments = match Arguments::parse(arguments) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            console.help(HELP);
            return ExitCode::SUCCESS;
        }
        Err(diag) => {
            console.diagnostic(&diag);
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.diagnostic(&Diag::error("Cannot start the export").why(error.to_string()));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(export(&arguments, environment, console)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(diag) => {
            console.diagnostic(&diag);
            ExitCode::FAILURE
        }
    }
}

async fn export(arguments: &Arguments, environment: Environment, console: Console) -> Result<(), Diag> {
    // Before anything is read, which may take minutes.
    write::check(&arguments.out)?;
    let has_control_plane = collect::has_control_plane(&environment)?;
    let engine = Engine::new(Zenml::new(environment));
    let wish = Wish::new(&engine, arguments.workspace.as_deref(), &arguments.types, has_control_plane)?;
    let items = Collector::new(&engine, console).collect(&wish).await?;
    if items.is_empty() {
        return Err(Diag::error("There is nothing to export")
            .why("The credential can read no object of the selected types.")
            .fix("Check --workspace and --type, or use a credential that can read the objects."));
    }
    let count = items.len();
    let source = Source {
        address: "zenml-io/zenml",
        version: concat!("~> ", env!("CARGO_PKG_VERSION")),
        comment: "Addresses and credentials come from environment variables.",
    };
    let files = files(&engine, source, items);
    write::write(&arguments.out, &files)?;
    let place = arguments.out.display();
    console.say(&format!("Wrote {count} objects to {} files in {place}", files.len()));
    console.say(
        "Next, in this directory: terraform init, and terraform plan, which imports them without a change",
    );
    Ok(())
}

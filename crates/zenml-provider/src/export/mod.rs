//! `terraform-provider-zenml export`: writes the configuration and the import blocks of existing objects.
//!
//! It is built on the list resources and on generated configurations, so a new type is exported without code here.

mod collect;
mod console;
mod write;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tfkit::export::{Source, files};
use tfkit::{Diag, Engine};

use self::collect::{Collector, Wish};
use self::console::Console;
use crate::{Environment, Zenml};

/// The first argument that selects this command.
pub const COMMAND: &str = "export";

/// Its usage and its meaning, for the help of the program.
pub const USAGE: (&str, &str) = ("export --out DIR", "write the configuration of what exists");

/// Write the Terraform configuration of an existing organization, workspace or ZenML server.
///
/// The files contain a resource and an import block for each object that the credential can read. References between
/// objects replace ids, and sensitive values are variables: no file contains a secret. A plan of the files imports
/// everything and changes nothing.
///
/// The address and the credential come from the same environment variables as those of the provider, such as
/// ZENML_CONTROL_PLANE_URL and ZENML_SERVICE_ACCOUNT_KEY, or ZENML_SERVER_URL and ZENML_API_KEY.
#[derive(Debug, Parser)]
#[command(bin_name = "terraform-provider-zenml export", version)]
struct Arguments {
    /// Directory for the files. It is created; existing files are never overwritten
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Export only this workspace and what is in it, by name or ID
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Export only objects of this type, such as `zenml_stack`; can be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
}

/// Runs the command with its arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: Environment) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed terminal cannot show the message.
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let console = Console;
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

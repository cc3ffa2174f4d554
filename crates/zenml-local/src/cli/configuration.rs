//! Arguments and environment variables of the command line; the only place that reads the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::assumption::Assumption;
use crate::store::{Database, StoreError};

/// A self-contained ZenML Pro on one machine: control plane and workspaces.
#[derive(Debug, Parser)]
#[command(name = "zenml-local", version, about, max_term_width = 100)]
pub(super) struct Arguments {
    /// Log more: -v for decisions, -vv for details of every request. Logs go to stderr.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Start a control plane and its workspaces. SIGTERM or SIGINT stops them.
    Serve(Serve),
    /// Show the audit trail: one line for each change, including rejected ones.
    Audit(Audit),
    /// Print the log of a workspace's ZenML server, even while `serve` is running.
    Logs(Logs),
    /// Count all objects: accounts, teams, role assignments, shares, stacks and so on.
    Census(Census),
    /// Write the whole state to one file, even while `serve` is running.
    Backup(Backup),
    /// Create a database from a backup.
    Restore(Restore),
    /// Invite somebody to an organization, even while `serve` is running. No e-mail is sent.
    Invite(Invite),
    /// Accept the pending invitations of a person, even while `serve` is running. A person without an account gets
    /// one, with a password that is shown once.
    Accept(Accept),
}

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on. Port 0 selects the port stored in the database, or any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddr,
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Keep the state only until the process ends.
    #[arg(long, conflicts_with = "database")]
    pub(super) ephemeral: bool,
    /// Write the addresses and credentials that scripts need as JSON to this file (mode 0600) once the platform
    /// accepts connections. Without this option, they are printed.
    #[arg(long, value_name = "FILE")]
    pub(super) ready_file: Option<PathBuf>,
    /// Name of the organization to create on the first start of a database.
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub(super) organization: String,
    /// What runs new workspaces. Each workspace keeps its engine.
    #[arg(long, value_enum, default_value_t = Engine::Embedded)]
    pub(super) engine: Engine,
    /// Python interpreter that has ZenML, for workspaces of the engine zenml. By default, each version is installed
    /// with pip on first use, into an environment in the user's cache.
    #[arg(long, value_name = "PATH")]
    pub(super) zenml_python: Option<PathBuf>,
    /// Seconds that a ZenML server may take to start. It needs 5 to 10, and a minute on a slow machine.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) start_timeout: u32,
    /// Leave the ZenML servers of workspaces running when the platform stops. The next start adopts them.
    #[arg(long, conflicts_with = "ephemeral")]
    pub(super) keep_servers: bool,
    /// Hours for which an invitation can be accepted.
    #[arg(long, value_name = "HOURS", default_value_t = 336)]
    pub(super) invitation_hours: u32,
    /// Most people in an organization, including pending invitations; more are rejected with status 402, as by a
    /// subscription. Without this option, there is no limit.
    #[arg(long, value_name = "NUMBER")]
    pub(super) member_limit: Option<u32>,
    /// Most workspaces in an organization. Without this option, there is no limit.
    #[arg(long, value_name = "NUMBER")]
    pub(super) workspace_limit: Option<u32>,
    /// Most projects in all workspaces of an organization. Without this option, there is no limit.
    #[arg(long, value_name = "NUMBER")]
    pub(super) project_limit: Option<u32>,
    /// Assume something about ZenML Pro that no public source describes, instead of the default. Can be repeated.
    #[arg(long, value_enum, value_name = "ASSUMPTION")]
    pub(super) assume: Vec<Assumption>,
    /// Inject the faults described in this JSON file. For tests only.
    #[arg(long, value_name = "FILE")]
    pub(super) faults: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Show only changes since this time, in UTC, such as 2026-11-24 or 2026-11-24T10:00:00.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Print one JSON object per line.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Logs {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Name or ID of the workspace.
    #[arg(value_name = "WORKSPACE")]
    pub(super) workspace: String,
}

#[derive(Debug, Args)]
pub(super) struct Census {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// One JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Include the master key in the backup. Without it, a restore needs the key file, and nobody can read the
    /// secrets in the backup.
    #[arg(long)]
    pub(super) with_key: bool,
    /// File to create, with mode 0600. It must not exist.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// File with the master key, for a backup that does not contain it. It is copied to its place next to the
    /// database. Not needed if the key is already there.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Backup to restore. The database must not exist.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Invite {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Name of the organization. [default: the first organization]
    #[arg(long, value_name = "NAME")]
    pub(super) organization: Option<String>,
    /// Name of the organization-level role that the person gets.
    #[arg(long, value_name = "NAME", default_value = "Organization Member")]
    pub(super) role: String,
    /// Hours for which the invitation can be accepted.
    #[arg(long, value_name = "HOURS", default_value_t = 336)]
    pub(super) hours: u32,
    /// E-mail address of the person.
    #[arg(value_name = "EMAIL")]
    pub(super) email: String,
}

#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    pub(super) database: DatabaseOption,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
    /// E-mail address of the invited person.
    #[arg(value_name = "EMAIL")]
    pub(super) email: String,
}

#[derive(Debug, Args)]
pub(super) struct DatabaseOption {
    /// Database to use. The master key and the lock file are next to it. [default: sqlite:zenml-local/platform.db in
    /// the user's data directory]
    #[arg(long, value_name = "sqlite:FILE", env = "ZENML_LOCAL_DATABASE")]
    database: Option<String>,
}

impl DatabaseOption {
    /// Returns the selected database.
    pub(super) fn resolve(&self) -> Result<Database, StoreError> {
        self.database.as_deref().map_or_else(|| Ok(Database::File(default_database())), Database::parse)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// The platform serves the workspaces itself.
    Embedded,
    /// Each workspace is a real ZenML server, which the platform starts and watches. Requires Python.
    Zenml,
}

/// `$XDG_DATA_HOME/zenml-local/platform.db`, with the fallbacks of the XDG specification.
fn default_database() -> PathBuf {
    user_folder("XDG_DATA_HOME", ".local/share").join("platform.db")
}

/// The folder of the Python environments, `$XDG_CACHE_HOME/zenml-local`.
pub(super) fn cache() -> PathBuf {
    user_folder("XDG_CACHE_HOME", ".cache")
}

#[expect(clippy::disallowed_methods, reason = "this module reads the environment")]
fn user_folder(variable: &str, in_home: &str) -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(in_home)))
        .unwrap_or_default()
        .join("zenml-local")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_database_address_is_a_file_and_never_a_server() {
        let file = |text: &str| Database::parse(text).unwrap();
        assert_eq!(file("sqlite:a.db"), Database::File("a.db".into()));
        assert_eq!(file("sqlite:///var/a.db"), Database::File("/var/a.db".into()));
        assert_eq!(file("a.db"), Database::File("a.db".into()));
        assert!(matches!(Database::parse("postgres://h/d"), Err(StoreError::Postgres)));
        assert!(matches!(Database::parse("mysql://h/d"), Err(StoreError::Address { .. })));
        assert!(matches!(Database::parse("sqlite:"), Err(StoreError::Address { .. })));
    }
}

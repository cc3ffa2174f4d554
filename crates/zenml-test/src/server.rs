//! A running server, and the one that tests share.

use std::sync::OnceLock;

use crate::process::{Folder, Mode, Process, StartError};
use crate::template::{self, Credentials};
use crate::{Environment, NoServer, Packages, Search};

/// A running ZenML server with an empty database: the default user, project and stack, and the account of the tests.
///
/// Ends when it is dropped, and with the process that started it.
#[derive(Debug)]
pub struct RealServer {
    process: Process,
    credentials: Credentials,
}

impl RealServer {
    /// Starts a server. Blocks until it answers, some seconds; the first start of all makes the database that the
    /// others copy.
    pub fn start(environment: &Environment, packages: Packages) -> Result<Self, StartError> {
        let (database, credentials) = template::of(environment)?;
        let folder = Folder::new()?;
        std::fs::copy(database, folder.database()).map_err(StartError::io("copy the database"))?;
        let (process, _) =
            Process::start(environment, Mode::Serve, packages, folder, credentials.signing_key())?;
        Ok(Self { process, credentials })
    }

    /// The plain server that the tests of this binary share. The first call starts it and blocks as
    /// [`start`](Self::start) does.
    ///
    /// A start that failed fails for all: it is not tried again.
    pub fn shared() -> Result<&'static Self, NoServer> {
        static SHARED: Shared = Shared::new();
        Self::of(&SHARED, Packages::Plain)
    }

    /// The server with [`Packages::Clouds`] that the tests of this binary share.
    pub fn shared_with_clouds() -> Result<&'static Self, NoServer> {
        static SHARED: Shared = Shared::new();
        Self::of(&SHARED, Packages::Clouds)
    }

    fn of(shared: &'static Shared, packages: Packages) -> Result<&'static Self, NoServer> {
        let start = || {
            let environment = Search::from_environment().environment_with(packages)?;
            Self::start(&environment, packages)
                .map_err(|error| NoServer::Failed(printable::Chain(&error).to_string()))
        };
        shared.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// Its address, without a path: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.process.url()
    }

    /// The API key (`ZENKEY_…`) of a service account, which may do everything on a plain server.
    pub fn key(&self) -> &str {
        &self.credentials.key
    }

    /// A token of the user `default`, whose password is empty. Does not expire.
    pub fn token(&self) -> &str {
        &self.credentials.token
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.process.folder.log()
    }
}

type Shared = OnceLock<Result<RealServer, NoServer>>;

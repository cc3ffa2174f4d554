//! A running server, and the one that tests share.

use std::sync::OnceLock;

use crate::process::{Folder, Mode, Process, StartError};
use crate::template::{self, Credentials};
use crate::{Environment, NoServer, Search};

/// A running ZenML server with an empty database: the default user, project and stack, and the account of the tests.
///
/// Ends when it is dropped, and with the process that started it.
#[derive(Debug)]
pub struct RealServer {
    process: Process,
    credentials: Credentials,
}

impl RealServer {
    /// Starts a server. Blocks until it is ready, for a few seconds; the very first start creates the database that
    /// others copy.
    pub fn start(environment: &Environment) -> Result<Self, StartError> {
        let (database, credentials) = template::of(environment)?;
        let folder = Folder::new()?;
        std::fs::copy(database, folder.database()).map_err(StartError::io("copy the database"))?;
        let (process, _) = Process::start(environment, Mode::Serve, folder, credentials.signing_key())?;
        Ok(Self { process, credentials })
    }

    /// Returns the server shared by the tests of this binary. The first call starts it and blocks like
    /// [`start`](Self::start).
    ///
    /// A failed start fails for all tests: it is not retried.
    pub fn shared() -> Result<&'static Self, NoServer> {
        static SHARED: OnceLock<Result<RealServer, NoServer>> = OnceLock::new();
        let start = || {
            let environment = Search::from_environment().environment()?;
            Self::start(&environment).map_err(|error| NoServer::Failed(printable::Chain(&error).to_string()))
        };
        SHARED.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// Returns its address, without a path: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        self.process.url()
    }

    /// Returns the API key (`ZENKEY_…`) of a service account, which has full access on a plain server.
    pub fn key(&self) -> &str {
        &self.credentials.key
    }

    /// Returns its log so far.
    pub fn log(&self) -> String {
        self.process.folder.log()
    }
}

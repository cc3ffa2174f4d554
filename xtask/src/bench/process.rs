//! A provider process, started like a host does, but without TLS.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tfkit::Engine;
use zenml_provider::{Environment, Zenml};

use super::memory::peak_of;
use super::rpc::Connection;
use super::rpc::messages::{self, Value};
use crate::demo::platform::Ready;
use crate::{Failure, environment};

/// The magic cookie of the plugin protocol, which shows that a host started the provider.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The unit of times in `/proc`: Linux reports hundredths of a second on every architecture.
const TICK: Duration = Duration::from_millis(10);

/// Bytes of a response that the provider may send ahead: the default of HTTP/2, with which hosts begin.
const WINDOW: u32 = (1 << 16) - 1;

/// A provider process, which is killed when this value is dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Starts the provider.
    pub(super) fn start(provider: &Path) -> Result<Self, Failure> {
        Command::new(provider)
            .env_clear()
            .envs(environment::inherited())
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
            .map_err(|error| Failure::new(format!("cannot start {}: {error}", provider.display())))
    }

    /// Starts the provider, connects to it, and configures it for a platform.
    pub(super) async fn configured(provider: &Path, platform: &Ready) -> Result<(Self, Connection), Failure> {
        let mut process = Self::start(provider)?;
        let connection = Connection::open(&process.socket()?, WINDOW).await?;
        let config = [
            ("control_plane_url", platform.control_plane_url.as_str()),
            ("service_account_key", &platform.service_account_key),
        ];
        let config = Value::strings(engine().provider_schema(), &config)?;
        let request = messages::Configure { config: Some(config) };
        let response: messages::Configured = connection.call("ConfigureProvider", &request).await?;
        messages::succeed(&response.diagnostics)?;
        Ok((process, connection))
    }

    /// Returns the path of the socket in the handshake line.
    pub(super) fn socket(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if let Some(stdout) = self.0.stdout.as_mut() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(|error| Failure::new(format!("cannot read the handshake: {error}")))?;
        }
        match line.trim_end().split('|').collect::<Vec<_>>().as_slice() {
            ["1", "6", "unix", socket, "grpc", ..] => Ok((*socket).to_owned()),
            _ => Err(Failure::new(format!("the provider's first line is not a handshake: {line:?}"))),
        }
    }

    /// Returns its highest resident size so far, in bytes; `None` on systems without `/proc`.
    pub(super) fn peak(&self) -> Option<u64> {
        peak_of(&self.folder())
    }

    /// Returns the time that all its threads have computed so far; `None` on systems without `/proc`.
    pub(super) fn computed(&self) -> Option<Duration> {
        computed_in(&fs::read_to_string(self.folder().join("stat")).ok()?)
    }

    /// Returns its folder in `/proc`.
    fn folder(&self) -> PathBuf {
        Path::new("/proc").join(self.0.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the same provider in this process, which knows its schemas.
pub(super) fn engine() -> Engine {
    Engine::new(Zenml::new(Environment::default()))
}

/// Reads the user and system time from `/proc/PID/stat`, whose second field is a name in parentheses.
fn computed_in(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computing_time_is_that_of_user_and_system() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 31 0 0 20 0 4 0 1 2 3";
        assert_eq!(computed_in(stat), Some(Duration::from_millis(2810)));
        assert_eq!(computed_in("7 (a) S 1"), None);
    }
}

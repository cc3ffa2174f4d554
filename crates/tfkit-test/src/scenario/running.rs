//! Running commands of the host, which can be interrupted.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

use super::Scenario;
use super::command::{self, Failed, Output};

/// Time limit of a command and of its effects; anything that takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// Polling interval.
const LOOK: Duration = Duration::from_millis(5);

/// A running command of the host. Like a command in a terminal, it has its own process group, which includes the
/// provider.
///
/// Dropping it kills the host. A provider ends by itself after its host.
#[derive(Debug)]
pub struct Running<'a> {
    scenario: &'a Scenario,
    line: String,
    child: Child,
    /// Files, because a full pipe would block the command.
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Scenario {
    /// Starts a command of the host without waiting for its end.
    pub fn start(&self, arguments: &[&str]) -> Result<Running<'_>, Failed> {
        let line = arguments.join(" ");
        let failed = |error: io::Error| Failed::io(&line, &error);
        let number = self.number();
        let file = |stream: &str| self.directory.path().join("printed").join(format!("{number}.{stream}"));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        let environment = self.environment_of_command();
        let mut command = command::command(self.host.binary(), &self.work(), &environment, arguments);
        command.stdout(File::create(&stdout).map_err(failed)?).stderr(File::create(&stderr).map_err(failed)?);
        let child = command.process_group(0).spawn().map_err(failed)?;
        Ok(Running { scenario: self, line, child, stdout, stderr })
    }
}

impl Running<'_> {
    /// Returns its output so far.
    pub fn printed(&self) -> io::Result<Output> {
        let read = |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Output { stdout: read(&self.stdout)?, stderr: read(&self.stderr)? })
    }

    /// Waits for an effect of the command. Fails if the command ends before it.
    pub async fn until(&mut self, mut is_there: impl AsyncFnMut() -> bool) -> Result<(), Failed> {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|error| Failed::io(&self.line, &error))?;
            // Checked after that: effects at its end count.
            if is_there().await {
                return Ok(());
            }
            let problem = match ended {
                Some(status) => format!("ended before its expected effect: {status}"),
                None if started.elapsed() > TIME_LIMIT => {
                    format!("did not have its expected effect within {TIME_LIMIT:?}")
                }
                None => {
                    tokio::time::sleep(LOOK).await;
                    continue;
                }
            };
            return Err(Failed::new(&self.line, problem, self.printed().unwrap_or_default()));
        }
    }

    /// Waits until it has printed these words, wherever the host broke the lines.
    pub async fn until_it_says(&mut self, words: &str) -> Result<(), Failed> {
        let (stdout, stderr) = (self.stdout.clone(), self.stderr.clone());
        self.until(async || {
            let read = |path| std::fs::read_to_string(path).unwrap_or_default();
            Output { stdout: read(&stdout), stderr: read(&stderr) }.says(words)
        })
        .await
    }

    /// Interrupts it once, as Ctrl-C in a terminal does: host and provider both get the signal.
    pub fn interrupt(&self) -> io::Result<()> {
        Ok(kill_process_group(self.process()?, Signal::INT)?)
    }

    /// Kills host and provider without notice.
    pub fn kill(&self) -> io::Result<()> {
        Ok(kill_process_group(self.process()?, Signal::KILL)?)
    }

    /// Kills the provider without notice; the host continues. The provider is found among the children of this host,
    /// because others may run at the same time. A host starts only providers and the commands of its configuration.
    #[cfg(target_os = "linux")]
    pub fn kill_provider(&self) -> io::Result<()> {
        let providers = children(self.process()?)?;
        if providers.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no provider"));
        }
        for provider in providers {
            rustix::process::kill_process(provider, Signal::KILL)?;
        }
        Ok(())
    }

    /// Waits for its end.
    pub async fn wait(mut self) -> Result<Output, Failed> {
        let failed = |error: io::Error| Failed::io(&self.line, &error);
        let result = match tokio::time::timeout(TIME_LIMIT, self.child.wait()).await {
            Ok(status) => {
                command::judged(&self.line, status.map_err(failed)?, self.printed().map_err(failed)?)
            }
            Err(_) => Err(Failed::endless(&self.line, TIME_LIMIT)),
        };
        self.scenario.write_down(&self.line, &result);
        result
    }

    /// Returns its process id, which is also the id of its group. Fails once it has ended: another process may have
    /// the same id.
    fn process(&self) -> io::Result<Pid> {
        let number = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        number.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the command has ended"))
    }
}

/// Returns the running child processes of a process.
#[cfg(target_os = "linux")]
fn children(parent: Pid) -> io::Result<Vec<Pid>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        // A process that has ended no longer has a file.
        let Ok(line) = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())) else {
            continue;
        };
        // The name of the program is in parentheses before the state, and may itself contain parentheses.
        let mut columns = line.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, of) = (columns.next(), columns.next());
        if of == Some(parent.as_raw_pid().to_string().as_str()) && state != Some("Z") {
            children.push(process);
        }
    }
    Ok(children)
}

//! A command of the host that runs and can be cut off.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

use super::Scenario;
use super::command::{self, Failed, Output};

/// A command that takes longer hangs, and what it has not brought about by then does not come.
const TIME_LIMIT: Duration = Duration::from_mins(2);

/// How often it is looked whether something is there.
const LOOK: Duration = Duration::from_millis(5);

/// A command of the host that was started and not waited for. It has a process group of its own, as a command has that a
/// person starts in a terminal, and the provider is in it, too.
///
/// Dropping it kills the host. A provider ends by itself when its host is gone.
#[derive(Debug)]
pub struct Running<'a> {
    scenario: &'a Scenario,
    line: String,
    child: Child,
    /// Files, because a pipe that nobody empties would stop the command.
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Scenario {
    /// Starts a command of the host and does not wait for its end, to cut it off.
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
    /// What it printed so far.
    pub fn printed(&self) -> io::Result<Output> {
        let read = |path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(Output { stdout: read(&self.stdout)?, stderr: read(&self.stderr)? })
    }

    /// Waits until something is there that the command brings about. Fails where the command ends before.
    pub async fn until(&mut self, mut is_there: impl AsyncFnMut() -> bool) -> Result<(), Failed> {
        let started = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|error| Failed::io(&self.line, &error))?;
            // Looked at after that: what it brought about at its end counts.
            if is_there().await {
                return Ok(());
            }
            let problem = match ended {
                Some(status) => format!("ended before it brought about what was waited for: {status}"),
                None if started.elapsed() > TIME_LIMIT => {
                    format!("did not bring about what was waited for within {TIME_LIMIT:?}")
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

    /// Kills host and provider, which learn nothing of it.
    pub fn kill(&self) -> io::Result<()> {
        Ok(kill_process_group(self.process()?, Signal::KILL)?)
    }

    /// Kills the provider, which learns nothing of it; the host goes on. Found among the children of this host, because
    /// others may run at the same time: a host starts providers and what a configuration asks it to run, and nothing else.
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

    /// Its number, which is the number of its group. None once it was seen to have ended: another process may have it.
    fn process(&self) -> io::Result<Pid> {
        let number = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        number.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the command has ended"))
    }
}

/// The processes that a process has started and that have not ended.
#[cfg(target_os = "linux")]
fn children(parent: Pid) -> io::Result<Vec<Pid>> {
    let mut children = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        // One that ends meanwhile has no file any more.
        let Ok(line) = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())) else {
            continue;
        };
        // The name of the program stands in parentheses before the state, and may hold some itself.
        let mut columns = line.rsplit(')').next().unwrap_or_default().split_whitespace();
        let (state, of) = (columns.next(), columns.next());
        if of == Some(parent.as_raw_pid().to_string().as_str()) && state != Some("Z") {
            children.push(process);
        }
    }
    Ok(children)
}

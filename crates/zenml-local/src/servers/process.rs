//! The process of a server: starting it, finding it again after a crash of the platform, and ending it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::folder::Folder;

/// How often a process is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(200);
/// How long a server may take to end after SIGTERM. It needs about a second.
const ENDING: Duration = Duration::from_secs(10);

/// A process as its record describes it. Process ids are reused, so the start time belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    pid: i32,
    started: String,
}

/// A running or ended server.
#[derive(Debug)]
pub(super) struct Process {
    record: Record,
    /// `None` if an earlier run of the platform started it.
    child: Option<Child>,
}

impl Process {
    /// Starts the program of a folder. With `ends_with_us`, it also ends if the platform is killed.
    pub(super) fn start(
        python: &Path,
        folder: &Folder,
        port: u16,
        variables: &[(&str, String)],
        ends_with_us: bool,
    ) -> io::Result<Self> {
        let log = folder.open_log()?;
        let mut command = Command::new(python);
        command.arg(folder.program()).arg(folder.path()).arg(port.to_string());
        if ends_with_us {
            command.arg("until-input-ends").stdin(Stdio::piped());
        } else {
            command.stdin(Stdio::null());
        }
        // The user's settings are not passed on: neither those of ZenML nor proxies.
        command
            .current_dir(folder.path())
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)));
        // A group of its own: an interrupt of the terminal is for the platform, which then ends its servers.
        command.stdout(log.try_clone()?).stderr(log).process_group(0);
        let child = command.spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Self { record: Record { pid, started: started(pid).unwrap_or_default() }, child: Some(child) })
    }

    /// Finds the process that an earlier run of the platform started, if it still runs.
    pub(super) fn find(folder: &Folder) -> Option<Self> {
        let record: Record = serde_json::from_slice(&std::fs::read(folder.record()).ok()?).ok()?;
        let mut found = Self { record, child: None };
        found.is_running().then_some(found)
    }

    /// Returns whether it runs.
    pub(super) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => started(self.record.pid).is_some_and(|started| started == self.record.started),
        }
    }

    /// Returns how a process ended that this platform started.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok()?
    }

    /// Ends it, at first by asking.
    pub(super) async fn end(&mut self) {
        for (signal, patience) in [(Signal::TERM, ENDING), (Signal::KILL, ENDING)] {
            self.signal(signal);
            let deadline = Instant::now() + patience;
            while self.is_running() {
                if Instant::now() >= deadline {
                    break;
                }
                tokio::time::sleep(LOOK / 4).await;
            }
        }
    }

    /// Sends a signal, if the process runs. The process id cannot have been reused: a child keeps its id until it is
    /// waited for, and of others the start time was compared just before.
    fn signal(&mut self, signal: Signal) {
        if !self.is_running() {
            return;
        }
        if let Some(pid) = Pid::from_raw(self.record.pid) {
            // An error means that it has ended in the meantime.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Returns when a process started, or `None` if there is none. A process that has ended but was not waited for counts as
/// none.
fn started(pid: i32) -> Option<String> {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        if Path::new("/proc/self/stat").exists() {
            return None;
        }
        // Systems without /proc, such as macOS.
        let shown = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
        let text = String::from_utf8(shown.stdout).ok()?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        return (!text.is_empty()).then_some(text);
    };
    // The name of the program is in parentheses, and may contain spaces. State is the first field after it, and the
    // start time the 20th: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    (*fields.first()? != "Z").then(|| fields.get(19).map(|started| (*started).to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_a_start_time_as_long_as_it_runs() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let time = started(pid).unwrap();
        assert_eq!(started(pid).unwrap(), time);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(started(pid), None);
    }
}

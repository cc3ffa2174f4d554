//! The process of a server: starting it, finding it again after a crash of the platform, and ending it.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
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
    /// What it runs. It is in its command line.
    program: PathBuf,
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
        let log = folder.open_log(&format!("{} on port {port}", python.display()))?;
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
        let started = seen(pid).map(|seen| seen.started).unwrap_or_default();
        Ok(Self { record: Record { pid, started }, program: folder.program(), child: Some(child) })
    }

    /// Finds the process that an earlier run of the platform started, if it still runs.
    pub(super) fn find(folder: &Folder) -> Option<Self> {
        // The process describes itself in both files; one of them may be damaged.
        [folder.record(), folder.lock()].into_iter().find_map(|file| {
            let record: Record = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
            let mut found = Self { record, program: folder.program(), child: None };
            found.is_running().then_some(found)
        })
    }

    /// Whether an earlier run of the platform started it.
    pub(super) const fn is_adopted(&self) -> bool {
        self.child.is_none()
    }

    /// Returns whether it runs.
    pub(super) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => seen(self.record.pid).is_some_and(|seen| {
                // A record may be that of a copied folder, or name any process.
                seen.started == self.record.started && seen.command.contains(&*self.program.to_string_lossy())
            }),
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

/// What the system knows about a process.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    started: String,
    command: String,
}

/// Looks at a process. One that has ended but was not waited for counts as none.
fn seen(pid: i32) -> Option<Seen> {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            Some(Seen { started: start_in_stat(&stat)?, command })
        }
        Err(_) if Path::new("/proc/self/stat").exists() => None,
        // Systems without /proc, such as macOS.
        Err(_) => ps(pid),
    }
}

/// Reads the start time in `/proc/PID/stat`; `None` for a process that has ended.
fn start_in_stat(stat: &str) -> Option<String> {
    // The name of the program is in parentheses, and may contain spaces. State is the first field after it, and the
    // start time the 20th: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    (*fields.first()? != "Z").then(|| fields.get(19).map(|started| (*started).to_owned()))?
}

/// Asks the program `ps`, in the same words as the server does: dates depend on the language and the time zone.
fn ps(pid: i32) -> Option<Seen> {
    let mut ps = Command::new("ps");
    ps.args(["-ww", "-o", "lstart=,command=", "-p", &pid.to_string()]).env("LC_ALL", "C").env("TZ", "UTC0");
    let shown = ps.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(shown.stdout).ok()?;
    // Such as `Mon Nov 30 17:14:41 2026 python server.py`.
    let words: Vec<&str> = text.split_whitespace().collect();
    let (started, command) = words.split_at_checked(5)?;
    Some(Seen { started: started.join(" "), command: command.join(" ") })
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    #[test]
    fn a_process_has_a_start_time_as_long_as_it_runs() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let found = seen(pid).unwrap();
        assert!(found.command.contains("sleep 60"), "{found:?}");
        assert_eq!(seen(pid).unwrap(), found);
        assert_eq!(ps(pid), ps(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!((seen(pid), ps(pid)), (None, None));
    }

    #[test]
    fn only_the_program_of_the_folder_is_its_server_whatever_its_record_says() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("platform.db");
        let folder = Folder::of(&database, uuid::Uuid::new_v4());
        folder.prepare().unwrap();
        let write = |pid: i32, started: &str| {
            let record = Record { pid, started: started.to_owned() };
            std::fs::write(folder.record(), serde_json::to_vec(&record).unwrap()).unwrap();
        };
        for pid in [1, i32::try_from(std::process::id()).unwrap()] {
            write(pid, &seen(pid).unwrap().started);
            assert!(Process::find(&folder).is_none(), "{pid}");
        }
        for pid in [0, -1, i32::MAX] {
            write(pid, "1");
            assert!(Process::find(&folder).is_none(), "{pid}");
        }
        for damaged in ["", "{", "[]", "{\"pid\":\"1\",\"started\":1}"] {
            std::fs::write(folder.record(), damaged).unwrap();
            assert!(Process::find(&folder).is_none(), "{damaged}");
        }
    }

    #[test]
    fn the_server_and_the_platform_agree_on_a_start_time_without_proc() {
        // The function of the program, where no file can be opened, with the settings of another language.
        let program = include_str!("server.py");
        let (_, function) = program.split_once("def start_time():").unwrap();
        let (function, _) = function.split_once("\n\n\n").unwrap();
        let code = format!(
            "import os, subprocess, sys, time\n\n\ndef open(*_):\n    raise OSError\n\n\ndef start_time():{function}\n\n\n\
             print(start_time(), flush=True)\ntime.sleep(60)\n"
        );
        let mut command = Command::new("python3");
        command.args(["-c", &code]).env("LC_ALL", "de_DE.UTF-8").env("TZ", "Asia/Tokyo");
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        // Other tests need no Python, and neither do those of a computer without it.
        let Ok(mut child) = command.spawn() else { return };
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let found = ps(i32::try_from(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found.unwrap().started, line.trim());
    }
}

//! The peak memory of processes that another program starts and ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Polling interval, long enough to take no time from what is measured. The kernel records the peak of each process, so
/// only processes with a shorter lifetime are missed.
const LOOK: Duration = Duration::from_millis(50);

/// Watches all processes whose program is in a folder.
#[derive(Debug)]
pub(super) struct Watch {
    thread: JoinHandle<Option<u64>>,
    // Dropping it stops the thread.
    running: Sender<()>,
}

impl Watch {
    /// Starts watching. Sees nothing on systems without `/proc`.
    pub(super) fn start(folder: &Path) -> Self {
        let folder = folder.to_owned();
        let (running, ended) = channel();
        let thread = std::thread::spawn(move || watch(&folder, &ended));
        Self { thread, running }
    }

    /// Stops watching. Returns the highest peak of any process, in bytes.
    pub(super) fn stop(self) -> Option<u64> {
        let Self { thread, running } = self;
        drop(running);
        thread.join().ok().flatten()
    }
}

fn watch(folder: &Path, ended: &Receiver<()>) -> Option<u64> {
    let mut peak = None;
    loop {
        peak = peak.max(processes(folder).iter().filter_map(|process| peak_of(process)).max());
        if ended.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
            return peak;
        }
    }
}

/// Returns the `/proc` folders of the processes whose program is in a folder.
fn processes(folder: &Path) -> Vec<PathBuf> {
    let Ok(all) = fs::read_dir("/proc") else { return Vec::new() };
    all.filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|process| fs::read_link(process.join("exe")).is_ok_and(|program| program.starts_with(folder)))
        .collect()
}

/// Returns the highest resident size of a process so far, in bytes.
pub(super) fn peak_of(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_found_by_the_folder_of_its_program() {
        let program = std::env::current_exe().unwrap();
        let peak = Watch::start(program.parent().unwrap()).stop();
        assert!(peak.is_some_and(|bytes| bytes > 1 << 20), "{peak:?}");
        assert_eq!(Watch::start(Path::new("/nowhere")).stop(), None);
    }
}

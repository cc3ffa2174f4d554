//! Running programs that belong to the platform only for a moment.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;

/// Runs a program to its end. If nobody waits for it any more, it is ended with all that it has started.
///
/// The program and all that it starts hold `lock`, also if the platform is killed meanwhile.
pub(super) async fn run(
    program: &Path,
    arguments: &[impl AsRef<OsStr>],
    lock: Option<&File>,
) -> io::Result<Output> {
    let input = match lock {
        Some(lock) => Stdio::from(lock.try_clone()?),
        None => Stdio::null(),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.process_group(0).kill_on_drop(true).spawn()?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let output = child.wait_with_output().await;
    group.0 = None;
    output
}

/// The processes of a program that has not ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error means that they have ended in the meantime.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

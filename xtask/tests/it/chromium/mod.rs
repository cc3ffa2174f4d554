//! A real browser for tests: Chromium without a window, over its DevTools protocol.
//!
//! The protocol is JSON messages with a NUL byte after each, over two pipes of the process. Chromium ends when they are
//! closed, so none is left after a test, even if the test is killed.

mod page;
mod pipe;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use xtask::environment;

pub(crate) use page::{Key, Page};
use pipe::Pipe;

/// A running browser with one page.
pub(crate) struct Chromium {
    pub(crate) page: Page,
    process: Child,
    profile: TempDir,
}

impl Chromium {
    /// Starts it; `None` if there is none. A machine without a browser skips the tests of pages.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) async fn start(switches: &[&str]) -> Option<Self> {
        let Some(program) = environment::chromium() else {
            eprintln!(
                "SKIPPED: no page was opened in a browser, because there is none; scripts/chromium installs it"
            );
            return None;
        };
        Some(Self::run(&program, switches).await)
    }

    async fn run(program: &Path, switches: &[&str]) -> Self {
        let profile = TempDir::new().unwrap();
        let log = std::fs::File::create(profile.path().join("log")).unwrap();
        // The shell passes its input and output on as the descriptors that Chromium uses for the protocol.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2"]).arg(program);
        command.args([
            "--headless",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
            "--lang=en",
        ]);
        // Root cannot use the sandbox, and containers often have neither user namespaces nor shared memory. The browser
        // opens only pages that the test itself serves.
        command.args(["--no-sandbox", "--disable-dev-shm-usage"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(format!("--user-data-dir={}", profile.path().join("profile").display())).args(switches);
        command.env_clear().envs(environment::inherited()).env("HOME", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).process_group(0);
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let pipe = Pipe::new(input, output, profile.path().join("log"));
        Self { page: Page::open(pipe).await, process, profile }
    }

    /// The cookies as the browser stored them.
    pub(crate) async fn cookies(&mut self) -> Vec<serde_json::Value> {
        let cookies = self.page.pipe.call(None, "Storage.getCookies", json!({})).await;
        cookies["cookies"].as_array().unwrap().clone()
    }

    /// The folder that only processes of this browser name.
    fn folder(&self) -> PathBuf {
        self.profile.path().to_owned()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its processes are a group of their own. After this, nothing writes to the profile any more.
        let id = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        id.map(|id| kill_process_group(id, Signal::KILL));
        while matches!(self.process.try_wait(), Ok(None)) {
            std::thread::yield_now();
        }
    }
}

/// Processes whose command line contains a folder.
#[cfg(target_os = "linux")]
fn processes_of(folder: &Path) -> Vec<String> {
    let all = std::fs::read_dir("/proc").unwrap();
    let lines = all.filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(folder.to_str().unwrap())).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the panic of the task is what the test is about")]
async fn no_browser_is_left_after_a_test_that_fails() {
    let (folder, found) = tokio::sync::oneshot::channel();
    let failed = tokio::spawn(async {
        let Some(browser) = Chromium::start(&[]).await else { return };
        folder.send((browser.folder(), processes_of(&browser.folder()).len())).unwrap();
        panic!("the test fails");
    });
    let outcome = failed.await;
    let Ok((folder, before)) = found.await else { return };
    assert!(outcome.is_err() && before > 1, "{before}");
    // The kernel ends a group of processes one after the other.
    for _ in 0..200 {
        if processes_of(&folder).is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(processes_of(&folder), Vec::<String>::new());
    assert!(!folder.exists(), "{}", folder.display());
}

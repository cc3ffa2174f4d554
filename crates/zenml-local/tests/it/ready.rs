//! `--ready-file` with all kinds of paths.

use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::process::run;

/// A server that writes a ready file, with its output piped.
struct Server(Child);

impl Server {
    fn start(ready_file: &Path, out: Stdio) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zenml-local"));
        command.args(["serve", "--ephemeral", "--ready-file"]).arg(ready_file);
        Self(command.stdout(out).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until the log reports that it is ready, and stops it.
    fn end(&mut self) {
        let mut log = Vec::new();
        let mut byte = [0];
        let err = self.0.stderr.as_mut().unwrap();
        while !String::from_utf8_lossy(&log).contains(" ready ") {
            assert_eq!(err.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&log));
            log.extend(byte);
        }
        self.terminate();
    }

    fn terminate(&mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_ready(text: &[u8]) -> bool {
    let ready: Value = serde_json::from_slice(text).unwrap();
    ready["admin"]["password"].is_string()
}

#[test]
fn a_file_is_replaced_and_a_symbolic_link_keeps_pointing_to_it() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link, far) =
        (directory.path().join("ready"), directory.path().join("link"), directory.path().join("far"));
    std::fs::create_dir(&far).unwrap();
    std::fs::write(&file, "old and long".repeat(1000)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink("ready", &link).unwrap();
    std::os::unix::fs::symlink("../link", far.join("link")).unwrap();
    for path in [&file, &link, &far.join("link")] {
        std::fs::write(&file, "old").unwrap();
        Server::start(path, Stdio::null()).end();
        assert!(is_ready(&std::fs::read(&file).unwrap()), "{}", path.display());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(link.is_symlink() && far.join("link").is_symlink());
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3, "no draft is left");
}

#[test]
fn a_device_and_a_pipe_are_written_to_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    Server::start(Path::new("/dev/null"), Stdio::null()).end();
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());

    let mut server = Server::start(Path::new("/dev/stdout"), Stdio::piped());
    server.end();
    let mut out = Vec::new();
    server.0.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    assert!(is_ready(&out));

    // Standard output that is a file is written to, not replaced.
    let file = directory.path().join("out");
    let open = std::fs::File::create(&file).unwrap();
    Server::start(Path::new("/dev/stdout"), open.try_clone().unwrap().into()).end();
    assert!(open.metadata().unwrap().len() > 0 && is_ready(&std::fs::read(&file).unwrap()));

    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut server = Server::start(&pipe, Stdio::null());
    assert!(is_ready(&std::fs::read(&pipe).unwrap()));
    server.end();
    assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no draft is left");
}

#[test]
fn a_path_that_cannot_be_written_is_rejected_before_anything_is_created() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
    std::fs::write(path("file"), "").unwrap();
    for (file, words) in [
        (path(""), "it is a directory"),
        (path("dangling"), "a broken symbolic link"),
        (path("socket"), "it is a socket"),
        (path("missing/ready"), "does not exist; create it first"),
        (path("file/ready"), "Not a directory"),
        ("/".to_owned(), "it is a directory"),
    ] {
        let database = path("platform.db");
        let (status, out, err) = run(&["serve", "--database", &database, "--ready-file", &file]);
        assert!(!status.success() && out.is_empty(), "{file}: {out}{err}");
        assert!(err.contains("cannot write the ready file") && err.contains(words), "{file}: {err}");
        assert!(!Path::new(&database).exists(), "no platform was created for {file}");
    }
}

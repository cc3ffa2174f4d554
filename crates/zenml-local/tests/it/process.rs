//! `zenml-local` as a process.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::support::text;

/// Returns the database of a directory as a value of `--database`.
pub(crate) fn database(directory: &Path) -> String {
    format!("sqlite:{}", directory.join("platform.db").display())
}

/// Runs a command to its end. Returns its status, standard output and standard error.
pub(crate) fn run(arguments: &[&str]) -> (ExitStatus, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zenml-local")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status, text(output.stdout), text(output.stderr))
}

/// `zenml-local serve` as a process.
pub(crate) struct Server {
    pub(crate) child: Child,
    ready: PathBuf,
    /// The log stream; its beginning has been read into `log`.
    stderr: Option<BufReader<ChildStderr>>,
    log: String,
    /// Reads the rest: a server whose log is not read would block.
    rest: Option<JoinHandle<String>>,
}

impl Server {
    pub(crate) fn start(directory: &Path, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_zenml-local")), directory, arguments)
    }

    /// The same with a command that runs `zenml-local` with its arguments.
    pub(crate) fn start_by(mut command: Command, directory: &Path, arguments: &[&str]) -> Self {
        let ready = directory.join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let mut child = command
            .args(["serve", "--database", &database(directory), "--ready-file"])
            .arg(&ready)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().map(BufReader::new);
        Self { child, ready, stderr, log: String::new(), rest: None }
    }

    /// Returns the content of the ready file, once the log reports it.
    pub(crate) fn ready(&mut self) -> Value {
        let mut stderr = self.stderr.take().unwrap();
        while !self.log.contains(" ready ") {
            let read = stderr.read_line(&mut self.log).unwrap();
            assert!(read > 0, "the server ended early: {}", self.log);
        }
        self.rest = Some(std::thread::spawn(move || {
            let mut rest = String::new();
            stderr.read_to_string(&mut rest).unwrap();
            rest
        }));
        serde_json::from_slice(&std::fs::read(&self.ready).unwrap()).unwrap()
    }

    /// Stops the server. Returns its status and its log.
    pub(crate) fn terminate(&mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        (status, std::mem::take(&mut self.log) + &self.rest.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request to a server process. Returns the status and the body, null if it is not JSON.
pub(crate) fn send(ready: &Value, bearer: &str, call: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = format!("authorization: Bearer {bearer}\r\ncontent-type: application/json");
    exchange(ready, call, &headers, &body)
}

/// Logs in at a server process with a form. Returns the token.
pub(crate) fn login(ready: &Value, form: &str) -> String {
    let headers = "content-type: application/x-www-form-urlencoded";
    let (_, body) = exchange(ready, "POST /auth/login", headers, form);
    text(&body["access_token"])
}

fn exchange(ready: &Value, call: &str, headers: &str, body: &str) -> (u16, Value) {
    let address = text(&ready["control_plane_url"]).strip_prefix("http://").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let length = body.len();
    let request = format!(
        "{call} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Changes a database without the platform.
pub(crate) async fn sql(database: &Path, statements: &str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut sql = sqlx::sqlite::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned())).execute(&mut sql).await.unwrap();
    sql.close().await.unwrap();
}

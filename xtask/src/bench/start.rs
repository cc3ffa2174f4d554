//! Startup time of a provider until its schema, which every plan pays several times.
//!
//! The provider is started like a host does, but without TLS, and asked for its schema over HTTP/2.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::UnixStream;

use super::memory::peak_of;
use crate::{Failure, environment};

/// The magic cookie of the plugin protocol, which shows that a host started the provider.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// Medians over all starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) handshake: Duration,
    pub(super) schema: Duration,
    pub(super) schema_bytes: usize,
    /// Peak memory of the process at its schema response, in bytes; `None` where it cannot be measured.
    pub(super) memory: Option<u64>,
}

/// Starts the provider several times, one after the other.
pub(super) async fn measure(provider: &Path, times: u32) -> Result<Start, Failure> {
    let mut handshakes = Vec::new();
    let mut schemas = Vec::new();
    let (mut schema_bytes, mut memory) = (0, None);
    for _ in 0..times.max(1) {
        let began = Instant::now();
        let mut process = Started::new(provider)?;
        let socket = process.socket()?;
        handshakes.push(began.elapsed());
        schema_bytes = schema(&socket).await?.len();
        schemas.push(began.elapsed());
        memory = memory.max(peak_of(&process.folder()));
    }
    Ok(Start { handshake: median(handshakes), schema: median(schemas), schema_bytes, memory })
}

/// A provider process, which is killed when this value is dropped.
struct Started(Child);

impl Started {
    fn new(provider: &Path) -> Result<Self, Failure> {
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

    /// Returns its folder in `/proc`.
    fn folder(&self) -> PathBuf {
        Path::new("/proc").join(self.0.id().to_string())
    }

    /// Returns the path of the socket in the handshake line.
    fn socket(&mut self) -> Result<String, Failure> {
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
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the response to `GetProviderSchema`, undecoded.
async fn schema(socket: &str) -> Result<Vec<u8>, Failure> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|error| Failure::new(format!("cannot connect to {socket}: {error}")))?;
    let failure =
        |why: &dyn std::fmt::Display| Failure::new(format!("the provider returned no schema: {why}"));
    let answer =
        call(stream, "/tfplugin6.Provider/GetProviderSchema").await.map_err(|error| failure(&error))?;
    // A failed RPC has only trailers; a response begins with five bytes with its length.
    if answer.len() <= 5 {
        return Err(failure(&"its response is empty"));
    }
    Ok(answer)
}

/// Sends one RPC with an empty request.
async fn call(stream: UnixStream, method: &str) -> Result<Vec<u8>, h2::Error> {
    // A schema is larger than the default window, which would cost round trips that a host does not have.
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(16 << 20)
        .initial_connection_window_size(16 << 20)
        .handshake::<_, Bytes>(stream)
        .await?;
    let answer = async {
        let mut client = client.ready().await?;
        let request = http::Request::post(format!("http://localhost{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("the parts of this request are constants");
        let (response, mut body) = client.send_request(request, false)?;
        // An empty message: no compression, four bytes of length.
        body.send_data(Bytes::from_static(&[0; 5]), true)?;
        let mut stream = response.await?.into_body();
        let mut answer = Vec::new();
        while let Some(data) = stream.data().await {
            let data = data?;
            stream.flow_control().release_capacity(data.len())?;
            answer.extend_from_slice(&data);
        }
        Ok(answer)
    };
    // The connection must be polled while waiting for the response; it ends when it is no longer used.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

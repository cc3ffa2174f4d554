//! Startup time of a provider until its schema, which every plan pays several times.

use std::path::Path;
use std::time::{Duration, Instant};

use super::process::Process;
use super::rpc::Connection;
use crate::Failure;

/// Bytes that the provider may send ahead. A schema is larger than the default window of HTTP/2, which would cost round
/// trips that a host does not have.
const WINDOW: u32 = 16 << 20;

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
        let mut process = Process::start(provider)?;
        let socket = process.socket()?;
        handshakes.push(began.elapsed());
        let connection = Connection::open(&socket, WINDOW).await?;
        let response = connection.responses("GetProviderSchema", &()).await?.next().await?;
        let schema = response.ok_or_else(|| Failure::new("the provider returned no schema"))?;
        schema_bytes = schema.len();
        schemas.push(began.elapsed());
        memory = memory.max(process.peak());
    }
    Ok(Start { handshake: median(handshakes), schema: median(schemas), schema_bytes, memory })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

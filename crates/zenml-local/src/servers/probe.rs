//! Asking a server who it is.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use uuid::Uuid;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Maximum size of an answer, in bytes.
const LARGEST: usize = 1 << 20;

/// What a server says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Info {
    /// Its version.
    pub(super) version: String,
    /// Its workspace; only in Pro mode.
    pub(super) pro_workspace_id: Option<Uuid>,
    /// The address of its control plane; only in Pro mode.
    pub(super) pro_api_url: Option<String>,
}

/// Asks the server on a loopback port. `None` if there is no answer, or if it is not from a ZenML server.
///
/// A status report of a server proves nothing: it is sent before the server listens. Nor does `/health`, which any
/// server may answer.
pub(super) async fn info(port: u16) -> Option<Info> {
    tokio::time::timeout(PATIENCE, ask(port)).await.ok()?
}

async fn ask(port: u16) -> Option<Info> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get("/api/v1/info")
        .header(http::header::HOST, format!("127.0.0.1:{port}"))
        .body(Body::empty())
        .ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        if response.status() != StatusCode::OK {
            return None;
        }
        let body = Limited::new(response.into_body(), LARGEST).collect().await.ok()?.to_bytes();
        serde_json::from_slice(&body).ok()
    };
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        // The server closes it behind its answer, or without one.
        _ = connection => answer.await,
    }
}

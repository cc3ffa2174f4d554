//! Responses, and how faults break them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::BodyExt as _;

use crate::faults::{Effect, Named};

/// A response with a JSON body.
pub(super) fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The response of a fault; `None` if it only delays.
pub(super) async fn spoiled(effect: &Effect) -> Option<Response> {
    match effect {
        Effect::Latency { latency_ms } => {
            tokio::time::sleep(std::time::Duration::from_millis(*latency_ms)).await;
            None
        }
        Effect::Named(Named::Drop) => Some(Response::new(Body::new(Broken::new(Bytes::new())))),
        Effect::Answer { status, body, retry_after } => {
            let mut response = json(status_of(*status), body.to_string().into_bytes());
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Some(response)
        }
        Effect::Html { html, html_status } => {
            let mut response = json(status_of(*html_status), html.clone().into_bytes());
            let page = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, page);
            Some(response)
        }
    }
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The same response, cut off in the middle of its body.
pub(super) async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    Response::from_parts(parts, Body::new(Broken::new(bytes.slice(..bytes.len() / 2))))
}

/// A body that yields its bytes and then fails; hyper closes the connection. Without bytes, it fails before the head
/// of the response is sent.
struct Broken {
    rest: Option<Bytes>,
    flushed: bool,
}

impl Broken {
    fn new(bytes: Bytes) -> Self {
        Self { flushed: bytes.is_empty(), rest: Some(bytes).filter(|bytes| !bytes.is_empty()) }
    }
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.flushed {
            // Lets the connection send its buffer before the failure.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let reset =
            std::io::Error::new(std::io::ErrorKind::ConnectionReset, "a fault dropped the connection");
        Poll::Ready(Some(Err(reset)))
    }
}

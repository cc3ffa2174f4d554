//! What every transport does: one request, one answer.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use zenml_api::Method;

use super::error::TransportError;

/// Moves one request to a server and one answer back. It follows no redirect, keeps no cookie and repeats
/// nothing.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the answer to its end. Dropping the future ends the exchange.
    fn exchange(&self, request: HttpRequest) -> Exchange<'_>;
}

/// An exchange that is under way.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'a>>;

/// A request. It has no useful `Debug` form on purpose: all of it may be secret.
#[derive(Clone)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Whole address with path and query.
    pub url: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, empty if there is none.
    pub body: Bytes,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpRequest({} …)", self.method)
    }
}

/// An answer.
#[derive(Clone)]
pub struct HttpResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

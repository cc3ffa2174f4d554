//! The transport trait: one request, one response.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use zenml_api::Method;

use super::error::TransportError;

/// Sends one request to a server and returns its response. Does not follow redirects, store cookies, or retry.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and reads the complete response. Dropping the future cancels the exchange.
    fn exchange(&self, request: HttpRequest) -> Exchange<'_>;
}

/// An exchange in progress.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'a>>;

/// A request. Its `Debug` output intentionally hides everything, because all of it may be secret.
#[derive(Clone)]
pub struct HttpRequest {
    /// Method.
    pub method: Method,
    /// Complete URL with path and query.
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

/// A response.
#[derive(Clone)]
pub struct HttpResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpResponse({})", self.status)
    }
}

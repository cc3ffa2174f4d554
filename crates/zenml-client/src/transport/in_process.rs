//! A transport to a server in the same process, for tests without sockets.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt};

use super::error::{TransportError, TransportErrorKind};
use super::exchange::{Exchange, HttpRequest, HttpResponse, Transport};

/// A transport to a service, regardless of the host in the URL.
#[derive(Clone, Debug)]
pub struct InProcess<S> {
    service: S,
}

impl<S> InProcess<S> {
    /// Creates a transport to this service, for example an `axum::Router`.
    pub const fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S, B> Transport for InProcess<S>
where
    S: Service<http::Request<Full<Bytes>>, Response = http::Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    fn exchange(&self, request: HttpRequest) -> Exchange<'_> {
        let service = self.service.clone();
        Box::pin(async move {
            let mut incoming = http::Request::builder().method(request.method.as_str()).uri(&request.url);
            if let Some(headers) = incoming.headers_mut() {
                *headers = request.headers;
            }
            let incoming = incoming
                .body(Full::new(request.body))
                .map_err(|error| TransportError::because(TransportErrorKind::Configuration, error))?;
            let Ok(answer) = service.oneshot(incoming).await;
            let (parts, body) = answer.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|error| TransportError::because(TransportErrorKind::Interrupted, error))?
                .to_bytes();
            Ok(HttpResponse { status: parts.status, headers: parts.headers, body })
        })
    }
}

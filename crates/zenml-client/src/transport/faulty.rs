//! A transport that fails on demand, for tests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::error::{TransportError, TransportErrorKind};
use super::exchange::{Exchange, HttpRequest, HttpResponse, Transport};

/// A fault of one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The request never arrives.
    Lost(TransportErrorKind),
    /// The request is served, but arrives with this delay.
    Slow(Duration),
    /// The request is served, but the response is lost.
    AnswerLost,
    /// A proxy responds, and the request never arrives.
    Answered {
        /// Status.
        status: u16,
        /// Headers.
        headers: Vec<(&'static str, &'static str)>,
        /// Body.
        body: &'static str,
    },
}

/// Wraps a transport, records all requests, and makes the next matching ones fail.
#[derive(Clone, Debug)]
pub struct Faulty<T> {
    inner: T,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<(&'static str, Fault)>,
    seen: Vec<HttpRequest>,
}

impl<T: Transport> Faulty<T> {
    /// Creates a transport without faults.
    pub fn new(inner: T) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// Makes the next request fail whose method and URL contain `part` (`"POST https://h/teams"`). Several faults for
    /// one part occur one after the other.
    #[must_use]
    pub fn fail(self, part: &'static str, fault: Fault) -> Self {
        self.locked().faults.push((part, fault));
        self
    }

    /// Returns all requests so far, including failed ones.
    #[must_use]
    pub fn seen(&self) -> Vec<HttpRequest> {
        self.locked().seen.clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: &HttpRequest) -> Option<Fault> {
        let line = format!("{} {}", request.method, request.url);
        let mut state = self.locked();
        state.seen.push(request.clone());
        let position = state.faults.iter().position(|(part, _)| line.contains(part))?;
        Some(state.faults.remove(position).1)
    }
}

impl<T: Transport> Transport for Faulty<T> {
    fn exchange(&self, request: HttpRequest) -> Exchange<'_> {
        Box::pin(async move {
            match self.record(&request) {
                None => self.inner.exchange(request).await,
                Some(Fault::Lost(kind)) => Err(TransportError::new(kind)),
                Some(Fault::Slow(time)) => {
                    tokio::time::sleep(time).await;
                    self.inner.exchange(request).await
                }
                Some(Fault::AnswerLost) => {
                    self.inner.exchange(request).await?;
                    Err(TransportError::new(TransportErrorKind::Interrupted))
                }
                Some(Fault::Answered { status, headers, body }) => Ok(answer(status, &headers, body)),
            }
        })
    }
}

fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> HttpResponse {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_static(value));
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse { status, headers: map, body: Bytes::from_static(body.as_bytes()) }
}

//! A logical call: its attempts, the waits between them, and the meaning of responses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, debug_span};
use uuid::Uuid;
use zenml_api::error::{ErrorBody, ErrorForm};
use zenml_api::{Method, Request, Route};

use crate::error::{ApiError, Call, Refused};
use crate::memory::Memory;
use crate::origin::Origin;
use crate::plane::Plane;
use crate::settings::RetryPolicy;
use crate::transport::{HttpRequest, HttpResponse, Transport, TransportError, TransportErrorKind};
use printable::mask::Secrets;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Maximum length of a request id in a response. Longer ones are ignored.
const LONGEST_REQUEST_ID: usize = 128;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// State that all APIs of a client share.
pub(crate) struct Shared {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) stop: watch::Sender<bool>,
    /// All known secrets, which are masked in responses.
    pub(crate) memory: Mutex<Memory>,
    pub(crate) on_session: Option<fn(&str)>,
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a session as a secret.
    pub(crate) fn learn(&self, session: &str) {
        self.memory().keep(session);
        if let Some(tell) = self.on_session {
            tell(session);
        }
    }

    /// Remembers the secrets of a request, a response, or a state.
    pub(crate) fn remember(&self, secrets: &[String]) {
        if !secrets.is_empty() {
            self.memory().remember(secrets.iter().map(String::as_str));
        }
    }

    /// Masks all known secrets, and those of the request, in a text of a server.
    pub(crate) fn hide(&self, text: &str, sent: &[String]) -> String {
        self.memory().hide(text, &Secrets::of(sent.iter().map(String::as_str)))
    }
}

/// A connection to one API.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) shared: Arc<Shared>,
    pub(crate) plane: Plane,
    pub(crate) base: String,
    pub(crate) origin: Arc<Origin>,
}

/// A logical call, shared by all its attempts.
pub(crate) struct Outgoing<'a> {
    pub(crate) route: Route,
    pub(crate) request: &'a Request,
    pub(crate) repeat: Repeat,
    pub(crate) request_id: String,
    /// Makes a retried POST idempotent on a workspace.
    idempotency_key: Option<String>,
    /// Whether an attempt may have succeeded. It then applies to all following attempts.
    left_open: AtomicBool,
}

/// Which failures allow a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// All transient failures: the call is safe to retry.
    Always,
    /// Only failures after which the server has done nothing; otherwise the call could be executed twice.
    IfUntouched,
    /// Only failures after which the server certainly has done nothing. A status 503 may come from a proxy that lost the
    /// response.
    IfUnsent,
    /// As `Always`, and also outages that a workspace reports as a bad credential.
    Login,
}

impl Repeat {
    /// Returns whether a second execution does no harm.
    fn is_safe(self) -> bool {
        matches!(self, Self::Always | Self::Login)
    }
}

impl<'a> Outgoing<'a> {
    pub(crate) fn new(route: Route, request: &'a Request, repeat: Repeat) -> Self {
        Self {
            route,
            request,
            repeat,
            request_id: Uuid::new_v4().to_string(),
            idempotency_key: None,
            left_open: AtomicBool::new(false),
        }
    }

    pub(crate) fn with_idempotency_key(mut self) -> Self {
        self.idempotency_key = Some(Uuid::new_v4().to_string());
        self
    }
}

/// A failed attempt.
enum Failure {
    Transport(TransportError),
    Answer(Box<(HttpResponse, Refused)>),
}

impl Wire {
    /// Makes a call, after `earlier` attempts, and retries it if possible.
    pub(crate) async fn exchange(
        &self,
        outgoing: &Outgoing<'_>,
        authorization: Option<&HeaderValue>,
        earlier: u32,
    ) -> Result<HttpResponse, ApiError> {
        self.shared.remember(outgoing.request.secrets.expose());
        let mut last: Option<Box<ApiError>> = None;
        for attempt in 1.. {
            // After a lost response, one read finds out the result of a change. Without it, the object would exist
            // but be in no state.
            let is_first_look = outgoing.route.method == Method::Get && attempt == 1;
            if *self.shared.stop.borrow() && !is_first_look {
                let call = Box::new(self.call(outgoing, earlier + attempt - 1));
                return Err(ApiError::Cancelled { call, after: last });
            }
            let failure = match self.attempt(outgoing, authorization, earlier + attempt).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let wait = self.wait(outgoing.repeat, attempt, &failure);
            let error = self.error(outgoing, earlier + attempt, failure);
            outgoing.left_open.fetch_or(error.outcome_unknown(), Ordering::Relaxed);
            let Some(wait) = wait else { return Err(error) };
            debug!(wait_ms = milliseconds(wait), "Retrying {} in {} ms", outgoing.route, milliseconds(wait));
            last = Some(Box::new(error));
            let mut stop = self.shared.stop.subscribe();
            // Ends early if the client is stopped; the next iteration handles that.
            let _ = tokio::time::timeout(wait, stop.wait_for(|stopped| *stopped)).await;
        }
        unreachable!("the loop ends by returning")
    }

    async fn attempt(
        &self,
        outgoing: &Outgoing<'_>,
        authorization: Option<&HeaderValue>,
        attempt: u32,
    ) -> Result<HttpResponse, Failure> {
        let span = debug_span!(
            "http_call",
            plane = %self.plane,
            method = outgoing.route.method.as_str(),
            route = outgoing.route.template,
            attempt,
            status = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
        );
        let request = self.request(outgoing, authorization);
        async {
            let started = Instant::now();
            let result = self.shared.transport.exchange(request).await;
            let duration = milliseconds(started.elapsed());
            Span::current().record("duration_ms", duration);
            match result {
                Ok(answer) => {
                    Span::current().record("status", answer.status.as_u16());
                    debug!("{} answered {} in {duration} ms", outgoing.route, answer.status.as_u16());
                    if answer.status.is_success() && !is_html(&answer) {
                        return Ok(answer);
                    }
                    let refused = self.refused(outgoing, attempt, &answer);
                    Err(Failure::Answer(Box::new((answer, refused))))
                }
                Err(error) => {
                    debug!("{} got no response in {duration} ms: {error}", outgoing.route);
                    Err(Failure::Transport(error))
                }
            }
        }
        .instrument(span)
        .await
    }

    fn request(&self, outgoing: &Outgoing<'_>, authorization: Option<&HeaderValue>) -> HttpRequest {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.shared.headers {
            headers.insert(name, value.clone());
        }
        let mut insert = |name: HeaderName, text: &str| {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        };
        insert(REQUEST_ID, &outgoing.request_id);
        if let Some(key) = &outgoing.idempotency_key {
            insert(IDEMPOTENCY_KEY, key);
        }
        let mut body = Bytes::new();
        if let Some((kind, bytes)) = &outgoing.request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind.media_type()));
            body = Bytes::copy_from_slice(bytes.expose());
        }
        if let Some(authorization) = authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let Request { method, path, query, .. } = outgoing.request;
        let mark = if query.is_empty() { "" } else { "?" };
        HttpRequest { method: *method, url: format!("{}{path}{mark}{query}", self.base), headers, body }
    }

    pub(crate) fn call(&self, outgoing: &Outgoing<'_>, attempts: u32) -> Call {
        Call {
            plane: self.plane,
            base: self.base.clone(),
            origin: self.origin.clone(),
            route: outgoing.route,
            status: None,
            request_id: outgoing.request_id.clone(),
            attempts,
            uncertain: outgoing.left_open.load(Ordering::Relaxed),
        }
    }

    fn refused(&self, outgoing: &Outgoing<'_>, attempt: u32, answer: &HttpResponse) -> Refused {
        let mut call = self.call(outgoing, attempt);
        call.status = Some(answer.status.as_u16());
        let sent = Secrets::of(outgoing.request.secrets.expose().iter().map(String::as_str));
        let hide = |text: &str| self.shared.memory().hide(text, &sent);
        let id = answer.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        if let Some(id) = id.filter(|id| !id.is_empty() && id.len() <= LONGEST_REQUEST_ID) {
            call.request_id = hide(id);
        }
        let body = ErrorBody::decode_without(&answer.body, &hide);
        Refused { call, body, retry_after: retry_after(&answer.headers) }
    }

    fn error(&self, outgoing: &Outgoing<'_>, attempt: u32, failure: Failure) -> ApiError {
        let (answer, refused) = match failure {
            Failure::Transport(cause) => {
                return ApiError::Unreachable { call: Box::new(self.call(outgoing, attempt)), cause };
            }
            Failure::Answer(answer) => *answer,
        };
        if answer.status.is_redirection() {
            let target = answer.headers.get(LOCATION).and_then(|target| target.to_str().ok());
            let target = target.map(|target| self.shared.hide(target, outgoing.request.secrets.expose()));
            // Without the query, which may contain secrets.
            let target = target
                .as_deref()
                .map_or("another address", |target| target.split(['?', '#']).next().unwrap_or(target));
            let what = format!("it redirects to {target}");
            return ApiError::NotTheApi { call: Box::new(refused.call), what };
        }
        // A gateway reports an outage as a page; any other page means that this is not the API.
        if is_html(&answer) && !answer.status.is_server_error() {
            let what = match refused.body.message.as_str() {
                "" => "it answers with an HTML page".to_owned(),
                title => format!("it answers with the HTML page {title:?}"),
            };
            return ApiError::NotTheApi { call: Box::new(refused.call), what };
        }
        ApiError::refused(refused)
    }

    /// Returns the wait before the next attempt; `None` if there is none.
    fn wait(&self, repeat: Repeat, attempt: u32, failure: &Failure) -> Option<Duration> {
        let policy = &self.shared.retry;
        if attempt >= policy.attempts {
            return None;
        }
        let own = back_off(policy, attempt, jitter());
        match failure {
            Failure::Transport(error) => transport_allows(repeat, attempt, error.kind).then_some(own),
            Failure::Answer(answer) => {
                let refused = &answer.1;
                let asked = refused.retry_after.unwrap_or_default();
                let patient = asked <= policy.longest_retry_after;
                (patient && answer_allows(repeat, refused)).then_some(own.max(asked))
            }
        }
    }
}

fn transport_allows(repeat: Repeat, attempt: u32, kind: TransportErrorKind) -> bool {
    match kind {
        TransportErrorKind::Connect | TransportErrorKind::ConnectTimeout => true,
        // A missing name does not appear by waiting, while a failing name server recovers quickly.
        TransportErrorKind::Dns => attempt == 1,
        TransportErrorKind::Interrupted => repeat.is_safe(),
        // Timeouts are long: two of them are enough.
        TransportErrorKind::Timeout => repeat.is_safe() && attempt == 1,
        TransportErrorKind::Tls | TransportErrorKind::TooLarge | TransportErrorKind::Configuration => false,
    }
}

fn answer_allows(repeat: Repeat, refused: &Refused) -> bool {
    match refused.call.status.unwrap_or_default() {
        429 => true,
        503 => repeat != Repeat::IfUnsent,
        408 | 502 | 504 => repeat.is_safe(),
        500 => repeat.is_safe() && rolled_back(&refused.body.message),
        // A workspace that cannot reach its control plane returns a 401 with this text.
        401 => repeat == Repeat::Login && refused.body.message.contains("Error fetching user information"),
        _ => false,
    }
}

/// Whether the database of a server ended the transaction because of another one at the same time, so that nothing was
/// changed. A ZenML server returns the text of the database then, in a status 500; the texts are those of SQLAlchemy,
/// MySQL and SQLite.
fn rolled_back(message: &str) -> bool {
    let stale = message.contains(" statement on table '") && message.contains("were matched");
    stale
        || ["Deadlock found", "Lock wait timeout exceeded", "database is locked"]
            .iter()
            .any(|text| message.contains(text))
}

/// Returns the wait after attempt `attempt`, counted from 1. `jitter`, from 0 to 1, shortens it by up to half.
fn back_off(policy: &RetryPolicy, attempt: u32, jitter: f64) -> Duration {
    let doubled = policy.first_wait.saturating_mul(1 << (attempt - 1).min(16));
    doubled.min(policy.longest_wait).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

/// Returns a random number from 0 to 1.
fn jitter() -> f64 {
    let [byte, ..] = Uuid::new_v4().into_bytes();
    f64::from(byte) / 255.0
}

/// Reads `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(wait.try_into().unwrap_or_default())
}

fn is_html(answer: &HttpResponse) -> bool {
    ErrorBody::decode(&answer.body[..answer.body.len().min(64)]).form == ErrorForm::Html
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum_and_are_shortened_by_at_most_half() {
        let policy = RetryPolicy::default();
        let waits: Vec<_> = (1..=7).map(|attempt| milliseconds(back_off(&policy, attempt, 0.0))).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(milliseconds(back_off(&policy, 1, 1.0)), 250);
        assert!(back_off(&policy, u32::MAX, 0.5) <= policy.longest_wait);
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&jitter()));
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
            retry_after(&headers)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO), "a date in the past");
        let wait = read("Sun, 06 Nov 2112 08:49:37 GMT").unwrap();
        assert!(wait > Duration::from_hours(24 * 365 * 50), "{wait:?}");
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn a_request_that_may_have_arrived_is_retried_only_if_that_is_safe() {
        use TransportErrorKind as Kind;
        // Kind, result for a call that is safe to retry, and for one that is not.
        let table = [
            (Kind::Dns, true, true),
            (Kind::Connect, true, true),
            (Kind::ConnectTimeout, true, true),
            (Kind::Tls, false, false),
            (Kind::Timeout, true, false),
            (Kind::Interrupted, true, false),
            (Kind::TooLarge, false, false),
            (Kind::Configuration, false, false),
        ];
        for (kind, always, untouched) in table {
            assert_eq!(transport_allows(Repeat::Always, 1, kind), always, "{kind:?}");
            for repeat in [Repeat::IfUntouched, Repeat::IfUnsent] {
                assert_eq!(transport_allows(repeat, 1, kind), untouched, "{kind:?}");
            }
            assert!(!kind.may_have_arrived() || !untouched, "{kind:?}");
        }
    }
}

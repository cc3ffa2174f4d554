//! What all RPCs have in common: a span, catching panics, a duration.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use tfkit::{Diag, Kind};
use tracing::{Instrument, Span};

use super::diagnostic;
use super::generated::provider::Diagnostic;
use crate::log::panic_message;

/// An RPC and its subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    rpc: &'static str,
    subject: Option<(Kind, &'a str)>,
    function: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// Creates a call about the whole provider.
    pub(super) fn provider(rpc: &'static str) -> Self {
        Self { rpc, subject: None, function: None }
    }

    /// Creates a call about one type.
    pub(super) fn about(rpc: &'static str, kind: Kind, type_name: &'a str) -> Self {
        Self { rpc, subject: Some((kind, type_name)), function: None }
    }

    /// Creates a call of a function.
    pub(super) fn function(rpc: &'static str, name: &'a str) -> Self {
        Self { rpc, subject: None, function: Some(name) }
    }

    /// Runs a call in its own span. An error or a panic becomes a diagnostic, and `failed` puts it into a response:
    /// an RPC itself never fails, because users cannot act on a gRPC error.
    pub(super) async fn answer<R>(
        self,
        address: &str,
        work: impl Future<Output = Result<R, Diag>>,
        failed: impl FnOnce(Diagnostic) -> R,
    ) -> R {
        let span = self.span(address);
        async {
            let started = Instant::now();
            let outcome = caught(work).await.unwrap_or_else(|message| Err(panicked(&message)));
            let answer = outcome.unwrap_or_else(|diag| failed(diagnostic::encode_one(&diag)));
            let duration = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::trace!(tf_req_duration_ms = duration, "Answered {}", self.rpc);
            answer
        }
        .instrument(span)
        .await
    }

    /// Creates the span, whose fields identify the log of one call.
    fn span(self, address: &str) -> Span {
        let named = |kind| self.subject.filter(|(of, _)| *of == kind).map(|(_, type_name)| type_name);
        tracing::error_span!(
            "rpc",
            tf_req_id = %uuid::Uuid::new_v4(),
            tf_rpc = self.rpc,
            tf_proto_version = "6",
            tf_provider_addr = address,
            tf_resource_type = named(Kind::Resource),
            tf_data_source_type = named(Kind::DataSource),
            tf_ephemeral_resource_type = named(Kind::EphemeralResource),
            tf_action_type = named(Kind::Action),
            tf_function = self.function,
            tf_list_resource_type = named(Kind::ListResource),
        )
    }
}

/// Waits for work that may panic. The error is the message of the panic.
async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        // The work is never polled again, so nothing sees the state that the panic left.
        Err(payload) => Poll::Ready(Err(panic_message(&*payload).to_owned())),
    })
    .await
}

fn panicked(message: &str) -> Diag {
    Diag::bug("The provider panicked").why(format!("Panic message: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(work: impl Future<Output = Result<String, Diag>>) -> String {
        let call = Call::about("ReadResource", Kind::Resource, "cloud_team");
        call.answer("example.com/acme/cloud", work, |diag| format!("{}: {}", diag.summary, diag.detail)).await
    }

    #[tokio::test]
    async fn failures_and_panics_become_diagnostics() {
        assert_eq!(answer(async { Ok("fine".to_owned()) }).await, "fine");
        let failed = answer(async { Err(Diag::error("It failed").why("Because.")) }).await;
        assert_eq!(failed, "It failed: Because.");
        let panicked = answer(async {
            tokio::task::yield_now().await;
            panic!("out of {}", "luck")
        });
        let panicked = panicked.await;
        assert!(panicked.starts_with("The provider panicked: "), "{panicked}");
        assert!(panicked.contains("out of luck"), "{panicked}");
    }
}

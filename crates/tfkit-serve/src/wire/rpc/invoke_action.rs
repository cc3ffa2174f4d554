//! `InvokeAction`: runs an action. Its progress is a stream of events, and its end the last one.

use tfkit::engine::ActionRequest;
use tfkit::{Diag, Kind};
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use crate::log::masked;
use crate::wire::generated::provider::Diagnostic;
use crate::wire::generated::provider::invoke_action::event::{Completed, Progress, Type};
use crate::wire::generated::provider::invoke_action::{Event, Request};
use crate::wire::{call::Call, diagnostic, service::Service, stream, value};

/// Number of messages that may wait for the host.
const WAITING: usize = 256;

/// Each stream ends with exactly one event `Completed`, which contains all diagnostics.
pub(super) fn answer(service: &Service, request: Request) -> BoxStream<Event> {
    let (sender, arriving) = mpsc::channel(WAITING);
    let service = service.clone();
    stream::events(arriving, |message: String| progress(&message), async move {
        let type_name = request.action_type.clone();
        let diagnostics = Call::about("InvokeAction", Kind::Action, &type_name)
            .answer(service.address, work(&service, request, sender), |diag| vec![diag])
            .await;
        Some(Event { r#type: Some(Type::Completed(Completed { diagnostics })) })
    })
}

async fn work(
    service: &Service,
    request: Request,
    progress: mpsc::Sender<String>,
) -> Result<Vec<Diagnostic>, Diag> {
    let ty = service.object(Kind::Action, &request.action_type)?;
    let config = value::decode("a configuration", request.config.as_ref(), &ty)?;
    let request = ActionRequest { type_name: request.action_type, config };
    Ok(diagnostic::encode(&service.engine.invoke_action(request, progress).await))
}

/// Encodes a message about the progress. Like a diagnostic, it may repeat text of a server.
fn progress(message: &str) -> Event {
    let message = printable::lines(&masked(message)).into_owned();
    Event { r#type: Some(Type::Progress(Progress { message })) }
}

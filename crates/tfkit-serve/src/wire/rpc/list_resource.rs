//! `ListResource`: streams the objects of a resource type.

use std::sync::Arc;

use tfkit::engine::{ListEvent, ListRequest};
use tfkit::{Diag, Kind};
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use crate::log::masked;
use crate::wire::generated::provider::list_resource::{Event, Request};
use crate::wire::service::{ResourceTypes, Service};
use crate::wire::{call::Call, diagnostic, stream, value};

/// The host reads the events one by one, so only a few wait in memory. If it closes the stream, the list is cancelled.
pub(super) fn answer(service: &Arc<Service>, request: Request) -> BoxStream<Event> {
    let (sender, arriving) = mpsc::channel(1);
    let service = Arc::clone(service);
    stream::events(arriving, std::convert::identity, async move {
        let type_name = request.type_name.clone();
        let failed = |diag| Some(Event { diagnostic: vec![diag], ..Event::default() });
        Call::about("ListResource", Kind::ListResource, &type_name)
            .answer(service.address, work(&service, request, sender), failed)
            .await
    })
}

async fn work(
    service: &Service,
    request: Request,
    events: mpsc::Sender<Event>,
) -> Result<Option<Event>, Diag> {
    let Request { type_name, config, include_resource_object, limit } = request;
    let filters = service.object(Kind::ListResource, &type_name)?;
    let types = service.resource(&type_name)?;
    let request = ListRequest {
        config: value::decode("a configuration", config.as_ref(), &filters)?,
        type_name,
        include_resource: include_resource_object,
        limit: u64::try_from(limit).ok().filter(|limit| *limit > 0),
    };
    let mut list = service.engine.list(request);
    while let Some(event) = list.next().await {
        if events.send(encode(&event, &types)?).await.is_err() {
            break;
        }
    }
    Ok(None)
}

/// Encodes an event. Like a diagnostic, a name may contain any text of a server.
fn encode(event: &ListEvent, types: &ResourceTypes) -> Result<Event, Diag> {
    let object = (!event.object.is_null()).then(|| value::encode("an object", &event.object, &types.object));
    Ok(Event {
        identity: value::encode_identity(&event.identity, &types.identity)?,
        display_name: printable::line(&masked(&event.display_name)).into_owned(),
        resource_object: object.transpose()?,
        diagnostic: diagnostic::encode(&event.diags),
    })
}

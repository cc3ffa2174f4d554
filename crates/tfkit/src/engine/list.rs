//! Listing the objects of a resource type.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::core::{Core, Diags, Engine};
use super::outcome::{identity, take, unresolved};
use super::task;
use super::validate::late_errors;
use crate::cx::{Cx, Notes, SharedNotes, gone, unknown_provider};
use crate::diag::Diag;
use crate::erased::{AnyResource, Work};
use crate::list_resource::{Raw, Wanted};
use crate::model::Operation;
use crate::plan::{prepare, tidy};
use crate::value::Dyn;

/// A request to list the objects of a resource type.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The filters, completely known.
    pub config: Dyn,
    /// Whether the host wants whole objects, and not only their identities.
    pub include_resource: bool,
    /// The number of results after which the host stops reading; `None` if it reads all of them.
    pub limit: Option<u64>,
}

/// A result of a list, or only messages. An error is the last event.
#[derive(Clone, Debug)]
pub struct ListEvent {
    /// The identity of the object; null if there are only messages.
    pub identity: Dyn,
    /// The name of the object for people.
    pub display_name: String,
    /// The object; null if the host wants only identities, or if the object cannot be read.
    pub object: Dyn,
    /// Messages to the user.
    pub diags: Diags,
}

impl ListEvent {
    fn messages(diags: Diags) -> Self {
        Self { identity: Dyn::Null, display_name: String::new(), object: Dyn::Null, diags }
    }
}

/// A list that is read event by event. Dropping it cancels the list.
pub struct List(State);

impl std::fmt::Debug for List {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("List")
    }
}

enum State {
    /// Failed before it began.
    Failed(Diags),
    Running(Box<Running>),
    Ended,
}

struct Running {
    core: Arc<Core>,
    resource: Arc<dyn AnyResource>,
    left: Option<u64>,
    notes: SharedNotes,
    raws: mpsc::Receiver<Raw>,
    /// Runs only while the host waits for an event. Dropping it cancels the list.
    work: Work<Result<(), Diag>>,
    /// The result of the work, when it has ended.
    ended: Option<Result<(), Diag>>,
}

impl Engine {
    /// Lists the objects of a resource type.
    pub fn list(&self, request: ListRequest) -> List {
        List(match self.start_list(request) {
            Ok(running) => State::Running(Box::new(running)),
            Err(diags) => State::Failed(diags),
        })
    }

    fn start_list(&self, request: ListRequest) -> Result<Running, Diags> {
        let ListRequest { type_name, config, include_resource, limit } = request;
        let core = Arc::clone(&self.0);
        let list = core.list_resource(&type_name).map_err(|diag| vec![diag])?;
        let resource = core.resource(&type_name).map_err(|diag| vec![diag])?;
        if let Some(paths) = core.provider.waits_for() {
            return Err(vec![unknown_provider(&paths)]);
        }
        let schema = list.schema();
        let errors = late_errors(schema, &config, list.misfits(&config));
        if !errors.is_empty() {
            return Err(errors);
        }
        let config = prepare(&schema.attributes, &Dyn::Null, &config);
        core.conceal(schema, &[&config]);
        let notes = Notes::after(&[]);
        let call = core.call(Operation::Read, &config, list.timeout(), &notes);
        let (sender, raws) = mpsc::channel(1);
        let wanted = Wanted { objects: include_resource, left: limit };
        let work = list.list(call, config, wanted, sender);
        let work = Box::pin(async move { task::run(&format!("list of {type_name}"), work).await.flatten() });
        Ok(Running { core, resource, left: limit, notes, raws, work, ended: None })
    }
}

impl List {
    /// Returns the next event; `None` at the end of the list.
    pub async fn next(&mut self) -> Option<ListEvent> {
        match std::mem::replace(&mut self.0, State::Ended) {
            State::Failed(diags) => Some(ListEvent::messages(diags)),
            State::Ended => None,
            State::Running(mut running) => {
                let event = running.next().await;
                if let Some(event) = &event
                    && !event.identity.is_null()
                    && !event.diags.iter().any(Diag::is_error)
                {
                    self.0 = State::Running(running);
                }
                event
            }
        }
    }
}

impl Running {
    /// Returns the next result. The last event has no identity, only messages.
    async fn next(&mut self) -> Option<ListEvent> {
        let mut diags = Vec::new();
        if self.left != Some(0) {
            match self.raw().await {
                Ok(Some(raw)) => {
                    self.left = self.left.map(|left| left - 1);
                    return Some(self.event(raw));
                }
                Ok(None) => {}
                Err(diag) => diags.push(diag),
            }
        }
        diags.splice(0..0, take(&self.notes).diags);
        (!diags.is_empty()).then(|| ListEvent::messages(diags))
    }

    /// Returns what the author adds next; `None` at the end.
    async fn raw(&mut self) -> Result<Option<Raw>, Diag> {
        let gone = gone();
        while self.ended.is_none() {
            tokio::select! {
                biased;
                () = self.core.shared.stop.wait() => return Err(Cx::<()>::cancelled()),
                () = gone.wait() => return Err(Cx::<()>::cancelled()),
                Some(raw) = self.raws.recv() => return Ok(Some(raw)),
                ended = &mut self.work => self.ended = Some(ended),
            }
        }
        // What was added before the end is kept.
        match self.raws.try_recv() {
            Ok(raw) => Ok(Some(raw)),
            Err(_) => self.ended.take().unwrap_or(Ok(())).map(|()| None),
        }
    }

    /// Returns the event of a result. An object that cannot be read is a warning: the others are listed nevertheless.
    fn event(&self, raw: Raw) -> ListEvent {
        let Raw { identity, display_name, object } = raw;
        let mut diags = take(&self.notes).diags;
        let object = object.and_then(|object| self.checked(object, &identity)).unwrap_or_else(|diag| {
            let summary = format!("{display_name:?} is listed without its attributes: {}", diag.summary);
            diags.push(Diag { summary, ..diag.as_warning() });
            Dyn::Null
        });
        ListEvent { identity, display_name, object, diags }
    }

    /// Checks a result as that of an import.
    fn checked(&self, object: Dyn, given: &Dyn) -> Result<Dyn, Diag> {
        if object.is_null() {
            return Ok(object);
        }
        let schema = self.resource.schema();
        let state = tidy(schema, &Dyn::Null, object)?;
        unresolved(&schema.attributes, &state).map_or(Ok(()), Err)?;
        identity(self.resource.as_ref(), &state, given)?;
        Ok(state)
    }
}

//! Opening an ephemeral resource.

use std::time::{Duration, SystemTime};

use super::core::{Core, Diags, Engine};
use super::outcome::{take, unresolved};
use super::task;
use super::validate::late_errors;
use crate::cx::{Cx, Notes, SharedNotes, gone, unknown_provider};
use crate::diag::Diag;
use crate::erased::{AnyEphemeralResource, RenewAt, Work};
use crate::model::Operation;
use crate::plan::{Violation, check_plan, prepare, tidy};
use crate::schema::Schema;
use crate::value::Dyn;

/// How long opening goes on after the caller is gone, to save what it has just created. It leaves time to close it
/// before the operation is [dropped](super::attended).
const LAST_STEPS: Duration = Duration::from_millis(500);

/// A request to open an ephemeral resource.
#[derive(Clone, Debug)]
pub struct OpenRequest {
    /// Full type name, with the provider's prefix.
    pub type_name: String,
    /// The configuration. Terraform 1.10 also sends one with unknown values.
    pub config: Dyn,
    /// Whether the host accepts a result with unknown values.
    pub unknown_allowed: bool,
}

/// An opened ephemeral resource.
#[derive(Clone, Debug)]
pub struct OpenResponse {
    /// The configuration with all computed values; null on failure.
    pub result: Dyn,
    /// When it must be renewed; `None` for never.
    pub renew_at: Option<SystemTime>,
    /// What renewing and closing need. Empty if it was not opened.
    pub private: Vec<u8>,
    /// Messages to the user.
    pub diags: Diags,
}

impl Engine {
    /// Opens an ephemeral resource. Nothing stays open on failure: hosts do not close what they could not open. If the
    /// caller is gone before the end, nobody else can close it.
    ///
    /// While a value that it needs is unknown, nothing is opened, and the computed values of the result are unknown.
    pub async fn open_ephemeral_resource(&self, request: OpenRequest) -> OpenResponse {
        let type_name = request.type_name.clone();
        let notes = Notes::after(&[]);
        let opened = unless_gone(self.0.opened(request, &notes)).await;
        let Notes { mut diags, private, .. } = take(&notes);
        match opened {
            Ok((result, renew_at)) => OpenResponse { result, renew_at, private: private.to_bytes(), diags },
            Err(errors) => {
                diags.extend(errors);
                if private.lease().is_some() {
                    diags.extend(self.0.closed(&type_name, &private.to_bytes()).await);
                }
                OpenResponse { result: Dyn::Null, renew_at: None, private: Vec::new(), diags }
            }
        }
    }
}

impl Core {
    async fn opened(&self, request: OpenRequest, notes: &SharedNotes) -> Result<(Dyn, RenewAt), Diags> {
        let OpenRequest { type_name, config, unknown_allowed } = request;
        let resource = self.ephemeral_resource(&type_name).map_err(one)?;
        let schema = resource.schema();
        let errors = late_errors(schema, &config, resource.misfits(&config));
        if !errors.is_empty() {
            return Err(errors);
        }
        // Defaults are filled in, and computed values are unknown, as in the plan of a creation.
        let prepared = prepare(&schema.attributes, &Dyn::Null, &config);
        let waits_for = self.provider.waits_for();
        if !config.wholly_known() || waits_for.is_some() {
            return match waits_for {
                Some(paths) if !unknown_allowed => Err(one(unknown_provider(&paths))),
                _ => Ok((prepared, None)),
            };
        }
        self.conceal(schema, &[&config]);
        let call = self.call(Operation::Open, &config, resource.timeout(), notes);
        let work = resource.open(call, prepared.clone());
        let (result, renew_at) =
            self.run_ephemeral(&*resource, Operation::Open, &type_name, work).await.map_err(one)?;
        self.conceal(schema, &[&result]);
        let result = judged(schema, &config, &prepared, result).map_err(one)?;
        Ok((result, renew_at))
    }

    /// Runs an operation of an ephemeral resource: to its end if there is something to close, else until the user asks
    /// to stop.
    pub(super) async fn run_ephemeral<T: Send + 'static>(
        &self,
        resource: &dyn AnyEphemeralResource,
        operation: Operation,
        type_name: &str,
        work: Work<Result<T, Diag>>,
    ) -> Result<T, Diag> {
        let operation = operation.name();
        if resource.must_be_closed() {
            return task::operate(operation, type_name, work).await;
        }
        task::run_until_stopped(&format!("{operation} of {type_name}"), &self.shared, work).await.flatten()
    }
}

/// Returns the result, or an error if there is nobody to receive it.
async fn unless_gone<T>(opening: impl Future<Output = Result<T, Diags>>) -> Result<T, Diags> {
    let gone = gone();
    let late = async {
        gone.wait().await;
        tokio::time::sleep(LAST_STEPS).await;
    };
    let opened = tokio::select! {
        biased;
        opened = opening => Some(opened),
        () = late => None,
    };
    opened.filter(|_| !gone.is_set()).unwrap_or_else(|| Err(one(Cx::<()>::cancelled())))
}

/// Applies the host's rules: everything that is configured is unchanged, and everything is known. Terraform reports a
/// violation without closing the object.
fn judged(schema: &Schema, config: &Dyn, prepared: &Dyn, result: Dyn) -> Result<Dyn, Diag> {
    let result = tidy(schema, prepared, result)?;
    if let Some(diag) = unresolved(&schema.attributes, &result) {
        return Err(diag);
    }
    check_plan(&schema.attributes, &Dyn::Null, config, &result).map_err(|violation| {
        let Violation { path, message } = violation;
        let diag = Diag::bug(format!("The result does not match the configuration: {path} {message}"));
        if path.is_root() { diag } else { diag.at(path) }
    })?;
    Ok(result)
}

fn one(diag: Diag) -> Diags {
    vec![diag]
}

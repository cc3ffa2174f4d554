//! Planning a change.

use super::core::{Core, Engine};
use super::outcome::take;
use super::task;
use super::validate::late_errors;
use crate::cx::{Notes, Private};
use crate::diag::Diag;
use crate::erased::{AnyResource, Hooked};
use crate::model::Operation;
use crate::plan::{Violation, check_plan, for_host, prepare, replaced, settle};
use crate::resource::Replacement;
use crate::run::Step;
use crate::schema::{Schema, Who};
use crate::value::{Dyn, Path};

/// A request to plan a change: `prior` is null for a creation, `proposed` and `config` are null for a deletion.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// Full type name.
    pub type_name: String,
    /// The prior state.
    pub prior: Dyn,
    /// The host's proposal, merged from state and configuration.
    pub proposed: Dyn,
    /// The configuration.
    pub config: Dyn,
    /// Private bytes of the state.
    pub private: Vec<u8>,
    /// Identity in the state.
    pub identity: Dyn,
}

/// A planned change.
#[derive(Clone, Debug)]
pub struct PlanResponse {
    /// The planned object.
    pub planned: Dyn,
    /// Attributes whose change replaces the object.
    pub requires_replace: Vec<Path>,
    /// Private bytes for the apply.
    pub private: Vec<u8>,
    /// Planned identity.
    pub identity: Dyn,
    /// Messages to the user.
    pub diags: Vec<Diag>,
}

impl Engine {
    /// Plans a change: one step of a run, which is checked against the others.
    pub async fn plan(&self, request: PlanRequest) -> PlanResponse {
        let core = &*self.0;
        let resource = match core.resource(&request.type_name) {
            Ok(resource) => resource,
            Err(diag) => return PlanResponse { diags: vec![diag], ..PlanResponse::unplanned(&request) },
        };
        let mut response = core.keeping_imported(resource.as_ref(), &request).await;
        core.claim(resource.as_ref(), &request, &mut response);
        response
    }
}

impl Core {
    /// Keeps imported values that the configuration does not set: those of attributes that are not managed, and
    /// others as long as nothing else changes.
    async fn keeping_imported(&self, resource: &dyn AnyResource, request: &PlanRequest) -> PlanResponse {
        let schema = resource.schema();
        let unmanaged = with_imported(schema, request, &request.config, |written| written.is_none());
        let config = unmanaged.as_ref().unwrap_or(&request.config);
        let Some(all) = with_imported(schema, request, config, |_| true) else {
            return self.planned(resource, request, config).await;
        };
        let calm = self.planned(resource, request, &all).await;
        if calm.planned == request.prior && !calm.diags.iter().any(Diag::is_error) {
            return calm;
        }
        // A warning may be shown only once per run.
        let mut response = self.planned(resource, request, config).await;
        let told = calm.diags.into_iter().filter(|diag| !diag.is_error());
        let told: Vec<Diag> = told.filter(|diag| !response.diags.contains(diag)).collect();
        response.diags.extend(told);
        response
    }

    /// Plans in the fixed order of [`crate::plan`], with the author's hook in the middle.
    async fn planned(&self, resource: &dyn AnyResource, request: &PlanRequest, config: &Dyn) -> PlanResponse {
        let PlanRequest { type_name, prior, .. } = request;
        let mut response = PlanResponse::unplanned(request);
        let errors = late_errors(resource.schema(), config, resource.misfits(config));
        if !errors.is_empty() {
            response.diags = errors;
            return response;
        }
        self.conceal(resource.schema(), &[prior, config]);
        let operation = match (prior.is_null(), config.is_null()) {
            (_, true) => Operation::Delete,
            (true, false) => Operation::Create,
            (false, false) => Operation::Update,
        };
        let attributes = &resource.schema().attributes;
        let prepared = prepare(attributes, prior, config);
        response.planned = prepared.clone();
        let asked = Asked { type_name, operation, prior, config };
        let Some(hooked) = self.hook(resource, &asked, prepared.clone(), &mut response).await else {
            return response;
        };
        let Hooked { planned: seen, mut decided, mut replaces, .. } = hooked;
        let mut planned = if decided.is_empty() && seen == prepared {
            // Settling what no hook has changed would repeat the work.
            prepared
        } else {
            settle(attributes, prior, config, &seen, &decided)
        };
        if operation == Operation::Update && unsettles(&seen, &planned) {
            // The hook has not yet seen the values that its own changes made unknown.
            let Some(again) = self.hook(resource, &asked, planned, &mut response).await else {
                return response;
            };
            replaces = again.replaces;
            decided.extend(again.decided);
            planned = settle(attributes, prior, config, &again.planned, &decided);
        }
        let planned = for_host(attributes, prior, config, planned, &decided);
        response.requires_replace = replaced(attributes, prior, &planned);
        for Replacement { path, why } in replaces {
            if !response.requires_replace.contains(&path) && differs(prior, &planned, &path) {
                response.diags.extend(why.map(|why| replaced_because(&path, why)));
                response.requires_replace.push(path);
            }
        }
        if let Err(violation) = check_plan(attributes, prior, config, &planned) {
            response.diags.push(refused(violation));
        }
        response.planned = planned;
        response
    }

    /// Runs the author's hook on a plan. Its messages go to the response, once. Returns `None` if it crashed.
    async fn hook(
        &self,
        resource: &dyn AnyResource,
        asked: &Asked<'_>,
        planned: Dyn,
        response: &mut PlanResponse,
    ) -> Option<Hooked> {
        let Asked { type_name, operation, prior, config } = *asked;
        let notes = Notes::after(&response.private);
        let timed = if planned.is_null() { prior } else { &planned };
        let call = self.call(operation, timed, resource.timeout(operation), &notes);
        let work = resource.plan(call, planned, config.clone(), prior.clone());
        let hooked = task::run_until_stopped(&format!("plan of {type_name}"), &self.shared, work).await;
        let left = take(&notes);
        response.private = left.private.to_bytes();
        let mut told = left.diags;
        let hooked = match hooked {
            Ok(mut hooked) => {
                told.append(&mut hooked.diags);
                // A hook that needs the client while it is not available cannot decide anything yet.
                told.extend(hooked.error.take().filter(|_| !left.missed_client));
                Some(hooked)
            }
            Err(diag) => {
                told.push(diag);
                None
            }
        };
        told.retain(|diag| !response.diags.contains(diag));
        response.diags.extend(told);
        hooked
    }

    /// Checks the step against all others of the run. The second half of a replacement looks like a creation; it is
    /// recognized by the private value that the first half stored.
    fn claim(&self, resource: &dyn AnyResource, request: &PlanRequest, response: &mut PlanResponse) {
        if response.diags.iter().any(Diag::is_error) {
            return;
        }
        let mut private = Private::from_bytes(&response.private);
        let (PlanRequest { prior, config, .. }, planned) = (request, &response.planned);
        let in_place_of = private.replaced().map(str::to_owned).filter(|_| prior.is_null());
        let id = prior.attribute("id").as_str().unwrap_or_default();
        let step = Step {
            before: resource.claim(prior).map(|claim| (claim, id)),
            after: resource.claim(planned),
            deletes: planned.is_null(),
            references: resource.references(config),
            replaces: !response.requires_replace.is_empty(),
            in_place_of: in_place_of.as_deref(),
        };
        let told = self.shared.run.plan(&step);
        if step.before.is_some() && !planned.is_null() {
            private.set_replaced(id);
            response.private = private.to_bytes();
        }
        response.diags.extend(told);
    }
}

impl PlanResponse {
    /// Creates the response before anything is planned.
    fn unplanned(request: &PlanRequest) -> Self {
        Self {
            planned: request.proposed.clone(),
            requires_replace: Vec::new(),
            private: request.private.clone(),
            // A new object has no identity yet, even if it replaces another one.
            identity: if request.prior.is_null() { Dyn::Null } else { request.identity.clone() },
            diags: Vec::new(),
        }
    }
}

/// Returns the configuration of an imported object, completed with the imported values that it does not set; `None`
/// if nothing differs. `wanted` chooses the attributes by their write-only alternatives.
fn with_imported(
    schema: &Schema,
    request: &PlanRequest,
    config: &Dyn,
    wanted: fn(Option<&str>) -> bool,
) -> Option<Dyn> {
    let (Dyn::Map(found), Dyn::Map(configured)) = (&request.prior, config) else { return None };
    let private = Private::from_bytes(&request.private);
    let mut kept = configured.clone();
    for attribute in &schema.attributes {
        let Who::IfSetOrImported(written) = attribute.who else { continue };
        let may_stay = match written {
            Some(written) => private.is_imported() && configured[written].is_null(),
            None => private.keeps(attribute.name),
        };
        if wanted(written) && may_stay && configured[attribute.name].is_null() {
            kept.insert(attribute.name.to_owned(), found[attribute.name].clone());
        }
    }
    (kept != *configured).then_some(Dyn::Map(kept))
}

/// The values to plan with.
#[derive(Clone, Copy)]
struct Asked<'a> {
    type_name: &'a str,
    operation: Operation,
    prior: &'a Dyn,
    config: &'a Dyn,
}

/// Returns whether a plan has unknown values that another one does not have.
fn unsettles(before: &Dyn, after: &Dyn) -> bool {
    let (Dyn::Map(before), Dyn::Map(after)) = (before, after) else { return false };
    after.iter().any(|(name, after)| !after.wholly_known() && before.get(name).is_some_and(Dyn::wholly_known))
}

/// Returns the reason for a replacement that is not always required.
fn replaced_because(path: &Path, why: String) -> Diag {
    Diag::warning(format!("The change of {path} replaces the object")).why(why).at(path.clone())
}

/// Returns whether the host considers a replacement path at all.
fn differs(prior: &Dyn, planned: &Dyn, path: &Path) -> bool {
    !prior.is_null() && !planned.is_null() && prior.get(path) != planned.get(path)
}

/// The host would report the same with fewer details.
fn refused(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::bug(format!("The plan contradicts the configuration: {path} {message}"));
    if path.is_root() { diag } else { diag.at(path) }
}

//! Planning, with the checks that the host makes.

use tfkit::engine::{PlanRequest, PlanResponse, ValidateRequest};
use tfkit::plan::{check_plan, hide_write_only, proposed_new};
use tfkit::{Diag, Dyn, Kind, Path};

use super::state::{Harness, Object};
use super::{Failure, wire};
use crate::Action;

/// Title of the host's error about an invalid plan.
const INVALID: &str = "Provider produced invalid plan";

/// Whether a plan begins with a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refresh {
    Yes,
    No,
}

/// A plan that the host accepts.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its action.
    pub action: Action,
    /// The planned object; for a replacement, the new one.
    pub planned: Dyn,
    /// The attributes whose change replaces the object.
    pub replaces: Vec<Path>,
    /// Warnings to the user.
    pub warnings: Vec<Diag>,
    /// The object that it starts from, after the refresh.
    pub(super) prior: Option<Object>,
    /// Private values for the apply.
    pub(super) private: Vec<u8>,
    pub(super) identity: Dyn,
}

impl Planned {
    /// Returns the planned value of an attribute or at a path; null if the path leads nowhere.
    pub fn value(&self, path: impl Into<Path>) -> &Dyn {
        self.planned.get(&path.into()).unwrap_or(&Dyn::Null)
    }

    /// Returns the names of the attributes that differ from the state or are unknown, in alphabetical order.
    pub fn changes(&self) -> Vec<&str> {
        let before = self.prior.as_ref().map_or(&Dyn::Null, |prior| &prior.state);
        let attributes = self.planned.as_map().into_iter().flatten();
        let changed = attributes.filter(|(name, planned)| before.attribute(name) != *planned);
        changed.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns the summaries of the warnings.
    pub fn told(&self) -> Vec<&str> {
        self.warnings.iter().map(|diag| diag.summary.as_str()).collect()
    }

    pub(super) fn must_be_empty(&self, when: &'static str) -> Result<(), Failure> {
        if self.action == Action::NoOp {
            return Ok(());
        }
        let attributes = self.changes().into_iter().map(str::to_owned).collect();
        Err(Failure::NotSettled { when, action: self.action, attributes })
    }
}

impl Harness {
    pub(super) async fn plan_for(
        &self,
        address: &str,
        config: Dyn,
        refresh: Refresh,
    ) -> Result<Planned, Failure> {
        let (type_name, schema) = self.type_of(address)?;
        let config = wire::cross(&config, schema)?;
        let (prior, mut warnings) = match (self.objects.get(address), refresh) {
            (None, _) => (None, Vec::new()),
            (Some(object), Refresh::Yes) => self.read(object).await?,
            (Some(object), Refresh::No) => (Some(self.restored(object).await?), Vec::new()),
        };
        let request = ValidateRequest {
            type_name: type_name.to_owned(),
            config: config.clone(),
            write_only_allowed: self.write_only_allowed,
        };
        warnings.extend(Failure::of("validation", self.engine.validate(Kind::Resource, request).await)?);
        let mut planned = self.plan_from(type_name, prior, &config).await?;
        warnings.append(&mut planned.warnings);
        Ok(Planned { warnings, ..planned })
    }

    /// Plans from the current object, in one call, or in two if it is replaced.
    pub(super) async fn plan_from(
        &self,
        type_name: &str,
        prior: Option<Object>,
        config: &Dyn,
    ) -> Result<Planned, Failure> {
        let schema = self.schema(type_name)?;
        let existing = prior.as_ref().filter(|object| !object.tainted);
        let before = existing.map_or(Dyn::Null, |object| object.state.clone());
        let (private, identity) = existing
            .map_or((Vec::new(), Dyn::Null), |object| (object.private.clone(), object.identity.clone()));
        let first = self.ask(type_name, &before, config, private, identity).await?;
        check_plan(&schema.attributes, &before, config, &first.planned)
            .map_err(Failure::violation(INVALID))?;
        let replaces = counting(&before, &first)?;
        let action = match (existing, &prior) {
            (None, None) => Action::Create,
            (None, Some(_)) => Action::Replace,
            _ if !replaces.is_empty() => Action::Replace,
            _ if first.planned == before => Action::NoOp,
            _ => Action::Update,
        };
        let mut warnings = first.diags.clone();
        let last = if action == Action::Replace && existing.is_some() {
            let second = self.ask(type_name, &Dyn::Null, config, first.private, first.identity).await?;
            warnings.extend(second.diags.iter().filter(|diag| !first.diags.contains(diag)).cloned());
            second
        } else {
            first
        };
        let (planned, private, identity) = (last.planned, last.private, last.identity);
        Ok(Planned { action, planned, replaces, warnings, prior, private, identity })
    }

    /// Calls the provider, and applies the checks for any plan.
    pub(super) async fn ask(
        &self,
        type_name: &str,
        prior: &Dyn,
        config: &Dyn,
        private: Vec<u8>,
        identity: Dyn,
    ) -> Result<PlanResponse, Failure> {
        let schema = self.schema(type_name)?;
        let request = PlanRequest {
            type_name: type_name.to_owned(),
            prior: wire::cross(prior, schema)?,
            proposed: wire::cross(&proposed_new(&schema.attributes, prior, config), schema)?,
            config: wire::cross(config, schema)?,
            private,
            identity,
        };
        let mut response = self.engine.plan(request).await;
        response.diags = Failure::of("plan", response.diags)?;
        if response.planned.is_null() != config.is_null() {
            return Err(Failure::host(INVALID, "only one of plan and configuration is null"));
        }
        wire::cross(&response.planned, schema)
            .map_err(|failure| Failure::host(INVALID, failure.to_string()))?;
        let mut hidden = response.planned.clone();
        hide_write_only(&schema.attributes, &mut hidden);
        if hidden == response.planned {
            Ok(response)
        } else {
            Err(Failure::host(INVALID, "the plan contains a write-only value"))
        }
    }
}

/// Returns the replacement paths that the host considers: those at which something changes.
pub(super) fn counting(prior: &Dyn, response: &PlanResponse) -> Result<Vec<Path>, Failure> {
    if prior.is_null() || response.planned.is_null() {
        return Ok(Vec::new());
    }
    let mut counting = Vec::new();
    for path in &response.requires_replace {
        let (before, after) = (prior.get(path), response.planned.get(path));
        if before.is_none() && after.is_none() {
            return Err(Failure::host(INVALID, format!("non-existent attribute path {path}")));
        }
        if before != after || after.is_some_and(Dyn::is_unknown) {
            counting.push(path.clone());
        }
    }
    Ok(counting)
}

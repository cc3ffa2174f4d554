//! The context of the author's plan hook.

use std::collections::BTreeSet;

use crate::diag::Diag;
use crate::field::{Element, Field};
use crate::model::{Maybe, Model, Partial, Spot};
use crate::value::{Dyn, Path};

/// A change being planned. Read and write values by token, because they may be unknown. A token reaches the attributes
/// of nested objects, and elements of lists and maps, such as `Team::OWNER.at(Owner::NAME)`; see [`Spot`].
///
/// A write to a place that the plan does not contain, such as an attribute of a null object, has no effect.
///
/// A hook must not change values that are known from the configuration. A value that it sets for a computed attribute
/// is a promise for the apply.
#[derive(Debug)]
pub struct Plan<M> {
    planned: Partial<M>,
    config: Partial<M>,
    prior: Option<M>,
    prior_object: Partial<M>,
    decided: BTreeSet<Path>,
    replaces: Vec<Replacement>,
    diags: Vec<Diag>,
}

/// A change that replaces the object.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pub(crate) path: Path,
    /// Why, for the user.
    pub(crate) why: Option<String>,
}

/// The result of a hook.
pub(crate) struct Decisions {
    pub(crate) planned: Dyn,
    /// The places that the hook has set, including those it kept.
    pub(crate) decided: BTreeSet<Path>,
    pub(crate) replaces: Vec<Replacement>,
    pub(crate) diags: Vec<Diag>,
}

impl<M: Model> Plan<M> {
    /// Creates the context from the engine's plan so far. If the state does not fit the model, `prior` is `None`.
    pub(crate) fn new(planned: Dyn, config: Dyn, prior: Dyn) -> Self {
        let model = if prior == Dyn::Null { None } else { M::from_object(&prior).ok() };
        Self {
            planned: Partial::new(planned),
            config: Partial::new(config),
            prior: model,
            prior_object: Partial::new(prior),
            decided: BTreeSet::new(),
            replaces: Vec::new(),
            diags: Vec::new(),
        }
    }

    pub(crate) fn into_decisions(self) -> Decisions {
        let Self { planned, decided, replaces, diags, .. } = self;
        Decisions { planned: planned.object().clone(), decided, replaces, diags }
    }

    /// Returns whether the object is created. Also true for the second half of a replacement.
    pub fn is_create(&self) -> bool {
        self.prior_object.is_null()
    }

    /// Returns whether the object exists and is kept, changed or not.
    pub fn is_update(&self) -> bool {
        !self.is_create() && !self.is_delete()
    }

    /// Returns whether the object is deleted.
    pub fn is_delete(&self) -> bool {
        self.planned.is_null()
    }

    /// Returns the planned value of an attribute.
    pub fn get<F: Field>(&self, place: impl Into<Spot<M, F>>) -> Maybe<F::Value> {
        self.planned.get(place)
    }

    /// Returns the current plan.
    pub fn planned(&self) -> &Partial<M> {
        &self.planned
    }

    /// Returns the configuration; null for a deletion.
    pub fn config(&self) -> &Partial<M> {
        &self.config
    }

    /// Returns the state, attribute by attribute; null for a creation.
    pub fn state(&self) -> &Partial<M> {
        &self.prior_object
    }

    /// Returns the state; `None` for a creation.
    pub fn prior(&self) -> Option<&M> {
        self.prior.as_ref()
    }

    /// Returns whether the planned value of an attribute differs from the state or is unknown. Never true for a
    /// creation or a deletion.
    pub fn changes<F>(&self, place: impl Into<Spot<M, F>>) -> bool {
        let place = place.into();
        self.is_update() && self.prior_object.dyn_of(place.clone()) != self.planned.dyn_of(place)
    }

    /// Returns the plan as the apply gets it, including write-only values. `None` for a deletion, and while the
    /// configuration contains unknown values.
    pub fn wanted(&self) -> Option<M> {
        let Dyn::Map(mut planned) = self.planned.object().clone() else { return None };
        if let Dyn::Map(config) = self.config.object() {
            // An attribute that is null in the plan but set in the configuration is write-only.
            for (name, value) in config.iter().filter(|(_, value)| !value.is_null()) {
                if let Some(planned) = planned.get_mut(name).filter(|planned| planned.is_null()) {
                    *planned = value.clone();
                }
            }
        }
        M::from_object(&Dyn::Map(planned)).ok()
    }

    /// Sets a computed attribute whose value is already known, as a promise for the apply. No effect on a deletion.
    pub fn set<F: Field>(&mut self, place: impl Into<Spot<M, F>>, value: &F::Value) {
        self.put(place.into().path(), Element::to_dyn(value));
    }

    /// Promises that a computed attribute will be null.
    pub fn set_null<F: Field>(&mut self, place: impl Into<Spot<M, F>>) {
        self.put(place.into().path(), Dyn::Null);
    }

    /// Marks a computed attribute as decided by the apply, although the state has a value.
    pub fn unknown<F: Field>(&mut self, place: impl Into<Spot<M, F>>) {
        self.put(place.into().path(), Dyn::Unknown);
    }

    /// Keeps the state's value of a computed attribute, because this change does not affect it. No effect on a
    /// creation.
    pub fn keep<F: Field>(&mut self, place: impl Into<Spot<M, F>>) {
        if self.is_update() {
            let place = place.into();
            let prior = self.prior_object.dyn_of(place.clone()).clone();
            self.put(place.path(), prior);
        }
    }

    /// Keeps the state's value, if there is one, of an attribute that the configuration leaves to the server.
    pub fn keep_unset<F: Field>(&mut self, place: impl Into<Spot<M, F>>) {
        let place = place.into();
        if self.config.get(place.clone()).is_null() && !self.prior_object.dyn_of(place.clone()).is_null() {
            self.keep(place);
        }
    }

    /// Requires replacement for this change. The host considers only attributes that differ from the state or are
    /// unknown, and ignores creations.
    pub fn requires_replace<F>(&mut self, place: impl Into<Spot<M, F>>) {
        self.replaces.push(Replacement { path: place.into().path(), why: None });
    }

    /// Requires replacement for this change, and tells the user why, in a warning at the attribute: for a change that
    /// replaces the object only under some condition, such as while others use it. The reason is one sentence. It is
    /// only shown if the host considers the attribute, see [`requires_replace`](Self::requires_replace).
    pub fn replace_because<F>(&mut self, place: impl Into<Spot<M, F>>, why: impl Into<String>) {
        self.replaces.push(Replacement { path: place.into().path(), why: Some(why.into()) });
    }

    /// Shows a warning to the user. Planning continues.
    pub fn warn(&mut self, diag: Diag) {
        self.diags.push(diag.as_warning());
    }

    /// Rejects the plan with an error. More errors can follow.
    pub fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    fn put(&mut self, path: Path, value: Dyn) {
        if self.planned.object_mut().set_at(&path, value) {
            self.decided.insert(path);
        }
    }
}

//! What the author's plan hook sees and decides.

use std::collections::BTreeSet;

use crate::diag::Diag;
use crate::field::{Element, Field};
use crate::model::{Maybe, Model, Partial, Token};
use crate::value::{Dyn, Path};

/// A change being planned. Values are read and written by token, because they may be unknown.
///
/// What was known from the configuration must stay as it is; what a hook sets on a computed attribute is a promise
/// for the apply.
#[derive(Debug)]
pub struct Plan<M> {
    planned: Partial<M>,
    config: Partial<M>,
    prior: Option<M>,
    prior_object: Partial<M>,
    decided: BTreeSet<&'static str>,
    replaces: Vec<Path>,
    diags: Vec<Diag>,
}

/// What came of a hook.
pub(crate) struct Decisions {
    pub(crate) planned: Dyn,
    /// The attributes that the hook has set, kept ones included.
    pub(crate) decided: BTreeSet<&'static str>,
    pub(crate) replaces: Vec<Path>,
    pub(crate) diags: Vec<Diag>,
}

impl<M: Model> Plan<M> {
    /// Starts a hook with the engine's plan so far. A state that does not fit the model gives no `prior`.
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

    /// Whether the object is made: also true for the second half of a replacement.
    pub fn is_create(&self) -> bool {
        self.prior_object.is_null()
    }

    /// Whether the object exists and stays, changed or not.
    pub fn is_update(&self) -> bool {
        !self.is_create() && !self.is_delete()
    }

    /// Whether the object is removed.
    pub fn is_delete(&self) -> bool {
        self.planned.is_null()
    }

    /// The planned value of an attribute.
    pub fn get<F: Field>(&self, token: Token<M, F>) -> Maybe<F::Value> {
        self.planned.get(token)
    }

    /// The plan as it stands.
    pub fn planned(&self) -> &Partial<M> {
        &self.planned
    }

    /// The configuration; null for a deletion.
    pub fn config(&self) -> &Partial<M> {
        &self.config
    }

    /// The state, attribute by attribute; null for a creation.
    pub fn state(&self) -> &Partial<M> {
        &self.prior_object
    }

    /// The state; none for a creation.
    pub fn prior(&self) -> Option<&M> {
        self.prior.as_ref()
    }

    /// Whether an attribute's planned value differs from the state or is unknown. Never for a creation or a
    /// deletion.
    pub fn changes<F>(&self, token: Token<M, F>) -> bool {
        self.is_update() && self.prior_object.dyn_of(token) != self.planned.dyn_of(token)
    }

    /// The plan as the apply gets it, write-only values included. `None` for a deletion, and while the configuration has a
    /// value that is not known yet.
    pub fn wanted(&self) -> Option<M> {
        let Dyn::Map(mut planned) = self.planned.object().clone() else { return None };
        if let Dyn::Map(config) = self.config.object() {
            // A plan has no value where the configuration has one: such an attribute is write-only.
            for (name, value) in config.iter().filter(|(_, value)| !value.is_null()) {
                if let Some(planned) = planned.get_mut(name).filter(|planned| planned.is_null()) {
                    *planned = value.clone();
                }
            }
        }
        M::from_object(&Dyn::Map(planned)).ok()
    }

    /// Sets a computed attribute that is known already, as a promise for the apply. Without effect on a deletion.
    pub fn set<F: Field>(&mut self, token: Token<M, F>, value: &F::Value) {
        self.put(token.name(), Element::to_dyn(value));
    }

    /// Promises that a computed attribute will be null.
    pub fn set_null<F: Field>(&mut self, token: Token<M, F>) {
        self.put(token.name(), Dyn::Null);
    }

    /// Says that the apply decides a computed attribute, although the state has a value.
    pub fn unknown<F: Field>(&mut self, token: Token<M, F>) {
        self.put(token.name(), Dyn::Unknown);
    }

    /// Keeps what the state has for a computed attribute: this change does not touch it. Without effect on a
    /// creation.
    pub fn keep<F: Field>(&mut self, token: Token<M, F>) {
        if self.is_update() {
            let prior = self.prior_object.dyn_of(token).clone();
            self.put(token.name(), prior);
        }
    }

    /// Keeps what the state has for an attribute that the configuration leaves to the server, where the state has a value.
    pub fn keep_unset<F: Field>(&mut self, token: Token<M, F>) {
        if self.config.get(token).is_null() && !self.prior_object.dyn_of(token).is_null() {
            self.keep(token);
        }
    }

    /// Says that this change cannot be made in place. The host looks only at attributes that differ from the state
    /// or are unknown, and not at creations.
    pub fn requires_replace<F>(&mut self, token: Token<M, F>) {
        self.replaces.push(token.path());
    }

    /// Tells the user something about the plan, which goes on.
    pub fn warn(&mut self, diag: Diag) {
        self.diags.push(diag.as_warning());
    }

    /// Refuses the plan; more may be reported.
    pub fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    fn put(&mut self, name: &'static str, value: Dyn) {
        self.decided.insert(name);
        if let Dyn::Map(attributes) = self.planned.object_mut() {
            attributes.insert(name.to_owned(), value);
        }
    }
}

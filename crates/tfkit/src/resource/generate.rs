//! The context of the author's hook for generated configurations.

use crate::model::{Model, Partial, Token};
use crate::value::Dyn;

/// A configuration that is generated from the state of an object, for `terraform plan -generate-config-out` and for
/// an export.
#[derive(Debug)]
pub struct Generated<M> {
    state: Partial<M>,
    config: Partial<M>,
}

impl<M: Model> Generated<M> {
    pub(crate) fn new(state: Dyn, config: Dyn) -> Self {
        Self { state: Partial::new(state), config: Partial::new(config) }
    }

    pub(crate) fn into_config(self) -> Dyn {
        self.config.object().clone()
    }

    /// Returns the state.
    pub fn state(&self) -> &Partial<M> {
        &self.state
    }

    /// Returns the configuration so far.
    pub fn config(&self) -> &Partial<M> {
        &self.config
    }

    /// Omits an attribute, for example one that the provider block already sets.
    pub fn omit<F>(&mut self, token: Token<M, F>) {
        self.put(token, Dyn::Null);
    }

    /// Adds an attribute that [`generate`](fn@crate::plan::generate) omits, as it is in the state.
    pub fn keep<F>(&mut self, token: Token<M, F>) {
        let value = self.state.dyn_of(token).clone();
        self.put(token, value);
    }

    fn put<F>(&mut self, token: Token<M, F>, value: Dyn) {
        if let Dyn::Map(values) = self.config.object_mut() {
            values.insert(token.name().to_owned(), value);
        }
    }
}

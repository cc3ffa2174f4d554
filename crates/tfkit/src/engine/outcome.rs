//! What becomes of an author's result before it goes to the host.

use super::core::Diags;
use crate::cx::{Notes, Saved, SharedNotes, lock};
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::plan::{Violation, tidy};
use crate::schema::Attribute;
use crate::value::{Dyn, Path};

/// What a read, an apply or an import leaves behind.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The new state; null when the object is gone.
    pub state: Dyn,
    /// The new private bytes.
    pub private: Vec<u8>,
    /// The new identity; null where the type has none or the object is gone.
    pub identity: Dyn,
    /// What the user is told.
    pub diags: Vec<Diag>,
}

/// The first attribute that the author left unknown where everything must be known.
pub(super) fn unresolved(attributes: &[Attribute], value: &Dyn) -> Option<Diag> {
    let unknown = |attribute: &&Attribute| !value.attribute(attribute.name).wholly_known();
    attributes.iter().find(unknown).map(|attribute| {
        Diag::bug(format!("The provider did not set {:?}", attribute.name)).at(attribute.name)
    })
}

/// A value whose unknown parts are null, for a state that is incomplete because something failed.
pub(super) fn without_unknown(value: Dyn) -> Dyn {
    match value {
        Dyn::Unknown => Dyn::Null,
        Dyn::List(items) => Dyn::List(items.into_iter().map(without_unknown).collect()),
        Dyn::Map(items) => {
            Dyn::Map(items.into_iter().map(|(name, item)| (name, without_unknown(item))).collect())
        }
        Dyn::Typed(typed) => match without_unknown(typed.1) {
            Dyn::Null => Dyn::Null,
            value => Dyn::typed(typed.0, value),
        },
        known => known,
    }
}

/// The identity of an object after an operation. It must be complete, and stay what it was; a part that was null
/// may be completed.
pub(super) fn identity(resource: &dyn AnyResource, state: &Dyn, earlier: &Dyn) -> Result<Dyn, Diag> {
    let attributes = resource.identity();
    if attributes.is_empty() || state.is_null() {
        return Ok(Dyn::Null);
    }
    let identity = resource.identity_of(state).map_err(|misfit| {
        let place = misfit.path.clone();
        Diag::bug("The identity of the object is incomplete")
            .trace(format!("{place} {}", misfit.what))
            .at(place)
    })?;
    let changed = attributes.iter().find(|attribute| {
        let before = earlier.attribute(attribute.name);
        !before.is_null() && !before.is_unknown() && before != identity.attribute(attribute.name)
    });
    match changed {
        Some(attribute) if !resource.identity_mutable() => Err(Diag::bug(format!(
            "The identity of the object changed: {:?} has a different value",
            attribute.name
        ))
        .at(Path::from(attribute.name))),
        _ => Ok(identity),
    }
}

/// Takes out what an operation left besides its result: its messages, what it saved, its private bytes.
pub(super) fn take(notes: &SharedNotes) -> Notes {
    std::mem::take(&mut *lock(notes))
}

/// The host would say the same with less to go by.
pub(super) fn broken_promise(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::bug(format!("The result does not match the plan: {path} {message}"));
    if path.is_root() { diag } else { diag.at(path) }
}

impl Stored {
    /// Nothing changed, and this is why.
    pub(super) fn unchanged(state: Dyn, private: Vec<u8>, identity: Dyn, diags: Diags) -> Self {
        Self { state, private, identity, diags }
    }

    /// Takes the result, with how it is found from now on.
    pub(super) fn keep(&mut self, now: Dyn, identity: Result<Dyn, Diag>) {
        self.state = now;
        match identity {
            Ok(identity) => self.identity = identity,
            Err(diag) => self.diags.push(diag),
        }
    }

    /// Takes what an operation saved before it failed, in the spelling of an earlier state or plan; and says why it
    /// failed.
    pub(super) fn fail(
        &mut self,
        resource: &dyn AnyResource,
        earlier: &Dyn,
        saved: Option<Saved>,
        reason: Diag,
    ) {
        if let Some(saved) = saved {
            self.keep_saved(resource, earlier, saved.state);
        }
        self.diags.push(reason);
    }

    pub(super) fn keep_saved(&mut self, resource: &dyn AnyResource, earlier: &Dyn, saved: Dyn) {
        match tidy(resource.schema(), earlier, without_unknown(saved)) {
            Ok(saved) => {
                let identity = identity(resource, &saved, &self.identity);
                self.identity = identity.unwrap_or_else(|_| self.identity.clone());
                self.state = saved;
            }
            Err(diag) => self.diags.push(diag),
        }
    }

    /// Whether an error is among the messages.
    pub fn failed(&self) -> bool {
        self.diags.iter().any(Diag::is_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_of_an_incomplete_state_become_null() {
        let value = Dyn::map([
            ("id", Dyn::string("a")),
            ("url", Dyn::Unknown),
            ("tags", Dyn::list([Dyn::Unknown, Dyn::string("t")])),
            ("any", Dyn::typed(crate::Type::String, Dyn::Unknown)),
        ]);
        let expected = Dyn::map([
            ("id", Dyn::string("a")),
            ("url", Dyn::Null),
            ("tags", Dyn::list([Dyn::Null, Dyn::string("t")])),
            ("any", Dyn::Null),
        ]);
        assert_eq!(without_unknown(value), expected);
    }
}

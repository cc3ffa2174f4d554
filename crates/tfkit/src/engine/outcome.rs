//! Processing of an author's result before it goes to the host.

use super::core::Diags;
use crate::cx::{Notes, Saved, SharedNotes, lock};
use crate::diag::Diag;
use crate::erased::AnyResource;
use crate::plan::{Violation, tidy};
use crate::schema::Attribute;
use crate::value::{Dyn, Path};

/// The result of a read, an apply or an import.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The new state; null if the object no longer exists.
    pub state: Dyn,
    /// The new private bytes.
    pub private: Vec<u8>,
    /// The new identity; null if the type has none or the object no longer exists.
    pub identity: Dyn,
    /// Messages to the user.
    pub diags: Vec<Diag>,
}

/// Returns an error for the first attribute that the author left unknown.
pub(super) fn unresolved(attributes: &[Attribute], value: &Dyn) -> Option<Diag> {
    let unknown = |attribute: &&Attribute| !value.attribute(attribute.name).wholly_known();
    attributes.iter().find(unknown).map(|attribute| {
        Diag::bug(format!("The provider did not set {:?}", attribute.name)).at(attribute.name)
    })
}

/// Replaces the unknown parts of a value with null, for a state that is incomplete because of a failure.
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

/// Returns the identity of an object after an operation. It must be complete and unchanged, except that null parts
/// may be filled.
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

/// Takes what an operation produced besides its result: messages, saved object, private values.
pub(super) fn take(notes: &SharedNotes) -> Notes {
    std::mem::take(&mut *lock(notes))
}

/// The host would report the same with fewer details.
pub(super) fn broken_promise(violation: Violation) -> Diag {
    let Violation { path, message } = violation;
    let diag = Diag::bug(format!("The result does not match the plan: {path} {message}"));
    if path.is_root() { diag } else { diag.at(path) }
}

impl Stored {
    /// Creates a result without changes, with the reasons.
    pub(super) fn unchanged(state: Dyn, private: Vec<u8>, identity: Dyn, diags: Diags) -> Self {
        Self { state, private, identity, diags }
    }

    /// Stores the result and its identity.
    pub(super) fn keep(&mut self, now: Dyn, identity: Result<Dyn, Diag>) {
        self.state = now;
        match identity {
            Ok(identity) => self.identity = identity,
            Err(diag) => self.diags.push(diag),
        }
    }

    /// Stores what an operation saved before it failed, in the spelling of an earlier state or plan, and adds the
    /// error.
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

    /// Returns whether the messages contain an error.
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

//! What runs receive from a stack or a component: environment variables and secrets.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::Cx;
use zenml_api::workspace::Environment;
use zenml_api::{Patch, SecretId};

use crate::client::Client;
use crate::id::Id;
use crate::in_workspace::scope::Server;
use crate::resources::secret::HeldSecrets;
use crate::succession::release_retired;

/// Environment variables as the value of an attribute.
pub(crate) type Variables = BTreeMap<String, String>;

/// Returns the variables of a response. Servers send an empty map if there are none; that is `None` here.
pub(crate) fn variables(found: Option<&Environment>) -> Option<Variables> {
    found.filter(|found| !found.is_empty()).cloned()
}

/// Returns the change of the variables. `None` and an empty map mean the same; an empty map clears the variables.
pub(crate) fn variables_change(prior: Option<&Variables>, planned: Option<&Variables>) -> Patch<Environment> {
    let (prior, planned) = (prior.cloned().unwrap_or_default(), planned.cloned().unwrap_or_default());
    if prior == planned { Patch::Keep } else { Patch::Set(planned) }
}

/// Returns the secrets of a response.
pub(crate) fn secrets(found: &[SecretId]) -> Option<BTreeSet<Id<SecretId>>> {
    (!found.is_empty()).then(|| found.iter().copied().map(Id).collect())
}

/// Returns the secrets as a creation sends them.
pub(crate) fn sent_secrets(planned: Option<&BTreeSet<Id<SecretId>>>) -> Option<Vec<String>> {
    planned.map(|planned| planned.iter().map(ToString::to_string).collect())
}

/// Secrets to link to an object, and to unlink from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SecretChange {
    /// Ids that are not linked yet.
    pub(crate) add: Option<Vec<String>>,
    /// Ids that are linked but not planned.
    pub(crate) remove: Option<Vec<String>>,
}

/// Returns whether two sets of secrets differ. `None` and an empty set are the same.
pub(crate) fn differ(
    prior: Option<&BTreeSet<Id<SecretId>>>,
    planned: Option<&BTreeSet<Id<SecretId>>>,
) -> bool {
    let empty = BTreeSet::new();
    prior.unwrap_or(&empty) != planned.unwrap_or(&empty)
}

/// Returns the change from the secrets that an object has now to the planned ones. It is empty if the plan changes
/// none. The current secrets count, not those in the state: a deleted secret is no longer linked, and a server
/// refuses to unlink an unknown one.
pub(crate) fn secret_change(
    now: &[SecretId],
    prior: Option<&BTreeSet<Id<SecretId>>>,
    planned: Option<&BTreeSet<Id<SecretId>>>,
) -> SecretChange {
    if !differ(prior, planned) {
        return SecretChange::default();
    }
    let now: BTreeSet<Id<SecretId>> = now.iter().copied().map(Id).collect();
    let empty = BTreeSet::new();
    let planned = planned.unwrap_or(&empty);
    let ids = |ids: Vec<&Id<SecretId>>| {
        (!ids.is_empty()).then(|| ids.into_iter().map(ToString::to_string).collect())
    };
    SecretChange {
        add: ids(planned.difference(&now).collect()),
        remove: ids(now.difference(planned).collect()),
    }
}

/// Deletes retired secrets that a stack or a component no longer links.
pub(crate) async fn release(
    cx: &Cx<Client>,
    server: &Server,
    before: Option<&BTreeSet<Id<SecretId>>>,
    now: Option<&BTreeSet<Id<SecretId>>>,
) {
    let stays = |secret: &Id<SecretId>| now.is_some_and(|now| now.contains(secret));
    let let_go: Vec<SecretId> =
        before.into_iter().flatten().filter(|secret| !stays(secret)).map(|secret| secret.0).collect();
    release_retired::<HeldSecrets>(cx, server, &let_go, &[]).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> SecretId {
        format!("00000000-0000-4000-8000-0000000000{number:02}").parse().unwrap()
    }

    #[test]
    fn secrets_are_linked_and_unlinked_by_their_current_state() {
        let cases = [
            (&[][..], None, &[][..], &[][..]),
            (&[1, 2], None, &[], &[1, 2]),
            (&[1, 2], Some(&[][..]), &[], &[1, 2]),
            (&[1, 2], Some(&[2, 3]), &[3], &[1]),
            (&[2], Some(&[2]), &[], &[]),
        ];
        // The current secrets decide, not the state. Only a plan without a change sends nothing.
        let before = BTreeSet::from([Id(id(9))]);
        assert_eq!(secret_change(&[id(3)], Some(&before), Some(&before)), SecretChange::default());
        assert_eq!(secret_change(&[id(3)], None, None), SecretChange::default());
        for (now, planned, add, remove) in cases {
            let now: Vec<SecretId> = now.iter().copied().map(id).collect();
            let planned = planned.map(|planned| planned.iter().copied().map(|one| Id(id(one))).collect());
            let texts = |numbers: &[u8]| {
                let texts: Vec<String> = numbers.iter().map(|one| id(*one).to_string()).collect();
                (!texts.is_empty()).then_some(texts)
            };
            let expected = SecretChange { add: texts(add), remove: texts(remove) };
            assert_eq!(
                secret_change(&now, Some(&before), planned.as_ref()),
                expected,
                "{now:?} to {planned:?}"
            );
        }
    }

    #[test]
    fn no_variables_and_empty_variables_are_equivalent() {
        let some: Variables = [("A".to_owned(), "1".to_owned())].into();
        let empty = Variables::new();
        let cases = [
            (None, None, Patch::Keep),
            (None, Some(&empty), Patch::Keep),
            (Some(&empty), None, Patch::Keep),
            (Some(&some), Some(&some), Patch::Keep),
            (Some(&some), None, Patch::Set(empty.clone())),
            (None, Some(&some), Patch::Set(some.clone())),
        ];
        for (prior, planned, expected) in cases {
            assert_eq!(variables_change(prior, planned), expected, "{prior:?} to {planned:?}");
        }
        assert_eq!(variables(Some(&empty)), None);
        assert_eq!(variables(Some(&some)), Some(some));
    }
}

//! The places of a stack: one component of each type that is managed, beside others that are not.

use zenml_api::ComponentId;
use zenml_api::workspace::component::REPEATABLE_TYPES;
use zenml_api::workspace::stack::{Slots, Stack};

use super::Components;
use crate::id::Id;

/// The ids of all components that a stack has, by their real types. A component that the caller may not read is
/// among them.
pub(crate) fn slots_of(stack: &Stack) -> Slots {
    let components = stack.metadata.iter().flat_map(|metadata| &metadata.components);
    let ids = components.map(|(kind, components)| {
        (kind.clone(), components.iter().map(|component| component.id).collect::<Vec<_>>())
    });
    ids.filter(|(_, ids)| !ids.is_empty()).collect()
}

/// What a stack's places mean as an attribute. `known` is what the state or the plan says; none for an import.
pub(super) fn observed(slots: &Slots, known: Option<&Components>) -> Components {
    let Some(known) = known else {
        let first =
            |(kind, ids): (&String, &Vec<ComponentId>)| ids.first().map(|id| (kind.clone(), Some(Id(*id))));
        return slots.iter().filter_map(first).collect();
    };
    let mut components = Components::new();
    for (kind, id) in known {
        let present = slots.get(kind).map(Vec::as_slice).unwrap_or_default();
        match (id, present) {
            (Some(id), present) if present.contains(&id.0) => {
                components.insert(kind.clone(), Some(*id));
            }
            (None, [] | [_, _, ..]) => {
                components.insert(kind.clone(), None);
            }
            (_, [first, ..]) => {
                components.insert(kind.clone(), Some(Id(*first)));
            }
            (Some(_), []) => {}
        }
    }
    for (kind, ids) in slots.iter().filter(|(kind, _)| !known.contains_key(*kind)) {
        // Several of a type that is not managed here are somebody else's choice.
        if let [only] = ids.as_slice() {
            components.insert(kind.clone(), Some(Id(*only)));
        }
    }
    components
}

/// The components that a change brings to a place.
pub(super) fn joining(before: &Components, after: &Components) -> Components {
    let joins = |(kind, id): &(&String, &Option<Id<ComponentId>>)| {
        id.is_some() && before.get(*kind).copied().flatten() != **id
    };
    after.iter().filter(joins).map(|(kind, id)| (kind.clone(), *id)).collect()
}

/// The places after a change. What is not managed stays: other components of a type that a stack can have several of,
/// and types that neither the state nor the plan names.
pub(super) fn changed(now: &Slots, before: &Components, after: &Components) -> Slots {
    let mut slots = now.clone();
    let known = |components: &Components, kind: &str| components.get(kind).copied().flatten().map(|id| id.0);
    for kind in before.keys().chain(after.keys()) {
        let (before, after) = (known(before, kind), known(after, kind));
        let slot = slots.entry(kind.clone()).or_default();
        let place = before.and_then(|before| slot.iter().position(|id| *id == before));
        if before != after
            && let Some(place) = place
        {
            slot.remove(place);
        }
        let Some(after) = after.filter(|after| !slot.contains(after)) else { continue };
        if !REPEATABLE_TYPES.contains(&kind.as_str()) {
            slot.clear();
        }
        slot.insert(place.unwrap_or(0).min(slot.len()), after);
    }
    slots.retain(|_, slot| !slot.is_empty());
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [&str; 3] = ["orchestrator", "alerter", "step_operator"];

    fn id(number: u8) -> ComponentId {
        format!("00000000-0000-4000-8000-0000000000{number:02}").parse().unwrap()
    }

    /// Places in the order of `KINDS`, by numbers of components.
    fn slots(numbers: [&[u8]; 3]) -> Slots {
        let one =
            |(kind, numbers): (&str, &[u8])| (kind.to_owned(), numbers.iter().copied().map(id).collect());
        KINDS.into_iter().zip(numbers).filter(|(_, numbers)| !numbers.is_empty()).map(one).collect()
    }

    /// Attributes in the order of `KINDS`: none where there is no entry, 0 for null.
    fn components(numbers: [Option<u8>; 3]) -> Components {
        let one = |(kind, number): (&str, Option<u8>)| {
            let number = number?;
            Some((kind.to_owned(), (number != 0).then(|| Id(id(number)))))
        };
        KINDS.into_iter().zip(numbers).filter_map(one).collect()
    }

    #[test]
    fn a_read_sees_what_is_managed_and_a_single_stranger() {
        let cases = [
            ("nothing new", [&[1][..], &[], &[]], [Some(1), None, None], [Some(1), None, None]),
            ("exchanged", [&[2], &[], &[]], [Some(1), None, None], [Some(2), None, None]),
            ("a single stranger", [&[1], &[3], &[]], [Some(1), None, None], [Some(1), Some(3), None]),
            ("several strangers", [&[1], &[3, 4], &[]], [Some(1), None, None], [Some(1), None, None]),
            ("one of several", [&[1], &[3, 4], &[]], [Some(1), Some(4), None], [Some(1), Some(4), None]),
            ("gone", [&[1], &[], &[]], [Some(1), Some(3), None], [Some(1), None, None]),
            ("a null stays", [&[1], &[], &[]], [Some(1), Some(0), None], [Some(1), Some(0), None]),
            ("a null is filled", [&[1], &[3], &[]], [Some(1), Some(0), None], [Some(1), Some(3), None]),
        ];
        for (what, now, known, expected) in cases {
            assert_eq!(observed(&slots(now), Some(&components(known))), components(expected), "{what}");
        }
        let imported = observed(&slots([&[1], &[3, 4], &[]]), None);
        assert_eq!(imported, components([Some(1), Some(3), None]));
    }

    #[test]
    fn a_change_leaves_alone_what_is_not_managed() {
        let cases = [
            (
                "exchange",
                [&[1][..], &[], &[]],
                [Some(1), None, None],
                [Some(2), None, None],
                [&[2][..], &[], &[]],
            ),
            (
                "exchange of what somebody exchanged",
                [&[9], &[], &[]],
                [Some(1), None, None],
                [Some(2), None, None],
                [&[2], &[], &[]],
            ),
            (
                "one of several",
                [&[1], &[3, 4], &[]],
                [Some(1), Some(3), None],
                [Some(1), Some(5), None],
                [&[1], &[5, 4], &[]],
            ),
            (
                "removal of one of several",
                [&[1], &[3, 4], &[]],
                [Some(1), Some(3), None],
                [Some(1), None, None],
                [&[1], &[4], &[]],
            ),
            (
                "removal by null",
                [&[1], &[3], &[]],
                [Some(1), Some(3), None],
                [Some(1), Some(0), None],
                [&[1], &[], &[]],
            ),
            (
                "a type of others",
                [&[1], &[], &[6, 7]],
                [Some(1), None, None],
                [Some(1), Some(3), None],
                [&[1], &[3], &[6, 7]],
            ),
            (
                "present already",
                [&[1], &[3, 4], &[]],
                [Some(1), None, None],
                [Some(1), Some(4), None],
                [&[1], &[3, 4], &[]],
            ),
        ];
        for (what, now, before, after, expected) in cases {
            let changed = changed(&slots(now), &components(before), &components(after));
            assert_eq!(changed, slots(expected), "{what}");
        }
    }

    #[test]
    fn a_component_joins_where_another_one_or_none_was() {
        let before = components([Some(1), Some(0), Some(3)]);
        let after = components([Some(2), Some(4), Some(3)]);
        assert_eq!(joining(&before, &after), components([Some(2), Some(4), None]));
    }
}

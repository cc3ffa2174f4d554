//! The component slots of a stack: one managed component of each type, beside unmanaged ones, or the complete list of
//! each type.

use std::borrow::Cow;

use tfkit::{Dyn, Partial, Path};
use zenml_api::ComponentId;
use zenml_api::workspace::component::REPEATABLE_TYPES;
use zenml_api::workspace::stack::{NewSlots, Part, Slots, Stack as ApiStack};

use super::{ComponentLists, Components, Stack};
use crate::id::Id;

/// Compares maps of `components`: a null entry is the same as a missing one.
pub(super) fn same_components(value: &Dyn) -> Cow<'_, Dyn> {
    match value {
        Dyn::Map(components) if components.values().any(|id| matches!(id, Dyn::Null)) => {
            let named = components.iter().filter(|(_, id)| !matches!(id, Dyn::Null));
            Cow::Owned(Dyn::map(named.map(|(kind, id)| (kind.as_str(), id.clone()))))
        }
        _ => Cow::Borrowed(value),
    }
}

/// Returns the ids of all components of a stack by their types, including those that the caller has no permission to
/// read.
pub(crate) fn slots_of(stack: &ApiStack) -> Slots {
    let components = stack.metadata.iter().flat_map(|metadata| &metadata.components);
    let ids = components.map(|(kind, components)| {
        (kind.clone(), components.iter().map(|component| component.id).collect::<Vec<_>>())
    });
    ids.filter(|(_, ids)| !ids.is_empty()).collect()
}

/// Returns the ids in a state or a plan, by type.
pub(super) fn named(stack: &Stack) -> Slots {
    let ones = stack.components.iter().flatten();
    let ones = ones.filter_map(|(kind, id)| Some((kind.clone(), vec![(*id)?.0])));
    let lists = stack
        .component_lists
        .iter()
        .flatten()
        .map(|(kind, ids)| (kind.clone(), ids.iter().flatten().map(|id| id.0).collect::<Vec<_>>()));
    ones.chain(lists).filter(|(_, ids)| !ids.is_empty()).collect()
}

/// Converts the slots of a stack into `components`. `known` is the value in the state or the plan; `None` for an
/// import.
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
        // Several components of an unmanaged type are managed elsewhere.
        if let [only] = ids.as_slice() {
            components.insert(kind.clone(), Some(Id(*only)));
        }
    }
    components
}

/// Converts the slots of a stack into `component_lists`. A type without components stays as it is in the state: null
/// or an empty list.
pub(super) fn observed_lists(slots: &Slots, known: &ComponentLists) -> ComponentLists {
    let is_empty = |(_, ids): &(&String, &Option<Vec<_>>)| ids.iter().flatten().next().is_none();
    let empty = known.iter().filter(is_empty).map(|(kind, ids)| (kind.clone(), ids.clone()));
    let present = slots.iter().map(|(kind, ids)| (kind.clone(), Some(ids.iter().copied().map(Id).collect())));
    empty.chain(present).collect()
}

/// A component in a configuration or a plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The type that it is set for.
    pub(super) kind: String,
    /// The component.
    pub(super) id: ComponentId,
    /// The attribute that contains it.
    pub(super) path: Path,
}

/// Returns all known components, in the order of the configuration.
pub(super) fn places(planned: &Partial<Stack>) -> Vec<Place> {
    let mut found = Vec::new();
    let mut add = |kind: &str, id: &Dyn, path: Path| {
        if let Some(id) = id.as_str().and_then(|id| id.parse().ok()) {
            found.push(Place { kind: kind.to_owned(), id, path });
        }
    };
    for (kind, id) in planned.dyn_of(Stack::COMPONENTS).as_map().into_iter().flatten() {
        add(kind, id, Stack::COMPONENTS.then(kind.as_str()));
    }
    for (kind, ids) in planned.dyn_of(Stack::COMPONENT_LISTS).as_map().into_iter().flatten() {
        for (index, id) in ids.as_list().into_iter().flatten().enumerate() {
            add(kind, id, Stack::COMPONENT_LISTS.then(kind.as_str()).index(index));
        }
    }
    found
}

/// Returns the components that a change adds.
pub(super) fn joining(before: &Slots, planned: &Partial<Stack>) -> Vec<Place> {
    let mut places = places(planned);
    places.retain(|place| !before.get(&place.kind).is_some_and(|ids| ids.contains(&place.id)));
    places
}

/// Returns the slots after a change. Lists are complete; with single components everything unmanaged stays: further
/// components of a type that can have several, and types that are in neither the state nor the plan.
pub(super) fn changed(now: &Slots, before: &Slots, plan: &Stack) -> Slots {
    let after = named(plan);
    if plan.component_lists.is_some() {
        return after;
    }
    let mut slots = now.clone();
    for kind in before.keys().chain(after.keys()) {
        let before = before.get(kind).map(Vec::as_slice).unwrap_or_default();
        let after = after.get(kind).and_then(|ids| ids.first());
        let slot = slots.entry(kind.clone()).or_default();
        let leaves = |id: &ComponentId| before.contains(id) && after != Some(id);
        let place = slot.iter().position(leaves);
        slot.retain(|id| !leaves(id));
        let Some(after) = after.filter(|after| !slot.contains(after)) else { continue };
        if !REPEATABLE_TYPES.contains(&kind.as_str()) {
            slot.clear();
        }
        slot.insert(place.unwrap_or(0).min(slot.len()), *after);
    }
    slots.retain(|_, slot| !slot.is_empty());
    slots
}

/// Returns the slots of a new stack. It consists of existing components, never of new ones.
pub(super) fn there(slots: Slots) -> NewSlots {
    slots.into_iter().map(|(kind, ids)| (kind, ids.into_iter().map(Part::There).collect())).collect()
}

#[cfg(test)]
mod tests {
    use tfkit::model::Object as _;
    use tfkit::{Computed, OrServer};

    use super::*;

    const KINDS: [&str; 3] = ["orchestrator", "alerter", "step_operator"];

    fn id(number: u8) -> ComponentId {
        format!("00000000-0000-4000-8000-0000000000{number:02}").parse().unwrap()
    }

    /// Returns slots in the order of `KINDS`, by component numbers.
    fn slots(numbers: [&[u8]; 3]) -> Slots {
        let one =
            |(kind, numbers): (&str, &[u8])| (kind.to_owned(), numbers.iter().copied().map(id).collect());
        KINDS.into_iter().zip(numbers).filter(|(_, numbers)| !numbers.is_empty()).map(one).collect()
    }

    /// Returns attributes in the order of `KINDS`: `None` for no entry, 0 for null.
    fn components(numbers: [Option<u8>; 3]) -> Components {
        let one = |(kind, number): (&str, Option<u8>)| {
            let number = number?;
            Some((kind.to_owned(), (number != 0).then(|| Id(id(number)))))
        };
        KINDS.into_iter().zip(numbers).filter_map(one).collect()
    }

    fn stack(components: Option<Components>, component_lists: Option<ComponentLists>) -> Stack {
        Stack {
            workspace_id: OrServer::null(),
            id: Computed::unknown(),
            name: "dev".to_owned(),
            description: OrServer::null(),
            components,
            component_lists,
            environment: OrServer::null(),
            secrets: OrServer::null(),
            labels: OrServer::null(),
        }
    }

    #[test]
    fn a_read_shows_managed_components_and_a_single_unmanaged_one() {
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
    fn a_change_keeps_unmanaged_components() {
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
            let (before, after) =
                (stack(Some(components(before)), None), stack(Some(components(after)), None));
            assert_eq!(changed(&slots(now), &named(&before), &after), slots(expected), "{what}");
        }
    }

    #[test]
    fn lists_are_complete_and_ordered() {
        let lists = |numbers: [Option<&[u8]>; 3]| -> ComponentLists {
            let one = |(kind, numbers): (&str, Option<&[u8]>)| {
                let ids: Vec<_> = numbers?.iter().map(|number| Id(id(*number))).collect();
                Some((kind.to_owned(), (!ids.is_empty()).then_some(ids)))
            };
            KINDS.into_iter().zip(numbers).filter_map(one).collect()
        };
        let now = slots([&[1], &[3, 4], &[]]);
        let known = lists([Some(&[1]), None, Some(&[])]);
        assert_eq!(observed_lists(&now, &known), lists([Some(&[1]), Some(&[3, 4]), Some(&[])]));
        let gone = lists([Some(&[1]), Some(&[3]), None]);
        assert_eq!(observed_lists(&slots([&[1], &[], &[]]), &gone), lists([Some(&[1]), None, None]));
        // Changing the form: listed components that are no longer set leave the stack, unmanaged ones stay.
        let listed = stack(None, Some(lists([Some(&[1]), Some(&[3, 4]), None])));
        let single = stack(Some(components([Some(1), Some(4), None])), None);
        let crowded = slots([&[1], &[3, 4, 5], &[6, 7]]);
        assert_eq!(changed(&crowded, &named(&listed), &single), slots([&[1], &[4, 5], &[6, 7]]));
        let turned = stack(None, Some(lists([Some(&[1]), Some(&[5, 3]), None])));
        assert_eq!(changed(&crowded, &named(&single), &turned), slots([&[1], &[5, 3], &[]]));
    }

    #[test]
    fn a_component_joins_in_place_of_another_one_or_of_none() {
        let before = named(&stack(Some(components([Some(1), Some(0), Some(3)])), None));
        let after = stack(Some(components([Some(2), Some(4), Some(3)])), None);
        let joining = joining(&before, &Partial::new(after.to_object()));
        let joining: Vec<_> = joining.into_iter().map(|place| (place.path.to_string(), place.id)).collect();
        let expected = [("components[\"alerter\"]", id(4)), ("components[\"orchestrator\"]", id(2))];
        assert_eq!(joining, expected.map(|(path, id)| (path.to_owned(), id)));
    }
}

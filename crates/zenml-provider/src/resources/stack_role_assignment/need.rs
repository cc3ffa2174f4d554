//! The permissions of a role on a stack, and what remains when one of several roles is removed. This module has no
//! side effects; it contains all decisions about permissions.
//!
//! Sharing only the stack is useless: its components are stubs, their connectors issue no credentials, and the
//! secrets that they refer to do not resolve. So a role extends to four kinds of objects. The roles of one principal
//! on two stacks overlap on the objects of both: there the union of both applies, and removing one role leaves what
//! the other one requires.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;
use zenml_api::rbac::{Action, ResourceRef, ResourceType};
use zenml_api::{ComponentId, ConnectorId, Identifier, SecretId, StackId};

/// Permitted actions on one object.
pub(super) type Actions = BTreeSet<Action>;

/// Permitted actions by object.
pub(super) type Grants = BTreeMap<Object, Actions>;

/// Kinds of objects that a role on a stack extends to, in the order of granting. The stack is first, because its
/// share shows the role to other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Stack,
    Component,
    Connector,
    Secret,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Stack, Self::Component, Self::Connector, Self::Secret];

    /// Returns the resource type in the API.
    pub(super) const fn resource_type(self) -> ResourceType {
        match self {
            Self::Stack => ResourceType::Stack,
            Self::Component => ResourceType::StackComponent,
            Self::Connector => ResourceType::ServiceConnector,
            Self::Secret => ResourceType::Secret,
        }
    }
}

/// An object with permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) id: Uuid,
}

impl Object {
    fn new(kind: Kind, id: impl Identifier) -> Self {
        Self { kind, id: id.uuid() }
    }

    pub(super) fn stack(id: StackId) -> Self {
        Self::new(Kind::Stack, id)
    }

    /// Parses the output of [`fmt::Display`].
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, id) = text.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.resource_type().as_str() == name)?;
        Some(Self { kind, id: Uuid::try_parse(id).ok()? })
    }

    /// Returns the object's name in the API, within its workspace.
    pub(super) fn resource(self) -> ResourceRef {
        ResourceRef { workspace: None, project: None, kind: self.kind.resource_type(), id: Some(self.id) }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind.resource_type(), self.id)
    }
}

/// A role on a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StackRole {
    Read,
    Write,
    Admin,
}

impl StackRole {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Returns the actions of the role on objects of a kind.
    #[expect(clippy::match_same_arms, reason = "the table contains each role and kind")]
    pub(super) fn row(self, kind: Kind) -> Actions {
        use Action::{Client, Delete, Read, ReadSecretValue, Share, Update};
        let actions: &[Action] = match (self, kind) {
            (Self::Read, Kind::Stack) => &[Read],
            (Self::Read, Kind::Component) => &[Read],
            (Self::Read, Kind::Connector) => &[Read],
            (Self::Read, Kind::Secret) => &[],
            (Self::Write, Kind::Stack) => &[Read, Update],
            (Self::Write, Kind::Component) => &[Read],
            (Self::Write, Kind::Connector) => &[Read, Client],
            (Self::Write, Kind::Secret) => &[Read, ReadSecretValue],
            (Self::Admin, Kind::Stack) => &[Read, Update, Delete, Share],
            (Self::Admin, Kind::Component) => &[Read, Update],
            (Self::Admin, Kind::Connector) => &[Read, Update, Client],
            (Self::Admin, Kind::Secret) => &[Read, ReadSecretValue],
        };
        actions.iter().cloned().collect()
    }

    /// Returns the highest role whose actions on a stack are all included.
    pub(super) fn of(actions: &Actions) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|role| role.row(Kind::Stack).is_subset(actions))
    }

    /// Returns the role with exactly these actions on a stack.
    pub(super) fn exactly(actions: &Actions) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.row(Kind::Stack) == *actions)
    }
}

/// The contents of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) stack: StackId,
    pub(super) components: BTreeSet<ComponentId>,
    pub(super) connectors: BTreeSet<ConnectorId>,
    pub(super) secrets: BTreeSet<SecretId>,
}

impl Contents {
    /// Returns all objects, including the stack itself.
    pub(super) fn objects(&self) -> BTreeSet<Object> {
        let stack = std::iter::once(Object::stack(self.stack));
        let components = self.components.iter().map(|id| Object::new(Kind::Component, *id));
        let connectors = self.connectors.iter().map(|id| Object::new(Kind::Connector, *id));
        let secrets = self.secrets.iter().map(|id| Object::new(Kind::Secret, *id));
        stack.chain(components).chain(connectors).chain(secrets).collect()
    }
}

/// The configured permissions on a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Actions on the stack itself.
    pub(super) actions: Actions,
    /// Whether the role extends to the objects that the stack requires.
    pub(super) include_components: bool,
}

impl Wish {
    /// Returns the resulting permissions. Actions that match no role grant on the other objects what the highest
    /// included role does.
    pub(super) fn grants(&self, contents: &Contents) -> Grants {
        let role = if self.include_components { StackRole::of(&self.actions) } else { None };
        let grant = |object: Object| match (object.kind, role) {
            (Kind::Stack, _) => self.actions.clone(),
            (_, None) => Actions::new(),
            (kind, Some(role)) => role.row(kind),
        };
        let grants = contents.objects().into_iter().map(|object| (object, grant(object)));
        grants.filter(|(_, actions)| !actions.is_empty()).collect()
    }
}

/// Returns the actions that a principal requires on each object for its roles on these stacks. Its role on a stack
/// follows from its share on the server.
pub(super) fn need<'a>(stacks: impl IntoIterator<Item = (&'a Contents, &'a Actions)>) -> Grants {
    let mut need = Grants::new();
    for (contents, share) in stacks {
        let Some(role) = StackRole::of(share) else { continue };
        let wish = Wish { actions: role.row(Kind::Stack), include_components: true };
        for (object, actions) in wish.grants(contents) {
            need.entry(object).or_default().extend(actions);
        }
    }
    need
}

/// Returns the share of an object after a change: without the previous actions, except those that other stacks
/// require, and with the new ones. Actions from elsewhere stay. `before` is empty for a creation, `now` for a
/// deletion.
pub(super) fn share_after(
    current: &Actions,
    granted_before: &Actions,
    granted_now: &Actions,
    needed_elsewhere: &Actions,
) -> Actions {
    let stays = |action: &&Action| {
        !granted_before.contains(*action)
            || needed_elsewhere.contains(*action)
            || granted_now.contains(*action)
    };
    current.iter().filter(stays).chain(granted_now).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(names: &str) -> Actions {
        names.split_whitespace().map(Action::parse).collect()
    }

    fn contents(components: &[ComponentId], connectors: &[ConnectorId], secrets: &[SecretId]) -> Contents {
        Contents {
            stack: StackId::random(),
            components: components.iter().copied().collect(),
            connectors: connectors.iter().copied().collect(),
            secrets: secrets.iter().copied().collect(),
        }
    }

    #[test]
    fn a_role_grants_its_row_of_the_table() {
        let cases = [
            ("read", Kind::Stack, "read"),
            ("read", Kind::Component, "read"),
            ("read", Kind::Connector, "read"),
            ("read", Kind::Secret, ""),
            ("write", Kind::Stack, "read update"),
            ("write", Kind::Component, "read"),
            ("write", Kind::Connector, "read client"),
            ("write", Kind::Secret, "read read_secret_value"),
            ("admin", Kind::Stack, "read update delete share"),
            ("admin", Kind::Component, "read update"),
            ("admin", Kind::Connector, "read update client"),
            ("admin", Kind::Secret, "read read_secret_value"),
        ];
        for (role, kind, expected) in cases {
            assert_eq!(StackRole::parse(role).unwrap().row(kind), actions(expected), "{role} on {kind:?}");
        }
    }

    #[test]
    fn the_role_of_a_share_is_the_highest_that_it_fully_contains() {
        let cases = [
            ("", None, None),
            ("update", None, None),
            ("read", Some(StackRole::Read), Some(StackRole::Read)),
            ("read delete", Some(StackRole::Read), None),
            ("read update", Some(StackRole::Write), Some(StackRole::Write)),
            ("read update delete", Some(StackRole::Write), None),
            ("read update delete share", Some(StackRole::Admin), Some(StackRole::Admin)),
        ];
        for (share, highest, exactly) in cases {
            assert_eq!(StackRole::of(&actions(share)), highest, "{share:?}");
            assert_eq!(StackRole::exactly(&actions(share)), exactly, "{share:?}");
        }
    }

    #[test]
    fn only_the_stack_is_granted_without_components() {
        let stack = contents(&[ComponentId::random()], &[ConnectorId::random()], &[SecretId::random()]);
        let all = Wish { actions: actions("read update"), include_components: true };
        let alone = Wish { actions: actions("read update"), include_components: false };
        assert_eq!(all.grants(&stack).len(), 4);
        let expected = Grants::from([(Object::stack(stack.stack), actions("read update"))]);
        assert_eq!(alone.grants(&stack), expected);
    }

    #[test]
    fn roles_on_two_stacks_overlap_on_shared_objects() {
        let (shared, own) = (ComponentId::random(), ComponentId::random());
        let connector = ConnectorId::random();
        let development = contents(&[shared, own], &[connector], &[]);
        let production = contents(&[shared], &[connector], &[]);
        let (write, read) = (actions("read update"), actions("read"));
        let both = need([(&development, &write), (&production, &read)]);
        assert_eq!(both[&Object::new(Kind::Connector, connector)], actions("read client"));
        let left = need([(&production, &read)]);
        assert_eq!(left[&Object::new(Kind::Connector, connector)], actions("read"));
        assert!(!left.contains_key(&Object::new(Kind::Component, own)));
    }

    #[test]
    fn a_share_keeps_permissions_from_elsewhere_and_those_that_other_stacks_require() {
        let cases = [
            // current, before, now, needed elsewhere, after
            ("", "", "read", "", "read"),
            ("delete", "", "read", "", "read delete"),
            ("read client", "read client", "", "", ""),
            ("read client", "read client", "", "read", "read"),
            ("read client share", "read client", "", "", "share"),
            ("read client", "read client", "read", "", "read"),
            ("read", "read client", "read client", "", "read client"),
            // Lost permissions of another role are not granted: that role repairs them.
            ("", "read", "", "read", ""),
        ];
        for (current, before, now, elsewhere, after) in cases {
            let result = share_after(&actions(current), &actions(before), &actions(now), &actions(elsewhere));
            assert_eq!(result, actions(after), "{current:?} − {before:?} + {now:?}, needed {elsewhere:?}");
        }
    }

    /// Checks the rules for every order of adding and removing the roles of one principal.
    #[test]
    fn in_any_order_each_remaining_role_keeps_all_that_it_requires() {
        let (shared, own) = (ComponentId::random(), ComponentId::random());
        let (connector, secret) = (ConnectorId::random(), SecretId::random());
        let stacks = [
            contents(&[shared, own], &[connector], &[secret]),
            contents(&[shared], &[connector], &[]),
            contents(&[own], &[], &[secret]),
        ];
        let roles = [StackRole::Write, StackRole::Read, StackRole::Admin];
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for coming in orders {
            for going in orders {
                let mut server = Grants::new();
                let wish =
                    |index: usize| Wish { actions: roles[index].row(Kind::Stack), include_components: true };
                let mut held: Vec<usize> = Vec::new();
                let mut change = |held: &[usize], before: &Grants, now: &Grants| {
                    let none = Actions::new();
                    // The share of the stack changes first, because it determines the requirements of the role.
                    for object in before.keys().chain(now.keys()).copied().collect::<BTreeSet<_>>() {
                        let held_shares: Vec<Actions> = held
                            .iter()
                            .map(|index| {
                                server.get(&Object::stack(stacks[*index].stack)).cloned().unwrap_or_default()
                            })
                            .collect();
                        let elsewhere = need(held.iter().map(|index| &stacks[*index]).zip(&held_shares));
                        let of = |grants: &Grants| grants.get(&object).unwrap_or(&none).clone();
                        let after = share_after(
                            &of(&server),
                            &of(before),
                            &of(now),
                            elsewhere.get(&object).unwrap_or(&none),
                        );
                        server.insert(object, after);
                    }
                    server.retain(|_, actions| !actions.is_empty());
                    server.clone()
                };
                for index in coming {
                    change(&held, &Grants::new(), &wish(index).grants(&stacks[index]));
                    held.push(index);
                }
                for index in going {
                    held.retain(|other| *other != index);
                    let left = change(&held, &wish(index).grants(&stacks[index]), &Grants::new());
                    let held_shares: Vec<Actions> =
                        held.iter().map(|index| roles[*index].row(Kind::Stack)).collect();
                    let expected = need(held.iter().map(|index| &stacks[*index]).zip(&held_shares));
                    assert_eq!(left, expected, "coming {coming:?}, going {going:?}, after {index}");
                }
            }
        }
    }

    #[test]
    fn an_object_is_parsed_as_it_is_written() {
        for kind in Kind::ALL {
            let object = Object { kind, id: Uuid::new_v4() };
            assert_eq!(Object::parse(&object.to_string()), Some(object));
        }
        assert_eq!(Object::parse("stack"), None);
        assert_eq!(Object::parse("project/0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11"), None);
    }
}

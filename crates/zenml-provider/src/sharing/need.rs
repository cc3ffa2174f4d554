//! The permissions of a role on a stack, and what remains when one of several roles or shares is removed. This module has
//! no side effects; it contains all decisions about permissions.
//!
//! Sharing only the stack is useless: its components are stubs, their connectors issue no credentials, and the
//! secrets that they refer to do not resolve. So a role extends to four kinds of objects. The roles of one principal
//! on two stacks overlap on the objects of both: there the union of both applies, and removing one role leaves what
//! the other one requires.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;
use zenml_api::rbac::{Action, ResourceRef, ResourceType};
use zenml_api::{ComponentId, ConnectorId, Identifier, ProjectId, SecretId, StackId};

/// Permitted actions on one object.
pub(crate) type Actions = BTreeSet<Action>;

/// Permitted actions by object.
pub(crate) type Grants = BTreeMap<Object, Actions>;

/// Kinds of objects that can be shared: those that a role on a stack extends to, in the order of granting, and all others.
/// The stack is first, because its share shows the role to other processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Stack,
    Component,
    Connector,
    Secret,
    /// A type that no role on a stack extends to, by its name in the API.
    Beside(&'static str),
}

/// The names of the other types that can be shared. Objects of the second list belong to a project.
const BESIDE: [&str; 2] = ["flavor", "tag"];
const IN_PROJECTS: [&str; 15] = [
    "artifact",
    "artifact_version",
    "code_repository",
    "deployment",
    "model",
    "model_version",
    "pipeline",
    "pipeline_build",
    "pipeline_deployment",
    "pipeline_run",
    "run_template",
    "schedule",
    "service",
    "trigger",
    "webhook",
];

/// The names of all types that can be shared.
pub(crate) const TYPES: &[&str] = &[
    "artifact",
    "artifact_version",
    "code_repository",
    "deployment",
    "flavor",
    "model",
    "model_version",
    "pipeline",
    "pipeline_build",
    "pipeline_deployment",
    "pipeline_run",
    "run_template",
    "schedule",
    "secret",
    "service",
    "service_connector",
    "stack",
    "stack_component",
    "tag",
    "trigger",
    "webhook",
];

impl Kind {
    const OF_STACKS: [Self; 4] = [Self::Stack, Self::Component, Self::Connector, Self::Secret];

    /// Returns the kind with a name in the API; `None` if objects of it cannot be shared.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let of_stacks = Self::OF_STACKS.into_iter().find(|kind| kind.name() == name);
        let beside = || BESIDE.iter().chain(&IN_PROJECTS).find(|beside| **beside == name);
        of_stacks.or_else(|| beside().map(|name| Self::Beside(name)))
    }

    /// Returns the name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Component => "stack_component",
            Self::Connector => "service_connector",
            Self::Secret => "secret",
            Self::Beside(name) => name,
        }
    }

    /// Returns whether objects of this kind belong to a project.
    pub(crate) fn is_in_project(self) -> bool {
        IN_PROJECTS.contains(&self.name())
    }

    /// Returns whether a role on a stack can extend to objects of this kind.
    pub(crate) const fn is_of_stacks(self) -> bool {
        !matches!(self, Self::Beside(_))
    }

    /// Returns the resource type in the API.
    pub(crate) fn resource_type(self) -> ResourceType {
        ResourceType::parse(self.name())
    }
}

/// An object with permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    /// The project that it belongs to, for kinds of objects that do.
    pub(crate) project: Option<ProjectId>,
    pub(crate) id: Uuid,
}

impl Object {
    pub(crate) fn new(kind: Kind, id: impl Identifier) -> Self {
        Self { kind, project: None, id: id.uuid() }
    }

    pub(crate) fn stack(id: StackId) -> Self {
        Self::new(Kind::Stack, id)
    }

    /// Parses the output of [`fmt::Display`].
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (project, rest) = match text.split_once(':') {
            Some((project, rest)) => (Some(project.parse().ok()?), rest),
            None => (None, text),
        };
        let (name, id) = rest.split_once('/')?;
        Some(Self { kind: Kind::named(name)?, project, id: Uuid::try_parse(id).ok()? })
    }

    /// Returns the object's name in the API, within its workspace.
    pub(crate) fn resource(self) -> ResourceRef {
        ResourceRef {
            workspace: None,
            project: self.project,
            kind: self.kind.resource_type(),
            id: Some(self.id),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(project) = self.project {
            write!(formatter, "{project}:")?;
        }
        write!(formatter, "{}/{}", self.kind.name(), self.id)
    }
}

/// A role on a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StackRole {
    Read,
    Write,
    Admin,
}

impl StackRole {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// Returns the actions of the role on objects of a kind.
    #[expect(clippy::match_same_arms, reason = "the table contains each role and kind")]
    pub(crate) fn row(self, kind: Kind) -> Actions {
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
            (_, Kind::Beside(_)) => &[],
        };
        actions.iter().cloned().collect()
    }

    /// Returns the highest role whose actions on a stack are all included.
    pub(crate) fn of(actions: &Actions) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|role| role.row(Kind::Stack).is_subset(actions))
    }

    /// Returns the role with exactly these actions on a stack.
    pub(crate) fn exactly(actions: &Actions) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.row(Kind::Stack) == *actions)
    }
}

/// The contents of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) stack: StackId,
    pub(crate) components: BTreeSet<ComponentId>,
    pub(crate) connectors: BTreeSet<ConnectorId>,
    pub(crate) secrets: BTreeSet<SecretId>,
}

impl Contents {
    /// Returns all objects, including the stack itself.
    pub(crate) fn objects(&self) -> BTreeSet<Object> {
        let stack = std::iter::once(Object::stack(self.stack));
        let components = self.components.iter().map(|id| Object::new(Kind::Component, *id));
        let connectors = self.connectors.iter().map(|id| Object::new(Kind::Connector, *id));
        let secrets = self.secrets.iter().map(|id| Object::new(Kind::Secret, *id));
        stack.chain(components).chain(connectors).chain(secrets).collect()
    }
}

/// The configured permissions on a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Actions on the stack itself.
    pub(crate) actions: Actions,
    /// Whether the role extends to the objects that the stack requires.
    pub(crate) include_components: bool,
}

impl Wish {
    /// Returns the resulting permissions. Actions that match no role grant on the other objects what the highest
    /// included role does.
    pub(crate) fn grants(&self, contents: &Contents) -> Grants {
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
pub(crate) fn need<'a>(stacks: impl IntoIterator<Item = (&'a Contents, &'a Actions)>) -> Grants {
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

/// Returns the grants of both.
pub(crate) fn union(mut one: Grants, other: &Grants) -> Grants {
    for (object, actions) in other {
        one.entry(*object).or_default().extend(actions.iter().cloned());
    }
    one
}

/// Returns the grants that are in both.
pub(crate) fn in_both(one: &Grants, other: &Grants) -> Grants {
    let common = one.iter().map(|(object, actions)| {
        let there = other.get(object).into_iter().flatten();
        (*object, there.filter(|action| actions.contains(*action)).cloned().collect::<Actions>())
    });
    common.filter(|(_, actions)| !actions.is_empty()).collect()
}

/// Returns the grants that are only in the first.
pub(crate) fn without(one: &Grants, other: &Grants) -> Grants {
    let rest = one.iter().map(|(object, actions)| {
        let there = other.get(object);
        let is_gone = |action: &&Action| there.is_none_or(|there| !there.contains(*action));
        (*object, actions.iter().filter(is_gone).cloned().collect::<Actions>())
    });
    rest.filter(|(_, actions)| !actions.is_empty()).collect()
}

/// Returns grants as strings, for attributes and private states.
pub(crate) fn texts(grants: &Grants) -> BTreeMap<String, BTreeSet<String>> {
    let text = |(object, actions): (&Object, &Actions)| {
        (object.to_string(), actions.iter().map(|action| action.as_str().to_owned()).collect())
    };
    grants.iter().map(text).collect()
}

/// Reads what [`texts`] returned; what it does not know is omitted.
pub(crate) fn read_texts(texts: &BTreeMap<String, BTreeSet<String>>) -> Grants {
    let read = |(object, actions): (&String, &BTreeSet<String>)| {
        Some((Object::parse(object)?, actions.iter().map(|action| Action::parse(action)).collect()))
    };
    texts.iter().filter_map(read).collect()
}

/// Returns the share of an object after a change: without the previous actions, except those that other stacks and
/// shares require, and with the new ones. Actions from elsewhere stay. `before` is empty for a creation, `now` for a
/// deletion.
pub(crate) fn share_after(
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
    fn objects_of_all_types_read_back_as_written() {
        let mut names: Vec<&str> = BESIDE.iter().chain(&IN_PROJECTS).copied().collect();
        names.extend(Kind::OF_STACKS.map(Kind::name));
        names.sort_unstable();
        assert_eq!(names, TYPES);
        for name in TYPES {
            let kind = Kind::named(name).unwrap();
            assert_eq!(kind.is_in_project(), !kind.resource_type().is_workspace_level(), "{name}");
            let project = kind.is_in_project().then(ProjectId::random);
            let object = Object { project, ..Object::new(kind, StackId::random()) };
            assert_eq!(Object::parse(&object.to_string()), Some(object));
            let grants = Grants::from([(object, actions("read update"))]);
            assert_eq!(read_texts(&texts(&grants)), grants);
        }
        assert_eq!(Kind::named("project"), None);
    }

    #[test]
    fn grants_are_combined_by_object_and_action() {
        let (one, two) = (Object::stack(StackId::random()), Object::stack(StackId::random()));
        let grants = |pairs: &[(Object, &str)]| {
            pairs.iter().map(|(object, names)| (*object, actions(names))).collect::<Grants>()
        };
        let (left, right) =
            (grants(&[(one, "read update"), (two, "read")]), grants(&[(one, "update share")]));
        assert_eq!(union(left.clone(), &right), grants(&[(one, "read update share"), (two, "read")]));
        assert_eq!(in_both(&left, &right), grants(&[(one, "update")]));
        assert_eq!(without(&left, &right), grants(&[(one, "read"), (two, "read")]));
        assert_eq!(without(&left, &left), Grants::new());
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
        for kind in Kind::OF_STACKS {
            let object = Object { kind, project: None, id: Uuid::new_v4() };
            assert_eq!(Object::parse(&object.to_string()), Some(object));
        }
        assert_eq!(Object::parse("stack"), None);
        assert_eq!(Object::parse("project/0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11"), None);
    }
}

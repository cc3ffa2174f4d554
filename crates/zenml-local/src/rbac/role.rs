//! Roles as decisions see them: predefined ones, whose permissions the policy states, and custom ones with their own.

use std::sync::Arc;

use super::action::{Action, Actions};
use super::permission::Permission;
use super::policy::Predefined;
use super::resource::{Kind, Level};

/// A role that somebody can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of the policy.
    Predefined(&'static Predefined),
    /// One that an organization created.
    Custom(Arc<Custom>),
}

impl Role {
    /// Reads a role of the database; only custom roles have a text of what they allow. A predefined role of a newer
    /// version allows nothing.
    pub(crate) fn read(level: &str, name: &str, allows: &str) -> Option<Self> {
        if allows.is_empty() {
            return Predefined::find(level, name).map(Self::Predefined);
        }
        Some(Self::Custom(Arc::new(Custom::from_text(allows))))
    }

    /// Returns what the role allows on objects of a kind, in its scope.
    pub(crate) fn actions_on(&self, kind: Kind) -> Actions {
        match self {
            Self::Predefined(role) => role.actions_on(kind),
            Self::Custom(role) => role.actions_on(kind),
        }
    }

    /// Returns everything that the role allows, in its scope.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        all(|kind| self.actions_on(kind)).collect()
    }
}

impl From<&'static Predefined> for Role {
    fn from(role: &'static Predefined) -> Self {
        Self::Predefined(role)
    }
}

/// What a custom role allows: its permissions, and what they imply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Custom([Actions; Kind::ALL.len()]);

impl Custom {
    /// Combines permissions with what they imply, so that they take effect.
    ///
    /// As with predefined roles, a role in an organization includes its membership, a role in a workspace lets its
    /// holder log in there, a role in a project shows the project, and whoever sees role assignments also sees roles
    /// and teams.
    pub(crate) fn new(level: Level, permissions: impl IntoIterator<Item = Permission>) -> Self {
        const READ: Actions = Actions::of(&[Action::Read]);
        const ENTER: Actions = Actions::of(&[Action::Read, Action::Enter]);
        let mut role = Self([Actions::NONE; Kind::ALL.len()]);
        for Permission { kind, action } in permissions {
            role.add(kind, Actions::of(&[action]));
        }
        let has_content = Kind::ALL
            .iter()
            .any(|kind| kind.level() != Level::Organization && !role.actions_on(*kind).is_empty());
        if level == Level::Organization {
            role.add(Kind::Organization, READ);
            role.add(Kind::Member, READ);
        }
        if level != Level::Organization || has_content {
            role.add(Kind::Workspace, ENTER);
        }
        if level == Level::Project {
            role.add(Kind::Project, READ);
        }
        if !role.actions_on(Kind::Assignment).is_empty() {
            role.add(Kind::Role, READ);
            role.add(Kind::Team, READ);
        }
        role
    }

    fn add(&mut self, kind: Kind, actions: Actions) {
        let place = &mut self.0[kind as usize];
        *place = place.union(actions);
    }

    /// Returns what the role allows on objects of a kind, in its scope.
    pub(crate) const fn actions_on(&self, kind: Kind) -> Actions {
        self.0[kind as usize]
    }

    /// Returns the string for a database column, which [`holds`] searches. It is never empty.
    pub(crate) fn to_text(&self) -> String {
        to_text(all(|kind| self.actions_on(kind)))
    }

    fn from_text(text: &str) -> Self {
        let mut role = Self([Actions::NONE; Kind::ALL.len()]);
        for Permission { kind, action } in from_text(text) {
            role.add(kind, Actions::of(&[action]));
        }
        role
    }
}

fn all(actions_on: impl Fn(Kind) -> Actions) -> impl Iterator<Item = Permission> {
    let on = move |kind: Kind| actions_on(kind).iter().map(move |action| Permission { kind, action });
    Kind::ALL.iter().copied().flat_map(on)
}

/// Returns permissions as the string of a database column, each between spaces.
pub(crate) fn to_text(permissions: impl IntoIterator<Item = Permission>) -> String {
    let words = permissions.into_iter().map(|permission| format!("{permission} "));
    std::iter::once(" ".to_owned()).chain(words).collect()
}

/// Reads a database column; unknown names are ignored.
pub(crate) fn from_text(text: &str) -> impl Iterator<Item = Permission> {
    text.split(' ').filter_map(|permission| {
        let (kind, action) = permission.split_once(':')?;
        let kind = *Kind::ALL.iter().find(|known| known.as_str() == kind)?;
        let action = Action::ALL.into_iter().find(|known| known.as_str() == action)?;
        Some(Permission { kind, action })
    })
}

/// The condition of a statement for such a column.
pub(crate) fn holds(column: &str, action: Action, kind: Kind) -> String {
    format!("instr({column}, ' {} ') > 0", Permission { kind, action })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_as_they_are_listed() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place);
        }
    }

    #[test]
    fn a_custom_role_reads_back_as_written() {
        for level in [Level::Organization, Level::Workspace, Level::Project] {
            for permissions in [Vec::new(), Permission::all(level).collect::<Vec<_>>()] {
                let text = to_text(permissions.iter().copied());
                assert_eq!(from_text(&text).collect::<Vec<_>>(), permissions);
                let role = Custom::new(level, permissions);
                let text = role.to_text();
                assert_eq!(Role::read(level.as_str(), "x", &text), Some(Role::Custom(Arc::new(role))));
            }
        }
    }
}

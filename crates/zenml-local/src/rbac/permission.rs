//! The permissions that a custom role can contain: one action on one kind of objects.
//!
//! ZenML Pro does not document which pairs exist. Here, a workspace has the actions that a ZenML server checks, and the
//! control plane the actions of its routes.

use super::action::{Action, Actions};
use super::resource::{Kind, Level};

use Action::{BackupRestore, Client, Create, Delete, Promote, Prune, Read, ReadSecretValue, Share, Update};

/// One action on one kind of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Permission {
    /// The kind of objects.
    pub(crate) kind: Kind,
    /// What it allows.
    pub(crate) action: Action,
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.action)
    }
}

/// A permission that a role cannot contain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Impossible {
    /// No kind has this name. The nearest name, if one is similar.
    Kind(Option<&'static str>),
    /// The kind exists, but roles of this level cannot allow anything on it.
    Level(Kind),
    /// The kind has no such action. The nearest one, if one is similar, and all that it has.
    Action(Kind, Option<&'static str>, Actions),
}

impl Permission {
    /// Returns all permissions that a role of a level can contain, by kind.
    pub(crate) fn all(level: Level) -> impl Iterator<Item = Self> {
        Kind::ALL
            .iter()
            .flat_map(move |kind| offered(level, *kind).iter().map(|action| Self { kind: *kind, action }))
    }

    /// Finds a permission by the names of its kind and its action.
    pub(crate) fn find(level: Level, kind: &str, action: &str) -> Result<Self, Impossible> {
        let kinds = || Kind::ALL.iter().filter(|kind| !offered(level, **kind).is_empty());
        let Some(kind) = Kind::ALL.iter().find(|known| known.as_str() == kind) else {
            return Err(Impossible::Kind(nearest(kind, kinds().map(|kind| kind.as_str()))));
        };
        let actions = offered(level, *kind);
        if actions.is_empty() {
            return Err(Impossible::Level(*kind));
        }
        if let Some(action) = actions.iter().find(|known| known.as_str() == action) {
            return Ok(Self { kind: *kind, action });
        }
        let similar = nearest(action, actions.iter().map(Action::as_str));
        Err(Impossible::Action(*kind, similar, actions))
    }
}

/// Returns what a role of a level can allow on objects of a kind.
fn offered(level: Level, kind: Kind) -> Actions {
    const ONE: Actions = Actions::of(&[Read, Update, Delete]);
    const MANY: Actions = Actions::of(&[Create, Read, Update, Delete]);
    const SHARED: Actions = MANY.union(Actions::of(&[Share]));
    let within = match level {
        Level::Organization => true,
        Level::Workspace => {
            kind.level() != Level::Organization || matches!(kind, Kind::Workspace | Kind::Assignment)
        }
        Level::Project => kind.level() == Level::Project || matches!(kind, Kind::Project | Kind::Assignment),
    };
    let actions = match kind {
        _ if !within => Actions::NONE,
        // Accounts belong to the platform, not to an organization.
        Kind::Account | Kind::Profile => Actions::NONE,
        Kind::Organization => ONE,
        Kind::Member | Kind::Team | Kind::Role | Kind::Invitation | Kind::OrganizationServiceAccount => MANY,
        Kind::Assignment => Actions::of(&[Create, Read, Delete]),
        Kind::Billing => Actions::of(&[Read, Update]),
        Kind::Secret => SHARED.union(Actions::of(&[ReadSecretValue, BackupRestore])),
        Kind::ServiceConnector => SHARED.union(Actions::of(&[ReadSecretValue, Client])),
        Kind::ArtifactVersion => SHARED.union(Actions::of(&[Client, Prune])),
        Kind::PipelineSnapshot => SHARED.union(Actions::of(&[Prune])),
        Kind::Model => SHARED.union(Actions::of(&[Promote])),
        _ => SHARED,
    };
    // A role applies below its scope, which exists already.
    let scope = match level {
        Level::Workspace => kind == Kind::Workspace,
        Level::Project => kind == Kind::Project,
        Level::Organization => false,
    };
    if scope { actions.without(Actions::of(&[Create])) } else { actions }
}

/// Returns the name with the most similar spelling, if one is similar.
fn nearest(written: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const SIMILAR: f64 = 0.6;
    // Longer strings are not misspelled names, and comparing them takes long.
    if written.len() > 100 {
        return None;
    }
    let written = written.to_lowercase().replace(['-', ' '], "_");
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&written, name), name))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_permission_names_the_nearest_one() {
        let find = |kind, action| Permission::find(Level::Workspace, kind, action);
        assert_eq!(find("stack", "read"), Ok(Permission { kind: Kind::Stack, action: Read }));
        let long = "stack".repeat(100);
        for (written, near) in [
            ("stak", Some("stack")),
            ("Stack-Component", Some("stack_component")),
            ("Service-Connectors", Some("service_connector")),
            ("boat", None),
            ("", None),
            (&long, None),
        ] {
            assert_eq!(find(written, "read"), Err(Impossible::Kind(near)), "{written}");
        }
        assert_eq!(find("team", "read"), Err(Impossible::Level(Kind::Team)));
        assert_eq!(find("account", "read"), Err(Impossible::Level(Kind::Account)));
        let basic = Actions::of(&[Create, Read, Update, Delete, Share]);
        assert_eq!(find("stack", "raed"), Err(Impossible::Action(Kind::Stack, Some("read"), basic)));
        assert_eq!(find("stack", "client"), Err(Impossible::Action(Kind::Stack, None, basic)));
        assert_eq!(find("stack", "enter"), Err(Impossible::Action(Kind::Stack, None, basic)));
    }

    #[test]
    fn a_role_of_a_lower_level_can_contain_less() {
        let all = |level| Permission::all(level).collect::<std::collections::BTreeSet<_>>();
        let (organization, workspace, project) =
            (all(Level::Organization), all(Level::Workspace), all(Level::Project));
        assert!(workspace.is_subset(&organization) && project.is_subset(&organization));
        let has =
            |set: &std::collections::BTreeSet<_>, kind, action| set.contains(&Permission { kind, action });
        assert!(has(&organization, Kind::Workspace, Create) && !has(&workspace, Kind::Workspace, Create));
        assert!(has(&workspace, Kind::Project, Create) && !has(&project, Kind::Project, Create));
        assert!(has(&project, Kind::Pipeline, Create) && !has(&project, Kind::Stack, Read));
        assert!(has(&organization, Kind::Team, Update) && !has(&workspace, Kind::Team, Read));
    }
}

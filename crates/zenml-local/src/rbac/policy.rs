//! The policy: what each predefined role may do. The only place that knows role names. A custom role has its own
//! permissions ([`Role`](super::role::Role)).

use super::action::{Action, Actions};
use super::resource::{Kind, Level};

use Action::{Create, Enter, Read, Share, Update};

/// A role that comes with every organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Predefined {
    /// Name, unique at its level.
    pub(crate) name: &'static str,
    /// Where it can be assigned.
    pub(crate) level: Level,
    /// Its description, as the API shows it.
    pub(crate) description: &'static str,
    rights: &'static [(Kinds, Actions)],
}

/// The kinds of one line of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    /// All kinds of the control plane except billing and other accounts.
    Directory,
    /// All kinds of one level.
    Of(Level),
    /// These kinds.
    These(&'static [Kind]),
}

impl Kinds {
    fn contains(self, kind: Kind) -> bool {
        match self {
            Self::Directory => {
                kind.level() == Level::Organization
                    && !matches!(kind, Kind::Billing | Kind::Account | Kind::Profile)
            }
            Self::Of(level) => kind.level() == level,
            Self::These(kinds) => kinds.contains(&kind),
        }
    }
}

const READ: Actions = Actions::of(&[Read]);
const CREATE: Actions = Actions::of(&[Create]);
const CREATE_READ: Actions = Actions::of(&[Create, Read]);
const ENTER: Actions = Actions::of(&[Read, Enter]);
const ADMINISTER: Actions = Actions::of(&[Read, Update, Share, Enter]);
const ALL: Actions = Actions::ALL;
const ALL_AND_ENTER: Actions = Actions::ALL.union(Actions::of(&[Enter]));
const ALL_BUT_VALUES: Actions = Actions::ALL.without(Actions::of(&[Action::ReadSecretValue]));
const ALL_BUT_CREATE: Actions = Actions::ALL.without(CREATE);

const WORKSPACE: Kinds = Kinds::These(&[Kind::Workspace]);
const PROJECT: Kinds = Kinds::These(&[Kind::Project]);
const ASSIGNMENT: Kinds = Kinds::These(&[Kind::Assignment]);
/// What an account that grants roles must be able to see.
const GRANTING: Kinds = Kinds::These(&[Kind::Role, Kind::Team]);
const FLAVORS: Kinds = Kinds::These(&[Kind::Flavor]);

/// All predefined roles with their permissions.
pub(crate) const PREDEFINED: &[Predefined] = &[
    Predefined {
        name: "Organization Admin",
        level: Level::Organization,
        description: "Everything in the organization and in all its workspaces and projects.",
        rights: &[
            (Kinds::Of(Level::Organization), ALL_AND_ENTER),
            (Kinds::Of(Level::Workspace), ALL),
            (Kinds::Of(Level::Project), ALL),
        ],
    },
    Predefined {
        name: "Organization Manager",
        level: Level::Organization,
        description: "Creates and views what the organization has; changes only what is their own.",
        rights: &[
            (Kinds::Directory, READ),
            (
                Kinds::These(&[
                    Kind::Member,
                    Kind::Invitation,
                    Kind::Team,
                    Kind::Workspace,
                    Kind::OrganizationServiceAccount,
                ]),
                CREATE,
            ),
        ],
    },
    Predefined {
        name: "Organization Viewer",
        level: Level::Organization,
        description: "Views what the organization has.",
        rights: &[(Kinds::Directory, READ)],
    },
    Predefined {
        name: "Billing Admin",
        level: Level::Organization,
        description: "Billing, and nothing else.",
        rights: &[
            (Kinds::These(&[Kind::Billing]), ALL),
            (Kinds::These(&[Kind::Organization, Kind::Member]), READ),
        ],
    },
    Predefined {
        name: "Organization Member",
        level: Level::Organization,
        description: "Belongs to the organization; other roles say what for.",
        rights: &[(Kinds::These(&[Kind::Organization, Kind::Member]), READ)],
    },
    Predefined {
        name: "Workspace Admin",
        level: Level::Workspace,
        description: "Everything in the workspace.",
        rights: &[
            (WORKSPACE, ADMINISTER),
            (ASSIGNMENT, ALL),
            (GRANTING, READ),
            (Kinds::Of(Level::Workspace), ALL),
            (Kinds::Of(Level::Project), ALL),
        ],
    },
    Predefined {
        name: "Workspace Developer",
        level: Level::Workspace,
        description: "Creates and views everything in the workspace, but no secret values.",
        rights: &[
            (WORKSPACE, ENTER),
            (Kinds::Of(Level::Workspace), CREATE_READ),
            (Kinds::Of(Level::Project), CREATE_READ),
        ],
    },
    Predefined {
        name: "Workspace Contributor",
        level: Level::Workspace,
        description: "Creates in the workspace; sees what is their own or shared with them.",
        rights: &[
            (WORKSPACE, ENTER),
            (
                Kinds::These(&[
                    Kind::Stack,
                    Kind::StackComponent,
                    Kind::ServiceConnector,
                    Kind::Secret,
                    Kind::Tag,
                    Kind::Flavor,
                ]),
                CREATE,
            ),
            (FLAVORS, READ),
        ],
    },
    Predefined {
        name: "Workspace Viewer",
        level: Level::Workspace,
        description: "Views everything in the workspace, but no secret values.",
        rights: &[(WORKSPACE, ENTER), (Kinds::Of(Level::Workspace), READ), (Kinds::Of(Level::Project), READ)],
    },
    Predefined {
        name: "Stack Admin",
        level: Level::Workspace,
        description: "Everything with stacks, components and connectors, but no secret values.",
        rights: &[
            (WORKSPACE, ENTER),
            (Kinds::These(&[Kind::Stack, Kind::StackComponent, Kind::ServiceConnector]), ALL_BUT_VALUES),
            (FLAVORS, READ),
        ],
    },
    Predefined {
        name: "Project Admin",
        level: Level::Project,
        description: "Everything in the project.",
        rights: &[
            (WORKSPACE, ENTER),
            (ASSIGNMENT, ALL),
            (GRANTING, READ),
            (PROJECT, ALL_BUT_CREATE),
            (Kinds::Of(Level::Project), ALL),
        ],
    },
    Predefined {
        name: "Project Developer",
        level: Level::Project,
        description: "Creates and views everything in the project.",
        rights: &[(WORKSPACE, ENTER), (PROJECT, READ), (Kinds::Of(Level::Project), CREATE_READ)],
    },
    Predefined {
        name: "Project Contributor",
        level: Level::Project,
        description: "Creates in the project; sees what is their own or shared with them.",
        rights: &[(WORKSPACE, ENTER), (PROJECT, READ), (Kinds::Of(Level::Project), CREATE)],
    },
    Predefined {
        name: "Project Viewer",
        level: Level::Project,
        description: "Views everything in the project.",
        rights: &[(WORKSPACE, ENTER), (PROJECT, READ), (Kinds::Of(Level::Project), READ)],
    },
];

/// The role that the creator of an organization and its first service account get.
pub(crate) const ORGANIZATION_ADMIN: &Predefined = &PREDEFINED[0];
/// The implicit role of a service account in its own organization.
pub(crate) const ORGANIZATION_MEMBER: &Predefined = &PREDEFINED[4];
/// The implicit role of the owner of a workspace in it.
pub(crate) const WORKSPACE_ADMIN: &Predefined = &PREDEFINED[5];

impl Predefined {
    /// Returns what the role allows on objects of a kind, in its scope.
    pub(crate) fn actions_on(&self, kind: Kind) -> Actions {
        self.rights
            .iter()
            .filter(|(kinds, _)| kinds.contains(kind))
            .fold(Actions::NONE, |sum, (_, actions)| sum.union(*actions))
    }

    /// Returns the roles that allow `action` on objects of a kind, in their scope.
    pub(crate) fn with(action: Action, kind: Kind) -> impl Iterator<Item = &'static Self> {
        PREDEFINED.iter().filter(move |role| role.actions_on(kind).contains(action))
    }

    /// Finds a predefined role by level and name.
    pub(crate) fn find(level: &str, name: &str) -> Option<&'static Self> {
        PREDEFINED.iter().find(|role| role.level.as_str() == level && role.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_constants_match_their_names() {
        assert_eq!(ORGANIZATION_ADMIN.name, "Organization Admin");
        assert_eq!(ORGANIZATION_MEMBER.name, "Organization Member");
        assert_eq!(WORKSPACE_ADMIN.name, "Workspace Admin");
        for role in PREDEFINED {
            assert_eq!(Predefined::find(role.level.as_str(), role.name), Some(role));
        }
    }
}

//! The permissions of the roles in the reference journey: the expected side of the access matrix.
//!
//! The tables deliberately repeat the table of roles in `examples/complete-pro/README.md`. They are not read from the
//! configuration: a missing role assignment there must show up as a difference.

use super::operation::{Connector, Operation, Stack};

/// Role in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceRole {
    /// Can create objects; sees its own and those shared with it.
    Member,
    /// Full access.
    Admin,
}

/// Role in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectRole {
    /// Can create objects in the project.
    Contributor,
    /// Full access, including changes of the project itself.
    Admin,
}

/// Role on one stack, its components and their dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackRole {
    /// Can see it, but not use it.
    Read,
    /// Can use and change it.
    Write,
    /// Can use, change, delete and share it.
    Admin,
}

/// All roles of one principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    pub workspace: Option<WorkspaceRole>,
    pub project: Option<ProjectRole>,
    pub development: Option<StackRole>,
    pub production: Option<StackRole>,
}

/// One column of the matrix: a user, and the roles of the user's team.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Heading of the column.
    pub title: &'static str,
    /// Username on the control plane.
    pub username: &'static str,
    pub roles: Roles,
}

/// One member of each team, and a user without a role.
pub const SUBJECTS: [Subject; 4] = [
    Subject {
        title: "developer",
        username: "developer-1@example.com",
        roles: Roles {
            workspace: Some(WorkspaceRole::Member),
            project: Some(ProjectRole::Contributor),
            development: Some(StackRole::Write),
            production: Some(StackRole::Read),
        },
    },
    Subject {
        title: "ML engineer",
        username: "ml-engineer-1@example.com",
        roles: Roles {
            workspace: Some(WorkspaceRole::Member),
            project: Some(ProjectRole::Admin),
            development: Some(StackRole::Write),
            production: Some(StackRole::Read),
        },
    },
    Subject {
        title: "ML ops",
        username: "ml-ops-1@example.com",
        roles: Roles {
            workspace: Some(WorkspaceRole::Admin),
            project: Some(ProjectRole::Admin),
            development: Some(StackRole::Admin),
            production: Some(StackRole::Admin),
        },
    },
    Subject {
        title: "no role",
        username: "visitor@example.com",
        roles: Roles { workspace: None, project: None, development: None, production: None },
    },
];

impl Roles {
    /// Whether these roles allow an operation.
    pub fn permit(self, operation: Operation) -> bool {
        let admin = self.workspace == Some(WorkspaceRole::Admin);
        match operation {
            Operation::LogIn => self.workspace.is_some() || self.best().is_some(),
            Operation::ListStack(stack) | Operation::ReadStack(stack) | Operation::SeeComponents(stack) => {
                admin || self.on(stack) >= Some(StackRole::Read)
            }
            Operation::ChangeStack(stack) => admin || self.on(stack) >= Some(StackRole::Write),
            // Components of both stacks use this connector, so the stronger of the two roles counts.
            Operation::UseConnector(Connector::Shared) => admin || self.best() >= Some(StackRole::Write),
            // Only production components use this connector and refer to the secret.
            Operation::UseConnector(Connector::Production) | Operation::ReadSecret => {
                admin || self.production >= Some(StackRole::Write)
            }
            Operation::ChangeProject => admin || self.project == Some(ProjectRole::Admin),
        }
    }

    fn on(self, stack: Stack) -> Option<StackRole> {
        match stack {
            Stack::Development => self.development,
            Stack::Production => self.production,
        }
    }

    fn best(self) -> Option<StackRole> {
        self.development.max(self.production)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All expected permissions, in readable form: one line per operation, one letter per subject.
    #[test]
    fn the_journey_gives_each_team_the_permissions_of_its_roles() {
        let table: Vec<String> = Operation::ALL
            .into_iter()
            .map(|operation| {
                let letters: String = SUBJECTS
                    .iter()
                    .map(|subject| if subject.roles.permit(operation) { 'y' } else { '-' })
                    .collect();
                format!("{letters} {operation}")
            })
            .collect();
        assert_eq!(
            table,
            [
                "yyy- log in to the workspace",
                "yyy- list alpha-dev-stack",
                "yyy- read alpha-dev-stack",
                "yyy- see the components of alpha-dev-stack",
                "yyy- change alpha-dev-stack",
                "yyy- list alpha-prod-stack",
                "yyy- read alpha-prod-stack",
                "yyy- see the components of alpha-prod-stack",
                "--y- change alpha-prod-stack",
                "yyy- get credentials from aws-alpha-connector",
                "--y- get credentials from aws-alpha-prod-connector",
                "--y- read the values of alpha-mlflow",
                "-yy- change the project",
            ]
        );
    }

    #[test]
    fn a_role_on_one_stack_allows_the_login_and_gives_no_access_to_other_stacks() {
        let roles = Roles { development: Some(StackRole::Write), ..Roles::default() };
        assert!(roles.permit(Operation::LogIn));
        assert!(roles.permit(Operation::UseConnector(Connector::Shared)));
        assert!(!roles.permit(Operation::ReadStack(Stack::Production)));
        assert!(!roles.permit(Operation::ReadSecret));
    }
}

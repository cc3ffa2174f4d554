//! The roles of an organization and their names.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use printable::A;
use tfkit::{Diag, Dyn, Path};
use zenml_api::control::role::{self, Assignment, Role, RoleLevel, RoleQuery, RoleType, ScopeQuery};
use zenml_api::{OrganizationId, RoleId};
use zenml_client::{Api, ApiError, Optional as _};

use crate::cache::Cache;
use crate::client::Client;
use crate::failure::{Needs, cannot, meant};

/// Short names of workspace roles, with the full names. A `member` can create objects, and has access only to its own
/// and shared objects.
pub const WORKSPACE: &[(&str, &str)] = &[
    ("admin", "Workspace Admin"),
    ("developer", "Workspace Developer"),
    ("member", "Workspace Contributor"),
    ("contributor", "Workspace Contributor"),
    ("viewer", "Workspace Viewer"),
];

/// Short names of project roles, with the full names.
pub const PROJECT: &[(&str, &str)] = &[
    ("admin", "Project Admin"),
    ("developer", "Project Developer"),
    ("member", "Project Contributor"),
    ("contributor", "Project Contributor"),
    ("viewer", "Project Viewer"),
];

/// Short names of organization roles, with the full names.
pub const ORGANIZATION: &[(&str, &str)] = &[
    ("admin", "Organization Admin"),
    ("manager", "Organization Manager"),
    ("member", "Organization Member"),
    ("viewer", "Organization Viewer"),
];

/// Predefined roles without a short name.
const WITHOUT_SHORT_NAME: &[(RoleLevel, &str)] =
    &[(RoleLevel::Organization, "Billing Admin"), (RoleLevel::Workspace, "Stack Admin")];

/// Returns whether a name, short or full, is that of a predefined role. Case does not matter.
pub fn is_predefined(level: &RoleLevel, name: &str) -> bool {
    let is_it = |known: &str| known.eq_ignore_ascii_case(name.trim());
    short_names(level).iter().any(|(short, full)| is_it(short) || is_it(full))
        || WITHOUT_SHORT_NAME.iter().any(|(of, full)| of == level && is_it(full))
}

/// Returns the attribute with the name of a role.
pub(super) fn at_role() -> Path {
    Path::root().attr("role")
}

/// Returns the attribute with the id of a role.
pub(super) fn at_role_id() -> Path {
    Path::root().attr("role_id")
}

/// Returns the short names of a level.
pub fn short_names(level: &RoleLevel) -> &'static [(&'static str, &'static str)] {
    match level {
        RoleLevel::Workspace => WORKSPACE,
        RoleLevel::Project => PROJECT,
        RoleLevel::Organization | RoleLevel::Other(_) => ORGANIZATION,
    }
}

/// Returns the full name for a short one; any other name is returned unchanged.
pub fn full_name<'a>(level: &RoleLevel, name: &'a str) -> &'a str {
    let mut names = short_names(level).iter();
    names.find(|(short, _)| *short == name).map_or(name, |(_, full)| full)
}

/// Compares workspace roles by their full names.
pub fn same_in_workspace(value: &Dyn) -> Cow<'_, Dyn> {
    by_full_name(&RoleLevel::Workspace, value)
}

/// Compares organization roles by their full names.
pub fn same_in_organization(value: &Dyn) -> Cow<'_, Dyn> {
    by_full_name(&RoleLevel::Organization, value)
}

/// Compares project roles by their full names.
pub fn same_in_project(value: &Dyn) -> Cow<'_, Dyn> {
    by_full_name(&RoleLevel::Project, value)
}

fn by_full_name<'a>(level: &RoleLevel, value: &'a Dyn) -> Cow<'a, Dyn> {
    match value.as_str() {
        Some(name) => Cow::Owned(Dyn::string(full_name(level, name))),
        None => Cow::Borrowed(value),
    }
}

/// The roles of one organization, on all levels.
#[derive(Debug)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// Returns the role with this name, short or full.
    pub fn named(&self, level: &RoleLevel, name: &str) -> Option<&Role> {
        let full = full_name(level, name);
        self.of(level).find(|role| role.name.as_deref() == Some(full))
    }

    /// Returns the role with this id.
    pub fn by_id(&self, id: RoleId) -> Option<&Role> {
        self.0.iter().find(|role| role.id == id)
    }

    /// Returns all roles.
    pub fn all(&self) -> impl Iterator<Item = &Role> {
        self.0.iter()
    }

    /// Returns all roles of a level that can be granted.
    pub fn of(&self, level: &RoleLevel) -> impl Iterator<Item = &Role> {
        self.0.iter().filter(move |role| role.level == *level && role.kind == RoleType::Normal)
    }

    /// Returns the valid names of a level, short names first.
    pub fn valid_names(&self, level: &RoleLevel) -> String {
        let known = |full: &str| self.of(level).any(|role| role.name.as_deref() == Some(full));
        let short = short_names(level).iter().filter(|(_, full)| known(full));
        let short = short.map(|(short, full)| format!("{short:?} (short for {full:?})"));
        let full = self.of(level).filter_map(|role| role.name.as_ref()).map(|name| format!("{name:?}"));
        short.chain(full).collect::<Vec<_>>().join(", ")
    }
}

/// Returns the roles of an organization, read once in a run.
pub async fn roles(client: &Client, organization: OrganizationId) -> Result<Arc<Roles>, Diag> {
    let control_plane = client.control_plane()?;
    let read =
        async { control_plane.list_all(&role::LIST, organization, RoleQuery::default()).await.map(Roles) };
    client.memory::<Cache<OrganizationId, Roles>>().get(&organization, read).await.map_err(|error| {
        cannot(
            format_args!("list the roles of the organization {organization}"),
            Needs::ORGANIZATION_VIEWER,
            &error,
        )
    })
}

/// Returns who has a role, in all workspaces and projects. A role that does not exist has no assignments.
///
/// This assumes that a list without a scope contains the assignments of all scopes, which no public source says. If it
/// contains only those in the organization, this is the only function that has to ask for each scope.
pub async fn assignments_everywhere(control_plane: &Api, role: RoleId) -> Result<Vec<Assignment>, ApiError> {
    let held = control_plane.send(&role::ASSIGNMENTS, role, ScopeQuery::default(), ()).await.optional();
    held.map(Option::unwrap_or_default)
}

/// Forgets the roles of an organization after one of them has changed.
pub fn forget(client: &Client, organization: OrganizationId) {
    client.memory::<Cache<OrganizationId, Roles>>().forget(&organization);
}

/// Custom roles that the configuration of this run contains: organization, level and name.
#[derive(Debug, Default)]
struct Announced(Mutex<BTreeSet<(OrganizationId, String, String)>>);

/// Remembers a planned role, so that an assignment of this plan can name it before it exists.
pub fn announce(client: &Client, organization: OrganizationId, level: &str, name: &str) {
    let announced = client.memory::<Announced>();
    let mut announced = announced.0.lock().unwrap_or_else(PoisonError::into_inner);
    announced.insert((organization, level.to_owned(), name.to_owned()));
}

/// Returns whether this plan contains the role.
pub fn is_announced(client: &Client, organization: OrganizationId, level: &RoleLevel, name: &str) -> bool {
    let announced = client.memory::<Announced>();
    let announced = announced.0.lock().unwrap_or_else(PoisonError::into_inner);
    announced.contains(&(organization, level.as_str().to_owned(), name.to_owned()))
}

/// Returns the error for an unknown role name. The caller adds the attribute.
pub fn unknown_role(roles: &Roles, level: &RoleLevel, name: &str) -> Diag {
    unknown_role_of(roles, level, name, "role_id = zenml_role.NAME.id")
}

/// Returns the error for an unknown role name. `reference` shows how to refer to a role of the same configuration.
pub fn unknown_role_of(roles: &Roles, level: &RoleLevel, name: &str, reference: &str) -> Diag {
    let short = short_names(level).iter().map(|(short, _)| *short);
    let names: Vec<&str> = short.chain(roles.of(level).filter_map(|role| role.name.as_deref())).collect();
    let meant = meant(name, &names);
    Diag::error(format!("There is no {level} role {name:?}"))
        .why(format!("The organization has no role with this name for {}.", A(level)))
        .fix(format!(
            "{meant}Valid roles: {}. If this configuration creates the role, refer to it: {reference}",
            roles.valid_names(level)
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_full_names_are_equal_at_their_level() {
        let cases = [
            (RoleLevel::Workspace, "admin", "Workspace Admin", true),
            (RoleLevel::Workspace, "member", "Workspace Contributor", true),
            (RoleLevel::Workspace, "member", "contributor", true),
            (RoleLevel::Workspace, "admin", "Project Admin", false),
            (RoleLevel::Workspace, "admin", "viewer", false),
            (RoleLevel::Organization, "manager", "Organization Manager", true),
            (RoleLevel::Organization, "manager", "member", false),
            (RoleLevel::Project, "contributor", "Project Contributor", true),
            (RoleLevel::Project, "Data Steward", "Data Steward", true),
            (RoleLevel::Project, "Data Steward", "data steward", false),
        ];
        for (level, one, other, expected) in cases {
            let (one, other) = (Dyn::string(one), Dyn::string(other));
            let is_same = by_full_name(&level, &one) == by_full_name(&level, &other);
            assert_eq!(is_same, expected, "{level}: {one:?} and {other:?}");
        }
    }
}

//! Permissions of custom roles in requests and responses.

use std::collections::BTreeSet;

use zenml_api::control::role as api;

use crate::error::{Error, Issue, Result};
use crate::rbac::Level;
use crate::rbac::permission::{Impossible, Permission};

/// Returns the level of a role in a request; `document` is `body` or `query`.
pub(super) fn parse_level(document: &str, level: &api::RoleLevel) -> Result<Level> {
    match level {
        api::RoleLevel::Organization => Ok(Level::Organization),
        api::RoleLevel::Workspace => Ok(Level::Workspace),
        api::RoleLevel::Project => Ok(Level::Project),
        api::RoleLevel::Other(_) => {
            let known: Vec<_> = api::RoleLevel::KNOWN.iter().map(api::RoleLevel::as_str).collect();
            Err(Error::validation(vec![Issue::not_one_of(&[document, "level"], &known)]))
        }
    }
}

/// Checks the permissions of a role.
///
/// # Errors
/// 422 with every permission that a role of this level cannot contain.
pub(super) fn parse(level: Level, permissions: &[api::Permission]) -> Result<BTreeSet<Permission>> {
    let mut found = BTreeSet::new();
    let mut issues = Vec::new();
    for (position, api::Permission { resource, action }) in permissions.iter().enumerate() {
        match Permission::find(level, resource, action.as_str()) {
            Ok(permission) => {
                found.insert(permission);
            }
            Err(impossible) => {
                let (member, message) = issue(level, &impossible);
                let place = ["body", "permissions", &position.to_string(), member];
                issues.push(Issue::new(&place, "value_error", message));
            }
        }
    }
    if issues.is_empty() { Ok(found) } else { Err(Error::validation(issues)) }
}

/// Returns the malformed member and the message.
fn issue(level: Level, impossible: &Impossible) -> (&'static str, String) {
    let level = level.as_str();
    match impossible {
        Impossible::Kind(Some(near)) => {
            ("resource", format!("Unknown resource type. Did you mean '{near}'?"))
        }
        Impossible::Kind(None) => {
            ("resource", format!("Unknown resource type. GET /permissions?level={level} lists all of them"))
        }
        Impossible::Level(kind) => {
            ("resource", format!("Roles with the level {level} cannot allow anything on {}", kind.words()))
        }
        Impossible::Action(kind, near, all) => {
            let near = near.map(|near| format!(" Did you mean '{near}'?")).unwrap_or_default();
            let all: Vec<_> = all.iter().map(crate::rbac::Action::as_str).collect();
            ("action", format!("Unknown action on {}.{near} Must be one of {}", kind.words(), all.join(", ")))
        }
    }
}

/// A permission in a response.
pub(super) fn shape(permission: Permission) -> api::Permission {
    api::Permission {
        resource: permission.kind.as_str().to_owned(),
        action: zenml_api::rbac::Action::parse(permission.action.as_str()),
    }
}

/// Permissions in words, for the audit trail.
pub(super) fn words(permissions: &BTreeSet<Permission>) -> String {
    if permissions.is_empty() {
        return "nothing".to_owned();
    }
    permissions.iter().map(Permission::to_string).collect::<Vec<_>>().join(" ")
}

//! Permissions of custom roles, and the check that the control plane knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use printable::A;
use tfkit::{Cx, Diag, Dyn};
use zenml_api::control::role::{self as api, Permission, PermissionQuery, RoleLevel};
use zenml_api::rbac::Action;
use zenml_client::ApiError;

use crate::cache::Cache;
use crate::client::Client;
use crate::failure::meant;
use crate::warning::warn_once;

/// Actions by resource type.
pub(super) type Permissions = BTreeMap<String, BTreeSet<String>>;

/// The permissions that roles can contain, by level.
#[derive(Debug, Default)]
struct Offered(Cache<RoleLevel, Permissions>);

/// Returns permissions of a response.
pub(super) fn read(permissions: &[Permission]) -> Permissions {
    let mut read = Permissions::new();
    for Permission { resource, action } in permissions {
        read.entry(resource.clone()).or_default().insert(action.to_string());
    }
    read
}

/// Returns permissions for a request.
pub(super) fn sent(permissions: &Permissions) -> Vec<Permission> {
    let of = |(resource, actions): (&String, &BTreeSet<String>)| {
        let resource = resource.clone();
        let permission =
            move |action: &String| Permission { resource: resource.clone(), action: Action::parse(action) };
        actions.iter().map(permission).collect::<Vec<_>>()
    };
    permissions.iter().flat_map(of).collect()
}

/// Returns the permissions that roles of a level can contain, read once in a run.
pub(super) async fn offered(client: &Client, level: &RoleLevel) -> Result<Arc<Permissions>, ApiError> {
    let read = async {
        let query = PermissionQuery { level: Some(level.clone()) };
        let permissions = client.api().control_plane()?.send(&api::PERMISSIONS, (), query, ()).await?;
        Ok(read(&permissions))
    };
    client.memory::<Offered>().0.get(level, read).await
}

/// Returns what is wrong with planned permissions, each with its resource type. If the control plane cannot be asked
/// which ones it knows, the apply finds out.
pub(super) async fn problems(client: &Client, level: Option<String>, planned: &Dyn) -> Vec<(String, Diag)> {
    let (Some(level), Some(planned)) = (level, planned.as_map()) else { return Vec::new() };
    let level = RoleLevel::parse(&level);
    let Ok(offered) = offered(client, &level).await else { return Vec::new() };
    let mut problems = Vec::new();
    if offered.is_empty() {
        return problems;
    }
    for (resource, actions) in planned {
        let Some(known) = offered.get(resource) else {
            let elsewhere = other_level(client, &level, resource).await;
            problems.push((resource.clone(), unknown_resource(&level, resource, elsewhere, &offered)));
            continue;
        };
        let actions = actions.as_list().into_iter().flatten().filter_map(Dyn::as_str);
        for action in actions.filter(|action| !known.contains(*action)) {
            problems.push((resource.clone(), unknown_action(resource, action, known)));
        }
    }
    problems
}

/// Returns whether roles of an organization, which can contain the most, can contain permissions on a resource type.
async fn other_level(client: &Client, level: &RoleLevel, resource: &str) -> bool {
    *level != RoleLevel::Organization
        && offered(client, &RoleLevel::Organization).await.is_ok_and(|all| all.contains_key(resource))
}

fn unknown_resource(level: &RoleLevel, resource: &str, elsewhere: bool, offered: &Permissions) -> Diag {
    let names: Vec<&str> = offered.keys().map(String::as_str).collect();
    let list = names.join(", ");
    if elsewhere {
        return Diag::error(format!(
            "{} role cannot contain permissions on {resource:?}",
            capitalized(level)
        ))
        .why(format!("A role with the level {level} applies only to what is in {}.", A(level)))
        .fix(format!("Remove them, or choose another level. Resource types of this level: {list}."));
    }
    Diag::error(format!("There is no resource type {resource:?}"))
        .why("The control plane does not know it, so no role can contain permissions on it.")
        .fix(format!("{}Resource types of this level: {list}.", meant(resource, &names)))
}

fn capitalized(level: &RoleLevel) -> String {
    let text = A(level).to_string();
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn unknown_action(resource: &str, action: &str, known: &BTreeSet<String>) -> Diag {
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    Diag::error(format!("There is no action {action:?} on {resource}"))
        .why("The control plane does not know it, so no role can allow it.")
        .fix(format!("{}Actions on {resource}: {}.", meant(action, &names), names.join(", ")))
}

/// Warns once in a run that changes of permissions outside of Terraform are not visible.
pub(super) fn warn_of_silence(cx: &Cx<Client>) {
    warn_once(cx, "permissions of roles", || {
        Diag::warning("The control plane does not report the permissions of roles")
            .why("The provider keeps those of the state, and does not see changes outside of Terraform.")
            .fix("Check the roles in the ZenML Pro dashboard if you suspect a change.")
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_read_back_as_they_were_sent() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let permissions = Permissions::from([
            ("stack".to_owned(), set(&["read", "update"])),
            ("service_connector".to_owned(), set(&["client"])),
            // A newer server may know more.
            ("boat".to_owned(), set(&["sail"])),
        ]);
        assert_eq!(read(&sent(&permissions)), permissions);
    }
}

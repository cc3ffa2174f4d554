//! The table of who can do what. Pure.

use std::collections::{BTreeMap, BTreeSet};

use tfkit::{Computed, Object};
use zenml_api::rbac::ResourceType;
use zenml_api::{ProjectId, TeamId, WorkspaceId};

/// What one account can do with one object for one reason.
#[derive(Clone, Debug, PartialEq, Object)]
pub struct AccessRow {
    /// Email address, or user name of an account without an address.
    pub principal: Computed<String>,
    /// ID of the account, or of the invitation.
    pub principal_id: Computed<String>,
    /// `user`, `service_account` or `invitation`: an invitation has the access as soon as it is accepted.
    pub principal_type: Computed<String>,
    /// The object, such as `workspace/ID` or `stack/ID`, or a resource type for all objects of that type, such as
    /// `secret`.
    pub object: Computed<String>,
    /// Actions that are allowed. Null if the control plane does not report what the role allows.
    pub actions: Computed<Option<BTreeSet<String>>>,
    /// Why: `role`, `share`, or `owner` for the account that created the object.
    pub reason: Computed<String>,
    /// Full name of the role. Null for a share. The owner of a workspace has the role Workspace Admin in it.
    pub role: Computed<Option<String>>,
    /// Name of the team through which the account has the role or the share. Null if it has it itself.
    pub team: Computed<Option<String>>,
}

/// An account, or an invitation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) kind: &'static str,
}

/// Who has something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Person(Person),
    /// All members of a team, with its name.
    Team(TeamId, String),
}

/// What somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// A role, with its actions by resource type, if the control plane reports them. `owner` if it comes with the ownership
    /// of the workspace.
    Role { name: String, permissions: Option<BTreeMap<String, BTreeSet<String>>>, owner: bool },
    /// Actions on one object.
    Share { object: String, actions: BTreeSet<String> },
    /// Everything on one object, because of its creation.
    Owner { object: String, actions: BTreeSet<String> },
}

/// A reason for access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) holder: Holder,
    pub(super) held: Held,
}

/// An object of the table with its resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) object: String,
    pub(super) resource_type: String,
}

/// Returns the objects of the table for a workspace or a project: the object itself, and all types of objects in it.
pub(super) fn objects(workspace: WorkspaceId, project: Option<ProjectId>) -> Vec<Subject> {
    let one = match project {
        Some(project) => {
            Subject { object: format!("project/{project}"), resource_type: "project".to_owned() }
        }
        None => Subject { object: format!("workspace/{workspace}"), resource_type: "workspace".to_owned() },
    };
    let is_inside = |kind: &&ResourceType| project.is_none() || !kind.is_workspace_level();
    let inside = ResourceType::KNOWN
        .iter()
        .filter(is_inside)
        .map(|kind| Subject { object: kind.as_str().to_owned(), resource_type: kind.as_str().to_owned() });
    std::iter::once(one).chain(inside).collect()
}

/// Returns the rows, sorted.
pub(super) fn rows(
    grants: &[Grant],
    people: &BTreeMap<TeamId, Vec<Person>>,
    objects: &[Subject],
) -> Vec<AccessRow> {
    let mut rows = BTreeSet::new();
    for Grant { holder, held } in grants {
        let (team, holders) = match holder {
            Holder::Person(person) => (None, std::slice::from_ref(person)),
            Holder::Team(id, name) => (Some(name.clone()), people.get(id).map_or(&[][..], Vec::as_slice)),
        };
        for person in holders {
            for (object, actions) in allowed(held, objects) {
                rows.insert((person.clone(), object, reason(held), role(held), team.clone(), actions));
            }
        }
    }
    let row = |(person, object, reason, role, team, actions): (Person, String, &str, _, _, _)| AccessRow {
        principal: Computed::known(person.name),
        principal_id: Computed::known(person.id),
        principal_type: Computed::known(person.kind.to_owned()),
        object: Computed::known(object),
        actions: Computed::known(actions),
        reason: Computed::known(reason.to_owned()),
        role: Computed::known(role),
        team: Computed::known(team),
    };
    rows.into_iter().map(row).collect()
}

/// Returns the objects with what is allowed on them. Without known permissions, the first object stands for all.
fn allowed(held: &Held, objects: &[Subject]) -> Vec<(String, Option<BTreeSet<String>>)> {
    match held {
        Held::Share { object, actions } | Held::Owner { object, actions } => {
            vec![(object.clone(), Some(actions.clone()))]
        }
        Held::Role { permissions: None, .. } => {
            objects.first().map(|subject| (subject.object.clone(), None)).into_iter().collect()
        }
        Held::Role { permissions: Some(permissions), .. } => {
            let on = |subject: &Subject| {
                let actions = permissions.get(&subject.resource_type)?;
                (!actions.is_empty()).then(|| (subject.object.clone(), Some(actions.clone())))
            };
            objects.iter().filter_map(on).collect()
        }
    }
}

fn reason(held: &Held) -> &'static str {
    match held {
        Held::Role { owner: false, .. } => "role",
        Held::Share { .. } => "share",
        Held::Role { owner: true, .. } | Held::Owner { .. } => "owner",
    }
}

fn role(held: &Held) -> Option<String> {
    match held {
        Held::Role { name, .. } => Some(name.clone()),
        Held::Share { .. } | Held::Owner { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &str) -> BTreeSet<String> {
        names.split_whitespace().map(str::to_owned).collect()
    }

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), id: format!("{name}-id"), kind: "user" }
    }

    #[test]
    fn a_row_says_who_can_do_what_with_which_object_and_why() {
        let (team, empty) = (TeamId::random(), TeamId::random());
        let people = BTreeMap::from([(team, vec![person("bob"), person("ann")]), (empty, Vec::new())]);
        let role = |permissions| Held::Role { name: "Deployer".to_owned(), permissions, owner: false };
        let known = BTreeMap::from([("stack".to_owned(), set("read")), ("tag".to_owned(), set("read"))]);
        let subject = |object: &str, resource_type: &str| Subject {
            object: object.to_owned(),
            resource_type: resource_type.to_owned(),
        };
        let grants = [
            Grant { holder: Holder::Team(team, "makers".to_owned()), held: role(Some(known)) },
            Grant { holder: Holder::Team(empty, "nobody".to_owned()), held: role(None) },
            Grant { holder: Holder::Person(person("eve")), held: role(None) },
            Grant {
                holder: Holder::Person(person("ann")),
                held: Held::Share { object: "secret/1".to_owned(), actions: set("update read") },
            },
            Grant {
                holder: Holder::Person(person("ann")),
                held: Held::Owner { object: "stack/1".to_owned(), actions: set("delete") },
            },
        ];
        let objects = [subject("stack/1", "stack"), subject("secret/1", "secret")];
        let text = |value: &Computed<String>| value.as_ref().cloned().unwrap_or_default();
        let maybe =
            |value: &Computed<Option<String>>| value.as_ref().cloned().flatten().unwrap_or("-".to_owned());
        let lines: Vec<String> = rows(&grants, &people, &objects)
            .iter()
            .map(|row| {
                let actions = row.actions.as_ref().cloned().flatten();
                let actions =
                    actions.map_or("?".to_owned(), |all| all.into_iter().collect::<Vec<_>>().join(","));
                let (who, object, reason) = (text(&row.principal), text(&row.object), text(&row.reason));
                format!("{who} {object} {actions} {reason} {} {}", maybe(&row.role), maybe(&row.team))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "ann secret/1 read,update share - -",
                "ann stack/1 delete owner - -",
                "ann stack/1 read role Deployer makers",
                "bob stack/1 read role Deployer makers",
                "eve stack/1 ? role Deployer -",
            ]
        );
    }

    #[test]
    fn a_project_has_fewer_types_of_objects_than_its_workspace() {
        let (workspace, project) = (WorkspaceId::random(), ProjectId::random());
        let names = |project| {
            let all = objects(workspace, project).into_iter().map(|subject| subject.object);
            all.collect::<Vec<_>>()
        };
        assert_eq!(names(None)[0], format!("workspace/{workspace}"));
        assert_eq!(names(Some(project))[0], format!("project/{project}"));
        assert!(names(None).contains(&"stack".to_owned()) && names(None).contains(&"pipeline".to_owned()));
        assert!(!names(Some(project)).contains(&"stack".to_owned()));
        assert!(names(Some(project)).contains(&"pipeline".to_owned()));
    }
}

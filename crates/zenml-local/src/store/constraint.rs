//! The error messages of violated unique constraints.
//!
//! SQLite names the columns of a violated constraint, not the constraint, so this table maps columns to messages. A
//! violation that is not listed is a bug and becomes an internal error.

/// Columns of a unique constraint, as SQLite lists them, and the message.
const CONFLICTS: &[(&str, &str)] = &[
    ("organization.name", "An organization with this name already exists."),
    ("account.username", "A user or service account with this username already exists."),
    ("api_key.account_id, api_key.name", "This account already has an API key with this name."),
    ("team.organization_id, team.name", "A team with this name already exists in this organization."),
    (
        "team_member.team_id, team_member.kind, team_member.member_id",
        "This user is already a member of this team.",
    ),
    ("role.organization_id, role.level, role.name", "A role with this name already exists at this level."),
    (
        "assignment.role_id, assignment.principal_kind, assignment.principal_id, assignment.workspace_id, \
         assignment.project_id",
        "This role is already assigned to this principal in this scope.",
    ),
    (
        "workspace.name",
        "A workspace with this name already exists. Workspace names must be unique across all organizations.",
    ),
    ("workspace.id", "A workspace with this id already exists."),
    (
        "local_account.workspace_id, local_account.external_user_id",
        "This account already exists in this workspace.",
    ),
    ("project.workspace_id, project.name", "Found another existing project with the same name."),
    ("secret.workspace_id, secret.name, secret.private_to", "Found an existing secret with the same name."),
    (
        "connector.workspace_id, connector.name",
        "Found another existing service connector with the same name.",
    ),
    (
        "component.workspace_id, component.type, component.name",
        "Found an existing component with the same name and type.",
    ),
    ("stack.workspace_id, stack.name", "Found another existing stack with the same name."),
    ("tag.workspace_id, tag.name", "Found another existing tag with the same name."),
    (
        "code_repository.project_id, code_repository.name",
        "Found another existing code repository with the same name.",
    ),
    (
        "flavor.workspace_id, flavor.type, flavor.name",
        "Found an existing flavor with the same name and type.",
    ),
];

/// Returns the message for a unique violation, or `None` for another error.
pub(crate) fn conflict(error: &sqlx::Error) -> Option<&'static str> {
    let error = error.as_database_error()?;
    if !error.is_unique_violation() {
        return None;
    }
    let message = error.message();
    let columns = message.rsplit_once(": ").map_or(message, |(_, columns)| columns);
    CONFLICTS.iter().find(|(known, _)| *known == columns).map(|(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::Row as _;

    use super::CONFLICTS;
    use crate::store::{Database, Store};

    #[tokio::test]
    async fn the_table_contains_every_unique_constraint_except_ids() {
        let store = Store::open(&Database::Ephemeral).await.unwrap();
        let mut sql = store.begin_read().await.unwrap();
        let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&mut *sql)
            .await
            .unwrap();
        let (mut unique, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for table in tables {
            let table: String = table.get(0);
            let rows = sqlx::query(
                "SELECT l.origin, group_concat(i.name, ' ') FROM pragma_index_list($1) l, pragma_index_info(l.name) i \
                 WHERE l.\"unique\" = 1 GROUP BY l.name",
            )
            .bind(&table)
            .fetch_all(&mut *sql)
            .await
            .unwrap();
            for row in rows {
                let (origin, columns): (String, String) = (row.get(0), row.get(1));
                let columns: Vec<_> = columns.split(' ').map(|column| format!("{table}.{column}")).collect();
                let known = if origin == "u" { &mut unique } else { &mut keys };
                known.insert(columns.join(", "));
            }
        }
        let table: BTreeSet<String> = CONFLICTS.iter().map(|(columns, _)| (*columns).to_owned()).collect();
        assert!(unique.is_subset(&table), "missing: {:?}", unique.difference(&table));
        let all: BTreeSet<String> = unique.union(&keys).cloned().collect();
        assert!(table.is_subset(&all), "not in the schema: {:?}", table.difference(&all));
    }
}

//! The plain way to decide: read all grants of an account, then evaluate them. Tests compare the indexed way with it.

use std::collections::BTreeSet;

use sqlx::Row as _;
use uuid::Uuid;

use super::action::{Action, Actions};
use super::resource::{Kind, Target, WorkspacePlace};
use super::rights::{Held, Rights, Shared};
use super::role::Role;
use crate::error::Error;
use crate::store::Sql;

/// Which objects of a kind a list may show. Own objects are always among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Visible {
    /// All that there are.
    All,
    /// These, and own ones.
    Ids(BTreeSet<Uuid>),
    /// Only own ones.
    Own,
}

impl Rights {
    /// What a list of `target`'s kind may show to someone who may do `action` to it.
    pub(super) fn visible(&self, action: Action, target: &Target) -> Visible {
        if self.allow(action, target) {
            return Visible::All;
        }
        let mut ids = BTreeSet::new();
        match target.kind {
            Kind::Workspace => {
                let places = self.places().filter(|place| place.organization == target.organization);
                ids.extend(places.map(|place| place.workspace));
            }
            Kind::Team if action == Action::Read => {
                let teams =
                    self.teams.iter().filter(|(_, organization)| *organization == target.organization);
                ids.extend(teams.map(|(team, _)| *team));
            }
            Kind::Project => {
                let projects = self.held().filter_map(|held| held.project);
                let one = |id| Target { id: Some(id), project: Some(id), ..*target };
                ids.extend(projects.filter(|id| self.allow(action, &one(*id))));
            }
            _ => {}
        }
        if let Some(workspace) = target.workspace {
            let shares = self.shares.iter().filter(|share| {
                share.place.workspace == workspace
                    && share.resource.kind == target.kind
                    && (target.project.is_none() || share.resource.project == target.project)
                    && share.actions.contains(action)
                    && self.belongs_to(share.place.organization)
            });
            ids.extend(shares.filter_map(|share| share.resource.id));
        }
        if ids.is_empty() { Visible::Own } else { Visible::Ids(ids) }
    }

    /// Reads the grants of an account.
    pub(super) async fn load(sql: &mut Sql, account: Uuid) -> Result<Self, Error> {
        const PRINCIPAL: &str = "((x.principal_kind = 'user' AND x.principal_id = $1) OR (x.principal_kind = 'team' \
             AND x.principal_id IN (SELECT team_id FROM team_member WHERE kind = 'user' AND member_id = $1)))";
        let id = account.to_string();
        let mut rights = Self { account, ..Self::default() };
        let row =
            sqlx::query("SELECT is_superuser, organization_id FROM account WHERE id = $1 AND is_active = 1")
                .bind(&id)
                .fetch_optional(&mut *sql)
                .await?;
        let Some(row) = row else { return Ok(rights) };
        rights.superuser = row.try_get::<i64, _>(0)? != 0;
        rights.home = optional(&row, 1)?;
        let statement = format!(
            "SELECT r.level, r.name, r.allows, x.organization_id, x.workspace_id, x.project_id FROM assignment x \
             JOIN role r ON r.id = x.role_id WHERE {PRINCIPAL}"
        );
        for row in sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&id).fetch_all(&mut *sql).await? {
            let (level, name, allows): (&str, &str, &str) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let Some(role) = Role::read(level, name, allows) else { continue };
            rights.held.push(Held {
                role,
                organization: required(&row, 3)?,
                workspace: optional(&row, 4)?,
                project: optional(&row, 5)?,
            });
        }
        let statement = format!(
            "SELECT w.organization_id, x.workspace_id, x.resource, x.actions FROM share x \
             JOIN workspace w ON w.id = x.workspace_id WHERE {PRINCIPAL}"
        );
        for row in sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&id).fetch_all(&mut *sql).await? {
            let resource: String = row.try_get(2)?;
            rights.shares.push(Shared {
                place: WorkspacePlace { organization: required(&row, 0)?, workspace: required(&row, 1)? },
                resource: resource
                    .parse()
                    .map_err(|error| Error::internal("a stored share is invalid", error))?,
                actions: Actions::from_text(row.try_get(3)?),
            });
        }
        for row in sqlx::query("SELECT organization_id, id FROM workspace WHERE owner_id = $1")
            .bind(&id)
            .fetch_all(&mut *sql)
            .await?
        {
            rights
                .owned
                .push(WorkspacePlace { organization: required(&row, 0)?, workspace: required(&row, 1)? });
        }
        let teams = "SELECT t.id, t.organization_id FROM team_member m JOIN team t ON t.id = m.team_id \
                     WHERE m.kind = 'user' AND m.member_id = $1";
        for row in sqlx::query(teams).bind(&id).fetch_all(&mut *sql).await? {
            rights.teams.push((required(&row, 0)?, required(&row, 1)?));
        }
        Ok(rights)
    }
}

fn required(row: &crate::store::Row, index: usize) -> Result<Uuid, Error> {
    let text: &str = row.try_get(index)?;
    Uuid::try_parse(text).map_err(|error| Error::internal("a stored id is invalid", error))
}

fn optional(row: &crate::store::Row, index: usize) -> Result<Option<Uuid>, Error> {
    match row.try_get::<Option<&str>, _>(index)? {
        None | Some("") => Ok(None),
        Some(_) => required(row, index).map(Some),
    }
}

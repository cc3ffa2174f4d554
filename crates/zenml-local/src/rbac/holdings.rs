//! The grants of an account, read as far as a decision depends on them.
//!
//! Every statement here is a lookup by key, so that a decision costs the same for a caller with ten grants and for
//! one with a million. [`Rights`] decides on what was read. More grants never allow less, so it decides with the
//! roles first, and reads the shares of the object only if they are not enough.

use std::collections::HashMap;

use sqlx::Row as _;
use uuid::Uuid;

use super::action::{Action, Actions};
use super::resource::{Kind, Level, Resource, Target, WorkspacePlace};
use super::rights::{Held, Rights, Shared};
use super::role::Role;
use super::visible::Caller;
use crate::error::{Error, Result};
use crate::store::{Row, Sql};

/// The account `$1` and its teams, as principals of grants.
macro_rules! principals {
    () => {
        "(SELECT 'user' AS kind, $1 AS id UNION ALL \
          SELECT 'team', team_id FROM team_member WHERE kind = 'user' AND member_id = $1) p"
    };
}

/// The roles of the account in a scope: organization `$2`, workspace `$3`, and the projects in the JSON list `$4`.
/// The joins fix their order, because only that order is fast.
pub(super) const ROLES_IN_SCOPE: &str = concat!(
    "SELECT DISTINCT r.level, r.name, r.allows, x.workspace_id, x.project_id FROM ",
    principals!(),
    " CROSS JOIN assignment x CROSS JOIN role r WHERE x.principal_kind = p.kind AND x.principal_id = p.id \
     AND x.organization_id = $2 AND x.workspace_id IN ('', $3) \
     AND x.project_id IN (SELECT '' UNION ALL SELECT value FROM json_each($4)) \
     AND r.id = x.role_id"
);

/// For each role of organization `$2`, a workspace where the account has it, or null: in any workspace.
pub(super) const ROLES_ANYWHERE: &str = "SELECT r.level, r.name, r.allows, \
     COALESCE((SELECT x.workspace_id FROM assignment x \
       WHERE x.role_id = r.id AND x.principal_kind = 'user' AND x.principal_id = $1 LIMIT 1), \
     (SELECT x.workspace_id FROM team_member m CROSS JOIN assignment x WHERE m.kind = 'user' AND m.member_id = $1 \
       AND x.role_id = r.id AND x.principal_kind = 'team' AND x.principal_id = m.team_id LIMIT 1)) \
     FROM role r WHERE r.organization_id = $2";

/// The same in workspace `$3` and all its projects.
pub(super) const ROLES_IN_WORKSPACE: &str = "SELECT r.level, r.name, r.allows, \
     COALESCE((SELECT x.workspace_id FROM assignment x \
       WHERE x.role_id = r.id AND x.principal_kind = 'user' AND x.principal_id = $1 \
       AND x.workspace_id = CASE r.level WHEN 'organization' THEN '' ELSE $3 END LIMIT 1), \
     (SELECT x.workspace_id FROM team_member m CROSS JOIN assignment x WHERE m.kind = 'user' AND m.member_id = $1 \
       AND x.role_id = r.id AND x.principal_kind = 'team' AND x.principal_id = m.team_id \
       AND x.workspace_id = CASE r.level WHEN 'organization' THEN '' ELSE $3 END LIMIT 1)) \
     FROM role r WHERE r.organization_id = $2";

/// The shares of the account on the objects in the JSON list `$3`, in workspace `$2`.
pub(super) const SHARES_OF_OBJECTS: &str = "SELECT x.resource, x.actions FROM json_each($3) j CROSS JOIN share x \
     WHERE x.workspace_id = $2 AND x.resource = j.value AND x.principal_kind = 'user' AND x.principal_id = $1 \
     UNION ALL \
     SELECT x.resource, x.actions FROM json_each($3) j CROSS JOIN share x CROSS JOIN team_member m \
     WHERE x.workspace_id = $2 AND x.resource = j.value AND x.principal_kind = 'team' \
     AND m.team_id = x.principal_id AND m.kind = 'user' AND m.member_id = $1";

/// Any one share of the account in workspace `$2`.
pub(super) const ANY_SHARE: &str = concat!(
    "SELECT x.resource, x.actions FROM ",
    principals!(),
    " CROSS JOIN share x WHERE x.principal_kind = p.kind AND x.principal_id = p.id AND x.workspace_id = $2 LIMIT 1"
);

/// The shares of the account in workspace `$2` on objects whose names are from `$3` up to `$4`.
pub(super) const SHARES_OF_KIND: &str = concat!(
    "SELECT x.resource, x.actions FROM ",
    principals!(),
    " CROSS JOIN share x WHERE x.principal_kind = p.kind AND x.principal_id = p.id AND x.workspace_id = $2 \
     AND x.resource >= $3 AND x.resource < $4"
);

/// The projects of workspace `$3` in organization `$2` where the account has a role, with the roles.
pub(super) const ROLES_IN_PROJECTS: &str = concat!(
    "SELECT DISTINCT r.level, r.name, r.allows, x.workspace_id, x.project_id FROM ",
    principals!(),
    " CROSS JOIN assignment x CROSS JOIN role r WHERE x.principal_kind = p.kind AND x.principal_id = p.id \
     AND x.organization_id = $2 AND x.workspace_id = $3 AND x.project_id > '' \
     AND r.id = x.role_id"
);

/// Properties of the account: rights that need no grant.
pub(super) const STANDING: &str =
    "SELECT is_superuser, organization_id FROM account WHERE id = $1 AND is_active = 1";

/// Whether the account owns workspace `$3` of organization `$2` or, with an empty string, any workspace of it.
pub(super) const OWNED: &str = "SELECT id FROM workspace WHERE owner_id = $1 AND organization_id = $2 \
                                AND ($3 = '' OR id = $3) LIMIT 1";

/// Whether the account is in team `$2`.
pub(super) const MEMBERSHIP: &str =
    "SELECT 1 FROM team_member WHERE team_id = $2 AND kind = 'user' AND member_id = $1";

/// The grants of one account, cached for the duration of a transaction.
#[derive(Debug)]
pub(crate) struct Holdings {
    account: Uuid,
    standing: Option<Standing>,
    roles: HashMap<Scope, Rights>,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    active: bool,
    superuser: bool,
    home: Option<Uuid>,
}

/// Where a decision looks for roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Scope {
    organization: Uuid,
    workspace: Option<Uuid>,
    project: Option<Uuid>,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reach {
    /// Roles of the scope itself and of its parent scopes.
    Upward,
    /// Also roles in the workspace's projects: they give access to the workspace.
    Workspace,
    /// Roles anywhere in the organization: whoever can grant one must be able to see roles and teams.
    Organization,
}

impl Scope {
    fn of(target: &Target) -> Self {
        let Target { organization, workspace, project, kind, .. } = *target;
        match kind {
            Kind::Role | Kind::Team => {
                Self { organization, workspace: None, project: None, reach: Reach::Organization }
            }
            Kind::Workspace if workspace.is_some() => {
                Self { organization, workspace, project: None, reach: Reach::Workspace }
            }
            _ => Self { organization, workspace, project, reach: Reach::Upward },
        }
    }
}

impl Holdings {
    /// Creates the cache; nothing is read yet.
    pub(crate) fn of(account: Uuid) -> Self {
        Self { account, standing: None, roles: HashMap::new() }
    }

    /// Whether the account may do `action` to `target`.
    pub(crate) async fn allow(&mut self, sql: &mut Sql, action: Action, target: &Target) -> Result<bool> {
        let account = self.account;
        let Standing { active, .. } = self.standing(sql).await?;
        let rights = self.roles(sql, target).await?;
        if rights.allow(action, target) || !active {
            return Ok(rights.allow(action, target));
        }
        let mut rights = rights.clone();
        match (target.kind, target.id) {
            (Kind::Team, Some(team)) if action == Action::Read => {
                rights.teams = memberships(sql, account, target.organization, team).await?;
            }
            (Kind::Workspace, _) if matches!(action, Action::Read | Action::Enter) => {
                rights.shares = any_share(sql, account, target).await?;
            }
            (kind, Some(_)) if kind.level() != Level::Organization => {
                rights.shares = shares(sql, account, target, &[target.resource()]).await?;
            }
            _ => return Ok(false),
        }
        Ok(rights.allow(action, target))
    }

    /// Whether the account may do `action` to each of these objects of one workspace. Takes a few statements,
    /// regardless of the number of objects.
    pub(crate) async fn allow_all(
        &mut self,
        sql: &mut Sql,
        action: Action,
        place: WorkspacePlace,
        resources: &[Resource],
    ) -> Result<Vec<bool>> {
        let targets: Vec<_> =
            resources.iter().map(|resource| Target::in_workspace(place, *resource)).collect();
        self.read_projects(sql, place, &targets).await?;
        let mut decisions = Vec::with_capacity(targets.len());
        let mut open = Vec::new();
        for target in &targets {
            let decision = self.roles(sql, target).await?.allow(action, target);
            if !decision && target.id.is_some() {
                open.push(target.resource());
            }
            decisions.push(decision);
        }
        let around = Target::in_workspace(place, Resource::all(Kind::Stack));
        if open.is_empty() || !self.roles(sql, &around).await?.belongs_to(place.organization) {
            return Ok(decisions);
        }
        let mut shared: HashMap<Resource, Actions> = HashMap::new();
        for share in shares(sql, self.account, &around, &open).await? {
            let actions = shared.entry(share.resource).or_default();
            *actions = actions.union(share.actions);
        }
        for (decision, target) in decisions.iter_mut().zip(&targets) {
            *decision |= shared.get(&target.resource()).is_some_and(|actions| actions.contains(action));
        }
        Ok(decisions)
    }

    /// Returns the objects of a kind that the account may do `action` to by share or, for projects, by a role in
    /// them. The result has one row per object.
    pub(crate) async fn ids(&mut self, sql: &mut Sql, action: Action, target: &Target) -> Result<Vec<Uuid>> {
        let account = self.account.to_string();
        let Some(workspace) = target.workspace else { return Ok(Vec::new()) };
        let rights = self.roles(sql, target).await?.clone();
        if !rights.belongs_to(target.organization) {
            return Ok(Vec::new());
        }
        let mut ids = Vec::new();
        let whole = Resource { id: None, ..target.resource() };
        let rows = sqlx::query(SHARES_OF_KIND)
            .bind(&account)
            .bind(workspace.to_string())
            .bind(format!("{whole}/"))
            // The character after the slash.
            .bind(format!("{whole}0"))
            .fetch_all(&mut *sql)
            .await?;
        for row in rows {
            let share = share(&row, target)?;
            ids.extend(share.resource.id.filter(|_| share.actions.contains(action)));
        }
        if target.kind == Kind::Project {
            let rows = sqlx::query(ROLES_IN_PROJECTS)
                .bind(&account)
                .bind(target.organization.to_string())
                .bind(workspace.to_string())
                .fetch_all(&mut *sql)
                .await?;
            for held in held(&rows, target.organization)? {
                ids.extend(held.project.filter(|_| held.role.actions_on(target.kind).contains(action)));
            }
        }
        Ok(ids)
    }

    /// Whether the account belongs to an organization.
    pub(crate) async fn belongs_to(&mut self, sql: &mut Sql, organization: Uuid) -> Result<bool> {
        let target = Target::in_organization(organization, Kind::Organization, Some(organization));
        Ok(self.roles(sql, &target).await?.belongs_to(organization))
    }

    /// The account, for conditions of statements.
    pub(crate) async fn caller(&mut self, sql: &mut Sql) -> Result<Caller> {
        let Standing { superuser, home, .. } = self.standing(sql).await?;
        Ok(Caller { account: self.account, home, superuser })
    }

    async fn standing(&mut self, sql: &mut Sql) -> Result<Standing> {
        if let Some(standing) = self.standing {
            return Ok(standing);
        }
        let row = sqlx::query(STANDING).bind(self.account.to_string()).fetch_optional(sql).await?;
        let standing = match row {
            None => Standing { active: false, superuser: false, home: None },
            Some(row) => {
                Standing { active: true, superuser: row.try_get::<i64, _>(0)? != 0, home: optional(&row, 1)? }
            }
        };
        self.standing = Some(standing);
        Ok(standing)
    }

    /// Returns the rights of the account without shares, as far as they matter for a target.
    async fn roles(&mut self, sql: &mut Sql, target: &Target) -> Result<&Rights> {
        let scope = Scope::of(target);
        if !self.roles.contains_key(&scope) {
            let rights = self.read(sql, scope).await?;
            self.roles.insert(scope, rights);
        }
        Ok(&self.roles[&scope])
    }

    async fn read(&mut self, sql: &mut Sql, scope: Scope) -> Result<Rights> {
        let Standing { active, superuser, home } = self.standing(sql).await?;
        let mut rights = Rights { account: self.account, superuser, home, ..Rights::default() };
        if !active || scope.organization.is_nil() {
            return Ok(rights);
        }
        let account = self.account.to_string();
        let (organization, workspace) = (scope.organization.to_string(), text(scope.workspace));
        let statement = match scope.reach {
            Reach::Upward => ROLES_IN_SCOPE,
            Reach::Workspace => ROLES_IN_WORKSPACE,
            Reach::Organization => ROLES_ANYWHERE,
        };
        let mut query = sqlx::query(statement).bind(&account).bind(&organization);
        if scope.reach != Reach::Organization {
            query = query.bind(&workspace);
        }
        if scope.reach == Reach::Upward {
            query = query.bind(list(scope.project));
        }
        rights.held = held(&query.fetch_all(&mut *sql).await?, scope.organization)?;
        if scope.workspace.is_some() || scope.reach == Reach::Organization {
            let own = sqlx::query(OWNED).bind(&account).bind(&organization).bind(&workspace);
            if let Some(row) = own.fetch_optional(sql).await? {
                rights
                    .owned
                    .push(WorkspacePlace { organization: scope.organization, workspace: required(&row, 0)? });
            }
        }
        Ok(rights)
    }

    /// Reads the roles in all projects that targets of one workspace are in, with one statement.
    async fn read_projects(
        &mut self,
        sql: &mut Sql,
        place: WorkspacePlace,
        targets: &[Target],
    ) -> Result<()> {
        let around = self.roles(sql, &Target::in_workspace(place, Resource::all(Kind::Stack))).await?.clone();
        let scopes: Vec<_> = targets.iter().map(Scope::of).filter(|scope| scope.project.is_some()).collect();
        if scopes.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query(ROLES_IN_SCOPE)
            .bind(self.account.to_string())
            .bind(place.organization.to_string())
            .bind(place.workspace.to_string())
            .bind(list(scopes.iter().filter_map(|scope| scope.project)))
            .fetch_all(sql)
            .await?;
        let mut of_projects: HashMap<Option<Uuid>, Vec<Held>> = HashMap::new();
        for held in held(&rows, place.organization)? {
            of_projects.entry(held.project).or_default().push(held);
        }
        for scope in scopes {
            self.roles.entry(scope).or_insert_with(|| {
                let mut rights = around.clone();
                rights.held.extend(of_projects.get(&scope.project).into_iter().flatten().cloned());
                rights
            });
        }
        Ok(())
    }
}

async fn memberships(
    sql: &mut Sql,
    account: Uuid,
    organization: Uuid,
    team: Uuid,
) -> Result<Vec<(Uuid, Uuid)>> {
    let row =
        sqlx::query(MEMBERSHIP).bind(account.to_string()).bind(team.to_string()).fetch_optional(sql).await?;
    Ok(row.map(|_| (team, organization)).into_iter().collect())
}

async fn any_share(sql: &mut Sql, account: Uuid, target: &Target) -> Result<Vec<Shared>> {
    let row = sqlx::query(ANY_SHARE)
        .bind(account.to_string())
        .bind(text(target.workspace))
        .fetch_optional(sql)
        .await?;
    row.iter().map(|row| share(row, target)).collect()
}

async fn shares(sql: &mut Sql, account: Uuid, target: &Target, of: &[Resource]) -> Result<Vec<Shared>> {
    let rows = sqlx::query(SHARES_OF_OBJECTS)
        .bind(account.to_string())
        .bind(text(target.workspace))
        .bind(list(of))
        .fetch_all(sql)
        .await?;
    rows.iter().map(|row| share(row, target)).collect()
}

/// Reads a share in the target's workspace.
fn share(row: &Row, target: &Target) -> Result<Shared> {
    let resource: &str = row.try_get(0)?;
    Ok(Shared {
        place: WorkspacePlace {
            organization: target.organization,
            workspace: target.workspace.unwrap_or_default(),
        },
        resource: resource.parse().map_err(|error| Error::internal("a stored share is invalid", error))?,
        actions: Actions::from_text(row.try_get(1)?),
    })
}

/// Reads level, name, permissions, workspace and project of roles. The account does not have a role whose workspace
/// column is null.
fn held(rows: &[Row], organization: Uuid) -> Result<Vec<Held>> {
    let mut all = Vec::new();
    let mut custom: HashMap<&str, Role> = HashMap::new();
    for row in rows {
        if row.try_get::<Option<&str>, _>(3)?.is_none() {
            continue;
        }
        let (level, name, allows): (&str, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let known = custom.get(allows).cloned();
        let Some(role) = known.or_else(|| Role::read(level, name, allows)) else { continue };
        if matches!(role, Role::Custom(_)) {
            custom.entry(allows).or_insert_with(|| role.clone());
        }
        let project = if row.len() > 4 { optional(row, 4)? } else { None };
        all.push(Held { role, organization, workspace: optional(row, 3)?, project });
    }
    Ok(all)
}

/// Formats values as a JSON list, so that a statement takes one parameter for a list of any length.
fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    serde_json::Value::from(items).to_string()
}

fn text(id: Option<Uuid>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn required(row: &Row, index: usize) -> Result<Uuid> {
    let text: &str = row.try_get(index)?;
    Uuid::try_parse(text).map_err(|error| Error::internal("a stored id is invalid", error))
}

fn optional(row: &Row, index: usize) -> Result<Option<Uuid>> {
    match row.try_get::<Option<&str>, _>(index)? {
        None | Some("") => Ok(None),
        Some(_) => required(row, index).map(Some),
    }
}

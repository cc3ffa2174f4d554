//! All that an account holds, and the decision whether it suffices. Pure but for [`Rights::load`].

use std::collections::BTreeSet;

use sqlx::Row as _;
use uuid::Uuid;

use super::action::{Action, Actions};
use super::policy::{ORGANIZATION_MEMBER, Predefined, WORKSPACE_ADMIN};
use super::resource::{Kind, Level, Owner, Resource, Target, WorkspacePlace};
use crate::error::Error;
use crate::store::Sql;

/// A role with the scope where it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The role.
    pub(crate) role: &'static Predefined,
    /// The organization.
    pub(crate) organization: Uuid,
    /// The workspace, for roles of a workspace or a project.
    pub(crate) workspace: Option<Uuid>,
    /// The project, for roles of a project.
    pub(crate) project: Option<Uuid>,
}

/// A share of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    /// Where the object is.
    pub(crate) place: WorkspacePlace,
    /// The object.
    pub(crate) resource: Resource,
    /// What may be done with it.
    pub(crate) actions: Actions,
}

/// Everything that decides what one account may do: its own, and what it has through its teams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rights {
    /// The account.
    pub(crate) account: Uuid,
    /// Whether the account administers the platform: all organizations, but no workspace from inside.
    pub(crate) superuser: bool,
    /// For service accounts: the organization that it belongs to.
    pub(crate) home: Option<Uuid>,
    /// Roles.
    pub(crate) held: Vec<Held>,
    /// Shares.
    pub(crate) shares: Vec<Shared>,
    /// Workspaces that the account created.
    pub(crate) owned: Vec<WorkspacePlace>,
    /// Teams that it is in, with their organizations.
    pub(crate) teams: Vec<(Uuid, Uuid)>,
}

/// Which objects of a kind a list may show. Own objects are always among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// All that there are.
    All,
    /// These, and own ones.
    Ids(BTreeSet<Uuid>),
    /// Only own ones.
    Own,
}

impl Rights {
    /// Whether the rights suffice to do `action` to `target`.
    pub(crate) fn allow(&self, action: Action, target: &Target) -> bool {
        self.owns(action, target)
            || (self.superuser && target.kind.level() == Level::Organization && action != Action::Enter)
            || self.is_about_self(action, target)
            || self.by_role(action, target)
            || self.by_share(action, target)
    }

    /// What a list of `target`'s kind may show to someone who may do `action` to it.
    pub(crate) fn visible(&self, action: Action, target: &Target) -> Visible {
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

    /// Organizations that the account belongs to.
    pub(crate) fn organizations(&self) -> impl Iterator<Item = Uuid> {
        let held = self.held.iter().filter(|held| held.workspace.is_none()).map(|held| held.organization);
        held.chain(self.home).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether the account belongs to an organization. Roles and shares count only while it does.
    pub(crate) fn belongs_to(&self, organization: Uuid) -> bool {
        self.organizations().any(|own| own == organization)
    }

    /// Workspaces in which the account holds anything.
    fn places(&self) -> impl Iterator<Item = WorkspacePlace> {
        let by_role = self.held().filter_map(|held| {
            held.workspace.map(|workspace| WorkspacePlace { organization: held.organization, workspace })
        });
        let by_share = self.shares.iter().map(|share| share.place);
        by_role.chain(by_share).filter(|place| self.belongs_to(place.organization))
    }

    /// Roles that count: given ones, and those that follow from what the account is.
    fn held(&self) -> impl Iterator<Item = Held> {
        let home = self.home.map(|organization| Held {
            role: ORGANIZATION_MEMBER,
            organization,
            workspace: None,
            project: None,
        });
        let owned = self.owned.iter().map(|place| Held {
            role: WORKSPACE_ADMIN,
            organization: place.organization,
            workspace: Some(place.workspace),
            project: None,
        });
        let given = self.held.iter().copied();
        given.chain(home).chain(owned).filter(|held| self.belongs_to(held.organization))
    }

    /// Whoever made an object keeps all rights on it.
    fn owns(&self, action: Action, target: &Target) -> bool {
        let on_object = action != Action::Create && target.id.is_some();
        on_object
            && match target.owner {
                Owner::Nobody => false,
                Owner::Everyone => true,
                Owner::Account(owner) => {
                    owner == self.account
                        && (target.kind.level() != Level::Organization
                            || self.belongs_to(target.organization))
                }
            }
    }

    /// Everyone sees their own account and the teams that they are in, and keeps their own profile.
    fn is_about_self(&self, action: Action, target: &Target) -> bool {
        match target.kind {
            Kind::Profile => target.id == Some(self.account),
            Kind::Account => target.id == Some(self.account) && action == Action::Read,
            Kind::Team => {
                action == Action::Read
                    && self
                        .teams
                        .iter()
                        .any(|(id, place)| target.id == Some(*id) && target.organization == *place)
            }
            _ => false,
        }
    }

    fn by_role(&self, action: Action, target: &Target) -> bool {
        self.held().any(|held| covers(&held, target) && held.role.actions_on(target.kind).contains(action))
    }

    fn by_share(&self, action: Action, target: &Target) -> bool {
        if target.kind == Kind::Workspace {
            // One shared object lets its receiver in, without making a member.
            return matches!(action, Action::Read | Action::Enter)
                && self.places().any(|place| Some(place.workspace) == target.workspace);
        }
        let resource = target.resource();
        resource.id.is_some()
            && self.belongs_to(target.organization)
            && self.shares.iter().any(|share| {
                Some(share.place.workspace) == target.workspace
                    && share.resource == resource
                    && share.actions.contains(action)
            })
    }

    /// Reads what an account holds.
    pub(crate) async fn load(sql: &mut Sql, account: Uuid) -> Result<Self, Error> {
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
            "SELECT r.level, r.name, x.organization_id, x.workspace_id, x.project_id FROM assignment x \
             JOIN role r ON r.id = x.role_id WHERE r.system_managed = 1 AND {PRINCIPAL}"
        );
        for row in sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&id).fetch_all(&mut *sql).await? {
            let (level, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let Some(role) = Predefined::find(&level, &name) else { continue };
            rights.held.push(Held {
                role,
                organization: required(&row, 2)?,
                workspace: optional(&row, 3)?,
                project: optional(&row, 4)?,
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
                    .map_err(|error| Error::internal("a stored share is damaged", error))?,
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

/// Whether a role applies to a target. A role reaches down from its scope; upwards it reaches only what its holder
/// has to see: the workspace itself, and the roles and teams that can be granted.
fn covers(held: &Held, target: &Target) -> bool {
    let in_workspace = held.workspace.is_none() || held.workspace == target.workspace;
    held.organization == target.organization
        && match target.kind {
            Kind::Role | Kind::Team => true,
            Kind::Workspace => in_workspace,
            _ => in_workspace && (held.project.is_none() || held.project == target.project),
        }
}

fn required(row: &crate::store::Row, index: usize) -> Result<Uuid, Error> {
    let text: &str = row.try_get(index)?;
    Uuid::try_parse(text).map_err(|error| Error::internal("a stored id is damaged", error))
}

fn optional(row: &crate::store::Row, index: usize) -> Result<Option<Uuid>, Error> {
    match row.try_get::<Option<&str>, _>(index)? {
        None | Some("") => Ok(None),
        Some(_) => required(row, index).map(Some),
    }
}

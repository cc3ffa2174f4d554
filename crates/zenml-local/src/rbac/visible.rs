//! Visibility of rows, as conditions of the statements that list them.
//!
//! Each condition probes indexes for the current row. None has a parameter per grant, and none reads grants of other
//! objects.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::action::{Act as _, Action, Read};
use super::policy::{ORGANIZATION_MEMBER, Predefined, WORKSPACE_ADMIN};
use super::resource::{Kind, Resource, Target};
use super::role::holds;
use crate::error::{Error, Result};
use crate::store::{Query, Sql};

/// Which objects of a kind a list may show. Own objects are always among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// All that there are.
    All,
    /// Those that the account has a grant for, and its own.
    Held,
    /// Only own ones.
    Own,
}

/// The caller, for conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The account.
    pub(crate) account: Uuid,
    /// For service accounts: the organization that it belongs to.
    pub(crate) home: Option<Uuid>,
    /// Whether it administers the platform.
    pub(crate) superuser: bool,
}

/// Column of the organization in lists of workspaces.
const WORKSPACE_ORGANIZATION: &str = "w.organization_id";

/// How the caller has a grant `x`: itself, or through a team.
#[derive(Clone, Copy)]
enum Through {
    Itself,
    Team,
}

impl Caller {
    /// Adds `EXISTS (…) OR EXISTS (…)`: a grant in the table, of the caller itself or of one of its teams.
    ///
    /// `team_first` reads the caller's teams and then their grants; otherwise the row's grants, and then whether the
    /// caller is in the team.
    fn push_grant(self, query: &mut Query, table: &str, team_first: bool, condition: &dyn Fn(&mut Query)) {
        for through in [Through::Itself, Through::Team] {
            let tables = match (through, team_first) {
                (Through::Itself, _) => format!("{table} x"),
                (Through::Team, true) => format!("team_member m CROSS JOIN {table} x"),
                (Through::Team, false) => format!("{table} x CROSS JOIN team_member m"),
            };
            let separator = if matches!(through, Through::Team) { " OR " } else { "" };
            let roles = if table == "assignment" { " CROSS JOIN role r" } else { "" };
            query.push(format_args!("{separator}EXISTS (SELECT 1 FROM {tables}{roles} WHERE "));
            match through {
                Through::Itself => query.push("x.principal_kind = 'user' AND x.principal_id = "),
                Through::Team => query.push(
                    "x.principal_kind = 'team' AND x.principal_id = m.team_id AND m.kind = 'user' AND m.member_id = ",
                ),
            };
            query.push_bind(self.account.to_string());
            if table == "assignment" {
                query.push(" AND r.id = x.role_id");
            }
            condition(query);
            query.push(")");
        }
    }

    /// Adds a condition: the caller belongs to the organization in a column.
    pub(crate) fn push_belongs(self, query: &mut Query, organization: &str) {
        self.push_organization_role(query, organization, None);
    }

    /// Adds a condition: a role in the organization of a column allows the caller to do this to objects of a kind.
    pub(crate) fn push_organization_role(
        self,
        query: &mut Query,
        organization: &str,
        to: Option<(Action, Kind)>,
    ) {
        query.push("(");
        let by_home = to.is_none_or(|(action, kind)| ORGANIZATION_MEMBER.actions_on(kind).contains(action));
        if let Some(home) = self.home.filter(|_| by_home) {
            query.push(format_args!("{organization} = ")).push_bind(home.to_string()).push(" OR ");
        }
        self.push_grant(query, "assignment", true, &|query| {
            query.push(format_args!(" AND x.organization_id = {organization} AND x.workspace_id = ''"));
            push_role(query, to);
        });
        query.push(")");
    }

    /// Adds a condition: the caller has any grant in the workspace with these columns.
    pub(crate) fn push_holds_in_workspace(self, query: &mut Query, organization: &str, workspace: &str) {
        query.push("(");
        self.push_grant(query, "assignment", true, &|query| {
            query.push(format_args!(
                " AND x.organization_id = {organization} AND x.workspace_id = {workspace}"
            ));
        });
        query.push(" OR ");
        self.push_grant(query, "share", true, &|query| {
            query.push(format_args!(" AND x.workspace_id = {workspace}"));
        });
        query.push(")");
    }

    /// Adds a condition: the caller may log in to the workspace `w`.
    pub(crate) fn push_enters(self, query: &mut Query) {
        query.push("(");
        self.push_belongs(query, WORKSPACE_ORGANIZATION);
        query.push(" AND (w.owner_id = ").push_bind(self.account.to_string()).push(" OR ");
        self.push_organization_role(query, WORKSPACE_ORGANIZATION, Some((Action::Enter, Kind::Workspace)));
        query.push(" OR ");
        self.push_holds_in_workspace(query, WORKSPACE_ORGANIZATION, "w.id");
        query.push("))");
    }

    /// Adds a condition: the caller may see the account `a` among the members of an organization.
    pub(crate) fn push_visible_account(self, query: &mut Query) {
        const TO: Option<(Action, Kind)> = Some((Read::ACTION, Kind::Member));
        query.push("(a.id = ").push_bind(self.account.to_string());
        query.push(" OR ");
        self.push_organization_role(query, "a.organization_id", TO);
        query.push(
            " OR EXISTS (SELECT 1 FROM assignment s WHERE s.principal_kind = 'user' AND s.principal_id = a.id \
             AND s.workspace_id = '' AND ",
        );
        self.push_organization_role(query, "s.organization_id", TO);
        query.push(
            ") OR EXISTS (SELECT 1 FROM team_member t CROSS JOIN assignment s WHERE t.kind = 'user' \
             AND t.member_id = a.id AND s.principal_kind = 'team' AND s.principal_id = t.team_id \
             AND s.workspace_id = '' AND ",
        );
        self.push_organization_role(query, "s.organization_id", TO);
        query.push("))");
    }

    /// Whether a role in any organization allows the caller to do this to objects of a kind.
    pub(crate) async fn may_somewhere(self, sql: &mut Sql, action: Action, kind: Kind) -> Result<bool> {
        let mut query = Query::new("SELECT ");
        self.push_grant(&mut query, "assignment", true, &|query| {
            query.push(" AND x.workspace_id = ''");
            push_role(query, Some((action, kind)));
        });
        let by_home = self.home.is_some() && ORGANIZATION_MEMBER.actions_on(kind).contains(action);
        Ok(by_home || query.build_query_scalar::<i64>().fetch_one(sql).await? != 0)
    }

    /// Returns the organizations that the caller belongs to, at most two of them.
    pub(crate) async fn organizations(self, sql: &mut Sql) -> Result<BTreeSet<Uuid>> {
        let mut query = Query::new("SELECT o.id FROM organization o WHERE ");
        self.push_belongs(&mut query, "o.id");
        query.push(" LIMIT 2");
        query
            .build_query_scalar::<String>()
            .fetch_all(sql)
            .await?
            .iter()
            .map(|id| Uuid::try_parse(id).map_err(|error| Error::internal("a stored id is invalid", error)))
            .collect()
    }

    /// Adds a condition: the caller may see the assignment `s`.
    ///
    /// Its holders also see it: what somebody may do is not a secret to them.
    pub(crate) fn push_assignment(self, query: &mut Query) {
        if self.superuser {
            query.push("1 = 1");
            return;
        }
        query.push("((s.principal_kind = 'user' AND s.principal_id = ").push_bind(self.account.to_string());
        query.push(
            ") OR (s.principal_kind = 'team' AND EXISTS (SELECT 1 FROM team_member m WHERE m.team_id = s.principal_id \
             AND m.kind = 'user' AND m.member_id = ",
        );
        query.push_bind(self.account.to_string()).push(")) OR ");
        self.push_assignment_of_others(query);
        query.push(")");
    }

    /// The same without being its holder.
    pub(crate) fn push_assignment_of_others(self, query: &mut Query) {
        const TO: Option<(Action, Kind)> = Some((Read::ACTION, Kind::Assignment));
        if self.superuser {
            query.push("1 = 1");
            return;
        }
        query.push("(");
        self.push_organization_role(query, "s.organization_id", TO);
        query.push(" OR (s.workspace_id <> '' AND ");
        self.push_belongs(query, "s.organization_id");
        query.push(" AND (");
        let owner = WORKSPACE_ADMIN.actions_on(Kind::Assignment).contains(Read::ACTION);
        if owner {
            query.push("EXISTS (SELECT 1 FROM workspace w WHERE w.id = s.workspace_id AND w.owner_id = ");
            query.push_bind(self.account.to_string()).push(") OR ");
        }
        self.push_grant(query, "assignment", true, &|query| {
            query.push(
                " AND x.organization_id = s.organization_id AND x.workspace_id = s.workspace_id \
                 AND x.project_id IN ('', s.project_id)",
            );
            push_role(query, TO);
        });
        query.push(")))");
    }

    /// Adds a condition: the caller may read the object with this id, of the kind of `target`, by a grant on that
    /// object.
    pub(super) fn push_held(self, query: &mut Query, target: &Target, id: &str) {
        match target.kind {
            Kind::Organization => {
                self.push_organization_role(query, id, Some((Read::ACTION, Kind::Organization)));
            }
            // With an organization, it is known that its roles are not enough and that the caller belongs to it.
            Kind::Workspace if target.organization.is_nil() => {
                self.push_organization_role(
                    query,
                    WORKSPACE_ORGANIZATION,
                    Some((Read::ACTION, Kind::Workspace)),
                );
                query.push(" OR (");
                self.push_belongs(query, WORKSPACE_ORGANIZATION);
                query.push(" AND ");
                self.push_holds_in_workspace(query, WORKSPACE_ORGANIZATION, id);
                query.push(")");
            }
            Kind::Workspace => self.push_holds_in_workspace(query, WORKSPACE_ORGANIZATION, id),
            Kind::Team => {
                query.push(format_args!(
                    "EXISTS (SELECT 1 FROM team_member m WHERE m.team_id = {id} AND m.kind = 'user' AND m.member_id = "
                ));
                query.push_bind(self.account.to_string()).push(")");
            }
            _ => {
                if target.kind == Kind::Project {
                    self.push_grant(query, "assignment", true, &|query| {
                        query.push(" AND x.organization_id = ").push_bind(target.organization.to_string());
                        query.push(" AND x.workspace_id = ").push_bind(workspace(target));
                        query.push(format_args!(" AND x.project_id = {id}"));
                        push_role(query, Some((Read::ACTION, Kind::Project)));
                    });
                    query.push(" OR ");
                }
                self.push_grant(query, "share", false, &|query| {
                    query.push(" AND x.workspace_id = ").push_bind(workspace(target));
                    query.push(" AND x.resource = ");
                    query.push_bind(format!("{}/", Resource { id: None, ..target.resource() }));
                    query.push(format_args!(
                        " || {id} AND ' ' || x.actions || ' ' LIKE '% {} %'",
                        Read::ACTION
                    ));
                });
            }
        }
    }
}

fn workspace(target: &Target) -> String {
    target.workspace.map(|id| id.to_string()).unwrap_or_default()
}

/// Adds ` AND …`: role `r` allows this. The names of predefined roles come from the policy, so their number is fixed.
fn push_role(query: &mut Query, to: Option<(Action, Kind)>) {
    let Some((action, kind)) = to else { return };
    let names: Vec<_> = Predefined::with(action, kind)
        .map(|role| format!("'{}:{}'", role.level.as_str(), role.name))
        .collect();
    query.push(format_args!(
        " AND (r.system_managed = 1 AND r.level || ':' || r.name IN ({}) OR {})",
        names.join(", "),
        holds("r.allows", action, kind),
    ));
}

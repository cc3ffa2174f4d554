//! Teams and their members.

use std::collections::HashMap;

use sqlx::Row as _;
use zenml_api::control::team as api;
use zenml_api::{Identifier, InvitationId, OrganizationId, TeamId, UserId};

use super::check::{self, Slice};
use super::escalation::require_as_much_as;
use super::invitation::{self, invitations_unchecked};
use super::last_admin::Watch;
use super::organization::OrganizationAt;
use super::user::{self, user_unchecked};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    Act, Allowed, Create, Delete, Holdings, Kind, Listed, Object, Owner, Principal, Read, Target, Tx, Update,
    not_found,
};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::MEMBERS, members)
        .serve(&api::ADD_MEMBER, add_member)
        .serve(&api::REMOVE_MEMBER, remove_member)
}

/// Teams of an organization.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TeamsOf(pub(crate) OrganizationId);

/// One team, with its organization and its owner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TeamAt {
    pub(crate) id: TeamId,
    pub(crate) organization: OrganizationId,
    owner: Option<UserId>,
}

impl Object for TeamsOf {
    fn target(&self) -> Target {
        Target::in_organization(self.0.uuid(), Kind::Team, None)
    }
}

impl Object for TeamAt {
    fn target(&self) -> Target {
        Target::in_organization(self.organization.uuid(), Kind::Team, Some(self.id.uuid()))
            .owned_by(Owner::from(self.owner.map(Identifier::uuid)))
    }
}

impl TeamAt {
    /// Finds a team. Does not decide whether the caller has access to it.
    pub(crate) async fn locate(sql: &mut Sql, id: TeamId) -> Result<Self> {
        let row = sqlx::query("SELECT organization_id, owner_id FROM team WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(sql)
            .await?
            .ok_or_else(|| {
                not_found(&Target::in_organization(uuid::Uuid::nil(), Kind::Team, Some(id.uuid())))
            })?;
        Ok(Self {
            id,
            organization: column::id(&row, "organization_id")?,
            owner: column::optional_id(&row, "owner_id")?,
        })
    }
}

async fn list(cx: Cx, id: OrganizationId, query: api::TeamQuery, (): ()) -> Result<Vec<api::Team>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        tx.allow::<Read, _>(OrganizationAt(id)).await?;
        let listed = tx.list(TeamsOf(id)).await?;
        select(tx.sql(), &listed, query.name.as_deref(), slice).await
    })
    .await
}

async fn create(cx: Cx, (): (), (): (), new: api::TeamCreate) -> Result<api::Team> {
    check::length("name", &new.name, 1..=50)?;
    check::optional_length("description", new.description.as_deref(), 1..=256)?;
    let owner = cx.identity()?.account;
    cx.tx(async |tx| {
        let teams = tx.allow::<Create, _>(TeamsOf(new.organization_id)).await?;
        let team = insert(tx.sql(), &teams, &new, owner).await?;
        tx.note(&team, team.id, &new.name);
        select_one(tx.sql(), &team).await
    })
    .await
}

async fn get(cx: Cx, id: TeamId, (): (), (): ()) -> Result<api::Team> {
    cx.read(async |tx| {
        let allowed = see(tx, id).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn update(cx: Cx, id: TeamId, (): (), change: api::TeamUpdate) -> Result<api::Team> {
    check::optional_length("name", change.name.as_deref(), 1..=50)?;
    cx.tx(async |tx| {
        let at = TeamAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        let before = select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &before.name);
        let mut description = before.description;
        change.description.clone().apply(&mut description);
        let description = description.filter(|text| !text.is_empty());
        check::optional_length("description", description.as_deref(), 1..=256)?;
        let name = change.name.clone().unwrap_or(before.name);
        write(tx.sql(), &allowed, &name, description.as_deref()).await?;
        select_one(tx.sql(), &allowed).await
    })
    .await
}

async fn delete(cx: Cx, id: TeamId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let at = TeamAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Delete, _>(at).await?;
        let name = select_one(tx.sql(), &allowed).await?.name;
        tx.note(&allowed, id, &name);
        let watch = Watch::before_change(tx.sql(), at.organization).await?;
        remove(tx.sql(), &allowed).await?;
        watch.after_change(tx.sql()).await
    })
    .await
}

async fn members(cx: Cx, id: TeamId, (): (), (): ()) -> Result<Vec<api::TeamMember>> {
    cx.read(async |tx| {
        let allowed = see(tx, id).await?;
        select_members(tx.sql(), &allowed).await
    })
    .await
}

async fn add_member(cx: Cx, id: TeamId, query: api::MemberQuery, (): ()) -> Result<()> {
    let member = member(&query)?;
    cx.tx(async |tx| {
        let at = TeamAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        let team = select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &team.name);
        // Whoever created the team decides who is in it.
        if at.owner.is_none_or(|owner| tx.actor().identity().is_none_or(|caller| caller.account != owner)) {
            let what = format!("add somebody to team '{}'", team.name);
            require_as_much_as(tx, &what, Principal::Team(id.uuid()), at.organization).await?;
        }
        let added = match member {
            Member::User(user) => require_member(tx.sql(), &allowed, user).await?,
            Member::Invitation(invitation) => {
                invitation::require_pending(tx, invitation, at.organization).await?.email
            }
        };
        tx.detail(&allowed, &format!("added {added}"));
        insert_member(tx.sql(), &allowed, member).await
    })
    .await
}

/// Checks that a user belongs to the organization of the team. Returns the username.
async fn require_member(sql: &mut Sql, team: &Allowed<Update, TeamAt>, user: UserId) -> Result<String> {
    let added = user_unchecked(&mut *sql, user).await?;
    // The same error for an unknown user and for one of another organization.
    let belongs = Holdings::of(user.uuid()).belongs_to(sql, team.organization.uuid()).await?;
    added.filter(|_| belongs).map(|user| user.username).ok_or_else(|| {
        Error::forbidden(format!("User '{user}' does not belong to the organization of this team."))
    })
}

async fn remove_member(cx: Cx, id: TeamId, query: api::MemberQuery, (): ()) -> Result<()> {
    let member = member(&query)?;
    cx.tx(async |tx| {
        let at = TeamAt::locate(tx.sql(), id).await?;
        let allowed = tx.allow::<Update, _>(at).await?;
        let team = select_one(tx.sql(), &allowed).await?;
        tx.note(&allowed, id, &team.name);
        let removed = match member {
            Member::User(user) => user_unchecked(tx.sql(), user).await?.map(|user| user.username),
            Member::Invitation(id) => {
                invitations_unchecked(tx.sql(), [id]).await?.remove(&id).map(|invitation| invitation.email)
            }
        };
        let removed = removed.unwrap_or_else(|| member.id().to_string());
        tx.detail(&allowed, &format!("removed {removed}"));
        let watch = Watch::before_change(tx.sql(), at.organization).await?;
        delete_member(tx.sql(), &allowed, member).await?;
        watch.after_change(tx.sql()).await
    })
    .await
}

/// Somebody who can be in a team.
#[derive(Clone, Copy, Debug)]
enum Member {
    /// A person or a service account.
    User(UserId),
    /// A pending invitation.
    Invitation(InvitationId),
}

impl Member {
    const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Invitation(_) => "invitation",
        }
    }

    fn id(self) -> uuid::Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Invitation(id) => id.uuid(),
        }
    }
}

/// Returns the single member of a query.
fn member(query: &api::MemberQuery) -> Result<Member> {
    match (query.user_id, query.invitation_id) {
        (Some(user), None) => Ok(Member::User(user)),
        (None, Some(invitation)) => Ok(Member::Invitation(invitation)),
        _ => Err(Error::value("Exactly one of user_id and invitation_id must be set.")),
    }
}

async fn see(tx: &mut Tx, id: TeamId) -> Result<Allowed<Read, TeamAt>> {
    let at = TeamAt::locate(tx.sql(), id).await?;
    tx.allow(at).await
}

const COLUMNS: &str = "SELECT t.*, (SELECT COUNT(*) FROM team_member m WHERE m.team_id = t.id) AS member_count \
                       FROM team t WHERE 1 = 1";

async fn select(
    sql: &mut Sql,
    listed: &Listed<TeamsOf>,
    name: Option<&str>,
    slice: Slice,
) -> Result<Vec<api::Team>> {
    let mut query = Query::new(COLUMNS);
    query.push(" AND t.organization_id = ").push_bind(listed.object().0.to_string());
    if let Some(name) = name {
        query.push(" AND t.name = ").push_bind(name.to_owned());
    }
    listed.restrict(&mut query, "t.id", Some("t.owner_id"), false);
    query.push(" ORDER BY t.created, t.id LIMIT ").push_bind(slice.limit);
    query.push(" OFFSET ").push_bind(slice.offset);
    query.build().fetch_all(sql).await?.iter().map(read).collect()
}

async fn select_one<A: Act>(sql: &mut Sql, allowed: &Allowed<A, TeamAt>) -> Result<api::Team> {
    team_unchecked(sql, allowed.id).await
}

/// A team as a part of another response.
pub(crate) async fn team_unchecked(sql: &mut Sql, id: TeamId) -> Result<api::Team> {
    let mut query = Query::new(COLUMNS);
    query.push(" AND t.id = ").push_bind(id.to_string());
    let row = query.build().fetch_optional(sql).await?;
    let unknown = || Error::not_found(format!("Team '{id}' was not found."));
    read(&row.ok_or_else(unknown)?)
}

/// Teams as parts of another response, with one statement for all of them.
pub(crate) async fn teams_unchecked(
    sql: &mut Sql,
    ids: impl IntoIterator<Item = TeamId>,
) -> Result<HashMap<TeamId, api::Team>> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let mut query = Query::new(COLUMNS);
    query.push(" AND t.id IN (SELECT value FROM json_each(");
    query.push_bind(serde_json::Value::from(ids).to_string()).push("))");
    let rows = query.build().fetch_all(sql).await?;
    rows.iter().map(|row| read(row).map(|team| (team.id, team))).collect()
}

fn read(row: &Row) -> Result<api::Team> {
    Ok(api::Team {
        id: column::id(row, "id")?,
        name: column::text(row, "name")?,
        description: column::optional(row, "description")?,
        created: column::time(row, "created")?,
        updated: column::time(row, "updated")?,
        member_count: Some(row.try_get("member_count")?),
    })
}

async fn insert(
    sql: &mut Sql,
    teams: &Allowed<Create, TeamsOf>,
    new: &api::TeamCreate,
    owner: UserId,
) -> Result<Allowed<Create, TeamAt>> {
    let id = TeamId::random();
    sqlx::query(
        "INSERT INTO team (id, organization_id, name, description, owner_id, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(id.to_string())
    .bind(teams.object().0.to_string())
    .bind(&new.name)
    .bind(&new.description)
    .bind(owner.to_string())
    .bind(now())
    .execute(sql)
    .await?;
    Ok(teams.created(TeamAt { id, organization: teams.object().0, owner: Some(owner) }))
}

async fn write(
    sql: &mut Sql,
    allowed: &Allowed<Update, TeamAt>,
    name: &str,
    description: Option<&str>,
) -> Result<()> {
    sqlx::query("UPDATE team SET name = $1, description = $2, updated = $3 WHERE id = $4")
        .bind(name)
        .bind(description)
        .bind(now())
        .bind(allowed.id.to_string())
        .execute(sql)
        .await?;
    Ok(())
}

/// Deletes a team with its memberships, roles and shares.
async fn remove(sql: &mut Sql, allowed: &Allowed<Delete, TeamAt>) -> Result<()> {
    for statement in [
        "DELETE FROM assignment WHERE principal_kind = 'team' AND principal_id = $1",
        "DELETE FROM share WHERE principal_kind = 'team' AND principal_id = $1",
        "DELETE FROM team WHERE id = $1",
    ] {
        sqlx::query(statement).bind(allowed.id.to_string()).execute(&mut *sql).await?;
    }
    Ok(())
}

/// The users and invitations in a team. Invitations are after the users.
async fn select_members(sql: &mut Sql, allowed: &Allowed<Read, TeamAt>) -> Result<Vec<api::TeamMember>> {
    let team = allowed.id.to_string();
    let users = sqlx::query(
        "SELECT a.* FROM team_member m JOIN account a ON a.id = m.member_id \
         WHERE m.team_id = $1 AND m.kind = 'user' ORDER BY m.created, a.id",
    )
    .bind(&team)
    .fetch_all(&mut *sql)
    .await?;
    let invitations = sqlx::query(
        "SELECT i.* FROM team_member m JOIN invitation i ON i.id = m.member_id \
         WHERE m.team_id = $1 AND m.kind = 'invitation' ORDER BY m.created, i.id",
    )
    .bind(&team)
    .fetch_all(sql)
    .await?;
    let users = users.iter().map(|row| Ok(api::TeamMember::User(Box::new(user::read(row)?))));
    users
        .chain(invitations.iter().map(|row| Ok(api::TeamMember::Invitation(invitation::read(row)?))))
        .collect()
}

async fn insert_member(sql: &mut Sql, allowed: &Allowed<Update, TeamAt>, member: Member) -> Result<()> {
    sqlx::query("INSERT INTO team_member (team_id, kind, member_id, created) VALUES ($1, $2, $3, $4)")
        .bind(allowed.id.to_string())
        .bind(member.kind())
        .bind(member.id().to_string())
        .bind(now())
        .execute(sql)
        .await?;
    Ok(())
}

async fn delete_member(sql: &mut Sql, allowed: &Allowed<Update, TeamAt>, member: Member) -> Result<()> {
    let gone = sqlx::query("DELETE FROM team_member WHERE team_id = $1 AND kind = $2 AND member_id = $3")
        .bind(allowed.id.to_string())
        .bind(member.kind())
        .bind(member.id().to_string())
        .execute(sql)
        .await?;
    if gone.rows_affected() == 0 {
        let (kind, id) = (member.kind(), member.id());
        return Err(Error::not_found(format!("The {kind} '{id}' is not a member of this team.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::probe::compiles;

    type Db = &'static mut Sql;
    type Proof<A> = &'static Allowed<A, TeamAt>;

    #[test]
    fn a_query_compiles_only_with_its_proof() {
        assert!(compiles!(select_one::<Read>, (Db, Proof<Read>)));
        assert!(!compiles!(select_one::<Read>, (Db, &'static TeamAt)));
        assert!(compiles!(select_members, (Db, Proof<Read>)));
        assert!(!compiles!(select_members, (Db, &'static TeamAt)));
        assert!(compiles!(insert_member, (Db, Proof<Update>, Member)));
        assert!(!compiles!(insert_member, (Db, Proof<Read>, Member)));
        assert!(compiles!(remove, (Db, Proof<Delete>)));
        assert!(!compiles!(remove, (Db, Proof<Update>)));
    }
}

//! Accounts of a workspace.
//!
//! They mirror accounts of the control plane. The first login creates one, with its own id, and each later login
//! updates it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::user::{self as api, User, UserBody, UserMetadata};
use zenml_api::workspace::{ListQuery as _, Look, Page, current_user};
use zenml_api::{IdOrName, Identifier, Timestamp, UserId};

use super::cells::{id_at, to_json};
use super::list::{self, Column, Table as _};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Identity, WorkspacePlace};
use crate::store::{Query, Row, Sql, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&current_user::GET, current)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
}

async fn current(cx: Cx, (): (), (): (), (): ()) -> Result<User> {
    let me = enter(&cx).await?;
    cx.read(async |tx| Ok(own(tx.sql(), me).await?.user(Detail::Own))).await
}

/// Lists the people. Everyone who can log in may see all accounts, but not the e-mail addresses of others.
async fn list(cx: Cx, (): (), query: api::UserQuery, (): ()) -> Result<Page<User>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let scope = |sql: &mut Query| {
            // A hidden address cannot be filtered or sorted by either: both would reveal it bit by bit.
            sql.push(" FROM (SELECT l.*, CASE l.id WHEN ").push_bind(me.local.to_string());
            sql.push(" THEN l.email END AS shown_email FROM local_account l) t WHERE t.workspace_id = ");
            sql.push_bind(me.place.workspace.to_string()).push(" AND t.is_service_account = 0");
        };
        let page = list::select::<Mirrored>(tx.sql(), scope, query.paging(), &query.filters()).await?;
        let page = list::try_map(page, |row| account(&row))?;
        let detail = |account: &Mirrored| match (query.paging().hydrate, account.local == me.local) {
            (false, _) => Detail::Nested,
            (true, true) => Detail::Own,
            (true, false) => Detail::Others,
        };
        Ok(list::map(page, |account| account.user(detail(&account))))
    })
    .await
}

/// Reads a person or, only by its id, a service account.
async fn get(cx: Cx, id: IdOrName<UserId>, look: Look, (): ()) -> Result<User> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let account = find(tx.sql(), me, &id).await?.ok_or_else(|| Error::no_object("account", &id))?;
        let detail = match (look.hydrate.unwrap_or(true), account.local == me.local) {
            (false, _) => Detail::Nested,
            (true, true) => Detail::Own,
            (true, false) => Detail::Others,
        };
        Ok(account.user(detail))
    })
    .await
}

/// Sets the default project of an account, also of another one, as on a server. Ignores everything else.
async fn update(cx: Cx, id: IdOrName<UserId>, (): (), change: api::UserUpdate) -> Result<User> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let unknown = || Error::no_object("account", &id);
        let found = find(tx.sql(), me, &id).await?.ok_or_else(unknown)?;
        let mut query = Query::new("UPDATE local_account SET updated = ");
        query.push_bind(now());
        if let Some(project) = change.default_project_id {
            // A real server leaves this check to its database.
            sqlx::query("SELECT 1 FROM project WHERE workspace_id = $1 AND id = $2")
                .bind(me.place.workspace.to_string())
                .bind(project.to_string())
                .fetch_optional(tx.sql())
                .await?
                .ok_or_else(|| Error::runtime("The project does not exist."))?;
            query.push(", default_project_id = ").push_bind(project.to_string());
        }
        query.push(" WHERE id = ").push_bind(found.local.to_string());
        query.build().execute(tx.sql()).await?;
        let account = find(tx.sql(), me, &IdOrName::Id(found.local)).await?.ok_or_else(unknown)?;
        Ok(account.user(if account.local == me.local { Detail::Own } else { Detail::Others }))
    })
    .await
}

/// The caller of a request in a workspace, admitted by [`enter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Me {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// Id on the control plane.
    pub(crate) account: Uuid,
    /// Id in the workspace.
    pub(crate) local: UserId,
}

/// Returns the caller's account in the workspace. A caller with an API key who has never logged in gets one now.
pub(crate) async fn enter(cx: &Cx) -> Result<Me> {
    let (place, identity) = (cx.workspace()?, cx.identity()?);
    let account = identity.account.uuid();
    let mut sql = cx.shared().store.begin_read().await?;
    let known = locate_local(&mut sql, place, account).await?;
    drop(sql);
    let local = match known {
        Some(local) => local,
        None => mirror(cx, place, identity).await?,
    };
    Ok(Me { place, account, local })
}

/// Creates or updates the caller's account in a workspace.
pub(crate) async fn mirror(cx: &Cx, place: WorkspacePlace, identity: &Identity) -> Result<UserId> {
    let mut sql = cx.shared().store.begin().await?;
    let (workspace, account) = (place.workspace.to_string(), identity.account.to_string());
    sqlx::query(
        "INSERT INTO local_account (id, workspace_id, external_user_id, name, full_name, email, avatar_url, \
         is_admin, is_service_account, created, updated) \
         SELECT $1, $2, a.id, a.username, COALESCE(a.name, ''), a.email, a.avatar_url, a.is_superuser, \
         a.is_service_account, $3, $3 FROM account a WHERE a.id = $4 \
         ON CONFLICT (workspace_id, external_user_id) DO UPDATE SET name = excluded.name, \
         full_name = excluded.full_name, email = excluded.email, avatar_url = excluded.avatar_url, \
         is_admin = excluded.is_admin, updated = excluded.updated",
    )
    .bind(UserId::random().to_string())
    .bind(&workspace)
    .bind(now())
    .bind(&account)
    .execute(&mut *sql)
    .await?;
    let local = locate_local(&mut sql, place, identity.account.uuid()).await?;
    sql.commit().await?;
    local.ok_or_else(|| Error::not_found("The account was not found."))
}

/// The owners of the objects of a response, by their id on the control plane.
#[derive(Debug)]
pub(crate) struct Owners(HashMap<Uuid, Mirrored>);

impl Owners {
    /// Reads the accounts of these owners.
    pub(crate) async fn load(
        sql: &mut Sql,
        place: WorkspacePlace,
        owners: impl IntoIterator<Item = Option<Uuid>>,
    ) -> Result<Self> {
        let ids: BTreeSet<String> = owners.into_iter().flatten().map(|owner| owner.to_string()).collect();
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let mut query = Query::new("SELECT ");
        query.push(Mirrored::columns()).push(" FROM local_account t WHERE t.workspace_id = ");
        query.push_bind(place.workspace.to_string());
        query
            .push(" AND t.external_user_id IN (SELECT value FROM json_each(")
            .push_bind(to_json(&ids)?)
            .push("))");
        let rows = query.build().fetch_all(sql).await?;
        let known = rows.iter().map(account).collect::<Result<Vec<_>>>()?;
        Ok(Self(known.into_iter().map(|account| (account.external, account)).collect()))
    }

    /// Returns the local id of an owner.
    pub(crate) fn id(&self, owner: Option<Uuid>) -> Option<UserId> {
        self.0.get(&owner?).map(|account| account.local)
    }

    /// Returns the owner as a nested object.
    pub(crate) fn user(&self, owner: Option<Uuid>) -> Option<User> {
        self.0.get(&owner?).map(|account| account.user(Detail::Nested))
    }

    /// Returns the values for a filter by owner: local id and name.
    pub(crate) fn filter_values(&self, owner: Option<Uuid>) -> Vec<String> {
        let account = owner.and_then(|owner| self.0.get(&owner));
        account.map(|account| vec![account.local.to_string(), account.name.clone()]).unwrap_or_default()
    }
}

/// How much of an account a response contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Only the body.
    Nested,
    /// Everything.
    Own,
    /// Everything except the e-mail address.
    Others,
}

#[derive(Clone, Debug)]
struct Mirrored {
    local: UserId,
    external: Uuid,
    name: String,
    full_name: String,
    email: Option<String>,
    avatar_url: Option<String>,
    is_admin: bool,
    is_service_account: bool,
    default_project: Option<String>,
    created: String,
    updated: String,
}

impl Mirrored {
    fn user(&self, detail: Detail) -> User {
        User {
            id: self.local,
            name: self.name.clone(),
            permission_denied: false,
            body: Some(UserBody {
                created: Timestamp::new(&self.created),
                updated: Timestamp::new(&self.updated),
                active: true,
                activation_token: None,
                full_name: self.full_name.clone(),
                // A server of ZenML Pro sets it at each login of a person.
                email_opted_in: (!self.is_service_account).then_some(true),
                is_service_account: self.is_service_account,
                is_admin: self.is_admin,
                default_project_id: self.default_project.clone(),
                avatar_url: self.avatar_url.clone(),
            }),
            metadata: (detail != Detail::Nested).then(|| UserMetadata {
                password_changed_at: None,
                email: self.email.clone().filter(|_| detail == Detail::Own),
                external_user_id: Some(UserId::from_uuid(self.external)),
                user_metadata: Some(zenml_api::workspace::JsonMap::new()),
                oidc_claims: Some(zenml_api::workspace::JsonMap::new()),
            }),
            resources: None,
        }
    }
}

impl list::Fields for Mirrored {
    const SORTABLE: &'static [&'static str] = &[
        "active",
        "created",
        "email",
        "email_opted_in",
        "external_user_id",
        "full_name",
        "id",
        "name",
        "updated",
    ];
}

impl list::Table for Mirrored {
    fn columns() -> Cow<'static, str> {
        "t.id, t.external_user_id, t.name, t.full_name, t.email, t.avatar_url, t.is_admin, t.is_service_account, \
         t.default_project_id, t.created, t.updated"
            .into()
    }

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "full_name" => "t.full_name",
            "email" => "t.shown_email",
            "active" => "'true'",
            "email_opted_in" => "CASE t.is_service_account WHEN 0 THEN 'true' END",
            "external_user_id" => "t.external_user_id",
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

/// Finds an account in the caller's workspace: everyone there may see all accounts.
async fn find(sql: &mut Sql, me: Me, id: &IdOrName<UserId>) -> Result<Option<Mirrored>> {
    let mut query = Query::new("SELECT ");
    query.push(Mirrored::columns()).push(" FROM local_account t WHERE t.workspace_id = ");
    query.push_bind(me.place.workspace.to_string());
    match id {
        IdOrName::Id(id) => query.push(" AND t.id = ").push_bind(id.to_string()),
        IdOrName::Name(name) => {
            query.push(" AND t.is_service_account = 0 AND t.name = ").push_bind(name.clone())
        }
    };
    query.push(" LIMIT 1");
    query.build().fetch_optional(sql).await?.as_ref().map(account).transpose()
}

async fn own(sql: &mut Sql, me: Me) -> Result<Mirrored> {
    let found = find(sql, me, &IdOrName::Id(me.local)).await?;
    found.ok_or_else(|| Error::no_object("account", me.local))
}

async fn locate_local(sql: &mut Sql, place: WorkspacePlace, account: Uuid) -> Result<Option<UserId>> {
    let row = sqlx::query("SELECT id FROM local_account WHERE workspace_id = $1 AND external_user_id = $2")
        .bind(place.workspace.to_string())
        .bind(account.to_string())
        .fetch_optional(sql)
        .await?;
    row.map(|row| id_at(&row, 0).map(UserId::from_uuid)).transpose()
}

fn account(row: &Row) -> Result<Mirrored> {
    Ok(Mirrored {
        local: UserId::from_uuid(id_at(row, 0)?),
        external: id_at(row, 1)?,
        name: row.try_get(2)?,
        full_name: row.try_get(3)?,
        email: row.try_get(4)?,
        avatar_url: row.try_get(5)?,
        is_admin: row.try_get::<i64, _>(6)? != 0,
        is_service_account: row.try_get::<i64, _>(7)? != 0,
        default_project: row.try_get(8)?,
        created: row.try_get(9)?,
        updated: row.try_get(10)?,
    })
}

//! Accounts as a workspace knows them.
//!
//! They mirror accounts of the control plane. One is made at the first login, with an id of its own, and brought
//! up to date at each later one.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::user::{self as api, User, UserBody, UserMetadata};
use zenml_api::workspace::{Page, current_user};
use zenml_api::{IdOrName, Identifier, Timestamp, UserId};

use super::list::{self, Listed};
use super::noun::id_at;
use super::refusal::Refusal;
use crate::error::Result;
use crate::http::{Cx, Routes};
use crate::rbac::{Identity, WorkspacePlace};
use crate::store::{Row, Sql, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.serve(&current_user::GET, current).serve(&api::LIST, list).serve(&api::GET, get)
}

async fn current(cx: Cx, (): (), (): (), (): ()) -> Result<User> {
    let me = enter(&cx).await?;
    cx.read(async |tx| Ok(by_id(tx.sql(), me.place, me.local).await?.user(Detail::Own))).await
}

/// Everyone who can log in may see everyone, but not each other's e-mail address.
async fn list(cx: Cx, (): (), query: api::UserQuery, (): ()) -> Result<Page<User>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging(), "GET /api/v1/users")?;
    cx.read(async |tx| {
        let rows = all(tx.sql(), me.place).await?;
        let page = list::page(rows, query.paging(), &query.filters())?;
        let detail = |account: &Mirrored| match (query.paging().hydrate, account.local == me.local) {
            (false, _) => Detail::Nested,
            (true, true) => Detail::Own,
            (true, false) => Detail::Others,
        };
        Ok(list::map(page, |account| account.user(detail(&account))))
    })
    .await
}

async fn get(cx: Cx, id: IdOrName<UserId>, (): (), (): ()) -> Result<User> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let known = all(tx.sql(), me.place).await?;
        let found = known.into_iter().find(|account| match &id {
            IdOrName::Id(id) => account.local == *id,
            IdOrName::Name(name) => account.name == *name && !account.is_service_account,
        });
        let account = found.ok_or_else(|| {
            let noun = if matches!(id, IdOrName::Id(_)) { "account" } else { "user account" };
            Refusal::key(&format!("No {noun} with the '{id}' name or ID was found"))
        })?;
        let detail = if account.local == me.local { Detail::Own } else { Detail::Others };
        Ok(account.user(detail))
    })
    .await
}

/// The caller of a request inside a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Me {
    /// The workspace.
    pub(crate) place: WorkspacePlace,
    /// Id on the control plane.
    pub(crate) account: Uuid,
    /// Id inside the workspace.
    pub(crate) local: UserId,
}

/// The caller's account in the workspace. Who comes with an API key and never logged in gets one now.
pub(crate) async fn enter(cx: &Cx) -> Result<Me> {
    let (place, identity) = (cx.workspace()?, cx.identity()?);
    let account = identity.account.uuid();
    let mut sql = cx.shared().store.begin_read().await?;
    let known = local_id(&mut sql, place, account).await?;
    drop(sql);
    let local = match known {
        Some(local) => local,
        None => mirror(cx, place, identity).await?,
    };
    Ok(Me { place, account, local })
}

/// Makes the caller's account in a workspace, or brings it up to date.
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
    let local = local_id(&mut sql, place, identity.account.uuid()).await?;
    sql.commit().await?;
    Ok(local.ok_or_else(|| Refusal::key("No account with this ID was found"))?)
}

/// All accounts of a workspace by their id on the control plane, for owners in answers.
#[derive(Debug)]
pub(crate) struct Owners(HashMap<Uuid, Mirrored>);

impl Owners {
    /// Reads them.
    pub(crate) async fn load(sql: &mut Sql, place: WorkspacePlace) -> Result<Self> {
        let known = all(sql, place).await?;
        Ok(Self(known.into_iter().map(|account| (account.external, account)).collect()))
    }

    /// The local id of an owner.
    pub(crate) fn id(&self, owner: Option<Uuid>) -> Option<UserId> {
        self.0.get(&owner?).map(|account| account.local)
    }

    /// The owner as a nested object.
    pub(crate) fn user(&self, owner: Option<Uuid>) -> Option<User> {
        self.0.get(&owner?).map(|account| account.user(Detail::Nested))
    }

    /// What a filter by owner compares with: local id and name.
    pub(crate) fn filter_values(&self, owner: Option<Uuid>) -> Vec<String> {
        let account = owner.and_then(|owner| self.0.get(&owner));
        account.map(|account| vec![account.local.to_string(), account.name.clone()]).unwrap_or_default()
    }
}

/// How much of an account is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Nothing but the body.
    Nested,
    /// Everything.
    Own,
    /// Everything but the e-mail address.
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
                email_opted_in: None,
                is_service_account: self.is_service_account,
                is_admin: self.is_admin,
                default_project_id: None,
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

impl Listed for Mirrored {
    const FILTER: &'static str = "UserFilter";
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "full_name", "email"];

    fn field(&self, name: &str) -> Vec<Cow<'_, str>> {
        match name {
            "id" => vec![self.local.to_string().into()],
            "name" => vec![self.name.as_str().into()],
            "full_name" => vec![self.full_name.as_str().into()],
            "email" => self.email.as_deref().map(Cow::from).into_iter().collect(),
            "active" => vec!["true".into()],
            "external_user_id" => vec![self.external.to_string().into()],
            "created" => vec![self.created.as_str().into()],
            "updated" => vec![self.updated.as_str().into()],
            _ => Vec::new(),
        }
    }
}

const COLUMNS: &str = "SELECT id, external_user_id, name, full_name, email, avatar_url, is_admin, \
                       is_service_account, created, updated FROM local_account WHERE workspace_id = $1";

async fn all(sql: &mut Sql, place: WorkspacePlace) -> Result<Vec<Mirrored>> {
    let rows = sqlx::query(COLUMNS).bind(place.workspace.to_string()).fetch_all(sql).await?;
    rows.iter().map(account).collect()
}

async fn by_id(sql: &mut Sql, place: WorkspacePlace, local: UserId) -> Result<Mirrored> {
    let found = all(sql, place).await?.into_iter().find(|account| account.local == local);
    Ok(found.ok_or_else(|| Refusal::key(&format!("No account with the '{local}' name or ID was found")))?)
}

async fn local_id(sql: &mut Sql, place: WorkspacePlace, account: Uuid) -> Result<Option<UserId>> {
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
        created: row.try_get(8)?,
        updated: row.try_get(9)?,
    })
}

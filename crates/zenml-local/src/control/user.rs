//! Users: people and, in the same table and format, service accounts.

use std::collections::HashMap;

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::control::user as api;
use zenml_api::{IdOrName, Identifier, OrganizationId, Patch, Sensitive, UserId};

use super::check::{self, Slice};
use super::last_admin;
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::login::{LONGEST, Subject};
use crate::rbac::{
    Act, Action, Allowed, Caller, Create, Delete, Kind, Object, Read, Target, Tx, Update, not_found,
};
use crate::store::{Query, Row, Sql, column, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::LIST, list)
        .serve(&api::CREATE, create)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::ME, me)
        .serve(&api::UPDATE_ME, update_me)
}

/// Maximum size of the metadata of an account, in bytes.
const LARGEST_METADATA: usize = 16 << 10;

/// All accounts of the platform.
#[derive(Clone, Copy, Debug)]
struct Accounts;

/// One account, for administration.
#[derive(Clone, Copy, Debug)]
struct AccountAt(UserId);

/// The own profile of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile(pub(super) UserId);

impl Object for Accounts {
    fn target(&self) -> Target {
        Target::in_organization(Uuid::nil(), Kind::Account, None)
    }
}

impl Object for AccountAt {
    fn target(&self) -> Target {
        Target::in_organization(Uuid::nil(), Kind::Account, Some(self.0.uuid()))
    }
}

impl Object for Profile {
    fn target(&self) -> Target {
        Target::in_organization(Uuid::nil(), Kind::Profile, Some(self.0.uuid()))
    }
}

/// The objects through which permission for an account is requested.
pub(super) trait Account {
    /// The account.
    fn account(&self) -> UserId;
}

impl Account for AccountAt {
    fn account(&self) -> UserId {
        self.0
    }
}

impl Account for Profile {
    fn account(&self) -> UserId {
        self.0
    }
}

async fn list(cx: Cx, (): (), query: api::UserQuery, (): ()) -> Result<Vec<api::User>> {
    let slice = check::slice(query.offset, query.limit)?;
    cx.read(async |tx| {
        let directory = Directory::open(tx, query.email.is_some()).await?;
        select(tx.sql(), &directory, &query, slice).await
    })
    .await
}

async fn create(cx: Cx, (): (), query: api::UserCreate, (): ()) -> Result<api::User> {
    let username = query.username.or(query.email).ok_or_else(|| Error::value("A username is required."))?;
    check_username(&username)?;
    let password = query.password.ok_or_else(|| Error::value("A password is required for a local user."))?;
    let hash = hashed(&cx, Action::Create, Accounts.target(), Some(password)).await?;
    cx.tx(async |tx| {
        let accounts = tx.allow::<Create, _>(Accounts).await?;
        let hash = hash.ok_or_else(changed_meanwhile)?;
        let account =
            insert(tx.sql(), &accounts, &username, &hash, query.is_superuser.unwrap_or(false)).await?;
        tx.note(&account, account.account(), &username);
        select_one(tx.sql(), &account).await
    })
    .await
}

async fn get(cx: Cx, user: IdOrName<UserId>, (): (), (): ()) -> Result<api::User> {
    cx.read(async |tx| {
        let directory = Directory::open(tx, true).await?;
        find(tx.sql(), &directory, &user)
            .await?
            .ok_or_else(|| Error::not_found(format!("User '{user}' was not found.")))
    })
    .await
}

/// Validates the profile of an account.
fn check_profile(change: &api::UserUpdate) -> Result<()> {
    let texts = [("name", &change.name), ("company", &change.company), ("job_title", &change.job_title)];
    for (member, text) in texts {
        if let Patch::Set(text) = text {
            check::length(member, text, 0..=255)?;
        }
    }
    match &change.metadata {
        Patch::Set(metadata) => check::document("metadata", metadata, LARGEST_METADATA),
        _ => Ok(()),
    }
}

async fn update(cx: Cx, id: UserId, (): (), change: api::UserUpdate) -> Result<api::User> {
    if let Some(username) = &change.username {
        check_username(username)?;
    }
    check_profile(&change)?;
    if change.password.is_some() && cx.identity()?.account == id {
        require_old_password(&cx, change.old_password.clone()).await?;
    }
    let hash = hashed(&cx, Action::Update, AccountAt(id).target(), change.password.clone()).await?;
    cx.tx(async |tx| {
        let account = administered::<Update>(tx, id).await?;
        let before = select_one(tx.sql(), &account).await?;
        tx.note(&account, id, &before.username);
        if change.password.is_some() {
            require_person(before.is_service_account)?;
            hash.as_ref().ok_or_else(changed_meanwhile)?;
            tx.detail(&account, "set a new password");
        }
        if change.is_active == Some(false) {
            require_spare(tx.sql(), id).await?;
        } else if change.is_superuser == Some(false) && before.is_superuser {
            last_admin::require_other_superuser(tx.sql(), id).await?;
        }
        administer(tx.sql(), &account, &change).await?;
        edit(tx.sql(), &account, before, &change, hash.as_deref()).await
    })
    .await
}

async fn delete(cx: Cx, id: UserId, (): (), (): ()) -> Result<()> {
    cx.tx(async |tx| {
        let account = administered::<Delete>(tx, id).await?;
        let user = select_one(tx.sql(), &account).await?;
        tx.note(&account, id, &user.username);
        if user.is_service_account {
            return Err(Error::forbidden("A service account must be deleted through its organization."));
        }
        if tx.actor().identity().is_some_and(|identity| identity.account == id) {
            return Err(Error::forbidden("You cannot delete your own account."));
        }
        require_spare(tx.sql(), id).await?;
        remove(tx.sql(), &account).await
    })
    .await
}

async fn me(cx: Cx, (): (), (): (), (): ()) -> Result<api::User> {
    let id = cx.identity()?.account;
    cx.read(async |tx| {
        let account = tx.allow::<Read, _>(AccountAt(id)).await?;
        select_one(tx.sql(), &account).await
    })
    .await
}

async fn update_me(cx: Cx, (): (), (): (), change: api::UserUpdate) -> Result<api::User> {
    let identity = cx.identity()?;
    let id = identity.account;
    if change.is_active.is_some() || change.is_superuser.is_some() || change.username.is_some() {
        return Err(Error::forbidden(
            "You cannot change username, is_active or is_superuser of your own account.",
        ));
    }
    check_profile(&change)?;
    if change.password.is_some() {
        require_person(identity.is_service_account)?;
        require_old_password(&cx, change.old_password.clone()).await?;
    }
    let hash = hashed(&cx, Action::Update, Profile(id).target(), change.password.clone()).await?;
    cx.tx(async |tx| {
        let profile = tx.allow::<Update, _>(Profile(id)).await?;
        tx.note(&profile, id, &identity.username);
        if change.password.is_some() {
            hash.as_ref().ok_or_else(changed_meanwhile)?;
            tx.detail(&profile, "set a new password");
        }
        let before = select_one(tx.sql(), &profile).await?;
        edit(tx.sql(), &profile, before, &change, hash.as_deref()).await
    })
    .await
}

/// Asks for permission to administer an account. A caller who can find the account but may not administer it gets
/// 403; others get 404.
async fn administered<A: Act>(tx: &mut Tx, id: UserId) -> Result<Allowed<A, AccountAt>> {
    match tx.allow(AccountAt(id)).await {
        Err(error) if error.status() == http::StatusCode::NOT_FOUND => {
            let directory = Directory::open(tx, true).await?;
            match find(tx.sql(), &directory, &IdOrName::Id(id)).await? {
                None => Err(error),
                Some(_) => Err(Error::forbidden("Only platform administrators may change or delete users.")),
            }
        }
        allowed => allowed,
    }
}

fn check_username(username: &str) -> Result<()> {
    const PATTERN: &str = r"^[a-zA-Z0-9_\-@.]+$";
    let longest = if username.contains('@') { 255 } else { 50 };
    check::length("username", username, 1..=longest)?;
    let extra = if username.contains('@') { "_-@.+%'" } else { "_-@." };
    check::characters("username", username, PATTERN, |c| c.is_ascii_alphanumeric() || extra.contains(c))
}

/// Hashes a new password if the caller may set it, so that a rejection does not cost a hash. Returns `None` without a
/// new password or without permission; the transaction that follows rejects and records the attempt.
async fn hashed(
    cx: &Cx,
    action: Action,
    target: Target,
    password: Option<Sensitive<String>>,
) -> Result<Option<String>> {
    let Some(password) = password else { return Ok(None) };
    check::length("password", password.expose(), 1..=LONGEST)?;
    if !cx.read(async |tx| tx.permits(action, &target).await).await? {
        return Ok(None);
    }
    cx.shared().logins.hash(password).await.map(Some)
}

/// Rejects the deactivation or deletion of an account that is the last administrator of the platform, or the last admin
/// of an organization.
pub(super) async fn require_spare(sql: &mut Sql, id: UserId) -> Result<()> {
    let is_superuser = sqlx::query("SELECT 1 FROM account WHERE id = $1 AND is_superuser = 1");
    if is_superuser.bind(id.to_string()).fetch_optional(&mut *sql).await?.is_some() {
        last_admin::require_other_superuser(sql, id).await?;
    }
    last_admin::require_others(sql, id).await
}

/// The caller got permissions while the request was running.
fn changed_meanwhile() -> Error {
    Error::busy("The permissions of the caller have just changed.", 1)
}

fn require_person(is_service_account: bool) -> Result<()> {
    if is_service_account {
        return Err(Error::forbidden(
            "A service account does not have a password. It logs in with an API key.",
        ));
    }
    Ok(())
}

/// Changing your own password requires the current one, so that an open session is not enough.
async fn require_old_password(cx: &Cx, old: Option<Sensitive<String>>) -> Result<()> {
    let identity = cx.identity()?;
    let old = old.ok_or_else(|| {
        Error::forbidden("To change your own password, set old_password to the current one.")
    })?;
    let hash: Option<String> = cx
        .read(async |tx| {
            let statement = "SELECT password_hash FROM account WHERE id = $1";
            let row = sqlx::query_scalar(statement).bind(identity.account.to_string());
            Ok(row.fetch_optional(tx.sql()).await?.flatten())
        })
        .await?;
    let refusal = match cx.shared().logins.is_password(cx.address(), &identity.username, old, hash).await {
        Ok(true) => return Ok(()),
        Ok(false) => Error::forbidden("old_password is not the current password of this account."),
        Err(error) => error,
    };
    Err(cx.refuse_login(Subject::Name(identity.username.clone()), refusal).await)
}

/// Which accounts the caller can find: platform administrators find all; others find the people of their
/// organizations. A caller who may add people to an organization finds anyone by exact e-mail address or id, in order
/// to add them.
#[derive(Debug)]
struct Directory {
    everyone: bool,
    caller: Option<Caller>,
}

impl Directory {
    async fn open(tx: &mut Tx, exact: bool) -> Result<Self> {
        let mut everyone = tx.permits(Action::Read, &Accounts.target()).await?;
        let caller = tx.caller().await?;
        if let (Some(caller), true, false) = (caller, exact, everyone) {
            everyone = caller.may_somewhere(tx.sql(), Action::Create, Kind::Member).await?;
        }
        Ok(Self { everyone, caller })
    }

    fn restrict(&self, query: &mut Query) {
        if self.everyone {
            return;
        }
        query.push(" AND ");
        match self.caller {
            Some(caller) => caller.push_visible_account(query),
            None => {
                query.push("1 = 0");
            }
        }
    }
}

const COLUMNS: &str = "SELECT a.* FROM account a WHERE 1 = 1";

async fn select(
    sql: &mut Sql,
    directory: &Directory,
    filter: &api::UserQuery,
    slice: Slice,
) -> Result<Vec<api::User>> {
    // Local accounts do not have an identity provider.
    if filter.oauth_provider.is_some() || filter.oauth_id.is_some() {
        return Ok(Vec::new());
    }
    let mut query = Query::new(COLUMNS);
    query.push(" AND a.is_service_account = 0");
    if let Some(email) = &filter.email {
        query.push(" AND lower(a.email) = lower(").push_bind(email.clone()).push(")");
    }
    if let Some(id) = filter.user_id {
        query.push(" AND a.id = ").push_bind(id.to_string());
    }
    if let Some(active) = filter.is_active {
        query.push(" AND a.is_active = ").push_bind(i64::from(active));
    }
    directory.restrict(&mut query);
    query.push(" ORDER BY a.created, a.id LIMIT ").push_bind(slice.limit);
    query.push(" OFFSET ").push_bind(slice.offset);
    query.build().fetch_all(sql).await?.iter().map(read).collect()
}

async fn find(sql: &mut Sql, directory: &Directory, user: &IdOrName<UserId>) -> Result<Option<api::User>> {
    let mut query = Query::new(COLUMNS);
    match user {
        IdOrName::Id(id) => query.push(" AND a.id = ").push_bind(id.to_string()),
        IdOrName::Name(email) => query
            .push(" AND a.is_service_account = 0 AND lower(a.email) = lower(")
            .push_bind(email.clone())
            .push(")"),
    };
    directory.restrict(&mut query);
    query.build().fetch_optional(sql).await?.as_ref().map(read).transpose()
}

async fn select_one<A: Act>(sql: &mut Sql, allowed: &Allowed<A, impl Account>) -> Result<api::User> {
    let id = allowed.account();
    user_unchecked(sql, id).await?.ok_or_else(|| not_found(&AccountAt(id).target()))
}

/// An account as a part of another response.
pub(crate) async fn user_unchecked(sql: &mut Sql, id: UserId) -> Result<Option<api::User>> {
    let row =
        sqlx::query("SELECT * FROM account WHERE id = $1").bind(id.to_string()).fetch_optional(sql).await?;
    row.as_ref().map(read).transpose()
}

/// Accounts as parts of another response, with one statement for all of them.
pub(crate) async fn users_unchecked(
    sql: &mut Sql,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, api::User>> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let rows = sqlx::query("SELECT a.* FROM json_each($1) j CROSS JOIN account a WHERE a.id = j.value")
        .bind(serde_json::Value::from(ids).to_string())
        .fetch_all(sql)
        .await?;
    rows.iter().map(|row| read(row).map(|user| (user.id, user))).collect()
}

/// Reads an account's row.
pub(crate) fn read(row: &Row) -> Result<api::User> {
    let metadata: String = row.try_get("metadata")?;
    Ok(api::User {
        id: column::id(row, "id")?,
        username: column::text(row, "username")?,
        email: column::optional(row, "email")?,
        name: column::optional(row, "name")?,
        avatar_url: column::optional(row, "avatar_url")?,
        company: column::optional(row, "company")?,
        job_title: column::optional(row, "job_title")?,
        metadata: serde_json::from_str(&metadata)
            .map_err(|error| Error::internal("stored metadata is invalid", error))?,
        password: None,
        password_expired: Some(column::flag(row, "password_expired")?),
        oauth_provider: None,
        oauth_id: None,
        is_active: column::flag(row, "is_active")?,
        is_superuser: column::flag(row, "is_superuser")?,
        is_service_account: column::flag(row, "is_service_account")?,
        organization_id: column::optional_id::<OrganizationId>(row, "organization_id")?,
    })
}

async fn insert(
    sql: &mut Sql,
    accounts: &Allowed<Create, Accounts>,
    username: &str,
    password_hash: &str,
    superuser: bool,
) -> Result<Allowed<Create, AccountAt>> {
    let id = UserId::random();
    sqlx::query(
        "INSERT INTO account (id, username, email, password_hash, password_expired, is_superuser, created, updated) \
         VALUES ($1, $2, $3, $4, 1, $5, $6, $6)",
    )
    .bind(id.to_string())
    .bind(username)
    .bind(username.contains('@').then_some(username))
    .bind(password_hash)
    .bind(i64::from(superuser))
    .bind(now())
    .execute(sql)
    .await?;
    Ok(accounts.created(AccountAt(id)))
}

/// Changes what only an administrator may change.
async fn administer(
    sql: &mut Sql,
    account: &Allowed<Update, AccountAt>,
    change: &api::UserUpdate,
) -> Result<()> {
    let id = account.object().0.to_string();
    if let Some(username) = &change.username {
        sqlx::query("UPDATE account SET username = $1, email = $2 WHERE id = $3")
            .bind(username)
            .bind(username.contains('@').then_some(username))
            .bind(&id)
            .execute(&mut *sql)
            .await?;
    }
    for (flag, statement) in [
        // A reactivated account has to log in again.
        (
            change.is_active,
            "UPDATE account SET session_epoch = session_epoch + (is_active <> $1), is_active = $1 WHERE id = $2",
        ),
        (change.is_superuser, "UPDATE account SET is_superuser = $1 WHERE id = $2"),
    ] {
        if let Some(flag) = flag {
            sqlx::query(statement).bind(i64::from(flag)).bind(&id).execute(&mut *sql).await?;
        }
    }
    Ok(())
}

/// Changes the profile of an account.
async fn edit(
    sql: &mut Sql,
    allowed: &Allowed<Update, impl Account>,
    before: api::User,
    change: &api::UserUpdate,
    password_hash: Option<&str>,
) -> Result<api::User> {
    let (mut name, mut company, mut job_title) = (before.name, before.company, before.job_title);
    let mut metadata = before.metadata;
    change.name.clone().apply(&mut name);
    change.company.clone().apply(&mut company);
    change.job_title.clone().apply(&mut job_title);
    change.metadata.clone().apply(&mut metadata);
    let metadata = metadata.unwrap_or_else(|| serde_json::json!({}));
    sqlx::query(
        "UPDATE account SET name = $1, company = $2, job_title = $3, metadata = $4, \
         password_hash = COALESCE($5, password_hash), session_epoch = session_epoch + ($5 IS NOT NULL), \
         password_expired = CASE WHEN $5 IS NULL THEN password_expired ELSE 0 END, updated = $6 WHERE id = $7",
    )
    .bind(name)
    .bind(company)
    .bind(job_title)
    .bind(metadata.to_string())
    .bind(password_hash)
    .bind(now())
    .bind(allowed.account().to_string())
    .execute(&mut *sql)
    .await?;
    select_one(sql, allowed).await
}

/// Deletes an account with its keys, roles, shares and memberships. The objects that it created stay.
pub(super) async fn remove(sql: &mut Sql, account: &Allowed<Delete, impl Account>) -> Result<()> {
    for statement in [
        "DELETE FROM assignment WHERE principal_kind = 'user' AND principal_id = $1",
        "DELETE FROM share WHERE principal_kind = 'user' AND principal_id = $1",
        "DELETE FROM team_member WHERE kind = 'user' AND member_id = $1",
        "DELETE FROM invitation WHERE account_id = $1",
        "DELETE FROM account WHERE id = $1",
    ] {
        sqlx::query(statement).bind(account.account().to_string()).execute(&mut *sql).await?;
    }
    Ok(())
}

//! Service accounts of a workspace: those of the organization that have logged in. They can only be read.

use serde_json::Value;
use zenml_api::workspace::service_account::{
    self as api, ServiceAccountBody, ServiceAccountMetadata, ServiceAccountUpdate,
};
use zenml_api::workspace::{ListQuery as _, Look, Page};
use zenml_api::{IdOrName, ServiceAccountId, Timestamp, UserId};

use super::account::{Me, enter};
use super::cells::{Cells, Values};
use super::list::{self, Column};
use super::noun::{self, Found, Noun, Owned, Served, Stored, View, locate_where};
use crate::error::{Error, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Kind, Read, Tx};
use crate::store::Query;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<ServiceAccount>)
        .serve(&api::GET, noun::get::<ServiceAccount, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::API_KEYS, api_keys)
        .serve(&api::CREATE_API_KEY, create_api_key)
        .serve(&api::API_KEY, api_key)
        .serve(&api::DELETE_API_KEY, delete_api_key)
        .serve(&api::UPDATE_API_KEY, change_api_key)
        .serve(&api::ROTATE_API_KEY, change_api_key)
}

/// The columns of a service account. They mirror those of the control plane.
#[derive(Debug)]
struct ServiceAccount {
    full_name: String,
    avatar_url: Option<String>,
    external_user_id: UserId,
}

impl Noun for ServiceAccount {
    const KIND: Kind = Kind::ServiceAccount;
    const WORDS: &'static str = "service account";
    const TABLE: &'static str = "local_account";
    const COLUMNS: &'static [&'static str] = &["full_name", "avatar_url", "external_user_id"];
    const OWNED: Owned = Owned::Nobody;
    const SORTABLE: &'static [&'static str] =
        &["active", "created", "description", "external_user_id", "id", "name", "updated"];
    type Id = ServiceAccountId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { full_name: cells.get()?, avatar_url: cells.get()?, external_user_id: cells.id()? })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values.put(&self.full_name).put(&self.avatar_url).put(self.external_user_id.to_string());
        Ok(())
    }

    fn column(field: &str) -> Column {
        Column::One(match field {
            "active" => "'true'",
            "description" => "''",
            "external_user_id" => "t.external_user_id",
            _ => return Column::NONE,
        })
    }
}

impl Served for ServiceAccount {
    type Wire = api::ServiceAccount;
    type Query = api::ServiceAccountQuery;

    async fn locate(tx: &mut Tx, me: Me, key: &IdOrName<ServiceAccountId>) -> Result<Found<Self>> {
        let found = locate_where::<Self>(tx, me.place, |query| {
            query.push(" AND t.is_service_account = 1");
            match key {
                IdOrName::Id(id) => query.push(" AND t.id = ").push_bind(id.to_string()),
                IdOrName::Name(name) => query.push(" AND t.name = ").push_bind(name.clone()),
            };
        });
        found.await?.ok_or_else(|| Error::no_object(Self::WORDS, key))
    }

    fn narrow(query: &mut Query, _: Me, _: &Self::Query) {
        query.push(" AND t.is_service_account = 1");
    }

    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::ServiceAccount> {
        Ok(api::ServiceAccount {
            id: row.id(),
            name: row.name,
            permission_denied: false,
            body: Some(ServiceAccountBody {
                created: Timestamp::new(row.created),
                updated: Timestamp::new(row.updated),
                full_name: row.own.full_name,
                active: true,
                avatar_url: row.own.avatar_url,
            }),
            metadata: view.hydrate.then_some(ServiceAccountMetadata {
                description: String::new(),
                external_user_id: Some(row.own.external_user_id),
            }),
            resources: None,
        })
    }
}

async fn create(cx: Cx, (): (), (): (), _: api::ServiceAccountCreate) -> Result<api::ServiceAccount> {
    enter(&cx).await?;
    Err(deprecated())
}

async fn create_api_key(cx: Cx, _: ServiceAccountId, (): (), _: api::ApiKeyCreate) -> Result<Value> {
    enter(&cx).await?;
    Err(deprecated())
}

type KeyPath = (ServiceAccountId, String);

async fn change_api_key(cx: Cx, _: KeyPath, (): (), _: Value) -> Result<Value> {
    enter(&cx).await?;
    Err(deprecated())
}

async fn api_key(cx: Cx, path: KeyPath, _: Look, (): ()) -> Result<Value> {
    no_key(&cx, path).await
}

async fn delete_api_key(cx: Cx, path: KeyPath, (): (), (): ()) -> Result<()> {
    no_key(&cx, path).await
}

/// Keys belong to the organization: the workspace has none.
async fn no_key<T>(cx: &Cx, (id, key): KeyPath) -> Result<T> {
    let me = enter(cx).await?;
    cx.read(async |tx| ServiceAccount::locate(tx, me, &id.into()).await).await?;
    Err(Error::not_found(format!("The service account '{id}' has no API key '{key}' in this workspace.")))
}

async fn update(
    cx: Cx,
    key: IdOrName<ServiceAccountId>,
    (): (),
    change: ServiceAccountUpdate,
) -> Result<api::ServiceAccount> {
    let me = enter(&cx).await?;
    if change.active.is_none() || change.name.is_some() || change.description.is_some() {
        return Err(deprecated());
    }
    cx.read(async |tx| ServiceAccount::locate(tx, me, &key).await).await?;
    Err(external("updated"))
}

async fn delete(cx: Cx, key: IdOrName<ServiceAccountId>, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.read(async |tx| ServiceAccount::locate(tx, me, &key).await).await?;
    Err(external("deleted"))
}

/// Keys belong to the organization: the workspace has none.
async fn api_keys(cx: Cx, id: ServiceAccountId, query: api::ApiKeyQuery, (): ()) -> Result<Page<Value>> {
    const SORTABLE: &[&str] = &[
        "active",
        "created",
        "description",
        "id",
        "last_login",
        "last_rotated",
        "name",
        "service_account",
        "updated",
    ];
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let found = ServiceAccount::locate(tx, me, &id.into()).await?;
        tx.allow::<Read, _>(found).await
    })
    .await?;
    list::nothing(SORTABLE, query.paging(), &query.filters())
}

/// Clients recognize the words "deprecated in ZenML Pro workspaces".
fn deprecated() -> Error {
    Error::forbidden(
        "Service accounts and API keys of a workspace are deprecated in ZenML Pro workspaces. Create them in the \
         organization, on the control plane.",
    )
}

/// Clients recognize the words "created via external authentication".
fn external(what: &str) -> Error {
    Error::forbidden(format!("Service accounts created via external authentication cannot be {what}."))
}

//! Tags. A server lets everyone in the workspace make and see them, and asks for permission only to change one.

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::tag::{self as api, COLORS, Tag, TagBody, TagMetadata};
use zenml_api::workspace::{Owned, Page};
use zenml_api::{Identifier, Patch, TagId, Timestamp};

use super::account::{Owners, enter};
use super::list::{self, Column, Table as _};
use super::name;
use super::noun::{All, Found, Noun, find, id_at, optional_id};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{self, Act, Allowed, Create, Delete, Kind, Open, Read, Update, WorkspacePlace};
use crate::store::{Query, Row, Tx, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Tags;

impl Noun for Tags {
    const KIND: Kind = Kind::Tag;
    const WORDS: &'static str = "tag";
    const FIND: &'static str = "SELECT name, owner_id FROM tag WHERE workspace_id = $1 AND id = $2";
}

impl Open<Create> for All<Tags> {}
impl Open<Read> for All<Tags> {}
impl Open<Read> for Found<Tags> {}

async fn create(cx: Cx, (): (), (): (), new: api::TagCreate) -> Result<Tag> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    name::at_most("name", &new.name, 255, &mut complaints);
    no_id(&new.name, &mut complaints);
    if let Some(color) = &new.color {
        known_color(color, &mut complaints);
    }
    name::settle(complaints)?;
    name::without_breaks(&new.name)?;
    cx.tx(async |tx| {
        let open = tx.open::<Create, _>(All::<Tags>::of(me.place));
        if name_is_taken(tx, me.place, &new.name, None).await? {
            return Err(Error::name_taken("tag", &new.name));
        }
        let moment = now();
        let row = row::Tag {
            id: TagId::random(),
            owner: Some(me.account),
            name: new.name,
            color: new.color.unwrap_or_else(drawn_color),
            exclusive: new.exclusive,
            created: moment.clone(),
            updated: moment,
        };
        insert(tx, &open, &row).await?;
        tx.note(&open, row.id, &row.name);
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::TagQuery, (): ()) -> Result<Page<Tag>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let open = tx.open::<Read, _>(All::<Tags>::of(me.place));
        let scope = |sql: &mut Query| {
            sql.push(" FROM tag t WHERE t.workspace_id = ").push_bind(open.place.workspace.to_string());
        };
        let page = list::select::<row::Tag>(tx.sql(), scope, query.paging(), &query.filters()).await?;
        let page = list::try_map(page, |row| read(&row))?;
        let owners = Owners::load(tx.sql(), me.place, page.items.iter().map(|row| row.owner)).await?;
        Ok(list::map(page, |row| row.answer(&owners, query.paging().hydrate)))
    })
    .await
}

async fn get(cx: Cx, id: TagId, (): (), (): ()) -> Result<Tag> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find::<Tags>(tx, me.place, id.uuid()).await?;
        let open = tx.open::<Read, _>(found);
        let row = select(tx, &open).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

async fn update(cx: Cx, id: TagId, (): (), change: api::TagUpdate) -> Result<Tag> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    if let Patch::Set(name) = &change.name {
        no_id(name, &mut complaints);
    }
    if let Patch::Set(color) = &change.color {
        known_color(color, &mut complaints);
    }
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let found = find::<Tags>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = select(tx, &allowed).await?;
        if let Patch::Set(name) = &change.name {
            if name_is_taken(tx, me.place, name, Some(id)).await? {
                return Err(Error::name_taken("tag", name));
            }
            if name.chars().count() > 255 {
                // A real server stores it, and cannot read the tag any more. That is not worth having.
                return Err(Error::invalid(vec![Issue::too_long(&["name"], 255)]));
            }
        }
        row.name = name::not_null("tag.name", change.name, row.name)?;
        row.color = name::not_null("tag.color", change.color, row.color)?;
        row.exclusive = name::not_null("tag.exclusive", change.exclusive, row.exclusive)?;
        row.updated = now();
        write(tx, &allowed, &row).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

async fn delete(cx: Cx, id: TagId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find::<Tags>(tx, me.place, id.uuid()).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        remove(tx, &allowed).await
    })
    .await
}

/// Complains about a name that could be taken for an id.
fn no_id(name: &str, complaints: &mut Vec<Issue>) {
    if Uuid::try_parse(name).is_ok() {
        complaints.push(Issue::new(&["body", "name"], "value_error", "Cannot be a UUID"));
    }
}

fn known_color(color: &str, complaints: &mut Vec<Issue>) {
    if !COLORS.contains(&color) {
        complaints.push(Issue::not_one_of(&["body", "color"], &COLORS));
    }
}

/// Any color: a server draws one for a tag that comes without.
fn drawn_color() -> String {
    let drawn = usize::from(Uuid::new_v4().as_bytes()[0]);
    COLORS[drawn % COLORS.len()].to_owned()
}

mod row {
    use uuid::Uuid;
    use zenml_api::TagId;

    #[derive(Debug)]
    pub(super) struct Tag {
        pub(super) id: TagId,
        pub(super) owner: Option<Uuid>,
        pub(super) name: String,
        pub(super) color: String,
        pub(super) exclusive: bool,
        pub(super) created: String,
        pub(super) updated: String,
    }
}

impl row::Tag {
    fn answer(self, owners: &Owners, hydrate: bool) -> Tag {
        Tag {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(TagBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                user_id: owners.id(self.owner),
                color: Some(self.color),
                exclusive: self.exclusive,
            }),
            // Nothing that runs here could be tagged.
            metadata: hydrate.then_some(TagMetadata { tagged_count: 0 }),
            resources: Some(Owned { user: owners.user(self.owner) }),
        }
    }
}

impl list::Fields for row::Tag {
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "color", "exclusive", "user"];
}

impl list::Table for row::Tag {
    const COLUMNS: &'static str = "t.id, t.owner_id, t.name, t.color, t.exclusive, t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "color" => "t.color",
            "exclusive" => "CASE WHEN t.exclusive <> 0 THEN 'true' ELSE 'false' END",
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

async fn name_is_taken(tx: &mut Tx, place: WorkspacePlace, name: &str, but: Option<TagId>) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM tag WHERE workspace_id = $1 AND name = $2 AND id <> $3")
        .bind(place.workspace.to_string())
        .bind(name)
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.is_some())
}

async fn insert(tx: &mut Tx, new: &Allowed<Create, All<Tags>>, row: &row::Tag) -> Result<()> {
    sqlx::query(
        "INSERT INTO tag (id, workspace_id, owner_id, name, color, exclusive, created, updated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(&row.color)
    .bind(i64::from(row.exclusive))
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn select<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Tags>>) -> Result<row::Tag> {
    let mut query = Query::new("SELECT ");
    query.push(row::Tag::COLUMNS).push(" FROM tag t WHERE t.workspace_id = ");
    query.push_bind(found.place.workspace.to_string()).push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?)
}

async fn write(tx: &mut Tx, found: &Allowed<Update, Found<Tags>>, row: &row::Tag) -> Result<()> {
    sqlx::query("UPDATE tag SET name = $1, color = $2, exclusive = $3, updated = $4 WHERE id = $5")
        .bind(&row.name)
        .bind(&row.color)
        .bind(i64::from(row.exclusive))
        .bind(&row.updated)
        .bind(found.id.to_string())
        .execute(tx.sql())
        .await?;
    Ok(())
}

async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Tags>>) -> Result<()> {
    sqlx::query("DELETE FROM tag WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

fn read(row: &Row) -> Result<row::Tag> {
    Ok(row::Tag {
        id: TagId::from_uuid(id_at(row, 0)?),
        owner: optional_id(row, 1)?,
        name: row.try_get(2)?,
        color: row.try_get(3)?,
        exclusive: row.try_get::<i64, _>(4)? != 0,
        created: row.try_get(5)?,
        updated: row.try_get(6)?,
    })
}

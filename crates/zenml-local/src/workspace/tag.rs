//! Tags. Everyone in the workspace can create and see them; only a change requires permission, as on a real server.

use uuid::Uuid;
use zenml_api::workspace::Owned as OwnedBy;
use zenml_api::workspace::tag::{self as api, COLORS, TagBody, TagMetadata};
use zenml_api::{Patch, TagId, Timestamp};

use super::account::{Me, enter};
use super::cells::{Cells, Values};
use super::list::Column;
use super::name;
use super::noun::{self, All, Found, Noun, Owned, Served, Stored, View, is_taken};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Allowed, Create, Kind, Listed, Open, Read, Tx};
use crate::store::Query;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Tag>)
        .serve(&api::GET, noun::get::<Tag, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Tag, _>)
}

/// The columns of a tag.
#[derive(Debug)]
pub(crate) struct Tag {
    color: String,
    exclusive: bool,
}

impl Noun for Tag {
    const KIND: Kind = Kind::Tag;
    const WORDS: &'static str = "tag";
    const TABLE: &'static str = "tag";
    const COLUMNS: &'static [&'static str] = &["color", "exclusive"];
    const OWNED: Owned = Owned::AccountOrServer;
    const SORTABLE: &'static [&'static str] =
        &["created", "updated", "id", "name", "color", "exclusive", "user"];
    type Id = TagId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { color: cells.get()?, exclusive: cells.flag()? })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values.put(&self.color).flag(self.exclusive);
        Ok(())
    }

    fn column(field: &str) -> Column {
        Column::One(match field {
            "color" => "t.color",
            "exclusive" => "CASE WHEN t.exclusive <> 0 THEN 'true' ELSE 'false' END",
            _ => return Column::NONE,
        })
    }
}

impl Open<Create> for All<Tag> {}
impl Open<Read> for All<Tag> {}
impl Open<Read> for Found<Tag> {}

impl Served for Tag {
    type Wire = api::Tag;
    type Query = api::TagQuery;

    fn narrow(query: &mut Query, _: Me, asked: &Self::Query) {
        if let Some(exclusive) = asked.exclusive {
            query.push(" AND (t.exclusive <> 0) = ").push_bind(exclusive);
        }
    }

    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Tag> {
        Ok(api::Tag {
            id: row.id(),
            name: row.name,
            permission_denied: false,
            body: Some(TagBody {
                created: Timestamp::new(row.created),
                updated: Timestamp::new(row.updated),
                user_id: view.owners.id(row.owner),
                color: Some(row.own.color),
                exclusive: row.own.exclusive,
            }),
            metadata: view.hydrate.then_some(TagMetadata { tagged_count: 0 }),
            resources: Some(OwnedBy { user: view.owners.user(row.owner) }),
        })
    }

    async fn readable(tx: &mut Tx, found: Found<Self>) -> Result<Allowed<Read, Found<Self>>> {
        Ok(tx.open(found))
    }

    async fn listed(tx: &mut Tx, all: All<Self>) -> Result<Listed<All<Self>>> {
        Ok(tx.list_open(all))
    }
}

async fn create(cx: Cx, (): (), (): (), new: api::TagCreate) -> Result<api::Tag> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    no_id(&new.name, &mut issues);
    if let Some(color) = &new.color {
        known_color(color, &mut issues);
    }
    name::settle(issues)?;
    name::without_breaks(&new.name)?;
    cx.tx(async |tx| {
        let open = tx.open::<Create, _>(All::<Tag>::of(me.place));
        if is_taken(tx, &open, &[("name", &new.name)]).await? {
            return Err(Error::name_taken("tag", &new.name));
        }
        let own = Tag { color: new.color.unwrap_or_else(random_color), exclusive: new.exclusive };
        let row = Stored::new(&open, Some(me.account), new.name, own);
        noun::created(tx, &cx, &open, row).await
    })
    .await
}

async fn update(cx: Cx, id: TagId, (): (), change: api::TagUpdate) -> Result<api::Tag> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    if let Patch::Set(name) = &change.name {
        no_id(name, &mut issues);
    }
    if let Patch::Set(color) = &change.color {
        known_color(color, &mut issues);
    }
    name::settle(issues)?;
    cx.tx(async |tx| {
        let (allowed, mut row) = noun::changeable::<Tag>(tx, &cx, me, id).await?;
        if let Patch::Set(name) = &change.name {
            if is_taken(tx, &allowed, &[("name", name)]).await? {
                return Err(Error::name_taken("tag", name));
            }
            if name.chars().count() > 255 {
                // A real server stores it and can then no longer read the tag. The platform deliberately differs
                // here.
                return Err(Error::invalid(vec![Issue::too_long(&["name"], 255)]));
            }
        }
        row.name = name::not_null("tag.name", change.name, row.name)?;
        row.own.color = name::not_null("tag.color", change.color, row.own.color)?;
        row.own.exclusive = name::not_null("tag.exclusive", change.exclusive, row.own.exclusive)?;
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

/// Adds an issue for a name that could be mistaken for an id.
fn no_id(name: &str, issues: &mut Vec<Issue>) {
    if Uuid::try_parse(name).is_ok() {
        issues.push(Issue::new(&["body", "name"], "value_error", "Cannot be a UUID"));
    }
}

fn known_color(color: &str, issues: &mut Vec<Issue>) {
    if !COLORS.contains(&color) {
        issues.push(Issue::not_one_of(&["body", "color"], &COLORS));
    }
}

/// Returns a random color, as a server does for a tag without one.
fn random_color() -> String {
    let drawn = usize::from(Uuid::new_v4().as_bytes()[0]);
    COLORS[drawn % COLORS.len()].to_owned()
}

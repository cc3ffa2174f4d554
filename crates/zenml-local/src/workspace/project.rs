//! Projects. They have no owner: what their creator may do with them comes from roles alone.

use sqlx::Row as _;
use zenml_api::workspace::project::{self as api, Project, ProjectBody, ProjectMetadata};
use zenml_api::workspace::{JsonMap, Page};
use zenml_api::{IdOrName, Identifier, Patch, ProjectId, Timestamp};

use super::account::enter;
use super::list::{self, Column, Table as _};
use super::name;
use super::noun::{All, Found, Noun, find, from_json, id_at, to_json};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{self, Act, Allowed, Create, Delete, Kind, Read, Update, WorkspacePlace};
use crate::store::{Query, Row, Tx, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
        .serve(&api::STATISTICS, statistics)
}

/// The noun, for permissions.
#[derive(Debug)]
pub(crate) struct Projects;

impl Noun for Projects {
    const KIND: Kind = Kind::Project;
    const WORDS: &'static str = "project";
    const FIND: &'static str = "SELECT name, NULL FROM project WHERE workspace_id = $1 AND id = $2";
    const SERVER_OWNED: bool = false;
}

async fn create(cx: Cx, (): (), (): (), new: api::ProjectCreate) -> Result<Project> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    let nameless = |kind| Error::validation(vec![Issue::of_kind(&["body", "name"], kind)]);
    let given = match new.name {
        Patch::Set(given) => given,
        Patch::Keep | Patch::Clear if !new.display_name.is_empty() => {
            name::from_display_name(&new.display_name)
        }
        Patch::Keep => return Err(nameless("missing")),
        Patch::Clear => return Err(nameless("string_type")),
    };
    name::project(&given, &mut complaints);
    name::at_most("display_name", &new.display_name, 255, &mut complaints);
    name::at_most("description", &new.description, 255, &mut complaints);
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Projects>::of(me.place)).await?;
        if name_is_taken(tx, me.place, &given, None).await? {
            return Err(Error::name_taken("project", &given));
        }
        let moment = now();
        let display_name = if new.display_name.is_empty() { given.clone() } else { new.display_name };
        let row = row::Project {
            id: ProjectId::random(),
            name: given,
            display_name,
            description: new.description,
            metadata: new.project_metadata.unwrap_or_default(),
            created: moment.clone(),
            updated: moment,
        };
        insert(tx, &allowed, &row).await?;
        tx.note(&allowed, row.id, &row.name);
        Ok(row.answer(true))
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::ProjectQuery, (): ()) -> Result<Page<Project>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    cx.read(async |tx| {
        let listed = tx.list(All::<Projects>::of(me.place)).await?;
        let scope = |sql: &mut Query| {
            sql.push(" FROM project t WHERE t.workspace_id = ").push_bind(me.place.workspace.to_string());
            listed.restrict(sql, "t.id", None, false);
        };
        let page = list::select::<row::Project>(tx.sql(), scope, query.paging(), &query.filters()).await?;
        list::try_map(page, |row| Ok(read(&row)?.answer(query.paging().hydrate)))
    })
    .await
}

async fn get(cx: Cx, id: IdOrName<ProjectId>, (): (), (): ()) -> Result<Project> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = locate(tx, me.place, &id).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        Ok(select(tx, &allowed).await?.answer(true))
    })
    .await
}

async fn update(cx: Cx, id: ProjectId, (): (), change: api::ProjectUpdate) -> Result<Project> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::project(name, &mut complaints);
    }
    for (member, value) in [("display_name", &change.display_name), ("description", &change.description)] {
        if let Patch::Set(text) = value {
            name::at_most(member, text, 255, &mut complaints);
        }
    }
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let found = locate(tx, me.place, &IdOrName::Id(id)).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = select(tx, &allowed).await?;
        if let Patch::Set(name) = &change.name
            && name_is_taken(tx, me.place, name, Some(id)).await?
        {
            return Err(Error::name_taken("project", name));
        }
        row.name = name::not_null("project.name", change.name, row.name)?;
        row.display_name = name::not_null("project.display_name", change.display_name, row.display_name)?;
        row.description = name::not_null("project.description", change.description, row.description)?;
        if let Some(metadata) = change.project_metadata {
            row.metadata = metadata;
        }
        row.updated = now();
        write(tx, &allowed, &row).await?;
        Ok(row.answer(true))
    })
    .await
}

/// Deletes the project with everything in it: its roles and its shares.
async fn delete(cx: Cx, id: IdOrName<ProjectId>, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = locate(tx, me.place, &id).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, ProjectId::from_uuid(allowed.id), &allowed.name);
        remove(tx, &allowed).await
    })
    .await
}

async fn statistics(cx: Cx, id: IdOrName<ProjectId>, (): (), (): ()) -> Result<api::Statistics> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = locate(tx, me.place, &id).await?;
        tx.allow::<Read, _>(found).await?;
        // There is nothing that could run a pipeline here.
        Ok(api::Statistics { pipelines: 0, runs: 0 })
    })
    .await
}

mod row {
    use zenml_api::ProjectId;
    use zenml_api::workspace::JsonMap;

    #[derive(Debug)]
    pub(super) struct Project {
        pub(super) id: ProjectId,
        pub(super) name: String,
        pub(super) display_name: String,
        pub(super) description: String,
        pub(super) metadata: JsonMap,
        pub(super) created: String,
        pub(super) updated: String,
    }
}

impl row::Project {
    fn answer(self, hydrate: bool) -> Project {
        Project {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(ProjectBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                display_name: self.display_name,
            }),
            metadata: hydrate.then_some(ProjectMetadata {
                description: self.description,
                project_metadata: self.metadata,
            }),
            resources: None,
        }
    }
}

impl list::Fields for row::Project {
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "display_name"];
}

impl list::Table for row::Project {
    const COLUMNS: &'static str =
        "t.id, t.name, t.display_name, t.description, t.project_metadata, t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "display_name" => "t.display_name",
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

pub(crate) async fn locate(
    tx: &mut Tx,
    place: WorkspacePlace,
    id: &IdOrName<ProjectId>,
) -> Result<Found<Projects>> {
    let unknown = || Error::no_object("project", id);
    match id {
        IdOrName::Id(id) => find(tx, place, id.uuid()).await.map_err(|error| match error.status().as_u16() {
            404 => unknown(),
            _ => error,
        }),
        IdOrName::Name(name) => {
            let row = sqlx::query("SELECT id FROM project WHERE workspace_id = $1 AND name = $2")
                .bind(place.workspace.to_string())
                .bind(name)
                .fetch_optional(tx.sql())
                .await?
                .ok_or_else(unknown)?;
            Ok(Found::new(place, id_at(&row, 0)?, name.clone(), None))
        }
    }
}

async fn name_is_taken(
    tx: &mut Tx,
    place: WorkspacePlace,
    name: &str,
    but: Option<ProjectId>,
) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM project WHERE workspace_id = $1 AND name = $2 AND id <> $3")
        .bind(place.workspace.to_string())
        .bind(name)
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.is_some())
}

async fn insert(tx: &mut Tx, new: &Allowed<Create, All<Projects>>, row: &row::Project) -> Result<()> {
    sqlx::query(
        "INSERT INTO project (id, workspace_id, name, display_name, description, project_metadata, created, \
         updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(&row.name)
    .bind(&row.display_name)
    .bind(&row.description)
    .bind(to_json(&row.metadata)?)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn select<A: Act>(tx: &mut Tx, found: &Allowed<A, Found<Projects>>) -> Result<row::Project> {
    let mut query = Query::new("SELECT ");
    query.push(row::Project::COLUMNS).push(" FROM project t WHERE t.workspace_id = ");
    query.push_bind(found.place.workspace.to_string()).push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?)
}

async fn write(tx: &mut Tx, found: &Allowed<Update, Found<Projects>>, row: &row::Project) -> Result<()> {
    sqlx::query(
        "UPDATE project SET name = $1, display_name = $2, description = $3, project_metadata = $4, updated = $5 \
         WHERE id = $6",
    )
    .bind(&row.name)
    .bind(&row.display_name)
    .bind(&row.description)
    .bind(to_json(&row.metadata)?)
    .bind(&row.updated)
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn remove(tx: &mut Tx, found: &Allowed<Delete, Found<Projects>>) -> Result<()> {
    sqlx::query("DELETE FROM project WHERE id = $1").bind(found.id.to_string()).execute(tx.sql()).await?;
    rbac::forget(tx.sql(), found.place.workspace, &[found.resource()]).await
}

fn read(row: &Row) -> Result<row::Project> {
    Ok(row::Project {
        id: ProjectId::from_uuid(id_at(row, 0)?),
        name: row.try_get(1)?,
        display_name: row.try_get(2)?,
        description: row.try_get(3)?,
        metadata: from_json::<JsonMap>(row.try_get(4)?)?,
        created: row.try_get(5)?,
        updated: row.try_get(6)?,
    })
}

//! Code repositories. They belong to a project, and to the account that made them.

use sqlx::Row as _;
use uuid::Uuid;
use zenml_api::workspace::code_repository::{
    self as api, CodeRepository, CodeRepositoryBody, CodeRepositoryMetadata, SOURCE_TYPES, Source,
};
use zenml_api::workspace::{JsonMap, Owned, Page};
use zenml_api::{CodeRepositoryId, IdOrName, Identifier, ProjectId, Sensitive, Timestamp};

use super::account::{Owners, enter};
use super::list::{self, Column, Table as _};
use super::name;
use super::noun::{from_json, id_at, optional_id, to_json};
use super::project;
use super::sealed;
use crate::crypto::Vault;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{
    self, Act, Allowed, Create, Delete, Kind, Object, Owner, Read, Resource, Target, Update, WorkspacePlace,
};
use crate::store::{Query, Row, Tx, now};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, list)
        .serve(&api::GET, get)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, delete)
}

/// All code repositories of a project.
#[derive(Clone, Copy, Debug)]
struct InProject {
    place: WorkspacePlace,
    project: ProjectId,
}

impl InProject {
    fn resource(self, id: Option<Uuid>) -> Resource {
        Resource { kind: Kind::CodeRepository, project: Some(self.project.uuid()), id }
    }
}

impl Object for InProject {
    fn target(&self) -> Target {
        Target::in_workspace(self.place, self.resource(None))
    }
}

/// A code repository that exists.
#[derive(Debug)]
struct Repository {
    all: InProject,
    id: CodeRepositoryId,
    name: String,
    owner: Option<Uuid>,
}

impl Repository {
    fn resource(&self) -> Resource {
        self.all.resource(Some(self.id.uuid()))
    }
}

impl Object for Repository {
    fn target(&self) -> Target {
        let owner = self.owner.map_or(Owner::Everyone, Owner::Account);
        Target::in_workspace(self.all.place, self.resource()).owned_by(owner)
    }
}

async fn create(cx: Cx, (): (), (): (), new: api::CodeRepositoryCreate) -> Result<CodeRepository> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    name::at_most("name", &new.name, 255, &mut complaints);
    check_source(&new.source, &mut complaints);
    name::at_most("description", new.description.as_deref().unwrap_or_default(), 65535, &mut complaints);
    name::settle(complaints)?;
    cx.tx(async |tx| {
        let all = InProject { place: me.place, project: new.project };
        let allowed = tx.allow::<Create, _>(all).await?;
        // A real server leaves it to its database to find out.
        let unknown = || Error::runtime("The project does not exist.");
        let project = project_name(tx, &allowed).await?.ok_or_else(unknown)?;
        if name_is_taken(tx, all, &new.name, None).await? {
            return Err(taken(&new.name, &project));
        }
        let moment = now();
        let row = row::CodeRepository {
            id: CodeRepositoryId::random(),
            project: new.project,
            owner: Some(me.account),
            name: new.name,
            config: new.config.into_exposed(),
            source: new.source,
            logo_url: new.logo_url,
            description: new.description,
            created: moment.clone(),
            updated: moment,
        };
        insert(tx, &allowed, &cx.shared().vault, &row).await?;
        tx.note(&allowed, row.id, &row.name);
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

async fn list(cx: Cx, (): (), query: api::CodeRepositoryQuery, (): ()) -> Result<Page<CodeRepository>> {
    let me = enter(&cx).await?;
    list::check_paging(query.paging())?;
    let missing = || Error::value("A list of code repositories requires a project.");
    let project: IdOrName<ProjectId> = IdOrName::parse(query.project.last().ok_or_else(missing)?);
    cx.read(async |tx| {
        let found = project::locate(tx, me.place, &project).await?;
        let all = InProject { place: me.place, project: ProjectId::from_uuid(found.id) };
        let listed = tx.list(all).await?;
        let scope = |sql: &mut Query| {
            let InProject { place, project } = *listed.object();
            sql.push(" FROM code_repository t WHERE t.workspace_id = ")
                .push_bind(place.workspace.to_string());
            sql.push(" AND t.project_id = ").push_bind(project.to_string());
            listed.restrict(sql, "t.id", Some("t.owner_id"), true);
        };
        let page =
            list::select::<row::CodeRepository>(tx.sql(), scope, query.paging(), &filters(&query)).await?;
        let page = list::try_map(page, |row| read(&row, &cx.shared().vault))?;
        let owners = Owners::load(tx.sql(), me.place, page.items.iter().map(|row| row.owner)).await?;
        Ok(list::map(page, |row| row.answer(&owners, query.paging().hydrate)))
    })
    .await
}

/// The filters of a list but the project, which has been looked up.
fn filters(query: &api::CodeRepositoryQuery) -> Vec<(&'static str, &[String])> {
    query.filters().into_iter().filter(|(name, _)| *name != "project").collect()
}

async fn get(cx: Cx, id: CodeRepositoryId, (): (), (): ()) -> Result<CodeRepository> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = find(tx, me.place, id).await?;
        let allowed = tx.allow::<Read, _>(found).await?;
        let row = select(tx, &allowed, &cx.shared().vault).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

/// Changes what the request has a text or a map for. What is null or empty changes nothing.
async fn update(
    cx: Cx,
    id: CodeRepositoryId,
    (): (),
    change: api::CodeRepositoryUpdate,
) -> Result<CodeRepository> {
    let me = enter(&cx).await?;
    let mut complaints = Vec::new();
    name::at_most("name", change.name.as_deref().unwrap_or_default(), 255, &mut complaints);
    name::at_most("description", change.description.as_deref().unwrap_or_default(), 65535, &mut complaints);
    name::settle(complaints)?;
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    cx.tx(async |tx| {
        let found = find(tx, me.place, id).await?;
        let allowed = tx.allow::<Update, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        let mut row = select(tx, &allowed, &cx.shared().vault).await?;
        if let Some(name) = said(change.name) {
            if name_is_taken(tx, allowed.all, &name, Some(id)).await? {
                let project = project_name(tx, &allowed).await?.unwrap_or_default();
                return Err(taken(&name, &project));
            }
            row.name = name;
        }
        if let Some(config) = change.config.map(Sensitive::into_exposed).filter(|config| !config.is_empty()) {
            row.config = config;
        }
        row.logo_url = said(change.logo_url).or(row.logo_url);
        row.description = said(change.description).or(row.description);
        row.updated = now();
        write(tx, &allowed, &cx.shared().vault, &row).await?;
        let owners = Owners::load(tx.sql(), me.place, [row.owner]).await?;
        Ok(row.answer(&owners, true))
    })
    .await
}

async fn delete(cx: Cx, id: CodeRepositoryId, (): (), (): ()) -> Result<()> {
    let me = enter(&cx).await?;
    cx.tx(async |tx| {
        let found = find(tx, me.place, id).await?;
        let allowed = tx.allow::<Delete, _>(found).await?;
        tx.note(&allowed, id, &allowed.name);
        remove(tx, &allowed).await
    })
    .await
}

fn check_source(source: &Source, complaints: &mut Vec<Issue>) {
    if !SOURCE_TYPES.contains(&source.kind.as_str()) {
        complaints.push(Issue::not_one_of(&["body", "source", "type"], &SOURCE_TYPES));
    }
}

fn taken(name: &str, project: &str) -> Error {
    Error::name_taken(format_args!("code repository of the project '{project}'"), name)
}

mod row {
    use uuid::Uuid;
    use zenml_api::workspace::JsonMap;
    use zenml_api::workspace::code_repository::Source;
    use zenml_api::{CodeRepositoryId, ProjectId};

    #[derive(Debug)]
    pub(super) struct CodeRepository {
        pub(super) id: CodeRepositoryId,
        pub(super) project: ProjectId,
        pub(super) owner: Option<Uuid>,
        pub(super) name: String,
        pub(super) config: JsonMap,
        pub(super) source: Source,
        pub(super) logo_url: Option<String>,
        pub(super) description: Option<String>,
        pub(super) created: String,
        pub(super) updated: String,
    }
}

impl row::CodeRepository {
    fn answer(self, owners: &Owners, hydrate: bool) -> CodeRepository {
        CodeRepository {
            id: self.id,
            name: self.name,
            permission_denied: false,
            body: Some(CodeRepositoryBody {
                created: Timestamp::new(self.created),
                updated: Timestamp::new(self.updated),
                user_id: owners.id(self.owner),
                project_id: self.project,
                source: self.source,
                logo_url: self.logo_url,
            }),
            metadata: hydrate.then(|| CodeRepositoryMetadata {
                config: Sensitive::new(self.config),
                description: self.description,
            }),
            resources: Some(Owned { user: owners.user(self.owner) }),
        }
    }
}

impl list::Fields for row::CodeRepository {
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "user"];
}

impl list::Table for row::CodeRepository {
    const COLUMNS: &'static str = "t.id, t.project_id, t.owner_id, t.name, t.sealed_config, t.source, t.logo_url, \
                                   t.description, t.created, t.updated";

    fn column(field: &str) -> Column {
        Column::One(match field {
            "id" => "t.id",
            "name" => "t.name",
            "user" => return list::OWNER,
            "created" => "t.created",
            "updated" => "t.updated",
            _ => return Column::NONE,
        })
    }
}

async fn find(tx: &mut Tx, place: WorkspacePlace, id: CodeRepositoryId) -> Result<Repository> {
    let row = sqlx::query(
        "SELECT project_id, name, owner_id FROM code_repository WHERE workspace_id = $1 AND id = $2",
    )
    .bind(place.workspace.to_string())
    .bind(id.to_string())
    .fetch_optional(tx.sql())
    .await?
    .ok_or_else(|| Error::no_object("code repository", id))?;
    let all = InProject { place, project: ProjectId::from_uuid(id_at(&row, 0)?) };
    Ok(Repository { all, id, name: row.try_get(1)?, owner: optional_id(&row, 2)? })
}

/// What a share of a code repository is about: it names the project too.
pub(crate) async fn share_of(
    tx: &mut Tx,
    place: WorkspacePlace,
    id: CodeRepositoryId,
) -> Result<(Resource, Owner)> {
    let found = find(tx, place, id).await?;
    Ok((found.resource(), found.target().owner))
}

/// The name of the project that a permission is about; none if there is no such project in the workspace.
async fn project_name<A: Act, O: Object>(tx: &mut Tx, allowed: &Allowed<A, O>) -> Result<Option<String>> {
    let target = allowed.object().target();
    Ok(sqlx::query_scalar("SELECT name FROM project WHERE workspace_id = $1 AND id = $2")
        .bind(target.workspace.unwrap_or_default().to_string())
        .bind(target.project.unwrap_or_default().to_string())
        .fetch_optional(tx.sql())
        .await?)
}

async fn name_is_taken(
    tx: &mut Tx,
    all: InProject,
    name: &str,
    but: Option<CodeRepositoryId>,
) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM code_repository WHERE project_id = $1 AND name = $2 AND id <> $3")
        .bind(all.project.to_string())
        .bind(name)
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .fetch_optional(tx.sql())
        .await?;
    Ok(row.is_some())
}

async fn insert(
    tx: &mut Tx,
    new: &Allowed<Create, InProject>,
    vault: &Vault,
    row: &row::CodeRepository,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO code_repository (id, workspace_id, project_id, owner_id, name, sealed_config, source, logo_url, \
         description, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(row.id.to_string())
    .bind(new.place.workspace.to_string())
    .bind(row.project.to_string())
    .bind(row.owner.map(|owner| owner.to_string()))
    .bind(&row.name)
    .bind(sealed::seal(vault, "code_repository", row.id.uuid(), &row.config)?)
    .bind(to_json(&row.source)?)
    .bind(&row.logo_url)
    .bind(&row.description)
    .bind(&row.created)
    .bind(&row.updated)
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn select<A: Act>(
    tx: &mut Tx,
    found: &Allowed<A, Repository>,
    vault: &Vault,
) -> Result<row::CodeRepository> {
    let mut query = Query::new("SELECT ");
    query.push(row::CodeRepository::COLUMNS).push(" FROM code_repository t WHERE t.workspace_id = ");
    query.push_bind(found.all.place.workspace.to_string());
    query.push(" AND t.id = ").push_bind(found.id.to_string());
    read(&query.build().fetch_one(tx.sql()).await?, vault)
}

async fn write(
    tx: &mut Tx,
    found: &Allowed<Update, Repository>,
    vault: &Vault,
    row: &row::CodeRepository,
) -> Result<()> {
    sqlx::query(
        "UPDATE code_repository SET name = $1, sealed_config = $2, logo_url = $3, description = $4, updated = $5 \
         WHERE id = $6",
    )
    .bind(&row.name)
    .bind(sealed::seal(vault, "code_repository", found.id.uuid(), &row.config)?)
    .bind(&row.logo_url)
    .bind(&row.description)
    .bind(&row.updated)
    .bind(found.id.to_string())
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn remove(tx: &mut Tx, found: &Allowed<Delete, Repository>) -> Result<()> {
    sqlx::query("DELETE FROM code_repository WHERE id = $1")
        .bind(found.id.to_string())
        .execute(tx.sql())
        .await?;
    rbac::forget(tx.sql(), found.all.place.workspace, &[found.resource()]).await
}

fn read(row: &Row, vault: &Vault) -> Result<row::CodeRepository> {
    let id = id_at(row, 0)?;
    Ok(row::CodeRepository {
        id: CodeRepositoryId::from_uuid(id),
        project: ProjectId::from_uuid(id_at(row, 1)?),
        owner: optional_id(row, 2)?,
        name: row.try_get(3)?,
        config: sealed::open::<JsonMap>(vault, "code_repository", id, row.try_get(4)?)?,
        source: from_json(row.try_get(5)?)?,
        logo_url: row.try_get(6)?,
        description: row.try_get(7)?,
        created: row.try_get(8)?,
        updated: row.try_get(9)?,
    })
}

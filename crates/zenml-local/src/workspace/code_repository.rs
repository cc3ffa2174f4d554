//! Code repositories. They belong to a project, and to the account that created them.

use zenml_api::workspace::code_repository::{
    self as api, CodeRepositoryBody, CodeRepositoryMetadata, SOURCE_TYPES, Source,
};
use zenml_api::workspace::{JsonMap, Owned as OwnedBy};
use zenml_api::{CodeRepositoryId, IdOrName, Identifier as _, ProjectId, Sensitive, Timestamp};

use super::account::{Me, enter};
use super::cells::{Cells, Values};
use super::list::Column;
use super::name;
use super::noun::{self, All, Noun, Owned, Served, Stored, View, is_taken, locate};
use super::project::Project;
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Act, Allowed, Create, Kind, Object, Tx};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<CodeRepository>)
        .serve(&api::GET, noun::get::<CodeRepository, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<CodeRepository, _>)
}

/// The columns of a code repository.
#[derive(Debug)]
pub(crate) struct CodeRepository {
    config: JsonMap,
    source: Source,
    logo_url: Option<String>,
    description: Option<String>,
}

impl Noun for CodeRepository {
    const KIND: Kind = Kind::CodeRepository;
    const WORDS: &'static str = "code repository";
    const TABLE: &'static str = "code_repository";
    const COLUMNS: &'static [&'static str] = &["sealed_config", "source", "logo_url", "description"];
    const OWNED: Owned = Owned::AccountOrServer;
    const IN_PROJECT: bool = true;
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "user"];
    type Id = CodeRepositoryId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            config: cells.sealed()?,
            source: cells.json()?,
            logo_url: cells.get()?,
            description: cells.get()?,
        })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values.sealed(&self.config)?.json(&self.source)?.put(&self.logo_url).put(&self.description);
        Ok(())
    }

    fn column(_: &str) -> Column {
        Column::NONE
    }
}

impl Served for CodeRepository {
    type Wire = api::CodeRepository;
    type Query = api::CodeRepositoryQuery;
    const APART: &'static [&'static str] = &["project"];

    async fn scope(tx: &mut Tx, me: Me, query: &Self::Query) -> Result<All<Self>> {
        let missing = || Error::value("A list of code repositories requires a project.");
        let project = IdOrName::parse(query.project.last().ok_or_else(missing)?);
        let found = locate::<Project>(tx, me.place, &project).await?;
        Ok(All::in_project(me.place, found.id))
    }

    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::CodeRepository> {
        Ok(api::CodeRepository {
            id: row.id(),
            name: row.name,
            permission_denied: false,
            body: Some(CodeRepositoryBody {
                created: Timestamp::new(row.created),
                updated: Timestamp::new(row.updated),
                user_id: view.owners.id(row.owner),
                project_id: ProjectId::from_uuid(row.project.unwrap_or_default()),
                source: row.own.source,
                logo_url: row.own.logo_url,
            }),
            metadata: view.hydrate.then(|| CodeRepositoryMetadata {
                config: Sensitive::new(row.own.config),
                description: row.own.description,
            }),
            resources: Some(OwnedBy { user: view.owners.user(row.owner) }),
        })
    }
}

async fn create(cx: Cx, (): (), (): (), new: api::CodeRepositoryCreate) -> Result<api::CodeRepository> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", &new.name, 255, &mut issues);
    check_source(&new.source, &mut issues);
    name::at_most("description", new.description.as_deref().unwrap_or_default(), 65535, &mut issues);
    name::settle(issues)?;
    cx.tx(async |tx| {
        let all = All::<CodeRepository>::in_project(me.place, new.project.uuid());
        let allowed = tx.allow::<Create, _>(all).await?;
        // A real server leaves this check to its database.
        let unknown = || Error::runtime("The project does not exist.");
        let project = project_name(tx, &allowed).await?.ok_or_else(unknown)?;
        if is_taken(tx, &allowed, &[("name", &new.name)]).await? {
            return Err(taken(&new.name, &project));
        }
        let own = CodeRepository {
            config: new.config.into_exposed(),
            source: new.source,
            logo_url: new.logo_url,
            description: new.description,
        };
        let row = Stored::new(&allowed, Some(me.account), new.name, own);
        noun::created(tx, &cx, &allowed, row).await
    })
    .await
}

/// Changes the members for which the request has a string or a map. Null and empty values change nothing.
async fn update(
    cx: Cx,
    id: CodeRepositoryId,
    (): (),
    change: api::CodeRepositoryUpdate,
) -> Result<api::CodeRepository> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    name::at_most("name", change.name.as_deref().unwrap_or_default(), 255, &mut issues);
    name::at_most("description", change.description.as_deref().unwrap_or_default(), 65535, &mut issues);
    name::settle(issues)?;
    let non_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    cx.tx(async |tx| {
        let (allowed, mut row) = noun::changeable::<CodeRepository>(tx, &cx, me, id).await?;
        if let Some(name) = non_empty(change.name) {
            if is_taken(tx, &allowed, &[("name", &name)]).await? {
                let project = project_name(tx, &allowed).await?.unwrap_or_default();
                return Err(taken(&name, &project));
            }
            row.name = name;
        }
        if let Some(config) = change.config.map(Sensitive::into_exposed).filter(|config| !config.is_empty()) {
            row.own.config = config;
        }
        row.own.logo_url = non_empty(change.logo_url).or(row.own.logo_url);
        row.own.description = non_empty(change.description).or(row.own.description);
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

fn check_source(source: &Source, issues: &mut Vec<Issue>) {
    if !SOURCE_TYPES.contains(&source.kind.as_str()) {
        issues.push(Issue::not_one_of(&["body", "source", "type"], &SOURCE_TYPES));
    }
}

fn taken(name: &str, project: &str) -> Error {
    Error::name_taken(format_args!("code repository of the project '{project}'"), name)
}

/// Returns the name of the project of a permission; `None` if the workspace does not have it.
async fn project_name<A: Act, O: Object>(tx: &mut Tx, allowed: &Allowed<A, O>) -> Result<Option<String>> {
    let target = allowed.object().target();
    Ok(sqlx::query_scalar("SELECT name FROM project WHERE workspace_id = $1 AND id = $2")
        .bind(target.workspace.unwrap_or_default().to_string())
        .bind(target.project.unwrap_or_default().to_string())
        .fetch_optional(tx.sql())
        .await?)
}

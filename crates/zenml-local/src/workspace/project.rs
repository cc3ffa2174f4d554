//! Projects. They have no owner: the permissions of their creator come only from roles.

use zenml_api::workspace::JsonMap;
use zenml_api::workspace::project::{self as api, ProjectBody, ProjectMetadata};
use zenml_api::{IdOrName, Identifier as _, OrganizationId, Patch, ProjectId, Timestamp};

use super::account::enter;
use super::cells::{Cells, Values};
use super::list::Column;
use super::name;
use super::noun::{self, All, Noun, Owned, Served, Stored, View, is_taken, locate};
use crate::error::{Error, Issue, Result};
use crate::http::{Cx, Routes};
use crate::rbac::{Create, Kind, Read};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .serve(&api::CREATE, create)
        .serve(&api::LIST, noun::list::<Project>)
        .serve(&api::GET, noun::get::<Project, _, _>)
        .serve(&api::UPDATE, update)
        .serve(&api::DELETE, noun::delete::<Project, _>)
        .serve(&api::STATISTICS, statistics)
}

/// The columns of a project. Its roles and its shares go with it.
#[derive(Debug)]
pub(crate) struct Project {
    display_name: String,
    description: String,
    metadata: JsonMap,
}

impl Noun for Project {
    const KIND: Kind = Kind::Project;
    const WORDS: &'static str = "project";
    const TABLE: &'static str = "project";
    const COLUMNS: &'static [&'static str] = &["display_name", "description", "project_metadata"];
    const OWNED: Owned = Owned::Nobody;
    const SORTABLE: &'static [&'static str] = &["created", "updated", "id", "name", "display_name"];
    type Id = ProjectId;

    fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self { display_name: cells.get()?, description: cells.get()?, metadata: cells.json()? })
    }

    fn write(&self, values: &mut Values<'_>) -> Result<()> {
        values.put(&self.display_name).put(&self.description).json(&self.metadata)?;
        Ok(())
    }

    fn column(field: &str) -> Column {
        match field {
            "display_name" => Column::One("t.display_name"),
            _ => Column::NONE,
        }
    }
}

impl Served for Project {
    type Wire = api::Project;
    type Query = api::ProjectQuery;

    async fn answer(row: Stored<Self>, view: &mut View<'_>) -> Result<api::Project> {
        Ok(api::Project {
            id: row.id(),
            name: row.name,
            permission_denied: false,
            body: Some(ProjectBody {
                created: Timestamp::new(row.created),
                updated: Timestamp::new(row.updated),
                display_name: row.own.display_name,
            }),
            metadata: view.hydrate.then_some(ProjectMetadata {
                description: row.own.description,
                project_metadata: row.own.metadata,
            }),
            resources: None,
        })
    }
}

async fn create(cx: Cx, (): (), (): (), new: api::ProjectCreate) -> Result<api::Project> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    let nameless = |kind| Error::validation(vec![Issue::of_kind(&["body", "name"], kind)]);
    let given = match new.name {
        Patch::Set(given) => given,
        Patch::Keep | Patch::Clear if !new.display_name.is_empty() => {
            name::from_display_name(&new.display_name)
        }
        Patch::Keep => return Err(nameless("missing")),
        Patch::Clear => return Err(nameless("string_type")),
    };
    name::project(&given, &mut issues);
    name::at_most("display_name", &new.display_name, 255, &mut issues);
    name::at_most("description", &new.description, 255, &mut issues);
    name::settle(issues)?;
    cx.tx(async |tx| {
        let allowed = tx.allow::<Create, _>(All::<Project>::of(me.place)).await?;
        if is_taken(tx, &allowed, &[("name", &given)]).await? {
            return Err(Error::name_taken("project", &given));
        }
        let organization = OrganizationId::from_uuid(me.place.organization);
        cx.shared().limits.allow_project(tx.sql(), organization).await?;
        let own = Project {
            display_name: if new.display_name.is_empty() { given.clone() } else { new.display_name },
            description: new.description,
            metadata: new.project_metadata.unwrap_or_default(),
        };
        let row = Stored::new(&allowed, None, given, own);
        noun::created(tx, &cx, &allowed, row).await
    })
    .await
}

async fn update(cx: Cx, id: ProjectId, (): (), change: api::ProjectUpdate) -> Result<api::Project> {
    let me = enter(&cx).await?;
    let mut issues = Vec::new();
    if let Patch::Set(name) = &change.name {
        name::project(name, &mut issues);
    }
    for (member, value) in [("display_name", &change.display_name), ("description", &change.description)] {
        if let Patch::Set(text) = value {
            name::at_most(member, text, 255, &mut issues);
        }
    }
    name::settle(issues)?;
    cx.tx(async |tx| {
        let (allowed, mut row) = noun::changeable::<Project>(tx, &cx, me, id).await?;
        if let Patch::Set(name) = &change.name
            && is_taken(tx, &allowed, &[("name", name)]).await?
        {
            return Err(Error::name_taken("project", name));
        }
        row.name = name::not_null("project.name", change.name, row.name)?;
        row.own.display_name =
            name::not_null("project.display_name", change.display_name, row.own.display_name)?;
        row.own.description = name::not_null("project.description", change.description, row.own.description)?;
        if let Some(metadata) = change.project_metadata {
            row.own.metadata = metadata;
        }
        noun::changed(tx, &cx, &allowed, row).await
    })
    .await
}

async fn statistics(cx: Cx, id: IdOrName<ProjectId>, (): (), (): ()) -> Result<api::Statistics> {
    let me = enter(&cx).await?;
    cx.read(async |tx| {
        let found = locate::<Project>(tx, me.place, &id).await?;
        tx.allow::<Read, _>(found).await?;
        // Pipelines cannot run here.
        Ok(api::Statistics { pipelines: 0, runs: 0 })
    })
    .await
}

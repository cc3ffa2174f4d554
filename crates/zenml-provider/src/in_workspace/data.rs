//! The shared behavior of data sources for objects of a workspace.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use printable::A;
use tfkit::model::{Model, Token};
use tfkit::{Cx, DataSource, Diag, OrServer, Partial};
use zenml_api::WorkspaceId;
use zenml_api::workspace::{Crud, Named};
use zenml_client::ApiError;

use super::object::{Found, IdOf, InWorkspace, QueryOf};
use super::scope::{self, Server};
use super::{lookup, read, text};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// The model of a data source for one object of a workspace, selected by its id or its name. If both are set, the id
/// selects the object and the name must match.
///
/// Each such model has the attributes `workspace_id`, `id` and `name`, of the types of the constants here.
pub trait Lookup: Model {
    /// The kind of object.
    type Of: InWorkspace;

    /// What else can select one of several objects with the same name.
    const NARROWED_BY: &'static str = "its id";

    /// The workspace of the object.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The id of the object.
    const ID: Token<Self, OrServer<Id<IdOf<Self::Of>>>> = Token::new("id");

    /// The name of the object.
    const NAME: Token<Self, OrServer<String>> = Token::new("name");

    /// Converts the object into a model.
    fn observe(found: &Found<'_, Self::Of>) -> Result<Self, Diag>;

    /// Reads the object with an id.
    fn by_id(
        server: &Server,
        id: IdOf<Self::Of>,
    ) -> impl Future<Output = Result<Option<<Self::Of as InWorkspace>::Wire>, Diag>> + Send {
        read::look::<Self::Of>(&server.api, id)
    }

    /// Checks that the configuration is sufficient for a lookup by name.
    fn requires(config: &Partial<Self>) -> Result<(), Diag> {
        let _ = config;
        Ok(())
    }

    /// Narrows a query by the other arguments.
    fn narrow(config: &Partial<Self>, query: QueryOf<Self::Of>) -> QueryOf<Self::Of> {
        let _ = config;
        query
    }

    /// Checks that an object matches the other arguments. The error describes the mismatch for an object that is
    /// selected by its id.
    fn fits(config: &Partial<Self>, object: &<Self::Of as InWorkspace>::Wire) -> Result<(), Diag> {
        let _ = (config, object);
        Ok(())
    }

    /// Describes an object so that it differs from others with its name.
    fn describe(object: &<Self::Of as InWorkspace>::Wire) -> String {
        format!("the {} {:?}", Self::Of::NOUN.words, object.name())
    }

    /// Explains a failed list request.
    fn unlisted(config: &Partial<Self>, error: &ApiError) -> Option<Diag> {
        let _ = (config, error);
        None
    }
}

/// The behavior of data sources for one object.
#[derive(Debug)]
pub struct One<D>(PhantomData<fn() -> D>);

impl<D: Lookup> DataSource for One<D> {
    type Model = D;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: D) -> Result<D, Diag> {
        let (server, object) = selected::<D>(cx, &Partial::new(config.to_object())).await?;
        let beside = <D::Of as InWorkspace>::Beside::default();
        D::observe(&Found { workspace: server.workspace_id, object: &object, beside: &beside })
    }

    fn validate(config: &Partial<D>) -> Vec<Diag> {
        D::Of::unfamiliar(config.object())
    }
}

pub(crate) type WireOf<D> = <<D as Lookup>::Of as InWorkspace>::Wire;

/// Returns the object that a configuration selects, and its server.
pub(crate) async fn selected<D: Lookup>(
    cx: &Cx<Client>,
    config: &Partial<D>,
) -> Result<(Server, WireOf<D>), Diag> {
    let (id, name) = (config.get(D::ID).known(), config.get(D::NAME).known());
    if id.is_none() {
        D::requires(config)?;
    }
    let server = scope::open(cx, config.get(D::WORKSPACE_ID).known().map(|id| id.0)).await?;
    let object = match (id, name) {
        (Some(id), name) => by_id::<D>(&server, config, id.0, name.as_deref()).await?,
        (None, Some(name)) => by_name::<D>(&server, config, &name).await?,
        (None, None) => {
            let words = D::Of::NOUN.words;
            return Err(Diag::bug(format!("{:#} is looked up without id and name", A(words))));
        }
    };
    Ok((server, object))
}

/// Returns what an ephemeral resource selects. A host opens it during the plan as soon as its configuration is known,
/// which the name of an object is before the object exists.
pub(crate) async fn selected_early<D: Lookup>(
    cx: &Cx<Client>,
    config: &Partial<D>,
) -> Result<(Server, WireOf<D>), Diag> {
    selected(cx, config).await.map_err(|diag| {
        let by_name = diag.path == Some(D::NAME.path()) && config.get(D::ID).known().is_none();
        if !by_name {
            return diag;
        }
        let words = D::Of::NOUN.words;
        diag.fix(format!(
            "If this run creates the {words}, refer to it by its id instead: the id is unknown until the {words} \
             exists, and nothing is looked up before that."
        ))
    })
}

async fn by_id<D: Lookup>(
    server: &Server,
    config: &Partial<D>,
    id: IdOf<D::Of>,
    name: Option<&str>,
) -> Result<WireOf<D>, Diag> {
    let noun = D::Of::NOUN;
    let found = D::by_id(server, id).await?;
    let found = found.ok_or_else(|| noun.missing(&id.to_string(), server.workspace_id).at("id"))?;
    lookup::fits(noun, id, "name", name, found.name())?;
    D::fits(config, &found)?;
    Ok(found)
}

/// Returns the only object with a name that matches the other arguments.
async fn by_name<D: Lookup>(server: &Server, config: &Partial<D>, name: &str) -> Result<WireOf<D>, Diag> {
    let noun = D::Of::NOUN;
    let query = D::narrow(config, D::Of::query(WireOf::<D>::named(text::exactly(name))));
    let listed = read::all::<D::Of>(&server.api, query).await;
    let mut found = listed.map_err(|error| {
        D::unlisted(config, &error).unwrap_or_else(|| {
            cannot(format_args!("look for the {} {name:?}", noun.words), Needs::WORKSPACE_VIEWER, &error)
        })
    })?;
    // Servers ignore unknown filters, and some ignore case.
    found.retain(|found| found.name() == name && D::fits(config, found).is_ok());
    if found.len() > 1 {
        let candidates: Vec<String> =
            found.iter().map(|found| format!("{} ({})", D::describe(found), found.id())).collect();
        return Err(Diag::error(format!("There is more than one {} {name:?}", noun.words))
            .why(format!("The server has:\n  {}", candidates.join("\n  ")))
            .fix(format!("Select one by {}.", D::NARROWED_BY))
            .at("name"));
    }
    found.pop().ok_or_else(|| noun.missing(name, server.workspace_id).at("name"))
}

/// The model of a data source that lists objects of a workspace.
///
/// Each such model has the attributes `workspace_id` and `name_prefix`, of the types of the constants here.
pub trait Listing: Model {
    /// The kind of object.
    type Of: InWorkspace;

    /// An object in the list.
    type Summary: Send;

    /// The workspace of the object.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The prefix of the names.
    const NAME_PREFIX: Token<Self, Option<String>> = Token::new("name_prefix");

    /// Narrows a query by the other arguments.
    fn narrow(&self, query: QueryOf<Self::Of>) -> QueryOf<Self::Of> {
        query
    }

    /// Converts an object into a summary. Fails if the caller has no permission to read it.
    fn summary(object: <Self::Of as InWorkspace>::Wire) -> Result<Self::Summary, Diag>;

    /// Returns whether an object matches the arguments: servers ignore unknown filters.
    fn keeps(&self, summary: &Self::Summary) -> bool {
        let _ = summary;
        true
    }

    /// Returns the key of an object in the map: its name, if names are unique.
    fn key(&self, name: String, summary: &Self::Summary) -> String {
        let _ = summary;
        name
    }

    /// Returns the model with the objects that were found.
    #[must_use]
    fn with(self, workspace_id: OrServer<Id<WorkspaceId>>, found: BTreeMap<String, Self::Summary>) -> Self;
}

/// The behavior of data sources that list objects.
#[derive(Debug)]
pub struct Many<D>(PhantomData<fn() -> D>);

impl<D: Listing> DataSource for Many<D> {
    type Model = D;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: D) -> Result<D, Diag> {
        let partial = Partial::new(config.to_object());
        let server = scope::open(cx, partial.get(D::WORKSPACE_ID).known().map(|id| id.0)).await?;
        let prefix = partial.get(D::NAME_PREFIX).known();
        let names = lookup::beginning(prefix.as_deref());
        let query = config.narrow(D::Of::query(<D::Of as InWorkspace>::Wire::named(names)));
        let listed = read::all::<D::Of>(&server.api, query).await;
        let listed = listed.map_err(|error| lookup::unlisted(D::Of::NOUN, &error))?;
        let mut found = BTreeMap::new();
        for object in listed.into_iter().filter(|object| lookup::begins(object.name(), prefix.as_deref())) {
            let name = object.name().to_owned();
            let summary = D::summary(object)?;
            if config.keeps(&summary) {
                found.insert(config.key(name, &summary), summary);
            }
        }
        Ok(config.with(OrServer::from_option(server.workspace_id.map(Id)), found))
    }

    fn validate(config: &Partial<D>) -> Vec<Diag> {
        D::Of::unfamiliar(config.object())
    }
}

//! One behaviour for data sources about objects of a workspace.

use std::collections::BTreeMap;
use std::marker::PhantomData;

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

/// The model of a data source for one object of a workspace, which is given by its id or its name. Where it gives both, the
/// id decides and the name must fit.
///
/// Each such model has the attributes `workspace_id`, `id` and `name`, of the types of the constants here.
pub trait Lookup: Model {
    /// The kind of object.
    type Of: InWorkspace;

    /// What else can say which object is meant, where there are several of a name.
    const NARROWED_BY: &'static str = "its id";

    /// The workspace to look in.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The id of the object.
    const ID: Token<Self, OrServer<Id<IdOf<Self::Of>>>> = Token::new("id");

    /// The name of the object.
    const NAME: Token<Self, OrServer<String>> = Token::new("name");

    /// Says what the object means as a model.
    fn observe(found: &Found<'_, Self::Of>) -> Result<Self, Diag>;

    /// Reads the object of an id.
    fn by_id(
        server: &Server,
        id: IdOf<Self::Of>,
    ) -> impl Future<Output = Result<Option<<Self::Of as InWorkspace>::Wire>, Diag>> + Send {
        read::look::<Self::Of>(&server.api, id)
    }

    /// Makes sure that the configuration is enough for a look by name.
    fn requires(config: &Partial<Self>) -> Result<(), Diag> {
        let _ = config;
        Ok(())
    }

    /// Narrows a query by what else is configured.
    fn narrow(config: &Partial<Self>, query: QueryOf<Self::Of>) -> QueryOf<Self::Of> {
        let _ = config;
        query
    }

    /// Whether an object fits what else is configured. An error says what does not fit an object that is given by its id.
    fn fits(config: &Partial<Self>, object: &<Self::Of as InWorkspace>::Wire) -> Result<(), Diag> {
        let _ = (config, object);
        Ok(())
    }

    /// Tells an object from others of its name.
    fn told(object: &<Self::Of as InWorkspace>::Wire) -> String {
        format!("the {} {:?}", Self::Of::NOUN.words, object.name())
    }

    /// Explains a list that failed.
    fn unlisted(config: &Partial<Self>, error: &ApiError) -> Option<Diag> {
        let _ = (config, error);
        None
    }

    /// See [`DataSource::validate`].
    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }
}

/// The behaviour of data sources for one object.
#[derive(Debug)]
pub struct One<D>(PhantomData<fn() -> D>);

impl<D: Lookup> DataSource for One<D> {
    type Model = D;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: D) -> Result<D, Diag> {
        let config = Partial::new(config.to_object());
        let (id, name) = (config.get(D::ID).known(), config.get(D::NAME).known());
        if id.is_none() {
            D::requires(&config)?;
        }
        let server = scope::open(cx, config.get(D::WORKSPACE_ID).known().map(|id| id.0)).await?;
        let object = match (id, name) {
            (Some(id), name) => by_id::<D>(&server, &config, id.0, name.as_deref()).await?,
            (None, Some(name)) => by_name::<D>(&server, &config, &name).await?,
            (None, None) => {
                let words = D::Of::NOUN.words;
                return Err(Diag::bug(format!("A {words} is looked up without id and name")));
            }
        };
        let beside = <D::Of as InWorkspace>::Beside::default();
        D::observe(&Found { workspace: server.workspace_id, object: &object, beside: &beside })
    }

    fn validate(config: &Partial<D>) -> Vec<Diag> {
        D::validate(config)
    }
}

type WireOf<D> = <<D as Lookup>::Of as InWorkspace>::Wire;

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

/// The only object of a name that fits what else is configured.
async fn by_name<D: Lookup>(server: &Server, config: &Partial<D>, name: &str) -> Result<WireOf<D>, Diag> {
    let noun = D::Of::NOUN;
    let query = D::narrow(config, D::Of::query(WireOf::<D>::named(text::exactly(name))));
    let listed = read::all::<D::Of>(&server.api, query).await;
    let mut found = listed.map_err(|error| {
        D::unlisted(config, &error).unwrap_or_else(|| {
            cannot(format_args!("look for the {} {name:?}", noun.words), Needs::WORKSPACE_VIEWER, &error)
        })
    })?;
    // A server ignores a filter that it does not know, and some compare without regard to case.
    found.retain(|found| found.name() == name && D::fits(config, found).is_ok());
    if found.len() > 1 {
        let candidates: Vec<String> =
            found.iter().map(|found| format!("{} ({})", D::told(found), found.id())).collect();
        return Err(Diag::error(format!("There is more than one {} {name:?}", noun.words))
            .why(format!("The server has:\n  {}", candidates.join("\n  ")))
            .fix(format!("Select one by {}.", D::NARROWED_BY))
            .at("name"));
    }
    found.pop().ok_or_else(|| noun.missing(name, server.workspace_id).at("name"))
}

/// The model of a data source for several objects of a workspace.
///
/// Each such model has the attributes `workspace_id` and `name_prefix`, of the types of the constants here.
pub trait Listing: Model {
    /// The kind of object.
    type Of: InWorkspace;

    /// An object among others.
    type Summary: Send;

    /// The workspace to look in.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// How the names begin.
    const NAME_PREFIX: Token<Self, Option<String>> = Token::new("name_prefix");

    /// Narrows a query by what else is configured.
    fn narrow(&self, query: QueryOf<Self::Of>) -> QueryOf<Self::Of> {
        query
    }

    /// Says what an object means among others. An error where the caller may not read it.
    fn summary(object: <Self::Of as InWorkspace>::Wire) -> Result<Self::Summary, Diag>;

    /// Whether an object is one of those that are wanted: a server ignores a filter that it does not know.
    fn keeps(&self, summary: &Self::Summary) -> bool {
        let _ = summary;
        true
    }

    /// The key of an object among the others; its name, where names are unique.
    fn key(&self, name: String, summary: &Self::Summary) -> String {
        let _ = summary;
        name
    }

    /// The model with the objects that were found.
    #[must_use]
    fn with(self, workspace_id: OrServer<Id<WorkspaceId>>, found: BTreeMap<String, Self::Summary>) -> Self;

    /// See [`DataSource::validate`].
    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }
}

/// The behaviour of data sources for several objects.
#[derive(Debug)]
pub struct Many<D>(PhantomData<fn() -> D>);

impl<D: Listing> DataSource for Many<D> {
    type Model = D;
    type Client = Client;

    async fn read(cx: &Cx<Client>, config: D) -> Result<D, Diag> {
        let partial = Partial::new(config.to_object());
        let server = scope::open(cx, partial.get(D::WORKSPACE_ID).known().map(|id| id.0)).await?;
        let prefix = partial.get(D::NAME_PREFIX).known();
        let names = lookup::beginning(prefix.as_ref());
        let query = config.narrow(D::Of::query(<D::Of as InWorkspace>::Wire::named(names)));
        let listed = read::all::<D::Of>(&server.api, query).await;
        let listed = listed.map_err(|error| lookup::unlisted(D::Of::NOUN, &error))?;
        let mut found = BTreeMap::new();
        for object in listed.into_iter().filter(|object| lookup::begins(object.name(), prefix.as_ref())) {
            let name = object.name().to_owned();
            let summary = D::summary(object)?;
            if config.keeps(&summary) {
                found.insert(config.key(name, &summary), summary);
            }
        }
        Ok(config.with(OrServer::from_option(server.workspace_id.map(Id)), found))
    }

    fn validate(config: &Partial<D>) -> Vec<Diag> {
        D::validate(config)
    }
}

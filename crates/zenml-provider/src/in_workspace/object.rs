//! The shared behavior of all objects of a workspace.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use tfkit::model::{DEFAULT_TIMEOUT, Model, Operation, Token};
use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, Generated, ImportId, Imported, Maybe, OrServer, Page, Partial,
    Path, Plan, Resource, Since,
};
use zenml_api::WorkspaceId;
use zenml_api::workspace::{Crud, Named};
use zenml_client::ApiError;

use super::filter::Filter;
use super::import;
use super::noun::Noun;
use super::place::Place;
use super::read::Read;
use super::scope::{self, Seen, Server};
use super::{list, plan, read, write};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// The identifier type of a kind of object.
pub type IdOf<T> = <<T as InWorkspace>::Wire as Named>::Id;

/// The list query of a kind of object.
pub type QueryOf<T> = <<T as InWorkspace>::Wire as Crud>::Query;

/// The body of a creation request for a kind of object.
pub type NewOf<T> = <<T as InWorkspace>::Wire as Crud>::New;

/// The body of an update request for a kind of object.
pub type ChangeOf<T> = <<T as InWorkspace>::Wire as Crud>::Change;

/// The model of a kind of object in a workspace.
///
/// A kind implements what is specific to it: the requests ([`wanted`](Self::wanted), [`change`](Self::change)) and
/// the meaning of a response ([`observe`](Self::observe)). [`Objects`] does the rest. A kind can override single
/// steps; the default steps are in the modules `write`, `read` and `import`.
///
/// Each such model has the attributes `workspace_id`, `id` and `name`, of the types of the constants here.
pub trait InWorkspace: Model<Key = Place<<<Self as InWorkspace>::Wire as Named>::Id>> {
    /// The object in the API.
    type Wire: Crud;

    /// Additional data that only the context of a read provides; `()` if there is none.
    type Beside: Clone + fmt::Debug + Default + Send + Sync + 'static;

    /// The words for it in messages.
    const NOUN: Noun;

    /// Maximum number of objects on a page of a list. Such a page should have about 400 KiB.
    const LONGEST_PAGE: u64 = 400;

    /// Whether a list returns what a read returns. Otherwise, each listed object is read by itself.
    const LISTED_WHOLE: bool = true;

    /// The filters of the list resource, besides the name.
    const FILTERS: &'static [Filter<QueryOf<Self>, Self::Wire>] = &[];

    /// The workspace that the object is in.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The name of the object.
    const NAME: Token<Self, String> = Token::new("name");

    /// Returns the body of a creation request.
    fn wanted(&self) -> Result<NewOf<Self>, Diag>;

    /// Returns the body of an update request; `None` if there is nothing to send.
    fn change(prior: &Self, plan: &Self) -> Result<Option<ChangeOf<Self>>, Diag>;

    /// Converts the object into a model. See [`Resource::observe`].
    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag>;

    /// Adds the options that each list query has, for example one that omits secrets.
    fn query(query: QueryOf<Self>) -> QueryOf<Self> {
        query
    }

    /// Returns the query of each read.
    fn look() -> <Self::Wire as Crud>::Look {
        Default::default()
    }

    /// Returns whether objects can be read from a list. See [`Resource::scope`].
    fn is_listed(cx: &Cx<Client>) -> bool {
        let _ = cx;
        true
    }

    /// Splits the query of the list resource, if a server does not list all objects of a workspace at once.
    fn split(
        server: &Server,
        query: QueryOf<Self>,
    ) -> impl Future<Output = Result<Vec<QueryOf<Self>>, Diag>> + Send {
        let _ = server;
        async { Ok(vec![query]) }
    }

    /// Returns whether an object can be managed. Others are not listed by the list resource.
    fn is_manageable(object: &Self::Wire) -> bool {
        let _ = object;
        true
    }

    /// Drops the parts of a listed object that nothing uses, to save memory.
    fn trim(object: &mut Self::Wire) {
        let _ = object;
    }

    /// Returns the additional data of an object from a single read.
    fn beside(
        cx: &Cx<Client>,
        server: &Server,
        object: &Self::Wire,
    ) -> impl Future<Output = Result<Self::Beside, Diag>> + Send {
        let _ = (cx, server, object);
        async { Ok(Self::Beside::default()) }
    }

    /// Returns the additional data of an object from a list.
    fn beside_listed(cx: &Cx<Client>, object: &Self::Wire) -> Result<Self::Beside, Diag> {
        let _ = (cx, object);
        Ok(Self::Beside::default())
    }

    /// Called if a read does not find the object. Fails if the object may be hidden instead of deleted.
    fn not_found(
        cx: &Cx<Client>,
        server: &Server,
        id: IdOf<Self>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, server, id);
        async { Ok(()) }
    }

    /// Returns the type of an object, if names are unique only within a type.
    fn kind_of(object: &Self::Wire) -> Option<&str> {
        let _ = object;
        None
    }

    /// Returns the type of a model, as [`kind_of`](Self::kind_of) does for an object.
    fn kind(&self) -> Option<&str> {
        None
    }

    /// Narrows a query to one type.
    fn of_kind(query: QueryOf<Self>, kind: &str) -> QueryOf<Self> {
        let _ = kind;
        query
    }

    /// Returns the group of objects in which names must be unique. No other group of the workspace has the same
    /// string.
    fn name_group(&self) -> String {
        self.kind().unwrap_or(Self::NOUN.words).to_owned()
    }

    /// Returns the query for objects of the same name group, with a filter for their names.
    fn namesakes(&self, names: Vec<String>) -> QueryOf<Self> {
        let query = Self::query(Self::Wire::named(names));
        self.kind().map_or_else(|| query.clone(), |kind| Self::of_kind(query.clone(), kind))
    }

    /// Returns whether another object with the same name conflicts with this one.
    fn conflicts_with(&self, other: &Self::Wire) -> bool {
        self.kind() == Self::kind_of(other)
    }

    /// Returns what distinguishes objects with the same name, besides the workspace.
    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        let _ = values;
        Vec::new()
    }

    /// Returns the error for a name that another object has; `None` if the caller has no access to that object.
    fn exists(&self, server: &Server, other: Option<&Self::Wire>) -> Diag {
        let name = write::name_of(self);
        Self::NOUN.exists(&name, server.workspace_id, other.map(Named::id), Self::NAME)
    }

    /// Returns the error for a failed list of the objects with this name.
    fn unlisted(&self, error: &ApiError) -> Diag {
        read::unlisted::<Self>(&write::name_of(self), error)
    }

    /// Returns the error for a failed creation, update or deletion.
    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        let (words, name) = (Self::NOUN.words, write::name_of(self));
        cannot(format_args!("{verb} {words} {name:?}"), Needs::WORKSPACE_ADMIN, error)
    }

    /// Called with the response to a creation or an update. Returns the new state.
    fn settled(
        cx: &Cx<Client>,
        server: &Server,
        object: Self::Wire,
        plan: &Self,
    ) -> impl Future<Output = Result<Self, Diag>> + Send {
        let _ = cx;
        let found = read::observed(server, &object, plan);
        async { found }
    }

    /// Creates the object. See [`Resource::create`].
    fn create(cx: &Cx<Client>, plan: Self) -> impl Future<Output = Result<Self, Diag>> + Send {
        write::create(cx, plan)
    }

    /// Changes the object. See [`Resource::update`].
    fn update(
        cx: &Cx<Client>,
        current: Current<Objects<Self>>,
        plan: Self,
    ) -> impl Future<Output = Result<Self, Diag>> + Send {
        write::update(cx, current.model, plan)
    }

    /// Deletes the object. See [`Resource::delete`].
    fn delete(cx: &Cx<Client>, prior: Self) -> impl Future<Output = Result<(), Diag>> + Send {
        write::delete(cx, prior)
    }

    /// Plans what is specific to this kind, after the workspace is planned.
    fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Finds the object of an import id. By default that is an id or a name, optionally after a workspace.
    fn import(cx: &Cx<Client>, text: &str) -> impl Future<Output = Result<Self::Key, Diag>> + Send {
        import::by_name::<Self>(cx, text)
    }

    /// See [`Resource::validate`].
    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// Returns warnings for values that this version of the provider does not know, such as a misspelled type, in the
    /// arguments of the data sources and of the list, which use the names of the resource.
    fn unfamiliar(arguments: &Dyn) -> Vec<Diag> {
        let _ = arguments;
        Vec::new()
    }

    /// See [`Resource::disclosed`].
    fn disclosed(
        cx: &Cx<Client>,
        config: &Partial<Self>,
    ) -> impl Future<Output = Result<Vec<&'static str>, Diag>> + Send {
        let _ = (cx, config);
        async { Ok(Vec::new()) }
    }

    /// See [`Resource::references`].
    fn references() -> Vec<Path> {
        Vec::new()
    }

    /// See [`Resource::inherit`].
    fn inherit(state: Dyn) -> Dyn {
        state
    }

    /// See [`Resource::timeout`].
    fn timeout(operation: Operation) -> Duration {
        let _ = operation;
        DEFAULT_TIMEOUT
    }
}

/// An object that a read has found.
#[derive(Debug)]
pub struct Found<'a, T: InWorkspace> {
    /// Its workspace; `None` on an open-source server.
    pub workspace: Option<WorkspaceId>,
    /// The object in the API.
    pub object: &'a T::Wire,
    /// The additional data of the read.
    pub beside: &'a T::Beside,
}

impl<T: InWorkspace> Found<'_, T> {
    /// Returns the attribute `workspace_id`.
    pub fn workspace_id(&self) -> OrServer<Id<WorkspaceId>> {
        OrServer::from_option(self.workspace.map(Id))
    }

    /// Returns the attribute `id`.
    pub fn id(&self) -> Computed<Id<IdOf<T>>> {
        Computed::known(Id(self.object.id()))
    }

    /// Returns the part of an object that requires permission to read it.
    pub fn body<'b, B>(&self, body: &'b Option<B>) -> Result<&'b B, Diag> {
        body.as_ref().ok_or_else(|| T::NOUN.unreadable(self.object.name()))
    }

    /// Returns the attribute `name`.
    pub fn name(&self) -> String {
        self.object.name().to_owned()
    }
}

/// The behavior of objects of a workspace.
#[derive(Debug)]
pub struct Objects<T>(PhantomData<fn() -> T>);

impl<T: InWorkspace> Resource for Objects<T> {
    type Model = T;
    type Client = Client;
    type Remote = Seen<Read<T>>;

    async fn fetch(cx: &Cx<Client>, key: &T::Key) -> Result<Option<Seen<Read<T>>>, Diag> {
        read::fetch(cx, key).await
    }

    fn scope(cx: &Cx<Client>, key: &T::Key) -> Option<String> {
        T::is_listed(cx).then(|| list::scope_of(key.workspace_id))
    }

    async fn page(
        cx: &Cx<Client>,
        scope: &str,
        from: Option<u64>,
    ) -> Result<Page<T::Key, Seen<Read<T>>>, Diag> {
        list::page(cx, scope, from).await
    }

    async fn complete(cx: &Cx<Client>, item: Seen<Read<T>>) -> Result<Seen<Read<T>>, Diag> {
        let mut item = scope::complete(cx, item).await?;
        if let Seen::Found(_, read) = &mut item {
            read.beside = T::beside_listed(cx, &read.object)?;
        }
        Ok(item)
    }

    fn observe(remote: &Seen<Read<T>>, since: Since<'_, T>) -> Result<T, Diag> {
        let Some((workspace, Read { object, beside })) = remote.found() else {
            return scope::unseen(&since);
        };
        T::observe(&Found { workspace, object, beside }, since)
    }

    async fn create(cx: &Cx<Client>, plan: T) -> Result<T, Diag> {
        T::create(cx, plan).await
    }

    async fn update(cx: &Cx<Client>, current: Current<Self>, plan: T) -> Result<T, Diag> {
        T::update(cx, current, plan).await
    }

    async fn delete(cx: &Cx<Client>, prior: T) -> Result<(), Diag> {
        T::delete(cx, prior).await
    }

    fn claim(values: &Partial<T>) -> Option<Claim> {
        T::NOUN.claim(values.get(T::WORKSPACE_ID), values.get(T::NAME), &T::claims(values))
    }

    async fn plan(cx: &Cx<Client>, plan: &mut Plan<T>) -> Result<(), Diag> {
        plan::plan(cx, plan).await
    }

    async fn generate(cx: &Cx<Client>, generated: &mut Generated<T>) -> Result<(), Diag> {
        scope::omit_default(cx, generated, T::WORKSPACE_ID).await;
        Ok(())
    }

    async fn disclosed(cx: &Cx<Client>, config: &Partial<T>) -> Result<Vec<&'static str>, Diag> {
        T::disclosed(cx, config).await
    }

    async fn import(cx: &Cx<Client>, id: ImportId<'_, T::Key>) -> Result<Imported<T>, Diag> {
        match id {
            ImportId::Key(key) => Ok(Imported::Key(key)),
            ImportId::Text(text) => T::import(cx, text).await.map(Imported::Key),
        }
    }

    fn validate(config: &Partial<T>) -> Vec<Diag> {
        T::validate(config)
    }

    fn references() -> Vec<Path> {
        T::references()
    }

    fn inherit(state: Dyn) -> Dyn {
        T::inherit(state)
    }

    fn timeout(operation: Operation) -> Duration {
        T::timeout(operation)
    }
}

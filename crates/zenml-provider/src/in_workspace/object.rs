//! One behaviour for all objects of a workspace.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use tfkit::model::{DEFAULT_TIMEOUT, Model, Operation, Token};
use tfkit::{
    Claim, Computed, Current, Cx, Diag, Dyn, ImportId, Imported, Maybe, OrServer, Page, Partial, Path, Plan,
    Resource, Since,
};
use zenml_api::WorkspaceId;
use zenml_api::workspace::{Crud, Named};
use zenml_client::ApiError;

use super::import;
use super::noun::Noun;
use super::place::Place;
use super::read::Read;
use super::scope::{self, Seen, Server};
use super::{list, plan, read, write};
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::id::Id;

/// The type of the identifiers of a kind of object.
pub type IdOf<T> = <<T as InWorkspace>::Wire as Named>::Id;

/// The query of the list of a kind of object.
pub type QueryOf<T> = <<T as InWorkspace>::Wire as Crud>::Query;

/// What a new object of a kind is made of.
pub type NewOf<T> = <<T as InWorkspace>::Wire as Crud>::New;

/// A change of an object of a kind.
pub type ChangeOf<T> = <<T as InWorkspace>::Wire as Crud>::Change;

/// The model of a kind of object that lives in a workspace.
///
/// What must be written is how it differs from other kinds: what a request says ([`wanted`](Self::wanted),
/// [`change`](Self::change)) and what an answer means ([`observe`](Self::observe)). [`Objects`] does the rest. A special
/// kind replaces a step; the steps' own functions are in [`write`], [`read`] and [`import`].
///
/// Each such model has the attributes `workspace_id`, `id` and `name`, of the types of the constants here.
pub trait InWorkspace: Model<Key = Place<<<Self as InWorkspace>::Wire as Named>::Id>> {
    /// The object as the API has it.
    type Wire: Crud;

    /// What a read keeps beside the object, because only the context of the read tells it; `()` where there is nothing.
    type Beside: Clone + fmt::Debug + Default + Send + Sync + 'static;

    /// How messages call it.
    const NOUN: Noun;

    /// Most objects on one page of a list: such a page should be some 400 KiB long.
    const LONGEST_PAGE: u64 = 400;

    /// The workspace that the object is in.
    const WORKSPACE_ID: Token<Self, OrServer<Id<WorkspaceId>>> = Token::new("workspace_id");

    /// The name of the object.
    const NAME: Token<Self, String> = Token::new("name");

    /// What a creation sends.
    fn wanted(&self) -> Result<NewOf<Self>, Diag>;

    /// What an update sends; `None` where the server need not learn of anything.
    fn change(prior: &Self, plan: &Self) -> Result<Option<ChangeOf<Self>>, Diag>;

    /// Says what the object means as a model. See [`Resource::observe`].
    fn observe(found: &Found<'_, Self>, since: Since<'_, Self>) -> Result<Self, Diag>;

    /// What the query of each list has besides, such as an option that leaves secrets out.
    fn query(query: QueryOf<Self>) -> QueryOf<Self> {
        query
    }

    /// What the query of each read has.
    fn look() -> <Self::Wire as Crud>::Look {
        Default::default()
    }

    /// Whether an object can be read by a list. See [`Resource::scope`].
    fn is_listed(cx: &Cx<Client>) -> bool {
        let _ = cx;
        true
    }

    /// Takes out of an object of a list what would only cost memory.
    fn trim(object: &mut Self::Wire) {
        let _ = object;
    }

    /// What to keep beside an object that was read alone from a server.
    fn beside(
        cx: &Cx<Client>,
        server: &Server,
        object: &Self::Wire,
    ) -> impl Future<Output = Result<Self::Beside, Diag>> + Send {
        let _ = (cx, server, object);
        async { Ok(Self::Beside::default()) }
    }

    /// The same for one that came out of a list.
    fn beside_listed(cx: &Cx<Client>, object: &Self::Wire) -> Result<Self::Beside, Diag> {
        let _ = (cx, object);
        Ok(Self::Beside::default())
    }

    /// Called where a read does not find the object. An error says that it may be hidden and not gone.
    fn not_found(
        cx: &Cx<Client>,
        server: &Server,
        id: IdOf<Self>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, server, id);
        async { Ok(()) }
    }

    /// The type of an object, where names are unique for their type only.
    fn kind_of(object: &Self::Wire) -> Option<&str> {
        let _ = object;
        None
    }

    /// The same of a model.
    fn kind(&self) -> Option<&str> {
        None
    }

    /// Narrows a query to one type.
    fn of_kind(query: QueryOf<Self>, kind: &str) -> QueryOf<Self> {
        let _ = kind;
        query
    }

    /// Those among which the name must be unique, in a word that no other group of the workspace has.
    fn name_group(&self) -> String {
        self.kind().unwrap_or(Self::NOUN.words).to_owned()
    }

    /// The query for those among which the name must be unique, with names that pass the filter.
    fn namesakes(&self, names: Vec<String>) -> QueryOf<Self> {
        let query = Self::query(Self::Wire::named(names));
        self.kind().map_or_else(|| query.clone(), |kind| Self::of_kind(query.clone(), kind))
    }

    /// Whether this object, which has the name of another one, is in its way.
    fn is_in_the_way(&self, other: &Self::Wire) -> bool {
        self.kind() == Self::kind_of(other)
    }

    /// Besides workspace and name, what tells objects apart that may have the same name.
    fn claims(values: &Partial<Self>) -> Vec<Maybe<String>> {
        let _ = values;
        Vec::new()
    }

    /// The name is taken by another object; `None` where the server only says so and does not show it.
    fn exists(&self, server: &Server, other: Option<&Self::Wire>) -> Diag {
        let name = write::name_of(self);
        Self::NOUN.exists(&name, server.workspace_id, other.map(Named::id), Self::NAME)
    }

    /// The objects of this name could not be listed.
    fn unlisted(&self, error: &ApiError) -> Diag {
        read::unlisted::<Self>(&write::name_of(self), error)
    }

    /// A creation, an update or a deletion failed.
    fn failed(&self, verb: &str, error: &ApiError) -> Diag {
        let (words, name) = (Self::NOUN.words, write::name_of(self));
        cannot(format_args!("{verb} {words} {name:?}"), Needs::WORKSPACE_ADMIN, error)
    }

    /// Called with the answer to a creation or an update: the model that the host gets.
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

    /// Plans what is special, after the workspace is planned.
    fn plan(cx: &Cx<Client>, plan: &mut Plan<Self>) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Finds the object of an import id. The default takes its id or its name, with a workspace before it or without.
    fn import(cx: &Cx<Client>, text: &str) -> impl Future<Output = Result<Self::Key, Diag>> + Send {
        import::by_name::<Self>(cx, text)
    }

    /// See [`Resource::validate`].
    fn validate(config: &Partial<Self>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
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

/// An object as a read found it.
#[derive(Debug)]
pub struct Found<'a, T: InWorkspace> {
    /// The workspace that it is in; none on an open-source server.
    pub workspace: Option<WorkspaceId>,
    /// What the server tells.
    pub object: &'a T::Wire,
    /// What the read keeps beside it.
    pub beside: &'a T::Beside,
}

impl<T: InWorkspace> Found<'_, T> {
    /// The attribute `workspace_id`.
    pub fn workspace_id(&self) -> OrServer<Id<WorkspaceId>> {
        OrServer::from_option(self.workspace.map(Id))
    }

    /// The attribute `id`.
    pub fn id(&self) -> Computed<Id<IdOf<T>>> {
        Computed::known(Id(self.object.id()))
    }

    /// What only somebody who may read the object gets.
    pub fn body<'b, B>(&self, body: &'b Option<B>) -> Result<&'b B, Diag> {
        body.as_ref().ok_or_else(|| T::NOUN.unreadable(self.object.name()))
    }

    /// The attribute `name`.
    pub fn name(&self) -> String {
        self.object.name().to_owned()
    }
}

/// The behaviour of objects of a workspace.
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

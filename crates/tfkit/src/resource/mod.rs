//! What a provider author implements for a type of resource.

mod hook;

use std::future::Future;
use std::time::Duration;

pub(crate) use hook::Decisions;
pub use hook::Plan;

use crate::cx::Cx;
use crate::diag::Diag;
use crate::field::Misfit;
use crate::model::{DEFAULT_TIMEOUT, Key, Model, Operation, Partial, form, split};
use crate::run::Claim;
use crate::value::{Dyn, Path};

/// The key of the objects of a type of resource.
pub type KeyOf<R> = <<R as Resource>::Model as Model>::Key;

/// A type of resource: how its objects are read, created, changed and deleted.
///
/// The behaviour and its [model](Self::Model) are two types, so that one behaviour can serve many models: a generic type
/// such as `Objects<T>` implements this trait for every `T` that says how it differs from the others. Where there is only
/// one model, the model implements the trait itself: `type Model = Self`. Nobody makes a value of the behaviour.
///
/// I/O ([`fetch`](Self::fetch)) and meaning ([`observe`](Self::observe)) are apart, so that reads, answers to a
/// creation and imports share one meaning. The engine does defaults, replacement, unknown values, conformity and
/// identity; a method sees plain values. What only some types can do is a default method, so that more can come
/// without a change to the others.
pub trait Resource: Sized + Send + Sync + 'static {
    /// What one object is in a configuration, a plan and a state.
    type Model: Model;

    /// What the provider's configuration makes: the way to the API.
    type Client: Send + Sync + 'static;

    /// What one GET, one item of a list or one answer tells.
    type Remote: Send + Sync + 'static;

    /// Version of the state's shape.
    const VERSION: i64 = 0;

    /// How state of earlier versions is brought to the next one, each step once.
    const UPGRADES: &'static [Upgrade] = &[];

    /// Whether an update may change the identity. Otherwise the engine refuses it as a bug.
    const IDENTITY_MUTABLE: bool = false;

    /// Whether an update reads whatever it writes by itself, so that the engine need not read the object before it. Only
    /// for what cannot be compared with its plan as a whole. [`Current::remote`] is `None` then.
    const READS_TO_UPDATE: bool = false;

    /// Reads the remote object. `None` means that it is gone, and only that: what cannot be told is an error.
    fn fetch(
        cx: &Cx<Self::Client>,
        key: &KeyOf<Self>,
    ) -> impl Future<Output = Result<Option<Self::Remote>, Diag>> + Send;

    /// Says what the remote object means as a model. Pure. What the server does not tell (time-outs, secrets, the
    /// user's spelling) comes from `since`.
    fn observe(remote: &Self::Remote, since: Since<'_, Self::Model>) -> Result<Self::Model, Diag>;

    /// Creates the object. Call [`Cx::save`] as soon as it exists and before anything else that can fail.
    fn create(
        cx: &Cx<Self::Client>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Changes the object in place. On an error the state holds what was [saved](Cx::save), else what it held before.
    ///
    /// `current` is the object as the engine has just read it, so that what differs from it is all there is to send. The
    /// plan has the same values where it leaves the object alone.
    fn update(
        cx: &Cx<Self::Client>,
        current: Current<Self>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Deletes the object; one that is gone already is a success.
    fn delete(cx: &Cx<Self::Client>, prior: Self::Model) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Checks a configuration beyond what its attributes say. Pure and offline; quiet while a value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// What no second object may have while this one has it, such as a name in its place; none where it is not known yet,
    /// or where the type has nothing of the kind. Pure. The engine tells, while planning, of two resources that claim the
    /// same.
    fn claim(values: &Partial<Self::Model>) -> Option<Claim> {
        let _ = values;
        None
    }

    /// Attributes that hold ids of other objects, alone or in a collection. The engine refuses a plan that deletes an object
    /// while a configuration still names its id.
    fn references() -> Vec<Path> {
        Vec::new()
    }

    /// Decides at plan time what can be decided then: replacements, warnings, values that are known already. Also
    /// called for deletions. A needed value that is unknown is no error: return quietly.
    fn plan(
        cx: &Cx<Self::Client>,
        plan: &mut Plan<Self::Model>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Finds what an import names. The default reads the key from the identity or from the parts of the id,
    /// separated by `/`; the engine then fetches the object.
    fn import(
        cx: &Cx<Self::Client>,
        id: ImportId<'_, KeyOf<Self>>,
    ) -> impl Future<Output = Result<Imported<Self::Model>, Diag>> + Send {
        let _ = cx;
        async move { id.key().map(Imported::Key) }
    }

    /// The scope of an object: objects of one scope can be read by one list, see [`page`](Self::page). None where an
    /// object can only be read alone, as it is by default. It depends on nothing but the key and the values beside the
    /// state of the object.
    fn scope(cx: &Cx<Self::Client>, key: &KeyOf<Self>) -> Option<String> {
        let _ = (cx, key);
        None
    }

    /// Lists objects of a scope, so that many are read with few requests: from the beginning, then from where the
    /// page before says. How large a page is, is its author's choice; small ones first spare a large scope of which
    /// little is managed.
    ///
    /// An item must mean the same as the answer to [`fetch`](Self::fetch), but for what [`complete`](Self::complete)
    /// adds. Leave out what the list tells only in part: the engine fetches alone what it does not find, and so
    /// a failure is no misfortune either. The context is that of one of the objects that wait: do not use what belongs
    /// to a single one, such as the values beside its state.
    fn page(
        cx: &Cx<Self::Client>,
        scope: &str,
        from: Option<u64>,
    ) -> impl Future<Output = Result<Page<KeyOf<Self>, Self::Remote>, Diag>> + Send {
        let _ = (cx, scope, from);
        async { Ok(Page { items: Vec::new(), next: None }) }
    }

    /// Adds to an item of a [list](Self::page) what [`fetch`](Self::fetch) takes from the context of its object, such
    /// as the values beside the state.
    fn complete(
        cx: &Cx<Self::Client>,
        item: Self::Remote,
    ) -> impl Future<Output = Result<Self::Remote, Diag>> + Send {
        let _ = cx;
        async { Ok(item) }
    }

    /// Completes a state that lacks attributes of the schema, because an earlier release wrote it, or the provider that
    /// this one succeeds. They are null in it, and it went through [`UPGRADES`](Self::UPGRADES). Pure.
    fn inherit(state: Dyn) -> Dyn {
        state
    }

    /// How long an operation may take when the configuration has no `timeouts` for it.
    fn timeout(operation: Operation) -> Duration {
        let _ = operation;
        DEFAULT_TIMEOUT
    }
}

/// The object that an update starts from.
#[derive(Debug)]
pub struct Current<R: Resource> {
    /// It as a model. What the server does not tell is as in the state.
    pub model: R::Model,
    /// What the engine has read; `None` where the resource [reads by itself](Resource::READS_TO_UPDATE).
    pub remote: Option<R::Remote>,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page<K, R> {
    /// The objects that it holds, each with its key.
    pub items: Vec<(K, R)>,
    /// Where the next part begins; none at the end of the list.
    pub next: Option<u64>,
}

/// What is known of an object besides the server's answer.
#[derive(Debug)]
pub enum Since<'a, M: Model> {
    /// It is being imported: only its key.
    Import(&'a M::Key),
    /// It is being refreshed: the state.
    State(&'a M),
    /// It was just made or changed: the plan.
    Answer(&'a M),
}

impl<'a, M: Model> Since<'a, M> {
    /// The state or the plan; none in an import.
    pub fn model(&self) -> Option<&'a M> {
        match self {
            Self::Import(_) => None,
            Self::State(model) | Self::Answer(model) => Some(model),
        }
    }
}

/// How the user names the object to import.
#[derive(Clone, Debug)]
pub enum ImportId<'a, K> {
    /// By the text of `terraform import` or of `id` in an import block.
    Text(&'a str),
    /// By the identity in an import block.
    Key(K),
}

impl<K: Key> ImportId<'_, K> {
    /// The key that it gives by itself: a single id, or its parts separated by `/`, where leading optional parts
    /// may be left out.
    pub fn key(self) -> Result<K, Diag> {
        let text = match self {
            Self::Key(key) => return Ok(key),
            Self::Text(text) => text,
        };
        let attributes = K::attributes();
        let expected = format!("Import ids of this type have the format {}.", form(&attributes));
        let refused = || Diag::error(format!("Invalid import id {text:?}")).why(&expected);
        let parts = split(text, &attributes).ok_or_else(refused)?;
        K::from_parts(&parts).map_err(|Misfit { path, what, fix, .. }| {
            let diag = refused().why(format!("Its part {path} {what}."));
            match fix {
                Some(fix) => diag.fix(fix),
                None => diag,
            }
        })
    }
}

/// What an import found.
#[derive(Debug)]
pub enum Imported<M: Model> {
    /// Its key; the engine fetches the rest.
    Key(M::Key),
    /// All of it.
    Model(Box<M>),
}

/// Brings state from one version to the next.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    /// The version that it understands; its result has the next one.
    pub from: i64,
    /// Pure. Gets an object with the attributes as they were stored (numbers, strings, lists, maps); what it leaves
    /// out is null, what the current schema does not know is dropped.
    pub run: fn(Dyn) -> Result<Dyn, Diag>,
}

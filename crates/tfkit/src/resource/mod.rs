//! The trait that a provider author implements for a resource type.

mod generate;
mod hook;
mod import;
mod moves;
mod upgrade;

use std::future::Future;
use std::time::Duration;

pub use generate::Generated;
pub use hook::Plan;
pub(crate) use hook::{Decisions, Replacement};
pub use import::{ImportId, Imported};
pub(crate) use moves::is_part_of;
pub use moves::{Move, Predecessor, Source};
pub use upgrade::{Earlier, Upgrade};

use crate::cx::Cx;
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Model, Operation, Partial};
use crate::run::Claim;
use crate::value::{Dyn, Path};

/// The key of the objects of a resource type.
pub type KeyOf<R> = <<R as Resource>::Model as Model>::Key;

/// A resource type: how its objects are read, created, updated and deleted.
///
/// The behavior and its [model](Self::Model) are two types, so that one behavior can serve many models: a generic
/// type such as `Objects<T>` implements this trait for every `T` that defines how it differs from the others. If
/// there is only one model, the model implements the trait itself: `type Model = Self`. The behavior is never
/// instantiated.
///
/// I/O ([`fetch`](Self::fetch)) and meaning ([`observe`](Self::observe)) are separate, so that reads, responses to a
/// creation and imports share one meaning. The engine handles defaults, replacement, unknown values, conformity and
/// identity; methods get plain values. Optional features are default methods, so that new ones do not change existing
/// types.
pub trait Resource: Sized + Send + Sync + 'static {
    /// An object in a configuration, a plan or a state.
    type Model: Model;

    /// The client that the provider's configuration creates.
    type Client: Send + Sync + 'static;

    /// An object as the server returns it: from a GET, in a list, or in another response.
    type Remote: Send + Sync + 'static;

    /// Version of the state schema.
    const VERSION: i64 = 0;

    /// Upgrade steps for the state of earlier versions, one per version.
    const UPGRADES: &'static [Upgrade] = &[];

    /// Version of the identity, which is the [key](Model::Key) of the model. It is independent of the version of the
    /// state. Only another meaning or another type of a part requires a new version: parts that are missing are null,
    /// and parts that no longer exist are dropped.
    const IDENTITY_VERSION: i64 = 0;

    /// Upgrade steps for the identities of earlier versions, one per version.
    const IDENTITY_UPGRADES: &'static [Upgrade] = &[];

    /// Other types whose objects can be moved to this one with a `moved` block. An object of the same type can always
    /// be moved here, from a provider with the same name at another address.
    const MOVES: &'static [Move<Self::Model>] = &[];

    /// Whether an update may change the identity. Otherwise the engine reports such a change as a bug.
    const IDENTITY_MUTABLE: bool = false;

    /// Whether an update itself reads whatever it writes, so that the engine does not read the object first. Only for
    /// objects that cannot be compared with their plan as a whole. [`Current::remote`] is then `None`.
    const READS_TO_UPDATE: bool = false;

    /// Reads the remote object. Return `None` only if it certainly does not exist; if that cannot be determined,
    /// return an error.
    fn fetch(
        cx: &Cx<Self::Client>,
        key: &KeyOf<Self>,
    ) -> impl Future<Output = Result<Option<Self::Remote>, Diag>> + Send;

    /// Converts the remote object to a model. Pure. Values that the server does not return (timeouts, secrets, the
    /// user's spelling) come from `since`.
    fn observe(remote: &Self::Remote, since: Since<'_, Self::Model>) -> Result<Self::Model, Diag>;

    /// Creates the object. Call [`Cx::save`] as soon as it exists and before anything else that can fail.
    fn create(
        cx: &Cx<Self::Client>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Updates the object in place. On an error, the state contains what was [saved](Cx::save), or else the prior
    /// state.
    ///
    /// It runs once more if the result differs from the plan: see [`Current::is_repeated`].
    ///
    /// `current` is the object that the engine has just read: only differences from it need to be sent. The plan has
    /// the same values wherever it does not manage the object.
    fn update(
        cx: &Cx<Self::Client>,
        current: Current<Self>,
        plan: Self::Model,
    ) -> impl Future<Output = Result<Self::Model, Diag>> + Send;

    /// Deletes the object. Succeeds if it no longer exists.
    fn delete(cx: &Cx<Self::Client>, prior: Self::Model) -> impl Future<Output = Result<(), Diag>> + Send;

    /// Checks a configuration beyond the checks of its attributes. Pure and offline. Returns nothing while a needed
    /// value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// Returns what must be unique, such as a name in its scope; `None` if it is not known yet, or if the type has
    /// nothing unique. Pure. During planning, the engine reports two resources with the same claim.
    fn claim(values: &Partial<Self::Model>) -> Option<Claim> {
        let _ = values;
        None
    }

    /// Returns attributes that contain ids of other objects, alone or in a collection. The engine rejects a plan that
    /// deletes an object while a configuration still contains its id.
    fn references() -> Vec<Path> {
        Vec::new()
    }

    /// Decides during planning whatever is already known: replacements, warnings, values. Also called for deletions.
    /// An unknown value is not an error: return without a message.
    fn plan(
        cx: &Cx<Self::Client>,
        plan: &mut Plan<Self::Model>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, plan);
        async { Ok(()) }
    }

    /// Adjusts a configuration that is [generated](fn@crate::plan::generate) from the state of an object, for example if
    /// an attribute is superfluous next to the provider block. The plan of the result must be empty.
    fn generate(
        cx: &Cx<Self::Client>,
        generated: &mut Generated<Self::Model>,
    ) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, generated);
        async { Ok(()) }
    }

    /// Returns the sensitive attributes whose values in this generated configuration contain no secret, so that an
    /// [export](crate::export) can write them. By default, none.
    fn disclosed(
        cx: &Cx<Self::Client>,
        config: &Partial<Self::Model>,
    ) -> impl Future<Output = Result<Vec<&'static str>, Diag>> + Send {
        let _ = (cx, config);
        async { Ok(Vec::new()) }
    }

    /// Finds the object of an import. The default reads the key from the identity, or from the parts of the id,
    /// separated by `/`; the engine then fetches the object.
    fn import(
        cx: &Cx<Self::Client>,
        id: ImportId<'_, KeyOf<Self>>,
    ) -> impl Future<Output = Result<Imported<Self::Model>, Diag>> + Send {
        let _ = cx;
        async move { id.key().map(Imported::Key) }
    }

    /// Returns the scope of an object: objects of one scope can be read with one list, see [`page`](Self::page).
    /// `None`, the default, if objects can only be read one by one. It depends only on the key and the private values
    /// of the object.
    fn scope(cx: &Cx<Self::Client>, key: &KeyOf<Self>) -> Option<String> {
        let _ = (cx, key);
        None
    }

    /// Lists objects of a scope, so that many are read with few requests: first from the beginning, then from the
    /// position that the previous page returned. The author chooses the page size; small first pages save work in a
    /// large scope with few managed objects.
    ///
    /// An item must have the same meaning as the result of [`fetch`](Self::fetch), except for what
    /// [`complete`](Self::complete) adds. Omit objects that the list returns only in part: the engine fetches objects
    /// that it does not find one by one. A failing list is therefore not an error. The context belongs to one of the
    /// waiting objects: do not use anything of that object, such as its private values.
    fn page(
        cx: &Cx<Self::Client>,
        scope: &str,
        from: Option<u64>,
    ) -> impl Future<Output = Result<Page<KeyOf<Self>, Self::Remote>, Diag>> + Send {
        let _ = (cx, scope, from);
        async { Ok(Page { items: Vec::new(), next: None }) }
    }

    /// Adds to an item of a [list](Self::page) what [`fetch`](Self::fetch) takes from the context of its object, such
    /// as private values.
    fn complete(
        cx: &Cx<Self::Client>,
        item: Self::Remote,
    ) -> impl Future<Output = Result<Self::Remote, Diag>> + Send {
        let _ = cx;
        async { Ok(item) }
    }

    /// Completes a state that lacks attributes of the schema, because an earlier version of this provider or its
    /// predecessor wrote it. The missing attributes are null. It runs after [`UPGRADES`](Self::UPGRADES). Pure.
    fn inherit(state: Dyn) -> Dyn {
        state
    }

    /// Returns the timeout of an operation if the configuration does not set one.
    fn timeout(operation: Operation) -> Duration {
        let _ = operation;
        DEFAULT_TIMEOUT
    }
}

/// The object that an update starts from.
#[derive(Debug)]
pub struct Current<R: Resource> {
    /// The object as a model. Values that the server does not return come from the state.
    pub model: R::Model,
    /// The object that the engine has read; `None` if the resource [reads it itself](Resource::READS_TO_UPDATE).
    pub remote: Option<R::Remote>,
    /// Whether the same update was already done, but its result differs from the plan, because somebody changed the object
    /// at the same time. What must not happen twice, such as the rotation of a secret, has happened.
    pub is_repeated: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<K, R> {
    /// The objects, each with its key.
    pub items: Vec<(K, R)>,
    /// Start of the next page; `None` at the end of the list.
    pub next: Option<u64>,
}

/// What is known about an object besides the server's response.
#[derive(Debug)]
pub enum Since<'a, M: Model> {
    /// It is being imported: only its key.
    Import(&'a M::Key),
    /// It is being refreshed: the state.
    State(&'a M),
    /// It was just created or updated: the plan.
    Answer(&'a M),
}

impl<'a, M: Model> Since<'a, M> {
    /// Returns the state or the plan; `None` for an import.
    pub fn model(&self) -> Option<&'a M> {
        match self {
            Self::Import(_) => None,
            Self::State(model) | Self::Answer(model) => Some(model),
        }
    }
}

//! Typed models of resources, data sources and provider blocks.
//!
//! `#[derive(Model)]` and `#[derive(Object)]` generate all of this from a struct. You can also write it by hand.

mod key;
mod partial;
mod spot;
mod token;

use std::time::Duration;

pub use key::{Key, Parts};
pub(crate) use key::{form, split};
pub use partial::{Maybe, Partial};
pub use spot::Spot;
pub use token::{Place, Token};

use crate::check::Rule;
use crate::diag::Diag;
use crate::field::Misfit;
pub use crate::field::{Fields, Misfits};
use crate::schema::{About, Attribute, Schema};
use crate::value::Dyn;

/// An object with named attributes: a nested object or a whole model.
pub trait Object: Sized + Clone + Send + Sync + 'static {
    /// Returns its attributes in the order of declaration. It may be expensive: the engine calls it once per type.
    fn attributes() -> Vec<Attribute>;

    /// Reads it. Slots for the server's values may be unknown; everything else is known.
    fn from_object(object: &Dyn) -> Result<Self, Misfit>;

    /// Writes it.
    fn to_object(&self) -> Dyn;

    /// Returns the misfits of a configuration. Unknown parts are ignored.
    fn misfits(object: &Dyn) -> Vec<Misfit>;
}

/// Returns a plan whose unknown slots have the prior values: the result of an update that sends nothing.
pub fn settled<M: Object>(plan: &M, prior: &M) -> Result<M, Diag> {
    let (mut object, prior) = (plan.to_object(), prior.to_object());
    if let Dyn::Map(attributes) = &mut object {
        for (name, value) in attributes.iter_mut().filter(|(_, value)| value.is_unknown()) {
            *value = prior.attribute(name).clone();
        }
    }
    M::from_object(&object).map_err(Misfit::into_diag)
}

/// The object of a resource, a data source or a provider block.
pub trait Model: Object {
    /// What a read needs: the attributes marked `key`. It is also the resource identity and the import id. `()` if no
    /// attribute is marked.
    type Key: Key;

    /// Returns the name of the type without the provider's prefix; for a provider block, that prefix.
    fn type_name() -> &'static str;

    /// What it is for, in Markdown.
    fn description() -> &'static str;

    /// Why it is deprecated, and what to use instead.
    fn deprecated() -> Option<&'static str> {
        None
    }

    /// Rules over several attributes.
    fn rules() -> Vec<Rule> {
        Vec::new()
    }

    /// Facts for the documentation.
    fn about() -> About {
        About::default()
    }

    /// Returns the schema with this version of the state.
    fn schema(version: i64) -> Schema {
        Schema {
            version,
            description: Self::description().to_owned(),
            deprecated: Self::deprecated(),
            attributes: Self::attributes(),
            rules: Self::rules(),
            about: Self::about(),
        }
    }
}

/// An operation on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is read: by a refresh, an import or a data source.
    Read,
    /// It is updated.
    Update,
    /// It is deleted.
    Delete,
    /// An ephemeral resource is opened.
    Open,
    /// An ephemeral resource is renewed.
    Renew,
    /// An ephemeral resource is closed.
    Close,
    /// An action is invoked.
    Invoke,
}

impl Operation {
    /// All operations: those of a resource in the order of the documentation, then those of other kinds.
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::Open,
        Self::Renew,
        Self::Close,
        Self::Invoke,
    ];

    /// Returns its name in configurations and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Open => "open",
            Self::Renew => "renew",
            Self::Close => "close",
            Self::Invoke => "invoke",
        }
    }
}

/// The timeout of an operation if neither the configuration nor the type sets one.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(20);

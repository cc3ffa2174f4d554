//! Typed models of resources, data sources and provider blocks.
//!
//! `#[derive(Model)]` and `#[derive(Object)]` write all of this from a struct; nothing in it cannot be written by
//! hand.

mod key;
mod partial;
mod token;

use std::time::Duration;

pub use key::{Key, Parts};
pub(crate) use key::{form, split};
pub use partial::{Maybe, Partial};
pub use token::{Place, Token};

use crate::check::Rule;
use crate::diag::Diag;
use crate::field::Misfit;
pub use crate::field::{Fields, Misfits};
use crate::schema::{About, Attribute, Schema};
use crate::value::Dyn;

/// An object with named attributes: a nested object or a whole model.
pub trait Object: Sized + Clone + Send + Sync + 'static {
    /// Its attributes in the order of declaration. May be expensive: the engine calls it once per type.
    fn attributes() -> Vec<Attribute>;

    /// Reads it; slots for the server's values may be unknown, everything else is known.
    fn from_object(object: &Dyn) -> Result<Self, Misfit>;

    /// Writes it.
    fn to_object(&self) -> Dyn;

    /// What does not fit in a configuration; unknown parts are left alone.
    fn misfits(object: &Dyn) -> Vec<Misfit>;
}

/// A plan whose slots for the server's values hold what was there before, where the plan leaves them open: the outcome of
/// an update that has nothing to send.
pub fn settled<M: Object>(plan: &M, prior: &M) -> Result<M, Diag> {
    let (mut object, prior) = (plan.to_object(), prior.to_object());
    if let Dyn::Map(attributes) = &mut object {
        for (name, value) in attributes.iter_mut().filter(|(_, value)| value.is_unknown()) {
            *value = prior.attribute(name).clone();
        }
    }
    M::from_object(&object).map_err(Misfit::into_diag)
}

/// The object behind a resource, a data source or a provider block.
pub trait Model: Object {
    /// What a read needs: the attributes marked `key`. It is also the resource identity and what an import gives.
    /// `()` where nothing is marked.
    type Key: Key;

    /// Name of the type without the provider's prefix; for a provider block, that prefix.
    fn type_name() -> &'static str;

    /// What it is for, in Markdown.
    fn description() -> &'static str;

    /// Why it should not be used any more, and what to use instead.
    fn deprecated() -> Option<&'static str> {
        None
    }

    /// What several attributes together must keep to.
    fn rules() -> Vec<Rule> {
        Vec::new()
    }

    /// Facts for the documentation.
    fn about() -> About {
        About::default()
    }

    /// The schema at a version of the state.
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

/// What is being done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// It is made.
    Create,
    /// It is read: a refresh, an import or a data source.
    Read,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
}

impl Operation {
    /// All of them, in the order in which they are documented.
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    /// Its name in configurations and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// How long an operation may take when the configuration does not say.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_mins(20);

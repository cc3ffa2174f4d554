//! Taking over objects of other types.

use std::fmt;
use std::ops::RangeInclusive;

use super::import::Imported;
use super::upgrade::read;
use crate::cx::Private;
use crate::diag::Diag;
use crate::model::{Model, Object};
use crate::value::Dyn;

/// A type whose objects can be moved to a resource type, created from a [`Predecessor`].
pub struct Move<M: Model> {
    /// Full name of the type, such as `cloud_group`.
    pub type_name: &'static str,
    /// Address of its provider; see [`Predecessor::PROVIDER`].
    pub provider: &'static str,
    /// Versions of its state.
    pub versions: RangeInclusive<i64>,
    run: fn(Dyn, &mut Source) -> Result<Imported<M>, Diag>,
}

impl<M: Model> Move<M> {
    /// Creates the source that a struct describes.
    pub const fn of<P: Predecessor<Model = M>>() -> Self {
        Self { type_name: P::TYPE_NAME, provider: P::PROVIDER, versions: P::VERSIONS, run: run::<P> }
    }

    /// Returns whether it describes this state.
    pub(crate) fn fits(&self, source: &Source) -> bool {
        self.type_name == source.type_name
            && is_part_of(self.provider, &source.provider)
            && self.versions.contains(&source.version)
    }

    pub(crate) fn run(&self, state: Dyn, source: &mut Source) -> Result<Imported<M>, Diag> {
        (self.run)(state, source)
    }
}

impl<M: Model> fmt::Debug for Move<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Move").field("type_name", &self.type_name).finish_non_exhaustive()
    }
}

/// The state of another type, as a struct with the attributes that a move needs. Other attributes can be omitted.
///
/// ```
/// use tfkit::{Diag, Imported, Model, Move, Object, Predecessor, Source};
/// # use tfkit::Computed;
/// # /// A team.
/// # #[derive(Clone, Debug, Model)]
/// # #[model(name = "team")]
/// # pub struct Team {
/// #     /// Identifier of the team.
/// #     #[attr(key, stable)]
/// #     pub id: Computed<String>,
/// # }
///
/// /// A group, the former name of a team.
/// #[derive(Clone, Object)]
/// struct Group {
///     /// Identifier of the group, with a prefix.
///     id: String,
/// }
///
/// impl Predecessor for Group {
///     type Model = Team;
///     const TYPE_NAME: &'static str = "cloud_group";
///     const PROVIDER: &'static str = "acme/cloud";
///
///     fn take_over(self, _: &mut Source) -> Result<Imported<Team>, Diag> {
///         Ok(Imported::Key(TeamKey { id: self.id.trim_start_matches("group/").to_owned() }))
///     }
/// }
///
/// // In the implementation of `Resource`:
/// const MOVES: &[Move<Team>] = &[Move::of::<Group>()];
/// # assert_eq!(MOVES[0].type_name, "cloud_group");
/// ```
pub trait Predecessor: Object {
    /// The model of the new type.
    type Model: Model;

    /// Full name of the type, such as `cloud_group`.
    const TYPE_NAME: &'static str;

    /// Address of its provider, as far as it matters: `HOST/NAMESPACE/NAME`, `NAMESPACE/NAME` or `NAME`. Registries and
    /// mirrors have different hosts.
    const PROVIDER: &'static str;

    /// Versions of its state with these attributes.
    const VERSIONS: RangeInclusive<i64> = 0..=i64::MAX;

    /// Returns the object of the new type. Pure and offline: the provider may not be configured. With
    /// [`Imported::Key`], the next refresh reads everything else.
    fn take_over(self, source: &mut Source) -> Result<Imported<Self::Model>, Diag>;
}

fn run<P: Predecessor>(state: Dyn, source: &mut Source) -> Result<Imported<P::Model>, Diag> {
    read::<P>(state)?.take_over(source)
}

/// What a host knows about the object to move, besides its attributes.
#[derive(Clone, Debug)]
pub struct Source {
    /// Address of its provider, `HOST/NAMESPACE/NAME`.
    pub provider: String,
    /// Full name of its type.
    pub type_name: String,
    /// Version of its state.
    pub version: i64,
    /// Its identity as it was stored; null if it has none.
    pub identity: Dyn,
    pub(crate) private: Private,
}

impl Source {
    /// Returns a private value of the object, if this framework stored it.
    pub fn private(&self, name: &str) -> Option<&serde_json::Value> {
        self.private.get(name)
    }

    /// Stores a private value with the new state; see [`Cx::set_private`](crate::Cx::set_private).
    pub fn set_private(&mut self, name: &str, value: serde_json::Value) -> Result<(), Diag> {
        self.private.set(name, value)
    }
}

/// Returns whether an address ends with these parts.
pub(crate) fn is_part_of(pattern: &str, address: &str) -> bool {
    address.strip_suffix(pattern).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_part_of;

    #[test]
    fn the_end_of_an_address_identifies_a_provider() {
        let address = "registry.example.com/acme/cloud";
        let cases = [
            ("cloud", true),
            ("acme/cloud", true),
            (address, true),
            ("loud", false),
            ("me/cloud", false),
            ("other/cloud", false),
            ("registry.other.com/acme/cloud", false),
        ];
        for (pattern, expected) in cases {
            assert_eq!(is_part_of(pattern, address), expected, "{pattern}");
        }
    }
}

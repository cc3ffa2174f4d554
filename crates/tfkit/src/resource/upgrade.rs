//! Steps from an earlier version of a state or of an identity to the next one.

use crate::diag::Diag;
use crate::model::Object;
use crate::plan::complete_blocks;
use crate::schema::object_type;
use crate::value::{Dyn, Objects, Path, conform};

/// Upgrades a state or an identity from one version to the next.
///
/// A step between two structs is [`Upgrade::of`]. Write `run` yourself if a struct cannot describe what was stored.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade {
    /// The version that it reads. Its result has the next version.
    pub from: i64,
    /// The upgrade. Pure. Gets an object with the attributes as they were stored (numbers, strings, lists, maps).
    /// Attributes that it omits become null; attributes that the current schema does not have are dropped.
    pub run: fn(Dyn) -> Result<Dyn, Diag>,
}

impl Upgrade {
    /// Creates the step from an earlier version that a struct describes.
    ///
    /// ```
    /// use tfkit::{Computed, Diag, Earlier, Object, Upgrade};
    ///
    /// /// A team, as version 0 stored it.
    /// #[derive(Clone, Object)]
    /// struct TeamV0 {
    ///     /// Identifier of the team.
    ///     id: String,
    ///     /// Names of the members, separated by commas.
    ///     members: Option<String>,
    /// }
    ///
    /// /// A team, as version 1 stores it. The last step returns the model itself.
    /// #[derive(Clone, Object)]
    /// struct TeamV1 {
    ///     /// Identifier of the team.
    ///     id: String,
    ///     /// Names of the members.
    ///     members: Vec<String>,
    /// }
    ///
    /// impl Earlier for TeamV0 {
    ///     const VERSION: i64 = 0;
    ///     type Next = TeamV1;
    ///
    ///     fn upgrade(self) -> Result<TeamV1, Diag> {
    ///         let members = self.members.unwrap_or_default();
    ///         Ok(TeamV1 { id: self.id, members: members.split(',').map(str::to_owned).collect() })
    ///     }
    /// }
    ///
    /// const UPGRADES: &[Upgrade] = &[Upgrade::of::<TeamV0>()];
    /// assert_eq!(UPGRADES[0].from, 0);
    /// ```
    pub const fn of<E: Earlier>() -> Self {
        Self { from: E::VERSION, run: run::<E> }
    }
}

/// An earlier version of a model or of its identity, as a struct with the attributes of that time. Attributes that were
/// stored but are not needed can be omitted.
pub trait Earlier: Object {
    /// The version that it describes.
    const VERSION: i64;

    /// The next version: another earlier one, or the current model.
    type Next: Object;

    /// Returns the next version. Pure.
    fn upgrade(self) -> Result<Self::Next, Diag>;
}

fn run<E: Earlier>(stored: Dyn) -> Result<Dyn, Diag> {
    read::<E>(stored)?.upgrade().map(|next| next.to_object())
}

/// Reads a struct from attributes that were stored as JSON. They come from a state, so a misfit is not an error in the
/// configuration.
pub(super) fn read<O: Object>(stored: Dyn) -> Result<O, Diag> {
    let attributes = O::attributes();
    let mut stored = conform(stored, &object_type(&attributes), Objects::Lenient)
        .map_err(|error| unreadable(error.path, &error.problem.to_string()))?;
    complete_blocks(&attributes, &mut stored);
    O::from_object(&stored).map_err(|misfit| unreadable(misfit.path, &misfit.what))
}

fn unreadable(path: Path, problem: &str) -> Diag {
    let what = if path.is_root() { "The object".to_owned() } else { format!("{:?}", path.to_string()) };
    Diag::error("The stored attributes of the object cannot be read")
        .why(format!("{what} in the state: {problem}. Another version or another provider wrote it."))
        .fix("Use the version that wrote the state, or remove the object from the state and import it again.")
        .at(path)
}

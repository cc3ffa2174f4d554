//! Secrets that the host does not have to store.

use std::fmt;

use super::{Fields, IfSet, Misfits, Value};
use crate::check::Rule;
use crate::schema::{Attribute, Who};

/// The type of a field with `#[attr(twin)]`, which stands for three attributes: a value that is stored in the state,
/// its write-only twin, which is stored neither in a plan nor in a state, and the version of the twin.
///
/// The host does not store a write-only value and therefore cannot detect that it changed: a new version signals it.
/// If neither attribute is set, the value is not managed, as with [`IfSet`]; an imported value stays in the state
/// until something else changes.
///
/// ```
/// use tfkit::{Computed, Model, Secret, Twin};
///
/// /// A door with a code.
/// #[derive(Clone, Debug, PartialEq, Model)]
/// #[model(name = "door")]
/// pub struct Door {
///     /// Identifier of the door.
///     #[attr(key, stable)]
///     pub id: Computed<String>,
///     /// Code that opens it.
///     #[attr(twin = required, check = length(4..))]
///     pub code: Twin<Secret<String>>,
/// }
///
/// let names = <Door as tfkit::model::Object>::attributes().into_iter().map(|attribute| attribute.name);
/// assert_eq!(names.collect::<Vec<_>>(), ["id", "code", "code_wo", "code_wo_version"]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Twin<T> {
    stored: Option<T>,
    written: Option<T>,
    version: Option<i64>,
}

impl<T> Default for Twin<T> {
    fn default() -> Self {
        Self { stored: None, written: None, version: None }
    }
}

impl<T> From<T> for Twin<T> {
    /// A stored value, such as an imported one.
    fn from(value: T) -> Self {
        Self { stored: Some(value), written: None, version: None }
    }
}

/// Does not show the write-only value, whatever its type.
impl<T: fmt::Debug> fmt::Debug for Twin<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Twin")
            .field("stored", &self.stored)
            .field("written", &self.written.as_ref().map(|_| format_args!("***")))
            .field("version", &self.version)
            .finish()
    }
}

impl<T> Twin<T> {
    /// Returns the value that the user set in either attribute, which a creation sends. Read from a state, it is the
    /// stored value.
    pub fn value(&self) -> Option<&T> {
        self.stored.as_ref().or(self.written.as_ref())
    }

    /// Returns whether the value is write-only. Never true for one that was read from a state.
    pub fn is_written(&self) -> bool {
        self.written.is_some()
    }

    /// Returns what an update sends: the stored value if it differs, or the write-only one if its version differs or
    /// if it replaces a stored one.
    pub fn changed(&self, prior: &Self) -> Option<&T>
    where
        T: PartialEq,
    {
        match (&self.stored, &self.written) {
            (Some(stored), _) => Some(stored).filter(|_| self.stored != prior.stored),
            (None, Some(written)) => {
                Some(written).filter(|_| self.version != prior.version || prior.stored.is_some())
            }
            (None, None) => None,
        }
    }

    /// Maps the stored value. A value that is not stored is not added to the state.
    #[must_use]
    pub fn refreshed(&self, read: impl FnOnce(&T) -> T) -> Self {
        Self { stored: self.stored.as_ref().map(read), written: None, version: self.version }
    }
}

/// Fields of three attributes: only [`Twin`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an attribute with a write-only twin",
    label = "`#[attr(twin)]` requires the field type `Twin<…>`"
)]
pub trait Twinned: Sized {
    /// The value of both attributes.
    type Value: Value;

    /// Returns the attributes with their three names.
    fn attributes(names: Names, description: &str) -> [Attribute; 3];

    /// Reads them.
    fn read(fields: &Fields, names: Names) -> Result<Self, super::Misfit>;

    /// Writes them. The write-only one is always null.
    fn write(&self, fields: Fields, names: Names) -> Fields;
}

/// The names of the three attributes.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// The stored value, such as `code`.
    pub stored: &'static str,
    /// The write-only value, such as `code_wo`.
    pub written: &'static str,
    /// Its version, such as `code_wo_version`.
    pub version: &'static str,
}

impl Names {
    /// Collects what does not fit.
    pub fn check<F: Twinned>(self, misfits: Misfits<'_>) -> Misfits<'_> {
        misfits
            .check::<Option<F::Value>>(self.stored)
            .check::<Option<F::Value>>(self.written)
            .check::<Option<i64>>(self.version)
    }
}

/// Returns the rules over the three attributes. `both` names the two that hold the value; if `required`, one of them
/// must be set.
pub fn rules(
    required: bool,
    both: &'static [&'static str; 2],
    version: &'static str,
    written: &'static [&'static str; 1],
) -> [Rule; 2] {
    let spelling = if required { Rule::ExactlyOneOf(both) } else { Rule::AtMostOneOf(both) };
    [spelling, Rule::Requires(version, written)]
}

impl<T: Value> Twinned for Twin<T> {
    type Value = T;

    fn attributes(names: Names, description: &str) -> [Attribute; 3] {
        let Names { stored, written, version } = names;
        let about_written = format!(
            "Write-only alternative to `{stored}`: neither the plan nor the state contains it. Requires Terraform 1.11 \
             or OpenTofu 1.11. A change only takes effect together with a change of `{version}`."
        );
        let about_version = format!(
            "Version of `{written}`. Change it to send `{written}` again. Without a version, `{written}` is sent when \
             the object is created, and when it replaces `{stored}`."
        );
        let mut twin = Attribute::field::<Option<T>>(written, about_written);
        // The host never shows write-only values, and Terraform 1.11 reports a sensitive attribute that is null as a
        // change in `plan -refresh-only -detailed-exitcode`.
        (twin.write_only, twin.sensitive) = (true, false);
        let mut plain = Attribute::field::<IfSet<T>>(stored, description);
        plain.who = Who::IfSetOrImported(Some(written));
        [plain, twin, Attribute::field::<Option<i64>>(version, about_version)]
    }

    fn read(fields: &Fields, names: Names) -> Result<Self, super::Misfit> {
        Ok(Self {
            stored: fields.get(names.stored)?,
            written: fields.get(names.written)?,
            version: fields.get(names.version)?,
        })
    }

    fn write(&self, fields: Fields, names: Names) -> Fields {
        fields
            .with(names.stored, &self.stored)
            .with(names.written, &None::<T>)
            .with(names.version, &self.version)
    }
}

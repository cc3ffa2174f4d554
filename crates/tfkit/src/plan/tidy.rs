//! Tidying an author's result before anything else uses it.

use super::block::complete_blocks;
use super::spelling::keep_spelling;
use super::write_only::hide_write_only;
use crate::diag::Diag;
use crate::schema::Schema;
use crate::value::{Dyn, Objects, Path, Step, conform};

/// Conforms a result to its schema, keeps the earlier spelling, and removes write-only values. A result that does not
/// fit its schema is a bug in the provider.
pub(crate) fn tidy(schema: &Schema, earlier: &Dyn, now: Dyn) -> Result<Dyn, Diag> {
    let mut now = conform(now, &schema.ty(), Objects::Lenient).map_err(|error| {
        Diag::bug("The provider's result does not fit its own schema").trace(error.to_string()).at(error.path)
    })?;
    complete_blocks(&schema.attributes, &mut now);
    if let Some(path) = infinite(&now) {
        let summary = format!("The provider's result contains a number that is not finite: {path}");
        return Err(Diag::bug(summary).at(path));
    }
    keep_spelling(&schema.attributes, earlier, &mut now);
    hide_write_only(&schema.attributes, &mut now);
    Ok(now)
}

/// Returns the place of the first number that is infinite, or was NaN. State files have none.
fn infinite(value: &Dyn) -> Option<Path> {
    fn inside(step: Step, value: &Dyn) -> Option<Path> {
        let Path(mut steps) = infinite(value)?;
        steps.insert(0, step);
        Some(Path(steps))
    }
    match value {
        Dyn::Number(number) => (!number.is_finite()).then(Path::root),
        Dyn::List(elements) => {
            elements.iter().zip(0..).find_map(|(element, index)| inside(Step::Index(index), element))
        }
        Dyn::Map(members) => {
            members.iter().find_map(|(name, member)| inside(Step::Attribute(name.clone()), member))
        }
        Dyn::Typed(typed) => infinite(&typed.1),
        Dyn::Null | Dyn::Unknown | Dyn::Bool(_) | Dyn::String(_) => None,
    }
}

//! Tidying an author's result before anything else uses it.

use super::spelling::keep_spelling;
use super::write_only::hide_write_only;
use crate::diag::Diag;
use crate::schema::Schema;
use crate::value::{Dyn, Objects, conform};

/// Conforms a result to its schema, keeps the earlier spelling, and removes write-only values. A result that does not
/// fit its schema is a bug in the provider.
pub(crate) fn tidy(schema: &Schema, earlier: &Dyn, now: Dyn) -> Result<Dyn, Diag> {
    let mut now = conform(now, &schema.ty(), Objects::Lenient).map_err(|error| {
        Diag::bug("The provider's result does not fit its own schema").trace(error.to_string()).at(error.path)
    })?;
    keep_spelling(&schema.attributes, earlier, &mut now);
    hide_write_only(&schema.attributes, &mut now);
    Ok(now)
}

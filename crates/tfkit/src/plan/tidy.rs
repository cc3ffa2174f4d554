//! What becomes of an author's result before anything else looks at it.

use super::spelling::keep_spelling;
use super::write_only::hide_write_only;
use crate::diag::Diag;
use crate::schema::Schema;
use crate::value::{Dyn, Objects, conform};

/// Gives a result the form of its schema, the earlier spelling, and no write-only values. A result that does not
/// fit its schema is the provider's mistake.
pub(crate) fn tidy(schema: &Schema, earlier: &Dyn, now: Dyn) -> Result<Dyn, Diag> {
    let mut now = conform(now, &schema.ty(), Objects::Lenient).map_err(|error| {
        Diag::bug("The provider's result does not fit its own schema").trace(error.to_string()).at(error.path)
    })?;
    keep_spelling(&schema.attributes, earlier, &mut now);
    hide_write_only(&schema.attributes, &mut now);
    Ok(now)
}

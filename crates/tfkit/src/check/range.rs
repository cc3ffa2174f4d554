//! Bounds of numbers that may be fractions.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::value::Number;

/// Bounds, each of which may be excluded.
#[derive(Clone, Debug)]
pub(super) struct Range {
    least: Bound<Number>,
    most: Bound<Number>,
}

impl Range {
    pub(super) fn of(range: &impl RangeBounds<f64>) -> Self {
        Self {
            least: range.start_bound().map(|least| Number::shortest(*least)),
            most: range.end_bound().map(|most| Number::shortest(*most)),
        }
    }

    pub(super) fn contains(&self, number: &Number) -> bool {
        let (least, most) = (self.least.as_ref(), self.most.as_ref());
        (least, most).contains(number)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Bound::Included(least), Bound::Included(most)) = (&self.least, &self.most) {
            return write!(f, "{least} to {most}");
        }
        match &self.least {
            Bound::Included(least) => write!(f, "at least {least}")?,
            Bound::Excluded(least) => write!(f, "more than {least}")?,
            Bound::Unbounded => {}
        }
        if !matches!(self.least, Bound::Unbounded) && !matches!(self.most, Bound::Unbounded) {
            f.write_str(" and ")?;
        }
        match &self.most {
            Bound::Included(most) => write!(f, "at most {most}"),
            Bound::Excluded(most) => write!(f, "less than {most}"),
            Bound::Unbounded if matches!(self.least, Bound::Unbounded) => f.write_str("any size"),
            Bound::Unbounded => Ok(()),
        }
    }
}

//! Identifiers of ZenML as values of attributes.

use std::fmt;

use tfkit::field::{Misfit, Value};
use tfkit::{Dyn, Shape};
use zenml_api::Identifier;

/// An identifier as the value of an attribute.
///
/// A configuration must spell it as servers do, in lower case and with hyphens: any other spelling of the same
/// UUID would come back changed, and that would be a difference in each plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<I>(pub I);

impl<I> From<I> for Id<I> {
    fn from(id: I) -> Self {
        Self(id)
    }
}

impl<I: fmt::Display> fmt::Display for Id<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<I: Identifier> Value for Id<I> {
    fn shape() -> Shape {
        String::shape()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let text = String::from_known(value)?;
        let misfit = || Misfit::new(format!("must be the id of a {}, which is a UUID", I::NOUN));
        let id: I = text.parse().map_err(|_| {
            misfit().fix("An id looks like 0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11. A name does not work here.")
        })?;
        if id.to_string() != text {
            return Err(misfit().fix(format!("Write it as servers do: {id}")));
        }
        Ok(Self(id))
    }

    fn to_known(&self) -> Dyn {
        Dyn::string(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use zenml_api::TeamId;

    use super::*;

    #[test]
    fn an_id_is_spelled_as_servers_do_and_nothing_else_is_taken() {
        const TEAM: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
        let read = |text: &str| Id::<TeamId>::from_known(&Dyn::string(text));
        assert_eq!(read(TEAM).unwrap().to_known(), Dyn::string(TEAM));
        for text in ["", "alpha", &TEAM.to_uppercase(), &TEAM.replace('-', "")] {
            let misfit = read(text).unwrap_err();
            assert_eq!(misfit.what, "must be the id of a team, which is a UUID", "{text:?}");
            assert!(misfit.fix.is_some());
        }
    }
}

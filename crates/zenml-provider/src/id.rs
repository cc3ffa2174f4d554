//! Identifiers of ZenML as attribute values.

use std::fmt;

use tfkit::field::{Misfit, Value};
use tfkit::{Dyn, Shape};
use zenml_api::{Identifier, with_article};

/// An identifier as an attribute value.
///
/// A configuration must spell it as servers do, in lower case and with hyphens. Servers would return any other
/// spelling of the same UUID changed, and every plan would show a difference. The plan checks this and not the
/// validation, because mocked providers generate ids in another form.
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
        let misfit =
            || Misfit::new(format!("must be the id of {}, which is a UUID", with_article(I::NOUN))).in_plan();
        let id: I = text.parse().map_err(|_| {
            misfit().fix("An id looks like 0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11. A name does not work here.")
        })?;
        if id.to_string() != text {
            return Err(misfit().fix(format!("Write it in lower case with hyphens: {id}")));
        }
        Ok(Self(id))
    }

    fn to_known(&self) -> Dyn {
        Dyn::string(self.0.to_string())
    }
}

/// An identifier, or an empty string, which means the same as null. Modules pass empty strings through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdOrEmpty<I>(pub Option<I>);

impl<I: Identifier> Value for IdOrEmpty<I> {
    fn shape() -> Shape {
        String::shape()
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        match value {
            Dyn::String(text) if text.is_empty() => Ok(Self(None)),
            _ => Id::from_known(value).map(|id| Self(Some(id.0))),
        }
    }

    fn to_known(&self) -> Dyn {
        self.0.as_ref().map_or_else(|| Dyn::string(""), |id| Dyn::string(id.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use zenml_api::TeamId;

    use super::*;

    #[test]
    fn an_id_must_be_spelled_as_servers_do() {
        const TEAM: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
        let read = |text: &str| Id::<TeamId>::from_known(&Dyn::string(text));
        assert_eq!(read(TEAM).unwrap().to_known(), Dyn::string(TEAM));
        for text in ["", "alpha", &TEAM.to_uppercase(), &TEAM.replace('-', "")] {
            let misfit = read(text).unwrap_err();
            assert_eq!(misfit.what, "must be the id of a team, which is a UUID", "{text:?}");
            assert!(misfit.fix.is_some());
        }
    }

    #[test]
    fn an_empty_string_can_mean_no_id() {
        const TEAM: &str = "0f4c3b1e-6a52-4f0e-9d6b-2f1f0d3c7a11";
        for text in ["", TEAM] {
            let read = IdOrEmpty::<TeamId>::from_known(&Dyn::string(text)).unwrap();
            assert_eq!((read.0.is_none(), read.to_known()), (text.is_empty(), Dyn::string(text)));
        }
        assert!(IdOrEmpty::<TeamId>::from_known(&Dyn::string("alpha")).is_err());
    }
}

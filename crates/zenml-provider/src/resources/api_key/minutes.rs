//! Durations in whole minutes, as the API counts them.

use std::borrow::Cow;
use std::fmt;

use tfkit::field::{Facts, Misfit, Value};
use tfkit::timeouts::Span;
use tfkit::{Dyn, Shape};

/// A duration in the user's spelling, such as `720h` or `90m`. It is checked in the plan, because a value from a mock is
/// not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minutes {
    text: String,
    minutes: i64,
}

impl Minutes {
    /// Returns the number of minutes.
    pub fn count(&self) -> i64 {
        self.minutes
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Value for Minutes {
    fn shape() -> Shape {
        String::shape()
    }

    fn facts() -> Facts {
        Facts { same: Some(same_duration), ..Facts::default() }
    }

    fn from_known(value: &Dyn) -> Result<Self, Misfit> {
        let text = String::from_known(value)?;
        let misfit = |what: &str| {
            Misfit::new(what)
                .fix("Use numbers with the units h and m, for example \"720h\", \"90m\" or \"1h30m\".")
                .in_plan()
        };
        let duration =
            Span::from_known(value).map_err(|_| misfit("must be a duration with units"))?.duration();
        if duration.subsec_nanos() != 0 || duration.as_secs() % 60 != 0 {
            return Err(misfit("must be a duration of whole minutes"));
        }
        let minutes = i64::try_from(duration.as_secs() / 60).map_err(|_| misfit("is too long"))?;
        Ok(Self { text, minutes })
    }

    fn to_known(&self) -> Dyn {
        Dyn::string(self.text.as_str())
    }
}

/// Compares durations: `1h` and `60m` are the same.
fn same_duration(value: &Dyn) -> Cow<'_, Dyn> {
    match Minutes::from_known(value) {
        Ok(minutes) => Cow::Owned(Dyn::string(format!("{}m", minutes.minutes))),
        Err(_) => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_whole_minutes() {
        let read = |text: &str| Minutes::from_known(&Dyn::string(text)).ok().map(|minutes| minutes.count());
        for (text, expected) in [
            ("720h", Some(43_200)),
            ("90m", Some(90)),
            ("1h30m", Some(90)),
            ("1.5h", Some(90)),
            ("120s", Some(2)),
            ("90s", None),
            ("500ms", None),
            ("30d", None),
            ("30", None),
            ("0m", None),
            ("-5m", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(same_duration(&"1h30m".into()), same_duration(&"90m".into()));
        assert_ne!(same_duration(&"1h".into()), same_duration(&"90m".into()));
    }
}

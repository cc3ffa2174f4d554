//! Log levels, as set in the host's environment variables.

use tracing::level_filters::LevelFilter;

/// The log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(LevelFilter);

impl Level {
    /// Reads the first setting that is not empty. Without one, the provider is silent. Like the host, it treats
    /// `JSON` and unknown values as the most verbose level.
    pub(crate) fn first<'a>(settings: impl IntoIterator<Item = &'a str>) -> Self {
        let setting = settings.into_iter().find(|setting| !setting.is_empty());
        Self(match setting.map(str::to_ascii_uppercase).as_deref() {
            None | Some("OFF") => LevelFilter::OFF,
            Some("ERROR") => LevelFilter::ERROR,
            Some("WARN") => LevelFilter::WARN,
            Some("INFO") => LevelFilter::INFO,
            Some("DEBUG") => LevelFilter::DEBUG,
            Some(_) => LevelFilter::TRACE,
        })
    }

    /// Returns the filter; `None` if the provider is silent.
    pub(crate) fn filter(self) -> Option<LevelFilter> {
        (self.0 != LevelFilter::OFF).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_setting_that_is_not_empty_counts() {
        for (settings, expected) in [
            (vec![], LevelFilter::OFF),
            (vec!["", ""], LevelFilter::OFF),
            (vec!["off", "TRACE"], LevelFilter::OFF),
            (vec!["", "warn", "TRACE"], LevelFilter::WARN),
            (vec!["Debug"], LevelFilter::DEBUG),
            (vec!["INFO"], LevelFilter::INFO),
            (vec!["ERROR"], LevelFilter::ERROR),
            (vec!["JSON"], LevelFilter::TRACE),
            (vec!["whatever"], LevelFilter::TRACE),
        ] {
            assert_eq!(Level::first(settings.iter().copied()).0, expected, "{settings:?}");
        }
    }
}

//! Object counts of the platform, to prove that a destroy leaves nothing behind.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// Counts by noun, including grants.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Census(BTreeMap<String, u64>);

impl Census {
    /// Returns every noun whose count changed, one line each.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        let nouns = self.0.keys().chain(after.0.keys().filter(|noun| !self.0.contains_key(*noun)));
        nouns
            .filter_map(|noun| {
                let (was, is) = (self.count(noun), after.count(noun));
                (was != is).then(|| format!("{noun}: {was} before, {is} after"))
            })
            .collect()
    }

    /// Returns the counts with one more of each of these nouns.
    #[must_use]
    pub fn with_one_more(&self, nouns: &[&str]) -> Self {
        let mut counts = self.0.clone();
        for noun in nouns {
            *counts.entry((*noun).to_owned()).or_default() += 1;
        }
        Self(counts)
    }

    fn count(&self, noun: &str) -> u64 {
        self.0.get(noun).copied().unwrap_or_default()
    }
}

impl fmt::Display for Census {
    /// Lists the counts, then the nouns without objects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (some, none): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, count)| **count > 0);
        let some: Vec<String> =
            some.into_iter().map(|(noun, count)| format!("{} {count}", words(noun))).collect();
        let none: Vec<String> = none.into_iter().map(|(noun, _)| words(noun)).collect();
        match (some.is_empty(), none.is_empty()) {
            (false, false) => write!(f, "{}, no {}", some.join(", "), none.join(", no ")),
            (_, true) => f.write_str(&some.join(", ")),
            (true, _) => write!(f, "no {}", none.join(", no ")),
        }
    }
}

fn words(noun: &str) -> String {
    noun.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(counts: &[(&str, u64)]) -> Census {
        Census(counts.iter().map(|(noun, count)| ((*noun).to_owned(), *count)).collect())
    }

    #[test]
    fn every_changed_noun_is_listed_including_new_and_missing_ones() {
        let before = census(&[("teams", 0), ("roles", 14), ("users", 6)]);
        let after = census(&[("teams", 1), ("roles", 14), ("grants", 2)]);
        assert_eq!(
            before.differences(&after),
            ["teams: 0 before, 1 after", "users: 6 before, 0 after", "grants: 0 before, 2 after"]
        );
        assert_eq!(before.differences(&before), Vec::<String>::new());
        let more = census(&[("teams", 1), ("roles", 14), ("users", 6), ("grants", 1)]);
        assert_eq!(before.with_one_more(&["teams", "grants"]).differences(&more), Vec::<String>::new());
    }

    #[test]
    fn it_prints_counts_and_nouns_without_objects() {
        for (counts, printed) in [
            (&[("share", 0), ("role", 14), ("team_member", 0)][..], "role 14, no share, no team member"),
            (&[("role", 14), ("account", 2)], "account 2, role 14"),
            (&[("share", 0)], "no share"),
        ] {
            assert_eq!(census(counts).to_string(), printed);
        }
    }
}

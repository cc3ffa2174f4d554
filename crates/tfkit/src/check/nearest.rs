//! Suggestions for misspelled words.

/// A word matches when at most one in three of its letters differs.
const ALIKE: usize = 3;

/// Returns the word with the most similar spelling, or `None` if no word is similar. Case, hyphens, underscores and
/// spaces are ignored.
pub fn nearest<'a>(written: &str, words: &[&'a str]) -> Option<&'a str> {
    // A much longer text is not one of the words, and comparing it would take long.
    let longest = words.iter().map(|word| word.len()).max()?;
    if written.len() > 4 * longest + 64 {
        return None;
    }
    let plain = |text: &str| text.trim().to_lowercase().replace(['-', ' ', '_'], "");
    let written = plain(written);
    let distances = words.iter().map(|word| (distance(&written, &plain(word)), *word));
    let (least, word) = distances.min_by_key(|(distance, _)| *distance)?;
    (least * ALIKE <= word.chars().count()).then_some(word)
}

/// Returns the Levenshtein distance: how many letters to insert, delete or replace to turn one string into the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (place, counterpart) in other.iter().enumerate() {
            let exchanged = diagonal + usize::from(letter != *counterpart);
            diagonal = row[place + 1];
            row[place + 1] = exchanged.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_word_finds_its_match_and_an_unrelated_one_does_not() {
        let words = ["orchestrator", "artifact_store", "alerter", "read", "write"];
        let cases = [
            ("ORCHESTRATOR", Some("orchestrator")),
            ("orchestator", Some("orchestrator")),
            ("artifact-store", Some("artifact_store")),
            ("Artifact Store ", Some("artifact_store")),
            ("artifactstores", Some("artifact_store")),
            ("raed", None),
            ("reed", Some("read")),
            ("writes", Some("write")),
            ("", None),
            ("database", None),
            (&"orchestrator".repeat(1 << 14), None),
        ];
        for (written, expected) in cases {
            assert_eq!(nearest(written, &words), expected, "{written:?}");
        }
    }
}

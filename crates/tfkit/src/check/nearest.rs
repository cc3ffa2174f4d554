//! Which word was meant.

/// Words that differ in more than a third of their letters are not taken for each other.
const ALIKE: usize = 3;

/// The word that is spelled most like a written one; none where no word is like it. Upper and lower case, hyphens and
/// blanks make no difference.
pub fn nearest<'a>(written: &str, words: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.trim().to_lowercase().replace(['-', ' ', '_'], "");
    let written = plain(written);
    let distances = words.iter().map(|word| (distance(&written, &plain(word)), *word));
    let (least, word) = distances.min_by_key(|(distance, _)| *distance)?;
    (least * ALIKE <= word.chars().count()).then_some(word)
}

/// How many letters must be put in, taken out or exchanged to make one text of another (Levenshtein distance).
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
    fn a_misspelled_word_is_recognized_and_another_one_is_not() {
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
        ];
        for (written, expected) in cases {
            assert_eq!(nearest(written, &words), expected, "{written:?}");
        }
    }
}

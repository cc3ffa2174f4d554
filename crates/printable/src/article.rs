//! Nouns in sentences.

use std::fmt;

/// Words with their indefinite article, chosen by the sound of their beginning: `a team`, `an organization`, `a user`,
/// `an hour`, `an MLflow tracker`. The alternate form, `{:#}`, begins a sentence: `An organization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct A<T>(pub T);

impl<T: fmt::Display> fmt::Display for A<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.to_string();
        let article = match (begins_with_a_vowel(&words), f.alternate()) {
            (true, true) => "An",
            (true, false) => "an",
            (false, true) => "A",
            (false, false) => "a",
        };
        write!(f, "{article} {words}")
    }
}

/// Returns whether the words begin with the sound of a vowel.
fn begins_with_a_vowel(words: &str) -> bool {
    let first = words.split(|character: char| !character.is_alphanumeric()).find(|word| !word.is_empty());
    let first = first.unwrap_or_default();
    // Two capitals are the names of letters, as in "an S3 store" and "a URL"; one is an ordinary word.
    let is_spelled = first.chars().count() == 1
        || first.chars().nth(1).is_some_and(|second| second.is_uppercase() || second.is_ascii_digit());
    if is_spelled && first.starts_with(char::is_uppercase) {
        return first.starts_with(['A', 'E', 'F', 'H', 'I', 'L', 'M', 'N', 'O', 'R', 'S', 'X']);
    }
    let word = first.to_lowercase();
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| word.starts_with(beginning));
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        return begins(&["8", "11", "18"]);
    }
    if begins(&["hour", "honest", "honor", "heir"]) {
        return true;
    }
    let like_you =
        ["eu", "ewe", "ubi", "unic", "unif", "unil", "union", "uniq", "unit", "univ", "ura", "uri", "url"];
    let like_you_too = ["usa", "use", "usi", "usu", "ute", "uti", "uto", "uu"];
    if begins(&like_you) || begins(&like_you_too) || matches!(word.as_str(), "u" | "one" | "once") {
        return false;
    }
    word.starts_with(['a', 'e', 'i', 'o', 'u'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_follows_the_sound_of_the_word() {
        let a = "team workspace stack user unit unique-name UUID uuid URL url one-time-key European USB utility \
                 service-connector project role tag 7-day zenml_team union";
        let an = "organization artifact-store orchestrator alerter experiment-tracker image-builder annotator object \
                  identity API MLflow S3 SSH-key hour honest update unknown uninstalled unnamed id 8-bit 11 ID X";
        for (words, article) in [(a, "a"), (an, "an")] {
            for word in words.split_whitespace() {
                assert_eq!(A(word).to_string(), format!("{article} {word}"));
            }
        }
        assert_eq!(format!("{:#} exists", A("organization role")), "An organization role exists");
        assert_eq!(format!("{:#}", A("")), "A ");
    }
}

//! Keeping secrets out of what a user is told, where a server may repeat them.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfkit::Diag;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// Shorter values are words or numbers that any text may hold, and guard nothing.
const SHORTEST: usize = 3;

/// From this length on a value is hidden inside of words too.
const LONG: usize = 6;

/// Parts of a long value, such as the lines of a key, are hidden from this length on.
const LONG_PART: usize = 8;

/// Values that no message may show.
#[derive(Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets(***)")
    }
}

impl Secrets {
    /// These values, and what can be recognized of them: their lines, and the texts in a JSON document.
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = BTreeSet::new();
        for value in values {
            if value.chars().count() >= SHORTEST && !matches!(value, "true" | "false" | "null") {
                all.insert(value.to_owned());
            }
            parts(value, &mut all);
            if let Ok(document @ (Json::Object(_) | Json::Array(_))) = serde_json::from_str(value) {
                leaves(&document, &mut all);
            }
        }
        let mut all: Vec<String> = all.into_iter().collect();
        // The longest first: a shorter value may be a part of it.
        all.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(all)
    }

    /// The text without the values.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| without(&text, secret))
    }

    /// The diagnostic without the values in what the server said, which only its `why` repeats.
    pub fn hide_in(&self, mut diag: Diag) -> Diag {
        diag.why = diag.why.map(|why| self.hide(&why));
        diag
    }
}

/// The lines of a value, also as an escaped text has them.
fn parts(value: &str, all: &mut BTreeSet<String>) {
    let lines = value.split(['\n', '\r']).flat_map(|line| line.split("\\n"));
    all.extend(lines.map(str::trim).filter(|line| line.len() >= LONG_PART).map(str::to_owned));
}

fn leaves(document: &Json, all: &mut BTreeSet<String>) {
    match document {
        Json::String(text) => parts(text, all),
        Json::Array(elements) => elements.iter().for_each(|element| leaves(element, all)),
        Json::Object(members) => members.values().for_each(|member| leaves(member, all)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn without(text: &str, secret: &str) -> String {
    let anywhere = secret.chars().count() >= LONG;
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(place) = rest.find(secret) {
        let (before, after) = (&rest[..place], &rest[place + secret.len()..]);
        let last = before.chars().next_back().or_else(|| shown.chars().next_back());
        shown.push_str(before);
        let alone = !is_word(last) && !is_word(after.chars().next());
        shown.push_str(if anywhere || alone { HIDDEN } else { secret });
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_however_a_server_repeats_it() {
        let key = "-----BEGIN-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END-----";
        let json = r#"{"client_email":"robot@example.com","private_key":"MIIEabcdefgh\nijklmnopqrst"}"#;
        let cases = [
            ("AKIA1234567890", "InvalidClientTokenId: AKIA1234567890.", "InvalidClientTokenId: (hidden)."),
            ("AKIA1234567890", "xAKIA1234567890x", "x(hidden)x"),
            ("abc", "abc is not in abcdef", "(hidden) is not in abcdef"),
            ("abc", "'abc'", "'(hidden)'"),
            ("true", "must be true", "must be true"),
            ("1", "referenced by 1 component", "referenced by 1 component"),
            (key, "bad line MIIEvQIBADANBg", "bad line (hidden)"),
            (json, "no account robot@example.com", "no account (hidden)"),
            (json, "cannot read ijklmnopqrst", "cannot read (hidden)"),
            ("", "nothing", "nothing"),
        ];
        for (secret, text, shown) in cases {
            assert_eq!(Secrets::of([secret]).hide(text), shown, "{secret:?}");
        }
    }

    #[test]
    fn a_secret_inside_of_another_one_leaves_no_rest() {
        assert_eq!(Secrets::of(["pass", "password1"]).hide("it is password1"), "it is (hidden)");
    }
}

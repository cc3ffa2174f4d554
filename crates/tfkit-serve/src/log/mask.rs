//! Secrets that must not be read in any line.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Shorter values are no secrets, such as the `1` of a header: any text holds them, so masking them would tear holes into
/// each line, and the holes would tell the values.
const SHORTEST: usize = 4;

/// Longest first, so that a secret inside another one does not leave the rest of it readable.
static SECRETS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Replaces `secret` by `***` in every log line and every message to the user from now on. Lines of a secret
/// of several lines are replaced one by one too. A secret, or a line of one, of less than four characters changes nothing.
pub fn mask(secret: &str) {
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    // A file may begin with a byte-order mark, which is no part of the secret.
    let trim = |text: &'_ str| {
        text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}').to_owned()
    };
    for part in std::iter::once(trim(secret)).chain(secret.lines().map(trim)) {
        // Text that was formatted for debugging shows quotes and backslashes escaped.
        let escaped = part.escape_debug().to_string();
        for form in [part.clone(), escaped] {
            if part.chars().count() >= SHORTEST && !secrets.contains(&form) {
                secrets.push(form);
            }
        }
    }
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
}

/// The text without secrets.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter() {
        if text.contains(secret.as_str()) {
            text = Cow::Owned(text.replace(secret.as_str(), MASK));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_in_every_form() {
        mask("");
        mask("1");
        mask("\u{feff}mask-test-marked\r\n");
        mask("mask-test-inner");
        mask("mask-test-inner-and-outer");
        mask("mask\"test\\quoted");
        mask("mask-test-first-line\nmask-test-second-line\n");
        for (text, expected) in [
            ("nothing to hide", "nothing to hide"),
            ("attempt 1 of 11", "attempt 1 of 11"),
            ("key=mask-test-marked.", "key=***."),
            ("key=mask-test-inner.", "key=***."),
            ("key=mask-test-inner-and-outer.", "key=***."),
            ("a mask\"test\\quoted b", "a *** b"),
            (r#"a mask\"test\\quoted b"#, "a *** b"),
            ("mask-test-first-line\nmask-test-second-line", "***"),
            ("only mask-test-second-line", "only ***"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}

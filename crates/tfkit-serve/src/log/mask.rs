//! Masking of secrets in log lines and messages.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// The replacement of a secret.
const MASK: &str = "***";

/// Minimum length of a secret. Shorter values, such as the `1` of a header, occur in any text: masking them would
/// damage every line and reveal the values.
const SHORTEST: usize = 4;

/// Longest first, so that a secret inside another one does not leave the rest readable.
static SECRETS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Replaces `secret` with `***` in every log line and every message to the user from now on. The lines of a
/// multi-line secret are also replaced one by one. Secrets and lines shorter than four characters are ignored.
pub fn mask(secret: &str) {
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    // A file may begin with a byte-order mark, which is not part of the secret.
    let trim = |text: &'_ str| {
        text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}').to_owned()
    };
    for part in std::iter::once(trim(secret)).chain(secret.lines().map(trim)) {
        // Debug output escapes quotes and backslashes.
        let escaped = part.escape_debug().to_string();
        for form in [part.clone(), escaped] {
            if part.chars().count() >= SHORTEST && !secrets.contains(&form) {
                secrets.push(form);
            }
        }
    }
    secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
}

/// Returns the text without secrets.
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

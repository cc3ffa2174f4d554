//! Masking of secrets in log lines and messages.

use std::borrow::Cow;
use std::sync::{LazyLock, PoisonError, RwLock};

use printable::mask::Secrets;

static SECRETS: LazyLock<RwLock<Option<Secrets>>> = LazyLock::new(RwLock::default);

/// Masks `secret` in every log line and every message to the user from now on, in all the forms that
/// [`printable::mask`] knows. A secret that is [too short](printable::mask::is_too_short) is not masked.
pub fn mask(secret: &str) {
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    secrets.get_or_insert_default().add(secret);
}

/// Returns the text without secrets.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    secrets.as_ref().map_or(Cow::Borrowed(text), |secrets| Cow::Owned(secrets.hide(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_every_form_and_short_ones_damage_nothing() {
        mask("");
        mask("1");
        mask("t");
        mask("\u{feff}mask-test-marked\r\n");
        mask("mask-test-inner");
        mask("mask-test-inner-and-outer");
        mask("mask\"test\\quoted");
        mask("mask-test-first-line\nmask-test-second-line\n");
        for (text, expected) in [
            ("nothing to hide", "nothing to hide"),
            ("attempt 1 of 11", "attempt 1 of 11"),
            ("Run terraform apply -target=t", "Run terraform apply -target=t"),
            ("key=mask-test-marked.", "key=(hidden)."),
            ("key=mask-test-inner.", "key=(hidden)."),
            ("key=mask-test-inner-and-outer.", "key=(hidden)."),
            ("a mask\"test\\quoted b", "a (hidden) b"),
            (r#"a mask\"test\\quoted b"#, "a (hidden) b"),
            ("mask-test-first-line\nmask-test-second-line", "(hidden)"),
            ("only mask-test-second-line", "only (hidden)"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}

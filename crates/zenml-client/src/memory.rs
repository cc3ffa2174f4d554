//! What a client has sent, read and been told of as secret: a server may repeat it at any later time.

use std::collections::VecDeque;

use crate::mask::{Secrets, hide};

/// A part is full at this many values.
const VALUES: usize = 1024;

/// A part is full at this many bytes of values too.
const BYTES: usize = 256 * 1024;

/// Parts that are kept; the oldest one is forgotten first.
const PARTS: usize = 16;

/// From this length on any value is kept. A shorter one is kept unless it is a plain word or a number: the texts of
/// other calls are full of those (`local`, `default`, `8080`), and an error that hides its own words helps nobody.
const LONG: usize = 8;

/// The shortest value that is kept at all.
const SHORTEST: usize = 4;

/// All secrets that a client knows.
#[derive(Default)]
pub(crate) struct Memory {
    /// Credentials and sessions, which are never forgotten.
    forever: Secrets,
    parts: VecDeque<Part>,
}

#[derive(Default)]
struct Part {
    secrets: Secrets,
    values: usize,
    bytes: usize,
}

impl Memory {
    pub(crate) fn new(forever: Secrets) -> Self {
        Self { forever, parts: VecDeque::new() }
    }

    /// Keeps a credential or a session.
    pub(crate) fn keep(&mut self, secret: &str) {
        self.forever.add(secret);
    }

    /// Keeps what was secret in a request, an answer, or a state, as long as there is room.
    pub(crate) fn remember<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        for secret in secrets {
            let is_known = self.forever.has(secret) || self.parts.iter().any(|part| part.secrets.has(secret));
            if is_known || !is_telling(secret) {
                continue;
            }
            if self.parts.back().is_none_or(|part| part.values >= VALUES || part.bytes >= BYTES) {
                self.parts.push_back(Part::default());
            }
            if self.parts.len() > PARTS {
                self.parts.pop_front();
            }
            if let Some(part) = self.parts.back_mut() {
                part.secrets.add(secret);
                part.values += 1;
                part.bytes += secret.len();
            }
        }
    }

    /// A text of a server without all that is known, and without the secrets of the request that it answers.
    pub(crate) fn hide(&self, text: &str, sent: &Secrets) -> String {
        let parts = self.parts.iter().map(|part| &part.secrets);
        hide([&self.forever, sent].into_iter().chain(parts), text)
    }
}

/// Whether a value tells something wherever it stands.
fn is_telling(secret: &str) -> bool {
    let secret = secret.trim();
    let length = secret.chars().count();
    let is_plain =
        secret.chars().all(char::is_lowercase) || secret.chars().all(|digit| digit.is_ascii_digit());
    length >= LONG || (length >= SHORTEST && !is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_secret_once_is_hidden_later_unless_it_is_a_word_that_any_text_holds() {
        let mut memory = Memory::default();
        memory.remember(["correct-horse", "hunter2", "local", "8080", "eu", "{{a.b}}", "swordfish"]);
        let shown = memory.hide("correct-horse hunter2 local 8080 eu {{a.b}} swordfish", &Secrets::default());
        assert_eq!(shown, "(hidden) (hidden) local 8080 eu {{a.b}} (hidden)");
    }

    #[test]
    fn the_oldest_secrets_are_forgotten_when_there_are_too_many_and_a_credential_never() {
        let mut memory = Memory::new(Secrets::of(["the-credential"]));
        let all: Vec<String> = (0..=VALUES * PARTS).map(|number| format!("secret-{number:06}")).collect();
        memory.remember(all.iter().map(String::as_str));
        memory.remember(all.iter().skip(VALUES).map(String::as_str));
        assert_eq!(memory.parts.len(), PARTS);
        let last = all.last().unwrap();
        let shown = memory.hide(&format!("the-credential {} {last}", all[0]), &Secrets::default());
        assert_eq!(shown, format!("(hidden) {} (hidden)", all[0]));
    }
}

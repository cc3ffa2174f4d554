//! Secrets that a client has sent, read or received. A server may repeat them at any later time.

use std::collections::VecDeque;

use printable::mask::{Secrets, hide};

/// Maximum number of values in a part.
const VALUES: usize = 1024;

/// Maximum size of a part, in bytes of values.
const BYTES: usize = 256 * 1024;

/// Maximum number of parts. The oldest one is dropped first.
const PARTS: usize = 16;

/// From this length on, any value is kept. A shorter one is kept unless it is a plain word or a number: those occur
/// in many texts (`local`, `default`, `8080`), and masking them would make errors unreadable.
const LONG: usize = 8;

/// Minimum length of values.
const SHORTEST: usize = 4;

/// All secrets that a client knows.
#[derive(Default)]
pub(crate) struct Memory {
    /// Credentials and sessions, which are never dropped.
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

    /// Keeps the secrets of a request, a response, or a state, until they are displaced.
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

    /// Masks all known secrets, and those of the request, in a text of a server.
    pub(crate) fn hide(&self, text: &str, sent: &Secrets) -> String {
        let parts = self.parts.iter().map(|part| &part.secrets);
        hide([&self.forever, sent].into_iter().chain(parts), text)
    }
}

/// Returns whether a value is specific enough to be masked anywhere.
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
    fn an_earlier_secret_is_masked_later_unless_it_is_a_common_word() {
        let mut memory = Memory::default();
        memory.remember(["correct-horse", "hunter2", "local", "8080", "eu", "{{a.b}}", "swordfish"]);
        let shown = memory.hide("correct-horse hunter2 local 8080 eu {{a.b}} swordfish", &Secrets::default());
        assert_eq!(shown, "(hidden) (hidden) local 8080 eu {{a.b}} (hidden)");
    }

    #[test]
    fn the_oldest_secrets_are_dropped_when_there_are_too_many_but_never_a_credential() {
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

//! The names of two keys while one replaces the other.
//!
//! Names are unique in an account. With `create_before_destroy`, the new key is created while the old one still has
//! the name. It gets a temporary name that contains the id of the old key. The deletion of the old key gives it the
//! name. If the run is interrupted in between, the next plan shows the temporary name, and its apply corrects it.

use zenml_api::control::service_account::ApiKey;
use zenml_api::{ApiKeyId, Identifier as _};

/// The longest name, in characters.
pub(super) const LONGEST: usize = 50;

/// Returns the temporary name of a key until the holder of its name is deleted.
pub(super) fn waiting(name: &str, holder: ApiKeyId) -> String {
    let mark = mark(holder);
    shortened(name, &mark) + &mark
}

/// Returns the name that a key waits for until its holder is deleted; `None` if it does not wait for it. `held` is the
/// holder's name: if it is long, the temporary name contains only its beginning.
pub(super) fn awaited(name: &str, holder: ApiKeyId, held: &str) -> Option<String> {
    let mark = mark(holder);
    let kept = name.strip_suffix(&mark)?;
    Some(if shortened(held, &mark) == kept { held } else { kept }.to_owned())
}

fn mark(holder: ApiKeyId) -> String {
    let id = holder.uuid().simple().to_string();
    format!(" (after {})", &id[..8])
}

/// Returns as much of a name as fits before a mark.
fn shortened(name: &str, mark: &str) -> String {
    name.chars().take(LONGEST - mark.len()).collect()
}

/// The name that a new key can have now.
#[derive(Debug)]
pub(super) struct Free<'a> {
    pub(super) name: String,
    /// The key that has the wanted name.
    pub(super) holder: Option<&'a ApiKey>,
}

/// Returns the name for a new key among the others of its account: the wanted one if it is free.
pub(super) fn free<'a>(wanted: &str, others: &'a [ApiKey]) -> Free<'a> {
    let holder_of = |name: &str| others.iter().find(|key| key.name == name);
    let holder = holder_of(wanted);
    let mut name = wanted.to_owned();
    // Each key can be waited for once, so this ends.
    let mut next = holder;
    while let Some(key) = next {
        name = waiting(wanted, key.id);
        next = holder_of(&name);
    }
    Free { name, holder }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> ApiKey {
        ApiKey {
            id: ApiKeyId::random(),
            name: name.to_owned(),
            description: None,
            active: true,
            key: None,
            expires_at: None,
            last_login: None,
            last_rotated: None,
            created: None,
            updated: None,
        }
    }

    #[test]
    fn a_taken_name_is_marked_with_its_holder_and_never_too_long() {
        let first = key("ci");
        assert_eq!(free("ci", &[]).name, "ci");
        let second = key(&waiting("ci", first.id));
        let third = waiting("ci", second.id);
        let keys = [first, second];
        assert_eq!(free("ci", &keys[..1]).name, keys[1].name);
        let found = free("ci", &keys);
        assert_eq!((found.name.as_str(), found.holder.map(|key| key.id)), (third.as_str(), Some(keys[0].id)));
        let long = "ä".repeat(LONGEST);
        assert_eq!(waiting(&long, keys[0].id).chars().count(), LONGEST);
    }

    #[test]
    fn a_name_is_awaited_from_the_marked_holder_even_if_it_has_another_name_now() {
        let (holder, other) = (ApiKeyId::random(), ApiKeyId::random());
        let long = "ä".repeat(LONGEST);
        for (wanted, held, expected) in [
            ("ci", "ci", "ci"),
            ("ci", "renamed", "ci"),
            ("ci", "ci (after 0f4c3b1e)", "ci"),
            (&long, &long, &long),
        ] {
            let name = waiting(wanted, holder);
            assert_eq!(awaited(&name, holder, held).as_deref(), Some(expected), "{name} {held}");
            assert_eq!(awaited(&name, other, held), None);
        }
        assert_eq!(awaited("ci", holder, "ci"), None);
    }
}

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
    let id = holder.uuid().simple().to_string();
    let mark = format!(" (after {})", &id[..8]);
    let kept: String = name.chars().take(LONGEST - mark.len()).collect();
    kept + &mark
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
}

//! Sessions of browsers in which a person has signed in.
//!
//! They are in memory and short. A session holds the root of the login, so that it ends with the account's password.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zenml_api::Sensitive;

use crate::crypto::{Vault, random_string};
use crate::token::Root;

/// Maximum number of sessions; beyond it, the oldest one ends.
const MOST: usize = 1000;

/// The cookie of a browser: a random string.
#[derive(Clone, Debug)]
pub(crate) struct Cookie(Sensitive<String>);

impl Cookie {
    /// Its name.
    pub(crate) const NAME: &'static str = "zenml-local-session";
    /// How long a session lasts.
    pub(crate) const LIFE: Duration = Duration::from_mins(15);

    /// Creates the cookie of a new session.
    pub(crate) fn generate() -> Self {
        Self(random_string().into())
    }

    /// Finds the cookie in a `Cookie` header.
    pub(crate) fn find(header: &Sensitive<String>) -> Option<Self> {
        let mut pairs = header.expose().split(';').filter_map(|cookie| cookie.trim().split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == Self::NAME)?;
        Some(Self(value.to_owned().into())).filter(|cookie| !cookie.0.expose().is_empty())
    }

    /// The value, for the response that sets it.
    pub(crate) fn value(&self) -> &str {
        self.0.expose()
    }

    /// Returns what forms of the session contain: a page of another origin cannot know it.
    pub(crate) fn form_token(&self, vault: &Vault) -> String {
        URL_SAFE_NO_PAD.encode(vault.digest(&self.form()))
    }

    /// Whether a form belongs to the session, in constant time.
    pub(crate) fn has_form(&self, vault: &Vault, token: &str) -> bool {
        URL_SAFE_NO_PAD.decode(token).is_ok_and(|token| vault.matches(&self.form(), &token))
    }

    fn form(&self) -> Vec<u8> {
        [b"form of ", self.0.expose().as_bytes()].concat()
    }

    fn key(&self, vault: &Vault) -> Vec<u8> {
        vault.digest(&[b"session of ", self.0.expose().as_bytes()].concat())
    }
}

/// What a person decided about a device, for the page that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was let in, to a workspace.
    Confirmed {
        /// Name of its machine.
        host: Option<String>,
        /// Name of the workspace.
        workspace: String,
    },
    /// It was refused.
    Refused {
        /// Name of its machine.
        host: Option<String>,
    },
}

#[derive(Debug)]
struct Session {
    root: Root,
    ends: Instant,
    outcome: Option<Outcome>,
}

/// Sessions of browsers, in memory.
#[derive(Debug, Default)]
pub(crate) struct Browsers {
    sessions: Mutex<HashMap<Vec<u8>, Session>>,
}

impl Browsers {
    fn sessions(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the session of a cookie.
    pub(crate) fn begin(&self, vault: &Vault, cookie: &Cookie, root: Root) {
        let (now, mut sessions) = (Instant::now(), self.sessions());
        sessions.retain(|_, session| session.ends > now);
        while sessions.len() >= MOST {
            let first = sessions.iter().min_by_key(|(_, session)| session.ends).map(|(key, _)| key.clone());
            let Some(first) = first else { break };
            sessions.remove(&first);
        }
        sessions.insert(cookie.key(vault), Session { root, ends: now + Cookie::LIFE, outcome: None });
    }

    /// Returns the root of the session of a cookie, if it has not ended.
    pub(crate) fn find(&self, vault: &Vault, cookie: &Cookie) -> Option<Root> {
        self.find_at(Instant::now(), vault, cookie)
    }

    fn find_at(&self, now: Instant, vault: &Vault, cookie: &Cookie) -> Option<Root> {
        let sessions = self.sessions();
        sessions.get(&cookie.key(vault)).filter(|session| session.ends > now).map(|session| session.root)
    }

    /// Ends the session of a cookie.
    pub(crate) fn end(&self, vault: &Vault, cookie: &Cookie) {
        self.sessions().remove(&cookie.key(vault));
    }

    /// Stores what the person decided.
    pub(crate) fn decided(&self, vault: &Vault, cookie: &Cookie, outcome: Outcome) {
        if let Some(session) = self.sessions().get_mut(&cookie.key(vault)) {
            session.outcome = Some(outcome);
        }
    }

    /// Returns the last decision of the person.
    pub(crate) fn outcome(&self, vault: &Vault, cookie: &Cookie) -> Option<Outcome> {
        self.sessions().get(&cookie.key(vault))?.outcome.clone()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_session_belongs_to_its_cookie_and_ends() {
        let (browsers, vault) = (Browsers::default(), Vault::ephemeral());
        let (one, other) = (Cookie::generate(), Cookie::generate());
        let root = Root::begin(Uuid::new_v4(), 0, None);
        browsers.begin(&vault, &one, root);
        assert_eq!(browsers.find(&vault, &one), Some(root));
        assert_eq!(browsers.find(&vault, &other), None);
        assert_eq!(browsers.find(&Vault::ephemeral(), &one), None, "another platform");
        let end = Instant::now() + Cookie::LIFE;
        assert_eq!(
            browsers.find_at(end.checked_sub(Duration::from_secs(1)).unwrap(), &vault, &one),
            Some(root)
        );
        assert_eq!(browsers.find_at(end, &vault, &one), None, "after fifteen minutes");
        browsers.end(&vault, &one);
        assert_eq!(browsers.find(&vault, &one), None);
        for _ in 0..=MOST {
            browsers.begin(&vault, &Cookie::generate(), root);
        }
        assert_eq!(browsers.sessions().len(), MOST);
    }

    #[test]
    fn a_form_belongs_to_one_session() {
        let (vault, one, other) = (Vault::ephemeral(), Cookie::generate(), Cookie::generate());
        assert!(one.has_form(&vault, &one.form_token(&vault)));
        assert!(!one.has_form(&vault, &other.form_token(&vault)));
        assert!(!one.has_form(&Vault::ephemeral(), &one.form_token(&vault)));
        assert!(!one.has_form(&vault, "") && !one.has_form(&vault, "%"));
    }

    #[test]
    fn the_cookie_is_found_by_its_name() {
        let find =
            |header: &str| Cookie::find(&header.to_owned().into()).map(|cookie| cookie.value().to_owned());
        assert_eq!(find("a=b; zenml-local-session=x; c=d"), Some("x".to_owned()));
        for header in ["", "a=b", "zenml-local-session=", "x-zenml-local-session=y", "zenml-local-session"] {
            assert_eq!(find(header), None, "{header}");
        }
    }
}

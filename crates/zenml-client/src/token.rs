//! The token of one session: one login at a time, renewed before it expires.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use crate::error::ApiError;

/// Maximum time before its expiry at which a token is renewed.
const EARLY: Duration = Duration::from_mins(5);

/// The tokens of one session, of which one is current.
#[derive(Default)]
pub(crate) struct Tokens {
    current: Mutex<Current>,
    /// Held during a login. It is an async lock, so a cancelled caller releases it.
    flight: tokio::sync::Mutex<Option<ApiError>>,
    /// Number of completed logins, successful or not.
    landed: AtomicU64,
}

#[derive(Default)]
struct Current {
    token: Option<Token>,
    generation: u64,
}

/// The result of a login.
#[derive(Clone)]
pub(crate) struct Token {
    header: HeaderValue,
    /// When to renew it; `None` means when it is rejected.
    renew_at: Option<Instant>,
}

impl Token {
    /// Creates a token from its header and its remaining lifetime in seconds.
    pub(crate) fn new(header: HeaderValue, lives: Option<i64>) -> Self {
        Self { header, renew_at: lives.map(|seconds| Instant::now() + useful_life(seconds)) }
    }
}

/// The header of one call, and the token it belongs to.
pub(crate) struct Bearer {
    pub(crate) header: HeaderValue,
    generation: u64,
}

impl Tokens {
    /// Returns the token for the next call. Callers that arrive during a login wait for it and share its result,
    /// including a failure; their own `log_in` then never starts.
    pub(crate) async fn bearer(
        &self,
        log_in: impl Future<Output = Result<Token, ApiError>>,
    ) -> Result<Bearer, ApiError> {
        if let Some(bearer) = self.valid() {
            return Ok(bearer);
        }
        let landed = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        if let Some(bearer) = self.valid() {
            return Ok(bearer);
        }
        if self.landed.load(Ordering::Acquire) != landed
            && let Some(error) = &*flight
        {
            return Err(error.clone());
        }
        let result = log_in.await;
        self.landed.fetch_add(1, Ordering::AcqRel);
        match result {
            Ok(token) => {
                *flight = None;
                let mut current = self.locked();
                current.generation += 1;
                current.token = Some(token.clone());
                Ok(Bearer { header: token.header, generation: current.generation })
            }
            Err(error) => {
                *flight = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Forgets a rejected token.
    pub(crate) fn refused(&self, bearer: &Bearer) {
        let mut current = self.locked();
        if current.generation == bearer.generation {
            current.token = None;
        }
    }

    fn valid(&self) -> Option<Bearer> {
        let current = self.locked();
        let token = current.token.as_ref()?;
        let fresh = token.renew_at.is_none_or(|renew_at| Instant::now() < renew_at);
        fresh.then(|| Bearer { header: token.header.clone(), generation: current.generation })
    }

    fn locked(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bearer {
    /// Creates a token that is never renewed.
    pub(crate) fn fixed(header: HeaderValue) -> Self {
        Self { header, generation: 0 }
    }
}

/// Returns how long a token is used before it is renewed: its lifetime minus five minutes, but at least half of it.
fn useful_life(seconds: i64) -> Duration {
    let life = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    life.saturating_sub(EARLY.min(life / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_renewed_five_minutes_early_or_after_half_its_lifetime() {
        for (life, useful) in [(3600, 3300), (600, 300), (60, 30), (1, 0), (0, 0), (-5, 0)] {
            assert_eq!(useful_life(life).as_secs(), useful, "{life}");
        }
    }
}

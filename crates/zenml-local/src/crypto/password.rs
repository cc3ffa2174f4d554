//! Passwords of local users: argon2id, on threads of its own, and never more at once than there are cores.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::{Semaphore, oneshot};
use zenml_api::Sensitive;

use crate::error::Error;

/// Maximum number of hashes that wait. Each takes about 20 ms, so the last one waits one or two seconds.
const WAITING: usize = 64;
/// Seconds after which a caller may try again when the queue is full.
const RETRY_AFTER: u64 = 2;

/// A job of a thread.
type Work = Box<dyn FnOnce() + Send>;

/// Hashes passwords. A hash occupies 19 MiB and a core while it runs; the limit applies to all callers together.
///
/// It has its own threads, because each thread keeps the memory of its last hash.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// Hashes that are running or waiting.
    places: Arc<Semaphore>,
    work: mpsc::Sender<Work>,
}

impl Default for Passwords {
    /// Leaves one core free if there is more than one.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::bounded(cores.saturating_sub(1).max(1), WAITING)
    }
}

impl Passwords {
    /// Runs at most `running` hashes at once, with `waiting` more in the queue. The threads end with this value.
    fn bounded(running: usize, waiting: usize) -> Self {
        let (work, queue) = mpsc::channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..running {
            let queue = queue.clone();
            let thread = std::thread::Builder::new().name("passwords".to_owned());
            let started = thread.spawn(move || {
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                while let Ok(work) = next() {
                    // The caller notices a panic because the result does not arrive.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            });
            if let Err(error) = started {
                tracing::error!(%error, "cannot start a thread for password hashing");
            }
        }
        Self { places: Arc::new(Semaphore::new(running + waiting)), work }
    }

    /// Hashes a password for storage.
    ///
    /// # Errors
    /// 503 if too many callers are waiting.
    pub(crate) async fn hash(&self, password: Sensitive<String>) -> Result<String, Error> {
        self.run(move || {
            let salt = super::random::<16>();
            let hash: PasswordHash = Argon2::default()
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map_err(|error| Error::internal("a password cannot be hashed", error))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether a password matches a hash. A missing hash takes the same time as a wrong password, so that the time of
    /// a response does not reveal whether the account exists.
    ///
    /// # Errors
    /// 503 if too many callers are waiting.
    pub(crate) async fn verify(
        &self,
        password: Sensitive<String>,
        hash: Option<String>,
    ) -> Result<bool, Error> {
        /// A hash of the default cost that no password matches in practice.
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                              $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        self.run(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let matches =
                Argon2::default().verify_password(password.expose().as_bytes(), hash.as_str()).is_ok();
            Ok(known && matches)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::busy("Too many logins are in progress.", RETRY_AFTER);
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let (answer, answered) = oneshot::channel();
        let ended = |error: &str| Error::internal("a password could not be checked", error);
        self.work
            .send(Box::new(move || {
                // The work continues when its caller is gone, so it holds the permit itself.
                let _place = place;
                let _ = answer.send(work());
            }))
            .map_err(|_| ended("no thread is running"))?;
        answered.await.map_err(|_| ended("the thread panicked"))?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn only_the_same_password_verifies() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("wrong".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("wrong".into(), None).await.unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn running_and_waiting_hashes_are_limited_and_others_get_a_retry_time() {
        let passwords = Passwords::bounded(2, 3);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // The job blocks until its sender is dropped.
        let work = |gate: Option<mpsc::Receiver<()>>| {
            let (now, most) = (now.clone(), most.clone());
            move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if let Some(gate) = gate {
                    gate.recv().unwrap_err();
                }
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        };
        let (mut senders, mut calls) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let (sender, gate) = mpsc::channel();
            senders.push(sender);
            calls.push(Box::pin(passwords.run(work(Some(gate)))));
        }
        // Each takes its permit when it is first polled.
        for call in &mut calls {
            assert!(futures_now(call).is_pending());
        }
        let refused = passwords.run(work(None)).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.retry_after()), (503, Some(RETRY_AFTER)));
        drop(senders);
        for call in calls {
            call.await.unwrap();
        }
        assert!(most.load(Ordering::SeqCst) <= 2, "{most:?}");
        passwords.run(work(None)).await.unwrap();
    }

    fn futures_now<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::Pin::new(future).poll(&mut cx)
    }
}

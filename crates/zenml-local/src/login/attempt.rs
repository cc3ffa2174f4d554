//! Login attempts: running, accepted and rejected ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use sqlx::Row as _;
use tokio::sync::Notify;
use uuid::Uuid;
use zenml_api::Sensitive;

use super::refusal::{Recording, Refusals, Refused, Subject, WINDOW};
use super::throttle::{Address, Attempt, End, Throttle, Verdict};
use crate::audit::{self, Origin, Outcome};
use crate::crypto::Passwords;
use crate::error::{Error, Result};
use crate::rbac::{Action, Actor, Kind, Recorded};
use crate::store::{Sql, Store, now};
use crate::task::Tasks;

/// Maximum length of a valid name and a valid password.
pub(crate) const LONGEST: usize = 256;

/// The place and origin of a login attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// The workspace, unless it is the control plane.
    pub(crate) workspace: Option<Uuid>,
    /// The origin of the request.
    pub(crate) origin: Origin,
}

/// Login attempts, in memory.
#[derive(Debug)]
pub(crate) struct Logins {
    store: Arc<Store>,
    passwords: Passwords,
    throttle: Mutex<Throttle>,
    /// Wakes tasks that wait for running attempts.
    ended: Notify,
    refusals: Mutex<Refusals>,
}

impl Logins {
    /// No attempts so far.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            passwords: Passwords::default(),
            throttle: Mutex::default(),
            ended: Notify::default(),
            refusals: Mutex::default(),
        }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn begin(&self, account: &str, address: Address) -> Result<RunningAttempt<'_>> {
        loop {
            // Before the check, so that no notification is missed.
            let ended = self.ended.notified();
            let (verdict, attempt) = self.throttle().begin(Instant::now(), account, address);
            match verdict {
                Verdict::Try => return Ok(RunningAttempt { logins: self, attempt }),
                Verdict::Wait => ended.await,
                Verdict::Refuse(time) => {
                    return Err(Error::too_many("Too many wrong passwords.", whole_seconds(time)));
                }
            }
        }
    }
}

/// Runs an attempt that counts even if its caller goes away.
struct RunningAttempt<'a> {
    logins: &'a Logins,
    attempt: Option<Attempt>,
}

impl RunningAttempt<'_> {
    fn end(&mut self, end: End) {
        if let Some(attempt) = self.attempt.take() {
            self.logins.throttle().end(Instant::now(), attempt, end);
            self.logins.ended.notify_waiters();
        }
    }
}

impl Drop for RunningAttempt<'_> {
    fn drop(&mut self) {
        self.end(End::Unknown);
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

impl Logins {
    /// Hashes a new password.
    pub(crate) async fn hash(&self, password: Sensitive<String>) -> Result<String> {
        self.passwords.hash(password).await
    }

    /// Whether a password belongs to an account. `hash` is `None` for a missing account, which looks the same.
    ///
    /// # Errors
    /// 429 after too many wrong passwords for the account or from the address, 503 if too many are being checked.
    pub(crate) async fn is_password(
        &self,
        address: Address,
        account: &str,
        password: Sensitive<String>,
        hash: Option<String>,
    ) -> Result<bool> {
        let account: String = account.chars().take(LONGEST).collect();
        let mut attempt = self.begin(&account, address).await?;
        // A longer one was never accepted, so it is not checked.
        let can_be = password.expose().chars().nth(LONGEST).is_none();
        let right = can_be && self.passwords.verify(password, hash).await?;
        attempt.end(if right { End::Right } else { End::Wrong });
        Ok(right)
    }

    /// Counts a rejected key: the error becomes 429 after too many from this address.
    pub(crate) fn wrong_key(&self, address: Address, refusal: Error) -> Error {
        if refusal.status() != StatusCode::UNAUTHORIZED {
            return refusal;
        }
        match self.throttle().wrong_key(Instant::now(), address) {
            None => refusal,
            Some(time) => {
                Error::too_many("Too many wrong credentials.", whole_seconds(time)).because(refusal)
            }
        }
    }

    /// Counts a code of a device that an account enters, before it is looked up.
    ///
    /// # Errors
    /// 429 after too many wrong codes of the account or from the address.
    pub(crate) fn enter_code(&self, address: Address, account: &str) -> Result<()> {
        match self.throttle().enter_code(Instant::now(), account, address) {
            None => Ok(()),
            Some(time) => Err(Error::too_many("Too many wrong codes.", whole_seconds(time))),
        }
    }

    /// Takes back a code that exists: only wrong ones count.
    pub(crate) fn right_code(&self, address: Address, account: &str) {
        self.throttle().right_code(Instant::now(), account, address);
    }

    /// Counts a login of a device that is started.
    ///
    /// # Errors
    /// 429 after too many from the address.
    pub(crate) fn start_device(&self, address: Address) -> Result<()> {
        match self.throttle().start(Instant::now(), address) {
            None => Ok(()),
            Some(time) => Err(Error::too_many("Too many logins were started.", whole_seconds(time))),
        }
    }

    /// Counts a poll of a waiting device. Returns whether it comes too early.
    pub(crate) fn polls_too_early(&self, device: &[u8]) -> bool {
        self.throttle().poll(Instant::now(), device).is_some()
    }

    /// Counts a use of a device. Returns whether to record it: once a minute is enough.
    pub(crate) fn is_first_use(&self, device: Uuid) -> bool {
        self.throttle().is_first_use(Instant::now(), device)
    }

    /// Records a login, and the last use of a key.
    pub(crate) async fn accepted(
        &self,
        at: &Door,
        actor: &Actor,
        how: &str,
        key: Option<Uuid>,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if let Some(key) = key {
            sqlx::query("UPDATE api_key SET last_login = $1 WHERE id = $2")
                .bind(now())
                .bind(key.to_string())
                .execute(&mut *tx)
                .await?;
        }
        let (_, id, name) = actor.describe();
        let kind = if actor.identity().is_some() { Kind::Account } else { Kind::Workspace };
        let row = Recorded {
            action: Action::Login,
            kind,
            id,
            name: Some(name),
            organization: Uuid::nil(),
            workspace: at.workspace,
            detail: Some(how.to_owned()),
            on_behalf_of: None,
        };
        audit::write(&mut tx, actor, &at.origin, &[row], &Outcome::DONE).await?;
        Ok(tx.commit().await?)
    }

    /// Records a rejected login, and returns the error.
    pub(crate) async fn refused(
        self: &Arc<Self>,
        tasks: &Tasks,
        at: &Door,
        subject: Subject,
        refusal: Error,
    ) -> Error {
        let status = refusal.status().as_u16();
        if !matches!(status, 401 | 403 | 429) {
            return refusal;
        }
        let origin = &at.origin;
        let refused = Refused {
            subject,
            address: Address::of(origin.remote.as_deref()),
            workspace: at.workspace,
            status,
        };
        let recording = self.refusals().note(Instant::now(), &refused);
        match recording {
            Recording::Now => {
                let outcome = Outcome { status, reason: Some(refusal.to_string()) };
                report(self.write(&refused, origin, None, &outcome).await);
            }
            Recording::Later { first: true } => {
                let later = Arc::clone(self);
                tasks.spawn(async move {
                    tokio::time::sleep(WINDOW).await;
                    later.flush().await;
                });
            }
            Recording::Later { first: false } => {}
        }
        refusal
    }

    /// Writes the rejections that were only counted so far.
    pub(crate) async fn flush(&self) {
        let (counts, others) = self.refusals().take();
        for (refused, count) in counts {
            let detail = format!("{count} more in {} minutes", WINDOW.as_secs() / 60);
            let outcome = Outcome { status: refused.status, reason: None };
            report(self.write(&refused, &Origin::default(), Some(detail), &outcome).await);
        }
        if others > 0 {
            let nobody = Refused {
                subject: Subject::Nobody,
                address: Address::of(None),
                workspace: None,
                status: 401,
            };
            let detail = format!("{others} more, for other accounts or from other addresses");
            let outcome = Outcome { status: 401, reason: None };
            report(self.write(&nobody, &Origin::default(), Some(detail), &outcome).await);
        }
    }

    async fn write(
        &self,
        refused: &Refused,
        origin: &Origin,
        detail: Option<String>,
        outcome: &Outcome,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        let (kind, known) = find(&mut tx, &refused.subject).await?;
        let (id, name) = known.unzip();
        let row = Recorded {
            action: Action::Login,
            kind,
            id,
            name,
            organization: Uuid::nil(),
            workspace: refused.workspace,
            detail,
            on_behalf_of: None,
        };
        let origin =
            Origin { remote: origin.remote.clone().or_else(|| refused.address.text()), ..origin.clone() };
        audit::write(&mut tx, &Actor::Anonymous, &origin, &[row], outcome).await?;
        Ok(tx.commit().await?)
    }
}

/// A rejection remains a rejection even if it cannot be recorded.
fn report(written: Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "a rejected login could not be recorded");
    }
}

async fn find(sql: &mut Sql, subject: &Subject) -> Result<(Kind, Option<(Uuid, String)>)> {
    let (kind, statement, value) = match subject {
        Subject::Nobody => return Ok((Kind::Account, None)),
        Subject::Name(name) => (
            Kind::Account,
            "SELECT id, username FROM account WHERE username = $1 AND is_service_account = 0",
            name.clone(),
        ),
        Subject::Key(key) => (
            Kind::Account,
            "SELECT a.id, a.username FROM api_key k JOIN account a ON a.id = k.account_id WHERE k.id = $1",
            key.to_string(),
        ),
        Subject::Server(workspace) => {
            (Kind::Workspace, "SELECT id, name FROM workspace WHERE id = $1", workspace.to_string())
        }
    };
    let row = sqlx::query(statement).bind(value).fetch_optional(sql).await?;
    let known = row.map(|row| -> Result<_> {
        let id: String = row.try_get(0)?;
        let id = Uuid::try_parse(&id).map_err(|error| Error::internal("a stored id is invalid", error))?;
        Ok((id, row.try_get::<String, _>(1)?))
    });
    Ok((kind, known.transpose()?))
}

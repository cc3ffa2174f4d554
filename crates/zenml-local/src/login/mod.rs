//! The work of logging in that all ways share: passwords and keys are tried here and nowhere else, so that none of them
//! can be tried without a bound, and each login leaves a row in the audit trail.

mod refusal;
mod throttle;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use sqlx::Row as _;
use tokio::sync::Notify;
use uuid::Uuid;
use zenml_api::Sensitive;

use self::refusal::{Refusals, Refused, Told, WINDOW};
use self::throttle::{Attempt, End, Throttle, Verdict};
use crate::audit::{self, Origin, Outcome};
use crate::error::{Error, Result};
use crate::http::Cx;
use crate::platform::Shared;
use crate::rbac::{Action, Actor, Kind};
use crate::store::{Recorded, Sql, now};

pub(crate) use refusal::Subject;
pub(crate) use throttle::Address;

/// Longest name and longest password that can be right.
pub(crate) const LONGEST: usize = 256;

/// Attempts to log in, in memory.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    throttle: Mutex<Throttle>,
    /// Wakes those who wait for attempts that are under way.
    ended: Notify,
    refusals: Mutex<Refusals>,
}

impl Logins {
    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn begin(&self, account: &str, address: Address) -> Result<UnderWay<'_>> {
        loop {
            // Before the look, so that no end is missed.
            let ended = self.ended.notified();
            let (verdict, attempt) = self.throttle().begin(Instant::now(), account, address);
            match verdict {
                Verdict::Try => return Ok(UnderWay { logins: self, attempt }),
                Verdict::Wait => ended.await,
                Verdict::Refuse(time) => {
                    return Err(Error::too_many("Too many wrong passwords.", whole_seconds(time)));
                }
            }
        }
    }
}

/// An attempt that counts, however its caller ends.
struct UnderWay<'a> {
    logins: &'a Logins,
    attempt: Option<Attempt>,
}

impl UnderWay<'_> {
    fn end(&mut self, end: End) {
        if let Some(attempt) = self.attempt.take() {
            self.logins.throttle().end(Instant::now(), attempt, end);
            self.logins.ended.notify_waiters();
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.end(End::Unknown);
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

/// Whether a password is an account's. `hash` is `None` for an account that is not there, which is not told apart.
///
/// # Errors
/// 429 when the account or the address had too many wrong ones, 503 when too many are being tried.
pub(crate) async fn is_password(
    shared: &Shared,
    address: Address,
    account: &str,
    password: Sensitive<String>,
    hash: Option<String>,
) -> Result<bool> {
    let account: String = account.chars().take(LONGEST).collect();
    let mut attempt = shared.logins.begin(&account, address).await?;
    // One that is longer was never accepted, so it is not read.
    let can_be = password.expose().chars().nth(LONGEST).is_none();
    let right = can_be && shared.passwords.verify(password, hash).await?;
    attempt.end(if right { End::Right } else { End::Wrong });
    Ok(right)
}

/// Counts a key that was not accepted: the refusal becomes a 429 when there were too many from this address.
pub(crate) fn wrong_key(shared: &Shared, address: Address, refusal: Error) -> Error {
    if refusal.status() != StatusCode::UNAUTHORIZED {
        return refusal;
    }
    match shared.logins.throttle().wrong_key(Instant::now(), address) {
        None => refusal,
        Some(time) => Error::too_many("Too many wrong credentials.", whole_seconds(time)).because(refusal),
    }
}

/// Records that somebody logged in, and when a key was last used.
pub(crate) async fn accepted(cx: &Cx, actor: &Actor, how: &str, key: Option<Uuid>) -> Result<()> {
    let mut tx = cx.shared().store.begin().await?;
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
        workspace: cx.workspace().ok().map(|place| place.workspace),
        detail: Some(how.to_owned()),
    };
    audit::write(&mut tx, actor, &cx.origin(), &[row], &Outcome::DONE).await?;
    Ok(tx.commit().await?)
}

/// Records a refused login, and gives the refusal back.
pub(crate) async fn refused(cx: &Cx, subject: Subject, refusal: Error) -> Error {
    let status = refusal.status().as_u16();
    if !matches!(status, 401 | 403 | 429) {
        return refusal;
    }
    let origin = cx.origin();
    let refused = Refused {
        subject,
        address: Address::of(origin.remote.as_deref()),
        workspace: cx.workspace().ok().map(|place| place.workspace),
        status,
    };
    let shared = cx.shared();
    let told = shared.logins.refusals().note(Instant::now(), &refused);
    match told {
        Told::Now => {
            let outcome = Outcome { status, reason: Some(refusal.to_string()) };
            report(write(shared, &refused, &origin, None, &outcome).await);
        }
        Told::Later { first: true } => {
            let later = Arc::clone(shared);
            shared.tasks.spawn(async move {
                tokio::time::sleep(WINDOW).await;
                flush(&later).await;
            });
        }
        Told::Later { first: false } => {}
    }
    refusal
}

/// Writes the refusals that were only counted so far.
pub(crate) async fn flush(shared: &Shared) {
    let (counts, others) = shared.logins.refusals().take();
    for (refused, count) in counts {
        let detail = format!("{count} more within {} minutes", WINDOW.as_secs() / 60);
        let outcome = Outcome { status: refused.status, reason: None };
        report(write(shared, &refused, &Origin::default(), Some(detail), &outcome).await);
    }
    if others > 0 {
        let nobody =
            Refused { subject: Subject::Nobody, address: Address::of(None), workspace: None, status: 401 };
        let detail = format!("{others} more, of other accounts or from other addresses");
        let outcome = Outcome { status: 401, reason: None };
        report(write(shared, &nobody, &Origin::default(), Some(detail), &outcome).await);
    }
}

/// A refusal stays a refusal when it cannot be recorded.
fn report(written: Result<()>) {
    if let Err(error) = written {
        tracing::error!(%error, "a refused login could not be recorded");
    }
}

async fn write(
    shared: &Shared,
    refused: &Refused,
    origin: &Origin,
    detail: Option<String>,
    outcome: &Outcome,
) -> Result<()> {
    let mut tx = shared.store.begin().await?;
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
    };
    let origin =
        Origin { remote: origin.remote.clone().or_else(|| refused.address.text()), ..origin.clone() };
    audit::write(&mut tx, &Actor::Anonymous, &origin, &[row], outcome).await?;
    Ok(tx.commit().await?)
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
        let id = Uuid::try_parse(&id).map_err(|error| Error::internal("a stored id is damaged", error))?;
        Ok((id, row.try_get::<String, _>(1)?))
    });
    Ok((kind, known.transpose()?))
}

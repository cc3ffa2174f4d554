//! Having the server try the credentials of a connector before anything is made or changed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tfkit::{Cx, Diag};
use zenml_api::workspace::connector::{self as api, ConnectorCreate, VerifyQuery};
use zenml_client::{Api, ApiError};

use super::ServiceConnector;
use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::scrub::Secrets;
use crate::wait;

/// How long a cloud that refuses credentials is asked again: new ones take a moment to be known everywhere.
const GRACE: Duration = Duration::from_secs(30);

/// Longest text of a server that is shown.
const SHOWN: usize = 2000;

/// Words of failures that pass by themselves.
const PASSING: [&str; 8] = [
    "timed out",
    "timeout",
    "temporarily",
    "try again",
    "throttl",
    "too many requests",
    "connection reset",
    "connection aborted",
];

/// Words of clouds that do not know the credentials, or not yet.
const REFUSING: [&str; 4] = ["authorization failure", "not authorized", "access denied", "accessdenied"];

/// Why a verification failed.
enum Failure {
    /// The server tried, and this came of it.
    Said(String),
    /// The server did not try.
    Call(ApiError),
}

/// How long it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Over,
    Short,
    UntilTheDeadline,
}

/// Verifies what is to be made, until it works, is refused for good, or the operation's time is over.
pub(super) async fn verify(
    cx: &Cx<Client>,
    server: &Api,
    wanted: &ConnectorCreate,
    secrets: &Secrets,
) -> Result<(), Diag> {
    let begun = Instant::now();
    let last = Mutex::new(None);
    let (last_failure, wanted_failure) = (&last, |failure: &Failure| failed(failure, &wanted.name, secrets));
    let verified = wait::until(cx, || async move {
        let Err(failure) = attempt(server, wanted.clone()).await else { return Ok(Some(())) };
        let again = match failure.patience() {
            Patience::Over => false,
            Patience::Short => begun.elapsed() < GRACE,
            Patience::UntilTheDeadline => true,
        };
        let diag = wanted_failure(&failure);
        if !again {
            return Err(diag);
        }
        cx.progress(format_args!("service connector {:?} is not verified yet, trying again", wanted.name));
        *last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(diag);
        Ok(None)
    });
    if verified.await?.is_some() {
        return Ok(());
    }
    let diag = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    let diag = diag.unwrap_or_else(|| Diag::bug("A verification ended without a result"));
    Err(diag.why("The server was asked again and again until the time-out."))
}

async fn attempt(server: &Api, wanted: ConnectorCreate) -> Result<(), Failure> {
    // What the connector reaches is of no interest here, and listing it may take minutes.
    let query = VerifyQuery { list_resources: Some(false), ..VerifyQuery::default() };
    match server.send(&api::VERIFY_NEW, (), query, wanted).await {
        Ok(verification) => verification.error.map_or(Ok(()), |error| Err(Failure::Said(error))),
        Err(error) => Err(Failure::Call(error)),
    }
}

impl Failure {
    fn patience(&self) -> Patience {
        match self {
            Self::Said(text) => of_text(text),
            Self::Call(ApiError::Unreachable { .. } | ApiError::RateLimited(_)) => Patience::UntilTheDeadline,
            Self::Call(ApiError::Server(refused)) if matches!(refused.call.status, Some(502..=504)) => {
                Patience::UntilTheDeadline
            }
            Self::Call(_) => Patience::Over,
        }
    }
}

fn of_text(text: &str) -> Patience {
    let text = text.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|words| text.contains(words));
    match (holds(&PASSING), holds(&REFUSING)) {
        (true, _) => Patience::UntilTheDeadline,
        (false, true) => Patience::Short,
        (false, false) => Patience::Over,
    }
}

fn failed(failure: &Failure, name: &str, secrets: &Secrets) -> Diag {
    const SKIP: &str = "To go on without verification:\n  verify = false";
    let doing = format!("verify service connector {name:?}");
    let diag = match failure {
        Failure::Said(text) => Diag::error(format!("Cannot {doing}: the server says that it does not work"))
            .why(format!("The server says: {}", shortened(&secrets.hide(text))))
            .fix("Correct the configuration, and what the credentials may do.")
            .fix(SKIP)
            .trace("POST /api/v1/service_connectors/verify: 200, with an error")
            .at(ServiceConnector::VERIFY),
        Failure::Call(error @ ApiError::Invalid(_)) => {
            let diag = cannot(doing, Needs::WORKSPACE_ADMIN, error).at(ServiceConnector::CONFIGURATION);
            secrets.hide_in(diag)
        }
        Failure::Call(ApiError::Server(refused)) if refused.call.status == Some(501) => {
            Diag::error(format!("Cannot {doing}: the server has no way to do it"))
                .why(format!("The server says: {}", secrets.hide(&refused.body.summary())))
                .why("It lacks the packages of this type of connectors.")
                .fix(SKIP)
                .trace(refused.call.to_string())
                .at(ServiceConnector::VERIFY)
        }
        Failure::Call(error) => {
            let diag = cannot(doing, Needs::WORKSPACE_ADMIN, error).fix(SKIP).at(ServiceConnector::VERIFY);
            secrets.hide_in(diag)
        }
    };
    diag.why("Verification comes first: nothing was made or changed.")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let cases = [
            ("Connect timeout on endpoint URL", Patience::UntilTheDeadline),
            ("ThrottlingException: Rate exceeded", Patience::UntilTheDeadline),
            ("connector 'x' authorization failure: InvalidClientTokenId", Patience::Short),
            ("User is not authorized to perform: sts:AssumeRole", Patience::Short),
            ("the bucket does not exist", Patience::Over),
            ("This local platform cannot verify connectors of type 'aws'", Patience::Over),
        ];
        for (text, patience) in cases {
            assert_eq!(of_text(text), patience, "{text}");
        }
    }
}

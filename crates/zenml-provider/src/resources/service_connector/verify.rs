//! Verifies the credentials of a connector on the server before anything is created or changed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tfkit::{Cx, Diag, Path};
use zenml_api::ConnectorId;
use zenml_api::workspace::connector::{
    self as api, ConnectorCreate, Verification, VerifiedResources, VerifyQuery,
};
use zenml_client::{Api, ApiError, Secrets};

use crate::client::Client;
use crate::failure::{Needs, cannot};
use crate::wait;

/// How long rejected credentials are tried again: new ones take a moment until the whole cloud knows them.
const GRACE: Duration = Duration::from_secs(30);

/// Maximum length of a server message that is shown, in characters.
const SHOWN: usize = 2000;

/// Words of temporary failures.
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

/// Words of clouds that do not know the credentials, or do not know them yet.
const REFUSING: [&str; 4] = ["authorization failure", "not authorized", "access denied", "accessdenied"];

/// A connector in the messages of its verification.
pub(super) struct Case<'a> {
    pub(super) name: &'a str,
    pub(super) connector_type: &'a str,
    pub(super) auth_method: &'a str,
    /// The type to verify; `None` for all types of the connector.
    pub(super) resource_type: Option<&'a str>,
    /// The resource to verify; `None` for all resources of the type.
    pub(super) resource_id: Option<&'a str>,
    /// Values that no message may contain.
    pub(super) secrets: Secrets,
    /// Where the user sets what is verified; `None` if it is already stored.
    pub(super) origin: Option<Origin>,
}

/// Arguments of a connector that is verified before it is created or changed.
pub(super) struct Origin {
    pub(super) configuration: Path,
    /// The argument that skips the verification.
    pub(super) verify: Path,
}

/// What the server verifies.
pub(super) enum Subject<'a> {
    /// A new connector, or the new version of an existing one.
    New(&'a ConnectorCreate),
    /// The stored connector, for the resource of the case.
    Stored(ConnectorId),
}

/// Why a verification failed.
enum Failure {
    /// The server's message, and its messages about single resources.
    Reported(String, Vec<String>),
    /// The request failed.
    Call(ApiError),
}

/// How long to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Over,
    Short,
    UntilTheDeadline,
}

/// Verifies a connector until it works, is finally rejected, or the timeout of the operation expires.
pub(super) async fn verify(
    cx: &Cx<Client>,
    server: &Api,
    subject: &Subject<'_>,
    case: &Case<'_>,
) -> Result<(), Diag> {
    let begun = Instant::now();
    let last = Mutex::new(None);
    let last_failure = &last;
    let verified = wait::until(cx, || async move {
        let Err(failure) = attempt(server, subject, case).await else { return Ok(Some(())) };
        let again = match failure.patience() {
            Patience::Over => false,
            Patience::Short => begun.elapsed() < GRACE,
            Patience::UntilTheDeadline => true,
        };
        let diag = failed(&failure, case);
        if !again {
            return Err(diag);
        }
        cx.progress(format_args!("Service connector {:?} is not verified yet, trying again", case.name));
        *last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(diag);
        Ok(None)
    });
    if verified.await?.is_some() {
        return Ok(());
    }
    let diag = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    let diag = diag.unwrap_or_else(|| Diag::bug("The verification returned no result"));
    Err(diag.why("The provider tried until the timeout."))
}

async fn attempt(server: &Api, subject: &Subject<'_>, case: &Case<'_>) -> Result<(), Failure> {
    // The list of resources is not needed here, and may take minutes.
    let mut query = VerifyQuery { list_resources: Some(false), ..VerifyQuery::default() };
    let verified = match subject {
        Subject::New(wanted) => server.send(&api::VERIFY_NEW, (), query, (*wanted).clone()).await,
        Subject::Stored(id) => {
            query.resource_type = case.resource_type.map(str::to_owned);
            query.resource_id = case.resource_id.map(str::to_owned);
            server.send(&api::VERIFY, *id, query, ()).await
        }
    };
    let Verification { error, resources, .. } = verified.map_err(Failure::Call)?;
    let Some(error) = error else { return Ok(()) };
    let details = details(resources, &error);
    Err(Failure::Reported(error, details))
}

/// Returns what failed for which resources, each error once. An error of the whole connector is not repeated.
fn details(resources: Vec<VerifiedResources>, of_all: &str) -> Vec<String> {
    let mut errors: Vec<(String, String)> = Vec::new();
    for resource in resources {
        let Some(error) = resource.error.filter(|error| error != of_all) else { continue };
        let names = resource.resource_ids.unwrap_or_default().join(", ");
        let of = if names.is_empty() { String::new() } else { format!(" ({names})") };
        let what = format!("{}{of}", resource.resource_type);
        match errors.iter_mut().find(|(_, known)| *known == error) {
            Some((whats, _)) => *whats = format!("{whats}, {what}"),
            None => errors.push((what, error)),
        }
    }
    errors.into_iter().map(|(what, error)| format!("{what}: {error}")).collect()
}

impl Failure {
    fn patience(&self) -> Patience {
        match self {
            Self::Reported(text, _) => of_text(text),
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

fn failed(failure: &Failure, case: &Case<'_>) -> Diag {
    let doing = format!("verify service connector {:?}", case.name);
    let secrets = &case.secrets;
    let mut diag = match failure {
        Failure::Reported(text, details) => {
            let diag = Diag::error(format!("Cannot {doing}: the verification failed"))
                .why(format!("The server says: {}", shortened(&secrets.hide(text))))
                .fix("Correct the configuration, or the permissions of the credentials.")
                .trace("/api/v1/service_connectors/verify: 200, with an error");
            let diag = skippable(diag, case);
            details.iter().fold(diag, |diag, detail| diag.why(shortened(&secrets.hide(detail))))
        }
        Failure::Call(error @ ApiError::Invalid(_)) => {
            let diag = cannot(doing, Needs::WORKSPACE_ADMIN, error);
            match &case.origin {
                Some(origin) => diag.at(origin.configuration.clone()),
                None => diag,
            }
        }
        Failure::Call(ApiError::Server(refused)) if refused.call.status == Some(501) => {
            let diag = Diag::error(format!("Cannot {doing}: the server lacks an integration"))
                .why(format!("The server says: {}", refused.body.summary()))
                .why("It lacks the Python packages for this connector type.")
                .trace(refused.call.to_string());
            match &case.origin {
                Some(_) => skippable(diag, case),
                None => diag.fix("Install the integration on the server."),
            }
        }
        Failure::Call(error) => skippable(cannot(doing, Needs::WORKSPACE_ADMIN, error), case),
    };
    // The client does not know the configuration of a stored connector, because the verification does not send it.
    diag.why = diag.why.map(|why| secrets.hide(&why));
    let resource = match (case.resource_type, case.resource_id) {
        (Some(kind), Some(id)) => format!("{kind} {id:?}"),
        (None, Some(id)) => format!("{id:?}"),
        (Some(kind), None) => kind.to_owned(),
        (None, None) => format!("all resource types of {:?}", case.connector_type),
    };
    let diag = diag.why(format!("Tried: {:?} for {resource}.", case.auth_method));
    match case.origin {
        Some(_) => diag.why("Verification runs first: nothing was created or changed."),
        None => diag,
    }
}

/// Adds how to skip the verification, if it can be skipped.
fn skippable(diag: Diag, case: &Case<'_>) -> Diag {
    match &case.origin {
        Some(origin) => diag.fix("To skip verification:\n  verify = false").at(origin.verify.clone()),
        None => diag,
    }
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
    fn only_temporary_failures_are_tried_again() {
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

    #[test]
    fn each_error_of_a_verification_is_shown_once_with_its_resources() {
        let resource = |kind: &str, id: Option<&str>, error: Option<&str>| VerifiedResources {
            resource_type: kind.to_owned(),
            resource_ids: id.map(|id| vec![id.to_owned()]),
            error: error.map(str::to_owned),
        };
        let resources = vec![
            resource("aws-generic", None, Some("expired")),
            resource("s3-bucket", Some("s3://x"), Some("no such bucket")),
            resource("docker-registry", None, None),
            resource("s3-bucket", Some("s3://y"), Some("no such bucket")),
            resource("kubernetes-cluster", None, Some("no cluster")),
        ];
        let expected =
            ["s3-bucket (s3://x), s3-bucket (s3://y): no such bucket", "kubernetes-cluster: no cluster"];
        assert_eq!(details(resources, "expired"), expected);
    }
}

//! The outcome of a creation whose response may be lost.

use tfkit::Diag;
use zenml_client::ApiError;

/// Returns the outcome of a creation whose name was free before. If the response leaves it open, as a lost response
/// or a server failure does, `look` finds out whether the object exists: an object that was absent before is ours. If
/// the name is taken for another reason, `exists` receives the object that has it, provided that the caller has
/// access to it.
pub(crate) async fn outcome<T>(
    answer: Result<T, ApiError>,
    look: impl Future<Output = Result<Option<T>, Diag>>,
    exists: impl FnOnce(Option<&T>) -> Diag,
    failed: impl FnOnce(&ApiError) -> Diag,
) -> Result<T, Diag> {
    match answer {
        Ok(created) => Ok(created),
        Err(error) if error.outcome_unknown() => match (look.await, error) {
            (Ok(Some(created)), _) => Ok(created),
            (Ok(None), ApiError::Conflict(refused)) => Err(exists(None).trace(refused.call.to_string())),
            (Ok(None), error) => Err(failed(&error)),
            (Err(diag), error) => Err(may_exist(diag, &error)),
        },
        Err(ApiError::Conflict(refused)) => Err(exists(look.await?.as_ref()).trace(refused.call.to_string())),
        Err(error) => Err(failed(&error)),
    }
}

/// Extends a diagnostic for the case that neither the creation nor the check of its outcome got a response.
pub(crate) fn may_exist(diag: Diag, error: &ApiError) -> Diag {
    let diag = diag
        .why("The request to create it was sent, but the answer was lost: the object may or may not exist.")
        .fix("If it exists, the next apply says so and shows the command that imports it.");
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

//! What became of a creation whose answer may be lost.

use tfkit::Diag;
use zenml_client::ApiError;

/// What became of a creation, where the name was free before. Where the answer leaves that open, as a lost one or any
/// failure of a server does, the object is there or not, which `look` finds out: what was absent before is ours. Where the
/// name is taken otherwise, `exists` gets the object that has it, if the caller may see it.
pub(crate) async fn outcome<T>(
    answer: Result<T, ApiError>,
    look: impl Future<Output = Result<Option<T>, Diag>>,
    exists: impl FnOnce(Option<&T>) -> Diag,
    failed: impl FnOnce(&ApiError) -> Diag,
) -> Result<T, Diag> {
    match answer {
        Ok(made) => Ok(made),
        Err(error) if error.outcome_unknown() => match (look.await, error) {
            (Ok(Some(made)), _) => Ok(made),
            (Ok(None), ApiError::Conflict(refused)) => Err(exists(None).trace(refused.call.to_string())),
            (Ok(None), error) => Err(failed(&error)),
            (Err(diag), error) => Err(may_exist(diag, &error)),
        },
        Err(ApiError::Conflict(refused)) => Err(exists(look.await?.as_ref()).trace(refused.call.to_string())),
        Err(error) => Err(failed(&error)),
    }
}

/// Neither the creation nor the look at what became of it was answered.
pub(crate) fn may_exist(diag: Diag, error: &ApiError) -> Diag {
    let diag = diag
        .why("The request to create it was sent, but the answer was lost: the object may or may not exist.")
        .fix("If it exists, the next apply says so and shows the command that imports it.");
    match error.call() {
        Some(call) => diag.trace(call.to_string()),
        None => diag,
    }
}

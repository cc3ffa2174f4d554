//! `CallFunction`: calls a function.

use tfkit::Diag;
use tfkit::engine::{CallRequest, FunctionError};

use crate::wire::generated::provider;
use crate::wire::generated::provider::call_function::{Request, Response};
use crate::wire::{call::Call, diagnostic, service::Service, value};

pub(super) async fn answer(service: &Service, request: Request) -> Response {
    let name = request.name.clone();
    let failed = |diag: provider::Diagnostic| {
        let text = part_of_a_sentence(format!("{}\n\n{}", diag.summary, diag.detail));
        Response { error: Some(provider::FunctionError { text, function_argument: None }), result: None }
    };
    Call::function("CallFunction", &name).answer(service.address, work(service, request), failed).await
}

async fn work(service: &Service, request: Request) -> Result<Response, Diag> {
    let result = match call(service, request).await? {
        Ok(result) => result,
        Err(error) => {
            let text = part_of_a_sentence(diagnostic::text(&error.text));
            tracing::error!(function_argument = error.argument, "{text}");
            let function_argument = error.argument.and_then(|index| i64::try_from(index).ok());
            let error = provider::FunctionError { text, function_argument };
            return Ok(Response { error: Some(error), result: None });
        }
    };
    Ok(Response { result: Some(result), error: None })
}

/// Removes the full stop: hosts show the text at the end of their own sentence, and add one.
fn part_of_a_sentence(mut text: String) -> String {
    let end = text.trim_end().trim_end_matches('.').len();
    text.truncate(end);
    text
}

async fn call(
    service: &Service,
    request: Request,
) -> Result<Result<provider::DynamicValue, FunctionError>, Diag> {
    let Request { name, arguments } = request;
    let signature = match service.engine.function(&name) {
        Ok(signature) => signature,
        Err(error) => return Ok(Err(error)),
    };
    // The engine reports surplus arguments, which have no type.
    let decode = |(index, argument)| match signature.parameter(index) {
        Some(parameter) => value::decode("an argument", Some(argument), &parameter.ty),
        None => Ok(tfkit::Dyn::Null),
    };
    let arguments = arguments.iter().enumerate().map(decode).collect::<Result<Vec<_>, Diag>>()?;
    match service.engine.call_function(CallRequest { name, arguments }).await {
        Ok(result) => value::encode("a result", &result, &signature.returns).map(Ok),
        Err(error) => Ok(Err(error)),
    }
}

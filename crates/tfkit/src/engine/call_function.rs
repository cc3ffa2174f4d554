//! Calling a function.

use std::sync::Arc;

use super::core::{Core, Engine};
use super::task;
use crate::diag::Diag;
use crate::erased::AnyFunction;
use crate::function::Signature;
use crate::value::{Dyn, Objects, Path, Step, conform};

/// A request to call a function.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// Name of the function.
    pub name: String,
    /// The arguments, by position.
    pub arguments: Vec<Dyn>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// The message to the user.
    pub text: String,
    /// Position of the argument that caused it, from 0. Arguments of the variadic parameter continue the count.
    pub argument: Option<usize>,
}

impl From<Diag> for FunctionError {
    fn from(diag: Diag) -> Self {
        Self { text: diag.to_string(), argument: None }
    }
}

impl Engine {
    /// Returns the signatures of all functions, sorted by name.
    pub fn functions(&self) -> impl Iterator<Item = &Signature> {
        self.0.functions.values().map(|function| function.signature())
    }

    /// Returns the signature of a function, or the error that the provider does not have it.
    pub fn function(&self, name: &str) -> Result<&Signature, FunctionError> {
        self.0.function(name).map(|function| function.signature())
    }

    /// Calls a function. It needs no configuration of the provider.
    pub async fn call_function(&self, request: CallRequest) -> Result<Dyn, FunctionError> {
        let CallRequest { name, arguments } = request;
        let function = self.0.function(&name)?;
        let signature = function.signature();
        check(signature, &arguments)?;
        let callee = Arc::clone(function);
        let work = Box::pin(async move { callee.call(&arguments) });
        let result = task::run(&format!("call of {name}"), work).await.flatten();
        let result = result.map_err(|diag| placed(signature, diag))?;
        conform(result, &signature.returns, Objects::Lenient).map_err(|error| {
            let diag = Diag::bug(format!("The result of {name} does not have the declared type"));
            diag.trace(error.to_string()).into()
        })
    }
}

impl Core {
    fn function(&self, name: &str) -> Result<&Arc<dyn AnyFunction>, FunctionError> {
        self.functions.get(name).ok_or_else(|| {
            Diag::error(format!("This provider has no function {name:?}"))
                .why("The configuration was written for another version of the provider.")
                .into()
        })
    }
}

/// Checks the number of arguments, and each of them.
fn check(signature: &Signature, arguments: &[Dyn]) -> Result<(), FunctionError> {
    let least = signature.parameters.len();
    if arguments.len() < least || (signature.variadic.is_none() && arguments.len() > least) {
        let more = if signature.variadic.is_some() { "at least " } else { "" };
        let plural = if least == 1 { "" } else { "s" };
        let text = format!(
            "Function {:?} takes {more}{least} argument{plural}; found {}",
            signature.name,
            arguments.len()
        );
        return Err(FunctionError { text, argument: None });
    }
    for (index, value) in arguments.iter().enumerate() {
        let Some(parameter) = signature.parameter(index) else { continue };
        let complaint = if value.is_null() && !parameter.nullable {
            Some("The value must not be null.".to_owned())
        } else {
            parameter.checks.iter().find_map(|check| check.complaint(value, parameter.sensitive))
        };
        if let Some(text) = complaint {
            return Err(FunctionError { text, argument: Some(index) });
        }
    }
    Ok(())
}

/// Moves the path of a message to the position of the argument.
fn placed(signature: &Signature, diag: Diag) -> FunctionError {
    let argument = diag.path.as_ref().and_then(|path| position(signature, path));
    FunctionError { argument, ..diag.into() }
}

fn position(signature: &Signature, path: &Path) -> Option<usize> {
    let [Step::Attribute(name), rest @ ..] = path.steps() else { return None };
    let index = signature.all_parameters().position(|parameter| parameter.name == name)?;
    match rest.first() {
        Some(Step::Index(element)) if index == signature.parameters.len() => {
            Some(index + usize::try_from(*element).ok()?)
        }
        _ => Some(index),
    }
}

//! Functions, type-erased to values.

use std::marker::PhantomData;
use std::sync::LazyLock;

use crate::diag::Diag;
use crate::field::Misfit;
use crate::function::{Argument as _, Function, Signature};
use crate::value::Dyn;

/// A function.
pub(crate) trait AnyFunction: Send + Sync {
    fn name(&self) -> &'static str;
    fn signature(&self) -> &Signature;
    fn call(&self, arguments: &[Dyn]) -> Result<Dyn, Diag>;
}

pub(crate) struct ErasedFunction<F> {
    signature: LazyLock<Signature>,
    function: PhantomData<fn() -> F>,
}

impl<F: Function> ErasedFunction<F> {
    pub(crate) fn new() -> Self {
        Self { signature: LazyLock::new(Signature::of::<F>), function: PhantomData }
    }
}

impl<F: Function> AnyFunction for ErasedFunction<F> {
    fn name(&self) -> &'static str {
        F::name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn call(&self, arguments: &[Dyn]) -> Result<Dyn, Diag> {
        let arguments = F::from_values(arguments).map_err(unfit)?;
        arguments.call().map(|result| result.to_dyn())
    }
}

/// Returns the error of an argument. The host names its parameter.
fn unfit(misfit: Misfit) -> Diag {
    let Misfit { path, what, fix, .. } = misfit;
    let diag = Diag::error(format!("The value {what}.")).at(path);
    match fix {
        Some(fix) => diag.fix(fix),
        None => diag,
    }
}

//! Checks at compile time whether a call compiles, and returns the result as a value that a test can compare.

use std::marker::PhantomData;

/// A function and the types of the arguments that it is tried with.
pub(crate) struct Call<F, Arguments>(PhantomData<(F, Arguments)>);

impl<F, Arguments> Call<F, Arguments> {
    pub(crate) const fn of(_: &F) -> Self {
        Self(PhantomData)
    }
}

/// The result for calls that compile.
pub(crate) trait Accepted {
    fn compiles(&self) -> bool {
        true
    }
}

impl<F: FnOnce(A, B) -> R, A, B, R> Accepted for Call<F, (A, B)> {}
impl<F: FnOnce(A, B, C) -> R, A, B, C, R> Accepted for Call<F, (A, B, C)> {}
impl<F: FnOnce(A, B, C, D) -> R, A, B, C, D, R> Accepted for Call<F, (A, B, C, D)> {}

/// The result for all others: method resolution comes here when no impl of [`Accepted`] applies.
pub(crate) trait Rejected {
    fn compiles(&self) -> bool {
        false
    }
}

impl<T> Rejected for &T {}

/// Whether a function can be called with arguments of these types.
macro_rules! compiles {
    ($function:expr, $arguments:ty) => {{
        #[expect(unused_imports, reason = "one of the two answers, which the compiler chooses")]
        use $crate::rbac::probe::{Accepted as _, Rejected as _};
        (&$crate::rbac::probe::Call::<_, $arguments>::of(&$function)).compiles()
    }};
}
pub(crate) use compiles;

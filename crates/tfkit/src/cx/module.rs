//! What the module of an object tells the provider: its `provider_meta` block.

use crate::value::Dyn;

tokio::task_local! {
    /// The block of the module whose object the current operation is about.
    static META: Dyn;
}

/// Runs a call of the [`Engine`](crate::Engine) about an object of a module with this `provider_meta` block; null if
/// the module has none.
pub async fn with_provider_meta<T>(meta: Dyn, call: impl Future<Output = T>) -> T {
    META.scope(meta, call).await
}

/// Returns the block of the current operation; null if there is none.
pub(crate) fn provider_meta() -> Dyn {
    META.try_with(Clone::clone).unwrap_or(Dyn::Null)
}

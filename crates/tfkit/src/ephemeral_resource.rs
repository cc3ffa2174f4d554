//! The trait that a provider author implements for an ephemeral resource.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cx::{Cx, lock};
use crate::diag::Diag;
use crate::model::{DEFAULT_TIMEOUT, Model, Partial};

/// An ephemeral resource type: it takes a configuration and returns the same model with its slots filled, and nothing
/// of it is ever stored.
///
/// A host opens it in each plan and in each apply that needs its values, renews it while it is in use, and closes it
/// at the end. The values cannot change in between: a renewal only extends how long they are valid.
///
/// As with a [resource](crate::Resource), one behavior can serve many models. If there is only one, the model
/// implements the trait itself.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tfkit::{Computed, Cx, Diag, EphemeralResource, Model, Opened, Opening, Renewed, Secret};
///
/// # pub struct Vault;
/// # impl Vault {
/// #     async fn lend(&self, _: &str) -> Result<(String, String), Diag> { Ok(Default::default()) }
/// #     async fn extend(&self, _: &str) -> Result<(), Diag> { Ok(()) }
/// #     async fn revoke(&self, _: &str) -> Result<(), Diag> { Ok(()) }
/// # }
/// /// A password that is valid until it is closed.
/// #[derive(Clone, Debug, Model)]
/// #[model(name = "password", kind = ephemeral_resource)]
/// pub struct Password {
///     /// Name of the account.
///     pub account: String,
///     /// The password.
///     pub password: Computed<Secret<String>>,
/// }
///
/// impl EphemeralResource for Password {
///     type Model = Self;
///     type Client = Vault;
///     type Lease = String;
///
///     async fn open(cx: &Opening<Vault, String>, config: Self) -> Result<Opened<Self, String>, Diag> {
///         let (lease, password) = cx.client().await?.lend(&config.account).await?;
///         cx.save(&lease)?; // It exists now. If anything fails from here on, it is closed.
///         let model = Self { password: Computed::known(password.into()), ..config };
///         Ok(Opened::new(model, lease).renew_at(SystemTime::now() + Duration::from_mins(5)))
///     }
///
///     async fn renew(cx: &Cx<Vault>, lease: String) -> Result<Renewed<String>, Diag> {
///         cx.client().await?.extend(&lease).await?;
///         Ok(Renewed { lease, renew_at: Some(SystemTime::now() + Duration::from_mins(5)) })
///     }
///
///     async fn close(cx: &Cx<Vault>, lease: String) -> Result<(), Diag> {
///         cx.client().await?.revoke(&lease).await
///     }
/// }
/// ```
pub trait EphemeralResource: Send + Sync + 'static {
    /// The configuration and the result.
    type Model: Model;

    /// The client that the provider's configuration creates.
    type Client: Send + Sync + 'static;

    /// What [`renew`](Self::renew) and [`close`](Self::close) need; `()` if there is nothing to close. It may contain
    /// secrets: hosts keep it in memory and store it nowhere.
    type Lease: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Opens it. The configuration is completely known. Computed attributes and unset
    /// [`OrServer`](crate::field::OrServer) ones are unknown and must be filled; no other attribute may change.
    ///
    /// A host forgets an ephemeral resource whose `open` failed. [Save](Opening::save) the lease as soon as something
    /// exists: if this function then fails, panics or returns an invalid result, or if the host is gone, the engine
    /// calls [`close`](Self::close) with it.
    ///
    /// When the user asks to stop, an `open` whose lease is `()` ends at once. Any other runs to its end, so that
    /// nothing is lost: check [`Cx::stopped`] before each step that takes long.
    fn open(
        cx: &Opening<Self::Client, Self::Lease>,
        config: Self::Model,
    ) -> impl Future<Output = Result<Opened<Self::Model, Self::Lease>, Diag>> + Send;

    /// Extends how long the values are valid. The host calls it at about the time that the last call asked for, until
    /// one asks for no other, or fails. It then reports the failure when it closes.
    fn renew(
        cx: &Cx<Self::Client>,
        lease: Self::Lease,
    ) -> impl Future<Output = Result<Renewed<Self::Lease>, Diag>> + Send {
        let _ = cx;
        async { Ok(Renewed { lease, renew_at: None }) }
    }

    /// Closes it, also after a failed renewal, and after the user asked to stop. An object that no longer exists is not
    /// an error. OpenTofu allows ten seconds.
    ///
    /// Terraform passes the lease of [`open`](Self::open), OpenTofu that of the last renewal.
    fn close(cx: &Cx<Self::Client>, lease: Self::Lease) -> impl Future<Output = Result<(), Diag>> + Send {
        let _ = (cx, lease);
        async { Ok(()) }
    }

    /// Checks a configuration beyond the checks of its attributes. Pure and offline. Returns nothing while a needed
    /// value is unknown.
    fn validate(config: &Partial<Self::Model>) -> Vec<Diag> {
        let _ = config;
        Vec::new()
    }

    /// Returns the timeout of each operation.
    fn timeout() -> Duration {
        DEFAULT_TIMEOUT
    }
}

/// An opened ephemeral resource.
#[derive(Clone, Debug)]
pub struct Opened<Model, Lease = ()> {
    /// The configuration with its slots filled.
    pub model: Model,
    /// What renewing and closing need.
    pub lease: Lease,
    /// When it must be renewed; `None` for never.
    pub renew_at: Option<SystemTime>,
}

impl<Model, Lease> Opened<Model, Lease> {
    /// Creates one that is never renewed.
    pub const fn new(model: Model, lease: Lease) -> Self {
        Self { model, lease, renew_at: None }
    }

    /// Asks for a renewal.
    #[must_use]
    pub fn renew_at(self, time: SystemTime) -> Self {
        Self { renew_at: Some(time), ..self }
    }
}

/// Values that need neither renewing nor closing.
impl<Model> From<Model> for Opened<Model> {
    fn from(model: Model) -> Self {
        Self::new(model, ())
    }
}

/// A renewed ephemeral resource.
#[derive(Clone, Debug)]
pub struct Renewed<Lease> {
    /// What the next renewal and closing need.
    pub lease: Lease,
    /// When it must be renewed again; `None` for never.
    pub renew_at: Option<SystemTime>,
}

/// The context of [`EphemeralResource::open`]: a [`Cx`] that can save the lease.
#[derive(Debug)]
pub struct Opening<Client, Lease> {
    cx: Cx<Client>,
    lease: PhantomData<fn(Lease)>,
}

impl<Client, Lease: Serialize> Opening<Client, Lease> {
    pub(crate) fn new(cx: Cx<Client>) -> Self {
        Self { cx, lease: PhantomData }
    }

    /// Records that something exists now that must be closed. If the operation then fails, the engine closes it.
    ///
    /// # Errors
    ///
    /// If the lease cannot be represented as JSON.
    pub fn save(&self, lease: &Lease) -> Result<(), Diag> {
        self.cx.save_lease(lease)
    }
}

impl<Client, Lease> Deref for Opening<Client, Lease> {
    type Target = Cx<Client>;

    fn deref(&self) -> &Cx<Client> {
        &self.cx
    }
}

impl<Client> Cx<Client> {
    /// Stores a lease in the private values of the operation.
    pub(crate) fn save_lease(&self, lease: &impl Serialize) -> Result<(), Diag> {
        let lease = serde_json::to_value(lease).map_err(|error| {
            Diag::bug("The lease of an ephemeral resource cannot be saved").trace(error.to_string())
        })?;
        lock(self.notes()).private.set_lease(lease);
        Ok(())
    }

    /// Returns the lease that an earlier operation saved.
    pub(crate) fn saved_lease<Lease: DeserializeOwned>(&self) -> Result<Lease, Diag> {
        let lease = lock(self.notes()).private.lease().cloned().unwrap_or_default();
        serde_json::from_value(lease).map_err(|error| {
            // The error of the decoder may contain the value, which may be a secret.
            Diag::bug("The lease of an ephemeral resource cannot be read").trace(format!(
                "{:?} error in line {}",
                error.classify(),
                error.line()
            ))
        })
    }
}

//! The client half of the services, which `cargo xtask gen` writes from `proto/`; never edited by hand.

#[rustfmt::skip]
#[path = "tfplugin6.rs"]
pub(crate) mod provider;

#[rustfmt::skip]
#[path = "plugin.rs"]
pub(crate) mod plugin;

#[rustfmt::skip]
#[path = "grpc.health.v1.rs"]
pub(crate) mod health;

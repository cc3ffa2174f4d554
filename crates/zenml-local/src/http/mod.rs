//! From a request to a handler and back.

mod answer;
mod body;
mod cx;
mod door;
mod limit;
mod listen;
mod openapi;
mod routes;
mod waiting;

pub(crate) use cx::{Cx, RequestInfo};
pub(crate) use listen::{Patience, serve};
pub use routes::{Access, ServedRoute};
pub(crate) use routes::{Routes, finish};

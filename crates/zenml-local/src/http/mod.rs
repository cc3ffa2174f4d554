//! From a request to a handler and back.

mod answer;
mod body;
mod cx;
mod door;
mod listen;
mod routes;

pub(crate) use cx::{Cx, RequestInfo};
pub(crate) use listen::serve;
pub use routes::{Access, ServedRoute};
pub(crate) use routes::{Routes, finish};

//! From a request to a handler and back.

mod answer;
mod body;
mod cx;
mod decode;
mod door;
mod issue;
mod limit;
mod listen;
mod openapi;
mod page;
mod refused;
mod routes;
mod waiting;

pub(crate) use cx::{Cx, RequestInfo};
pub(crate) use listen::{ConnectionLimits, serve};
pub(crate) use page::{PageRequest, Pages};
pub use refused::{Refused, Why};
pub use routes::ServedRoute;
pub(crate) use routes::{Routes, finish};

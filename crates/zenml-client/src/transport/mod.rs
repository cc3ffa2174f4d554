//! Transports: sending one request and receiving its response.

mod error;
mod exchange;
mod faulty;
mod in_process;
mod network;

pub use error::{TransportError, TransportErrorKind};
pub use exchange::{Exchange, HttpRequest, HttpResponse, Transport};
pub use faulty::{Fault, Faulty};
pub use in_process::InProcess;
pub use network::Network;

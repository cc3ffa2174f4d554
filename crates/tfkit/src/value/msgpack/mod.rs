//! The wire encoding of values: MessagePack, decoded and encoded with a [`Type`](super::Type).

mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

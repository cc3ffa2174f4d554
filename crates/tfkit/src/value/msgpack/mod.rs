//! The wire form of values: MessagePack, read and written with the help of a [`Type`](super::Type).

mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

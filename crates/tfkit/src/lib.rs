//! A framework for Terraform and OpenTofu providers.
//!
//! This crate knows values, schemas, typed models and the rules of planning. It knows nothing of gRPC, of TLS
//! or of any particular provider: `tfkit-serve` puts it on the wire, a provider fills it with meaning.
#![warn(missing_docs)]

pub mod check;
pub mod diag;
pub mod engine;
pub mod plan;
pub mod schema;
pub mod value;

pub use diag::{Diag, Severity};
pub use schema::{Attribute, Nesting, Schema, Shape, Who};
pub use value::{Dyn, Number, Path, Step, Type};

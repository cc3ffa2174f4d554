//! Derive macros of tfkit.
//!
//! They write what a person could write: an implementation of `tfkit::model::Object`, with `tfkit::field::Value`
//! for nested objects and `tfkit::model::Model`, its key and its tokens for models. Rules that a field's type can
//! say are left to the compiler; what is refused here is pointed at in the source.

mod attr;
mod expand;
mod input;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct the model of a resource, a data source or a provider block.
///
/// On the struct:
///
/// - `#[model(name = "team")]`: name of the type without the provider's prefix; of a provider block, the prefix.
/// - `#[model(kind = resource)]` (the default), `data_source` or `provider`.
/// - `#[model(key = …)]`: the type of the key, where several models share one. It implements `tfkit::model::Key` and has a
///   field for each field marked `key`.
/// - `#[model(rule = …)]`: a `tfkit::check::Rule` over several attributes; may be repeated.
/// - `#[model(deprecated = "…")]`: why it should not be used any more, and what to use instead.
/// - `#[model(since = "1.2.0")]`, `needs = "the role Admin"`, `category = "Access"`, `import = "TYPE/NAME"`: facts for the
///   documentation, see `tfkit::schema::About`; `import` may be repeated.
///
/// On a field, in `#[attr(…)]`:
///
/// - `key`: part of the key of a resource. `key = optional`: a part that an import may leave out.
/// - `stable`: what the server sets never changes once it is known.
/// - `replace`: changing it replaces the object.
/// - `sensitive`: the host hides it.
/// - `check = …`: a `tfkit::check::Check`, such as `length(1..=50)`; may be repeated.
/// - `same = …`: a `tfkit::plan::same` rule, such as `ignoring_case`.
/// - `default = …`: the default of an `OrDefault` field.
/// - `deprecated = "…"`: as above.
/// - `name = "…"`: the attribute's name where it is a Rust keyword.
/// - `twin`: the field, a `Twin`, stands for `x`, for the write-only `x_wo` and for `x_wo_version`; at most one of the
///   first two may be set. `twin = required`: one must be set. Only in resources, with `check`, `same` and `name`.
///
/// Doc comments are the descriptions that users read, so each field and the struct must have one. For each field
/// there is a token, such as `Team::NAME`, and with `key` fields there is a struct of them, such as `TeamKey`.
#[proc_macro_derive(Model, attributes(model, attr))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    input::Struct::model(&input)
        .map_or_else(|error| error.to_compile_error(), |model| expand::model(&model))
        .into()
}

/// Makes a struct a nested object, to be the type of an attribute. Its fields take the same `#[attr(…)]` as those
/// of a model, except `key` and `twin`.
#[proc_macro_derive(Object, attributes(attr))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    input::Struct::object(&input)
        .map_or_else(|error| error.to_compile_error(), |object| expand::object(&object))
        .into()
}

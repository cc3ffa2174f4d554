//! Derive macros of tfkit.
//!
//! They generate code that you could also write by hand: an implementation of `tfkit::model::Object`, with
//! `tfkit::field::Value` for nested objects and `tfkit::model::Model`, its key and its tokens for models. Rules that
//! field types can express are left to the compiler; other errors point at their place in the source.

mod attr;
mod enumeration;
mod expand;
mod function;
mod input;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives the model of a resource, a data source, an ephemeral resource, an action or a provider block.
///
/// On the struct:
///
/// - `#[model(name = "team")]`: name of the type without the provider's prefix; of a provider block, the prefix.
/// - `#[model(kind = resource)]` (the default), `data_source`, `ephemeral_resource`, `action` or `provider`.
/// - `#[model(key = …)]`: the type of the key, if several models share one. It implements `tfkit::model::Key` and has
///   a field for each field marked `key`.
/// - `#[model(rule = …)]`: a `tfkit::check::Rule` over several attributes; may be repeated.
/// - `#[model(deprecated = "…")]`: why it is deprecated, and what to use instead.
/// - `#[model(since = "1.2.0")]`, `needs = "the role Admin"`, `category = "Access"`, `import = "TYPE/NAME"`: facts for the
///   documentation, see `tfkit::schema::About`; `import` may be repeated.
///
/// On a field, in `#[attr(…)]`:
///
/// - `key`: part of the key of a resource. `key = optional`: a part that an import may omit.
/// - `stable`: the value from the server never changes once it is known. An optional value stays while it is not set.
/// - `depends = [NAME, SIZE]`: the tokens of the attributes that the value from the server follows from. An update that
///   changes none of them keeps the value. Without `stable` and `depends`, every update makes it unknown.
/// - `local`: the attribute exists only in Terraform, so that changing it makes no value from the server unknown.
/// - `replace`: changing it replaces the object.
/// - `sensitive`: the host hides it.
/// - `write_only`: the host stores it nowhere, so it may be an ephemeral value. Only in actions.
/// - `check = …`: a `tfkit::check::Check`, such as `length(1..=50)`; may be repeated.
/// - `same = …`: a `tfkit::plan::same` rule, such as `ignoring_case`.
/// - `default = …`: the default of an `OrDefault` field.
/// - `deprecated = "…"`: as above.
/// - `name = "…"`: the attribute's name, if it is a Rust keyword.
/// - `twin`: the field, a `Twin`, stands for `x`, for the write-only `x_wo` and for `x_wo_version`; at most one of the
///   first two may be set. `twin = required`: one must be set. Only in resources, with `check`, `same` and `name`.
/// - `block`: nested objects are written as blocks, `rule { … }`, as older providers do; otherwise as an attribute,
///   `rule = { … }`. `min = 1` and `max = 3` limit how many there are. `block = group`: an absent block is an object
///   without values instead of null.
///
/// Doc comments are the descriptions that users read, so the struct and each field require one. The macro generates a
/// token for each field, such as `Team::NAME`, and a struct of the `key` fields, such as `TeamKey`.
#[proc_macro_derive(Model, attributes(model, attr))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    input::Struct::model(&input)
        .map_or_else(|error| error.to_compile_error(), |model| expand::model(&model))
        .into()
}

/// Derives a nested object, which can be the type of an attribute. Its fields support the same `#[attr(…)]` options
/// as those of a model, except `twin`. `depends` names attributes of the same object. `key` marks what identifies an
/// element of a list or a set: an element with the same key is the same element, however else it changes, and keeps its
/// values from the server. Without it, a changed element is a new one. On the struct, `#[model(rule = …)]` and
/// `#[model(deprecated = "…")]` have the same meaning as on a model: the rule applies to each object.
#[proc_macro_derive(Object, attributes(model, attr))]
pub fn derive_object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    input::Struct::object(&input)
        .map_or_else(|error| error.to_compile_error(), |object| expand::object(&object))
        .into()
}

/// Derives a value that is one of several words, from an `enum` whose variants have no fields: `tfkit::Enum` and
/// `tfkit::field::Value`.
///
/// The word of a variant is its name in snake case, or the name in `#[attr(name = "…")]`.
#[proc_macro_derive(Enum, attributes(attr))]
pub fn derive_enum(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    enumeration::Words::of(&input)
        .map_or_else(|error| error.to_compile_error(), |words| enumeration::expand(&words))
        .into()
}

/// Derives the arguments of a function: one parameter per field, in the order of the fields.
///
/// On the struct:
///
/// - `#[function(name = "key_parts")]`: name of the function, as in `provider::NAME::key_parts(…)`.
/// - `#[function(deprecated = "…")]`: why it is deprecated, and what to use instead.
/// - `#[function(since = "1.2.0")]`, `category = "Access"`: facts for the documentation, see `tfkit::schema::About`.
///
/// On a field, in `#[arg(…)]`:
///
/// - `variadic`: the last field, a `Vec`, takes all other arguments.
/// - `check = …`: a `tfkit::check::Check`, such as `length(1..=50)`; may be repeated.
/// - `name = "…"`: the parameter's name, if it is a Rust keyword.
///
/// The type of a field determines which values are allowed, see `tfkit::function::Argument`. Doc comments are the
/// descriptions that users read, so the struct and each field require one. The macro generates a token for each field,
/// such as `KeyParts::KEY`, at which an error can point.
#[proc_macro_derive(Arguments, attributes(function, arg))]
pub fn derive_arguments(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    function::Function::of(&input)
        .map_or_else(|error| error.to_compile_error(), |function| function.expand())
        .into()
}

//! Code generation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit};

use crate::attr::{BlockForm, FieldOptions, KeyPart, ModelOptions, Presence};
use crate::input::{Field, Struct};

/// A nested object.
pub(crate) fn object(object: &Struct) -> TokenStream {
    let ident = &object.ident;
    let tokens = tokens(object);
    let object_impl = object_impl(object);
    let facts = facts(&object.options);
    quote! {
        #tokens
        #object_impl

        #[automatically_derived]
        impl ::tfkit::field::Value for #ident {
            fn shape() -> ::tfkit::Shape {
                ::tfkit::Shape::Nested(
                    ::tfkit::Nesting::Single,
                    <Self as ::tfkit::model::Object>::attributes(),
                )
            }

            #facts

            fn from_known(value: &::tfkit::Dyn) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                <Self as ::tfkit::model::Object>::from_object(value)
            }

            fn to_known(&self) -> ::tfkit::Dyn {
                ::tfkit::model::Object::to_object(self)
            }

            fn misfits(value: &::tfkit::Dyn) -> ::std::vec::Vec<::tfkit::field::Misfit> {
                <Self as ::tfkit::model::Object>::misfits(value)
            }
        }
    }
}

/// Generates the rules of a nested object and its deprecation, if it has any.
fn facts(ModelOptions { rules, deprecated, .. }: &ModelOptions) -> Option<TokenStream> {
    if rules.is_empty() && deprecated.is_none() {
        return None;
    }
    let deprecated = optional(deprecated.as_ref());
    Some(quote! {
        fn facts() -> ::tfkit::field::Facts {
            #[allow(unused_imports)]
            use ::tfkit::check::*;
            ::tfkit::field::Facts {
                rules: ::std::vec![#(#rules),*],
                deprecated: #deprecated,
                ..::core::default::Default::default()
            }
        }
    })
}

/// A model.
pub(crate) fn model(model: &Struct) -> TokenStream {
    let ident = &model.ident;
    let tokens = tokens(model);
    let object_impl = object_impl(model);
    let name = &model.options.name;
    let description = &model.description;
    let deprecated = model.options.deprecated.as_ref().map(|message| {
        quote! {
            fn deprecated() -> ::core::option::Option<&'static str> {
                ::core::option::Option::Some(#message)
            }
        }
    });
    let mut rules: Vec<TokenStream> = Vec::new();
    for rule in &model.options.rules {
        rules.push(quote! { ::std::vec![#rule] });
    }
    rules.extend(model.fields.iter().filter_map(twin_rules));
    let rules = (!rules.is_empty()).then(|| {
        quote! {
            fn rules() -> ::std::vec::Vec<::tfkit::check::Rule> {
                #[allow(unused_imports)]
                use ::tfkit::check::*;
                let mut rules = ::std::vec::Vec::new();
                #(rules.extend(#rules);)*
                rules
            }
        }
    });
    let about = about(&model.options);
    let (key_type, key) = key(model);
    quote! {
        #tokens
        #object_impl
        #key

        #[automatically_derived]
        impl ::tfkit::model::Model for #ident {
            type Key = #key_type;

            fn type_name() -> &'static str {
                #name
            }

            fn description() -> &'static str {
                #description
            }

            #deprecated
            #rules
            #about
        }
    }
}

/// Facts for the documentation, where the model states any.
fn about(ModelOptions { since, needs, category, imports, .. }: &ModelOptions) -> Option<TokenStream> {
    let stated = since.is_some() || needs.is_some() || category.is_some() || !imports.is_empty();
    let (since, needs) = (optional(since.as_ref()), optional(needs.as_ref()));
    let category = optional(category.as_ref());
    stated.then(|| {
        quote! {
            fn about() -> ::tfkit::schema::About {
                ::tfkit::schema::About { since: #since, needs: #needs, category: #category, imports: &[#(#imports),*] }
            }
        }
    })
}

fn optional(value: Option<&impl quote::ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote! { ::core::option::Option::None },
        |value| quote! { ::core::option::Option::Some(#value) },
    )
}

/// Generates one constant for each field.
fn tokens(object: &Struct) -> TokenStream {
    let ident = &object.ident;
    let tokens = object.fields.iter().map(|Field { ident: field, visibility, ty, name, options, .. }| {
        let constant = |name: &str, ty: TokenStream| {
            let constant = Ident::new(&name.to_uppercase(), field.span());
            let doc = format!("The attribute `{name}`.");
            quote! {
                #[doc = #doc]
                #visibility const #constant: ::tfkit::model::Token<Self, #ty> = ::tfkit::model::Token::new(#name);
            }
        };
        let Some([written, version]) = twin(options, name) else {
            return constant(name, quote! { #ty });
        };
        let value = quote! { <#ty as ::tfkit::field::Twinned>::Value };
        let stored = constant(name, quote! { ::tfkit::IfSet<#value> });
        let written = constant(&written, quote! { ::core::option::Option<#value> });
        let version = constant(&version, quote! { ::core::option::Option<i64> });
        quote! { #stored #written #version }
    });
    quote! {
        #[allow(dead_code, reason = "tokens are generated for every attribute, whether a hook uses them or not")]
        impl #ident {
            #(#tokens)*
        }
    }
}

fn object_impl(object: &Struct) -> TokenStream {
    let ident = &object.ident;
    let attributes = object.fields.iter().map(|field| attributes(field, object));
    let reads = object.fields.iter().map(|Field { ident, ty, name, options, .. }| {
        if let Some(default) = &options.default {
            let default = default_value(ty, default);
            quote! { #ident: fields.get_or::<#ty>(#name, || #default)? }
        } else if let Some(names) = twin_names(options, name) {
            quote! { #ident: <#ty as ::tfkit::field::Twinned>::read(&fields, #names)? }
        } else {
            quote! { #ident: fields.get::<#ty>(#name)? }
        }
    });
    let writes = object.fields.iter().map(|Field { ident, name, options, .. }| {
        twin_names(options, name).map_or_else(
            || quote! { let fields = fields.with(#name, &self.#ident); },
            |names| quote! { let fields = ::tfkit::field::Twinned::write(&self.#ident, fields, #names); },
        )
    });
    let checks = object.fields.iter().map(|Field { ty, name, options, .. }| {
        twin_names(options, name).map_or_else(
            || quote! { let misfits = misfits.check::<#ty>(#name); },
            |names| quote! { let misfits = #names.check::<#ty>(misfits); },
        )
    });
    quote! {
        #[automatically_derived]
        impl ::tfkit::model::Object for #ident {
            fn attributes() -> ::std::vec::Vec<::tfkit::Attribute> {
                #[allow(unused_mut, reason = "an object may have no attributes")]
                let mut attributes = ::std::vec::Vec::new();
                #(attributes.extend(#attributes);)*
                attributes
            }

            fn from_object(object: &::tfkit::Dyn) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                let fields = ::tfkit::model::Fields::of(object)?;
                ::core::result::Result::Ok(Self { #(#reads),* })
            }

            fn to_object(&self) -> ::tfkit::Dyn {
                let fields = ::tfkit::model::Fields::new();
                #(#writes)*
                fields.into_object()
            }

            fn misfits(object: &::tfkit::Dyn) -> ::std::vec::Vec<::tfkit::field::Misfit> {
                let misfits = ::tfkit::model::Misfits::of(object);
                #(#checks)*
                misfits.finish()
            }
        }
    }
}

/// Returns the names of the write-only attribute and its version, if a field has them.
fn twin(options: &FieldOptions, name: &str) -> Option<[String; 2]> {
    options.twin.map(|_| [format!("{name}_wo"), format!("{name}_wo_version")])
}

/// Generates the three names of a field with a write-only twin.
fn twin_names(options: &FieldOptions, name: &str) -> Option<TokenStream> {
    let [written, version] = twin(options, name)?;
    Some(quote! { ::tfkit::field::Names { stored: #name, written: #written, version: #version } })
}

/// Generates the rules over the attributes of a field with a write-only twin.
fn twin_rules(Field { name, options, .. }: &Field) -> Option<TokenStream> {
    let [written, version] = twin(options, name)?;
    let required = options.twin == Some(Presence::Required);
    Some(quote! { ::tfkit::field::rules(#required, &[#name, #written], #version, &[#written]) })
}

/// Generates the declarations of the attributes of a field.
fn attributes(field: &Field, object: &Struct) -> TokenStream {
    let Field { ty, name, description, options, .. } = field;
    let Some(names) = twin_names(options, name) else {
        let attribute = attribute(field, object);
        return quote! { [#attribute] };
    };
    let checks = checks(options);
    let same = same(options);
    let all =
        quote_spanned! { ty.span() => <#ty as ::tfkit::field::Twinned>::attributes(#names, #description) };
    quote! {{
        let [stored, written, version] = #all;
        [stored #checks #same, written #checks, version]
    }}
}

/// Generates the declaration of one attribute. Its tokens have the span of the field's type, so that the compiler
/// points there if the type and the options contradict each other.
fn attribute(field: &Field, object: &Struct) -> TokenStream {
    let Field { ty, name, description, options, .. } = field;
    let mut built = if let Some(default) = &options.default {
        let value = default_value(ty, default);
        quote_spanned! { ty.span() => ::tfkit::Attribute::field_or::<#ty>(#name, #description, &#value) }
    } else if let Some(form) = options.block {
        block(field, form)
    } else {
        quote_spanned! { ty.span() => ::tfkit::Attribute::field::<#ty>(#name, #description) }
    };
    if options.replace {
        built.extend(quote! { .replace() });
    }
    if options.stable {
        built.extend(quote_spanned! { ty.span() => .stable::<#ty>() });
    }
    if options.write_only {
        built.extend(quote! { .write_only() });
    }
    if let Some(tokens) = &options.depends {
        let names = depended(tokens, object);
        built.extend(quote_spanned! { ty.span() => .depends::<#ty>(&[#names]) });
    }
    if options.local {
        built.extend(quote_spanned! { ty.span() => .local::<#ty>() });
    }
    if object.options.name.is_none() && options.key.is_some() {
        built.extend(quote! { .key() });
    }
    if options.sensitive {
        built.extend(quote! { .sensitive() });
    }
    if let Some(message) = &options.deprecated {
        built.extend(quote! { .deprecated(#message) });
    }
    built.extend(checks(options));
    built.extend(same(options));
    built
}

/// Generates the declaration of a block.
fn block(Field { ty, name, description, options, .. }: &Field, form: BlockForm) -> TokenStream {
    let is_group = form == BlockForm::Group;
    let (min, max) = (optional(options.min.as_ref()), optional(options.max.as_ref()));
    let block = quote! { ::tfkit::schema::Block { is_group: #is_group, min: #min, max: #max } };
    quote_spanned! { ty.span() => ::tfkit::Attribute::block::<#ty>(#name, #description, #block) }
}

/// Generates the names of the attributes that a value follows from. The compiler checks each token. A twin stands for
/// its stored value and for the version of its write-only value.
fn depended(tokens: &[Ident], object: &Struct) -> TokenStream {
    let names = tokens.iter().map(|token| {
        let name =
            |token: &Ident| quote_spanned! { token.span() => ::tfkit::model::Token::<Self, _>::name(Self::#token) };
        let is_twin = |field: &&Field| field.options.twin.is_some() && *token == field.token();
        let stored = name(token);
        let version = object.fields.iter().find(is_twin).map(|_| name(&format_ident!("{token}_WO_VERSION")));
        let version = version.into_iter();
        quote! { #stored #(, #version)* }
    });
    quote! { #(#names),* }
}

fn checks(options: &FieldOptions) -> TokenStream {
    let checks = options.checks.iter().map(|check| {
        quote! {
            .check({
                #[allow(unused_imports)]
                use ::tfkit::check::*;
                #check
            })
        }
    });
    quote! { #(#checks)* }
}

fn same(options: &FieldOptions) -> Option<TokenStream> {
    options.same.as_ref().map(|same| {
        quote! {
            .same({
                #[allow(unused_imports)]
                use ::tfkit::plan::same::*;
                #same
            })
        }
    })
}

/// Generates a default as a value of the field: a string literal is converted to the type of the field.
fn default_value(ty: &syn::Type, default: &Expr) -> TokenStream {
    let is_text = matches!(default, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }));
    let value = if is_text {
        quote! { ::core::convert::From::from(#default) }
    } else {
        quote! { #default }
    };
    quote! {{
        let value: <#ty as ::tfkit::field::Field>::Value = #value;
        value
    }}
}

/// Generates the type of the key and its declaration.
fn key(model: &Struct) -> (TokenStream, TokenStream) {
    let fields: Vec<&Field> = model.keys().collect();
    if fields.is_empty() {
        return (quote! { () }, TokenStream::new());
    }
    if let Some(shared) = &model.options.key {
        return (quote! { #shared }, shared_key(shared, &fields));
    }
    let model_ident = &model.ident;
    let visibility = &model.visibility;
    let key = format_ident!("{}Key", model.ident);
    let doc = format!(
        "The key of [`{model_ident}`]: what a read needs, which is also its identity and the import id."
    );
    let types: Vec<TokenStream> = fields.iter().map(|field| key_field_type(field)).collect();
    let idents: Vec<&Ident> = fields.iter().map(|field| &field.ident).collect();
    let names: Vec<&String> = fields.iter().map(|field| &field.name).collect();
    let descriptions: Vec<&String> = fields.iter().map(|field| &field.description).collect();
    let required = fields.iter().map(|field| field.options.key == Some(KeyPart::Required));
    let values = fields.iter().map(|Field { ty, .. }| quote! { <#ty as ::tfkit::field::Field>::Value });
    let indexes = (0..fields.len())
        .map(|index| syn::Index { index: index.try_into().unwrap_or(0), span: Span::call_site() });
    let declaration = quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        #visibility struct #key {
            #(#[doc = #descriptions] pub #idents: #types,)*
        }

        #[automatically_derived]
        impl ::tfkit::model::Key for #key {
            fn attributes() -> ::std::vec::Vec<::tfkit::engine::IdentityAttribute> {
                ::std::vec![#(::tfkit::engine::IdentityAttribute {
                    name: #names,
                    ty: <#values as ::tfkit::field::Value>::shape().ty(),
                    description: ::std::string::String::from(#descriptions),
                    required: #required,
                }),*]
            }

            fn from_object(object: &::tfkit::Dyn) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                let fields = ::tfkit::model::Fields::of(object)?;
                ::core::result::Result::Ok(Self { #(#idents: fields.get::<#types>(#names)?),* })
            }

            fn to_object(&self) -> ::tfkit::Dyn {
                ::tfkit::model::Fields::new() #(.with(#names, &self.#idents))* .into_object()
            }

            fn from_parts(
                parts: &[::core::option::Option<&str>],
            ) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                let parts = ::tfkit::model::Parts::new(parts);
                ::core::result::Result::Ok(Self { #(#idents: parts.get::<#types>(#indexes, #names)?),* })
            }
        }
    };
    (quote! { #key }, declaration)
}

/// Generates a check that a shared key has a field of the right type for each key attribute of this model.
fn shared_key(shared: &syn::Type, fields: &[&Field]) -> TokenStream {
    let idents = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| key_field_type(field));
    quote! {
        const _: fn(&#shared) = |key| {
            #(let _: &#types = &key.#idents;)*
        };
    }
}

fn key_field_type(field: &Field) -> TokenStream {
    let ty = &field.ty;
    let value = quote! { <#ty as ::tfkit::field::Field>::Value };
    match field.options.key {
        Some(KeyPart::Optional) => quote! { ::core::option::Option<#value> },
        _ => value,
    }
}

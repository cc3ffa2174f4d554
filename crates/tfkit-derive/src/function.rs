//! The arguments of a function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, LitStr, Result, Type, Visibility};

use crate::attr::{flag, once};
use crate::input::{check_name, description};

/// The parts of a struct that the expansion needs.
pub(crate) struct Function {
    ident: Ident,
    description: String,
    options: FunctionOptions,
    parameters: Vec<Parameter>,
}

/// The options of a function.
#[derive(Default)]
struct FunctionOptions {
    name: Option<LitStr>,
    deprecated: Option<LitStr>,
    since: Option<LitStr>,
    category: Option<LitStr>,
}

/// One parameter.
struct Parameter {
    ident: Ident,
    visibility: Visibility,
    ty: Type,
    name: String,
    description: String,
    options: ParameterOptions,
}

/// The options of a parameter.
#[derive(Default)]
struct ParameterOptions {
    variadic: bool,
    checks: Vec<Expr>,
    name: Option<LitStr>,
}

impl Function {
    /// Reads the struct of the arguments.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        let options = FunctionOptions::parse(&input.attrs)?;
        let Some(name) = &options.name else {
            return Err(Error::new(
                input.ident.span(),
                "a function requires a name: `#[function(name = \"…\")]`",
            ));
        };
        check_name(&name.value(), name.span())?;
        let description = description(&input.attrs);
        if description.is_empty() {
            return Err(Error::new(
                input.ident.span(),
                "a function requires a doc comment: it is the description that users read",
            ));
        }
        if !input.generics.params.is_empty() {
            return Err(Error::new(input.generics.span(), "the arguments of a function cannot be generic"));
        }
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            _ => return Err(Error::new(input.ident.span(), "derive requires a struct with named fields")),
        };
        let fields = match fields {
            Fields::Named(fields) => &fields.named,
            _ => return Err(Error::new(input.ident.span(), "derive requires a struct with named fields")),
        };
        let parameters = fields.iter().filter_map(Parameter::of).collect::<Result<Vec<_>>>()?;
        let early = parameters.iter().rev().skip(1).find(|parameter| parameter.options.variadic);
        if let Some(early) = early {
            return Err(Error::new(early.ident.span(), "only the last parameter can be variadic"));
        }
        Ok(Self { ident: input.ident.clone(), description, options, parameters })
    }

    /// Generates the implementation and the tokens.
    pub(crate) fn expand(&self) -> TokenStream {
        let Self { ident, description, options, parameters } = self;
        let name = &options.name;
        let deprecated = optional(options.deprecated.as_ref());
        let (since, category) = (optional(options.since.as_ref()), optional(options.category.as_ref()));
        let tokens = parameters.iter().map(Parameter::token);
        let fixed = parameters.iter().filter(|parameter| !parameter.options.variadic);
        let fixed = fixed.map(|parameter| parameter.declaration(&quote! { of }));
        let variadic = parameters.iter().find(|parameter| parameter.options.variadic);
        let variadic = variadic.map(|parameter| parameter.declaration(&quote! { variadic_of }));
        let variadic = optional(variadic.as_ref());
        let reads = parameters.iter().enumerate().map(|(index, parameter)| {
            let Parameter { ident, ty, name, options, .. } = parameter;
            let index = syn::Index { index: index.try_into().unwrap_or(0), span: Span::call_site() };
            let read = if options.variadic {
                quote! { rest }
            } else {
                quote! { get }
            };
            quote! { #ident: values.#read::<#ty>(#index, #name)? }
        });
        quote! {
            #[allow(dead_code, reason = "tokens are generated for every parameter, whether an error uses them or not")]
            impl #ident {
                #(#tokens)*
            }

            #[automatically_derived]
            impl ::tfkit::function::Arguments for #ident {
                fn name() -> &'static str {
                    #name
                }

                fn description() -> &'static str {
                    #description
                }

                fn deprecated() -> ::core::option::Option<&'static str> {
                    #deprecated
                }

                fn about() -> ::tfkit::schema::About {
                    ::tfkit::schema::About {
                        since: #since,
                        category: #category,
                        ..::core::default::Default::default()
                    }
                }

                fn parameters() -> ::std::vec::Vec<::tfkit::function::Parameter> {
                    ::std::vec![#(#fixed),*]
                }

                fn variadic() -> ::core::option::Option<::tfkit::function::Parameter> {
                    #variadic
                }

                fn from_values(
                    values: &[::tfkit::Dyn],
                ) -> ::core::result::Result<Self, ::tfkit::field::Misfit> {
                    #[allow(unused_variables, reason = "a function may have no parameters")]
                    let values = ::tfkit::function::Values::new(values);
                    ::core::result::Result::Ok(Self { #(#reads),* })
                }
            }
        }
    }
}

impl Parameter {
    /// Reads a field; `None` if it has no name, which named fields always have.
    fn of(field: &syn::Field) -> Option<Result<Self>> {
        let ident = field.ident.clone()?;
        Some(Self::read(field, ident))
    }

    fn read(field: &syn::Field, ident: Ident) -> Result<Self> {
        let options = ParameterOptions::parse(&field.attrs)?;
        let name = match &options.name {
            Some(name) => name.value(),
            None => ident.to_string().trim_start_matches("r#").to_owned(),
        };
        check_name(&name, options.name.as_ref().map_or(ident.span(), LitStr::span))?;
        let description = description(&field.attrs);
        if description.is_empty() {
            return Err(Error::new(
                ident.span(),
                format!("parameter `{name}` requires a doc comment: it is the description that users read"),
            ));
        }
        Ok(Self { ident, visibility: field.vis.clone(), ty: field.ty.clone(), name, description, options })
    }

    fn token(&self) -> TokenStream {
        let Self { visibility, ty, name, .. } = self;
        let constant = Ident::new(&name.to_uppercase(), self.ident.span());
        let doc = format!("The parameter `{name}`.");
        quote! {
            #[doc = #doc]
            #visibility const #constant: ::tfkit::model::Token<Self, #ty> = ::tfkit::model::Token::new(#name);
        }
    }

    fn declaration(&self, constructor: &TokenStream) -> TokenStream {
        let Self { ty, name, description, options, .. } = self;
        let checks = options.checks.iter().map(|check| {
            quote! {
                .check({
                    #[allow(unused_imports)]
                    use ::tfkit::check::*;
                    #check
                })
            }
        });
        quote_spanned! { ty.span() =>
            ::tfkit::function::Parameter::#constructor::<#ty>(#name, #description) #(#checks)*
        }
    }
}

impl FunctionOptions {
    fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("function")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "name" => once(meta, &mut self.name, meta.value()?.parse()?),
            "deprecated" => once(meta, &mut self.deprecated, meta.value()?.parse()?),
            "since" => once(meta, &mut self.since, meta.value()?.parse()?),
            "category" => once(meta, &mut self.category, meta.value()?.parse()?),
            _ => {
                Err(meta
                    .error("unknown option; a function takes `name`, `deprecated`, `since` and `category`"))
            }
        }
    }
}

impl ParameterOptions {
    fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("arg")) {
            attribute.parse_nested_meta(|meta| options.option(&meta))?;
        }
        Ok(options)
    }

    fn option(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "variadic" => flag(meta, &mut self.variadic),
            "check" => {
                self.checks.push(meta.value()?.parse()?);
                Ok(())
            }
            "name" => once(meta, &mut self.name, meta.value()?.parse()?),
            _ => Err(meta.error("unknown option; a parameter takes `variadic`, `check` and `name`")),
        }
    }
}

fn optional(value: Option<&impl quote::ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote! { ::core::option::Option::None },
        |value| quote! { ::core::option::Option::Some(#value) },
    )
}
